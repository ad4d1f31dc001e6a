package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"strings"
	"testing"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/broker"
)

// TestLyingBroker lets whole boxes live with a broker that was wiped, then rolled back,
// and then says what nobody signed: nothing of it is heard. What each single lie comes
// to is in agent/station (TestAttacks) and agent/mqtt (TestHostileBrokerIsLeft).
func TestLyingBroker(t *testing.T) {
	s := &stage{dir: ram(t), have: map[string]message.Have{}}
	const boxes = 3
	var err error
	s.Province, err = found(s.dir, boxes)
	check(t, err)
	conf, err := s.ServerTLS()
	check(t, err)
	b, err := broker.Start(context.Background(), broker.Opts{TLS: conf, Senders: []string{tool, dispatcher}})
	check(t, err)
	defer func() { b.Close() }()
	s.url = b.URL()
	s.open(t, boxes)
	s.boxesRun(t, 0, boxes)

	// An order that was played and an alarm that was given and cleared, as a broker
	// could have recorded them.
	play := plan.Act{Item: &plan.Item{Chime: "two-tone"}, Class: plan.Normal, Until: time.Now().Add(10 * time.Minute).UTC().Truncate(time.Second)}
	play.Kind, play.Place = plan.KindPlay, province
	order, err := s.Act(play, signers...)
	check(t, err)
	alarm, clear := s.alarmOf(t, "lu"), s.alarmOf(t, "")
	for _, is := range []authority.Issued{order, alarm} {
		began := time.Now()
		check(t, s.issue(t.Context(), is))
		until(t, "everyone sounds", 15*time.Second, func() bool { return s.sounded(began) == boxes })
		if is.Topic.Leaf == message.LeafAct {
			until(t, "everyone is silent", 15*time.Second, func() bool { return s.sounding() == 0 })
		}
	}
	check(t, s.issue(t.Context(), clear))
	until(t, "everyone is silent", 15*time.Second, func() bool { return s.sounding() == 0 })
	quiet := time.Now()
	before := inUse()

	// Wiped: the same address, and nothing there. Then what was before comes back, and
	// lies with it.
	addr := b.Addr()
	b.Close()
	b, err = broker.Start(context.Background(), broker.Opts{Listen: addr, TLS: conf, Senders: []string{tool, dispatcher}})
	check(t, err)
	until(t, "everyone is back", time.Minute, func() bool { return b.Clients() >= boxes+1 })
	for topic, payload := range s.lies(t, order, alarm) {
		for range 3 {
			check(t, b.Publish(topic, payload, !strings.HasSuffix(topic, "act") && !strings.HasSuffix(topic, "cmd")))
		}
	}
	time.Sleep(4 * time.Second) // in which something could be heard
	if n := s.sounded(quiet); n != 0 {
		t.Errorf("%d of %d boxes sounded at what nobody said", n, boxes)
	}
	if grown := (inUse() - before) / boxes; grown > 1<<20 {
		t.Errorf("each box grew by %.0f KiB", grown/1024)
	} else {
		t.Logf("each box grew by %.0f KiB", grown/1024)
	}
	// They live: what is true is heard. That none has ended, Stop says.
	again := s.alarmOf(t, "that")
	check(t, s.issue(t.Context(), again))
	until(t, "everyone hears the truth", 20*time.Second, func() bool { return s.sounded(quiet) == boxes })
}

// lies are what a broker may say, by topic.
func (s *stage) lies(t *testing.T, order, alarm authority.Issued) map[string][]byte {
	t.Helper()
	_, villain, err := ed25519.GenerateKey(nil)
	check(t, err)
	e, err := message.Open(order.Raw)
	check(t, err)
	p := message.Prefix
	return map[string][]byte{
		order.Topic.String():                          order.Raw,                                                // replayed
		alarm.Topic.String():                          alarm.Raw,                                                // rolled back
		p + "p/" + commune(0) + "/act":                order.Raw,                                                // moved
		p + "d/" + name(0) + "/cmd":                   order.Raw,                                                // moved
		p + "p/" + commune(0) + "/alert/" + province:  alarm.Raw,                                                // moved
		p + "p/" + province + "/alert/forged":         message.Sign(e.PayloadType, e.Payload, villain).Encode(), // forged
		p + "p/" + province + "/doc/bulletin/flipped": bytes.Replace(order.Raw, []byte("A"), []byte("B"), 1),
		p + "d/" + name(1) + "/want":                  s.handed[name(0)].want.Raw, // another's
		p + "trust/root":                              bytes.Repeat([]byte("x"), 60<<10),
		p + "p/" + province + "/beat":                 bytes.Repeat([]byte("{"), 60<<10),
		p + "trust/root/2":                            {},
	}
}

// alarmOf is the province's set with one alert, or with none.
func (s *stage) alarmOf(t *testing.T, id string) authority.Issued {
	t.Helper()
	set := plan.AlertSet{Office: province, Alerts: []plan.Alert{}}
	set.Place = province
	if id != "" {
		set.Alerts = append(set.Alerts, plan.Alert{
			ID: id, Event: "lũ quét " + id, Headline: "Lũ quét", Urgency: "immediate", Severity: "extreme", Certainty: "observed",
			Until: time.Now().Add(time.Hour).UTC().Truncate(time.Second),
		})
	}
	is, err := s.Sign(&set, signers...)
	check(t, err)
	return is
}

// sounded is how many boxes were heard since.
func (s *stage) sounded(since time.Time) (n int) {
	for _, b := range s.fleet.Boxes {
		if last, ok := b.Last(); ok && !last.From.Before(since) {
			n++
		}
	}
	return n
}

// sounding is how many have been heard in the last second.
func (s *stage) sounding() (n int) {
	for _, b := range s.fleet.Boxes {
		if last, ok := b.Last(); ok && time.Since(last.To) < pause {
			n++
		}
	}
	return n
}

// A queue of a session that is full at the broker throws the newest away: what is
// retained is heard all the same.
func TestAlarmBehindAFullQueue(t *testing.T) {
	s := newStage(t, 2, "max_queued_messages 20000", "max_queued_messages 30")
	s.boxesRun(t, 0, 2)
	check(t, s.fleet.Stop()) // the sessions stay
	for range 100 {
		act := plan.Act{Item: &plan.Item{Chime: "two-tone"}, Class: plan.Normal, Until: time.Now().Add(time.Second).UTC()}
		act.Kind, act.Place = plan.KindPlay, province
		is, err := s.Act(act, signers...)
		check(t, err)
		s.give(is)
	}
	check(t, s.issue(t.Context(), s.alarmOf(t, "lu")))
	time.Sleep(time.Second) // the orders are over
	s.settled, s.have = 0, map[string]message.Have{}
	began := time.Now()
	s.boxesRun(t, 0, 2)
	until(t, "both give the alarm", 20*time.Second, func() bool { return s.sounded(began) == 2 })
}
