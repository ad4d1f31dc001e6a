package modem

import (
	"context"
	"errors"
	"testing"
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
