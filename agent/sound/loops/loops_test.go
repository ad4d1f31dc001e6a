package loops

import (
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

func noise(n int) []float32 {
	rng := rand.New(rand.NewPCG(uint64(n), 7))
	p := make([]float32, n)
	for i := range p {
		p[i] = rng.Float32()*2 - 1
	}
	return p
}

// atTheEdge is n values behind which no memory is, so that whoever reads or writes too
// far dies of it.
func atTheEdge(t *testing.T, n int) []float32 {
	t.Helper()
	page := unix.Getpagesize()
	size := (4*n + page - 1) / page * page
	mem, err := unix.Mmap(-1, 0, size+page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Munmap(mem) })
	if err := unix.Mprotect(mem[size:], unix.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(&mem[size-4*n])), n)
}

func TestNothingIsTouchedBehindTheEnd(t *testing.T) {
	for n := 1; n < 70; n++ {
		p, q := atTheEdge(t, n), atTheEdge(t, n)
		Mix(p, q, 0.5)
		Power(p)
		Over(p, 1)
		Tame(p, 1)
		Scale(p, 2)
		Swap(p, q)
		Filter(make([]Section, 1+n%3), p)
		out := unsafe.Slice((*int16)(unsafe.Pointer(&q[0])), 2*n)
		Round(out[n:], p)
	}
	for taps := 4; taps <= 32; taps += 4 {
		in, out := atTheEdge(t, 2*60), atTheEdge(t, 2*50)
		step, glide := NewBank(rowsOf(3, taps), false), NewBank(rowsOf(4, taps), true)
		h := atTheEdge(t, len(step.h))
		copy(h, step.h)
		step.h = h
		h = atTheEdge(t, len(glide.h))
		copy(h, glide.h)
		glide.h = h
		for at := 0; at < 60; at += 7 {
			step.Step(out, in, 1000, 2, at, 2)
			glide.Glide(out, in, 1e9, 0.7, float64(at)+0.99)
		}
	}
}

func TestRowsThatDoNotFitAreNoBank(t *testing.T) {
	for _, rows := range [][][]float32{
		{make([]float32, 6)},
		{make([]float32, 8), make([]float32, 4)},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("rows of %d and so on are a bank", len(rows[0]))
				}
			}()
			NewBank(rows, len(rows) > 1)
		}()
	}
}

func rowsOf(n, taps int) (rows [][]float32) {
	for i := range n {
		row := noise(taps + i)[i:]
		rows = append(rows, row)
	}
	return rows
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-5*(1+math.Abs(want)) {
		t.Fatalf("%s: %v instead of %v", what, got, want)
	}
}

// at is the sum that a row makes of in at a frame.
func at(in []float32, frame int, row []float32) (left, right float64) {
	for i, h := range row {
		left += float64(h) * float64(in[2*(frame+i)])
		right += float64(h) * float64(in[2*(frame+i)+1])
	}
	return left, right
}

func TestStepsAreSumsOfTheirRows(t *testing.T) {
	rows := rowsOf(5, 12)
	b := NewBank(rows, false)
	in := noise(2 * 100)
	out := make([]float32, 2*400)
	for _, end := range []int{0, 1, 50, 89, 1000} {
		n, next, row := b.Step(out, in, end, 3, 2, 1)
		frame, place, want := 2, 1, 0
		for ; frame < min(end, 89); want++ { // from 89 on the taps would not lie in it
			l, r := at(in, frame, rows[place])
			near(t, "left", float64(out[2*want]), l)
			near(t, "right", float64(out[2*want+1]), r)
			if place += 3; place >= 5 {
				place -= 5
				frame++
			}
		}
		if n != 2*want || next != frame || row != place {
			t.Errorf("to frame %d: %d values, then frame %d, row %d; want %d, %d, %d", end, n, next, row, 2*want, frame, place)
		}
	}
	if n, _, _ := b.Step(out[:7], in, 89, 1, 0, 0); n != 6 {
		t.Errorf("%d values in room for three frames", n)
	}
}

func TestAGlideGoesInStraightLines(t *testing.T) {
	rows := rowsOf(5, 8)
	b := NewBank(rows, true) // four places
	in := noise(2 * 100)
	out := make([]float32, 2*400)
	n, next := b.Glide(out, in, 50.3, 0.37, 0.2)
	pos := 0.2
	for k := 0; k < n; k += 2 {
		frame := int(pos)
		place, part := math.Modf((pos - float64(frame)) * 4)
		l0, r0 := at(in, frame, rows[int(place)])
		l1, r1 := at(in, frame, rows[int(place)+1])
		near(t, "left", float64(out[k]), l0+part*(l1-l0))
		near(t, "right", float64(out[k+1]), r0+part*(r1-r0))
		pos += 0.37
	}
	if n != 2*136 || math.Abs(next-pos) > 1e-9 {
		t.Errorf("%d values up to %v, want %d up to %v", n, next, 2*136, pos)
	}
	if n, next := b.Glide(out, in, 1e9, 0.5, 90); n != 12 || next != 93 {
		t.Errorf("%d values up to %v where the taps reach the end", n, next)
	}
}

