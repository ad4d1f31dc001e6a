package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority"
)

// A talk is a conversation with the console of one box, over one connection.
type talk struct {
	*link
	au     *authority.Authority
	device string
	lang   string
	wait   time.Duration // for one answer

	now     sync.Mutex // guards answers
	answers *answers   // those that are awaited
}

// talk connects to whoever brings a box's answers. Stop it.
func (a *app) talk(device string, wait time.Duration) (*talk, error) {
	au, err := a.open()
	if err != nil {
		return nil, err
	}
	if _, ok := au.Boxes()[device]; !ok {
		return nil, a.notThere(au, device, a.text("box.none", device))
	}
	t := &talk{au: au, device: device, lang: a.lang, wait: wait}
	t.link, err = a.connect(au, []string{message.DeviceTopic(device, message.LeafAnswer).String()}, t.receive)
	return t, err
}

func (t *talk) receive(topic string, payload []byte) {
	t.now.Lock()
	defer t.now.Unlock()
	if t.answers != nil {
		t.answers.receive(topic, payload)
	}
}

// ask puts one line to the console, and waits for the whole answer.
func (t *talk) ask(command string) (text string, code int, err error) {
	act := plan.Act{Command: "--lang " + t.lang + " " + command}
	act.Kind, act.Device = plan.KindAsk, t.device
	is, err := t.au.Act(act, dispatcherName)
	if err != nil {
		return "", 0, err
	}
	if v, err := t.au.Judge(is); err != nil {
		return "", 0, err
	} else if v.Code != plan.Accepted {
		return "", 0, errors.New(t.a.refusal(t.au, is, v))
	}
	answers := newAnswers(is.Doc.(plan.Act).ID)
	t.now.Lock()
	t.answers = answers
	t.now.Unlock()
	if err := t.send(wire(is)); err != nil {
		return "", 0, err
	}
	ctx, cancel := context.WithTimeout(t.a.ctx, t.wait)
	defer cancel()
	select {
	case <-answers.whole:
	case <-ctx.Done():
		if t.a.ctx.Err() != nil {
			return "", 0, t.a.ctx.Err()
		}
		return "", 0, errors.New(t.a.text("ask.silent", t.device, t.wait))
	}
	text, code = answers.text()
	return text, code, nil
}
