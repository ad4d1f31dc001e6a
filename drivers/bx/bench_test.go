package bx_test

import (
	"fmt"
	"image"
	"testing"

	"loa/drivers/bx"
	"loa/drivers/bx/bxtest"
)

// BenchmarkWire sends pages in real time over a line of real pace, and reports for
// how much of a page the wire is busy: 95 % or more, whatever the scheduler does.
func BenchmarkWire(b *testing.B) {
	for _, baud := range []int{9600, 57600} {
		b.Run(fmt.Sprint(baud), func(b *testing.B) {
			model := bxtest.BX5E2
			model.Size = image.Pt(128, 32)
			card := bxtest.New(model)
			defer card.Close()
			link := card.Serial(baud, baud)
			p, err := bx.New(link, bx.Opts{Baud: baud})
			if err != nil {
				b.Fatal(err)
			}
			page := filled(p.Size(), red)
			var busy, idle float64
			for b.Loop() {
				link.Traffic()
				if err := p.Show(b.Context(), page); err != nil {
					b.Fatal(err)
				}
				w := link.Traffic()
				busy, idle = busy+w.Busy.Seconds(), idle+w.Idle.Seconds()
			}
			b.ReportMetric(100*busy/(busy+idle), "busy-%")
		})
	}
}
