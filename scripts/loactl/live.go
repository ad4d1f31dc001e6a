package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"golang.org/x/term"

	"loa/agent/message"
	"loa/agent/mqtt"
	"loa/agent/plan"
	"loa/agent/sound"
	"loa/scripts/authority"
	"loa/scripts/livetalk"
)

// An utterance is what somebody wants to say, and how.
type utterance struct {
	place  string
	chime  string // before it; empty: none
	class  string
	title  string
	volume int
	length time.Duration // the longest
	by     signing
}

// live lets a person speak: what is said is recorded and then played, so that no
// microphone hears the horn, or with --direct goes out as it is said.
func (a *app) live(args []string) error {
	fs := a.flags("live")
	s := utterance{}
	fs.StringVar(&s.place, "place", "", "")
	from := fs.String("from", "mic", "")
	direct := fs.Bool("direct", false, "")
	fs.StringVar(&s.chime, "chime", "two-tone", "")
	fs.StringVar(&s.class, "class", "normal", "")
	fs.StringVar(&s.title, "title", "", "")
	fs.IntVar(&s.volume, "volume", 0, "")
	fs.DurationVar(&s.length, "for", 10*time.Minute, "")
	s.by = signing{fs.String("as", "", ""), fs.Duration("wait", 2*time.Second, "")}
	if _, err := a.parse(fs, args, 0, 0); err != nil {
		return err
	}
	switch {
	case s.place == "":
		return &usageError{a.text("live.place")}
	case *s.by.as == "":
		return &usageError{a.text("who-signs")}
	case s.length < time.Second || s.length > talkMost:
		return &usageError{a.text("live.for")}
	}
	if s.chime == "none" {
		s.chime = ""
	} else if _, ok := sound.ChimeLength(s.chime); !ok {
		return &usageError{a.text("play.chime", s.chime)}
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	if err := au.Registered(s.place); err != nil {
		return errors.New(a.text("place.none", s.place))
	}
	m, err := a.openMouth(*from)
	if err != nil {
		return err
	}
	defer m.close()
	if *direct {
		return a.sayLive(au, s, m)
	}
	return a.announce(au, s, m)
}

// sayLive says it as it is said.
func (a *app) sayLive(au *authority.Authority, s utterance, m *mouth) error {
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	before := time.Duration(0)
	act := plan.Act{
		Head: plan.Head{Kind: plan.KindLive, Place: s.place}, Until: a.now().Add(liveLife).UTC().Truncate(time.Second),
		SessionKey: base64.StdEncoding.EncodeToString(pub), VolumePercent: s.volume, Reason: s.title,
	}
	if s.chime != "" {
		act.Item = &plan.Item{Chime: s.chime}
		before, _ = sound.ChimeLength(s.chime)
	}
	act.ForS = talkFor(s.length, before)
	is, err := au.Act(act, names(*s.by.as)...)
	if err != nil {
		return err
	}
	if err := a.accept(au, is); err != nil {
		return err
	}
	r, err := newReceipts(au, is)
	if err != nil {
		return err
	}
	// Whoever interrupts ends the talk, and boxes have to hear of that.
	out := *a
	out.ctx = context.WithoutCancel(a.ctx)
	l, err := out.connect(au, []string{message.Prefix + "d/+/" + message.LeafAck}, r.receive)
	if err != nil {
		return a.unsent(a.text("act.unsent"), err)
	}
	defer l.stop()
	if err := l.send(wire(is)); err != nil {
		return a.unsent(a.text("act.unsent"), err)
	}
	sent := time.Now()
	select {
	case <-r.full:
	case <-time.After(*s.by.wait):
	case <-a.ctx.Done():
	}
	answers := r.list(a)
	id := head(is.Doc).ID
	if !a.json {
		fmt.Fprintln(a.out, a.text("act.sent", id, a.whom(au, is.Topic)))
		a.tally(a.out, answers)
	}
	var said time.Duration
	took := slices.ContainsFunc(answers, receipt.took)
	if took {
		if said, err = a.talkUntil(l, r, m, s, id, key, sent.Add(before)); err != nil {
			return err
		}
	}
	result := map[string]any{"id": id, "topic": is.Topic.String(), "kind": act.Kind, "sha256": is.SHA256, "boxes": answers, "said_s": said.Seconds()}
	if err := a.show(result, func(w io.Writer) {
		if took {
			fmt.Fprintln(w, a.text("live.said", said.Round(100*time.Millisecond)))
			fmt.Fprintln(w, a.text("receipt.heard"))
		}
	}); err != nil {
		return err
	}
	if !took {
		return errNobody
	}
	return nil
}

// talkMost is the longest talk.
const talkMost = 6 * time.Hour

// talkFor is how many seconds a talk of so long is signed for: a box counts from when it
// was told, with the chime and with what who speaks is behind it.
func talkFor(length, chime time.Duration) int {
	return int(min(length+chime+liveSpare, talkMost) / time.Second)
}

const liveSpare = 5 * time.Second

// liveLife is how long talk may still begin: a box that is told of it later joins
// nothing, and what was recorded on the way cannot be played to it.
const liveLife = 30 * time.Second

// talkUntil sends what is said from a time on until there is no more, somebody ends it,
// or no box listens any longer.
func (a *app) talkUntil(l *link, r *receipts, m *mouth, s utterance, id string, key ed25519.PrivateKey, from time.Time) (said time.Duration, err error) {
	p, err := livetalk.NewPacker(s.place, id, key)
	if err != nil {
		return 0, err
	}
	if !a.pause(time.Until(from)) {
		return 0, a.ctx.Err()
	}
	a.note("live.speak")
	topic := message.LiveTopic(s.place, id).String()
	meter := a.newMeter()
	defer meter.end()
	pcm := make([]int16, livetalk.Samples)
	m.begin(a.ctx)
	begin := time.Now()
	for p.Offset()+livetalk.Frame <= s.length {
		n, err := m.read(pcm)
		if n == 0 || err != nil {
			if !errors.Is(err, io.EOF) && a.ctx.Err() == nil {
				l.Publish(topic, p.End(), false)
				return p.Offset(), err
			}
			break
		}
		clear(pcm[n:])
		raw, err := p.Pack(pcm)
		if err != nil {
			return p.Offset(), err
		}
		// A file is read faster than it is said, and a pipe may be.
		if !a.pause(time.Until(begin.Add(p.Offset()))) {
			break
		}
		l.Publish(topic, raw, false)
		meter.show(pcm, p.Offset())
		if r.over() {
			meter.end()
			a.note("live.over")
			break
		}
	}
	time.Sleep(50 * time.Millisecond) // what is said goes out before its end does
	ctx, cancel := context.WithTimeout(context.WithoutCancel(a.ctx), time.Second)
	defer cancel()
	return p.Offset(), l.Send(ctx, mqtt.Message{Topic: topic, Payload: p.End()})
}

// pause waits, unless somebody interrupts.
func (a *app) pause(d time.Duration) bool {
	if d <= 0 {
		return a.ctx.Err() == nil
	}
	select {
	case <-time.After(d):
		return true
	case <-a.ctx.Done():
		return false
	}
}

// A meter shows a person how loud it is and how long, where there is a terminal.
type meter struct {
	w     io.Writer // nil: nobody looks
	peak  int16
	shown time.Time
}

func (a *app) newMeter() *meter {
	if tty, ok := a.err.(*os.File); ok && !a.json && term.IsTerminal(int(tty.Fd())) {
		return &meter{w: tty}
	}
	return &meter{}
}

func (m *meter) show(pcm []int16, at time.Duration) {
	for _, v := range pcm {
		m.peak = max(m.peak, v, -max(v, -32767))
	}
	if m.w == nil || time.Since(m.shown) < 200*time.Millisecond {
		return
	}
	db := sound.Decibels(float64(m.peak) / 32768)
	bar := max(0, min(30, int(30+db/2)))
	fmt.Fprintf(m.w, "\r%s %4.0f dBFS  %d:%02d ", string(append(bytes.Repeat([]byte("#"), bar), bytes.Repeat([]byte("."), 30-bar)...)), max(-99, db), int(at.Minutes()), int(at.Seconds())%60)
	m.peak, m.shown = 0, time.Now()
}

func (m *meter) end() {
	if m.w != nil && !m.shown.IsZero() {
		fmt.Fprintln(m.w)
	}
	m.w = nil
}

// enter ends when a person has pressed Enter, or there is nobody to press it.
func (a *app) enter() <-chan struct{} {
	pressed := make(chan struct{})
	go func() { // ends with the line, or with the program
		defer close(pressed)
		_, _ = bufio.NewReader(a.in).ReadString('\n')
	}()
	return pressed
}
