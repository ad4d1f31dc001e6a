package display

import (
	"cmp"
	"image"
	"image/draw"
	"slices"
	"strings"
	"time"

	"loa/agent/layout"
	"loa/agent/plan"
)

// A program is the pages that take turns on the panel, and how far they are.
type program struct {
	key   string            // of the scene that it was made of
	asked []plan.Occurrence // its occurrences, whether they have pages here or not
	items []item
	at    int       // the page that is on
	since time.Time // when it came on
	test  *image.RGBA

	board  layout.Board // that the pages have: all of it, or what a ticker leaves
	ticker *layout.Ticker
	words  string    // of the ticker, as signed
	runs   time.Time // since when the ticker does
	set    time.Time // when it was

	began time.Time     // of what is shown
	stamp time.Time     // when the panel last had the right picture; zero: it does not
	seen  time.Duration // of what is shown
	err   error
}

// An item is one page with what it belongs to.
type item struct {
	layout.Page
	source plan.Page
	owner  *plan.Occurrence // nil: a default page
	made   time.Time        // when it was laid out
	framed bool             // the panel does not move it by itself
}

func (p *program) page() *layout.Page {
	if p.at >= len(p.items) {
		return nil
	}
	return &p.items[p.at].Page
}

func (p *program) owner() *plan.Occurrence {
	if p.at >= len(p.items) {
		return nil
	}
	return p.items[p.at].owner
}

func (p *program) class() plan.Class {
	if o := p.owner(); o != nil && p.test == nil {
		return o.Class
	}
	return ""
}

// draw draws what the board shows at now.
func (p *program) draw(frame *image.RGBA, now time.Time) {
	if p.test != nil {
		draw.Draw(frame, frame.Rect, p.test, image.Point{}, draw.Src)
	} else if page := p.page(); page != nil {
		if p.ticker == nil {
			page.Frame(frame, now.Sub(p.since))
			return
		}
		p.ticker.Frame(frame, now.Sub(p.runs))
		p.ticker.Over(frame, page, now.Sub(p.since))
	} else {
		draw.Draw(frame, frame.Rect, image.Black, image.Point{}, draw.Src)
	}
}

func (p *program) failed(err error, now time.Time) {
	if p.err == nil {
		p.err = err
	}
	p.rest(now)
}

// rest adds up what was seen until now.
func (p *program) rest(now time.Time) {
	if !p.stamp.IsZero() {
		p.seen += now.Sub(p.stamp)
		p.stamp = time.Time{}
	}
}

func (p *program) taken(now time.Time) {
	if p.stamp.IsZero() && p.test == nil {
		p.stamp = now
	}
}

// follow brings the program in line with what should be shown at now, and says
// when it goes on by itself.
func (d *Display) follow(now time.Time) (next time.Time) {
	d.mu.Lock()
	scene := d.scene
	if d.test != nil && (!now.Before(d.test.until) || class(scene) == plan.Emergency) {
		d.test = nil
	}
	test := d.test
	d.mu.Unlock()

	p := &d.program
	if key := d.keyOf(scene); key != p.key || len(p.items) == 0 {
		d.end(now)
		d.release(scene)
		d.begin(scene, key, now)
	}
	p.test = nil
	if test != nil {
		p.test = test.picture
		p.rest(now) // what a technician's pattern hides nobody sees
		return test.until
	}
	for range len(p.items) {
		page := p.page()
		if now.Sub(p.since) < page.Length() {
			break
		}
		if len(p.items) == 1 && !moves(page) {
			break // it just stays
		}
		p.since, p.at = p.since.Add(page.Length()), (p.at+1)%len(p.items)
		if len(p.items) > 1 {
			page.Forget()
		}
		if now.Sub(p.since) > time.Minute { // the machine was away for a while
			p.since = now
		}
	}
	page := p.page()
	if page == nil {
		return now.Add(time.Hour)
	}
	if it := &p.items[p.at]; it.Fresh > 0 && now.Sub(it.made) >= it.Fresh {
		d.refresh(now)
	}
	if t := p.ticker; t != nil && t.Fresh > 0 && now.Sub(p.set) >= t.Fresh {
		if t, _ = layout.SetTicker(p.words, d.o.Board, d.o.Fields()); t != nil {
			p.ticker, p.set = t, now
		}
	}
	d.change(func(s *Status) { s.Page = p.at + 1 })
	return d.nextOf(now)
}

// moves reports a page that has something to do when its time is over: begin again.
func moves(p *layout.Page) bool { return p.Effect != layout.Static && p.Effect != layout.Blink }

