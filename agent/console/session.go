package console

import (
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"loa/agent/settings"
)

// seats are the sessions of a box at this moment.
type seats struct {
	mu  sync.Mutex
	all []*settings.Seat
}

func (p *seats) add(s *settings.Seat) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, s)
}

func (p *seats) remove(s *settings.Seat) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = slices.DeleteFunc(p.all, func(o *settings.Seat) bool { return o == s })
}

func (p *seats) others(s *settings.Seat) (list []settings.Seat) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, o := range p.all {
		if o != s {
			list = append(list, *o)
		}
	}
	return list
}

// sit begins a session.
func (c *Console) sit(remote bool) *session {
	s := &session{Console: c, remote: remote}
	s.speak(c.o.Lang)
	s.seat = &settings.Seat{Name: s.say("line." + or(c.line.Name, "local")), Since: c.o.Now()}
	return s
}

// attend shows the session to others at the box; leave ends it.
func (s *session) attend() { s.here.add(s.seat) }

func (s *session) leave() {
	s.here.remove(s.seat)
	if s.box.Config != nil {
		s.box.Config.Leave(s.seat)
	}
}

// plainLang is Vietnamese without its marks.
const plainLang = "ascii"

// spoken reports whether there is such a language.
func spoken(lang string) bool { return lang == plainLang || catalogues[lang] != nil }

// speak answers in a language from now on, if there is such.
func (s *session) speak(lang string) {
	if !spoken(lang) {
		return
	}
	s.plain = lang == plainLang
	if s.words = catalogues[lang]; s.plain {
		s.words = vietnamese
	}
}

// shown is text as the session's terminal can show it.
func (s *session) shown(text string) string {
	if text = clean(text); s.plain {
		text = unmarked(text)
	}
	if s.line.Wide > 0 {
		text = Wrap(text, s.line.Wide)
	}
	return text
}

// fit is text of at most n columns, as the session's terminal shows it.
func (s *session) fit(text string, n int) string {
	if s.plain {
		if text = unmarked(text); len(text) > n {
			return text[:n-3] + "..." // three letters, where others have one
		}
	}
	return short(text, n)
}

// unmarked writes text in letters that every terminal has.
func unmarked(text string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(text) {
		switch {
		case r < 0x80:
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r):
		case letter[r] != "":
			b.WriteString(letter[r])
		default:
			b.WriteByte('?')
		}
	}
	return b.String()
}

// letter is how what has no marks to lose is written.
var letter = map[rune]string{
	'đ': "d", 'Đ': "D", '–': "-", '—': "-", '…': "...", '·': ".", '±': "+-", '×': "x", '°': "o", '“': `"`, '”': `"`, '’': "'",
	'\u00a0': " ", '→': "->", '≤': "<=", '≥': ">=", 'µ': "u", '⁶': "6",
	'█': "#", '▀': "^", '▄': "_", '░': ".", '─': "-", '│': "|",
	'▘': "'", '▝': "'", '▖': ".", '▗': ".", '▌': "|", '▐': "|", '▚': `\\`, '▞': "/", '▛': "#", '▜': "#", '▙': "#", '▟': "#",
}
