package box

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"loa/agent/clock"
	"loa/agent/plan"
)

// watch looks every few seconds at what no event tells of.
func (b *Box) watch(ctx context.Context) error {
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	var moved time.Time
	var faults faultBook
	_, before := b.clock.Now()
	b.o.Health.Report("ledger-broken", b.ledger.Verify())
	select { // before that the box would say that nobody has told it anything
	case <-b.loaded:
	case <-ctx.Done():
		return nil
	}
	for {
		now, level := b.clock.Now()
		b.standing(now)
		// What was refused for want of a clock lies at the broker, which shows it
		// again only to a new subscription.
		if level > before && before < clock.RTC && b.mqtt != nil {
			b.mqtt.Resubscribe()
		}
		if level != before {
			b.nudge()
		}
		before = level
		var clockErr, lostErr error
		if level < clock.RTC {
			clockErr = fmt.Errorf("the clock's trust is %v: slots need %v", level, clock.RTC)
		}
		b.o.Health.Report("clock-untrusted", clockErr)
		if why := b.trust.Stale(now); why != "" {
			lostErr = errors.New(why)
		}
		if b.mqtt != nil && b.mqtt.Connected() && b.trust.AuthorityLost(now) {
			lostErr = errors.Join(lostErr, errors.New("this broker keeps something from the box"))
			// Another broker may know more; give each a few minutes.
			if time.Since(moved) > 6*time.Minute && len(b.o.Brokers) > 1 {
				moved = time.Now()
				b.mqtt.NextBroker()
			}
		}
		b.o.Health.Report("authority-lost", lostErr)
		b.o.Health.ReportOf("storage-full", b.o.State, full(b.o.State, b.statfs))
		b.o.Health.ReportOf("storage-readonly", b.o.State, sealedOff(b.o.State, b.statfs))
		status := b.speaker.Status()
		// Under its own name: that the card is not plugged in is for hardware to
		// say, and an idle speaker does not know.
		if b.o.Board.Sink.Driver != "none" {
			b.o.Health.ReportOf("sink-missing", b.o.Sound, status.Sink)
		}
		for _, e := range faults.turn(b.o.Health.Active(time.Now()), now) {
			b.note(e)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// leastRoom is below which the disk is full: a document or a stretch of the
// ledger may fail to fit.
const leastRoom = 256 << 10

// A statfs tells of a file system, as unix.Statfs does.
type statfs func(path string, st *unix.Statfs_t) error

// full says that there is no room left in dir. The store knows of it only when it
// writes, and what fails first is the ledger.
func full(dir string, ask statfs) error {
	var st unix.Statfs_t
	if err := ask(dir, &st); err != nil {
		return nil // another condition
	}
	if free := int64(st.Bavail) * int64(st.Bsize); free < leastRoom {
		return fmt.Errorf("%d KiB are free in %s", free>>10, dir)
	}
	return nil
}

// sealedOff says that dir can only be read: a kernel that finds a file system broken
// makes it so, and a box on which nothing happens would find out a day later.
func sealedOff(dir string, ask statfs) error {
	var st unix.Statfs_t
	if err := ask(dir, &st); err != nil || st.Flags&unix.ST_RDONLY == 0 {
		return nil
	}
	return fmt.Errorf("%s is read-only", dir)
}

// standing reports how the box stands with its authority. Who looks later has the last
// word, whoever it is.
func (b *Box) standing(now time.Time) {
	b.stand.Lock()
	defer b.stand.Unlock()
	p := b.plan.Load()
	raise := func(code string, is bool, why string) {
		var err error
		if is {
			err = errors.New(why)
		}
		b.o.Health.Report(code, err)
	}
	raise("unassigned", p.Place == "", "nobody has said yet where this box belongs")
	expires := b.trust.Root().Expires
	raise("root-expired", now.After(expires), "the root keys ended "+expires.Format(time.DateOnly))
	v := b.station.View()
	raise("local-mode", v.LocalUntil.After(now), strings.TrimSuffix("until "+plan.Moment(v.LocalUntil)+": "+v.LocalWhy, ": "))
	raise("uncommissioned", !b.commissioned() && b.o.Board.Sink.Driver != "none", "nobody has listened to these horns yet")
}
