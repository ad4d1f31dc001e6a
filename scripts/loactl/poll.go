package main

import (
	"bytes"
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	qr "github.com/piglig/go-qr"

	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/authority/channel"
	"loa/scripts/authority/poll"
	"loa/scripts/loactl/web"
)

// polls ask the people of a place.
func (a *app) polls(args []string) error {
	return a.sub(args, map[string]func([]string) error{
		"new": a.pollNew, "open": a.pollOpen, "slips": a.pollSlips, "list": a.pollList, "result": a.pollResult, "close": a.pollClose,
	})
}

// pollNew prints one to begin with.
func (a *app) pollNew(args []string) error {
	flags := a.flags("poll")
	place := flags.String("place", "", "")
	rest, err := a.parse(flags, args, 1, 1)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, a.text("poll.new"), rest[0], *place, a.now().AddDate(0, 0, 14).In(vietnam).Format(time.DateOnly)+"T17:00:00+07:00")
	return nil
}

func (a *app) openPolls() (*authority.Authority, *poll.Store, error) {
	au, err := a.open()
	if err != nil {
		return nil, nil, err
	}
	s, err := poll.Open(au.Dir(), a.now)
	return au, s, err
}

// pollOpen opens one for answers, as it is in a file.
func (a *app) pollOpen(args []string) error {
	rest, err := a.parse(a.flags("poll"), args, 1, 1)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(rest[0])
	if err != nil {
		return err
	}
	p, err := poll.Parse(data, a.now())
	if err != nil {
		return fmt.Errorf("%s: %w", rest[0], err)
	}
	au, s, err := a.openPolls()
	if err != nil {
		return err
	}
	defer s.Close()
	if _, ok := au.Places()[p.Place]; !ok {
		return errors.New(a.text("place.none", p.Place))
	}
	if p.By == poll.ByPhone {
		if sms, err := codesBySMS(au, newWays()); err != nil || sms == nil {
			return errors.Join(err, errors.New(a.text("poll.no-channel", channel.File)))
		}
	}
	if err := a.pollError(p.ID, s.Begin(p)); err != nil {
		return err
	}
	return a.say(p, "poll.opened", p.ID, a.placeName(au, p.Place))
}

// pollError says what a store does not do.
func (a *app) pollError(id string, err error) error {
	switch {
	case errors.Is(err, poll.ErrNone):
		return errors.New(a.text("poll.none", id))
	case errors.Is(err, poll.ErrOver):
		return errors.New(a.text("poll.over", id))
	case errors.Is(err, poll.ErrThere):
		return errors.New(a.text("poll.there", id))
	}
	return err
}

//go:embed slips.html
var slipsHTML string

// A slipSheet is what is printed.
type slipSheet struct {
	Title, Until, URL string
	Slips             []slip
}

type slip struct {
	Code string
	QR   template.HTML
}

