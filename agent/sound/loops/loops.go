// Package loops is the loops that a box spends most of its time in: filters over
// samples, in C. Where the processor has vectors for sure (arm64, amd64) the compiler
// uses them, which Go's does not; on armhf, whose baseline has none, it makes plain
// instructions of them. They are small, see no byte from outside before it is a sample,
// and every length is checked here first.
//
// Sound is interleaved stereo, finite, and of any length that is whole frames.
package loops

// #cgo CFLAGS: -O3
// #cgo noescape loops_step
// #cgo nocallback loops_step
// #cgo noescape loops_glide
// #cgo nocallback loops_glide
// #cgo noescape loops_filter
// #cgo nocallback loops_filter
// #cgo noescape loops_power
// #cgo nocallback loops_power
// #cgo noescape loops_mix
// #cgo nocallback loops_mix
// #cgo noescape loops_round
// #cgo nocallback loops_round
// #cgo noescape loops_over
// #cgo nocallback loops_over
// #cgo noescape loops_tame
// #cgo nocallback loops_tame
// #cgo noescape loops_scale
// #cgo nocallback loops_scale
// #cgo noescape loops_swap
// #cgo nocallback loops_swap
// #include "loops.h"
import "C"

import "unsafe"

const channels = 2

// A Bank is a filter's rows of taps: one for each place between two frames.
type Bank struct {
	taps, rows int
	h          []float32
	slopes     bool // each row is followed by its differences to the next
}

// NewBank makes a bank of rows of the same length, a multiple of 4. For [Glide]
// there is one row more than places: the first one, a frame later.
func NewBank(rows [][]float32, glide bool) *Bank {
	b := &Bank{taps: len(rows[0]), rows: len(rows), slopes: glide}
	if glide {
		b.rows--
	}
	for _, row := range rows {
		if len(row) != b.taps || b.taps%4 != 0 {
			panic("loops: rows of taps that do not fit")
		}
	}
	for i, row := range rows[:b.rows] {
		b.h = append(b.h, row...)
		if glide {
			for k, v := range rows[i+1] {
				b.h = append(b.h, v-row[k])
			}
		}
	}
	return b
}

// Taps is how long a row is in frames.
func (b *Bank) Taps() int { return b.taps }

// Rows is how many places there are between two frames.
func (b *Bank) Rows() int { return b.rows }

// Step fills out with the sound of in at frame at and row/Rows of a frame, and so
// on every step/Rows frames, as long as that lies before frame end and the taps
// lie within in. It says how many values there are and where it has come to.
func (b *Bank) Step(out, in []float32, end, step, at, row int) (n, nextAt, nextRow int) {
	end = min(end, len(in)/channels-b.taps+1)
	room := len(out) / channels
	if b.slopes || room == 0 || at < 0 || at >= end || row < 0 || row >= b.rows || step < 1 || step > 1<<20 {
		return 0, at, row
	}
	p := C.loops_step((*C.float)(&out[0]), C.long(room), (*C.float)(&in[0]), C.long(end),
		(*C.float)(&b.h[0]), C.long(b.taps), C.long(b.rows), C.long(step), C.long(at), C.long(row))
	return int(p.frames) * channels, int(p.at), int(p.row)
}

// Glide is Step at any speed: the places are pos and on every step frames, and
// between rows it goes in straight lines.
func (b *Bank) Glide(out, in []float32, end, step, pos float64) (n int, next float64) {
	last := len(in)/channels - b.taps
	room := len(out) / channels
	if !b.slopes || room == 0 || last < 0 || !(pos >= 0 && pos < end && pos < 1<<30) || !(step > 0 && step < 1<<20) {
		return 0, pos
	}
	p := C.loops_glide((*C.float)(&out[0]), C.long(room), (*C.float)(&in[0]), C.long(last),
		(*C.float)(&b.h[0]), C.long(b.taps), C.long(b.rows), C.double(end), C.double(step), C.double(pos))
	return int(p.frames) * channels, float64(p.pos)
}

// A Section is a filter of second order on both channels. Its state is double: at
// 100 Hz the poles lie so close to the unit circle that float hisses.
type Section struct {
	B0, B1, B2, A1, A2 float64
	z1, z2             [channels]float64
}

// Filter sends p through the sections, one after the other.
func Filter(s []Section, p []float32) {
	if len(s) == 0 || len(p) < channels {
		return
	}
	C.loops_filter((*C.section)(unsafe.Pointer(&s[0])), C.long(len(s)), (*C.float)(&p[0]), C.long(len(p)/channels))
}

// Mix adds in times gain to out. It gives the sum of the squares of what was
// added, and the largest. A stretch is short: a few hundred squares lose nothing
// that matters in a float.
func Mix(out, in []float32, gain float32) (sum, most float32) {
	if len(in) == 0 {
		return 0, 0
	}
	out = out[:len(in)]
	p := C.loops_mix((*C.float)(&out[0]), (*C.float)(&in[0]), C.long(len(in)), C.float(gain))
	return float32(p.sum), float32(p.most)
}

// Power is the sum of the squares of in, and the largest.
func Power(in []float32) (sum, most float32) {
	if len(in) == 0 {
		return 0, 0
	}
	p := C.loops_power((*C.float)(&in[0]), C.long(len(in)))
	return float32(p.sum), float32(p.most)
}

// Round makes 16 bits of in, to the nearest, and holds what is louder at the most
// there is. What was made of 16 bits and left alone comes out bit for bit.
func Round(out []int16, in []float32) {
	if len(in) == 0 {
		return
	}
	out = out[:len(in)]
	C.loops_round((*C.short)(&out[0]), (*C.float)(&in[0]), C.long(len(in)))
}

// Over reports whether anything in p is louder than ceiling.
func Over(p []float32, ceiling float32) bool {
	return len(p) > 0 && C.loops_over((*C.float)(&p[0]), C.long(len(p)), C.float(ceiling)) != 0
}

// Tame makes p finite and at most most: what is not a number becomes silence.
func Tame(p []float32, most float32) {
	if len(p) > 0 {
		C.loops_tame((*C.float)(&p[0]), C.long(len(p)), C.float(most))
	}
}

// Scale multiplies p by gain.
func Scale(p []float32, gain float32) {
	if len(p) > 0 && gain != 1 {
		C.loops_scale((*C.float)(&p[0]), C.long(len(p)), C.float(gain))
	}
}

// Swap exchanges a and b, which do not overlap.
func Swap(a, b []float32) {
	if len(a) == 0 {
		return
	}
	b = b[:len(a)]
	C.loops_swap((*C.float)(&a[0]), (*C.float)(&b[0]), C.long(len(a)))
}
