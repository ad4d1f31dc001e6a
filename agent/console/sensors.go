package console

import (
	"fmt"
	"maps"
	"slices"

	"loa/agent/sense"
)

// A Senser says what the box measures of itself.
type Senser interface {
	Sensors() sense.State
}

func (c *call) sensors() (answer, error) {
	if len(c.args) > 0 {
		return answer{}, c.misused()
	}
	if c.box.Sensors == nil {
		return answer{}, c.absent()
	}
	st := c.box.Sensors.Sensors()
	var b rows
	number := func(key string, v *float64, by float64, unit string) {
		if v != nil {
			b.row(c.say(key), c.decimal(*v*by)+" "+unit)
		}
	}
	number("sensors.current", st.CurrentMA, 1, "mA")
	number("sensors.voltage", st.VoltageMV, 1e-3, "V")
	if st.FullMA != nil {
		b.row(c.say("sensors.full"), fmt.Sprintf("full_ma = %.0f", *st.FullMA))
	}
	number("sensors.supply", st.SupplyMV, 1e-3, "V")
	number("sensors.heat", st.HeatC, 1, "°C")
	if st.DoorIsOpen != nil {
		b.row(c.say("sensors.door"), c.say("sensors.door."+onOff(*st.DoorIsOpen)))
	}
	number("sensors.cpu", st.Vitals.CPUCelsius, 1, "°C")
	if st.Vitals.LowSupply != nil {
		b.row(c.say("sensors.board"), c.say("sensors.board."+onOff(*st.Vitals.LowSupply)))
	}
	for _, name := range slices.Sorted(maps.Keys(st.Vitals.Life)) {
		b.row(c.say("sensors.life"), c.say("sensors.used", name, st.Vitals.Life[name]))
	}
	for _, name := range slices.Sorted(maps.Keys(st.Vitals.Errors)) {
		b.row(c.say("sensors.files"), c.say("sensors.errors", name, st.Vitals.Errors[name]))
	}
	for _, what := range slices.Sorted(maps.Keys(st.Faults)) {
		b.row(c.say("sensors.fault"), c.say("sensors."+what)+": "+c.driver(st.Faults[what]))
	}
	if b.Len() == 0 {
		return answer{data: st, text: c.say("sensors.none")}, nil
	}
	return answer{data: st, text: b.String()}, nil
}