// nextOf is when the page changes by itself.
func (d *Display) nextOf(now time.Time) time.Time {
	p := &d.program
	it := &p.items[p.at]
	next := p.since.Add(it.Length())
	if len(p.items) == 1 && !moves(&it.Page) {
		next = now.Add(time.Hour)
	}
	sooner := func(t time.Time) {
		if t.Before(next) {
			next = t
		}
	}
	if at := it.Next(now.Sub(p.since)); at > 0 && !d.moving {
		sooner(p.since.Add(at))
	}
	if it.Fresh > 0 {
		sooner(it.made.Add(it.Fresh))
	}
	if t := p.ticker; t != nil {
		sooner(p.runs.Add(t.Next(now.Sub(p.runs))))
	}
	if p.class() == plan.Emergency {
		sooner(now.Add(holdAgain))
	}
	return next
}

// keyOf tells scenes apart that look different. Without a temperature pages may be
// fewer, and none may go on showing the last one.
func (d *Display) keyOf(s plan.Scene) string {
	key := keyOf(s)
	if strings.Contains(key, "{temperature") && d.o.Fields().TempC == nil {
		key += "\nno temperature"
	}
	return key
}

func keyOf(s plan.Scene) string {
	var b strings.Builder
	b.WriteString(string(s.Standing))
	for _, o := range s.Shown {
		b.WriteString("\n" + o.ID + "\t" + o.Ticker)
		for _, p := range o.Pages {
			b.WriteString("\n\t" + p.Style + " " + p.Image + " " + p.Text)
		}
	}
	if len(s.Shown) == 0 {
		for _, p := range s.Defaults {
			b.WriteString("\n" + string(p.When) + "\t" + p.Style + " " + p.Image + " " + p.Text)
		}
	}
	return b.String()
}

// begin makes the pages of a scene and starts with the first.
func (d *Display) begin(s plan.Scene, key string, now time.Time) {
	p := &d.program
	before := *p
	*p = program{key: key, asked: s.Shown, since: now, began: now, board: d.o.Board}
	for i := range s.Shown {
		o := &s.Shown[i]
		pages, findings := d.beside(o, &before, now)
		for _, page := range d.together(pages) {
			findings = append(findings, d.set(page, o)...)
		}
		d.tell(findings, o)
		if d.steady() {
			break // the others have their turn when this one is over
		}
	}
	if len(p.items) == 0 && len(s.Shown) > 0 {
		s.Standing = plan.Failed
	}
	if len(p.items) == 0 {
		p.ticker, p.board = nil, d.o.Board
		for _, page := range d.together(d.defaults(s)) {
			d.set(page, nil)
		}
	}
	status := func(st *Status) { st.Title, st.ID, st.Page, st.Pages, st.Since = "", "", 1, len(p.items), now }
	d.change(status)
	if o := p.owner(); o != nil {
		d.change(func(st *Status) { st.Title, st.ID = o.Title, o.ID })
		d.o.Begun(*o, len(p.items))
	}
}

// beside gives the pages of o, and lets its ticker run under them where there is room
// for one. What goes round has the same ticker every time: that runs on. Beside an
// alarm nothing moves, and a panel of flash gets all words in one strip.
func (d *Display) beside(o *plan.Occurrence, before *program, now time.Time) ([]plan.Page, []layout.Finding) {
	p, b := &d.program, d.o.Board
	if o.Class == plan.Emergency {
		return o.Pages, nil
	}
	b.Slow = b.Slow || d.steady()
	pages, board, ticker, findings := Beside(o.Ticker, o.Pages, b, d.o.Fields())
	p.board, p.ticker, p.words, p.runs, p.set = board, ticker, o.Ticker, now, now
	if ticker != nil && before.ticker != nil && before.words == p.words {
		p.runs = before.runs
	}
	return pages, findings
}

// steady reports a panel that wears out with every picture.
func (d *Display) steady() bool {
	s, ok := d.panel.(Steady)
	return ok && s.Steady()
}

// together makes one page of all that a steady panel is to show: a strip that it
// scrolls by itself. What has a clock in it is left out.
func (d *Display) together(pages []plan.Page) []plan.Page {
	if !d.steady() {
		return pages
	}
	var texts []string
	for _, p := range pages {
		switch {
		case p.Image != "" && len(texts) == 0:
			return []plan.Page{p}
		case p.Text != "" && !strings.Contains(p.Text, "{"):
			text := p.Text
			if look, _ := layout.LookNamed(p.Style); len(texts) == 0 && look.Cue != "" && !strings.HasPrefix(strings.ToUpper(text), look.Cue) {
				text = look.Cue + ": " + text // its colour is lost, and must not be all that said it
			}
			texts = append(texts, text)
		}
	}
	if len(texts) == 0 {
		return nil
	}
	return []plan.Page{{Text: strings.Join(texts, "   •   "), Style: "scroll"}}
}

