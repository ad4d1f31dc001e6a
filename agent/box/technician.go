package box

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"loa/agent/ahead"
	"loa/agent/clock"
	"loa/agent/console"
	"loa/agent/health"
	"loa/agent/plan"
	"loa/agent/policy"
)

func (b *Box) newConsole() *console.Console {
	t := technician{b}
	box := console.Box{
		View: t, Plan: b.station, Sound: t, Ledger: b.ledger, Stick: t, Sensors: t, Safe: t, Time: b.clock,
		Commission: t, Survey: t, Wires: t, Care: t, Enrol: t, Settings: t.Settings, Identity: t.Identity,
		Together: t.Together, Log: b.o.Recent, Reset: func() { poke(b.reset) },
	}
	if b.display != nil {
		box.Board = boardOfBox{b}
	}
	t.own(&box)
	if b.update != nil {
		box.Update = b.update
	}
	return console.New(box, console.Opts{Lang: b.o.Lang, Now: b.now})
}

// technician answers what the console asks.
type technician struct{ b *Box }

func (t technician) Faults() []health.Active { return t.b.o.Health.Active(time.Now()) }
func (t technician) Fresh() []health.Active  { return t.b.o.Health.Fresh(time.Now()) }
func (t technician) Clock() clock.Facts      { return t.b.clock.Facts() }

func (t technician) Together() console.Together {
	s, st := t.b.player.Sync(), t.b.speaker.Status()
	return console.Together{
		PPM: st.PPM, Slips: st.Slips, Asked: s.Asked, Why: s.Why, Begun: s.Begun,
		Off: s.Off, Worst: s.Worst, Jumps: s.Jumps, Jumped: s.Jumped,
	}
}

