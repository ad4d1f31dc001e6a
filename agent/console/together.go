package console

import "time"

// Together is how the box keeps time with its neighbours, by its own clocks.
type Together struct {
	PPM    float64       `json:"card_ppm"`      // how much faster than true the sound card's clock goes; 0: not known
	Slips  int           `json:"card_slips"`    // how often the card fell behind itself since it was opened
	Asked  bool          `json:"asked"`         // boxes start together what sounds, or sounded last
	Why    string        `json:"why,omitempty"` // it plays that by itself
	Begun  bool          `json:"begun"`
	Off    time.Duration `json:"off_ns"`   // how much too early it is heard
	Worst  time.Duration `json:"worst_ns"` // the most in the last half to one minute
	Jumps  int           `json:"jumps"`    // how often it left something out, or waited, to be in time again
	Jumped time.Time     `json:"jumped,omitzero"`
}
