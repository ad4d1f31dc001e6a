package decode

// A patch fills the holes that damage leaves in a recording, so that what follows
// stays where it belongs: it lets the last sound fade away instead of clicking,
// and lets the next one in as softly.
type patch struct {
	tail   []float32 // the last patchFrames heard
	fill   []float32
	rising bool // the next sound follows a hole
}

const (
	patchFrames = 480     // 10 ms at 48 kHz: long enough not to click
	maxHole     = 1 << 20 // frames that damage may claim to have swallowed: 22 s at 48 kHz
)

// heard notes real sound, and softens its beginning after a hole, in place.
func (p *patch) heard(pcm []float32, channels int) {
	if len(pcm) < channels {
		return
	}
	if p.rising {
		n := min(patchFrames, len(pcm)/channels)
		for i := range n * channels {
			pcm[i] *= float32(i/channels+1) / float32(n+1)
		}
		p.rising = false
	}
	n := min(len(pcm), patchFrames*channels)
	p.tail = append(p.tail[:0], pcm[len(pcm)-n:]...)
}

// hole gives n frames in place of what is lost: the last sound backwards, which
// joins without a step, fading into silence. The result is valid until the next
// call.
func (p *patch) hole(n int64, channels int) []float32 {
	if n <= 0 {
		return nil
	}
	size := int(min(n, maxHole)) * channels
	if cap(p.fill) < size {
		p.fill = make([]float32, size)
	}
	p.fill = p.fill[:size]
	clear(p.fill)
	have := len(p.tail) / channels
	for i := 0; i < have && i < size/channels; i++ {
		from := (have - 1 - i) * channels
		for c := range channels {
			p.fill[i*channels+c] = p.tail[from+c] * float32(have-i) / float32(have+1)
		}
	}
	p.tail = p.tail[:0]
	p.rising = true
	return p.fill
}
