package places

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func day(n int) time.Time { return time.Date(2025, 6, 1+n, 0, 0, 0, 0, time.FixedZone("", 7*3600)) }

// sample is a province of three communes, of which two merge into a new one on day 30;
// a hamlet of one of them, and a box in each.
func sample() Book {
	return Book{
		Places: map[string][]Fact{
			"74":    {{Name: "Bình Dương", Width: 1}},
			"26734": {{Name: "An Sơn", Parent: "74"}, {On: day(30), Name: "An Sơn", Parent: "26999", Into: "26999"}},
			"26737": {{Name: "Bình Nhâm", Parent: "74"}, {On: day(10), Name: "Bình Nhâm Mới", Parent: "74"}, {On: day(30), Name: "Bình Nhâm Mới", Parent: "26999", Into: "26999"}},
			"26740": {{Name: "Hưng Định", Parent: "74"}},
			"26999": {{On: day(30), Name: "Thuận An", Parent: "74"}},
			"ap-1":  {{Name: "Ấp Phú Hưng", Parent: "26734"}},
		},
		Boxes: map[string][]Stay{
			"b1": {{On: day(1), Place: "26734"}},
			"b2": {{On: day(1), Place: "26737"}, {On: day(40), Place: "26740"}, {On: day(50)}},
			"b3": {{On: day(1), Place: "ap-1"}},
		},
	}
}

func TestWhereABoxWas(t *testing.T) {
	b := sample()
	for _, c := range []struct {
		box   string
		day   int
		place string
		above []string
	}{
		{"b1", 0, "", nil},
		{"b1", 1, "26734", []string{"74"}},
		{"b1", 29, "26734", []string{"74"}},
		{"b1", 30, "26999", []string{"74"}}, // nobody has moved it
		{"b2", 35, "26999", []string{"74"}},
		{"b2", 40, "26740", []string{"74"}},
		{"b2", 50, "", nil},
		{"b3", 29, "ap-1", []string{"26734", "74"}},
		{"b3", 30, "ap-1", []string{"26999", "74"}},
	} {
		place, ok := b.Of(c.box, day(c.day))
		if place != c.place || ok != (c.place != "") {
			t.Errorf("%s on day %d: %q %v, want %q", c.box, c.day, place, ok, c.place)
		}
		if up := b.Above(place, day(c.day)); !slices.Equal(up, c.above) {
			t.Errorf("%s on day %d is below %v, want %v", c.box, c.day, up, c.above)
		}
	}
	for n, want := range map[int]string{0: "Bình Nhâm", 10: "Bình Nhâm Mới", 40: "Bình Nhâm Mới"} {
		if f, ok := b.At("26737", day(n)); !ok || f.Name != want {
			t.Errorf("on day %d 26737 was called %q, want %q", n, f.Name, want)
		}
	}
	if _, ok := b.At("26999", day(29)); ok {
		t.Error("a place before there was one")
	}
	if f := b.Faults(8); len(f) > 0 {
		t.Errorf("faults in a sound book: %+v", f)
	}
}

func TestFaults(t *testing.T) {
	for name, c := range map[string]struct {
		change func(Book)
		want   Fault
	}{
		"merged into itself": {func(b Book) { b.Places["74"] = append(b.Places["74"], Fact{On: day(5), Parent: "74", Into: "74"}) }, Fault{"74", day(5), Circle, "74"}},
		"merged into each other": {func(b Book) {
			b.Places["26999"] = append(b.Places["26999"], Fact{On: day(31), Parent: "26734", Into: "26734"})
		}, Fault{"26734", day(31), Circle, "26734"}},
		"below what it has":     {func(b Book) { b.Places["26734"][0].Parent = "ap-1" }, Fault{"26734", time.Time{}, Circle, "26734"}},
		"below what is to come": {func(b Book) { b.Places["ap-1"][0].Parent = "26999" }, Fault{"ap-1", time.Time{}, Orphan, "26999"}},
		"below nothing":         {func(b Book) { b.Places["26740"][0].Parent = "99" }, Fault{"26740", time.Time{}, Orphan, "99"}},
		"again after its end": {func(b Book) {
			b.Places["26734"] = append(b.Places["26734"], Fact{On: day(60), Name: "An Sơn", Parent: "74"})
		}, Fault{"26734", day(60), Reused, "26999"}},
		"backwards": {func(b Book) { b.Places["26737"][2].On = day(9) }, Fault{"26737", day(9), Order, ""}},
		"too deep": {func(b Book) {
			for i := range 8 {
				b.Places[fmt.Sprint("x", i+1)] = []Fact{{Parent: fmt.Sprint("x", i)}}
			}
			b.Places["x0"] = []Fact{{Parent: "74"}}
		}, Fault{"x8", time.Time{}, Deep, ""}},
	} {
		b := sample()
		c.change(b)
		if f := b.Faults(8); len(f) == 0 || f[0] != c.want && !slices.Contains(f, c.want) {
			t.Errorf("%s: %+v, want %+v", name, f, c.want)
		}
	}
}

