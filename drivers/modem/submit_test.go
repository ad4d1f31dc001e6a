package modem

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"loa/drivers/modem/modemtest"
)

const (
	hello  = "0001000B916407281553F800000AE8329BFD4697D9EC37"
	length = len(hello)/2 - 1
)

func TestSubmit(t *testing.T) {
	card := modemtest.New(modemtest.SIMCom)
	m, err := New(t.Context(), plug(t, card))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for _, want := range []string{"1", "2"} {
		if ref, err := m.Submit(t.Context(), hello, length); err != nil || ref != want {
			t.Errorf("%q, %v; want %s", ref, err, want)
		}
	}
	if sent := card.Sent(); len(sent) != 2 || sent[0] != hello {
		t.Errorf("sent %q", sent)
	}
	card.Deny("+CMS ERROR: 38")
	if _, err := m.Submit(t.Context(), hello, length); !errors.Is(err, ErrRefused) {
		t.Errorf("a network that says no: %v", err)
	}
	card.Deny("")
	if _, err := m.Submit(t.Context(), hello, length+1); !errors.Is(err, ErrRefused) {
		t.Errorf("a length that is wrong: %v", err)
	}
	card.Eject()
	if _, err := m.Submit(t.Context(), hello, length); !errors.Is(err, ErrRefused) {
		t.Errorf("without a card: %v", err)
	}
	if _, err := m.Info(t.Context()); err != nil {
		t.Errorf("it is of use no more: %v", err)
	}
	if len(card.Sent()) != 2 {
		t.Error("one went out that was refused")
	}
	card.Silence()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := m.Submit(ctx, hello, length); err == nil || errors.Is(err, ErrRefused) {
		t.Errorf("a modem that is silent: %v", err)
	}
}

// A text goes out as it is, and nowhere that is no number.
func TestSend(t *testing.T) {
	card := modemtest.New(modemtest.SIMCom)
	m, err := New(t.Context(), plug(t, card))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.Send(t.Context(), "+84912345678", "Lũ"); err != nil {
		t.Error(err)
	}
	if err := m.Send(t.Context(), "191", "Lũ"); err != nil {
		t.Error(err)
	}
	want := []string{"0001000B914819325476F8000804004C0169", "000100038191F1000804004C0169"}
	if sent := card.Sent(); !slices.Equal(sent, want) {
		t.Errorf("%q, want %q", sent, want)
	}
	for _, c := range [][2]string{{"VIETTEL", "Lũ"}, {"", "Lũ"}, {"+8491234567890123", "Lũ"}, {"+84912345678\"", "Lũ"}, {"+84912345678", ""}, {"+84912345678", strings.Repeat("ộ", 71)}} {
		if err := m.Send(t.Context(), c[0], c[1]); err == nil {
			t.Errorf("%q is sent to %q", c[1], c[0])
		}
	}
	card.Deny("+CMS ERROR: 38")
	if err := m.Send(t.Context(), "+84912345678", "Lũ"); !errors.Is(err, ErrRefused) {
		t.Error(err)
	}
}

// An agent that dies between the two halves of a message leaves a modem that takes every
// command for the other half.
func TestAModemThatWaitsForAMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		card := modemtest.New(modemtest.Quectel)
		here, there := net.Pipe()
		over := make(chan struct{})
		go func() { defer close(over); card.Serve(there) }()
		io.WriteString(here, "AT+CMGS=20\r")
		buf := make([]byte, 64)
		here.Read(buf)
		io.WriteString(here, "0001")
		here.Close()
		<-over
		here, there = net.Pipe()
		over = make(chan struct{})
		go func() { defer close(over); card.Serve(there) }()
		m, err := New(t.Context(), here)
		if err != nil {
			t.Fatal(err)
		}
		if i, err := m.Info(t.Context()); err != nil || i.Model != "EC25" {
			t.Errorf("%+v, %v", i, err)
		}
		m.Close()
		<-over
		if len(card.Sent()) != 0 {
			t.Error("it went out after all")
		}
	})
}

func TestSendByModemManager(t *testing.T) {
	m := manager(t, `
echo "$*" >>"$(dirname "$0")/asked"
case "$*" in
"-m any --messaging-create-sms=number='+84912345678',text='Loa: lũ, ‘đến’ 03:25'") printf 'Successfully created new SMS:\n    /org/freedesktop/ModemManager1/SMS/21 (unknown)\n' ;;
"-s /org/freedesktop/ModemManager1/SMS/21 --send --timeout=60") [ ! -e "$(dirname "$0")/no" ] || { echo "error: couldn't send the SMS" >&2; exit 1; } ;;
"-m any --messaging-delete-sms=/org/freedesktop/ModemManager1/SMS/21") echo gone >"$(dirname "$0")/gone" ;;
*) echo "error: what is $*?" >&2; exit 1 ;;
esac
`)
	dir := filepath.Dir(m.tool)
	if err := m.Send(t.Context(), "+84912345678", "Loa: lũ, ‘đến’ 03:25"); err != nil {
		t.Error(err)
	}
	if err := os.Rename(filepath.Join(dir, "gone"), filepath.Join(dir, "no")); err != nil {
		t.Errorf("it still lies there: %v", err)
	}
	if err := m.Send(t.Context(), "+84912345678", "Loa: lũ, ‘đến’ 03:25"); err == nil {
		t.Error("one that did not go out did")
	}
	if _, err := os.Stat(filepath.Join(dir, "gone")); err != nil {
		t.Errorf("what did not go out lies there for ever: %v", err)
	}
}
