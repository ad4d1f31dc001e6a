// Package sense judges what a box measures of itself: what its amplifier draws, its
// supplies, its warmth, its door, its memory card. A sensor that fails is a condition of
// its own and proves nothing: what it had shown before stays.
package sense

import (
	"cmp"
	"context"
	"maps"
	"math"
	"sync"
	"time"
)

// The conditions that Opts.Report is told of.
const (
	HornOpen  = "horn-open"  // on, a sound, and nothing that draws its current
	HornShort = "horn-short" // far too much current
	AmpDead   = "amp-dead"   // on, and no current
	AmpSupply = "amp-supply" // on, and no voltage
	AmpStuck  = "amp-stuck"  // off, and a current as if on

	SupplyLow  = "supply-low"
	SupplyHigh = "supply-high"
	TooHot     = "box-hot"
	DoorOpen   = "box-open"

	CardWorn    = "card-worn"      // the memory card is near its end
	FilesBroken = "storage-errors" // the kernel has found errors in a file system

	CurrentFault = "current-sensor" // of the sensors themselves
	SupplyFault  = "voltage-sensor"
	HeatFault    = "heat-sensor"
	DoorFault    = "door-switch"
)

// Opts are what a box can measure. A reader that is nil is a sensor that it does not
// have. Readers may hang, and are never called while they do.
type Opts struct {
	// Current is what the amplifier's supply carries, in mA, and its voltage in mV, NaN
	// where that is not measured; Speaker whether the amplifier is on, and how loud it
	// sounds, in dBFS RMS.
	Current func() (ma, mv float64, err error)
	Amp     Amp
	Speaker func() (on bool, rms float64)

	Supply      func() (float64, error) // mV
	SupplyValid [2]float64              // the least and most that it says while it is in order
	SupplyLeast float64
	SupplyMost  float64                 // 0: none
	Heat        func() (float64, error) // °C in the cabinet
	MostHeat    float64
	DoorIsOpen  func() (bool, error)
	Vitals      func() Vitals
	MostCPUHeat float64 // °C; 0: 85
	Report      func(code, what string, err error)
}

// A Sense watches the sensors of one box.
type Sense struct {
	o Opts

	mu   sync.Mutex
	amp  *ampJudge
	told map[string]map[string]bool // code → sensor: it was reported and has not ended
	now  State
}

// State is what the sensors said last. What is nil is not there, or not known.
type State struct {
	CurrentMA  *float64 `json:"current_ma,omitempty"`
	VoltageMV  *float64 `json:"amp_mv,omitempty"`
	FullMA     *float64 `json:"full_ma,omitempty"` // what the board file should say, by the sound of now
	SupplyMV   *float64 `json:"supply_mv,omitempty"`
	HeatC      *float64 `json:"heat_c,omitempty"`
	DoorIsOpen *bool    `json:"door_open,omitempty"`
	Vitals     Vitals   `json:"vitals"`
	// Faults are why a sensor says nothing: current, supply, heat, door.
	Faults map[string]string `json:"sensor_faults,omitempty"`
}

// New makes a Sense. Nothing is read before Run.
func New(o Opts) *Sense {
	if o.Report == nil {
		o.Report = func(string, string, error) {}
	}
	if o.MostCPUHeat == 0 {
		o.MostCPUHeat = 85 // from there a Raspberry Pi runs slower, and 15 K below an H3
	}
	return &Sense{o: o, amp: newAmpJudge(o.Amp), told: make(map[string]map[string]bool), now: State{Faults: make(map[string]string)}}
}

const (
	ampEvery    = time.Second
	supplyEvery = 5 * time.Second
	heatEvery   = 5 * time.Second
	doorEvery   = 2 * time.Second
	vitalsEvery = 5 * time.Second
)

// What air in a cabinet can be, in degrees Celsius, with the sun on it.
const coldest, warmest = -15, 110

