package desk

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"loa/agent/ahead"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/schedule"
	"loa/scripts/authority"
	"loa/scripts/authority/api"
)

// A listener is a centre that notes which packets go out.
type listener struct {
	centre
	heard []string // by topic
}

func (l *listener) Talk(topic message.Topic, packet []byte) error {
	l.heard = append(l.heard, topic.String())
	return nil
}

// speaking is a stage with somebody who speaks live, and what is heard of it.
func speaking(t *testing.T) (s *stage, id string, l *listener) {
	t.Helper()
	s = newStage(t)
	grant := authority.Grant{Place: "26734", Kinds: []plan.Kind{plan.KindLive, plan.KindPlay}, Classes: []plan.Class{plan.Live, plan.Normal}}
	s.person("phat", grant)
	s.person("tam", grant)
	list, err := s.au.IssueList(plan.RootPlace)
	s.must(err)
	s.must(s.au.Keep(list))
	l = &listener{centre: s.desk.o.Centre}
	s.desk.o.Centre = l
	return s, s.enter("phat"), l
}

// opened is the session of a talk of a minute that was signed, with its key.
func (s *stage) opened(id string) (session string, key ed25519.PrivateKey) {
	s.t.Helper()
	pub, key, err := ed25519.GenerateKey(nil)
	s.must(err)
	s.now = s.now.Add(time.Second)
	page := s.proposed(id, "/desk/live", "place", "26734", "minutes", "1", "chime", "1", "session_key", base64.StdEncoding.EncodeToString(pub))
	p, ok := s.desk.proposed.get(strings.TrimPrefix(page, "/desk/sign/"), s.now)
	if !ok {
		s.t.Fatal("nothing to sign")
	}
	if got := state(s.signs(id, page, s.keys["phat"])); got != "sent" {
		s.t.Fatal(got)
	}
	act := p.is.Doc.(plan.Act)
	if act.ForS != 60+3+5 || act.Item.Chime != talkChime || act.SessionKey != base64.StdEncoding.EncodeToString(pub) {
		s.t.Errorf("%+v", act)
	}
	return act.ID, key
}

// says posts packets as the browser's script does.
func (s *stage) says(id, session string, packets ...[]byte) *httptest.ResponseRecorder {
	var body []byte
	for _, p := range packets {
		body = append(binary.BigEndian.AppendUint16(body, uint16(len(p))), p...)
	}
	return s.ask("POST", "/desk/live/"+session, id, bytes.NewReader(body), "application/octet-stream")
}

func packet(key ed25519.PrivateKey, session string, seq uint32) []byte {
	const long = 40 * time.Millisecond
	return message.SignLive("26734", session, message.LivePacket{Codec: message.LiveOpus, Seq: seq, Offset: time.Duration(seq) * long, Duration: long, Audio: []byte{0xfc, 0, 0}}, key)
}

