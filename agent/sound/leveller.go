package sound

// A Leveller brings sound of unknown loudness, a live station's above all,
// towards a target while it plays. It begins at 0 dB and moves slowly: music
// keeps its shape, and a first impression that was wrong does no harm.
type Leveller struct {
	src      Source
	target   float64
	loudness Loudness
	gain     slope
	dB       float64 // where gain was last sent
	until    int     // frames to the next look
}

// The leveller looks every 100 ms and moves by 0.3 dB at a look, 3 dB a second.
const (
	levelLook = Rate / 10
	levelMove = 0.3
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
	want := LevelGain(l.loudness.Integrated(), l.target)
	l.dB += min(levelMove, max(-levelMove, want-l.dB))
	l.gain.aim(Amplitude(l.dB), levelLook)
}

// GainDB is the gain it has come to.
func (l *Leveller) GainDB() float64 { return l.dB }

// Close closes the source.
func (l *Leveller) Close() error { return l.src.Close() }
