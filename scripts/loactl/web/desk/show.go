package desk

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"loa/scripts/loactl/web/look"
)

// A shown is what every page has, and its own.
type shown struct {
	Person string
	Active []active // alarms that sound where the person may take them back
	X      any
}

// show writes a page.
func (d *Desk) show(w http.ResponseWriter, r *http.Request, v *visitor, status int, page string, x any) {
	view := look.View{Lang: v.lang, At: r.URL, Data: shown{v.person, d.active(v), x}}
	if page == "emergency" {
		view.Tone = "alarm"
	}
	say := words[v.lang]
	link := func(to, key string, r role) {
		if v.person != "" && v.has(r) {
			view.Nav = append(view.Nav, look.Link{To: to, Text: say[key], Here: to == "/desk/"+page})
		}
	}
	if v.person != "" {
		view.Nav = append(view.Nav, look.Link{To: "/desk/", Text: say["nav.home"], Here: page == "home"})
	}
	link("/desk/write", "nav.write", author)
	link("/desk/library", "nav.library", viewer)
	link("/desk/inbox", "nav.inbox", author)
	link("/desk/polls", "nav.polls", viewer)
	link("/desk/week", "nav.week", viewer)
	link("/desk/now", "nav.now", viewer)
	link("/desk/live", "nav.live", talker)
	link("/desk/report", "nav.report", viewer)
	link("/desk/emergency", "nav.emergency", emergency)
	var b bytes.Buffer
	if err := d.pages.Render(&b, page, view); err != nil {
		d.o.Log.Error("desk: a page", "page", page, "err", err)
		http.Error(w, say["error.internal"], http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // whoever asked has gone
}

// answer sends v to a script.
func answer(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}

// wantsJSON reports that a script asks, and not a person.
func wantsJSON(r *http.Request) bool { return r.Header.Get("Accept") == "application/json" }

// toScript tells a script where to go on, where a person's browser is sent there: a
// script that is sent learns nothing of it, and would have a page made for nobody.
type toScript struct{ http.ResponseWriter }

func (w toScript) WriteHeader(status int) {
	to := w.Header().Get("Location")
	if status != http.StatusSeeOther || to == "" {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	w.Header().Del("Location")
	answer(w.ResponseWriter, http.StatusOK, map[string]string{"to": to})
}

// moment is a time as people here write it.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(look.Zone).Format("15:04 02/01/2006")
}

// seconds is a length as one writes it into a form.
func seconds(d time.Duration) int { return int(d.Seconds()) }

// date is a day of a schedule as people here write it.
func date(s string) string {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return s
	}
	return t.Format("02/01/2006")
}

// join writes names in a row.
func join(all []string) string { return strings.Join(all, ", ") }

// list is all that a part of a page is given.
func list(all ...any) []any { return all }

// span is a length as people read it.
func span(d time.Duration) string {
	d = d.Round(time.Second)
	if d < time.Minute {
		return fmt.Sprintf("%d s", int(d.Seconds()))
	}
	return fmt.Sprintf("%d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}
