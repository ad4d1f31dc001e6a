package desk

import (
	"crypto/rand"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"loa/scripts/authority/poll"
	"loa/scripts/bilingual"
	"loa/scripts/loactl/web/look"
)

// polls is what the desk asks of whoever keeps what people are asked.
type polls interface {
	Begin(poll.Poll) error
	End(id string) error
	All() ([]poll.Poll, error)
	Get(id string) (poll.Poll, error)
	Result(id string) (poll.Result, error)
}

// An asking is a poll in the list.
type asking struct {
	poll.Poll
	PlaceName string
	Open      bool
}

// A pollForm is what was typed, so that nobody has to type it again.
type pollForm struct {
	Place, Title, Text, By, Date, Time string
	Questions                          []typedQuestion
	Wrong                              string
}

// A typedQuestion has an option on each line.
type typedQuestion struct{ Text, Options, Most string }

// formQuestions is how many questions the form has; loactl poll open takes more.
const formQuestions = 4

// polls lists what people are asked at the places that somebody sees, and has the form for
// asking more.
func (d *Desk) polls(w http.ResponseWriter, r *http.Request, v *visitor) error {
	in := d.o.Now().In(look.Zone).AddDate(0, 0, 14)
	return d.pollPage(w, r, v, http.StatusOK, pollForm{Place: deepest(v.seen(approver)), By: poll.BySlip, Date: in.Format(time.DateOnly), Time: "17:00"})
}

func (d *Desk) pollPage(w http.ResponseWriter, r *http.Request, v *visitor, status int, form pollForm) error {
	all, err := d.o.Polls.All()
	if err != nil {
		return err
	}
	var list []asking
	for _, p := range all {
		if v.may(viewer, p.Place) {
			list = append(list, asking{p, v.places[p.Place].Name, p.Runs(d.o.Now())})
		}
	}
	for len(form.Questions) < formQuestions {
		form.Questions = append(form.Questions, typedQuestion{Most: "1"})
	}
	d.show(w, r, v, status, "polls", map[string]any{"Polls": list, "Form": form, "Places": v.choices(approver, form.Place), "Phones": d.o.Tools.Phones(), "Asks": v.has(approver)})
	return nil
}

