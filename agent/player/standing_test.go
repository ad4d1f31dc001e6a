package player

import (
	"context"
	"io"
	"math"
	"testing"

	"loa/agent/plan"
	"loa/agent/standing"
)

// What lies on every box opens without a shelf, and sounds.
func TestStandingOpens(t *testing.T) {
	l := NewLibrary(nil, nil, nil)
	for _, a := range standing.All() {
		o, err := l.Open(context.Background(), plan.Part{Standing: a.ID, Length: a.Length})
		if err != nil {
			t.Fatal(a.ID, err)
		}
		loudest, pcm := 0.0, make([]float32, 4096)
		for {
			n, err := o.Source.Read(pcm)
			for _, x := range pcm[:n] {
				loudest = max(loudest, math.Abs(float64(x)))
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(a.ID, err)
			}
		}
		if err := o.Source.Close(); err != nil || loudest < 0.2 || math.Abs(o.GainDB) > 6 {
			t.Errorf("%s: peak %.2f, gain %.1f dB, %v", a.ID, loudest, o.GainDB, err)
		}
	}
	if _, err := l.Open(context.Background(), plan.Part{Standing: "none"}); err == nil {
		t.Error("what does not exist opens")
	}
}