// defaults is the default pages for a standing: those the place wants, else those
// that the image has.
func (d *Display) defaults(s plan.Scene) (pages []plan.Page) {
	standing := cmp.Or(s.Standing, plan.Idle)
	for _, p := range s.Defaults {
		if p.When == standing {
			pages = append(pages, p.Page)
		}
	}
	if len(pages) > 0 {
		return pages
	}
	for _, p := range s.Defaults {
		if p.When == "" {
			pages = append(pages, p.Page)
		}
	}
	if len(pages) > 0 {
		return pages
	}
	return d.o.Words(standing)
}

// set lays a page out and adds what it comes to.
func (d *Display) set(page plan.Page, o *plan.Occurrence) []layout.Finding {
	pages, findings := d.lay(page)
	if still := page; len(pages) > 0 && moves(&pages[0]) && d.frozen(o) {
		still.Style = ""
		if p, f := d.lay(still); len(p) > 0 { // or it is too long for that
			page, pages, findings = still, p, f
		}
	}
	for _, g := range pages {
		d.program.items = append(d.program.items, item{Page: g, source: page, owner: o, made: time.Now()})
	}
	return findings
}

// frozen reports that pages of o stand: an emergency is not left to the panel to move,
// which would go on without the agent, and in the frames of a slow card nobody can read
// what moves.
func (d *Display) frozen(o *plan.Occurrence) bool {
	return o != nil && o.Class == plan.Emergency && d.o.Board.Slow && !d.steady()
}

// maxRefusals bounds what is remembered of refusals; a plan that is larger tells some
// again.
const maxRefusals = 1024

// tell says what of o cannot be shown, when that has changed.
func (d *Display) tell(findings []layout.Finding, o *plan.Occurrence) {
	var bad []layout.Finding
	var all strings.Builder
	for _, f := range findings {
		if said := string(f.Code) + " " + f.EN; !f.Warning && !strings.Contains(all.String(), said+"\n") {
			bad = append(bad, f)
			all.WriteString(said + "\n")
		}
	}
	key, is := subject(o), ""
	if len(bad) > 0 {
		is = o.Slot + "\n" + all.String() // on another day it is told again
	}
	if d.refusals[key] == is {
		return
	}
	if len(d.refusals) >= maxRefusals {
		clear(d.refusals)
	}
	d.refusals[key] = is
	d.o.Refused(*o, bad)
}

// subject is what refusals are about: a bulletin in all its turns, or an alert.
func subject(o *plan.Occurrence) string {
	if o.Item.ID == "" {
		return o.ID
	}
	return o.Item.String()
}

// lay lays one page out on the part of the board that is for pages.
func (d *Display) lay(page plan.Page) ([]layout.Page, []layout.Finding) {
	pages, findings := Lay(page, d.program.board, d.o.Picture, d.o.Fields())
	if d.steady() && page.Image != "" && len(pages) > 1 {
		pages = pages[:1]
	}
	return pages, findings
}

// refresh sets a page with fields again.
func (d *Display) refresh(now time.Time) {
	it := &d.program.items[d.program.at]
	pages, _ := d.lay(it.source)
	// Of a text that became several pages each is found by its place among them.
	first := d.program.at
	for first > 0 && d.program.items[first-1].source == it.source && d.program.items[first-1].owner == it.owner {
		first--
	}
	if i := d.program.at - first; i < len(pages) {
		it.Page, it.made = pages[i], now
	}
}

// end writes down what was shown until now.
func (d *Display) end(now time.Time) {
	p := &d.program
	p.rest(now)
	told := map[string]bool{}
	for _, it := range p.items {
		if it.owner == nil || told[it.owner.ID] {
			continue
		}
		told[it.owner.ID] = true
		d.book(Showing{Occurrence: *it.owner, From: p.began, Until: now, Seen: p.seen, Times: 1, Proof: d.proof(), Err: p.err})
	}
	p.items, p.key = nil, ""
}

// release forgets what could not be shown of alerts and acts that are over: they do
// not come again.
func (d *Display) release(s plan.Scene) {
	for i := range d.program.asked {
		o := &d.program.asked[i]
		if o.Slot == "" && !slices.ContainsFunc(s.Shown, func(n plan.Occurrence) bool { return n.ID == o.ID }) {
			d.tell(nil, o)
		}
	}
}

// proof is how sure it is that the panel shows what it was sent.
func (d *Display) proof() string {
	if d.asked {
		return "panel"
	}
	return "sent"
}
