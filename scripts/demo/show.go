package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"loa/agent/console"
	"loa/agent/ledger"
	"loa/drivers/gpioline"
)

// show prints, until ctx ends, what the box does: what is due, what sounds and
// how loud, what the amplifier's line does, what the ledger writes.
func show(ctx context.Context, out io.Writer, s *stage, b *box, p *programme) error {
	for range 25 { // until the programme has arrived
		if st, err := b.status(); err == nil && (st.Next != nil || st.Now != nil) {
			break
		}
		time.Sleep(200 * time.Millisecond)
	}
	if next, err := b.ask("--lang " + in("vi", "en") + " next 24h"); err == nil {
		fmt.Fprintf(out, "%s:\n%s\n\n", in("Sắp phát", "Due"), next)
	}
	alarms := alarmTimes(p)
	over := alarms[1].Add(15 * time.Second)
	if !s.own {
		over = p.start.Add(p.length)
	}
	w := watcher{box: b, out: out, live: term.IsTerminal(int(os.Stdout.Fd()))}
	fmt.Fprintf(out, "%s: %s\n\n", in("Âm thanh", "Sound"), w.where())
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-b.ended:
			b.ended <- err
			return fmt.Errorf("the agent ended: %v; see %s", err, b.logFile)
		case <-ctx.Done():
			w.clear()
			b.stop()
			w.last()
			fmt.Fprintf(out, "\n"+in("Tăng âm: %s · âm thanh: %s", "Amplifier: %s · sound: %s")+"\n", w.amp(), w.where())
			return nil
		case <-tick.C:
			w.lines()
			w.meter()
			if !over.IsZero() && time.Now().After(over) {
				over = time.Time{}
				w.say(time.Now(), in("xong, Ctrl-C để thoát; âm thanh: ", "done, Ctrl-C ends it; sound: ")+w.where())
			}
			// After the programme an alarm, on an authority of our own only.
			if s.own && len(alarms) > 0 && time.Now().After(alarms[0]) {
				on := len(alarms) == 2
				alarms = alarms[1:]
				w.say(time.Now(), map[bool]string{true: in("báo động: lũ quét", "alarm: flash flood"), false: in("hết báo động", "all clear")}[on])
				if err := s.alarm(ctx, on, time.Now()); err != nil && ctx.Err() == nil {
					return fmt.Errorf("cannot send the alarm: %w", err)
				}
			}
		}
	}
}

// alarmTimes is when the sample's alarm begins and when it is taken back.
func alarmTimes(p *programme) []time.Time {
	at := p.start.Add(p.length + 8*time.Second)
	return []time.Time{at, at.Add(25 * time.Second)}
}

func (w *watcher) say(at time.Time, text string) {
	w.clear()
	fmt.Fprintf(w.out, "%s  %s\n", stamp(at), text)
}

// A watcher turns what the box says into lines.
type watcher struct {
	box   *box
	out   io.Writer
	live  bool // a terminal: the last line is drawn anew
	drawn int  // lines that are drawn anew; 0: nothing is
	seq   int64
	edges int
}

// lines prints what is new in the ledger and on the amplifier's line.
func (w *watcher) lines() {
	if edges, err := gpioline.Edges(w.box.state("amp.line")); err == nil {
		for _, e := range edges[min(w.edges, len(edges)):] {
			w.clear()
			fmt.Fprintf(w.out, "%s  %s %s\n", stamp(e.At), in("tăng âm  ", "amplifier"), onOff(e.On))
		}
		w.edges = len(edges)
	}
	if entries, err := put[[]ledger.Entry](w.box, "ledger last 20"); err == nil {
		w.write(entries)
	}
}

// last prints what the box did on its way out.
func (w *watcher) last() {
	w.lines()
	if entries, err := w.box.entries(); err == nil {
		w.write(entries)
	}
}

func (w *watcher) write(entries []ledger.Entry) {
	for _, e := range entries {
		if e.Seq <= w.seq {
			continue
		}
		w.seq = e.Seq
		w.clear()
		fmt.Fprintf(w.out, "%s  %s %s%s\n", stamp(e.Time), in("nhật ký  ", "ledger   "), strings.TrimSpace(fmt.Sprintf("#%d %s %s", e.Seq, e.Kind, e.Title)), detail(e))
	}
}

func detail(e ledger.Entry) string {
	switch e.Kind {
	case ledger.End, ledger.Pause:
		return fmt.Sprintf(" → %s, %.1f s, %.0f dBFS (%s)", e.Result, e.HeardS, e.LevelDBFS, e.Proof)
	case ledger.Shown:
		return fmt.Sprintf(" → %s, %.1f s (%s)", e.Result, e.SeenS, e.Proof)
	case ledger.Refused:
		return fmt.Sprintf(" → %s: %s", e.Code, e.Detail)
	}
	return ""
}

func (w *watcher) meter() {
	st, err := w.box.status()
	if err != nil {
		return
	}
	line := fmt.Sprintf("%s  %s  %s", bar(st.RMSDBFS), onOff(st.Amp), title(st))
	switch {
	case w.live:
		w.clear()
		picture := w.picture()
		for _, row := range picture {
			fmt.Fprintln(w.out, row)
		}
		fmt.Fprint(w.out, line)
		w.drawn = len(picture) + 1
	case st.Now != nil && time.Now().UnixMilli()/200%5 == 0: // a file gets one a second
		fmt.Fprintf(w.out, "%s  %s\n", stamp(time.Now()), line)
	}
}

func (w *watcher) clear() {
	if w.drawn > 1 {
		fmt.Fprintf(w.out, "\x1b[%dA", w.drawn-1)
	}
	if w.drawn > 0 {
		fmt.Fprint(w.out, "\r\x1b[J")
		w.drawn = 0
	}
}

func title(st console.Status) string {
	switch {
	case st.Now != nil:
		return in("đang phát: ", "sounds: ") + st.Now.Title
	case st.Next != nil:
		return fmt.Sprintf(in("kế tiếp %s: %s", "next %s: %s"), st.Next.From.In(zone).Format("15:04:05"), st.Next.Title)
	}
	return in("im lặng", "silent")
}

// bar draws −48 to 0 dBFS in 24 columns.
func bar(rms float64) string {
	n := int(math.Round((rms + 48) / 2))
	n = max(0, min(24, n))
	return "[" + strings.Repeat("█", n) + strings.Repeat("·", 24-n) + "]"
}

// zone is the time the programme is in, wherever this machine believes to be.
var zone = time.FixedZone("+07:00", 7*3600)

func stamp(t time.Time) string { return t.In(zone).Format("15:04:05.000") }

func onOff(on bool) string {
	if on {
		return in("BẬT", "ON")
	}
	return in("tắt", "off")
}

// amp is the level of the amplifier's line.
func (w *watcher) amp() string {
	edges, err := gpioline.Edges(w.box.state("amp.line"))
	if err != nil || len(edges) == 0 {
		return onOff(false)
	}
	return onOff(edges[len(edges)-1].On)
}

// where is where sound went.
func (w *watcher) where() string {
	file := w.box.state("heard.wav")
	if _, err := os.Stat(file); err != nil {
		return in("card âm thanh", "the sound card")
	}
	return file
}
