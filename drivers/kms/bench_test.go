package kms

import (
	"fmt"
	"image"
	"os"
	"slices"
	"testing"
	"time"
)

// TestBench prints how long a picture takes to get into memory that a screen shows,
// beside a plain copy of as many bytes. The memory of a real card is slower to write.
func TestBench(t *testing.T) {
	if os.Getenv("LOA_BENCH") == "" {
		t.Skip("LOA_BENCH=1 measures")
	}
	area := image.Rect(0, 0, 1920, 1080)
	picture := image.NewRGBA(area)
	for i := range picture.Pix {
		picture.Pix[i] = byte(i * 7)
	}
	c := canvas{mem: make([]byte, 4*1920*1080), pitch: 4 * 1920, format: xrgb8888}
	upright, lying := newTurner(area.Size(), 0), newTurner(area.Size(), 90)
	turned := &image.RGBA{Pix: picture.Pix, Stride: 4 * 1080, Rect: image.Rect(0, 0, 1080, 1920)}
	var took [3][]time.Duration
	for range 50 {
		for i, do := range []func(){
			func() { c.paint(area, upright, picture) },
			func() { c.paint(area, lying, turned) },
			func() { copy(c.mem, picture.Pix) },
		} {
			began := time.Now()
			do()
			took[i] = append(took[i], time.Since(began))
		}
	}
	median := func(d []time.Duration) float64 {
		slices.Sort(d)
		return d[len(d)/2].Seconds() * 1000
	}
	plain := median(took[2])
	for i, name := range []string{"upright", "turned"} {
		ms := median(took[i])
		fmt.Printf("bench encode-kms-1920x1080-%s %.4g ms peer copy %.4g ratio %.1f\n", name, ms, plain, ms/plain)
		if most := 5 * plain; i == 0 && ms > most {
			t.Errorf("a picture takes %.4g ms, more than %.4g", ms, most)
		}
	}
	if n := testing.AllocsPerRun(10, func() { c.paint(area, upright, picture) }); n > 1 {
		t.Errorf("a picture takes %v allocations", n)
	}
}
