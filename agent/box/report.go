package box

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"loa/agent/clock"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/trust"
)

// How often the box says how it is, when nothing changes.
const (
	haveEvery   = 15 * time.Minute
	teleEvery   = 10 * time.Minute
	ledgerEvery = 30 * time.Second
	askFirst    = 10 * time.Second // until an answer has come
	askEvery    = time.Hour        // afterwards: the clock's course drifts
	leastPause  = time.Second      // between two reports of changes
)

// report tells the centre how the box is: at once when something changed, and
// every few minutes. Everything is told again after a reconnection, by mqtt.
func (b *Box) report(ctx context.Context) error {
	have, tele, log := time.NewTimer(0), time.NewTimer(phase(b.o.Device, teleEvery)), time.NewTimer(leastPause)
	ask := time.NewTimer(2 * leastPause)
	defer ask.Stop()
	defer have.Stop()
	defer tele.Stop()
	defer log.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-b.o.Health.Changed():
			b.reportHealth()
			continue
		case <-b.tell:
		case <-have.C:
		case <-tele.C:
			b.reportTele()
			tele.Reset(teleEvery)
			continue
		case <-ask.C:
			// The question of the birth may have come before the box knew whose
			// answer counts.
			if _, level := b.clock.Now(); level == clock.Signed {
				ask.Reset(askEvery)
			} else {
				ask.Reset(askFirst)
			}
			b.askTime()
			continue
		case <-log.C:
			b.reportLedger()
			log.Reset(ledgerEvery)
			continue
		}
		b.reportHave()
		b.reportHealth()
		have.Reset(haveEvery)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(leastPause):
		}
		log.Reset(0) // what changed is in the ledger too
	}
}

// phase spreads boxes over a period, each always at the same place.
func phase(device string, period time.Duration) time.Duration {
	h := uint32(2166136261)
	for _, c := range []byte(device) {
		h = (h ^ uint32(c)) * 16777619
	}
	return time.Duration(h) * period >> 32
}

func (b *Box) publish(leaf string, payload []byte, retain bool) {
	b.mqtt.Publish(message.DeviceTopic(b.o.Device, leaf).String(), payload, retain)
}

// askTime asks the centre what time it is.
func (b *Box) askTime() {
	if b.mqtt.Connected() {
		b.publish(message.LeafAsk, b.question(), false)
	}
}

// question opens a time question and gives its report.
func (b *Box) question() []byte {
	nonce := newNonce()
	b.trust.Asked(trust.Question{Nonce: nonce, Asked: b.now()})
	return message.EncodeReport(message.Ask{Device: b.o.Device, Nonce: nonce})
}

func (b *Box) reportHave() {
	p := b.plan.Load()
	now, level := b.clock.Now()
	seq, _ := b.ledger.Head()
	h := message.Have{
		Device: b.o.Device, At: now, Clock: level, Place: p.Place, Documents: versions(p), Epochs: b.trust.Epochs(),
		Media: b.mediaOf(p), DiskFree: b.diskFree(), Ledger: seq,
	}
	if v := b.station.View(); v.Now != nil {
		o := v.Now.Occurrence
		h.Sounds = &message.Sounds{
			ID: o.ID, Class: o.Class, Title: o.Title, Since: v.Now.Began, VolumePercent: v.Now.Volume,
			LevelDBFS: b.speaker.Status().RMSDBFS,
		}
	}
	b.publish(message.LeafHave, message.SealReport(message.ReportHave, h, b.o.Key), true)
}

// versions is what is in force, by identity.
func versions(p *plan.Plan) map[string]int64 {
	all := make(map[string]int64)
	for k, d := range p.Bulletins {
		all[k.String()] = d.Version()
	}
	for k, d := range p.Schedules {
		all[k.String()] = d.Version()
	}
	for k, d := range p.Policies {
		all[k.String()] = d.Version()
	}
	for k, d := range p.Alerts {
		all[k.String()] = d.Version()
	}
	if p.Want.ID != "" {
		all[p.Want.Key().String()] = p.Want.Version()
	}
	return all
}

// mediaOf is how far the recordings of each bulletin have come.
func (b *Box) mediaOf(p *plan.Plan) []message.MediaOf {
	var all []message.MediaOf
	for k, d := range p.Bulletins {
		if d.Withdrawn || len(d.Audio) == 0 {
			continue
		}
		m := message.MediaOf{Bulletin: k.String(), Wanted: len(d.Audio)}
		for _, a := range d.Audio {
			if _, ok := b.media.Path(a.SHA256); ok {
				m.Present++
			} else {
				m.Missing = append(m.Missing, a.SHA256)
			}
		}
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b message.MediaOf) int { return strings.Compare(a.Bulletin, b.Bulletin) })
	return all
}

func (b *Box) reportHealth() {
	b.publish(message.LeafHealth, message.EncodeReport(message.HealthReport{
		At: b.now(), Boot: b.boot, Active: b.o.Health.Active(time.Now()),
	}), true)
}

func (b *Box) reportTele() {
	spk := b.speaker.Status()
	b.publish(message.LeafTele, message.EncodeReport(message.Tele{
		At: b.now(), Boot: b.boot, UptimeS: int64(time.Since(b.booted) / time.Second), RSSBytes: residentBytes(),
		DiskFree: b.diskFree(), Amp: spk.Amp, LevelDBFS: spk.RMSDBFS, Xruns: spk.Xruns, Waiting: b.mqtt.Waiting(),
	}), false)
}

// residentBytes is how much memory the agent takes; 0 where the kernel does not say.
func residentBytes() int64 {
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(data), &size, &resident); err != nil {
		return 0
	}
	return resident * int64(os.Getpagesize())
}

// reportLedger sends what the centre has not acknowledged, one segment at a
// time: the next goes when that one is acknowledged, or again after a while.
func (b *Box) reportLedger() {
	if !b.mqtt.Connected() {
		return
	}
	from, n := b.ledger.Unsent()
	if n == 0 {
		return
	}
	seg, err := b.ledger.Segment(from)
	if err != nil {
		if !errors.Is(err, io.EOF) {
			b.o.Log.Error("cannot send the ledger", "from", from, "err", err)
		}
		return
	}
	b.publish(message.LeafLedger, message.EncodeSegment(message.LedgerHead{
		Device: b.o.Device, From: seg.From, To: seg.To, Prev: seg.Prev, Head: seg.Head,
	}, seg.Data, b.o.Key), false)
}

// farewell tells, on the way out, what the last turn came to.
func (b *Box) farewell() {
	if b.mqtt != nil && b.mqtt.Connected() {
		b.reportHave()
		b.reportLedger()
	}
}
