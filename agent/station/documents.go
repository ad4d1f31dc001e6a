package station

import (
	"cmp"
	"fmt"
	"time"

	"loa/agent/ledger"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/schedule"
	"loa/agent/trust"
)

// Where things lie on the shelf.
const (
	trustName = "trust/state"
	docsName  = "docs/" // and what the document is, see nameOf
)

// load brings back what the last run knew.
func (s *Station) load() {
	now, _ := s.o.Clock.Now()
	restored := false
	if snapshot, err := s.o.Docs.Get(trustName); err == nil {
		if err := s.o.Trust.Restore(snapshot); err != nil {
			s.fault("trust cannot be restored", err, now)
		} else {
			restored = true
		}
	}
	var names []string
	var raw [][]byte
	for _, name := range s.o.Docs.List(docsName) {
		b, err := s.o.Docs.Get(name)
		if err != nil {
			s.fault(name+" cannot be read any more", err, now)
			continue
		}
		names, raw = append(names, name), append(raw, b)
	}
	for i, v := range s.o.Trust.Load(raw) {
		// Without the lists nobody's signature is known: what is on the shelf waits
		// for them instead of being thrown away.
		if !v.Accepted() && restored {
			s.gone(names[i], v.Head.Key(), v.Code, now)
		}
	}
	s.recall(now)
	s.loadStarted(now)
	s.write(ledger.Entry{Kind: ledger.Boot}, nil, now)
	s.rejudge(now)
	s.settleStored(now)
	s.changed(now, true)
}

func (s *Station) fault(what string, err error, now time.Time) {
	s.o.Log.Error(what, "err", err)
	s.write(ledger.Entry{Kind: ledger.Event, Detail: what + ": " + err.Error()}, nil, now)
}

// nameOf is where a document lies on the shelf. A box has one want.
func nameOf(k plan.Key) string {
	if k.Kind == plan.KindWant {
		return docsName + "want"
	}
	return docsName + k.String()
}

// gone drops a stored document that counts no more, and says so.
func (s *Station) gone(name string, k plan.Key, code plan.Code, now time.Time) {
	if err := s.o.Docs.Delete(name); err != nil {
		s.o.Log.Error("cannot drop a document", "name", name, "err", err)
	}
	s.write(ledger.Entry{
		Kind: ledger.Refused, ID: k.String(), Place: k.Place, Result: plan.Refused, Code: code,
		Detail: "a stored document counts no more",
	}, nil, now)
	s.ack(Ack{Doc: k, State: "refused", Result: plan.Refused, Code: code})
}

// receive judges what came from the wire, or on a stick, lets it have its effect,
// and says what was made of it.
func (s *Station) receive(m incoming) trust.Verdict {
	now, level := s.o.Clock.Now()
	s.catchUp(now)
	judge := s.o.Trust.Judge
	if m.carried {
		judge = s.o.Trust.JudgeCarried
	}
	v := judge(m.topic, m.raw, now, level)
	switch {
	case v.Same:
		return v
	case !v.Accepted():
		s.refuse(v, m.topic, now)
		return v
	case s.o.Show == nil && s.onlySeen(v.Doc):
		v.Code, v.Verified = plan.Unsupported, true
		v.Err = &plan.Error{Code: plan.Unsupported, Msg: "there is no recording to play, and no board here to show it"}
		v.VI = "bản tin không có bản ghi âm để phát, và ở đây không có bảng để hiện"
		s.refuse(v, m.topic, now)
		return v
	}
	// An alarm sounds first and is made durable meanwhile. Everything else has to
	// be on the disk before it has an effect.
	if v.Kind == plan.KindAlert {
		s.o.Trust.Commit(v)
		s.settle(v.Doc.(plan.AlertSet), now)
		s.changed(now, false)
		s.unkept[nameOf(v.Head.Key())], s.unsaved = v.Raw, true
		s.soundFirst(now)
		s.meanwhile.unkept = v.Head.Key().String()
		s.received(v)
		s.noteAlerts(v, now)
		return v
	}
	committed, err := s.keep(v)
	if err != nil && (!committed || sounds(v.Kind)) {
		if act, ok := v.Doc.(plan.Act); ok {
			// A box that may forget an act must not begin it.
			s.progress.Ended[schedule.ActID(&act.Head)] = true
		}
		v.Code = plan.Storage
		v.Err = &plan.Error{Code: plan.Storage, Msg: err.Error()}
		s.refuse(v, m.topic, now)
		return v
	}
	if err != nil {
		// It counts already, and silence or a revocation must not wait for a disk.
		s.fault(v.Head.Key().String()+" would not survive a power cut", err, now)
	}
	if _, act := v.Doc.(plan.Act); act {
		s.soundFirst(now)
	}
	s.received(v)
	s.effect(v, now)
	return v
}

