package box

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"loa/agent/clock"
	"loa/agent/ledger"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/trust"
)

// How often the box says how it is. On a SIM card every report that tells nothing new
// costs 1 KB, so what has not changed is told a few times a day only, in case a broker
// has lost it.
const (
	lookEvery   = 10 * time.Minute  // whether anything is different that no event told of
	seldom      = message.HaveEvery // and what is wrong with it
	teleSeldom  = time.Hour         // readings
	ledgerEvery = 30 * time.Second
	askFirst    = 10 * time.Second // until an answer has come, at first
	askSeldom   = 5 * time.Minute  // when none comes for long
	askEvery    = 4 * time.Hour    // after an answer: a crystal of 50 ppm is 0.7 s off by then
	askSynced   = 6 * time.Hour    // where NTP keeps the course
	leastPause  = time.Second      // between two reports of changes, and before the first
)

// report tells the centre how the box is: when something changed, and
// a few times a day. Everything is told again after a reconnection, by mqtt.
func (b *Box) report(ctx context.Context) error {
	have, look, log := time.NewTimer(0), time.NewTimer(phase(b.o.Device, lookEvery)), time.NewTimer(leastPause)
	ask, faults := time.NewTimer(2*leastPause), time.NewTimer(leastPause)
	defer ask.Stop()
	defer faults.Stop()
	defer have.Stop()
	defer look.Stop()
	defer log.Stop()
	var (
		sent handIn
		told message.Have
		last message.Tele

		wrong message.HealthReport
	)
	unanswered := askFirst
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-b.o.Health.Changed():
			faults.Reset(0)
			continue
		case <-faults.C:
			faults.Reset(b.reportHealth(&wrong))
			if !pause(ctx, leastPause) { // what flaps is told once a second
				return nil
			}
			continue
		case <-b.tell:
			// What changed is one report: an alarm begins to sound meanwhile, and does
			// not share the processor with it. All boxes of a place have the same to
			// tell at the same time.
			if !pause(ctx, leastPause+rand.N(leastPause)) {
				return nil
			}
			select {
			case <-b.tell:
			default:
			}
		case <-have.C:
		case <-look.C:
			look.Reset(lookEvery)
			if t := b.tele(); moved(last, t) {
				last = t
				b.publish(message.LeafTele, message.EncodeReport(t), false)
			}
			if same(told, b.have()) {
				continue
			}
		case <-ask.C:
			// The question of the birth may have come before the box knew whose
			// answer counts.
			if _, level := b.clock.Now(); level == clock.Signed {
				unanswered = askFirst
				ask.Reset(askEvery)
				if b.clock.Facts().Synced {
					ask.Reset(askSynced)
				}
			} else {
				ask.Reset(unanswered)
				unanswered = min(2*unanswered, askSeldom)
			}
			b.askTime()
			continue
		case <-log.C:
			log.Reset(b.handLedger(&sent))
			continue
		}
		told = b.have()
		b.publish(message.LeafHave, message.SealHave(told, b.o.Key), true)
		have.Reset(seldom)
		log.Reset(0) // what changed is in the ledger too
	}
}

// pause waits for d; false: ctx has ended.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// A handIn spaces the sendings of what the centre does not acknowledge: twice as
// long every time, or a centre that is away would cost a SIM card 48 KiB twice a
// minute. What follows on an acknowledgement, and a new connection, go at once.
type handIn struct {
	from int64 // first entry
	born int64 // the connection
	wait time.Duration
	at   time.Time // of the next sending
}

// handInSeldom is the longest wait for an acknowledgement.
const handInSeldom = time.Hour

// due reports whether the stretch from entry from on is to be sent now.
func (h *handIn) due(from, born int64, now time.Time) bool {
	switch {
	case from != h.from || born != h.born:
		*h = handIn{from: from, born: born, wait: ledgerEvery}
	case now.Before(h.at):
		return false
	default:
		h.wait = min(2*h.wait, handInSeldom)
	}
	h.at = now.Add(h.wait)
	return true
}

// handLedger sends what the centre does not have, if that is due, and returns when to
// look again. Whatever happens is at the centre within ledgerEvery, while there is a line
// and nothing on it is lost.
func (b *Box) handLedger(h *handIn) time.Duration {
	from, n := b.ledger.Unsent()
	if n == 0 || !b.mqtt.Connected() {
		return ledgerEvery
	}
	if b.ledger.Status().Synced < from {
		return ledger.SyncBound // what is not on the disk yet leaves no box; and nothing counts as sent
	}
	if h.due(from, b.births.Load(), time.Now()) {
		b.reportLedger()
	}
	return min(ledgerEvery, time.Until(h.at))
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
	b.publish(message.LeafHave, message.SealHave(b.have(), b.o.Key), true)
}

// same reports that of what the box has nothing is different but the time, the level,
// the page that is on the board, and how full the disk is to 16 MiB.
func same(a, b message.Have) bool {
	plain := func(h message.Have) message.Have {
		h.At, h.DiskFree = time.Time{}, h.DiskFree>>24
		if h.Sounds != nil {
			s := *h.Sounds
			s.LevelDBFS = 0
			h.Sounds = &s
		}
		if h.Shows != nil {
			s := *h.Shows
			s.Page = 0
			h.Shows = &s
		}
		if h.Sync != nil {
			h.Sync = &message.Sync{Why: h.Sync.Why, Jumps: h.Sync.Jumps}
		}
		return h
	}
	return reflect.DeepEqual(plain(a), plain(b))
}

