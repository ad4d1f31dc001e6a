package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"loa/scripts/authority/cap/captest"
)

// An agency sends messages in CAP, and remembers when it sent which.
type agency struct {
	*captest.Agency
	sent map[string]time.Time
}

// capIs lets an agency onto the list of senders, or writes a message of it.
func (s *stage) capIs(ts *testscript.TestScript, args []string) error {
	switch {
	case len(args) == 2 && args[0] == "sender":
		a, err := captest.New(args[1])
		if err != nil {
			return err
		}
		s.agency = agency{a, make(map[string]time.Time)}
		return errors.Join(
			os.WriteFile(filepath.Join(s.au.Dir(), "agency.pem"), a.Cert, 0o600),
			os.WriteFile(filepath.Join(s.au.Dir(), "cap.toml"), fmt.Appendf(nil, `geocodes = ["VN-ADM"]
folder = %q
[[senders]]
sender = %q
name = "Đài Khí tượng Thủy văn"
certificates = ["agency.pem"]
places = ["74"]
classes = ["emergency", "drill"]
`, ts.MkAbs("spool"), args[1]), 0o600))
	case len(args) >= 4 && args[0] == "write" && s.agency.Agency != nil:
		al := captest.Alert{ID: args[2], Places: []string{args[3]}, Sent: time.Now().Truncate(time.Second)}
		for _, o := range args[4:] {
			key, value, _ := strings.Cut(o, "=")
			switch key {
			case "type":
				al.Type = value
			case "status":
				al.Status = value
			case "headline":
				al.Headline = value
			case "refers":
				al.Refers, al.RefersSent = value, s.agency.sent[value]
			default:
				return usage(args)
			}
		}
		s.agency.sent[al.ID] = al.Sent
		raw, err := s.agency.Sign(s.agency.Message(al))
		if err != nil {
			return err
		}
		return os.WriteFile(ts.MkAbs(args[1]), raw, 0o600)
	}
	return usage(args)
}
