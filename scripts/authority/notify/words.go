package notify

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"loa/agent/health"
)

// most is how many boxes one message names; it says how many more there are.
const most = 200

// subject and body are a message as a person reads it.
func (m Message) subject(lang string) string {
	switch {
	case m.Proposal != nil:
		return m.Proposal.subject(lang)
	case m.Test:
		return pick(lang, "Loa: thư thử", "Loa: a test")
	case len(m.Troubles) == 0:
		return fmt.Sprintf(pick(lang, "Loa: %d việc đã hết", "Loa: %d recovered"), len(m.Recovered))
	}
	return fmt.Sprintf(pick(lang, "Loa: %d việc cần xem", "Loa: %d to see to"), len(m.Troubles))
}

func (m Message) body(lang string) string {
	if m.Proposal != nil {
		return m.Proposal.body(lang)
	}
	var b strings.Builder
	if m.Test {
		fmt.Fprintln(&b, pick(lang, "Thư này chỉ để thử. Không có gì hỏng.", "This is only a test. Nothing is wrong."))
	}
	section := func(head string, list []Known, todo bool) {
		if len(list) == 0 {
			return
		}
		fmt.Fprintf(&b, "%s\n\n", head)
		for i, k := range list {
			if i == most {
				fmt.Fprintf(&b, pick(lang, "… và %d việc nữa: loactl fleet\n", "… and %d more: loactl fleet\n"), len(list)-most)
				break
			}
			fmt.Fprintln(&b, k.line(lang, todo))
		}
		fmt.Fprintln(&b)
	}
	section(pick(lang, "Cần xem:", "To see to:"), m.Troubles, true)
	section(pick(lang, "Đã hết:", "Recovered:"), m.Recovered, false)
	return b.String()
}

func (k Known) line(lang string, todo bool) string {
	c, ok := health.Lookup(k.Code)
	what := pick(lang, c.VI, c.EN)
	if !ok {
		what = printable(k.Code)
	}
	switch k.Code {
	case OfResidents + "loud":
		what = pick(lang, "người dân nói loa quá to", "residents say that it is too loud")
	case OfResidents + "unheard":
		what = pick(lang, "người dân nói không nghe được", "residents say that they cannot hear it")
	}
	if k.What == Silent {
		what = pick(lang, "không liên lạc được", "says nothing")
	}
	s := fmt.Sprintf("- %s (%s): %s, %s %s", printable(k.Device), printable(k.Place), what, pick(lang, "từ", "since"), k.Since.In(vietnam).Format("15:04 02/01/2006"))
	if !todo {
		return s
	}
	if k.Detail != "" {
		s += "\n  " + printable(k.Detail)
	}
	if do := pick(lang, c.DoVI, c.DoEN); do != "" {
		s += "\n  " + do
	}
	if part := pick(lang, c.PartVI, c.PartEN); part != "" {
		s += "\n  " + pick(lang, "Mang theo: ", "Bring: ") + part
	}
	return s
}

func pick(lang, vi, en string) string {
	if lang == "en" {
		return en
	}
	return vi
}

// printable keeps what a box says on its line.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, s)
}

// A TestMessage is one that asks nothing of its reader.
func TestMessage(person string, now time.Time) Message {
	m := Message{Person: person, At: now, Test: true, Troubles: []Known{}, Recovered: []Known{}}
	m.ID = fmt.Sprintf("test-%x", now.UnixNano())
	return m
}