// pollSlips makes slips to be printed and handed out.
func (a *app) pollSlips(args []string) error {
	flags := a.flags("poll")
	n := flags.Int("count", 0, "")
	out := flags.String("out", "", "")
	rest, err := a.parse(flags, args, 1, 1)
	if err != nil {
		return err
	}
	if *out == "" || *n < 1 || *n > 2000 {
		return &usageError{a.text("poll.count")}
	}
	au, s, err := a.openPolls()
	if err != nil {
		return err
	}
	defer s.Close()
	f, err := os.OpenFile(*out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // before there are codes that nobody has
	if err != nil {
		return err
	}
	defer f.Close()
	page, err := a.slips(au, s, rest[0], *n)
	if err != nil {
		return errors.Join(err, os.Remove(*out))
	}
	if _, err := f.Write(page); err != nil {
		return err
	}
	return a.say(map[string]any{"file": *out, "slips": *n}, "poll.slips", *n, *out)
}

// slips is a page of new codes to be printed: they are nowhere else.
func (a *app) slips(au *authority.Authority, s *poll.Store, id string, n int) ([]byte, error) {
	set, err := web.Load(au.Dir())
	if err != nil {
		return nil, err
	}
	if set.URL == "" {
		return nil, errors.New(a.text("poster.url"))
	}
	p, err := s.Get(id)
	if err != nil {
		return nil, a.pollError(id, err)
	}
	codes, err := s.Slips(id, n)
	if err != nil {
		return nil, a.pollError(id, err)
	}
	sheet := slipSheet{Title: p.Title, Until: a.moment(p.Until), URL: set.URL + "/poll/" + p.ID}
	for _, code := range codes {
		drawn, err := qr.EncodeText(sheet.URL+"#"+code, qr.Low)
		if err != nil {
			return nil, fmt.Errorf("QR: %w", err)
		}
		svg, err := drawn.ToSVGBytes(qr.NewQrCodeImgConfig(4, 4))
		if err != nil {
			return nil, fmt.Errorf("QR: %w", err)
		}
		sheet.Slips = append(sheet.Slips, slip{code, template.HTML(svg)})
	}
	page, err := template.New("slips").Parse(slipsHTML)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = page.Execute(&b, sheet)
	return b.Bytes(), err
}

func (a *app) pollList(args []string) error {
	if _, err := a.parse(a.flags("poll"), args, 0, 0); err != nil {
		return err
	}
	au, s, err := a.openPolls()
	if err != nil {
		return err
	}
	defer s.Close()
	all, err := s.All()
	if err != nil {
		return err
	}
	return a.show(slices.Clip(all), func(w io.Writer) {
		var rows [][]string
		for _, p := range all {
			state := a.text("poll.runs")
			if !p.Runs(a.now()) {
				state = a.text("poll.ended")
			}
			rows = append(rows, []string{p.ID, a.placeName(au, p.Place), state, a.moment(p.Until), printable(p.Title)})
		}
		a.table(w, rows, "name", "place", "state", "until", "title")
	})
}

// pollResult tells what was answered so far, and what that is worth.
func (a *app) pollResult(args []string) error {
	rest, err := a.parse(a.flags("poll"), args, 1, 1)
	if err != nil {
		return err
	}
	_, s, err := a.openPolls()
	if err != nil {
		return err
	}
	defer s.Close()
	r, err := s.Result(rest[0])
	if err != nil {
		return a.pollError(rest[0], err)
	}
	method := r.Method()
	return a.show(struct {
		poll.Result
		VI string `json:"vi"`
		EN string `json:"en"`
	}{r, method.VI, method.EN}, func(w io.Writer) {
		fmt.Fprintln(w, printable(r.Title))
		for i, q := range r.Questions {
			fmt.Fprintf(w, "\n%s\n", printable(q.Text))
			for k, o := range q.Options {
				fmt.Fprintf(w, "%7d  %s\n", r.Counts[i][k], printable(o))
			}
		}
		fmt.Fprintf(w, "\n%s\n", a.explain(method))
		if r.Runs(a.now()) {
			fmt.Fprintln(w, a.text("poll.still"))
		}
	})
}

// pollClose ends one now.
func (a *app) pollClose(args []string) error {
	rest, err := a.parse(a.flags("poll"), args, 1, 1)
	if err != nil {
		return err
	}
	_, s, err := a.openPolls()
	if err != nil {
		return err
	}
	defer s.Close()
	if err := a.pollError(rest[0], s.End(rest[0])); err != nil {
		return err
	}
	return a.say(map[string]string{"closed": rest[0]}, "poll.closed", rest[0])
}

// codesBySMS sends codes by the first channel of short messages that is on; nil: there is
// none. A way that has something else to say goes first.
func codesBySMS(au *authority.Authority, ways *ways) (func(ctx context.Context, phone, text string) error, error) {
	by, ok, err := smsChannel(au)
	if err != nil || !ok {
		return nil, err
	}
	way, err := ways.open(by)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, phone, text string) error {
		// Each code is a message of its own for a service that takes each once.
		p := channel.Post{Channel: by.Name, To: phone, What: channel.Said, Class: plan.Normal, Key: "code", Version: rand.Text(), Title: text}
		if busy, ok := way.(channel.Busy); ok {
			_, free, err := busy.TrySend(ctx, p, "Loa", p.ID())
			if err == nil && !free {
				err = errors.New("the modem has another message to send")
			}
			return err
		}
		_, err := way.Send(ctx, p, "Loa", p.ID())
		return err
	}, nil
}

// smsChannel is the first channel of short messages that is on. Nothing is opened.
func smsChannel(au *authority.Authority) (by channel.Channel, ok bool, err error) {
	c, err := channel.Load(au.Dir())
	if errors.Is(err, fs.ErrNotExist) && len(c.Channels) == 0 {
		return by, false, nil
	}
	if err != nil {
		return by, false, err
	}
	at := slices.IndexFunc(c.Channels, func(ch channel.Channel) bool { return ch.On && ch.SMS() })
	if at < 0 {
		return by, false, nil
	}
	return c.Channels[at], true, nil
}