// onlySeen reports an order to play a bulletin that has no recording.
func (s *Station) onlySeen(doc any) bool {
	act, ok := doc.(plan.Act)
	if !ok || act.Kind != plan.KindPlay || act.Item == nil || act.Item.Ref == nil {
		return false
	}
	ref := act.Item.Ref
	b, here := s.plan.Bulletins[plan.Key{Place: cmp.Or(ref.Place, act.Place), Kind: ref.Kind, ID: ref.ID}]
	return here && len(b.Audio) == 0
}

// sounds reports the acts that begin something.
func sounds(k plan.Kind) bool {
	switch k {
	case plan.KindPlay, plan.KindDrill, plan.KindLive, plan.KindTest:
		return true
	}
	return false
}

// noteAlerts writes which alerts of an office hold from now on: none is the
// all-clear.
func (s *Station) noteAlerts(v trust.Verdict, now time.Time) {
	set, ok := v.Doc.(plan.AlertSet)
	if !ok {
		return
	}
	e := ledger.Entry{
		Kind: ledger.Alert, ID: set.Key().String(), Class: plan.Emergency, Place: set.Place,
		Holders: set.Proof.Holders, Detail: "all clear",
	}
	for i, a := range set.Alerts {
		if i == 0 {
			e.Title, e.Detail = a.Headline, a.ID
			continue
		}
		e.Detail += ", " + a.ID
	}
	s.write(e, nil, now)
}

// keep makes an accepted verdict durable and commits it. With an error it may be
// committed all the same: then the state of trust is written later, see save.
func (s *Station) keep(v trust.Verdict) (committed bool, err error) {
	if keepsRaw(v.Kind) {
		name := nameOf(v.Head.Key())
		if err := s.o.Docs.Put(name, v.Raw); err != nil {
			return false, fmt.Errorf("cannot keep %s: %w", v.Head.Key(), err)
		}
	}
	s.o.Trust.Commit(v)
	s.unsaved = s.unsaved || v.Persist
	return true, s.save()
}

// save writes down what is not on the disk yet. What fails is tried again with
// the next document and once a minute.
func (s *Station) save() error {
	for name, raw := range s.unkept {
		if err := s.o.Docs.Put(name, raw); err != nil {
			return fmt.Errorf("cannot keep %s: %w", name, err)
		}
		delete(s.unkept, name)
		s.unsaved = true
	}
	if !s.unsaved {
		return nil
	}
	if err := s.o.Docs.Put(trustName, s.o.Trust.Snapshot()); err != nil {
		return fmt.Errorf("cannot keep the state of trust: %w", err)
	}
	s.unsaved = false
	return nil
}

// keepsRaw reports the kinds whose envelopes are kept beside the state of trust.
func keepsRaw(k plan.Kind) bool {
	switch k {
	case plan.KindBulletin, plan.KindSchedule, plan.KindPolicy, plan.KindAlert, plan.KindTrigger, plan.KindWant:
		return true
	}
	return false
}

// effect does what an accepted document asks for beyond being part of the plan.
func (s *Station) effect(v trust.Verdict, now time.Time) {
	if v.Rejudge {
		s.rejudge(now)
	}
	switch doc := v.Doc.(type) {
	case plan.Beat:
		s.alive(now)
		return
	case plan.TimeAnswer:
		if err := s.o.Clock.SetSigned(doc.Time, v.NotAfter, v.RoundTrip); err != nil {
			s.o.Log.Warn("time answer refused", "err", err)
		}
		return
	case plan.ClockReset:
		s.o.Clock.Lower(doc.Floor)
	case plan.Act:
		switch doc.Kind {
		case plan.KindAsk, plan.KindIdentify:
			s.o.Ask(doc)
			return
		case plan.KindAcked:
			if err := s.o.Ledger.Acked(doc.Seq, doc.HeadHash); err != nil {
				s.o.Log.Warn("ledger acknowledgement refused", "seq", doc.Seq, "err", err)
			}
			return
		case plan.KindMute:
			s.write(ledger.Entry{Kind: ledger.Mute, ID: doc.Key().String(), Due: doc.MuteUntil, Holders: doc.Proof.Holders, Detail: doc.Reason}, nil, now)
		}
	}
	// A bulletin may change what a schedule is worth, but nothing that the broker
	// keeps: only new keys and places let in what was refused before.
	s.changed(now, v.Topic.Dir == message.DirTrust || v.Kind == plan.KindWant)
}

