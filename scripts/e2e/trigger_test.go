package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"loa/drivers/modem/modemtest"
)

// switchIs turns an emulated input of the box on or off: the file that its board names.
func (s *stage) switchIs(_ *testscript.TestScript, args []string) error {
	if len(args) != 2 || args[1] != "on" && args[1] != "off" {
		return usage(args)
	}
	if err := os.MkdirAll(s.box.state(), 0o750); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(s.box.state(), args[0]), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%s %s pid %d\n", time.Now().UTC().Format(time.RFC3339Nano), args[1], os.Getpid())
	return errors.Join(err, f.Close())
}

// plugModem gives the box a mobile modem, at /dev/modem.
func (s *stage) plugModem(_ *testscript.TestScript, args []string) error {
	if len(args) > 0 {
		return usage(args)
	}
	s.modem = modemtest.New(modemtest.SIMCom)
	path, unplug, err := s.modem.Open()
	if err != nil {
		return err
	}
	s.env.Defer(unplug)
	dev := filepath.Join(s.box.root, "dev")
	return errors.Join(os.MkdirAll(dev, 0o755), os.Symlink(path, filepath.Join(dev, "modem")))
}

// sms lets a message arrive: a text, or @SHEET:N, the Nth code of a sheet.
func (s *stage) sms(ts *testscript.TestScript, args []string) error {
	if len(args) < 2 || len(args) > 3 || s.modem == nil {
		return usage(args)
	}
	text, at := args[1], time.Now()
	if len(args) == 3 {
		ago, err := time.ParseDuration(args[2])
		if err != nil {
			return usage(args)
		}
		at = at.Add(-ago)
	}
	if name, which, ok := strings.Cut(strings.TrimPrefix(text, "@"), ":"); ok && strings.HasPrefix(text, "@") {
		sheet, err := os.ReadFile(ts.MkAbs(name))
		if err != nil {
			return err
		}
		codes := regexp.MustCompile(`(?m)\[ \] (\S+)$`).FindAllSubmatch(sheet, -1)
		n, err := strconv.Atoi(which)
		if err != nil || n < 1 || n > len(codes) {
			return fmt.Errorf("the sheet has %d codes", len(codes))
		}
		text = string(codes[n-1][1])
	}
	if !s.modem.Send(args[0], text, at) {
		return errors.New("the modem did not keep the message")
	}
	return nil
}

// answered waits until so many messages have gone out, and reads the last.
func (s *stage) answered(_ *testscript.TestScript, args []string) error {
	n, err := strconv.Atoi(args[0])
	if err != nil || s.modem == nil || len(args) != 1 && len(args) != 3 {
		return usage(args)
	}
	var sent []string
	for deadline := time.Now().Add(40 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		if sent = s.modem.Sent(); len(sent) >= n || time.Now().After(deadline) {
			break
		}
	}
	if len(sent) != n {
		return fmt.Errorf("%d messages went out", len(sent))
	}
	if len(args) == 1 {
		return nil
	}
	to, text, err := modemtest.Read(sent[n-1])
	if err != nil {
		return err
	}
	if ok, err := regexp.MatchString(args[2], text); to != args[1] || !ok || err != nil {
		return fmt.Errorf("it went to %s: %s", to, text)
	}
	return nil
}
