package livetalk

import (
	"crypto/ed25519"
	"math"
	"testing"
	"time"

	"loa/agent/decode"
	"loa/agent/message"
	"loa/scripts/heard"
)

// What is packed is what a box decodes, packet by packet and as truly.
func TestPacketsAreHeard(t *testing.T) {
	pub, key, _ := ed25519.GenerateKey(nil)
	p, err := NewPacker("26734", "s1", key)
	if err != nil {
		t.Fatal(err)
	}
	dec, err := decode.NewTalk()
	if err != nil {
		t.Fatal(err)
	}
	var sent, got []float64
	bytes := 0
	for i := range 75 {
		pcm := make([]int16, Samples)
		for k := range pcm {
			at := float64(i*Samples+k) / Rate
			v := 0.3 * math.Sin(2*math.Pi*(300+200*at)*at) * (1 + math.Sin(2*math.Pi*3*at)) / 2
			pcm[k] = int16(v * 32767)
			sent = append(sent, v)
		}
		raw, err := p.Pack(pcm)
		if err != nil {
			t.Fatal(err)
		}
		bytes += len(raw)
		m, err := message.OpenLive("26734", "s1", raw, pub)
		if err != nil || m.Seq != uint32(i) || m.Offset != time.Duration(i)*Frame || m.Duration != Frame {
			t.Fatalf("packet %d: %+v, %v", i, m, err)
		}
		out, err := dec.Decode(m.Audio, m.Duration)
		if err != nil || len(out) != 2*Samples {
			t.Fatalf("packet %d: %d samples, %v", i, len(out), err)
		}
		for k := 0; k < len(out); k += 2 {
			got = append(got, float64(out[k]))
		}
	}
	sent = sent[:len(sent)-Rate/2]
	match := heard.Find(sent, Rate, got, Rate)
	t.Logf("likeness %.4f at %v, gain %.2f; %d bytes a packet", match.Score, match.At, match.Gain, bytes/75)
	if match.Score < 0.99 || match.At > 20*time.Millisecond || math.Abs(match.Gain-1) > 0.1 {
		t.Errorf("what came out is not what went in: %+v", match)
	}
	if end, err := message.OpenLive("26734", "s1", p.End(), pub); err != nil || !end.End() || end.Offset != 3*time.Second {
		t.Errorf("the end: %+v, %v", end, err)
	}
}

// Lengths of both forms.
func TestJoin(t *testing.T) {
	for _, n := range []int{1, 2, 252, 253, 254, 1275} {
		out := join(make([]byte, n), make([]byte, 5))
		length, from := int(out[1]), 2
		if length >= 252 {
			length, from = int(out[2])*4+int(out[1]), 3
		}
		if length != n-1 || len(out)-from != n-1+4 || out[0] != 2 {
			t.Errorf("a frame of %d bytes is said to have %d, and %d follow", n-1, length, len(out)-from)
		}
	}
}
