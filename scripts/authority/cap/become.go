package cap

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"loa/agent/plan"
)

// An Outcome is what a message becomes at our places.
type Outcome struct {
	// Nothing says why nothing sounds and nothing is shown: a test, an answer to another
	// agency. With it Parts is empty, and so is Clear.
	Nothing *Note
	Parts   []Part
	// Clear are the places where what the message replaces or ends was to be: nothing of
	// it is left there but Parts.
	Clear []string
	Notes []Note // what was left out or changed, for whoever approves
}

// A Part is one alert, or one bulletin, for places.
type Part struct {
	ID                           string
	Class                        plan.Class // emergency, priority or drill
	Level                        int        // 4 extreme … 1 minor; 0: the sender does not know
	Tone                         string
	Repeat, GapS                 int
	Places                       []string
	From, Until                  time.Time // From zero: at once
	Event                        string
	Urgency, Severity, Certainty string // in lower case, as boxes have them
	Texts                        []Said // Vietnamese first
}

// Said is what is said and shown in one language.
type Said struct {
	Lang, Headline string
	Shown          string // what else a board shows; may be empty
	Speech         string // all of it, to be read aloud
}

// A Note is a sentence for people.
type Note struct{ VI, EN string }

func note(vi, en string, args ...any) Note {
	return Note{fmt.Sprintf(vi, args...), fmt.Sprintf(en, args...)}
}

// Places are what the centre knows of places.
type Places interface {
	// Now is what a code stands for now: itself, or what it has merged into; false when
	// there is no such place.
	Now(code string) (string, bool)
	// Covers reports whether place is top or below it.
	Covers(place, top string) bool
}

const (
	// mostLife is how long an alert may last: boxes take three days from when it is
	// signed, and an hour is for signing.
	mostLife = plan.MaxAlertLife - time.Hour
	// usualLife is for what does not say when it ends.
	usualLife = time.Hour
)

// Become says what a message of s becomes; id is what its alert is called. It is a
// function of the message, the list and the places alone, so that each who approves
// sees the same.
func (l *List) Become(m *Message, s *Sender, id string, places Places) (Outcome, error) {
	var o Outcome
	switch {
	case m.Scope != "Public":
		return o, refuse(CodeNotPublic, "bản tin có phạm vi %s, không dành cho công chúng", "the message is %s, and not for the public", m.Scope)
	case m.Type == "Ack" || m.Type == "Error":
		n := note("bản tin %s trả lời một cơ quan khác: không có gì để phát", "an %s answers another agency: there is nothing to say", m.Type)
		o.Nothing = &n
		return o, nil
	case m.Status != "Actual" && m.Status != "Exercise":
		n := note("bản tin %s: chỉ ghi nhận, không phát gì", "status %s: it is noted, and nothing sounds", m.Status)
		o.Nothing = &n
		return o, nil
	case m.Type == "Cancel":
		return o, nil // whatever is said beside it: it ends something
	}
	groups := byLanguage(m.Infos)
	if lang, _, _ := strings.Cut(groups[0][0].Lang, "-"); !strings.EqualFold(lang, "vi") {
		o.Notes = append(o.Notes, note("không có phần tiếng Việt: dùng %s", "there is no Vietnamese: %s is used", groups[0][0].Lang))
	}
	for i, first := range groups[0] {
		p, err := l.part(m, s, first, places, &o)
		if err != nil {
			return Outcome{}, err
		}
		if p.ID = id; i > 0 {
			p.ID = fmt.Sprintf("%s-%d", id, i+1)
		}
		for _, g := range groups {
			if i < len(g) {
				said, err := say(g[i], &o)
				if err != nil {
					return Outcome{}, err
				}
				p.Texts = append(p.Texts, said)
			}
		}
		o.Parts = append(o.Parts, p)
	}
	return o, nil
}

// byLanguage are the infos of each language, Vietnamese first, else in their order.
func byLanguage(all []Info) (groups [][]Info) {
	at := make(map[string]int)
	for _, i := range all {
		lang, _, _ := strings.Cut(strings.ToLower(i.Lang), "-")
		if _, ok := at[lang]; !ok {
			at[lang] = len(groups)
			groups = append(groups, nil)
		}
		groups[at[lang]] = append(groups[at[lang]], i)
	}
	if vi, ok := at["vi"]; ok {
		groups = slices.Concat(groups[vi:vi+1], groups[:vi], groups[vi+1:])
	}
	return groups
}

var levels = map[string]int{"Extreme": 4, "Severe": 3, "Moderate": 2, "Minor": 1, "Unknown": 0}

// part is what an info becomes, but for its words.
func (l *List) part(m *Message, s *Sender, i Info, places Places, o *Outcome) (Part, error) {
	p := Part{
		Class: class(m, i), Level: levels[i.Severity], Event: line(i.Event, 100),
		Urgency: strings.ToLower(i.Urgency), Severity: strings.ToLower(i.Severity), Certainty: strings.ToLower(i.Certainty),
	}
	if len(s.Categories) > 0 && !slices.ContainsFunc(i.Categories, func(c string) bool { return slices.Contains(s.Categories, c) }) {
		return p, refuse(CodeCategory, "%s không được báo về loại %s", "%s may not speak of the category %s", s.Sender, strings.Join(i.Categories, ", "))
	}
	if !slices.Contains(s.Classes, p.Class) {
		return p, refuse(CodeClass, "%s không được yêu cầu mức %s", "%s may not ask for the class %s", s.Sender, p.Class)
	}
	if p.Class == plan.Emergency {
		p.sound(i)
	}
	p.life(m, i, o)
	var err error
	p.Places, err = l.places(s, i, places, o)
	return p, err
}

