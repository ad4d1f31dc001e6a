package message_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"strings"
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

// A box may have more documents in force than there is room for in one report.
func TestHaveFitsItsEnvelope(t *testing.T) {
	key := reportKey(1)
	h := message.Have{Device: "d-1", Documents: map[string]int64{}, Epochs: map[string]int64{"root": 1}}
	for i := range 3000 {
		id := fmt.Sprintf("26734/bulletin/ban-tin-%d", i)
		h.Documents[id] = 1_700_000_000_000 + int64(i)
		h.Media = append(h.Media, message.MediaOf{Bulletin: id, Wanted: 1, Missing: []string{strings.Repeat("a", 64)}})
	}
	raw := message.SealHave(h, key)
	got, err := message.OpenReport[message.Have](message.ReportHave, raw, key.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(got.Documents); n < 100 || n+got.More != 3000 || len(got.Media) != n {
		t.Errorf("%d documents, %d media and %d more; want 3000 in all", n, len(got.Media), got.More)
	}
	if got.Documents["26734/bulletin/ban-tin-2999"] == 0 {
		t.Error("the newest document was left out")
	}
	small := message.Have{Device: "d-1", Documents: map[string]int64{"a/bulletin/b": 1}}
	if back, err := message.OpenReport[message.Have](message.ReportHave, message.SealHave(small, key), key.Public().(ed25519.PublicKey)); err != nil || back.More != 0 || len(back.Documents) != 1 {
		t.Errorf("a small one: %+v, %v", back, err)
	}
}
