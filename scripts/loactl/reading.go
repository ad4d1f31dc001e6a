package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"loa/agent/plan"
	"loa/agent/speech"
	"loa/scripts/authority"
)

// A readBack is a text as it is read aloud, for whoever approves it.
type readBack struct {
	Written  string        `json:"written"`
	Spoken   []string      `json:"spoken"` // by sentence
	Doubts   []doubtReport `json:"doubts,omitempty"`
	Unspoken []string      `json:"unreadable,omitempty"`
}

// A doubtReport is a piece of text that somebody should look at.
type doubtReport struct {
	Text string       `json:"text"`
	Say  string       `json:"say,omitempty"`
	Code speech.Doubt `json:"code"`
	Why  string       `json:"why"`
}

// reading is what is shown of r, which read written and perhaps a sentence of ours.
func (a *app) reading(r speech.Reading, written string) readBack {
	back := readBack{Written: written, Spoken: r.Sentences(), Unspoken: r.Unreadable()}

	unmarked := false
	for _, t := range r.Doubts() {
		if t.Doubt == speech.Unmarked { // of each word; said once
			if unmarked {
				continue
			}
			unmarked = true
		}
		back.Doubts = append(back.Doubts, doubtReport{t.Text, t.Say, t.Doubt, a.text("doubt." + string(t.Doubt))})
	}
	return back
}

// tellReading prints the text as written, as it will be spoken, and what is unsure.
func (a *app) tellReading(w io.Writer, b readBack) {
	indented := func(s string) string { return "  " + strings.ReplaceAll(s, "\n", "\n  ") }
	fmt.Fprintf(w, "%s\n%s\n\n%s\n%s\n\n", a.text("speech.written"), indented(b.Written), a.text("speech.spoken"), indented(strings.Join(b.Spoken, "\n")))
	if len(b.Doubts) == 0 {
		fmt.Fprintln(w, a.text("speech.sure"))
		return
	}
	fmt.Fprintln(w, a.text("speech.unsure"))
	var rows [][]string
	for _, d := range b.Doubts {
		rows = append(rows, []string{d.Text, d.Say, d.Why})
	}
	a.table(w, rows, "written", "said", "look")
}

// readBack shows of a bulletin that a machine has read what will be heard, and where the
// recording lies.
func (a *app) readBack(w io.Writer, au *authority.Authority, b plan.Bulletin) {
	for _, audio := range b.Audio {
		if audio.Voice == "" {
			continue
		}
		region := ""
		if parts := strings.Split(audio.Voice, "/"); len(parts) > 1 {
			region = parts[1]
		}
		choices, _ := speech.Region(region) // of another kind: the north's
		fmt.Fprintln(w, a.text("speech.by", audio.Voice, filepath.Join(au.MediaDir(), audio.SHA256)))
		a.tellReading(w, a.reading(speech.Read(spoken(b.Text), choices), b.Text))
	}
}
