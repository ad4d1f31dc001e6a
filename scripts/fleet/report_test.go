package main

import (
	"testing"
	"time"

	"loa/agent/message"
)

// TestOneReportOfAnAlarm: a box that begins to sound says so once, and not also a
// moment before that it has a new document; each is half a kilobyte of a SIM card.
func TestOneReportOfAnAlarm(t *testing.T) {
	s := newStage(t, 1)
	s.boxesRun(t, 0, 1)
	time.Sleep(4 * time.Second) // the reports of the start
	s.sender.stop()             // its name is the watcher's
	haves := make(chan message.Have, 10)
	watch, err := newSender(t.Context(), s.Province, s.url, func(_ string, payload []byte) {
		h, err := message.OpenReport[message.Have](message.ReportHave, payload, s.key(name(0)))
		if err != nil {
			t.Error(err)
		}
		haves <- h
	}, "loa/v1/d/"+name(0)+"/have")
	check(t, err)
	defer watch.stop()
	<-haves // what the broker keeps
	check(t, watch.issue(t.Context(), s.alarmOf(t, "it")))
	if h := <-haves; h.Sounds == nil {
		t.Error("a report of the alarm that does not say that it sounds")
	}
	select {
	case h := <-haves:
		t.Errorf("another report: %+v", h)
	case <-time.After(3 * time.Second):
	}
}
