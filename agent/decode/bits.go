package decode

import (
	"encoding/binary"
	"math/bits"
)

// A bitReader reads bits as FLAC packs them, highest first. Past the end it gives
// zeros and says so in short.
type bitReader struct {
	b     []byte
	next  int    // byte of b that is not yet in cache
	cache uint64 // what comes next, from the highest bit down
	n     int    // bits in cache; those below are zero
	short bool
}

func (r *bitReader) fill() {
	if r.next+8 <= len(r.b) {
		r.cache |= binary.BigEndian.Uint64(r.b[r.next:]) >> r.n
		took := (64 - r.n) >> 3
		r.next += took
		r.n += took << 3
		r.cache &= ^uint64(0) << (64 - r.n)
		return
	}
	for r.n <= 56 && r.next < len(r.b) {
		r.cache |= uint64(r.b[r.next]) << (56 - r.n)
		r.next++
		r.n += 8
	}
}

// uint reads k ≤ 32 bits.
func (r *bitReader) uint(k int) uint32 {
	if r.n < k {
		if r.fill(); r.n < k {
			r.short = true
			r.n, r.cache = 0, 0
			return 0
		}
	}
	v := uint32(r.cache >> 1 >> (63 - k))
	r.cache <<= k
	r.n -= k
	return v
}

// int reads k ≤ 33 bits as a two's complement number.
func (r *bitReader) int(k int) int64 {
	if k == 0 {
		return 0
	}
	var v int64
	if k > 32 {
		v = int64(r.uint(k-32)) << 32
		v |= int64(r.uint(32))
	} else {
		v = int64(r.uint(k))
	}
	return v << (64 - k) >> (64 - k)
}

// zeros counts the zeros before the next one, and takes them and it.
func (r *bitReader) zeros() (n int) {
	for {
		if r.cache != 0 {
			z := bits.LeadingZeros64(r.cache)
			r.cache <<= z + 1
			r.n -= z + 1
			return n + z
		}
		n += r.n
		r.n = 0
		if r.fill(); r.n == 0 {
			r.short = true
			return n
		}
	}
}

// align goes to the next whole byte and says which byte of b it is.
func (r *bitReader) align() int {
	k := r.n & 7
	r.cache <<= k
	r.n -= k
	return r.next - r.n>>3
}