// Run watches until ctx ends. It waits for no reading.
func (s *Sense) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	if s.o.Current != nil {
		wg.Go(func() { Poll(ctx, ampEvery, s.load, s.takeLoad) })
	}
	if s.o.Supply != nil {
		g := gauge{fault: SupplyFault, valid: s.o.SupplyValid, keep: &s.now.SupplyMV, bands: []band{
			{code: SupplyLow, edge: s.o.SupplyLeast, unit: 1e-3, say: "%.2f V, at least %.2f V are needed"},
			{code: SupplyHigh, edge: s.o.SupplyMost, above: true, unit: 1e-3, say: "%.2f V, at most %.2f V are good for it"},
		}}
		wg.Go(func() {
			Poll(ctx, supplyEvery, s.o.Supply, func(v float64, err error) { s.takeGauge(&g, "supply", v, err) })
		})
	}
	if s.o.Heat != nil {
		g := gauge{fault: HeatFault, valid: [2]float64{coldest, warmest}, keep: &s.now.HeatC, bands: []band{
			{code: TooHot, edge: s.o.MostHeat, above: true, margin: 3, unit: 1, say: "%.0f °C in the cabinet, at most %.0f °C are good for it"},
		}}
		wg.Go(func() {
			Poll(ctx, heatEvery, s.o.Heat, func(v float64, err error) { s.takeGauge(&g, "heat", v, err) })
		})
	}
	if s.o.DoorIsOpen != nil {
		var d door
		wg.Go(func() { Poll(ctx, doorEvery, s.o.DoorIsOpen, func(open bool, err error) { s.takeDoor(&d, open, err) }) })
	}
	if s.o.Vitals != nil {
		v := newVitalsJudge(s.o.MostCPUHeat)
		wg.Go(func() {
			Poll(ctx, vitalsEvery, func() (Vitals, error) { return s.o.Vitals(), nil }, func(got Vitals, err error) { s.takeVitals(v, got, err) })
		})
	}
	<-ctx.Done()
	return nil
}

// State is what the sensors said last.
func (s *Sense) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.now
	st.Faults = maps.Clone(st.Faults)
	return st
}

// silent keeps why a sensor says nothing, or that it does. s.mu is held.
func (s *Sense) silent(what string, err error) {
	delete(s.now.Faults, what)
	if err != nil {
		s.now.Faults[what] = err.Error()
	}
}

func (s *Sense) load() (Load, error) {
	on, rms := s.o.Speaker()
	ma, mv, err := s.o.Current()
	return Load{On: on, RMS: rms, MA: ma, MV: mv}, err
}

func (s *Sense) takeLoad(l Load, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.At, l.Fail = time.Now(), err
	s.amp.take(l)
	s.now.CurrentMA, s.now.VoltageMV, s.now.FullMA = nil, nil, nil
	if err == nil {
		s.now.CurrentMA = &l.MA
		if !math.IsNaN(l.MV) {
			s.now.VoltageMV = &l.MV
		}
		if full := (l.MA - s.o.Amp.IdleMA) / math.Pow(10, l.RMS/10); l.On && l.RMS > -30 && full > 0 {
			s.now.FullMA = &full
		}
	}
	s.silent("current", cmp.Or(err, s.amp.held[CurrentFault]))
	for _, code := range []string{HornOpen, HornShort, AmpDead, AmpSupply, AmpStuck, CurrentFault} {
		s.report(code, "amplifier", s.amp.held[code])
	}
}

func (s *Sense) takeGauge(g *gauge, what string, v float64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*g.keep = nil
	err = g.take(v, err)
	if err == nil {
		*g.keep = &v
	}
	s.silent(what, err)
	s.report(g.fault, what, g.broken)
	for _, b := range g.bands {
		s.report(b.code, what, b.held)
	}
}

func (s *Sense) takeDoor(d *door, open bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.take(open, err)
	s.now.DoorIsOpen = nil
	if err == nil {
		s.now.DoorIsOpen = &open
	}
	s.silent("door", err)
	s.report(DoorFault, "door", d.broken)
	s.report(DoorOpen, "door", d.held)
}

func (s *Sense) takeVitals(j *vitalsJudge, v Vitals, err error) {
	if err != nil {
		return // sysfs hangs: nothing is known, and no sensor of ours is to blame
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now.Vitals = v
	j.take(v)
	s.report(SupplyLow, "board", j.low)
	s.report(TooHot, "processor", j.hot.held)
	s.report(CardWorn, "card", j.worn)
	s.report(FilesBroken, "card", j.broken)
}

// report tells what has come or gone, once each. s.mu is held.
func (s *Sense) report(code, what string, err error) {
	if (err != nil) == s.told[code][what] {
		return
	}
	if s.told[code] == nil {
		s.told[code] = make(map[string]bool)
	}
	s.told[code][what] = err != nil
	s.o.Report(code, what, err)
}