// class is emergency for what is grave, near and likely, as the agencies that invented
// those three words mean them; what is less is a priority bulletin, which makes no
// sound by itself. An exercise is a drill, whatever else it says.
func class(m *Message, i Info) plan.Class {
	switch {
	case m.Status == "Exercise":
		return plan.Drill
	case (i.Severity == "Extreme" || i.Severity == "Severe") && (i.Urgency == "Immediate" || i.Urgency == "Expected") && (i.Certainty == "Observed" || i.Certainty == "Likely"):
		return plan.Emergency
	}
	return plan.PriorityC
}

// sound says how an emergency sounds.
func (p *Part) sound(i Info) {
	p.Tone, p.Repeat, p.GapS = "two-tone", 3, 60
	if i.Urgency == "Immediate" {
		p.Tone, p.GapS = "siren", 20
	}
	if i.Severity == "Extreme" {
		p.Repeat = 5
	}
}

func (p *Part) life(m *Message, i Info, o *Outcome) {
	if i.Effective.After(m.Sent) {
		p.From = i.Effective
	}
	p.Until = i.Expires
	if p.Until.IsZero() {
		p.Until = latest(p.From, m.Sent).Add(usualLife)
		o.Notes = append(o.Notes, note("bản tin không ghi <expires>: lấy %v giờ", "it has no <expires>: %v h are taken", usualLife.Hours()))
	}
	if most := m.Sent.Add(mostLife); p.Until.After(most) {
		p.Until = most
		o.Notes = append(o.Notes, note("<expires> quá xa: chỉ giữ %v giờ, bên gửi phải gia hạn bằng Update", "<expires> is too far off: it holds for %v h, and the sender has to renew it by an Update", mostLife.Hours()))
	}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// places are ours of those that an info names, none below another.
func (l *List) places(s *Sender, i Info, places Places, o *Outcome) ([]string, error) {
	var all, foreign, codes []string
	for _, a := range i.Areas {
		for _, g := range a.Geocodes {
			codes = append(codes, g.ValueName+" "+g.Value)
			code, ok := l.place(g)
			if ok {
				code, ok = places.Now(code)
			}
			switch {
			case !ok: // of another province, or of another system beside one that we know
			case slices.ContainsFunc(s.Places, func(top string) bool { return places.Covers(code, top) }):
				all = append(all, code)
			default:
				foreign = append(foreign, code)
			}
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	top := slices.DeleteFunc(slices.Clone(all), func(p string) bool {
		return slices.ContainsFunc(all, func(q string) bool { return p != q && places.Covers(p, q) })
	})
	switch {
	case len(top) > 0:
		if len(foreign) > 0 {
			slices.Sort(foreign)
			o.Notes = append(o.Notes, note("bỏ %s: bên gửi không được nói ở đó", "left out: %s, where the sender may not speak", strings.Join(slices.Compact(foreign), ", ")))
		}
		return top, nil
	case len(foreign) > 0:
		return nil, refuse(CodeScope, "%s không được báo cho %s", "%s may not speak at %s", s.Sender, strings.Join(foreign, ", "))
	case len(codes) == 0:
		return nil, refuse(CodeArea, "bản tin không có <geocode>: không biết phát ở đâu", "there is no <geocode>: nobody knows where it is to sound")
	}
	return nil, refuse(CodeArea, "không có địa bàn nào của ta trong: %s", "none of these is a place of ours: %s", clip(strings.Join(codes, "; ")))
}

const (
	mostHeadline = 300
	mostShown    = 2000
)

// say is what an info says.
func say(i Info, o *Outcome) (Said, error) {
	lang, rest, more := strings.Cut(i.Lang, "-")
	said := Said{Lang: strings.ToLower(lang)}
	if more {
		said.Lang += "-" + rest
	}
	said.Headline = line(cmp.Or(line(i.Headline, mostHeadline), i.Event), mostHeadline)
	if said.Headline == "" {
		return said, refuse(CodeText, "không có chữ nào để phát", "there are no words to say")
	}
	said.Shown = cut(clean(cmp.Or(clean(i.Instruction), i.Description)), mostShown)
	parts := []string{said.Headline}
	for _, t := range []string{clean(i.Description), clean(i.Instruction)} {
		if t != "" && t != said.Headline {
			parts = append(parts, t)
		}
	}
	said.Speech = strings.Join(parts, "\n")
	if n := len([]rune(clean(i.Headline))); n > mostHeadline {
		o.Notes = append(o.Notes, note("tiêu đề %s dài %d chữ, cắt còn %d", "the headline in %s has %d letters, cut to %d", said.Lang, n, mostHeadline))
	}
	return said, nil
}

// clean is text as boxes take it: composed letters, single spaces, no characters that
// make it read otherwise than it sounds.
func clean(s string) string {
	var lines []string
	for l := range strings.SplitSeq(norm.NFC.String(s), "\n") {
		l = strings.Map(func(r rune) rune {
			switch {
			case unicode.IsSpace(r):
				return ' '
			case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r), r == unicode.ReplacementChar:
				return -1
			}
			return r
		}, l)
		if l = strings.Join(strings.Fields(l), " "); l != "" {
			lines = append(lines, l)
		}
	}
	return norm.NFC.String(strings.Join(lines, "\n")) // what was apart may have met
}

func line(s string, most int) string { return cut(strings.ReplaceAll(clean(s), "\n", " "), most) }

// cut shortens a text to a number of letters, after a word.
func cut(s string, most int) string {
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	s = string(r[:most-1])
	if n := strings.LastIndexAny(s, " \n"); n > 0 {
		s = s[:n]
	}
	return strings.TrimSpace(s) + "…"
}
