package main

import (
	"os"
	"strings"

	"loa/agent/plan"
	"loa/agent/speech"
	"loa/scripts/authority"
	"loa/scripts/authority/cap"
)

// read makes the recording of a part's words by whoever reads this authority's texts, and
// says who that is. It is made once, also for several places: those who sign later sign
// the same sound.
func (s *capSigning) read(q cap.Part, text string) (file, voice string, err error) {
	if f, ok := s.spoken[q.ID]; ok {
		return f[0], f[1], nil
	}
	if lang, _, _ := strings.Cut(q.Texts[0].Lang, "-"); lang != "vi" {
		s.a.note("cap.foreign", q.Texts[0].Lang)
		return "", "", nil
	}
	by, err := s.a.speaker("", "")
	if err != nil {
		return "", "", err
	}
	pcm, voice, err := s.a.render(by, speech.Read(spoken(text), by.choices))
	if err != nil {
		return "", "", err
	}
	if s.folder == "" {
		if s.folder, err = os.MkdirTemp("", "loactl-cap-"); err != nil {
			return "", "", err
		}
	}
	_, none := findEncoder() // boxes on a SIM card fetch a tenth
	file, err = s.a.keepSpoken(s.folder, q.ID, pcm, none == nil)
	if err == nil {
		s.spoken[q.ID] = [2]string{file, voice}
	}
	return file, voice, err
}

// isRead reports a bulletin with a recording that a machine has made.
func isRead(is authority.Issued) bool {
	b, ok := is.Doc.(plan.Bulletin)
	return ok && len(b.Audio) > 0 && b.Audio[0].Voice != ""
}