func (t technician) Status() console.Status {
	b := t.b
	p := b.plan.Load()
	v := b.station.View()
	spk := b.speaker.Status()
	st := console.Status{
		Device: b.o.Device, Name: p.Want.Name, Place: p.Place, Board: b.o.Board.Name,
		Version: b.o.Version, Built: b.o.Built, Started: b.booted,
		Amp: spk.Amp, Keyed: b.o.Amp != nil, RMSDBFS: spk.RMSDBFS, PeakDBFS: spk.PeakDBFS, Xruns: spk.Xruns, Underruns: spk.Underruns,
		Volume: v.Volume, LocalUntil: v.LocalUntil, LocalWhy: v.LocalWhy, DiskFree: b.diskFree(),
	}
	if st.Silent = b.o.Board.Sink.Driver == "none"; !st.Silent && spk.Sink != nil {
		st.Sink = spk.Sink.Error()
	}
	if b.mqtt != nil {
		st.Broker, st.Connected = strings.Join(b.o.Brokers, " "), b.mqtt.Connected()
		if since := b.mqtt.Since(); !since.IsZero() {
			st.Since = b.now().Add(-time.Since(since)) // the box's clock may be another
		}
	}
	if st.Code = b.code(); st.Code != "" {
		st.Broker, st.Connected = strings.Join(b.o.Brokers, " "), b.door != nil && b.door.claim.Connected()
		if at := b.asks.Load(); at != nil {
			st.Asks = *at
		}
	}
	st.MutedUntil, _ = mutedUntil(p)
	if v.Now != nil {
		it := itemOf(v.Now.Occurrence)
		it.From, it.Volume = v.Now.Began, v.Now.Volume
		st.Now = &it
	}
	for _, o := range v.Waiting {
		st.Waiting = append(st.Waiting, itemOf(o))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	look := func(d time.Duration) ([]ahead.Line, error) { return b.station.Ahead(ctx, d) }
	if l, ok := comesNext(b.now(), v.At, look); ok {
		it := itemOf(l.Occurrence)
		it.From, it.Until, it.Volume = l.At, l.Until, l.Volume
		st.Next = &it
	}
	have := b.mediaOf(p)
	for _, m := range have {
		st.MediaWanted += m.Wanted
		st.MediaPresent += m.Present
	}
	return st
}

// stretches are in which of the hours to come the next sound is looked for. Where much is to
// come the first will do: a day of it takes a small processor half a minute.
var stretches = []time.Duration{15 * time.Minute, 4 * time.Hour, 24 * time.Hour}

// comesNext is the first that begins to sound after a time, by what look says of the
// stretch from now on. (What sounds or waits at that time is a line too, beginning now.)
func comesNext(now, after time.Time, look func(time.Duration) ([]ahead.Line, error)) (next ahead.Line, ok bool) {
	for i, d := range stretches {
		lines, err := look(d)
		if err != nil {
			break
		}
		for _, l := range lines {
			if !l.Sounds || !l.Occurrence.Start.After(after) {
				continue
			}
			if l.Until.Before(now.Add(d)) || i == len(stretches)-1 {
				return l, true
			}
			break // the stretch may be over before it is
		}
	}
	return next, false
}

// mutedUntil is when the last mute ends that counts; it may be over.
func mutedUntil(p *plan.Plan) (until time.Time, why string) {
	for _, a := range p.Acts {
		ended := slices.ContainsFunc(p.Acts, func(n plan.Act) bool { return n.Supersedes(a) })
		if a.Kind == plan.KindMute && !ended && a.MuteUntil.After(until) {
			until, why = a.MuteUntil, a.Reason
		}
	}
	return until, why
}

func itemOf(o plan.Occurrence) console.Item {
	it := console.Item{Title: o.Title, Class: o.Class, From: o.Start, Until: o.End}
	for _, p := range o.Parts {
		if p.Relay != nil && len(p.Relay.URLs) > 0 {
			it.Relay = p.Relay.URLs[0]
		}
		if p.Audio != nil && p.Audio.Voice != "" {
			it.Voice = p.Audio.Voice
		}
	}
	return it
}

func (t technician) Documents() []console.Document {
	p := t.b.plan.Load()
	now := t.b.now()
	var all []console.Document
	add := func(h plan.Head, v *plan.Validity, title string, class plan.Class, missing int) {
		d := console.Document{
			Place: h.Place, Kind: h.Kind, ID: h.ID, Title: title, Class: class, Issued: h.Issued,
			State: console.InForce, Missing: missing,
		}
		if v != nil {
			d.Until = v.ValidUntil
			switch {
			case v.Withdrawn:
				d.State = console.Withdrawn
			case now.Before(v.ValidFrom):
				d.State = console.Later
			case !now.Before(v.ValidUntil):
				d.State = console.Expired
			}
		}
		all = append(all, d)
	}
	for _, d := range p.Bulletins {
		add(d.Head, &d.Validity, d.Title, d.Class, len(t.b.mediaOfOne(&d).Missing))
	}
	for _, d := range p.Schedules {
		add(d.Head, &d.Validity, "", "", 0)
	}
	for _, d := range p.Policies {
		add(d.Head, &d.Validity, "", "", 0)
	}
	for _, d := range p.Triggers {
		add(d.Head, &d.Validity, startedBy(&d), plan.Emergency, 0)
	}
	for _, d := range p.Alerts {
		title := ""
		if len(d.Alerts) > 0 {
			title = d.Alerts[0].Headline
		}
		add(d.Head, nil, title, plan.Emergency, 0)
		if len(d.Alerts) == 0 {
			all[len(all)-1].State = console.AllClear
		}
	}
	slices.SortFunc(all, func(a, b console.Document) int {
		return strings.Compare(a.Place+"/"+string(a.Kind)+"/"+a.ID, b.Place+"/"+string(b.Kind)+"/"+b.ID)
	})
	return all
}

func (t technician) PlayLocal(ctx context.Context, part plan.Part, title string, volume int, confirmed bool) error {
	return t.b.station.PlayLocal(ctx, part, title, volume, confirmed)
}

func (t technician) StopLocal(ctx context.Context) (*plan.Occurrence, error) {
	return t.b.station.StopLocal(ctx)
}

func (t technician) LocalMode(ctx context.Context, d time.Duration, why string) (time.Time, error) {
	return t.b.station.LocalMode(ctx, d, why)
}

func (t technician) HoldAmp(d time.Duration) error {
	t.b.speaker.HoldAmp(d)
	return nil
}

func (t technician) Volume(ctx context.Context, percent int) error {
	return t.b.station.Volume(ctx, percent)
}

// diskFree is the room for everything that the box keeps, in bytes.
func (b *Box) diskFree() int64 {
	var st unix.Statfs_t
	if b.statfs(b.o.State, &st) != nil {
		return 0
	}
	return int64(st.Bavail) * int64(st.Bsize)
}

// listen serves the local console on its socket, which only its owner may open.
// A first line that is empty asks for the line editor; any other is one command,
// answered with its text, a zero byte and the exit code as a digit. Either may
// begin with the language that is wanted, as in "--lang en status".
func (b *Box) listen(ctx context.Context) error {
	if err := os.MkdirAll(filepath.Dir(b.o.Socket), 0o755); err != nil {
		return fmt.Errorf("cannot make the console's directory: %w", err)
	}
	os.Remove(b.o.Socket) // of an agent that was killed
	old := unix.Umask(0o177)
	l, err := net.Listen("unix", b.o.Socket)
	unix.Umask(old)
	if err != nil {
		// The box must speak even if nobody can look at it.
		b.o.Log.Error("no local console", "err", err)
		<-ctx.Done()
		return nil
	}
	defer context.AfterFunc(ctx, func() { l.Close() })()
	seats := make(chan struct{}, 4) // sessions at once
	for {
		conn, err := l.Accept()
		if err != nil {
			for range cap(seats) { // wait for those that speak
				seats <- struct{}{}
			}
			return nil
		}
		select {
		case seats <- struct{}{}:
		default:
			conn.Close()
			continue
		}
		go func() { // listen waits for it at its end
			defer func() { <-seats }()
			defer conn.Close()
			defer context.AfterFunc(ctx, func() { conn.Close() })()
			b.speak(ctx, conn)
		}()
	}
}

func (b *Box) speak(ctx context.Context, conn net.Conn) {
	conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	in := bufio.NewReaderSize(conn, 1024)
	line, err := in.ReadString('\n')
	if err != nil {
		return
	}
	conn.SetReadDeadline(time.Time{})
	lang, line := language(strings.TrimRight(line, "\r\n"))
	if line == "" {
		b.console.In(lang).At(console.Line{Name: "local", Idle: b.o.Idle, Wide: 80, High: 24}).Serve(ctx, socket{conn, in})
		return
	}
	answer, code := b.console.Do(ctx, line, console.Asker{Lang: lang})
	fmt.Fprintf(conn, "%s\x00%d", answer, code)
}

// hosts are those from which a relay may come now.
func (b *Box) hosts() []string {
	p := b.plan.Load()
	ps := make([]plan.Policy, 0, len(p.Policies))
	for _, x := range p.Policies {
		ps = append(ps, x)
	}
	return policy.Hosts(ps, b.now())
}
