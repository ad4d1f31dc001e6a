package console

import "time"

// An Enroller gets the box its name and its certificate.
type Enroller interface {
	// AskNow asks at once instead of when it is time; false: the box has what it needs.
	AskNow() bool
}

// enrol is how far the box has come in getting its name.
func (c *call) enrol() (answer, error) {
	now := len(c.args) == 1 && c.args[0] == "now"
	if len(c.args) > 0 && !now {
		return answer{}, c.misused()
	}
	if c.box.View == nil {
		return answer{}, c.absent()
	}
	st, f := c.box.View.Status(), c.box.View.Clock()
	data := struct {
		Enrolled bool      `json:"enrolled"`
		Code     string    `json:"code,omitempty"` // that is told to whoever approves
		Asks     time.Time `json:"asks_at,omitzero"`
		Device   string    `json:"device,omitempty"`
		Place    string    `json:"place,omitempty"`
		Until    time.Time `json:"certificate_until,omitzero"`
	}{Enrolled: st.Code == "", Code: st.Code, Asks: st.Asks}
	var b rows
	if data.Enrolled {
		data.Device, data.Place = st.Device, st.Place
		b.row(c.say("enrol.state"), c.say("enrol.named"))
		b.row(c.say("status.box"), join(", ", st.Device, named(st)))
		b.row(c.say("status.place"), or(st.Place, c.say("status.unassigned")))
		if c.box.Identity != nil {
			if cert := c.box.Identity().Certificate; cert != nil {
				data.Until = cert.Until
				b.row(c.say("cert.until"), c.time(cert.Until))
			}
		}
	} else {
		b.row(c.say("enrol.state"), c.say("enrol.waits"))
		b.row(c.say("status.code"), st.Code)
		b.row(c.say("status.link"), c.link(st, f.Time, c.box.View.Faults()))
	}
	if !now {
		if !data.Enrolled {
			b.WriteString(fold(c.say("enrol.do"), 0))
		}
		return answer{data: data, text: b.String()}, nil
	}
	if err := c.here(); err != nil {
		return answer{}, err
	}
	if c.box.Enrol == nil || !c.box.Enrol.AskNow() {
		return answer{}, refusedHere{text: c.say("enrol.needless")}
	}
	b.WriteString(c.say("enrol.asking") + "\n")
	return answer{data: data, text: b.String()}, nil
}
