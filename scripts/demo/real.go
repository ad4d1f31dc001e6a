package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"loa/agent/message"
	"loa/agent/mqtt"
	"loa/agent/plan"
	"loa/scripts/authority"
)

// What follows is for a real authority and its broker: the sample leaves nothing
// on either.

// open uses a copy of a real authority: the sample is nobody's but this
// program's, so that the books never hear of it. Its passphrases come from
// LOA_PASSPHRASE_FILE.
func (s *stage) open(o options) error {
	if _, err := authority.Open(o.authority, authority.Opts{}); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "loa-demo-") // for its owner alone: keys lie in it
	if err != nil {
		return err
	}
	s.stops = append(s.stops, func() { os.RemoveAll(dir) })
	if err := copyAuthority(dir, o.authority); err != nil {
		return fmt.Errorf("cannot copy %s: %w", o.authority, err)
	}
	au, err := authority.Open(dir, authority.Opts{Secret: func(person string) ([]byte, error) {
		file := os.Getenv("LOA_PASSPHRASE_FILE")
		if file == "" {
			return nil, fmt.Errorf("the passphrase of %s: set LOA_PASSPHRASE_FILE", person)
		}
		data, err := os.ReadFile(file)
		return passphrase(string(data), person), err
	}})
	if err != nil {
		return err
	}
	s.au = au
	if s.place = quietPlace(au); s.place == "" {
		return fmt.Errorf("every place in %s has boxes, and all of them would play the sample: add a place to try things at, such as "+
			"loactl place add thu --name \"Thử\" --parent CODE --as ROOT,ROOT,ROOT", o.authority)
	}
	s.signers = strings.Split(o.as, ",")
	if o.as == "" {
		s.signers = speakers(au)
	}
	return au.SetAddresses([]string{o.broker}, au.Media())
}

// copyAuthority copies what signing takes, and neither recordings nor ledgers.
func copyAuthority(to, from string) error {
	return fs.WalkDir(os.DirFS(from), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == "media" || name == "ledger" || name == "boxes":
			return fs.SkipDir
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, name), 0o700)
		case !d.Type().IsRegular() || strings.HasPrefix(d.Name(), ".new-"): // half a file
			return nil
		}
		data, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), data, 0o600)
	})
}

// passphrase finds a person's line "name: passphrase" as loactl does; without one
// the whole first line is everybody's.
func passphrase(file, person string) []byte {
	lines := strings.Split(strings.ReplaceAll(file, "\r\n", "\n"), "\n")
	for _, line := range lines {
		if p, ok := strings.CutPrefix(line, person+": "); ok {
			return []byte(p)
		}
	}
	return []byte(lines[0])
}

// quietPlace is the narrowest place with nothing below it where no box stands but
// those of earlier runs: nobody in the street shall hear a sample.
func quietPlace(au *authority.Authority) string {
	places, taken := au.Places(), make(map[string]bool)
	for _, p := range places {
		taken[p.Parent] = true
	}
	for name, b := range au.Boxes() {
		taken[b.Place] = taken[b.Place] || !strings.HasPrefix(name, samplePrefix)
		for _, g := range b.Groups {
			taken[g] = true
		}
	}
	for _, code := range slices.Sorted(maps.Keys(places)) {
		if !taken[code] && places[code].Width == 0 {
			return code
		}
	}
	return ""
}

// speakers are two people of an authority who may assign boxes and speak.
func speakers(au *authority.Authority) []string {
	has := make(map[string]map[plan.Kind]bool)
	var all []string
	for _, g := range au.Grants() {
		if has[g.Person] == nil {
			has[g.Person] = make(map[plan.Kind]bool)
		}
		for _, k := range g.Kinds {
			has[g.Person][k] = true
		}
		if k := has[g.Person]; k[plan.GrantAssign] && k[plan.KindSchedule] && len(all) < 2 && (len(all) == 0 || all[0] != g.Person) {
			all = append(all, g.Person)
		}
	}
	return all
}

// A look is what is known of a broker before it is used.
type look struct {
	list chan []byte // the root's list

	mu  sync.Mutex
	why error // there is no connection
}

func (l *look) receive(_ string, payload []byte) {
	select {
	case l.list <- payload:
	default:
	}
}

func (l *look) report(_ string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.why = err
}

// How long a broker may take to answer, and then to hand out what it keeps.
const (
	brokerPatience = 10 * time.Second
	listPatience   = 2 * time.Second
)

// check makes sure that a broker is there and that its boxes know this
// authority: they would refuse the sample otherwise.
func (l *look) check(ctx context.Context, au *authority.Authority, connected func() bool) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	giveUp := time.Now().Add(brokerPatience)
	for here := false; time.Now().Before(giveUp); {
		select {
		case got := <-l.list:
			if is, ok := au.Find(message.ListTopic(plan.RootPlace)); !ok || !bytes.Equal(got, is.Raw) {
				return errors.New("the broker has another list of who may speak than this authority: run loactl send first")
			}
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if !here && connected() {
			here, giveUp = true, time.Now().Add(listPatience)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !connected() {
		return fmt.Errorf("no broker in %v: %w", brokerPatience, cmp.Or(l.why, errors.New("it does not answer")))
	}
	return errors.New("the broker does not know this authority yet: run loactl send first")
}

// publish sends what was issued, and on a real broker remembers it.
func (s *stage) publish(ctx context.Context, all ...authority.Issued) error {
	for _, is := range all {
		if !s.own {
			s.sent = append(s.sent, is.Topic)
		}
		if err := s.sender.Send(ctx, mqtt.Message{Topic: is.Topic.String(), Payload: is.Raw, Retain: true}); err != nil {
			return fmt.Errorf("no broker took %s: %w", is.Topic, err)
		}
	}
	return nil
}

// takeBack withdraws the sample, and clears what the broker keeps of it and of
// its box.
func (s *stage) takeBack() {
	if len(s.sent) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	var err error
	clear := map[string]bool{}
	for _, topic := range slices.Backward(s.sent) {
		err = errors.Join(err, s.withdraw(ctx, topic))
		clear[topic.String()] = true
	}
	for _, leaf := range []string{message.LeafState, message.LeafHave, message.LeafHealth} {
		clear[message.DeviceTopic(s.device, leaf).String()] = true
	}
	for _, topic := range slices.Sorted(maps.Keys(clear)) {
		err = errors.Join(err, s.sender.Send(ctx, mqtt.Message{Topic: topic, Retain: true}))
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "demo: the sample could not be taken back; it ends in a day by itself: %v\n", err)
	}
}

// withdraw ends one document of the sample.
func (s *stage) withdraw(ctx context.Context, topic message.Topic) error {
	is, ok := s.au.Find(topic)
	if !ok {
		return nil
	}
	var doc any
	switch d := is.Doc.(type) {
	case plan.Bulletin:
		d.Withdrawn = true
		doc = &d
	case plan.Schedule:
		d.Withdrawn = true
		doc = &d
	case plan.Policy:
		d.Withdrawn = true
		doc = &d
	case plan.Want:
		d.OwnPlace, d.Groups = "", nil // out of service
		doc = &d
	default:
		return fmt.Errorf("%s is not the sample's", topic)
	}
	is, err := s.au.Sign(doc, s.signers...)
	if err != nil {
		return err
	}
	return s.sender.Send(ctx, mqtt.Message{Topic: topic.String(), Payload: is.Raw, Retain: true})
}
