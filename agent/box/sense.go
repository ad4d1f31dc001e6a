package box

import (
	"loa/agent/sense"
)

// Measures are the readers of the box's own sensors; see [sense.Opts]. Nil: it has none.
type Measures struct {
	Current      func() (ma, mv float64, err error)
	Supply, Heat func() (float64, error)
	Door         func() (open bool, err error)
	Vitals       func() sense.Vitals
}

// newSense is what watches the box's own sensors.
func (b *Box) newSense() *sense.Sense {
	m, s := b.o.Measures, b.o.Board.Sensor
	o := sense.Opts{
		Current: m.Current, Supply: m.Supply, Heat: m.Heat, DoorIsOpen: m.Door, Vitals: m.Vitals,
		Amp:         sense.Amp{IdleMA: s.Current.IdleMA, FullMA: s.Current.FullMA, MostMA: s.Current.MostMA, LeastMV: s.Current.LeastMV},
		SupplyLeast: s.Supply.LeastMV, SupplyMost: s.Supply.MostMV, MostHeat: s.Heat.MostC,
		Speaker: func() (on bool, rms float64) {
			st := b.speaker.Status()
			return st.Amp, st.RMSDBFS
		},
		Report: b.o.Health.ReportOf,
	}
	if len(s.Supply.Valid) == 2 {
		o.SupplyValid = [2]float64{s.Supply.Valid[0], s.Supply.Valid[1]}
	}
	return sense.New(o)
}

func (t technician) Sensors() sense.State { return t.b.sense.State() }
