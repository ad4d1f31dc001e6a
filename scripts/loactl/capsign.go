package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/authority/cap"
)

// A capSigning makes the documents that a message asks for and signs them. Where they
// need more signatures they wait, and whoever runs the command next adds theirs to the
// same bytes, if those are still what the message asks for.
type capSigning struct {
	a       *app
	au      *authority.Authority
	desk    *cap.Desk
	p       cap.Proposal
	signers []string
	audio   string               // a recording of what is said
	speak   bool                 // without one a machine reads
	folder  string               // of what it has read; empty: nothing yet
	spoken  map[string][2]string // by part: the recording, and who reads
}

func (s *capSigning) run(wait time.Duration) error {
	a := s.a
	ready, waits := []authority.Issued{}, []authority.Issued{}
	for _, place := range s.everywhere() {
		docs, err := s.at(place)
		if err != nil {
			return err
		}
		lacks := false
		for _, is := range docs {
			v, err := s.au.Judge(is)
			if err != nil {
				return err
			}
			if v.Code != plan.Accepted && v.Code != plan.Quorum {
				return errors.New(a.refusal(s.au, is, v))
			}
			lacks = lacks || v.Code == plan.Quorum
		}
		if lacks { // an alert must not come without its words, nor they without it
			waits = append(waits, docs...)
		} else {
			ready = append(ready, docs...)
		}
	}
	// What waited of an earlier message must not be approved after this one.
	if err := s.forget(); err != nil {
		return err
	}
	for _, is := range waits {
		if set, ok := is.Doc.(plan.AlertSet); ok {
			if lost := a.waitsElse(s.au, set); lost != nil {
				return errors.New(a.text("alert.waits", lost.Headline, set.Place, officeFlag(set.Place, set.Office)))
			}
		}
		if err := s.au.KeepPending(is); err != nil {
			return err
		}
	}
	for _, is := range ready {
		if err := s.au.Keep(is); err != nil {
			return err
		}
	}
	if len(waits) == 0 {
		if err := s.desk.Mark(s.p.ID, cap.Done); err != nil {
			return err
		}
	}
	answers, err := a.deliverAll(s.au, ready, wait)
	if err != nil {
		return a.unsent(a.text("alert.unsent"), err)
	}
	return s.tell(ready, waits, answers)
}