// have is what the box has now.
func (b *Box) have() message.Have {
	p := b.plan.Load()
	now, level := b.clock.Now()
	seq, _ := b.ledger.Head()
	h := message.Have{
		Device: b.o.Device, At: now, Clock: level, Place: p.Place, Documents: versions(p), Epochs: b.trust.Epochs(),
		Media: b.mediaOf(p), DiskFree: b.diskFree(), Refused: b.refused.Load(), Ledger: seq,
	}
	if until, why := mutedUntil(p); until.After(now) {
		h.MutedUntil, h.MutedWhy = until, why
	}
	h.Looked = b.lookedOver()
	v := b.station.View()
	if v.LocalUntil.After(now) {
		h.LocalUntil, h.LocalWhy = v.LocalUntil, v.LocalWhy
	}
	for i := range v.Started {
		s := &v.Started[i]
		line, from := s.Who()
		h.Started = append(h.Started, message.Started{Alert: s.Alert, ID: s.ID, Triggers: s.Triggers().String(), Line: line, From: from, At: s.At, Until: s.Until})
	}
	if v.Now != nil {
		o := v.Now.Occurrence
		h.Sounds = &message.Sounds{
			ID: o.ID, Class: o.Class, Title: o.Title, Since: v.Now.Began, VolumePercent: v.Now.Volume,
			LevelDBFS: b.speaker.Status().RMSDBFS,
		}
	}
	h.Sync = b.sync()
	h.Software = b.software()
	if b.display != nil {
		if st := b.display.Status(); st.ID != "" {
			h.Shows = &message.Shows{ID: st.ID, Title: st.Title, Page: st.Page, Pages: st.Pages, Since: st.Since, Taken: st.Taken}
		}
	}
	return h
}

// sync is how the box keeps time with its neighbours; nil: it was not asked to.
func (b *Box) sync() *message.Sync {
	s := b.player.Sync()
	if !s.Asked {
		return nil
	}
	return &message.Sync{
		Why: s.Why, OffUS: s.Off.Microseconds(), WorstUS: s.Worst.Microseconds(), Jumps: s.Jumps, Jumped: s.Jumped,
		CardPPM: math.Round(b.speaker.Status().PPM*10) / 10,
	}
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
	for k, d := range p.Triggers {
		all[k.String()] = d.Version()
	}
	for k, d := range p.Alerts {
		if k.Triggered() { // started here: nobody has signed it
			continue
		}
		all[k.String()] = d.Version()
	}
	if p.Want.ID != "" {
		all[p.Want.Key().String()] = p.Want.Version()
	}
	return all
}

// mediaOf is how far the recordings and pictures of each bulletin have come.
func (b *Box) mediaOf(p *plan.Plan) []message.MediaOf {
	var all []message.MediaOf
	for _, d := range p.Bulletins {
		if m := b.mediaOfOne(&d); m.Wanted > 0 {
			all = append(all, m)
		}
	}
	slices.SortFunc(all, func(a, b message.MediaOf) int { return strings.Compare(a.Bulletin, b.Bulletin) })
	return all
}

// mediaOfOne is mediaOf for one bulletin.
func (b *Box) mediaOfOne(d *plan.Bulletin) message.MediaOf {
	m := message.MediaOf{Bulletin: d.Key().String()}
	for _, sha := range filesOf(d, b.o.Board.Sink.Driver != "none", b.display != nil) {
		m.Wanted++
		if _, ok := b.media.Path(sha); ok {
			m.Present++
		} else {
			m.Missing = append(m.Missing, sha)
		}
	}
	return m
}

// filesOf is what a box fetches for a bulletin, each once: the recordings where it has
// a speaker, the pictures where it has a board.
func filesOf(d *plan.Bulletin, speaker, board bool) (shas []string) {
	add := func(sha string) {
		if sha != "" && !slices.Contains(shas, sha) {
			shas = append(shas, sha)
		}
	}
	if d.Withdrawn {
		return nil
	}
	if speaker {
		for _, a := range d.Audio {
			add(a.SHA256)
		}
	}
	if board {
		for _, g := range d.Pages {
			add(g.Image)
		}
	}
	return shas
}

// tele is the readings of now.
func (b *Box) tele() message.Tele {
	spk := b.speaker.Status()
	return message.Tele{
		At: b.now(), Boot: b.boot, UptimeS: int64(time.Since(b.booted) / time.Second), RSSBytes: residentBytes(),
		DiskFree: b.diskFree(), Amp: spk.Amp, LevelDBFS: spk.RMSDBFS, Xruns: spk.Xruns, Waiting: b.mqtt.Waiting(),
	}
}

// moved reports that readings tell more than those that were told last: something
// sounds, is wrong or waits, or they are an hour old.
func moved(last, now message.Tele) bool {
	return now.Amp || now.Xruns != last.Xruns || now.Waiting != last.Waiting ||
		time.Duration(now.UptimeS-last.UptimeS)*time.Second >= teleSeldom || last.Boot == ""
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
	b.publish(message.LeafLedger, b.sealed(seg), false)
}

// sealed is a stretch of the ledger under a head that the box signed.
func (b *Box) sealed(x ledger.Export) []byte {
	return message.EncodeSegment(message.LedgerHead{Device: b.o.Device, From: x.From, To: x.To, Prev: x.Prev, Head: x.Head}, x.Data, b.o.Key)
}

// farewell tells, on the way out, what the last turn came to.
func (b *Box) farewell() {
	if b.mqtt != nil && b.mqtt.Connected() {
		b.reportHave()
		b.reportLedger()
	}
}