// arbitrary is a book that was written as people write it: a change at a time, and only
// such as make sense.
func arbitrary(r *rand.Rand) Book {
	b := Book{Places: map[string][]Fact{"p0": {{Name: "0"}}}, Boxes: map[string][]Stay{}}
	codes := []string{"p0"}
	for n := 1; n < 12; n++ {
		code := fmt.Sprint("p", n)
		f := Fact{Name: fmt.Sprint(n), Parent: codes[r.IntN(len(codes))]}
		if r.IntN(3) == 0 {
			f.On = day(r.IntN(60))
		}
		b.try(code, f)
		if len(b.Places[code]) > 0 {
			codes = append(codes, code)
		}
	}
	for range 30 {
		code, other := codes[r.IntN(len(codes))], codes[r.IntN(len(codes))]
		f := Fact{On: day(r.IntN(60)), Name: fmt.Sprint(r.Int()), Parent: other}
		if r.IntN(2) == 0 {
			f.Into = other
		}
		b.try(code, f)
	}
	for n := range 20 {
		at := r.IntN(10)
		for range 1 + r.IntN(4) {
			place := codes[r.IntN(len(codes))]
			if f, ok := b.At(place, day(at)); ok && f.Into == "" {
				b.Boxes[fmt.Sprint("b", n)] = append(b.Boxes[fmt.Sprint("b", n)], Stay{On: day(at), Place: place})
			}
			at += 1 + r.IntN(20)
		}
	}
	return b
}

// try makes a change if the book still makes sense with it.
func (b Book) try(code string, f Fact) {
	before := b.Places[code]
	b.Places[code] = append(slices.Clone(before), f)
	if len(b.Faults(8)) > 0 {
		b.Places[code] = before
		if before == nil {
			delete(b.Places, code)
		}
	}
}

// At every instant each box is in one place that there is, no place is above itself,
// and what is below a place adds up to all boxes below it, also across mergers.
func TestAtEveryInstant(t *testing.T) {
	merged, moved := 0, 0
	for seed := range 200 {
		b := arbitrary(rand.New(rand.NewPCG(1, uint64(seed))))
		for n := range 90 {
			at := day(n)
			codes := b.Codes(at)
			sum, own := make(map[string]int), make(map[string]int)
			all := 0
			for box, stays := range b.Boxes {
				place, ok := b.Of(box, at)
				if ok == at.Before(stays[0].On) {
					t.Fatalf("seed %d, day %d: box %s: %v", seed, n, box, ok)
				}
				if !ok {
					continue
				}
				if !slices.Contains(codes, place) {
					t.Fatalf("seed %d, day %d: box %s in %s, which is none of %v", seed, n, box, place, codes)
				}
				if place != stays[len(stays)-1].Place && b.Became(stays[len(stays)-1].Place, at) == place {
					merged++
				}
				all++
				own[place]++
				for _, p := range append(b.Above(place, at), place) {
					sum[p]++
				}
			}
			top := 0
			for _, c := range codes {
				up := b.Above(c, at)
				if slices.Contains(up, c) || len(up) > 8 {
					t.Fatalf("seed %d, day %d: %s below %v", seed, n, c, up)
				}
				children := own[c]
				for _, d := range codes {
					if b.Parent(d, at) == c {
						children += sum[d]
					}
				}
				if children != sum[c] {
					t.Fatalf("seed %d, day %d: %s has %d boxes, and what it is made of has %d", seed, n, c, sum[c], children)
				}
				if len(up) == 0 {
					top += sum[c]
				} else {
					moved++
				}
			}
			if top != all {
				t.Fatalf("seed %d, day %d: %d boxes in all, %d at the top", seed, n, all, top)
			}
		}
	}
	if merged < 100 || moved < 100 {
		t.Errorf("the books were tame: %d boxes across a merger, %d places below another", merged, moved)
	}
}
