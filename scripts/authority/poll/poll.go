// Package poll asks the people of a place, and counts what they answer.
//
// Who answers is known weakly, and every result says how: by a slip that was handed out,
// or by a telephone number that a code was sent to. One slip, one number, one answer;
// neither proves who holds it. Only hashes are kept, apart from the answers and in no
// order, so that the file does not put the two together; those of numbers are keyed, and
// the key is thrown away when the poll is over.
package poll

import (
	"bytes"
	"errors"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
	"golang.org/x/text/unicode/norm"

	"loa/agent/plan"
	"loa/scripts/bilingual"
)

// How people are known.
const (
	BySlip  = "slip"
	ByPhone = "phone"
)

// A Poll is what is asked. It does not change once it is open.
type Poll struct {
	ID        string     `toml:"id" json:"id"`
	Place     string     `toml:"place" json:"place"`
	Title     string     `toml:"title" json:"title"`
	Text      string     `toml:"text" json:"text,omitempty"` // why it is asked, and what follows from it
	By        string     `toml:"by" json:"by"`               // slip or phone
	Until     time.Time  `toml:"until" json:"until"`
	Questions []Question `toml:"question" json:"questions"`

	Opened time.Time `toml:"-" json:"opened"`
	Closed time.Time `toml:"-" json:"closed,omitzero"`
}

// A Question has answers to choose from.
type Question struct {
	Text    string   `toml:"text" json:"text"`
	Options []string `toml:"options" json:"options"`
	Most    int      `toml:"most" json:"most,omitempty"` // that one may choose; 0: one
}

// Choices is how many of the options one may choose.
func (q Question) Choices() int { return max(1, q.Most) }

// The bounds of a poll.
const (
	mostQuestions = 10
	mostOptions   = 20
	mostLetters   = 500
	mostText      = 4000
	longest       = 90 * 24 * time.Hour
)

// Parse reads a poll and says what is wrong with it.
func Parse(data []byte, now time.Time) (Poll, error) {
	var p Poll
	if err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(&p); err != nil {
		var strict *toml.StrictMissingError
		if errors.As(err, &strict) {
			return p, bilingual.Wrong("có mục không ai biết: %s", "unknown setting: %s", strict.String())
		}
		return p, err
	}
	return p, p.Check(now)
}

// Check says what is wrong with a poll; its texts come to be as Unicode writes them.
func (p *Poll) Check(now time.Time) error {
	p.Title, p.Text = norm.NFC.String(p.Title), norm.NFC.String(p.Text)
	switch {
	case !plan.ValidID(p.ID):
		return bilingual.Wrong("id = %q: ghi chữ thường không dấu, số và gạch ngang", "id = %q: write small letters, figures and hyphens", p.ID)
	case !fits(p.Title, mostLetters):
		return bilingual.Wrong("tiêu đề (title): từ 1 đến %d chữ", "title: 1 to %d letters", mostLetters)
	case utf8.RuneCountInString(p.Text) > mostText:
		return bilingual.Wrong("lời giải thích (text): nhiều nhất %d chữ", "text: at most %d letters", mostText)
	case p.By != BySlip && p.By != ByPhone:
		return bilingual.Wrong("by = %q: ghi slip (phiếu phát tay) hoặc phone (mã qua tin nhắn)", "by = %q: write slip (handed out) or phone (a code by SMS)", p.By)
	case !p.Until.After(now) || p.Until.Sub(now) > longest:
		return bilingual.Wrong("thời hạn (until) %s: ghi một lúc trong %d ngày tới", "until %s: write a time within %d days from now", p.Until.Format(time.RFC3339), int(longest.Hours()/24))
	case len(p.Questions) == 0 || len(p.Questions) > mostQuestions:
		return bilingual.Wrong("hỏi từ 1 đến %d câu ([[question]])", "ask 1 to %d questions ([[question]])", mostQuestions)
	}
	for i := range p.Questions {
		q := &p.Questions[i]
		q.Text = norm.NFC.String(q.Text)
		for k := range q.Options {
			q.Options[k] = norm.NFC.String(q.Options[k])
		}
		bad := !fits(q.Text, mostLetters) || len(q.Options) < 2 || len(q.Options) > mostOptions || q.Most < 0 || q.Most > len(q.Options)
		for k, o := range q.Options {
			bad = bad || !fits(o, mostLetters) || slices.Contains(q.Options[:k], o)
		}
		if bad {
			return bilingual.Wrong("câu hỏi %d: ghi câu hỏi, từ 2 đến %d lựa chọn khác nhau, và được chọn nhiều nhất (most) không quá số lựa chọn", "question %d: write a text, 2 to %d options that differ, and let one choose (most) no more than these", i+1, mostOptions)
		}
	}
	return nil
}

func fits(s string, most int) bool { n := utf8.RuneCountInString(s); return n > 0 && n <= most }

// An Answer is, by question, the numbers of the options that were chosen, from 0.
type Answer [][]int

// fit says whether an answer is one to a poll. A question may be left out, not all of them.
func (p Poll) fit(a Answer) error {
	if len(a) != len(p.Questions) {
		return ErrAnswer
	}
	any := false
	for i, chosen := range a {
		q := p.Questions[i]
		if len(chosen) > q.Choices() {
			return ErrAnswer
		}
		for k, c := range chosen {
			if c < 0 || c >= len(q.Options) || slices.Contains(chosen[:k], c) {
				return ErrAnswer
			}
			any = true
		}
	}
	if !any {
		return ErrAnswer
	}
	return nil
}

// Runs reports whether people can answer.
func (p Poll) Runs(now time.Time) bool { return p.Closed.IsZero() && now.Before(p.Until) }

// Errors of a store.
var (
	ErrNone   = errors.New("there is no such poll")
	ErrOver   = errors.New("this poll is over")
	ErrCode   = errors.New("this code is none, or was used")
	ErrAnswer = errors.New("this is no answer to what is asked")
	ErrOften  = errors.New("too many codes were asked for by this number")
	ErrFull   = errors.New("too many codes were asked for by all together")
	ErrThere  = errors.New("there is a poll of this name")
)

// A Result is what was answered, and what that is worth.
type Result struct {
	Poll
	Given   int     `json:"given"` // slips that were made, or numbers that a code went to
	Answers int     `json:"answers"`
	Counts  [][]int `json:"counts"` // by question and option
}

// Method says what a result is worth.
func (r Result) Method() *bilingual.Error {
	if r.By == BySlip {
		return bilingual.Wrong(
			"Mỗi phiếu phát tay trả lời một lần; phát %d phiếu, %d phiếu trả lời. Phiếu không chứng minh ai đã trả lời, và có thể trao lại cho người khác.",
			"One answer for each slip that was handed out; %d slips, %d answers. A slip does not prove who has answered, and can be passed on.", r.Given, r.Answers)
	}
	return bilingual.Wrong(
		"Mỗi số điện thoại trả lời một lần; gửi mã cho %d số, %d số trả lời. Một người có thể có nhiều số, một số không chứng minh người dùng ở địa bàn này.",
		"One answer for each telephone number; a code went to %d numbers, %d answered. One person can have several numbers, and a number does not prove where its user lives.", r.Given, r.Answers)
}
