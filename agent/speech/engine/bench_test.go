package engine

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"loa/agent/speech"
)

// TestBench times a notice of twenty seconds from its text to its sound, beside espeak-ng
// alone, which gets the whole reading in one piece.
func TestBench(t *testing.T) {
	if os.Getenv("LOA_BENCH") == "" {
		t.Skip("LOA_BENCH is not set")
	}
	const (
		text = "UBND xã An Sơn thông báo: từ 7h30 đến 9h ngày 28/11/2026, điện lực cắt điện tại ấp 3 để sửa QL13. " +
			"Bà con chủ động tích nước, sạc đèn. Cần biết thêm xin gọi 1900 1006. Có 105 hộ bị ảnh hưởng."
		runs = 9
		aim  = 3.0
	)
	var ours, firsts, theirs []time.Duration
	var length time.Duration
	for range runs {
		start := time.Now()
		length = 0
		r := speech.Read(text, speech.Choices{})
		if err := Render(t.Context(), Espeak("north"), r, func(p PCM) error {
			if length == 0 {
				firsts = append(firsts, time.Since(start))
			}
			length += p.Length()
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		ours = append(ours, time.Since(start))
		peer := exec.Command("espeak-ng", "-v", "vi", "-s", "155", "--stdout", r.String())
		start = time.Now()
		if err := peer.Run(); err != nil {
			t.Fatal(err)
		}
		theirs = append(theirs, time.Since(start))
	}
	median := func(d []time.Duration) float64 {
		slices.Sort(d)
		return float64(d[len(d)/2]) / float64(time.Millisecond)
	}
	ratio := median(ours) / median(theirs)
	fmt.Printf("bench speech-length %.1f s\n", length.Seconds())
	fmt.Printf("bench speech-ready %.1f ms peer espeak-ng %.1f ratio %.2f\n", median(ours), median(theirs), ratio)
	fmt.Printf("bench speech-first-sound %.1f ms\n", median(firsts))
	if length < 18*time.Second || ratio > aim {
		t.Errorf("%v of speech in %.2f times espeak-ng's own time, want 20 s in at most %.1f", length, ratio, aim)
	}
}
