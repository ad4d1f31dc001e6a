package relay

// A ring holds decoded samples. It allocates nothing after its making.
type ring struct {
	buf  []float32
	head int // of the oldest sample
	n    int
}

func newRing(samples int) *ring { return &ring{buf: make([]float32, samples)} }

func (r *ring) len() int  { return r.n }
func (r *ring) room() int { return len(r.buf) - r.n }

// write puts in as much of p as there is room for.
func (r *ring) write(p []float32) {
	for len(p) > 0 && r.room() > 0 {
		at := (r.head + r.n) % len(r.buf)
		n := copy(r.buf[at:min(len(r.buf), at+r.room())], p)
		r.n += n
		p = p[n:]
	}
}

// read takes the oldest samples out.
func (r *ring) read(p []float32) int {
	done := 0
	for done < len(p) && r.n > 0 {
		n := copy(p[done:], r.buf[r.head:min(len(r.buf), r.head+r.n)])
		r.drop(n)
		done += n
	}
	return done
}

// drop forgets the oldest n samples.
func (r *ring) drop(n int) {
	n = min(n, r.n)
	r.head = (r.head + n) % len(r.buf)
	r.n -= n
}