// What is said goes out once, in its order, by the key of its talk, as long as was signed
// and no faster than it is said.
func TestTalk(t *testing.T) {
	s, phat, l := speaking(t)
	session, key := s.opened(phat)
	if w := s.says(phat, session, packet(key, session, 0), packet(key, session, 1)); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"all":1`) {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w := s.says(phat, session, packet(key, session, 1), packet(key, session, 3)); w.Code != http.StatusOK {
		t.Errorf("once more, and with a gap: %d", w.Code)
	}
	if len(l.heard) != 3 || l.heard[0] != message.LiveTopic("26734", session).String() {
		t.Fatalf("%v went out", l.heard)
	}
	_, other, _ := ed25519.GenerateKey(nil)
	tam, minh := s.enter("tam"), s.enter("minh")
	for name, c := range map[string]struct {
		as   string
		body [][]byte
		want int
	}{
		"another key":         {phat, [][]byte{packet(other, session, 4)}, http.StatusUnprocessableEntity},
		"another session":     {phat, [][]byte{packet(key, "other", 4)}, http.StatusUnprocessableEntity},
		"nothing of a packet": {phat, [][]byte{{}}, http.StatusUnprocessableEntity},
		"too soon":            {phat, [][]byte{packet(key, session, 200)}, http.StatusBadRequest},
		"too late":            {phat, [][]byte{packet(key, session, 1500)}, http.StatusBadRequest},
		"another speaker":     {tam, [][]byte{packet(key, session, 4)}, http.StatusNotFound},
		"nobody who speaks":   {minh, [][]byte{packet(key, session, 4)}, http.StatusForbidden},
	} {
		if w := s.says(c.as, session, c.body...); w.Code != c.want {
			t.Errorf("%s: %d %s, want %d", name, w.Code, w.Body, c.want)
		}
	}
	for _, body := range []string{"\x00", "\xff\xff", "\x00\x05abc"} {
		if w := s.ask("POST", "/desk/live/"+session, phat, strings.NewReader(body), "application/octet-stream"); w.Code != http.StatusBadRequest {
			t.Errorf("%q: %d", body, w.Code)
		}
	}
	if len(l.heard) != 3 {
		t.Errorf("%d went out", len(l.heard))
	}
	s.now = s.now.Add(59 * time.Second)
	if w := s.says(phat, session, packet(key, session, 1499)); w.Code != http.StatusOK {
		t.Errorf("the last second: %d %s", w.Code, w.Body)
	}
	end := message.SignLive("26734", session, message.LivePacket{Codec: message.LiveEnd, Seq: 1500, Offset: time.Minute}, key)
	if w := s.says(phat, session, end); w.Code != http.StatusOK || len(l.heard) != 5 {
		t.Errorf("the end: %d, %d went out", w.Code, len(l.heard))
	}
	if w := s.says(phat, session, packet(key, session, 1501)); w.Code != http.StatusGone {
		t.Errorf("after the end: %d", w.Code)
	}
}

// Nobody speaks before that is signed, nor after its time.
func TestTalkHasItsTime(t *testing.T) {
	s, phat, l := speaking(t)
	if w := s.says(phat, "act-live-1", []byte("x")); w.Code != http.StatusNotFound {
		t.Errorf("before it was signed: %d", w.Code)
	}
	session, key := s.opened(phat)
	s.now = s.now.Add(talkLife + 2*time.Minute)
	phat = s.enter("phat")
	if w := s.says(phat, session, packet(key, session, 0)); w.Code != http.StatusNotFound || len(l.heard) > 0 {
		t.Errorf("after its time: %d", w.Code)
	}
	for name, f := range map[string][]string{
		"too long": {"place", "26734", "minutes", "31", "session_key", s.au.People()["phat"].Key}, "no time": {"place", "26734", "minutes", "0", "session_key", s.au.People()["phat"].Key},
		"no key": {"place", "26734", "minutes", "5"}, "a key that is none": {"place", "26734", "minutes", "5", "session_key", "AAAA"},
	} {
		if w := s.form(phat, "/desk/live", f...); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	for _, place := range []string{"26737", "74", ""} {
		if w := s.form(phat, "/desk/live", "place", place, "minutes", "5", "session_key", s.au.People()["phat"].Key); w.Code != http.StatusForbidden {
			t.Errorf("at %q: %d", place, w.Code)
		}
	}
}

// still tools say that it is quiet now.
type still struct{ tools }

func (still) Ahead(_ plan.Head, _ int, with any) ([]ahead.Line, error) {
	act := with.(plan.Act)
	return []ahead.Line{{Occurrence: plan.Occurrence{ID: schedule.ActID(&act.Head)}, Code: plan.QuietHours, Why: "it is quiet", VI: "giờ yên tĩnh"}}, nil
}

// What policies refuse is not begun.
func TestTalkInQuietHours(t *testing.T) {
	s, phat, _ := speaking(t)
	s.desk.o.Tools = still{}
	w := s.form(phat, "/desk/live", "place", "26734", "minutes", "5", "session_key", s.au.People()["phat"].Key)
	if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "giờ yên tĩnh") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// Whoever signs that something is played now is told that the hour refuses it.
func TestPlayInQuietHours(t *testing.T) {
	s := newStage(t)
	minh := s.enter("minh")
	if got := state(s.signs(minh, s.proposed(minh, s.drafted(minh, "26734", "Họp dân")+"/submit"), s.keys["minh"])); got != "sent" {
		t.Fatal(got)
	}
	id := attribute(s.get(minh, "/desk/library?place=26734").Body.String(), `name="bulletin" value`)
	play := func() string {
		w := s.form(minh, "/desk/now/act", "what", "play", "to", "26734", "at", "26734", "bulletin", id)
		return s.get(minh, w.Header().Get("Location")).Body.String()
	}
	if body := play(); !strings.Contains(body, vi["sign.fine"]) {
		t.Fatalf("when nothing refuses it: %s", body)
	}
	s.desk.o.Tools = still{}
	if body := play(); strings.Contains(body, vi["sign.fine"]) || !strings.Contains(body, "<li>giờ yên tĩnh</li>") {
		t.Errorf("in quiet hours: %s", body)
	}
}

// Who may no longer speak at a place is not heard there, wherever else that person may.
func TestTalkEndsWithItsRole(t *testing.T) {
	s, _, l := speaking(t)
	other := authority.Grant{Person: "phat", Place: "26737", Kinds: []plan.Kind{plan.KindLive}, Classes: []plan.Class{plan.Live}}
	s.must(s.au.AddGrant(other))
	phat := s.enter("phat")
	session, key := s.opened(phat)
	if w := s.says(phat, session, packet(key, session, 0)); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	_, err := s.au.Revoke("phat", "26734")
	s.must(err)
	if w := s.says(phat, session, packet(key, session, 1)); w.Code != http.StatusForbidden || len(l.heard) != 1 {
		t.Errorf("without the role: %d, %d went out", w.Code, len(l.heard))
	}
}

// busy is a centre whose boxes sound another's talk of the same name, and have refused this.
type busy struct {
	centre
	session string
}

func (b busy) Boxes() ([]api.Box, error) {
	return []api.Box{{Box: "box-1", Place: "26734", State: "online", Sounds: vi["live.reason"], Refused: &message.Refused{Kind: plan.KindLive, ID: b.session, Code: plan.Priority}}}, nil
}

func (busy) Talk(message.Topic, []byte) error { return nil }

// Nobody is told that boxes sound what they have refused.
func TestTalkThatIsRefusedIsNotHeard(t *testing.T) {
	s, phat, l := speaking(t)
	session, key := s.opened(phat)
	s.desk.o.Centre = busy{l, session}
	if w := s.says(phat, session, packet(key, session, 0)); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"sounds":0,"all":1,"refused":1,"why":"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