// What does not fit is left alone: C would read what it should not.
func TestWhatDoesNotFitGivesNothing(t *testing.T) {
	b, g := NewBank(rowsOf(4, 8), false), NewBank(rowsOf(5, 8), true)
	in, out := noise(40), make([]float32, 40)
	for _, c := range []struct{ end, step, at, row int }{
		{20, 1, -1, 0}, {20, 1, 0, 4}, {20, 1, 0, -1}, {20, 0, 0, 0}, {20, 1, 14, 0}, {-5, 1, 0, 0},
	} {
		if n, at, row := b.Step(out, in, c.end, c.step, c.at, c.row); n != 0 || at != c.at || row != c.row {
			t.Errorf("Step with %v gave %d values", c, n)
		}
	}
	if n, _, _ := b.Step(out, nil, 5, 1, 0, 0); n != 0 {
		t.Errorf("%d values of nothing", n)
	}
	for _, c := range []struct{ end, step, pos float64 }{
		{20, 1, -0.1}, {20, 1, 14.5}, {20, 0, 0}, {20, math.NaN(), 0}, {20, 1, math.NaN()}, {math.NaN(), 1, 0},
	} {
		if n, _ := g.Glide(out, in, c.end, c.step, c.pos); n != 0 {
			t.Errorf("Glide with %v gave %d values", c, n)
		}
	}
	Filter(nil, out)
	Filter(make([]Section, 1), out[:1])
	Round(nil, nil)
	if sum, most := Power(nil); sum != 0 || most != 0 {
		t.Error("nothing has power")
	}
}

func TestFiltersAreTheirRecursion(t *testing.T) {
	for sections := range 4 {
		var s, plain []Section
		for k := range sections {
			s = append(s, Section{B0: 0.5 + 0.1*float64(k), B1: -0.3, B2: 0.2, A1: -0.9, A2: 0.3})
		}
		plain = append(plain, s...)
		p := noise(2 * 101)
		want := append([]float32(nil), p...)
		for i := range want {
			x := float64(want[i])
			for k := range plain {
				q, c := &plain[k], i%2
				y := q.B0*x + q.z1[c]
				q.z1[c] = q.B1*x - q.A1*y + q.z2[c]
				q.z2[c] = q.B2*x - q.A2*y
				x = y
			}
			want[i] = float32(x)
		}
		Filter(s, p[:100]) // what it remembers goes on
		Filter(s, p[100:])
		for i := range p {
			near(t, "sample", float64(p[i]), float64(want[i]))
		}
	}
}

func TestMixAddsAndMeasures(t *testing.T) {
	for n := range 21 {
		in, out := noise(n), noise(n+1)
		want := append([]float32(nil), out...)
		var sum, most float64
		for i, v := range in {
			want[i] += v * 0.7
			sum += float64(v*0.7) * float64(v*0.7)
			most = max(most, float64(v*0.7)*float64(v*0.7))
		}
		gotSum, gotMost := Mix(out, in, 0.7)
		near(t, "sum", float64(gotSum), sum)
		near(t, "most", float64(gotMost), most)
		for i := range out {
			near(t, "sample", float64(out[i]), float64(want[i]))
		}
		for i := range in {
			in[i] *= 0.7
		}
		gotSum, gotMost = Power(in)
		near(t, "power", float64(gotSum), sum)
		near(t, "peak", float64(gotMost), most)
	}
}

func TestWhatIsAbsurdIsTamed(t *testing.T) {
	inf := float32(math.Inf(1))
	for n := range 20 { // at every place of a vector
		p := make([]float32, n+5)
		copy(p[n:], []float32{float32(math.NaN()), inf, -inf, 4.5, -3})
		Tame(p, 4)
		for i, want := range []float32{0, 4, -4, 4, -3} {
			if p[n+i] != want {
				t.Errorf("value %d of %d became %v, want %v", i, n, p[n+i], want)
			}
		}
		if !Over(p, 3.9) || Over(p, 4) || Over(p[:n], 0) {
			t.Errorf("with %d before: what is over is not seen, or seen where it is not", n)
		}
		p[n+1], p[n+3] = 0, 0
		if !Over(p, 3.9) {
			t.Errorf("with %d before: what is over and negative is not seen", n)
		}
	}
}

func TestScaleAndSwap(t *testing.T) {
	for n := range 20 {
		a, b := noise(n), noise(n + 1)[1:]
		wasA, wasB := append([]float32(nil), a...), append([]float32(nil), b...)
		Swap(a, b)
		Scale(a, 0.5)
		Scale(b, 1)
		for i := range a {
			near(t, "scaled", float64(a[i]), float64(wasB[i]/2))
			near(t, "swapped", float64(b[i]), float64(wasA[i]))
		}
	}
}
