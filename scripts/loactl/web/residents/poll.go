package residents

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"loa/scripts/authority/channel/sms"
	"loa/scripts/authority/poll"
	"loa/scripts/authority/said"
)

// polls ask the people of places.
type polls interface {
	All() ([]poll.Poll, error)
	Get(id string) (poll.Poll, error)
	Code(id, phone string) (code string, err error)
	Unsent(id, phone string) error
	Answer(id, phone, code string, a poll.Answer) error
	Result(id string) (poll.Result, error)
}

// A placed is what was said at a place, what its people are asked, and the key by which
// they may be told.
type placed struct {
	said.Told
	Version string
	Polls   []poll.Poll
	Push    string
}

// asked are the polls that run at a place, and at those above it.
func (s *Site) asked(t said.Told) (running []poll.Poll, err error) {
	if s.o.Polls == nil {
		return nil, nil
	}
	all, err := s.o.Polls.All()
	for _, p := range all {
		near := p.Place == t.Place || slices.ContainsFunc(t.Above, func(n said.Named) bool { return n.Code == p.Place })
		if near && p.Runs(s.o.Now()) {
			running = append(running, p)
		}
	}
	return running, err
}

// A ballot is the page of a poll: what is asked, or what came of it.
type ballot struct {
	poll.Poll
	Runs   bool
	Phone  string
	Code   string
	Chosen poll.Answer
	Wrong  string // a text's key
	Done   string
	Result *poll.Result
	Method string
}

// Has reports whether an option is chosen.
func (b ballot) Has(question, option int) bool {
	return question < len(b.Chosen) && slices.Contains(b.Chosen[question], option)
}

// Share is an option's part of all answers, in per cent.
func (b ballot) Share(question, option int) int {
	if b.Result.Answers == 0 {
		return 0
	}
	return (200*b.Result.Counts[question][option] + b.Result.Answers) / (2 * b.Result.Answers)
}

func (s *Site) ballot(r *http.Request) (b ballot, err error) {
	if s.o.Polls == nil {
		return b, errNone
	}
	b.Poll, err = s.o.Polls.Get(r.PathValue("poll"))
	if errors.Is(err, poll.ErrNone) {
		return b, errNone
	}
	b.Runs = b.Poll.Runs(s.o.Now())
	if err != nil || b.Runs {
		return b, err
	}
	result, err := s.o.Polls.Result(b.ID)
	if err != nil {
		return b, err
	}
	b.Result = &result
	b.Method = result.Method().VI
	if lang(r) == "en" {
		b.Method = result.Method().EN
	}
	return b, nil
}

// poll shows what is asked, and after its end what was answered.
func (s *Site) poll(w http.ResponseWriter, r *http.Request) {
	s.give(w, r, "poll "+r.PathValue("poll")+" "+lang(r), html, func() ([]byte, error) {
		b, err := s.ballot(r)
		if err != nil {
			return nil, err
		}
		return s.render("poll", s.plain(r, b))
	})
}

// answer takes an answer, or sends the code that one needs.
func (s *Site) answer(w http.ResponseWriter, r *http.Request) {
	if !s.codes.take(s.network(r), s.o.Now()) {
		s.fail(w, r, http.StatusTooManyRequests, "often")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	b, err := s.ballot(r)
	switch {
	case errors.Is(err, errNone):
		s.missing(w, r)
		return
	case err != nil:
		s.o.Log.Error("residents: a poll", "err", err)
		s.fail(w, r, http.StatusInternalServerError, "fault")
		return
	}
	b.Phone, b.Code, b.Chosen = r.PostFormValue("phone"), r.PostFormValue("code"), chosen(r, b.Poll)
	if err = s.counted(r, &b); err != nil {
		s.o.Log.Error("residents: a poll", "id", b.ID, "err", err)
		s.fail(w, r, http.StatusInternalServerError, "fault")
		return
	}
	status := http.StatusOK
	if b.Wrong != "" {
		status = http.StatusUnprocessableEntity
	}
	s.page(w, r, status, "poll", b)
}

// counted does what was asked for; b tells what came of it.
func (s *Site) counted(r *http.Request, b *ballot) (err error) {
	if !b.Runs {
		b.Wrong = "poll.over"
		return nil
	}
	phone := ""
	if b.By == poll.ByPhone {
		if phone, err = sms.Number(b.Phone); err != nil {
			b.Wrong = "poll.wrong-phone"
			return nil
		}
	}
	if strings.HasSuffix(r.URL.Path, "/code") {
		err = s.sendCode(r.Context(), b, phone)
	} else if err = s.o.Polls.Answer(b.ID, phone, b.Code, b.Chosen); err == nil {
		*b = ballot{Poll: b.Poll, Done: "poll.counted"}
	}
	switch {
	case errors.Is(err, poll.ErrCode):
		b.Wrong = "poll.wrong-code"
	case errors.Is(err, poll.ErrAnswer):
		b.Wrong = "poll.wrong-answer"
	case errors.Is(err, poll.ErrOften):
		b.Wrong = "poll.often"
	case errors.Is(err, poll.ErrFull):
		b.Wrong = "poll.full"
	case errors.Is(err, poll.ErrOver):
		b.Wrong = "poll.over"
	default:
		return err
	}
	return nil
}

func (s *Site) sendCode(ctx context.Context, b *ballot, phone string) error {
	if b.By != poll.ByPhone || s.o.SMS == nil {
		b.Wrong = "poll.no-sms"
		return nil
	}
	code, err := s.o.Polls.Code(b.ID, phone)
	if errors.Is(err, poll.ErrCode) {
		b.Done = "poll.sent" // who has answered is nobody else's business, so it looks the same
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.o.SMS(ctx, phone, "Ma lay y kien: "+code+" (10 phut). Khong dua ma nay cho ai."); err != nil {
		s.o.Log.Error("residents: a code by SMS", "err", err)
		b.Wrong = "poll.no-sms"
		return s.o.Polls.Unsent(b.ID, phone)
	}
	b.Done = "poll.sent"
	return nil
}

// chosen reads the options of a form; what is no number is none.
func chosen(r *http.Request, p poll.Poll) poll.Answer {
	a := make(poll.Answer, len(p.Questions))
	for i := range p.Questions {
		for _, v := range r.PostForm["q"+strconv.Itoa(i)] {
			n, err := strconv.Atoi(v)
			if err != nil {
				n = -1
			}
			a[i] = append(a[i], n)
		}
	}
	return a
}