// everywhere is where there is something to do.
func (s *capSigning) everywhere() []string {
	all := slices.Clone(s.p.Clear)
	for _, q := range s.p.Parts {
		all = append(all, q.Places...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// at are the documents for a place, the words before the alert that names them.
func (s *capSigning) at(place string) (docs []authority.Issued, err error) {
	set := plan.AlertSet{Office: s.p.From.Office}
	if set.Office == "" {
		set.Office = place
	}
	set.Place = place
	topic := message.AlertTopic(place, set.Office)
	if is, ok := s.au.Find(topic); ok {
		old := is.Doc.(plan.AlertSet)
		set.Alerts, set.Cancel, set.Retracted = s.active(old.Alerts), old.Cancel, s.retracted(old.Retracted)
	}
	before := slices.Clone(set.Alerts)
	set.Alerts = slices.DeleteFunc(slices.Concat([]plan.Alert{}, set.Alerts), func(al plan.Alert) bool { return s.ours(al.ID) })
	kept := make(map[string]bool)
	for _, q := range s.p.Parts {
		if !slices.Contains(q.Places, place) {
			continue
		}
		words, err := s.words(place, q)
		if err != nil {
			return nil, err
		}
		if words != nil {
			kept[q.ID] = true
			docs = append(docs, *words)
		}
		if q.Class == plan.Emergency {
			set.Alerts = append(set.Alerts, s.alert(q, words))
		}
	}
	gone, err := s.withdrawn(place, kept)
	if err != nil {
		return nil, err
	}
	if docs = append(docs, gone...); alike(before, set.Alerts) {
		return docs, nil
	}
	is, err := s.signed(topic, &set, func(doc any) bool {
		w := doc.(plan.AlertSet)
		return alike(s.active(w.Alerts), set.Alerts) && alike(w.Cancel, set.Cancel) && alike(s.retracted(w.Retracted), set.Retracted)
	})
	return append(docs, is), err
}

// ours reports whether an alert or a bulletin is of the message's story.
func (s *capSigning) ours(id string) bool {
	return id == s.p.Chain || strings.HasPrefix(id, s.p.Chain+"-")
}

func (s *capSigning) active(all []plan.Alert) []plan.Alert {
	return slices.DeleteFunc(slices.Clone(all), func(al plan.Alert) bool { return !s.a.now().Before(al.Until) })
}

// retracted are the false alarms that are still being taken back, but for those of the
// message's story, which speaks anew.
func (s *capSigning) retracted(all []plan.Retraction) []plan.Retraction {
	return slices.DeleteFunc(slices.Clone(all), func(r plan.Retraction) bool { return !s.a.now().Before(r.Until) || s.ours(r.ID) })
}

func (s *capSigning) alert(q cap.Part, words *authority.Issued) plan.Alert {
	al := plan.Alert{
		ID: q.ID, Event: q.Event, Urgency: q.Urgency, Severity: q.Severity, Certainty: q.Certainty,
		Headline: q.Texts[0].Headline, Instruction: q.Texts[0].Shown,
		Tone: q.Tone, Repeat: q.Repeat, GapS: q.GapS, From: q.From, Until: q.Until,
	}
	if words != nil {
		al.Bulletin = &plan.Ref{Kind: plan.KindBulletin, ID: q.ID, SHA256: words.SHA256}
	}
	return al
}

// words is the bulletin of a part: for an alert only where there is a recording or more
// than one language; else its headline is all that it needs.
func (s *capSigning) words(place string, q cap.Part) (*authority.Issued, error) {
	b := plan.Bulletin{Class: q.Class, Origin: plan.Notice, Lang: q.Texts[0].Lang, Title: shortened(q.Texts[0].Headline, 200), Text: q.Texts[0].Speech}
	b.Place, b.ID, b.ValidFrom, b.ValidUntil = place, q.ID, q.From, q.Until
	style := ""
	if q.Class == plan.Emergency {
		style = "alert"
	}
	for _, t := range q.Texts {
		for _, text := range []string{t.Headline, t.Shown} {
			if text != "" {
				b.Pages = append(b.Pages, plan.Page{Text: text, Style: style})
			}
		}
	}
	s.a.proofread(q.ID, &b)
	s.a.misfits(s.au, q.ID, place, &b)
	fits := func(doc any) bool {
		w := doc.(plan.Bulletin)
		w.Head, w.Audio, w.LoudnessLUFS = b.Head, b.Audio, b.LoudnessLUFS // a recording that another has chosen is shown, and heard
		return alike(w, b)
	}
	topic := message.DocTopic(place, plan.KindBulletin, q.ID)
	audio, voice := s.audio, ""
	if s.speak {
		is, out := s.au.Find(topic)
		w, waits := s.au.Waiting(topic)
		if !(out && isRead(is) && fits(is.Doc)) && !(waits && isRead(w) && fits(w.Doc)) {
			var err error
			if audio, voice, err = s.read(q, b.Text); err != nil {
				return nil, err
			}
		}
	}
	if audio != "" {
		r, err := measure(s.a.ctx, audio)
		if err == nil {
			r.SHA256, r.Bytes, err = keepMedia(s.au, audio)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %s", audio, s.a.explain(err))
		}
		b.Audio = []plan.Audio{{SHA256: r.SHA256, Bytes: r.Bytes, Type: r.Type, DurationMS: r.Duration.Milliseconds(), Voice: voice}}
		b.LoudnessLUFS = round(r.LUFS)
		fits = func(doc any) bool { w := doc.(plan.Bulletin); w.Head = b.Head; return alike(w, b) }
	} else if is, ok := s.au.Find(topic); ok && fits(is.Doc) {
		return &is, nil
	} else if w, ok := s.au.Waiting(topic); (!ok || !fits(w.Doc)) && q.Class == plan.Emergency && len(q.Texts) == 1 {
		return nil, nil
	}
	is, err := s.signed(topic, &b, fits)
	if err == nil && len(is.Doc.(plan.Bulletin).Audio) > 0 {
		f := is.Doc.(plan.Bulletin).Audio[0]
		s.a.note("cap.audio", f.SHA256[:12], time.Duration(f.DurationMS)*time.Millisecond)
		if !s.a.json {
			s.a.readBack(s.a.out, s.au, is.Doc.(plan.Bulletin))
		}
	}
	return &is, err
}

// withdrawn ends the bulletins of the story that are no part of it any more.
func (s *capSigning) withdrawn(place string, kept map[string]bool) (docs []authority.Issued, err error) {
	all, err := s.au.Issued()
	if err != nil {
		return nil, err
	}
	for _, is := range all {
		b, ok := is.Doc.(plan.Bulletin)
		if !ok || b.Place != place || !s.ours(b.ID) || kept[b.ID] || b.Withdrawn || !s.a.now().Before(b.ValidUntil) {
			continue
		}
		b.Withdrawn = true
		gone, err := s.signed(is.Topic, &b, func(doc any) bool { return doc.(plan.Bulletin).Withdrawn })
		if err != nil {
			return nil, err
		}
		docs = append(docs, gone)
	}
	return docs, nil
}

// forget takes back what waits for signatures and is of the message's story.
func (s *capSigning) forget() error {
	all, err := s.au.Pending()
	if err != nil {
		return err
	}
	for _, is := range all {
		var ours bool
		switch d := is.Doc.(type) {
		case plan.Bulletin:
			ours = s.ours(d.ID)
		case plan.AlertSet:
			ours = slices.ContainsFunc(d.Alerts, func(al plan.Alert) bool { return s.ours(al.ID) })
		}
		if ours {
			if err := s.au.Drop(is.Topic); err != nil {
				return err
			}
		}
	}
	return nil
}

// signed signs a document, or adds signatures to what waits if that fits.
func (s *capSigning) signed(topic message.Topic, doc any, fits func(doc any) bool) (authority.Issued, error) {
	w, ok := s.au.Waiting(topic)
	if !ok || !fits(w.Doc) {
		return s.au.Sign(doc, s.signers...)
	}
	for _, person := range s.signers {
		if slices.Contains(s.au.Signers(w.Raw), person) {
			continue
		}
		var err error
		if w, err = s.au.Approve(w.Raw, person); err != nil {
			return w, err
		}
	}
	return w, nil
}

// tell says what became of it.
func (s *capSigning) tell(ready, waits []authority.Issued, answers [][]receipt) error {
	a := s.a
	v := map[string]any{"id": s.p.ID, "sent": written(ready), "pending": written(waits), "boxes": slices.Concat(answers...)}
	return a.show(v, func(w io.Writer) {
		if len(ready)+len(waits) == 0 {
			fmt.Fprintln(w, a.text("cap.unneeded"))
		}
		for i, is := range ready {
			fmt.Fprintln(w, a.text("document.sent", a.named(s.au, is.Topic)))
			if is.Topic.Leaf == message.LeafAlert {
				a.tally(w, answers[i])
			}
		}
		for _, is := range waits {
			fmt.Fprintln(w, a.text("cap.pending", a.named(s.au, is.Topic), strings.Join(s.au.Signers(is.Raw), ", "), s.p.ID))
		}
		for _, q := range s.p.Parts {
			switch {
			case len(waits) > 0:
			case q.Class == plan.Drill:
				fmt.Fprintln(w, a.text("cap.drill", q.Places[0], q.ID))
			case q.Class == plan.PriorityC:
				fmt.Fprintln(w, a.text("cap.priority", q.ID))
			}
		}
	})
}

// alike reports whether two documents, or parts of them, say the same.
func alike(x, y any) bool {
	a, err := json.Marshal(x)
	b, err2 := json.Marshal(y)
	null := func(b []byte) bool { return string(b) == "null" || string(b) == "[]" }
	return err == nil && err2 == nil && (bytes.Equal(a, b) || null(a) && null(b))
}

func shortened(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}
