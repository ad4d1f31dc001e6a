package main

import (
	"cmp"
	"crypto/ed25519"
	"fmt"
	"io"
	"sync"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority"
)

// receipts are what boxes answer to one document. Only what a box signed counts.
type receipts struct {
	sha256 string
	act    plan.Key                     // of an act: what it asked for is told by its name
	keys   map[string]ed25519.PublicKey // of the boxes that it reaches

	mu   sync.Mutex
	of   map[string]message.Ack // the latest of each box
	full chan struct{}          // closed when every box has answered for good
}

func newReceipts(au *authority.Authority, is authority.Issued) (*receipts, error) {
	r := &receipts{sha256: is.SHA256, keys: make(map[string]ed25519.PublicKey), of: make(map[string]message.Ack), full: make(chan struct{})}
	if act, ok := is.Doc.(plan.Act); ok {
		r.act = act.Key()
	}
	for name, b := range au.Boxes() {
		if name != is.Topic.Device && (is.Topic.Dir != message.DirPlace || !au.Reaches(is.Topic.Place, b)) {
			continue
		}
		key, err := plan.ParseKey(b.Key)
		if err != nil {
			return nil, err
		}
		r.keys[name] = key
	}
	if len(r.keys) == 0 {
		close(r.full)
	}
	return r, nil
}

func (r *receipts) receive(topic string, payload []byte) {
	t, err := message.ParseTopic(topic)
	if err != nil {
		return
	}
	key, ok := r.keys[t.Device]
	if !ok {
		return
	}
	ack, err := message.OpenReport[message.Ack](message.ReportAck, payload, key)
	of := plan.Key{Place: ack.Place, Kind: ack.Kind, ID: ack.ID}
	if err != nil || ack.Device != t.Device || ack.SHA256 != r.sha256 && (ack.SHA256 != "" || r.act.ID == "" || of != r.act) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, answered := r.of[t.Device]; answered && (ack.State == "received" || ack.Code == plan.Replay) {
		return // the order came again, and then this did, after what became of it
	}
	was := r.answered()
	r.of[t.Device] = ack
	if !was && r.answered() {
		close(r.full)
	}
}

// answered reports whether every box has said what there is to say at once. What
// should sound now may be refused after it was received, by a mute or the hour; where
// its recording is missing it may begin yet.
func (r *receipts) answered() bool {
	for name := range r.keys {
		ack, ok := r.of[name]
		waits := ack.State == "received" || ack.Code == plan.MediaMissing
		if !ok || waits && (r.act.Kind == plan.KindPlay || r.act.Kind == plan.KindLive || r.act.Kind == plan.KindDrill) {
			return false
		}
	}
	return true
}

// over reports whether every box that began it has ended it.
func (r *receipts) over() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, ack := range r.of {
		if ack.State != "finished" && ack.State != "refused" && ack.State != "expired" {
			return false
		}
	}
	return len(r.of) > 0
}

// A receipt is one box's answer, or its silence.
type receipt struct {
	Box   string    `json:"box"`
	State string    `json:"state"` // received, started, …, refused; silent
	Code  plan.Code `json:"code,omitempty"`
	Why   string    `json:"why,omitempty"`
}

// took reports whether the box took what it was sent. One that lacks a letter shows the
// rest, with a box in its place.
func (r receipt) took() bool {
	return r.State != "silent" && (r.State != "refused" || r.Code == plan.GlyphMissing)
}

func (r *receipts) list(a *app) []receipt {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := []receipt{}
	for _, name := range sortedKeys(r.keys) {
		ack, ok := r.of[name]
		if !ok {
			all = append(all, receipt{Box: name, State: "silent"})
			continue
		}
		why := ack.Why
		if a.lang == "vi" {
			why = cmp.Or(ack.VI, a.codeWord(ack.Code))
		}
		all = append(all, receipt{Box: name, State: printable(ack.State), Code: plan.Code(printable(string(ack.Code))), Why: printable(why)})
	}
	return all
}

// deliver sends a document, after those that go before it, and waits a while for the
// boxes to answer.
func (a *app) deliver(au *authority.Authority, is authority.Issued, wait time.Duration, before ...authority.Issued) ([]receipt, error) {
	answers, err := a.deliverAll(au, append(before, is), wait)
	if err != nil {
		return nil, err
	}
	return answers[len(answers)-1], nil
}

// deliverAll sends documents one right after the other, and waits once for the answers
// to all of them.
func (a *app) deliverAll(au *authority.Authority, all []authority.Issued, wait time.Duration) ([][]receipt, error) {
	if len(all) == 0 {
		return nil, nil
	}
	var rs []*receipts
	for _, is := range all {
		r, err := newReceipts(au, is)
		if err != nil {
			return nil, err
		}
		rs = append(rs, r)
	}
	l, err := a.connect(au, []string{message.Prefix + "d/+/" + message.LeafAck}, func(topic string, payload []byte) {
		for _, r := range rs {
			r.receive(topic, payload)
		}
	})
	if err != nil {
		return nil, err
	}
	defer l.stop()
	for _, is := range all {
		if err := l.send(wire(is)); err != nil {
			return nil, err
		}
	}
	enough := time.After(wait)
	var answers [][]receipt
	for _, r := range rs {
		select {
		case <-r.full:
		case <-enough:
			enough = closed
		case <-a.ctx.Done():
		}
		answers = append(answers, r.list(a))
	}
	return answers, nil
}

// closed is a time that has come.
var closed = func() <-chan time.Time { c := make(chan time.Time); close(c); return c }()

// tally writes receipts in a sentence, and each refusal and silence on a line.
func (a *app) tally(w io.Writer, all []receipt) {
	good := 0
	for _, r := range all {
		if r.took() {
			good++
		}
	}
	fmt.Fprintln(w, a.text("receipt.count", good, len(all)))
	for _, r := range all {
		switch {
		case r.State == "refused" && r.took():
			fmt.Fprintln(w, a.text("receipt.partly", r.Box, string(r.Code), r.Why))
		case r.State == "refused":
			fmt.Fprintln(w, a.text("receipt.refused", r.Box, string(r.Code), r.Why))
		case r.State == "silent":
			fmt.Fprintln(w, a.text("receipt.silent", r.Box))
		}
	}
}