// ask opens a poll: under the responsibility of whoever may approve what is said there.
func (d *Desk) ask(w http.ResponseWriter, r *http.Request, v *visitor) error {
	place := r.PostFormValue("place")
	if !v.may(approver, place) {
		return errRole
	}
	form := pollForm{
		Place: place, Title: strings.TrimSpace(r.PostFormValue("title")), Text: typed(r.PostFormValue("text")), By: r.PostFormValue("by"),
		Date: r.PostFormValue("date"), Time: r.PostFormValue("time"),
	}
	asks, options, most := r.PostForm["question"], r.PostForm["options"], r.PostForm["most"]
	if len(asks) != len(options) || len(asks) != len(most) || len(asks) > 10 {
		return errInput
	}
	for i := range asks {
		form.Questions = append(form.Questions, typedQuestion{strings.TrimSpace(asks[i]), options[i], most[i]})
	}
	p, err := form.poll()
	if err == nil && p.By == poll.ByPhone && !d.o.Tools.Phones() {
		return errInput
	}
	if err == nil {
		p.ID = pollID(d.o.Tools.ID(p.Title))
		err = p.Check(d.o.Now())
	}
	var wrong *bilingual.Error
	if errors.As(err, &wrong) {
		form.Wrong = wrong.EN
		if v.lang == "vi" {
			form.Wrong = wrong.VI
		}
		if wantsJSON(r) {
			return &Told{form.Wrong} // what was typed stands on the page
		}
		return d.pollPage(w, r, v, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	if err := d.o.Polls.Begin(p); err != nil {
		return err
	}
	d.o.Log.Info("desk: a poll is open", "id", p.ID, "place", p.Place, "by", v.person)
	http.Redirect(w, r, "/desk/poll/"+p.ID, http.StatusSeeOther)
	return nil
}

// pollID is a name that no other poll has, and that tells what it is about.
func pollID(of string) string {
	return strings.TrimPrefix(strings.Trim(of[:min(len(of), 40)], "-")+"-"+strings.ToLower(rand.Text()[:6]), "-")
}

// poll is what a form asks; questions without a word are left out.
func (f pollForm) poll() (poll.Poll, error) {
	p := poll.Poll{Place: f.Place, Title: f.Title, Text: f.Text, By: f.By}
	until, err := time.ParseInLocation(time.DateOnly+" 15:04", f.Date+" "+f.Time, look.Zone)
	if err != nil {
		return p, errInput
	}
	p.Until = until
	for _, q := range f.Questions {
		var options []string
		for line := range strings.Lines(q.Options) {
			if o := strings.TrimSpace(line); o != "" {
				options = append(options, o)
			}
		}
		if q.Text == "" && len(options) == 0 {
			continue
		}
		most, err := strconv.Atoi(q.Most)
		if err != nil || most < 1 {
			return p, errInput
		}
		p.Questions = append(p.Questions, poll.Question{Text: q.Text, Options: options, Most: most})
	}
	return p, nil
}

// pollOf is the poll of the path, of a place where the reader has a role.
func (d *Desk) pollOf(r *http.Request, v *visitor, as role) (poll.Poll, error) {
	p, err := d.o.Polls.Get(r.PathValue("id"))
	if errors.Is(err, poll.ErrNone) || err == nil && !v.may(as, p.Place) {
		return p, errNone
	}
	return p, err
}

// A counted option is one of a question, with how many have chosen it.
type counted struct {
	Text    string
	Count   int
	Percent int // of the answers
}

// poll is what was answered so far, and what that is worth.
func (d *Desk) poll(w http.ResponseWriter, r *http.Request, v *visitor) error {
	p, err := d.pollOf(r, v, viewer)
	if err != nil {
		return err
	}
	res, err := d.o.Polls.Result(p.ID)
	if err != nil {
		return err
	}
	type question struct {
		Text    string
		Most    int
		Options []counted
	}
	var asked []question
	for i, q := range res.Questions {
		x := question{Text: q.Text, Most: q.Choices()}
		for k, o := range q.Options {
			c := counted{Text: o, Count: res.Counts[i][k]}
			if res.Answers > 0 {
				c.Percent = (100*c.Count + res.Answers/2) / res.Answers
			}
			x.Options = append(x.Options, c)
		}
		asked = append(asked, x)
	}
	method := res.Method().EN
	if v.lang == "vi" {
		method = res.Method().VI
	}
	d.show(w, r, v, http.StatusOK, "poll", map[string]any{
		"Poll": asking{p, v.places[p.Place].Name, p.Runs(d.o.Now())}, "Questions": asked, "Answers": res.Answers, "Method": method,
		"Asks": v.may(approver, p.Place), "Slips": p.By == poll.BySlip,
	})
	return nil
}

// pollClose ends a poll before its time.
func (d *Desk) pollClose(w http.ResponseWriter, r *http.Request, v *visitor) error {
	p, err := d.pollOf(r, v, approver)
	if err != nil {
		return err
	}
	if err := d.o.Polls.End(p.ID); err != nil {
		return err
	}
	d.o.Log.Info("desk: a poll is closed", "id", p.ID, "by", v.person)
	http.Redirect(w, r, "/desk/poll/"+p.ID, http.StatusSeeOther)
	return nil
}

// maxSlips is how many are made at once.
const maxSlips = 2000

// pollSlips makes slips to be printed. They are given once, and are nowhere after that.
func (d *Desk) pollSlips(w http.ResponseWriter, r *http.Request, v *visitor) error {
	p, err := d.pollOf(r, v, approver)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(r.PostFormValue("count"))
	if err != nil || n < 1 || n > maxSlips || p.By != poll.BySlip || !p.Runs(d.o.Now()) {
		return errInput
	}
	page, err := d.o.Tools.Slips(v.lang, p.ID, n)
	if err != nil {
		return err
	}
	d.o.Log.Info("desk: slips of a poll", "id", p.ID, "slips", n, "by", v.person)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="phieu-`+p.ID+`.html"`)
	_, _ = w.Write(page) // whoever asked has gone
	return nil
}
