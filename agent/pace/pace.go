// Package pace says when a frame of a sound device will be heard and how fast its clock
// goes, from what the device has told of how far it is.
package pace

import "time"

const rate = 48000 // frames per second of every device

const (
	span  = 500 * time.Millisecond // of which the earliest mark counts
	kept  = 40                     // spans: 20 s, over which a crystal does not change
	sure  = 6                      // spans from which on the speed is believed
	brief = 3                      // spans that count as long as it is not: no more, for they drift apart
	close = 50e-6                  // seconds above the line within which a mark was not held up

	// A device that ran dry, or had to play silence of its own, is behind from then on.
	// Marks that a busy processor holds up are late, too, but each by something else: three
	// in a row were once late by the same slice of another's time.
	behind      = 2 * time.Millisecond
	behindMarks = 4 // so many that agree, over …
	behindFor   = 600 * time.Millisecond
	agree       = 500e-6 // seconds

	ahead    = time.Millisecond // no mark is early: it is the line that is wrong
	fastest  = 0.001            // no crystal is off by a thousandth
	maxSlope = 400e-6           // beyond this a card's clock is broken, or a virtual machine's
)

// A Clock is what is known of the course of a device. The zero value knows nothing.
//
// A mark says that so many frames had been heard by a moment. It may be late, by what the
// kernel and a busy processor held it up, and never early; so the truth is the lower edge
// of all marks, and a straight line as long as the device plays without a break.
type Clock struct {
	base  time.Time
	last  int64 // frames of the newest mark
	phase bool  // offset is known
	fresh int   // marks since it is

	// Frame n is heard t seconds after base, where t - n/rate = offset + slope·t.
	offset, slope float64

	marks []mark // the earliest of each span
	now   mark   // the earliest of this span
	until float64
	late  []mark // the newest ones, if they are all behind
	steps int
}

// A mark is a moment, and how much later than the frames' own length it came, both in
// seconds.
type mark struct{ at, lag float64 }

// Observe takes a mark: frames had been heard by at. That is passed over if it says
// nothing new.
func (c *Clock) Observe(frames int64, at time.Time) {
	if c.base.IsZero() {
		c.base, c.last = at, frames
		return // the frames of before may have been heard long ago
	}
	if frames <= c.last {
		c.last = min(c.last, frames)
		return
	}
	c.last = frames
	t := at.Sub(c.base).Seconds()
	m := mark{t, t - float64(frames)/rate}
	off := m.lag - c.offset - c.slope*m.at
	c.fresh++
	switch {
	case !c.phase, off < -ahead.Seconds(), c.fresh <= 4 && off < 0:
		c.begin(m)
		return
	case off > behind.Seconds():
		if c.late = append(c.late, m); len(c.late) > 2*behindMarks {
			c.late = append(c.late[:0], c.late[1:]...)
		}
		if m, ok := c.stepped(); ok {
			c.steps++
			c.begin(m)
		}
		return
	}
	c.late = c.late[:0]
	if t < c.until {
		if m.lag-c.slope*m.at < c.now.lag-c.slope*c.now.at {
			c.now = m
		}
		return
	}
	c.marks = append(c.marks, c.now)
	if len(c.marks) > kept {
		c.marks = append(c.marks[:0], c.marks[1:]...)
	}
	c.now, c.until = m, t+span.Seconds()
	c.fit()
}

// begin lets the line go through m. Its slope stays: the crystal is the same.
func (c *Clock) begin(m mark) {
	if !c.phase {
		c.fresh = 1
	}
	c.phase, c.offset = true, m.lag-c.slope*m.at
	c.marks, c.late = c.marks[:0], c.late[:0]
	c.now, c.until = m, m.at+span.Seconds()
}

// stepped reports whether the late marks agree by how much, and with which.
func (c *Clock) stepped() (earliest mark, ok bool) {
	lag := func(m mark) float64 { return m.lag - c.slope*m.at }
	for i, m := range c.late {
		if i == 0 || lag(m) < lag(earliest) {
			earliest = m
		}
	}
	n := 0
	for _, m := range c.late {
		if lag(m) <= lag(earliest)+agree {
			n++
		}
	}
	long := c.late[len(c.late)-1].at - c.late[0].at
	return earliest, n >= behindMarks && long >= behindFor.Seconds()
}

// fit lays the line along the lower edge: through all marks, and then through those that
// do not lie far above.
func (c *Clock) fit() {
	if len(c.marks) < brief {
		return
	}
	all, free := c.marks, len(c.marks) >= sure
	if !free {
		all = all[len(all)-brief:]
	}
	use, offset, slope := all, c.offset, c.slope
	for range 3 {
		offset, slope = line(use, slope, free)
		var near []mark
		for _, m := range all {
			if m.lag <= offset+slope*m.at+close {
				near = append(near, m)
			}
		}
		if len(near) < brief {
			break
		}
		use = near
	}
	if slope < -fastest || slope > fastest {
		return
	}
	c.offset, c.slope = offset, slope
}

// line is the best one through marks, with the slope that it has unless that is free.
func line(marks []mark, slope float64, free bool) (offset, _ float64) {
	var at, lag float64
	for _, m := range marks {
		at, lag = at+m.at, lag+m.lag
	}
	n := float64(len(marks))
	at, lag = at/n, lag/n
	if free {
		var ss, sp float64
		for _, m := range marks {
			ss += (m.at - at) * (m.at - at)
			sp += (m.at - at) * (m.lag - lag)
		}
		if ss > 0 {
			slope = sp / ss
		}
	}
	return lag - slope*at, slope
}

// Break says that the device has stopped, or was made to forget: when it goes on is not
// known before the next marks, how fast it goes is.
func (c *Clock) Break() { c.phase, c.fresh, c.late = false, 0, c.late[:0] }

// At is when a frame, counted from the device's first, is heard; false when that is not
// known. It holds for frames about to be played: no further ahead than a queue is long.
func (c *Clock) At(frame int64) (at time.Time, ok bool) {
	if !c.phase {
		return at, false
	}
	t := (float64(frame)/rate + c.offset) / (1 - c.slope)
	return c.base.Add(time.Duration(t * float64(time.Second))), true
}

// Speed is how long a frame of the device lasts, as a part of what it should.
func (c *Clock) Speed() float64 { return 1 / (1 - c.slope) }

// PPM is how much faster than true the device's clock goes, in millionths; 0: not known.
func (c *Clock) PPM() float64 { return -c.slope * 1e6 }

// Steps is how often the device was found behind where it was.
func (c *Clock) Steps() int { return c.steps }

// Broken reports a clock that no crystal goes by.
func (c *Clock) Broken() bool { return c.slope > maxSlope || c.slope < -maxSlope }
