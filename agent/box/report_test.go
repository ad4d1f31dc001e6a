package box

import (
	"fmt"
	"testing"
	"time"

	"loa/agent/plan"
)

func TestHandInIsPatient(t *testing.T) {
	now := time.Unix(0, 0)
	var h handIn
	sendings := 0
	for range 24 * 3600 { // asked every second of a day without a centre
		if h.due(1, 1, now) {
			sendings++
		}
		now = now.Add(time.Second)
	}
	if sendings < 24 || sendings > 34 {
		t.Errorf("%d sendings in a day that nobody acknowledged, want about one an hour", sendings)
	}
	if !h.due(200, 1, now) {
		t.Error("what follows on an acknowledgement waits")
	}
	if !h.due(200, 2, now) {
		t.Error("a new connection waits")
	}
	if h.due(200, 2, now.Add(time.Second)) {
		t.Error("sent again after a second")
	}
	if !h.due(200, 2, now.Add(ledgerEvery)) {
		t.Errorf("not sent again after %v", ledgerEvery)
	}
}

func TestFilesOfABulletin(t *testing.T) {
	b := &plan.Bulletin{
		Audio: []plan.Audio{{SHA256: "a"}, {SHA256: "b"}},
		Pages: []plan.Page{{Image: "p"}, {Text: "words"}, {Image: "q"}, {Image: "p"}},
	}
	for _, c := range []struct {
		speaker, board bool
		want           string
	}{{true, true, "[a b p q]"}, {true, false, "[a b]"}, {false, true, "[p q]"}} {
		if got := fmt.Sprint(filesOf(b, c.speaker, c.board)); got != c.want {
			t.Errorf("speaker %v, board %v: %s, want %s", c.speaker, c.board, got, c.want)
		}
	}
	b.Withdrawn = true
	if got := filesOf(b, true, true); got != nil {
		t.Errorf("withdrawn: %v", got)
	}
}
