package oto

// A tape counts what is between two ends of a queue that carries sound and
// silence: what went in, in order, and how much of the sound has come out.
type tape struct {
	runs []run
}

type run struct {
	frames int64
	sound  bool
}

// put adds frames at the end.
func (t *tape) put(frames int64, sound bool) {
	if frames == 0 {
		return
	}
	if n := len(t.runs); n > 0 && t.runs[n-1].sound == sound {
		t.runs[n-1].frames += frames
		return
	}
	t.runs = append(t.runs, run{frames, sound})
}

// take removes frames from the front and says how many of them were sound.
func (t *tape) take(frames int64) (sound int64) {
	for frames > 0 && len(t.runs) > 0 {
		r := &t.runs[0]
		n := min(frames, r.frames)
		if r.sound {
			sound += n
		}
		frames -= n
		if r.frames -= n; r.frames == 0 {
			t.runs = t.runs[1:]
		}
	}
	return sound
}

// frames is how many there are, and how many of them are sound.
func (t *tape) frames() (all, sound int64) {
	for _, r := range t.runs {
		all += r.frames
		if r.sound {
			sound += r.frames
		}
	}
	return all, sound
}
