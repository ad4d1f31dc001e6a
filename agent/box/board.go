package box

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"os"
	"time"

	"loa/agent/console"
	"loa/agent/display"
	"loa/agent/layout"
	"loa/agent/layout/lunar"
	"loa/agent/ledger"
	"loa/agent/plan"
	"loa/agent/station"
)

// newDisplay is the board that people read, nil where the box has none.
func (b *Box) newDisplay() *display.Display {
	if b.o.Panel == nil {
		return nil
	}
	board := layout.BoardOf(b.o.Board.Panel)
	var light func() int
	if b.light = b.newLight(); b.light != nil {
		light = b.light.Percent
	}
	if b.o.Temperature != nil {
		b.warmth = display.NewThermometer(b.o.Temperature, b.o.Health.Report)
	}
	return display.New(display.Opts{
		Open: b.o.Panel, Board: board, Fields: b.fields, Words: b.words, Light: light, Door: b.o.Door,
		Picture: b.picture,
		Proof:   b.proofOf, Begun: b.nowShown, Refused: b.notShown,
		Report: b.o.Health.Report, Log: b.o.Log.With("room", "display"),
	})
}

// newLight is the light sensor of the board, nil where it has none.
func (b *Box) newLight() *display.Light {
	s := b.o.Board.Sensor.Light
	if b.o.Light == nil || !s.There() {
		return nil
	}
	o := display.LightOpts{
		Read: b.o.Light, Least: s.Valid[0], Most: s.Valid[1], Default: s.DefaultPercent, Report: b.o.Health.Report,
	}
	for _, p := range s.Curve {
		o.Points = append(o.Points, display.Point{Reading: p[0], Percent: p[1]})
	}
	return display.NewLight(o)
}

var vietnam = time.FixedZone("+07:00", 7*3600)

// fields is what clocks and the thermometer on a page say.
func (b *Box) fields() layout.Fields {
	now := b.now().In(vietnam)
	f := layout.Fields{Now: now, Lunar: lunar.Of(now).String()}
	if b.warmth != nil {
		f.TempC = b.warmth.Celsius(time.Now())
	}
	return f
}

// words are the default pages of the image, for places that want none of their own.
// Residents read them.
func words(s plan.Standing) []plan.Page {
	switch s {
	case plan.PowerUp:
		return []plan.Page{{Text: "Đang khởi động"}}
	case plan.Reset:
		return []plan.Page{{Text: "Chưa giao địa bàn"}}
	case plan.Failed:
		return []plan.Page{{Text: "Bảng tin đang chờ nội dung"}, {Text: "{clock}", Style: "clock"}}
	}
	return []plan.Page{
		{Text: "{clock}", Style: "clock", StayS: 8},
		{Text: "{date}", Style: "clock", StayS: 5},
	}
}

// picture opens a picture that is on the box.
func (b *Box) picture(sha string, board layout.Board) ([]display.Still, error) {
	path, ok := b.media.Path(sha)
	if !ok {
		return nil, &plan.Error{Code: plan.MediaMissing, Msg: fmt.Sprintf("%.12s is not on the box", sha)}
	}
	data, err := os.ReadFile(path) // at most as long as plan allows: what is longer was not fetched
	if err != nil {
		return nil, err
	}
	return display.Stills(data, board)
}

// show tells the board what the station has decided, unless the link to the centre
// is why there is nothing.
func (b *Box) show(s plan.Scene) {
	if b.o.Start.Safe() {
		s = barely(s)
	}
	if b.mqtt != nil && !b.mqtt.Connected() {
		s = unlinked(s, b.linkless())
	}
	b.display.Show(s)
}

// unlinked is what a board shows when no broker has been there for so long. What the
// box has goes on being shown; only that nothing is due may be for want of word.
func unlinked(s plan.Scene, long time.Duration) plan.Scene {
	if s.Standing == plan.Idle && long > linkPatience {
		s.Standing = plan.LinkLost
	}
	return s
}

// linkPatience is how long a board waits for its centre before it says so: mobile
// networks drop for minutes.
const linkPatience = 10 * time.Minute

// linkless is how long no broker has been there.
func (b *Box) linkless() time.Duration {
	for _, c := range b.o.Health.Active(time.Now()) {
		if c.Code == "broker-unreachable" {
			return time.Since(c.Since)
		}
	}
	return 0
}

// nowShown writes down that something urgent is on the board: who looks at the
// ledger an hour later must find it even after a power cut.
func (b *Box) nowShown(o plan.Occurrence, pages int) {
	b.nudge()
	if o.Class == plan.Emergency {
		e := entryOf(o)
		e.Kind, e.Detail = ledger.Event, fmt.Sprintf("on the board, %d pages", pages)
		b.note(e)
	}
}

