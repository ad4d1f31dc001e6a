package dispatch

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"slices"
	"testing"
	"time"

	"loa/agent/message"
	"loa/agent/mqtt"
	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/broker"
)

// bulletinBy is one of a place, signed by people of the authority or with keys.
func bulletinBy(t *testing.T, id string, issued time.Time, keys ...ed25519.PrivateKey) []byte {
	t.Helper()
	b := plan.Bulletin{Class: plan.Normal, Origin: plan.Own, Lang: "vi", Title: "Họp", Text: "Họp tổ dân phố"}
	b.Head = plan.Head{Format: 1, Kind: plan.KindBulletin, Place: "74", ID: id, Issued: issued.Truncate(time.Millisecond)}
	b.ValidUntil = issued.Add(time.Hour).Truncate(time.Second)
	raw, err := message.Seal(b, keys...)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// A broker that was wiped, rolled back to last week, or written to by others, has
// everything right again within seconds of the connection.
func TestReconcile(t *testing.T) {
	a := sample(t)
	old, ok := a.Find(message.DeviceTopic("box-1", message.LeafWant))
	if !ok {
		t.Fatal("no want")
	}
	for _, p := range []string{"lan", "minh"} {
		if err := a.AddGrant(authority.Grant{Person: p, Place: "74", Kinds: []plan.Kind{plan.KindBulletin}, Classes: []plan.Class{plan.Normal}}); err != nil {
			t.Fatal(err)
		}
	}
	oldList, _ := a.Find(message.ListTopic(plan.RootPlace))
	keep := func(is authority.Issued, err error) authority.Issued {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Keep(is); err != nil {
			t.Fatal(err)
		}
		return is
	}
	list := keep(a.IssueList(plan.RootPlace))
	want := keep(a.Want("box-1", nil, "lan", "minh"))
	doc := &plan.Bulletin{Class: plan.Normal, Origin: plan.Own, Lang: "vi", Title: "Họp", Text: "Họp tổ dân phố"}
	doc.Place, doc.ID, doc.ValidUntil = "74", "b1", time.Now().Add(time.Hour)
	bulletin := keep(a.Sign(doc, "lan"))
	elsewhere := func(id string) authority.Issued { // signed by lan, and not kept here
		t.Helper()
		doc := *doc
		doc.ID = id
		is, err := a.Sign(&doc, "lan")
		if err != nil {
			t.Fatal(err)
		}
		return is
	}
	b2 := doc
	b2.ID = "b2"
	keep(a.Sign(b2, "lan"))
	newer := elsewhere("b2")

	b, err := broker.Start(t.Context(), broker.Opts{Senders: []string{"dispatcher"}})
	if err != nil {
		t.Fatal(err)
	}
	addr := b.Addr()
	d := New(Opts{Authority: a, Online: "dispatcher", Every: time.Minute})
	c, err := mqtt.New(mqtt.Opts{Device: "dispatcher", Brokers: []string{b.URL()}, Fresh: true, Subscriptions: d.Filters, Receive: d.Receive,
		Window: func() time.Duration { return 100 * time.Millisecond }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{}, 2)
	go func() { c.Run(ctx); done <- struct{}{} }()
	go func() { d.Run(ctx, c); done <- struct{}{} }()
	defer func() { cancel(); <-done; <-done; b.Close() }()
	right := func(when string) {
		t.Helper()
		for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			wrong := ""
			for _, is := range []authority.Issued{list, want, bulletin} {
				if !bytes.Equal(b.Retained(is.Topic.String()), is.Raw) {
					wrong = is.Topic.String()
				}
			}
			if wrong == "" {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: %s is not right", when, wrong)
			}
		}
	}
	right("at first")

	b.Close() // in memory: it has forgotten everything
	if b, err = broker.Start(t.Context(), broker.Opts{Listen: addr, Senders: []string{"dispatcher"}}); err != nil {
		t.Fatal(err)
	}
	right("wiped")

	// Rolled back to last week; somebody's document; a forgery from the future in place
	// of ours, and of ours a newer version that boxes take.
	_, thief, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	stranger := "loa/v1/p/74/doc/bulletin/la"
	for topic, raw := range map[string][]byte{
		want.Topic.String(): old.Raw, list.Topic.String(): oldList.Raw,
		bulletin.Topic.String(): bulletinBy(t, "b1", time.Now().Add(time.Minute), thief),
		stranger:                bulletinBy(t, "la", time.Now(), thief),
		newer.Topic.String():    newer.Raw,
	} {
		if err := b.Publish(topic, raw, true); err != nil {
			t.Fatal(err)
		}
	}
	right("rolled back")
	foreign := func(want ...string) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			got := d.Foreign()
			if slices.Equal(got, want) {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("foreign is %v, want %v", got, want)
			}
		}
	}
	foreign(newer.Topic.String(), stranger)
	// Its topic is emptied. What the check of a broker leaves for a moment is nobody's.
	for topic, raw := range map[string][]byte{stranger: nil, "loa/v1/p/loa-check/doc/bulletin/la": bulletinBy(t, "la", time.Now(), thief)} {
		if err := b.Publish(topic, raw, true); err != nil {
			t.Fatal(err)
		}
	}
	foreign(newer.Topic.String())
	if !bytes.Equal(b.Retained(newer.Topic.String()), newer.Raw) {
		t.Error("a newer version of another sender was taken back")
	}
}
