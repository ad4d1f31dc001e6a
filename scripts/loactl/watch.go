package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/term"

	"loa/agent/health"
	"loa/agent/plan"
)

// watch shows all boxes: once, or again at every change. On a terminal the table
// stays where it is.
func (a *app) watch(args []string) error {
	fs := a.flags("watch")
	once := fs.Bool("once", false, "")
	if _, err := a.parse(fs, args, 0, 0); err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	f, l, err := a.meetFleet(au)
	if err != nil {
		return err
	}
	defer l.stop()
	for {
		if err := a.showFleet(f); err != nil || *once {
			return err
		}
		select {
		case <-a.ctx.Done():
			return nil
		case <-f.came:
		case <-time.After(10 * time.Second):
		}
		// A thousand boxes report at their own time; twice a second is enough to look at.
		select {
		case <-a.ctx.Done():
			return nil
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func (a *app) showFleet(f *fleet) error {
	rows, ready := f.rows(a.now()), f.ready()
	online := 0
	for _, r := range rows {
		if r.State == "online" {
			online++
		}
	}
	due, together := f.au.Due(), spreads(rows)
	return a.show(map[string]any{"at": a.now().UTC(), "online": online, "boxes": rows, "ready": ready, "together": together, "due": due}, func(w io.Writer) {
		if tty, ok := a.out.(*os.File); ok && term.IsTerminal(int(tty.Fd())) {
			fmt.Fprint(w, "\x1b[H\x1b[2J")
		}
		fmt.Fprintln(w, a.text("watch.head", online, len(rows), a.now().In(vietnam).Format("15:04:05")))
		a.row(w, a.text("watch.box"), a.text("watch.place"), a.text("watch.state"), a.text("watch.clock"), a.text("watch.media"), a.text("watch.sounds"), a.text("watch.shows"))
		for _, r := range rows {
			media := ""
			if r.Wanted > 0 {
				media = fmt.Sprintf("%d/%d", r.Present, r.Wanted)
			}
			var notes []string
			for _, s := range r.Started {
				notes = append(notes, a.startedNote(s))
			}
			notes = append(notes, a.faults(r.Faults)...)
			if !r.MutedUntil.IsZero() {
				notes = append(notes, because(a.text("watch.muted", r.MutedUntil.In(vietnam).Format("15:04")), r.MutedWhy))
			}
			if !r.LocalUntil.IsZero() {
				notes = append(notes, because(a.text("watch.local", r.LocalUntil.In(vietnam).Format("15:04")), r.LocalWhy))
			}
			if r.Sync != nil && r.State == "online" {
				notes = append(notes, a.syncNote(r.Sync))
			}
			if r.LookedBad > 0 {
				notes = append(notes, a.text("watch.looked", r.LookedBy, a.onDay(r.LookedAt), r.LookedBad))
			}
			if r.Refused != "" {
				notes = append(notes, a.text("watch.refused", r.What, a.moment(r.RefusedAt), a.codeWord(plan.Code(r.Refused))))
			}
			if r.Forged > 0 {
				notes = append(notes, a.text("watch.forged", r.Forged))
			}
			state := a.text("state." + r.State)
			if !r.Carried.IsZero() {
				state += " " + a.form(r.Carried, "02/01", "01-02") // a column of a screen
			}
			a.row(w, r.Box, r.Place, state, word(a.text("clock."+r.Clock), r.Clock), media, r.Sounds, a.shows(r))
			for _, n := range notes {
				fmt.Fprintln(w, "  "+n)
			}
		}
		for _, r := range ready {
			s := a.text("watch.ready", r.Bulletin, r.Ready, r.Of)
			if n := len(r.Waiting); n > 0 {
				s += a.text("watch.waiting", strings.Join(r.Waiting[:min(n, 5)], ", "))
				if n > 5 {
					s += " …"
				}
			}
			fmt.Fprintln(w, s)
		}
		for _, s := range together {
			fmt.Fprintln(w, a.spreadNote(s))
		}
		a.warnDue(w, due)
	})
}

// because is what holds, with the reason that was given for it.
func because(what, why string) string {
	if why == "" {
		return what
	}
	return what + ": " + why
}

// faults are a box's conditions in words; one that this tool does not know stays
// as it came.
func (a *app) faults(codes []string) []string {
	out := make([]string, len(codes))
	for i, code := range codes {
		out[i] = code
		if c, ok := health.Lookup(code); ok {
			out[i] = c.EN
			if a.lang == "vi" {
				out[i] = c.VI
			}
		}
	}
	return out
}

// shows is what a box's board shows.
func (a *app) shows(r row) string {
	switch {
	case !r.Board || r.State != "online":
		return ""
	case r.Dark:
		return a.text("watch.dark")
	}
	return cmp.Or(r.Shows, a.text("shot.default"))
}

// row writes one line of the table, of at most 99 letters; they count, not bytes.
func (a *app) row(w io.Writer, cells ...string) {
	var line strings.Builder
	for i, width := range []int{18, 8, 12, 9, 7, 20, 19} {
		c := cells[i]
		if n := utf8.RuneCountInString(c); n > width {
			c = string([]rune(c)[:width-1]) + "…"
		} else {
			c += strings.Repeat(" ", width-n)
		}
		line.WriteString(c + " ")
	}
	fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
}
