package message_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"testing"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
)

// The example of the DSSE specification, v1.0.0, protocol.md.
func TestPAE(t *testing.T) {
	got := message.PAE("http://example.com/HelloWorld", []byte("hello world"))
	if want := "DSSEv1 29 http://example.com/HelloWorld 11 hello world"; string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestEnvelope(t *testing.T) {
	one, two := reportKey(1), reportKey(2)
	typ := message.PayloadType(plan.KindBulletin, 1)
	e := message.Sign(typ, []byte(`{"a":1}`), one)
	e.AddSignature(two)
	e.AddSignature(one) // once is enough
	got, err := message.Open(e.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if got.PayloadType != typ || string(got.Payload) != `{"a":1}` || len(got.Signatures) != 2 {
		t.Errorf("got %+v", got)
	}
	for _, k := range []ed25519.PrivateKey{one, two} {
		if !got.Verify(k.Public().(ed25519.PublicKey)) {
			t.Error("its own signature does not fit")
		}
	}
	if got.Verify(reportKey(3).Public().(ed25519.PublicKey)) {
		t.Error("a stranger's key fits")
	}
	got.Payload[0] = '['
	if got.Verify(one.Public().(ed25519.PublicKey)) {
		t.Error("other bytes, and the signature fits")
	}
	// Type and payload are bound to each other.
	moved := message.Envelope{PayloadType: message.PayloadType(plan.KindAlert, 1), Payload: e.Payload, Signatures: e.Signatures}
	if moved.Verify(one.Public().(ed25519.PublicKey)) {
		t.Error("another type, and the signature fits")
	}
}

func TestKeyID(t *testing.T) {
	pub := ed25519.PublicKey(bytes.Repeat([]byte{0x5a}, 32))
	// sha256sum of 32 bytes of 0x5a
	if got := message.KeyID(pub); len(got) != 64 || got != message.Digest(pub) {
		t.Errorf("got %s", got)
	}
	if _, err := hex.DecodeString(message.KeyID(pub)); err != nil {
		t.Error(err)
	}
}

func TestPayloadType(t *testing.T) {
	if got := message.PayloadType(plan.KindPlay, 1); got != "application/vnd.loa.act.play+json;v=1" {
		t.Errorf("got %s", got)
	}
	for _, bad := range []string{
		"", "application/json", "application/vnd.loa.alert+json", "application/vnd.loa.alert+json;v=", "application/vnd.loa.alert+json;v=01",
		"application/vnd.loa.alert+json;v=0", "application/vnd.loa.alert+json;v=-1", "application/vnd.loa.alert+json;v=1 ",
		"application/vnd.loa.alert+json;v=1001", "Application/vnd.loa.alert+json;v=1",
	} {
		if kind, v, err := message.ParsePayloadType(bad); err == nil {
			t.Errorf("%q is taken as %s, %d", bad, kind, v)
		}
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(message.Sign(message.PayloadType(plan.KindBulletin, 1), []byte(`{"a":1}`), reportKey(1), reportKey(2)).Encode())
	f.Add([]byte(`{"payloadType":"application/vnd.loa.alert+json;v=1","payload":"","signatures":[]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := message.Open(raw)
		if err != nil {
			switch codeOf(err) {
			case plan.TooLarge, plan.Malformed, plan.Unsigned:
			default:
				t.Fatalf("the code %q", codeOf(err))
			}
			return
		}
		if n := len(e.Signatures); n < 1 || n > message.MaxSignatures || len(raw) > message.MaxEnvelope {
			t.Fatalf("taken with %d signatures, %d bytes", n, len(raw))
		}
		again, err := message.Open(e.Encode())
		if err != nil || !bytes.Equal(again.Encode(), e.Encode()) || !bytes.Equal(again.Payload, e.Payload) {
			t.Fatalf("taken, but not when encoded again: %v", err)
		}
	})
}

func TestLivePacket(t *testing.T) {
	key := reportKey(1)
	pub := key.Public().(ed25519.PublicKey)
	p := message.LivePacket{Codec: message.LiveOpus, Seq: 7, Offset: 280 * time.Millisecond, Duration: 40 * time.Millisecond, Audio: []byte("sound")}
	raw := message.SignLive("26734", "talk-1", p, key)
	got, err := message.OpenLive("26734", "talk-1", raw, pub)
	if err != nil || got.Seq != p.Seq || got.Offset != p.Offset || got.Duration != p.Duration || !bytes.Equal(got.Audio, p.Audio) {
		t.Errorf("got %+v, %v", got, err)
	}
	for i := range raw {
		bad := bytes.Clone(raw)
		bad[i] ^= 1
		if _, err := message.OpenLive("26734", "talk-1", bad, pub); err == nil {
			t.Errorf("byte %d changed, and taken", i)
		}
	}
	// Place and session cannot be pushed into each other.
	for _, at := range [][2]string{{"26734", "talk-2"}, {"26735", "talk-1"}, {"26734t", "alk-1"}} {
		if _, err := message.OpenLive(at[0], at[1], raw, pub); codeOf(err) != plan.Signature {
			t.Errorf("at %s, %s: %v", at[0], at[1], err)
		}
	}
	end := message.LivePacket{Codec: message.LiveEnd, Seq: 8, Offset: 320 * time.Millisecond}
	if got, err := message.OpenLive("26734", "talk-1", message.SignLive("26734", "talk-1", end, key), pub); err != nil || !got.End() || got.Offset != end.Offset {
		t.Errorf("the end: %+v, %v", got, err)
	}
	// The bytes are what other programs write.
	head := "LOA1\x01\x00\x00\x00\x07\x00\x00\x01\x18\x00\x28sound"
	if string(raw[:len(raw)-ed25519.SignatureSize]) != head {
		t.Errorf("on the wire %q, want %q", raw, head)
	}
	p.Duration = 250 * time.Millisecond
	if _, err := message.OpenLive("26734", "talk-1", message.SignLive("26734", "talk-1", p, key), pub); codeOf(err) != plan.Malformed {
		t.Errorf("250 ms: %v", err)
	}
}

func FuzzOpenLive(f *testing.F) {
	key := reportKey(1)
	f.Add(message.SignLive("26734", "talk-1", message.LivePacket{Codec: message.LiveOpus, Seq: 7, Duration: 40 * time.Millisecond, Audio: []byte("sound")}, key))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if p, err := message.OpenLive("26734", "talk-1", raw, key.Public().(ed25519.PublicKey)); err == nil {
			if !bytes.Equal(message.SignLive("26734", "talk-1", p, key), raw) {
				t.Fatalf("taken, but signed otherwise: %+v", p)
			}
		}
	})
}
