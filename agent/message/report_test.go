package message_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"testing"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
)

func reportKey(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
}

func codeOf(err error) plan.Code {
	var e *plan.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return plan.Accepted
}

func TestSignedReports(t *testing.T) {
	key, other := reportKey(1), reportKey(2)
	ack := message.Ack{Device: "d-1", ID: "x1", State: "finished", Result: plan.Heard, At: time.Unix(1, 0).UTC()}
	raw := message.SealReport(message.ReportAck, ack, key)
	got, err := message.OpenReport[message.Ack](message.ReportAck, raw, key.Public().(ed25519.PublicKey))
	if err != nil || got != ack {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, c := range []struct {
		name string
		raw  []byte
		want plan.Code
	}{
		{"forged", message.SealReport(message.ReportAck, ack, other), plan.Signature},
		{"another kind", message.SealReport(message.ReportHave, ack, key), plan.Malformed},
		{"too large", make([]byte, 1<<20), plan.TooLarge},
		{"not JSON", []byte("{"), plan.Malformed},
	} {
		_, err := message.OpenReport[message.Ack](message.ReportAck, c.raw, key.Public().(ed25519.PublicKey))
		if codeOf(err) != c.want {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

func TestLedgerSegmentIsBoundToItsHead(t *testing.T) {
	key := reportKey(1)
	pub := key.Public().(ed25519.PublicKey)
	raw := message.EncodeSegment(message.LedgerHead{Device: "d-1", From: 1, To: 2, Head: "aa"}, []byte{1, 2, '\n', 3}, key)
	h, data, err := message.DecodeSegment(raw, pub)
	if err != nil || h.To != 2 || !bytes.Equal(data, []byte{1, 2, '\n', 3}) {
		t.Fatalf("%+v %v %v", h, data, err)
	}
	raw[len(raw)-1]++
	if _, _, err := message.DecodeSegment(raw, pub); codeOf(err) != plan.Signature {
		t.Errorf("changed bytes: %v", err)
	}
	if _, _, err := message.DecodeSegment([]byte("x"), pub); codeOf(err) != plan.Malformed {
		t.Errorf("no head: %v", err)
	}
}
