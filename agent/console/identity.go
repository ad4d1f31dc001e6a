package console

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"rsc.io/qr"
)

// Identity is who the box is, beyond its name.
type Identity struct {
	Model       string    `json:"model,omitempty"`
	Serial      string    `json:"serial,omitempty"`
	Key         string    `json:"key_sha256"`            // of its public key
	Code        string    `json:"code"`                  // what people compare, of the same
	Certificate *CertInfo `json:"certificate,omitempty"` // nil: none yet
}

// CertInfo is the box's certificate.
type CertInfo struct {
	Subject   string    `json:"subject"`
	Issuer    string    `json:"issuer"`
	Serial    string    `json:"serial"`
	From      time.Time `json:"not_before"`
	Until     time.Time `json:"not_after"`
	Renews    bool      `json:"renews"`             // the box asks for the next by itself
	RenewedAt time.Time `json:"renews_at,omitzero"` // from then on
	Brokers   []string  `json:"brokers,omitempty"`  // that came with it
}

func (c *call) id() (answer, error) {
	if len(c.args) > 0 {
		return answer{}, c.misused()
	}
	if c.box.View == nil || c.box.Identity == nil {
		return answer{}, c.absent()
	}
	st, who := c.box.View.Status(), c.box.Identity()
	data := struct {
		Device  string `json:"device"`
		Name    string `json:"name,omitempty"`
		Place   string `json:"place,omitempty"`
		Board   string `json:"board"`
		Version string `json:"version"`
		Address string `json:"address,omitempty"`
		Identity
	}{Device: st.Device, Name: st.Name, Place: st.Place, Board: st.Board, Version: st.Version, Identity: who}
	if c.box.Survey != nil {
		data.Address = c.box.Survey.Net(c.ctx).Address()
	}
	var b rows
	b.row(c.say("status.box"), join(", ", st.Device, named(st)))
	b.row(c.say("status.place"), or(st.Place, c.say("status.unassigned")))
	b.row(c.say("id.board"), join(", ", st.Board, who.Model))
	b.row(c.say("id.serial"), or(who.Serial, "—"))
	b.row(c.say("id.version"), st.Version)
	b.row(c.say("id.address"), or(data.Address, "—"))
	b.row(c.say("id.code"), who.Code)
	b.row(c.say("id.key"), who.Key)
	if who.Certificate != nil {
		b.row(c.say("cert.until"), c.time(who.Certificate.Until))
	}
	return answer{data: data, text: b.String()}, nil
}

// label is what is stuck on the box: who it is, for eyes and for a telephone's camera.
func (c *call) label() (answer, error) {
	if len(c.args) > 0 {
		return answer{}, c.misused()
	}
	if c.box.View == nil || c.box.Identity == nil {
		return answer{}, c.absent()
	}
	st, who := c.box.View.Status(), c.box.Identity()
	payload := "loa:" + st.Device + "?code=" + who.Code
	picture, err := squares(payload)
	if err != nil {
		return answer{}, fmt.Errorf("QR: %w", err)
	}
	beside := []string{"", st.Device, named(st), or(st.Place, c.say("status.unassigned")), st.Board, "", c.say("id.code") + " " + who.Code, who.Serial}
	var b strings.Builder
	if c.plain { // of letters no camera reads a square code
		picture = slices.DeleteFunc(beside, func(s string) bool { return s == "" })
		return answer{data: map[string]any{"payload": payload}, text: strings.Join(append(picture, payload), "\n") + "\n"}, nil
	}
	for i, line := range picture {
		if i < len(beside) && beside[i] != "" {
			line += "  " + short(beside[i], min(40, screen-2-utf8.RuneCountInString(line)))
		}
		fmt.Fprintln(&b, line)
	}
	return answer{data: map[string]any{"payload": payload, "lines": picture}, text: b.String()}, nil
}

// squares is a square code in half blocks, two rows in a line: light is drawn, because a
// terminal is dark. Two squares of quiet lie around it.
func squares(payload string) ([]string, error) {
	code, err := qr.Encode(payload, qr.M)
	if err != nil {
		return nil, err
	}
	const quiet = 2
	n := code.Size
	light := func(x, y int) bool {
		return x < 0 || y < 0 || x >= n || y >= n || !code.Black(x, y)
	}
	var lines []string
	for y := -quiet; y < n+quiet; y += 2 {
		var b strings.Builder
		for x := -quiet; x < n+quiet; x++ {
			top, under := light(x, y), light(x, y+1) && y+1 < n+quiet
			switch {
			case top && under:
				b.WriteRune('█')
			case top:
				b.WriteRune('▀')
			case under:
				b.WriteRune('▄')
			default:
				b.WriteByte(' ')
			}
		}
		lines = append(lines, strings.TrimRight(b.String(), " "))
	}
	return lines, nil
}

func (c *call) cert() (answer, error) {
	if len(c.args) > 0 {
		return answer{}, c.misused()
	}
	if c.box.Identity == nil || c.box.View == nil {
		return answer{}, c.absent()
	}
	cert := c.box.Identity().Certificate
	if cert == nil {
		return answer{text: c.say("cert.none")}, nil
	}
	now := c.box.View.Clock().Time
	var b rows
	b.row(c.say("cert.subject"), cert.Subject)
	b.row(c.say("cert.issuer"), cert.Issuer)
	b.row(c.say("cert.serial"), cert.Serial)
	b.row(c.say("cert.from"), c.time(cert.From))
	left := c.say("cert.left", c.span(cert.Until.Sub(now)))
	switch {
	case now.Before(cert.From):
		left = c.say("cert.early")
	case !now.Before(cert.Until):
		left = c.say("cert.ended")
	}
	b.row(c.say("cert.until"), c.time(cert.Until)+", "+left)
	if cert.Renews {
		b.row(c.say("cert.renews"), c.say("cert.byitself", c.time(cert.RenewedAt)))
	} else {
		b.row(c.say("cert.renews"), c.say("cert.byhand"))
	}
	return answer{data: cert, text: b.String()}, nil
}
