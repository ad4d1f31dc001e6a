package sense

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A gauge is a sensor of one number.
type gauge struct {
	fault  string
	valid  [2]float64 // what it says while it is in order
	bands  []band
	keep   **float64
	broken error // why it proves nothing
	missed misses
}

// take judges a reading, or why there is none, and says why it does not count.
func (g *gauge) take(v float64, err error) error {
	if err == nil && !(v >= g.valid[0] && v <= g.valid[1]) {
		err = fmt.Errorf("it says %g; a sensor in order says %g to %g", v, g.valid[0], g.valid[1])
	}
	if g.missed.hold(&g.broken, err); err != nil {
		return err
	}
	for i := range g.bands {
		g.bands[i].take(v)
	}
	return nil
}

// certain is how many readings in a row make a condition, end one, or make a fault of the
// sensor.
const certain = 3

// misses weigh the readings that failed against those that did not. Three in a row are a
// fault, and so is a loose joint through which every second one comes: in a row alone it
// would never be told. What fails once in a while is in order.
type misses int

// hold takes how one more reading ended, and raises or ends the fault.
func (n *misses) hold(held *error, err error) {
	if err != nil {
		if *n = min(*n+2, 4*certain); *n >= 2*certain {
			*held = err
		}
	} else if *n = max(*n-1, 0); *n == 0 {
		*held = nil
	}
}

// A streak counts how often in a row something was so, or below zero how often not.
type streak int

func (n *streak) add(so bool) {
	if so {
		*n = max(*n, 0) + 1
	} else {
		*n = min(*n, 0) - 1
	}
}

// hold raises or ends a condition when that is certain.
func (n streak) hold(held *error, why func() error) {
	switch {
	case n >= certain && *held == nil:
		*held = why()
	case n <= -certain:
		*held = nil
	}
}

// A band is a condition that begins beyond an edge and ends a margin before it.
type band struct {
	code   string
	edge   float64 // 0: there is none
	above  bool    // the condition is above the edge
	margin float64 // 0: a hundredth of the edge
	unit   float64 // by which readings are multiplied for people
	say    string

	held error
	n    streak
}

func (b *band) take(v float64) {
	if b.edge == 0 {
		return
	}
	margin := b.margin
	if margin == 0 {
		margin = b.edge / 100
	}
	over := v - b.edge
	if !b.above {
		over = -over
	}
	if over <= 0 && over >= -margin {
		b.n = 0
		return
	}
	b.n.add(over > 0)
	b.n.hold(&b.held, func() error { return fmt.Errorf(b.say, v*b.unit, b.edge*b.unit) })
}

// A door is a switch.
type door struct {
	held, broken error
	missed       misses
	n            streak
}

func (d *door) take(open bool, err error) {
	if d.missed.hold(&d.broken, err); err != nil {
		return
	}
	d.n.add(open)
	d.n.hold(&d.held, func() error { return errors.New("the door of the cabinet is open") })
}

// Vitals are what the kernel knows of the board. What is nil or absent is not known.
type Vitals struct {
	LowSupply  *bool          `json:"low_supply,omitempty"`
	CPUCelsius *float64       `json:"cpu_c,omitempty"`
	Life       map[string]int `json:"life_percent,omitempty"`       // used of each memory; 110: more than all
	Spare      map[string]int `json:"spare_used_percent,omitempty"` // of its spare blocks, where it warns
	Errors     map[string]int `json:"file_errors,omitempty"`        // of each file system
}

const (
	mostLife  = 90 // percent of a memory's life
	mostSpare = 80 // percent of its spare blocks
)

// A vitalsJudge tells what is wrong by the kernel's word.
type vitalsJudge struct {
	hot          band
	sags         misses // a supply sags with the sound: now and then, and that is bad enough
	low          error
	worn, broken error
}

func newVitalsJudge(mostC float64) *vitalsJudge {
	return &vitalsJudge{hot: band{edge: mostC, above: true, margin: 5, unit: 1, say: "%.0f °C in the processor, at most %.0f °C are good for it"}}
}

func (j *vitalsJudge) take(v Vitals) {
	if v.LowSupply != nil {
		var low error
		if *v.LowSupply {
			low = errors.New("the board itself measures that its supply is too low")
		}
		j.sags.hold(&j.low, low)
	}
	if v.CPUCelsius != nil {
		j.hot.take(*v.CPUCelsius)
	}
	j.worn = because(append(over(v.Life, mostLife, "%s has used %d %% of its life"), over(v.Spare, mostSpare, "%s has used %d %% of its spare blocks")...))
	j.broken = because(over(v.Errors, 1, "%s: its file system has %d errors"))
}

// over says what has come to an edge, in the order of names.
func over(all map[string]int, edge int, say string) (said []string) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if n := all[name]; n >= edge {
			said = append(said, fmt.Sprintf(say, name, n))
		}
	}
	return said
}

func because(said []string) error {
	if len(said) == 0 {
		return nil
	}
	return errors.New(strings.Join(said, "; "))
}