// rejudge asks what stored documents are worth after a change of trust.
func (s *Station) rejudge(now time.Time) {
	s.rejudgedAt = now
	for _, k := range s.o.Trust.Expire() { // they have merely ended
		if err := s.o.Docs.Delete(nameOf(k)); err != nil {
			s.o.Log.Error("cannot drop a document", "key", k, "err", err)
		}
	}
	gone := s.o.Trust.Rejudge()
	for _, k := range gone {
		s.gone(nameOf(k), k, plan.Revoked, now)
	}
	if len(gone) == 0 {
		return
	}
	s.unsaved = true
	if err := s.save(); err != nil {
		s.fault("the state of trust would not survive a power cut", err, now)
	}
}

// changed takes the new plan, asks for its recordings and tells whoever listens.
func (s *Station) changed(now time.Time, reassigned bool) {
	s.since = s.first // what has come may have been due before it came
	s.replanAt = time.Time{}
	s.replan(now)
	var all, urgent []plan.Audio
	if !s.o.SeenOnly {
		all, urgent = recordingsOf(&s.plan)
	}
	if s.o.Show != nil {
		all = append(all, picturesOf(&s.plan)...)
	}
	s.o.Media.Want(all, urgent...)
	s.o.Changed(&s.plan, reassigned)
}

// recordingsOf is every recording that the plan may need, and those of alarms.
func recordingsOf(p *plan.Plan) (all, urgent []plan.Audio) {
	for _, b := range p.Bulletins {
		switch {
		case b.Withdrawn:
		case b.Class == plan.Emergency:
			urgent = append(urgent, b.Audio...)
		default:
			all = append(all, b.Audio...)
		}
	}
	return all, urgent
}

// picturesOf is every picture that a board may have to show.
func picturesOf(p *plan.Plan) (all []plan.Audio) {
	add := func(pages ...plan.Page) {
		for _, g := range pages {
			if g.Image != "" {
				all = append(all, plan.Audio{SHA256: g.Image, Bytes: g.Bytes, Type: g.Type})
			}
		}
	}
	for _, b := range p.Bulletins {
		if !b.Withdrawn {
			add(b.Pages...)
		}
	}
	for _, law := range p.Policies {
		for _, d := range law.DefaultPages {
			add(d.Page)
		}
	}
	return all
}

// received acknowledges a document or an act.
func (s *Station) received(v trust.Verdict) {
	switch v.Kind {
	case plan.KindBeat, plan.KindTime, plan.KindAcked, plan.KindAsk:
		return
	}
	s.ack(Ack{Doc: v.Head.Key(), SHA256: v.SHA256, State: "received"})
}

// refuse writes down and answers what was not accepted. It changes nothing else.
func (s *Station) refuse(v trust.Verdict, topic string, now time.Time) {
	why := ""
	if v.Err != nil {
		why = v.Err.Error()
	}
	// Signs of life and time answers are signed anew every few minutes: whoever
	// has recorded a year of them could fill the ledger with their refusals, and
	// nobody waits for a word on them.
	if !v.Verified || v.Kind == plan.KindBeat || v.Kind == plan.KindTime {
		s.tallyUp(v.Code, topic, why, now)
		return
	}
	if v.Code == plan.Conflict {
		s.o.Report("document-conflict", v.Err)
	}
	k := telling{v.SHA256, v.Code}
	if _, done := s.told[k]; done {
		return // a retained document comes again with every connection
	}
	if !s.worthATell(now) {
		s.tallyUp(v.Code, topic, why, now)
		return
	}
	s.remember(k, now)
	key := v.Head.Key()
	s.write(ledger.Entry{
		Kind: ledger.Refused, ID: key.String(), Place: key.Place, Result: plan.Refused, Code: v.Code, Doc: v.SHA256, Detail: why,
	}, nil, now)
	s.ack(Ack{Doc: key, SHA256: v.SHA256, State: "refused", Result: plan.Refused, Code: v.Code, Why: why, VI: v.VI})
	s.o.Log.Warn("refused", "document", key, "code", v.Code, "why", why)
}
