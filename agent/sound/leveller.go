package sound

import "time"

// A Leveller brings sound of unknown loudness, a live station's above all,
// towards a target while it plays. It begins at 0 dB, believes its measurement
// only as far as there has been sound to measure, and moves slowly enough that
// music keeps its shape.
type Leveller struct {
	src      Source
	target   float64
	loudness Loudness
	gain     slope
	dB       float64 // where gain was last sent
	until    int     // frames to the next look
}

// The leveller looks every 100 ms, moves by 0.3 dB at a look (3 dB a second), and
// trusts a measurement fully after 4 s of sound.
const (
	levelLook  = Rate / 10
	levelMove  = 0.3
	levelTrust = 4 * time.Second
)

// NewLeveller levels src to target LUFS.
func NewLeveller(src Source, target float64) *Leveller {
	l := &Leveller{src: src, target: target, until: levelLook}
	l.gain.jump(1)
	return l
}

// Read is [Source].
func (l *Leveller) Read(p []float32) (int, error) {
	n, err := l.src.Read(p[:min(whole(len(p)), l.until*Channels)])
	l.loudness.Add(p[:n])
	for i := 0; i+1 < n; i += Channels {
		a := l.gain.next()
		p[i] *= a
		p[i+1] *= a
	}
	if l.until -= n / Channels; l.until == 0 {
		l.until = levelLook
		l.look()
	}
	return n, err
}

// look sends the gain a step towards where it should be.
func (l *Leveller) look() {
	trust := min(1, float64(l.loudness.Gated())/float64(levelTrust))
	want := LevelGain(l.loudness.Integrated(), l.target) * trust
	l.dB += min(levelMove, max(-levelMove, want-l.dB))
	l.gain.aim(Amplitude(l.dB), levelLook)
}

// GainDB is the gain it has come to.
func (l *Leveller) GainDB() float64 { return l.dB }

// Close closes the source.
func (l *Leveller) Close() error { return l.src.Close() }
