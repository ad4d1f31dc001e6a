package console

import (
	"context"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"loa/agent/clock"
	"loa/agent/commission"
	"loa/agent/health"
	"loa/agent/plan"
	"loa/agent/sense"
	"loa/agent/update"
)

var rewrite = flag.Bool("update", false, "write into the handbook what the console answers")

// handbook is what technicians have on paper. Its blocks are made by
//
//	go test ./agent/console -run Handbook -update
const handbook = "../../boards/HANDBOOK.vi.md"

// Bounds of a printed page.
const (
	pageWide = 90 // columns
	pageLong = 66 // lines of a section
)

// Every block of the handbook is what the console answers, on a terminal of 80 columns.
//
//	```console WORD…
//	loa> COMMAND
//
// is such a block; the words say what is with the box, see newLesson. Behind "? " stands
// what a technician says to a question. A block "commands" is the table of all commands.
func TestHandbookSaysWhatTheConsoleSays(t *testing.T) {
	before := readHandbook(t)
	var after strings.Builder
	for _, p := range pieces(before) {
		is := p.text
		switch kind, words, _ := strings.Cut(p.info, " "); kind {
		case "console":
			is = typed(t, strings.Fields(words), p.text)
		case "commands":
			is = allCommands()
		}
		if is != p.text && !*rewrite {
			t.Errorf("line %d, %s: the console says\n%s\nand the handbook\n%s", p.line, p.info, is, p.text)
		}
		after.WriteString(p.head + is + p.tail)
	}
	if *rewrite && after.String() != before {
		if err := os.WriteFile(handbook, []byte(after.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// Nothing that the handbook tells people to type is missing in the table, and nothing of
// the table is missing in the handbook. Whatever it has between backquotes is a command
// of the console, or of the office's loactl.
func TestHandbookKnowsTheCommands(t *testing.T) {
	office, err := os.ReadFile("../../scripts/loactl/en.go")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, p := range pieces(readHandbook(t)) {
		lines := codeSpans(p.head)
		if strings.HasPrefix(p.info, "console") {
			for line := range strings.Lines(p.text) {
				if said, ok := strings.CutPrefix(line, prompt); ok {
					lines = append(lines, said)
				}
			}
		}
		for _, line := range lines {
			words := expand(strings.Fields(line))
			if len(words) == 0 {
				continue
			}
			if words[0] == "loactl" {
				if len(words) < 2 || !strings.Contains(string(office), `"cmd.`+words[1]+`"`) {
					t.Errorf("there is no command %q in the office", line)
				}
				continue
			}
			name := words[0]
			if !slices.ContainsFunc(table(), func(c command) bool { return c.name == name || name == "?" }) {
				t.Errorf("there is no command %q", line)
			}
			named[name] = true
		}
		for _, line := range codeSpans(p.head) { // those of blocks are typed
			words := expand(strings.Fields(line))
			if len(words) < 2 || !regexp.MustCompile(`^[a-z][a-z-]*$`).MatchString(words[1]) || words[0] == "loactl" {
				continue
			}
			if next := nextWords(usages(), words[:1]); !slices.Contains(next, words[1]) {
				t.Errorf("%q: after %s come %v", line, words[0], next)
			}
		}
	}
	for _, c := range table() {
		if !named[c.name] {
			t.Errorf("the handbook does not say what %s is for", c.name)
		}
	}
}

// What is to be brought up the ladder is what the box itself asks for.
func TestHandbookNamesParts(t *testing.T) {
	var parts []string
	for _, c := range health.Conditions() {
		parts = append(parts, c.PartVI)
	}
	found := 0
	for _, m := range regexp.MustCompile(`(?m)^- \*\*Mang theo:\*\* ([^.]*)\.$`).FindAllStringSubmatch(readHandbook(t), -1) {
		for _, part := range strings.Split(m[1], "; ") {
			if found++; part != "không cần" && !slices.Contains(parts, part) {
				t.Errorf("no condition asks for %q", part)
			}
		}
	}
	if found < 10 {
		t.Errorf("%d parts are named", found)
	}
}

// A section fits a sheet of paper. What is no table and no block flows.
func TestHandbookCanBePrinted(t *testing.T) {
	section, long, fenced := "", 0, false
	for line := range strings.Lines(readHandbook(t)) {
		line = strings.TrimRight(line, "\n")
		fenced = fenced != strings.HasPrefix(line, "```")
		if strings.HasPrefix(line, "## ") {
			section, long = line, 0
		}
		if long++; long == pageLong {
			t.Errorf("%s has more than %d lines", section, pageLong)
		}
		if n := utf8.RuneCountInString(line); n > pageWide && (fenced || strings.HasPrefix(line, "|")) {
			t.Errorf("%s: %d columns: %s", section, n, line)
		}
	}
}

func readHandbook(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(handbook)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A piece of the handbook is a block between fences and what stands before it.
type piece struct {
	head string // with the opening fence
	info string // of the fence
	text string
	tail string // the closing fence
	line int    // of the block
}

var fence = regexp.MustCompile("(?ms)^```([^\n]*)\n(.*?)^```$\n?")

func pieces(text string) []piece {
	var all []piece
	at := 0
	for _, m := range fence.FindAllStringSubmatchIndex(text, -1) {
		all = append(all, piece{text[at:m[4]], text[m[2]:m[3]], text[m[4]:m[5]], text[m[5]:m[1]], strings.Count(text[:m[4]], "\n")})
		at = m[1]
	}
	return append(all, piece{head: text[at:]})
}

// codeSpans are what stands between backquotes.
func codeSpans(text string) (all []string) {
	text = strings.ReplaceAll(text, "```", "")
	for _, m := range regexp.MustCompile("`([^`\n]+)`").FindAllStringSubmatch(text, -1) {
		all = append(all, m[1])
	}
	return all
}

// allCommands is a line of the catalogue for each row of the table.
func allCommands() string {
	var b strings.Builder
	for _, c := range table() {
		b.WriteString(fold(pad(c.name, 11)+vietnamese["help."+c.name], 11))
	}
	return b.String()
}

// typed is what a terminal shows when somebody types at a box what the block says.
func typed(t *testing.T, words []string, block string) string {
	var said []string
	for line := range strings.Lines(block) {
		if line = strings.TrimRight(line, "\n"); strings.HasPrefix(line, prompt) || strings.HasPrefix(line, "? ") || line == "?" {
			said = append(said, line)
		}
	}
	dir, screen := t.TempDir(), ""
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(noon))
		l := newLesson(t, words)
		s := New(l.boxIn(t, dir), Opts{Now: time.Now}).At(Line{Name: "port", Wide: 80}).sit(false)
		defer s.leave()
		if l.has("half") {
			answers := []string{"", "", "", "", "", "", "đạt cả bốn loa", "đạt", "q"}
			s.ask = func(string) string {
				a := answers[0]
				answers = answers[1:]
				return a
			}
			s.answer(t.Context(), "commission")
		}
		var b strings.Builder
		s.ask = func(question string) string {
			fmt.Fprintln(&b, s.shown(question))
			if len(said) == 0 || strings.HasPrefix(said[0], prompt) {
				s.gone = true
				return ""
			}
			line := said[0]
			said = said[1:]
			fmt.Fprintln(&b, line)
			return strings.TrimSpace(line[1:])
		}
		if l.has("greeting") {
			fmt.Fprintf(&b, "%s\n\n%s\n", s.shown(s.say("login.code", s.name())), s.greeting())
		}
		for len(said) > 0 {
			line := said[0]
			said = said[1:]
			if !strings.HasPrefix(line, prompt) {
				t.Errorf("nobody asks for %q", line)
				continue
			}
			fmt.Fprintln(&b, line)
			text, code := s.answer(t.Context(), strings.TrimPrefix(line, prompt))
			if code == Usage {
				t.Errorf("%s: %s", line, text)
			}
			fmt.Fprintln(&b, strings.TrimRight(text, "\n"))
		}
		screen = b.String()
	})
	return regexp.MustCompile(`(?m) +$`).ReplaceAllString(screen, "")
}

// A lesson is a box at which a block of the handbook was typed. Nothing is wrong with it
// but what the words of the block say.
type lesson struct {
	*fitted
	words []string
	ill   []health.Active
	title string // of what was played last
}

// details are what the box says besides, as its parts do.
var details = map[string]string{
	"sink-missing": "card 1: no such device", "panel-silent": "bx: card 1: no answer", "storage-readonly": "/var/lib/loa: read-only file system",
	"broker-unreachable": "dial tcp: network is unreachable", "clock-battery": "/dev/rtc0: 2000-01-01",
}

// newLesson is a box with what the words say: any code of the health table; "new", nobody
// has looked it over; "half", the first eight steps of that are done; "idle", nothing sounds; "night"; "greeting", what is
// seen first.
func newLesson(t *testing.T, words []string) *lesson {
	l := &lesson{fitted: fit(), words: words}
	for _, w := range words {
		if c, ok := health.Lookup(w); ok {
			l.ill = append(l.ill, health.Active{Condition: c, Since: noon.Add(-20 * time.Minute), Count: 1, Detail: details[w]})
		} else if !slices.Contains([]string{"new", "half", "idle", "night", "greeting"}, w) {
			t.Errorf("no block can be about %q", w)
		}
	}
	l.night = l.has("night")
	l.last.Why, l.last.Code, l.last.Text = "power", 0, ""
	l.pings = l.pings[:1]
	l.inputs["door"] = []bool{false}
	if !l.has("new") && !l.has("half") {
		r := &commission.Record{Device: "tp-0421", Board: "orangepi-zero", Version: "0.3.1", By: "Nguyễn Văn An", At: noon.Add(-240 * time.Hour)}
		for _, step := range commission.Steps() {
			r.Marks = append(r.Marks, commission.Mark{Step: step, Result: commission.Pass})
		}
		l.book = Commission{Record: r}
	}
	if l.has("broker-unreachable") {
		l.net.Via, l.net.Gateway, l.net.DNS = "", "", nil
		l.net.Interfaces = l.net.Interfaces[1:]
		l.sim.Registered, l.sim.Operator = "searching", ""
		l.heard.RSRP.Least, l.heard.RSRP.Mean, l.heard.RSRP.Most = -118, -114.5, -111
		l.heard.SINR.Least, l.heard.SINR.Mean, l.heard.SINR.Most = -4, -1.5, 1
		l.pings[0].Address, l.pings[0].Error = "", "network is unreachable"
	}
	return l
}

func (l *lesson) has(word string) bool { return slices.Contains(l.words, word) }

// boxIn is the lesson's box, its files in dir.
func (l *lesson) boxIn(t *testing.T, dir string) Box {
	b := l.fitted.box()
	own, _ := settled(t, l.pole, dir)
	b.Config, b.Carry, b.NetworkIsOurs, b.Links, b.Given = own.Config, own.Carry, true, own.Links, func() []Given {
		return []Given{{"volume_percent", "80", "board"}, {"place", "26734", "signed"}}
	}
	b.View, b.Sound, b.Sensors, b.Update, b.Safe, b.Time = l, l, l, software{l}, l, l
	b.Log = func(n int) []string {
		return []string{"11:40:02 WARN broker lost", "11:41:10 INFO broker connected", "11:59:00 INFO start title=Bản tin trưa"}[:min(n, 3)]
	}
	b.Stick = &slot{is: Imported{
		Dir: "/media/usb/loa", Taken: 2, Known: 3, Copied: 4, Present: 8, Segments: 1, From: 5, To: 9,
		Documents: []Carried{{Name: "26734/schedule/morning"}, {Name: "26734/bulletin/dengue"}},
	}}
	s := newSign()
	if l.has("panel-silent") {
		s.status = BoardStatus{Driver: "bx", Width: 128, Height: 32, Brightness: -1, Agrees: "unknown", Fault: "bx: no answer from card 1 at /dev/ttyS1 after 3 tries: heard nothing"}
		s.heard = []string{"9600 baud: nothing", "57600 baud: nothing"}
	}
	b.Board = s
	return b
}

func (l *lesson) Faults() []health.Active {
	if l.book.Record == nil {
		c, _ := health.Lookup("uncommissioned")
		return append(slices.Clone(l.ill), health.Active{Condition: c, Since: noon.Add(-time.Hour), Count: 1})
	}
	return l.ill
}

func (l *lesson) Status() Status {
	st := l.fitted.Status()
	st.MediaPresent = st.MediaWanted
	st.Connected = !l.has("broker-unreachable")
	for _, silent := range []string{"idle", "night", "sink-missing", "clock-untrusted", "safe-mode", "local-mode"} {
		if l.has(silent) {
			st.Now, st.RMSDBFS, st.PeakDBFS = nil, -120, -120
		}
	}
	if len(l.played) > 0 { // it is heard what was asked for
		st.RMSDBFS, st.PeakDBFS, st.Amp = -18, -6, l.lit
	}
	if l.has("sink-missing") {
		st.Sink = "card 1: no such device"
	}
	if l.has("local-mode") {
		st.LocalUntil = noon.Add(25 * time.Minute)
	}
	return st
}

func (l *lesson) PlayLocal(ctx context.Context, part plan.Part, title string, volume int, confirmed bool) error {
	l.title = title
	return l.fitted.PlayLocal(ctx, part, title, volume, confirmed)
}

func (l *lesson) StopLocal(ctx context.Context) (*plan.Occurrence, error) {
	o, err := l.fitted.StopLocal(ctx)
	if o != nil {
		o.Title = l.title
	}
	return o, err
}

func (l *lesson) Clock() clock.Facts {
	f := clock.Facts{
		Time: time.Now(), Level: clock.Signed, Host: time.Now(), Synced: true, Floor: noon.Add(-time.Hour), RTC: true,
		Battery: clock.Battery{Device: "/dev/rtc0", Said: noon, Set: noon.Add(-48 * time.Hour)},
	}
	if l.has("clock-untrusted") {
		f.Level, f.Synced, f.Host = clock.Floor, false, noon.Add(-30*time.Hour)
	}
	if l.has("clock-battery") {
		f.Battery.Lost = details["clock-battery"]
	}
	return f
}

func (l *lesson) ReadRTC() (time.Time, error) {
	if l.has("clock-battery") { // it has begun again
		return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Since(noon)), nil
	}
	return time.Now(), nil
}

func (l *lesson) NTP() clock.NTPFacts {
	if l.has("clock-untrusted") {
		return clock.NTPFacts{Client: "systemd-timesyncd"}
	}
	return clock.NTPFacts{Synced: true, Error: 20 * time.Millisecond, Last: noon.Add(-10 * time.Minute), Client: "systemd-timesyncd"}
}

func (l *lesson) Sensors() sense.State {
	current, volts, supply, heat, cpu, open := 1850.0, 12100.0, 5080.0, 41.5, 52.0, false
	if l.has("horn-open") {
		current = 90
	}
	if l.has("supply-low") {
		supply = 4520
	}
	return sense.State{CurrentMA: &current, VoltageMV: &volts, SupplyMV: &supply, HeatC: &heat, DoorIsOpen: &open, Vitals: sense.Vitals{CPUCelsius: &cpu, Life: map[string]int{"mmcblk0": 20}}}
}

func (l *lesson) SafeMode() time.Time {
	if l.has("safe-mode") {
		return noon.Add(40 * time.Minute)
	}
	return time.Time{}
}

func (l *lesson) LeaveSafeMode() {}

// software is the lesson's updater.
type software struct{ *lesson }

func (s software) Status() update.Status {
	st := update.Status{Slot: "A", Other: "B", Version: "0.3.1", Wanted: "0.3.1", Before: "0.3.0", State: update.Current}
	if s.has("update-failed") {
		st = update.Status{Slot: "A", Other: "B", Version: "0.3.1", Wanted: "0.3.2", State: update.Gone, Lacks: []string{"sound"}}
	}
	return st
}

func (s software) RollBack(context.Context) error { return nil }