// proofOf writes down what was shown.
func (b *Box) proofOf(s display.Showing) {
	b.nudge()
	e := entryOf(s.Occurrence)
	e.Kind, e.Due, e.Count, e.Proof = ledger.Shown, s.From, s.Times, s.Proof
	e.AirS, e.SeenS = s.Until.Sub(s.From).Seconds(), s.Seen.Seconds()
	e.Result = plan.Seen
	switch {
	case s.Seen == 0:
		e.Result = plan.Dark
	case s.Err != nil:
		e.Result = plan.Partial
	}
	if s.Err != nil {
		e.Detail = s.Err.Error()
	}
	b.note(e)
}

// refusals are the codes that are conditions as well.
var refusals = []plan.Code{plan.GlyphMissing, plan.TooBig, plan.MediaMissing, plan.MediaFormat, plan.Unsupported}

// notShown says what of something this board cannot show; nothing: that is over.
func (b *Box) notShown(o plan.Occurrence, all []layout.Finding) {
	about := o.Item.String()
	if o.Item.ID == "" {
		about = o.ID
	}
	raised := map[plan.Code]error{}
	for _, f := range all {
		e := entryOf(o)
		e.Kind, e.Result, e.Code, e.Board, e.Detail = ledger.Refused, plan.Refused, f.Code, true, f.EN
		if f.Line > 0 {
			e.Detail = fmt.Sprintf("line %d, letter %d: %s", f.Line, f.Column, f.EN)
		}
		b.note(e)
		b.ack(station.Ack{Doc: o.By, ID: o.ID, State: "refused", Result: plan.Refused, Code: f.Code, Why: f.EN, VI: f.VI})
		raised[f.Code] = errors.Join(raised[f.Code], errors.New(f.EN))
	}
	for _, c := range refusals {
		b.o.Health.ReportOf(string(c), about, raised[c])
	}
}

func entryOf(o plan.Occurrence) ledger.Entry {
	e := ledger.Entry{
		ID: o.ID, Slot: o.Slot, Class: o.Class, Origin: o.Origin, Lang: o.Lang, Title: o.Title,
		Place: o.By.Place, Signer: o.Signer,
	}
	if o.Item.ID != "" {
		e.Item = o.Item.String()
	}
	return e
}

// boardOfBox answers what the console asks of the board.
type boardOfBox struct{ b *Box }

func (t boardOfBox) Board() console.BoardStatus {
	st, p := t.b.display.Status(), t.b.o.Board.Panel
	all := console.BoardStatus{
		Driver: p.Driver, Width: p.Width, Height: p.Height, Fault: st.Err, Facts: st.Facts, Probed: st.Probed,
		Brightness: st.Brightness, Title: st.Title, Page: st.Page, Pages: st.Pages, Since: st.Since, Taken: st.Taken,
		Pattern: st.Pattern, Undimmed: st.Undimmed, Refused: t.b.lastRefusals(),
	}
	if l := t.b.light; l != nil {
		reading, err := l.Last()
		all.Light = &console.LightStatus{Reading: reading, Percent: l.Percent()}
		if err != nil {
			all.Light.Fault = err.Error()
		}
	}
	if w := t.b.warmth; w != nil {
		all.TempC = w.Celsius(time.Now())
	}
	all.Agrees = "unknown"
	switch {
	case st.Err != "" || !st.Taken || st.Unseen != "" || st.Facts["lost"] == "true":
		all.Agrees = "no"
	case len(st.Facts) > 0:
		all.Agrees = "yes"
	}
	return all
}

// lastRefusals is what the board did not show in the last day, as the ledger has it.
func (b *Box) lastRefusals() (all []console.BoardRefusal) {
	found, err := b.ledger.Query(ledger.Query{Kind: ledger.Refused, Board: true, From: b.now().Add(-24 * time.Hour), Limit: 3})
	if err != nil {
		b.o.Log.Debug("the ledger could be read only in part", "err", err)
	}
	for _, e := range found {
		all = append(all, console.BoardRefusal{At: e.Time, ID: e.ID, Title: e.Title, Code: e.Code, Detail: e.Detail})
	}
	return all
}

func (t boardOfBox) Picture() []string {
	frame := t.b.display.Frame()
	if frame == nil || t.b.o.Draw == nil {
		return nil
	}
	return t.b.o.Draw(frame)
}

func (t boardOfBox) PNG() []byte {
	frame := t.b.display.Frame()
	var file bytes.Buffer
	if frame == nil || png.Encode(&file, frame) != nil {
		return nil
	}
	return file.Bytes()
}

func (t boardOfBox) Pattern(name string, d time.Duration) error { return t.b.display.Pattern(name, d) }
func (t boardOfBox) Bright(percent int, d time.Duration) error  { return t.b.display.Bright(percent, d) }

func (t boardOfBox) Sweep(ctx context.Context) (heard []string, err error) {
	if t.b.o.Sweep == nil {
		return nil, nil
	}
	err = t.b.display.Lend(ctx, func(ctx context.Context) { heard = t.b.o.Sweep(ctx) })
	return heard, err
}
