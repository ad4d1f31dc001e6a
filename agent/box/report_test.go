package box

import (
	"testing"
	"time"
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
