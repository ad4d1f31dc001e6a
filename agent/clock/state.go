package clock

import (
	"encoding/json"
	"time"
)

// state is what survives a reboot.
type state struct {
	Floor   time.Time `json:"floor"`
	Tainted bool      `json:"rtc_unconfirmed,omitempty"`
	Lost    string    `json:"rtc_lost_at_boot,omitempty"` // of the kernel, at whose start the battery clock knew no time
	Set     time.Time `json:"rtc_set,omitzero"`           // when it was last set right
}

func (c *Clock) load(b []byte) {
	if len(b) == 0 {
		return
	}
	var s state
	if err := json.Unmarshal(b, &s); err != nil {
		c.o.Log.Error("the saved clock floor is not readable, the build time holds", "err", err)
		return
	}
	// A floor beyond the horizon came from nowhere this program can have been.
	if !c.o.Build.IsZero() && s.Floor.After(c.o.Build.Add(horizon)) {
		c.o.Log.Error("the saved clock floor lies too far in the future, the build time holds", "floor", s.Floor)
		return
	}
	if s.Floor.After(c.floor) {
		c.floor = s.Floor
	}
	c.lastSaved, c.tainted = s.Floor, s.Tainted
	c.battery.boot, c.battery.set = s.Lost, s.Set
}

// keep saves the floor when it is due, or on the way out when it rose at all.
func (c *Clock) keep(last bool) {
	c.mu.Lock()
	rose := c.floor.Sub(c.lastSaved)
	due := c.dirty || c.anchor.level == Signed && (rose >= saveEvery || last && rose > 0)
	s := state{Floor: c.floor.UTC().Truncate(time.Millisecond), Tainted: c.tainted, Lost: c.battery.boot, Set: c.battery.set}
	if !due || c.o.Save == nil {
		c.mu.Unlock()
		return
	}
	c.dirty = false
	c.mu.Unlock()

	b, err := json.Marshal(s)
	if err == nil {
		err = c.o.Save(b)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	// Failed or not, the next try is an hour away: a full disk is not helped by asking every second.
	c.lastSaved = s.Floor
	if err != nil {
		c.o.Log.Warn("cannot save the clock floor, next try in an hour", "err", err)
	}
}
