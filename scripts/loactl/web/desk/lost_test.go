package desk

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
)

// sounding are the headlines of the alarms that boxes sound now.
func (s *stage) sounding() (all []string) {
	for _, al := range s.desk.slotOf("26734", "26734").Alerts {
		all = append(all, al.Headline)
	}
	return all
}

// raised is the page on which an alarm is signed.
func (s *stage) raised(id, headline string) string {
	s.t.Helper()
	s.now = s.now.Add(time.Second)
	return s.proposed(id, "/desk/emergency", "place", "26734", "event", "Lũ", "headline", headline, "minutes", "60")
}

// refuses presses something that must not be done.
func (s *stage) refuses(what string, got string) {
	s.t.Helper()
	if !strings.HasPrefix(got, "409 ") {
		s.t.Errorf("%s: %s", what, got)
	}
}

// No alarm takes another one's place: neither one that sounds nor one that waits.
func TestNoAlarmIsLost(t *testing.T) {
	s := newStage(t)
	dung, nga := s.enter("dung"), s.enter("nga")
	a, b := s.raised(dung, "A"), s.raised(nga, "B")
	if got := state(s.signs(dung, a, s.keys["dung"])); got != "pending" {
		t.Fatal(got)
	}
	s.refuses("B over A, which waits", state(s.signs(nga, b, s.keys["nga"])))
	s.now = s.now.Add(time.Second)
	if w := s.form(nga, "/desk/emergency", "place", "26734", "event", "Lũ", "headline", "C"); w.Code != http.StatusConflict {
		t.Errorf("a third while A waits: %d", w.Code)
	}
	if got := state(s.signs(nga, a, s.keys["nga"])); got != "sent" {
		t.Fatalf("A is gone: %s", got)
	}
	s.refuses("B, made before A sounded", state(s.signs(nga, b, s.keys["nga"])))
	if got := s.sounding(); !slices.Equal(got, []string{"A"}) {
		t.Fatalf("%v sound", got)
	}

	// An undo does not take along what waits, whether it waited before or came since.
	id := s.desk.slotOf("26734", "26734").Alerts[0].ID
	gone := []string{"place", "26734", "office", "26734", "id", id}
	s.now = s.now.Add(time.Second)
	undo := s.proposed(dung, "/desk/emergency/undo", gone...)
	d := s.raised(nga, "D")
	if got := state(s.signs(nga, d, s.keys["nga"])); got != "pending" {
		t.Fatal(got)
	}
	s.refuses("taking A back while D waits", state(s.signs(dung, undo, s.keys["dung"])))
	if w := s.form(dung, "/desk/emergency/undo", gone...); w.Code != http.StatusConflict {
		t.Errorf("asking to take A back while D waits: %d", w.Code)
	}
	if got := state(s.signs(dung, d, s.keys["dung"])); got != "sent" {
		t.Fatalf("D is gone: %s", got)
	}
	if got := s.sounding(); !slices.Equal(got, []string{"A", "D"}) {
		t.Errorf("%v sound", got)
	}
}

// What waits in the way is dropped by who may raise alarms there, and by nobody else; then
// no signature for it counts any more.
func TestDropped(t *testing.T) {
	s := newStage(t)
	dung, nga, lan, hoa := s.enter("dung"), s.enter("nga"), s.enter("lan"), s.enter("hoa")
	a := s.raised(dung, "A")
	if got := state(s.signs(dung, a, s.keys["dung"])); got != "pending" {
		t.Fatal(got)
	}
	for name, id := range map[string]string{"a writer": lan, "another commune's": hoa} {
		if w := s.form(id, a+"/drop"); w.Code < 400 {
			t.Errorf("%s drops an alarm: %d", name, w.Code)
		}
	}
	if !strings.Contains(s.get(nga, a).Body.String(), a+"/drop") {
		t.Error("there is no button for it")
	}
	if w := s.form(nga, a+"/drop"); w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w := s.get(nga, a); w.Code != http.StatusNotFound {
		t.Errorf("it still waits: %d", w.Code)
	}
	b := s.raised(nga, "B")
	if got := state(s.signs(nga, b, s.keys["nga"])); got != "pending" {
		t.Errorf("the next one: %s", got)
	}
}

// A second signature for a set that would end an alarm which sounds, while it raises
// another, is refused: it may have come from elsewhere.
func TestSecondSignatureLosesNone(t *testing.T) {
	s := newStage(t)
	dung, nga := s.enter("dung"), s.enter("nga")
	a := s.raised(dung, "A")
	s.signs(dung, a, s.keys["dung"])
	if got := state(s.signs(nga, a, s.keys["nga"])); got != "sent" {
		t.Fatal(got)
	}
	s.now = s.now.Add(time.Second)
	set := &plan.AlertSet{Office: "26734", Alerts: []plan.Alert{{
		ID: "other", Event: "Bão", Headline: "B", Urgency: "immediate", Severity: "severe", Certainty: "observed", Until: s.now.Add(time.Hour).UTC().Truncate(time.Second),
	}}}
	set.Place = "26734"
	is, e, err := s.au.Stamp(set)
	s.must(err)
	is.Raw = message.Sign(e.PayloadType, e.Payload, s.keys["dung"]).Encode()
	s.must(s.au.KeepPending(is))
	s.refuses("B in place of A", state(s.signs(nga, "/desk/sign/"+is.SHA256, s.keys["nga"])))
	if got := s.sounding(); !slices.Equal(got, []string{"A"}) {
		t.Errorf("%v sound", got)
	}
}

// Two who plan a week at the same time: the later is told, and overwrites nothing.
func TestNoSlotIsLost(t *testing.T) {
	s := newStage(t)
	hoa := s.enter("hoa")
	draft := s.drafted(hoa, "26737", "Tin")
	if got := state(s.signs(hoa, s.proposed(hoa, draft+"/submit"), s.keys["hoa"])); got != "sent" {
		t.Fatal(got)
	}
	of := "26737/" + strings.TrimPrefix(draft, "/desk/draft/")
	slot := func(at string) string {
		s.now = s.now.Add(time.Second)
		return s.proposed(hoa, "/desk/week", "what", "add", "place", "26737", "of", of, "time", at)
	}
	one, two := slot("06:00"), slot("17:00")
	if got := state(s.signs(hoa, one, s.keys["hoa"])); got != "sent" {
		t.Fatal(got)
	}
	s.refuses("what was made before that was signed", state(s.signs(hoa, two, s.keys["hoa"])))
	three := slot("19:00")
	if got := state(s.signs(hoa, three, s.keys["hoa"])); got != "sent" {
		t.Fatal(got)
	}
	if doc, _ := s.desk.schedule("26737"); len(doc.Slots) != 2 {
		t.Errorf("%d slots are left of two", len(doc.Slots))
	}
}
