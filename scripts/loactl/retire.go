package main

import (
	"sync"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority"
)

// enrolRetire takes a box out of service: two sign that it has no place, upon which it
// wipes its documents and its key, and says so; then its certificate is revoked. A box
// that is off does it when it comes back. Said again, it goes on from there.
func (a *app) enrolRetire(args []string) error {
	fs := a.flags("enrol retire")
	as := fs.String("as", "", "")
	wait := fs.Duration("wait", 20*time.Second, "")
	rest, err := a.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	device := rest[0]
	au, err := a.open()
	if err != nil {
		return err
	}
	w, err := au.LastWant(device)
	if err != nil {
		return err
	}
	if w.OwnPlace != "" {
		if *as == "" {
			return &usageError{a.text("who-signs")}
		}
		w.OwnPlace, w.Groups = "", nil
		is, err := au.Sign(&w, names(*as)...)
		if err != nil {
			return err
		}
		if err := a.accept(au, is); err != nil {
			return err
		}
	}
	said := map[string]any{"box": device, "pending": a.waits(au, device)}
	if said["pending"] == true {
		return a.say(said, "enrol.retire-signed", device)
	}
	gone, err := a.awaitRetired(au, device, *wait)
	if err != nil {
		return err
	}
	if !gone {
		if err := a.say(said, "enrol.retire-silent", device); err != nil {
			return err
		}
		return errNobody
	}
	listed, err := au.RevokeBox(device, a.text("enrol.retired-why"))
	if err != nil {
		return err
	}
	if !listed {
		a.note("box.unlisted", device)
	}
	said["revoked"] = true
	return a.say(said, "enrol.retired", device, au.RevocationFile())
}

// awaitRetired sends a box its want and reports whether it says that it has gone.
func (a *app) awaitRetired(au *authority.Authority, device string, wait time.Duration) (bool, error) {
	all, err := au.Issued()
	if err != nil {
		return false, err
	}
	gone, once := make(chan struct{}), sync.Once{}
	state := message.DeviceTopic(device, message.LeafState).String()
	l, err := a.connect(au, []string{state}, func(topic string, raw []byte) {
		if s, err := message.DecodeReport[message.State](raw); err == nil && topic == state && s.State == "retired" {
			once.Do(func() { close(gone) })
		}
	})
	if err != nil {
		return false, err
	}
	defer l.stop()
	for _, is := range all {
		if is.Topic.Kind == plan.KindWant && is.Topic.Device == device {
			if err := l.send(wire(is)); err != nil {
				return false, err
			}
		}
	}
	select {
	case <-gone:
		return true, nil
	case <-time.After(wait):
	case <-a.ctx.Done():
	}
	return false, a.ctx.Err()
}
