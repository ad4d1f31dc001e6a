package bench

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"loa/agent/console"
	"loa/drivers/oto/ototest"
)

// ready is how long the agent takes from exec until it answers, on a box that
// has documents, recordings and a ledger; and until it hears its broker.
func ready(t *testing.T, s *stage) {
	card := ototest.New(t, ototest.Opts{})
	b := s.start(t, card)
	b.at(t, "the box has its recordings", settled)
	b.end(t)
	var answers, online []float64
	for range 15 {
		b := s.start(t, card)
		for {
			if _, ok := b.status(); ok {
				break
			}
			if time.Since(b.began) > 20*time.Second {
				t.Fatal("the box does not answer")
			}
			time.Sleep(time.Millisecond)
		}
		answers = append(answers, float64(time.Since(b.began).Microseconds())/1e3)
		for {
			if st, ok := b.status(); ok && st.Connected {
				break
			}
			if time.Since(b.began) > 20*time.Second {
				t.Fatal("the box does not connect")
			}
			time.Sleep(5 * time.Millisecond)
		}
		online = append(online, float64(time.Since(b.began).Microseconds())/1e3)
		b.end(t)
	}
	figure("exec-ready-median", median(answers), "ms")
	most(t, "exec-ready-p99", p99(answers), "ms", 300)
	figure("exec-online-median", median(online), "ms")
}

// measured is how long a player is watched. It plays for settleIn before.
const (
	measured = 20 * time.Second
	settleIn = 2 * time.Second
)

// A peer is MPD with one size of buffer, and what it needed each time.
type peer struct {
	buffer time.Duration
	cpu    []float64
}

// playing compares what the agent and MPD need to play the same MP3.
func playing(t *testing.T, s *stage, recordings map[string]string) {
	light := ototest.Opts{Light: true}
	ours, theirs := ototest.New(t, light), ototest.New(t, light)
	var idle, play, mpdPlay memory
	var peak, mpdPeak float64
	var xruns int64
	var agentCPU, idleCPU []float64
	sameBuffer, asInstalled := &peer{buffer: time.Duration(s.board.Sink.BufferMS) * time.Millisecond}, &peer{}
	peers := []*peer{sameBuffer, asInstalled}
	for range runs {
		b := s.start(t, ours)
		b.at(t, "the box rests", settled)
		peak = max(peak, shareWithin(t, b.cmd.Process.Pid, settleIn))
		before := cpu(t, b.cmd.Process.Pid)
		time.Sleep(measured / 4)
		idleCPU = append(idleCPU, (cpu(t, b.cmd.Process.Pid)-before)/(measured/4).Seconds())
		idle = memoryOf(t, b.cmd.Process.Pid)
		s.play(t, "radio")
		b.at(t, "the box plays", sounding)
		peak = max(peak, shareWithin(t, b.cmd.Process.Pid, settleIn))
		before = cpu(t, b.cmd.Process.Pid)
		time.Sleep(measured)
		agentCPU = append(agentCPU, (cpu(t, b.cmd.Process.Pid)-before)/measured.Seconds())
		if st, ok := b.status(); !ok || !sounding(st) {
			t.Fatal("the box has stopped to play")
		}
		play = memoryOf(t, b.cmd.Process.Pid)
		peak = max(peak, play.Share)
		if st, ok := b.status(); ok {
			xruns += st.Xruns + st.Underruns
		}
		s.stop(t)
		b.at(t, "the box rests again", settled)
		b.end(t)

		for _, p := range peers {
			m := startMPD(t, theirs, p.buffer)
			m.queue(t, recordings["radio"])
			m.do(t, "play")
			settling := shareWithin(t, m.cmd.Process.Pid, settleIn)
			before = cpu(t, m.cmd.Process.Pid)
			time.Sleep(measured)
			p.cpu = append(p.cpu, (cpu(t, m.cmd.Process.Pid)-before)/measured.Seconds())
			if p == asInstalled { // the peer; the other is only there to explain
				mpdPlay = memoryOf(t, m.cmd.Process.Pid)
				mpdPeak = max(mpdPeak, settling, mpdPlay.Share)
			}
			m.end()
		}
	}
	for name, c := range map[string]*ototest.Card{"the agent": ours, "mpd": theirs} {
		if n := len(c.Played(t)) / 2; n < runs*int(measured.Seconds())*48000 {
			t.Errorf("%s played %d frames, less than it was watched", name, n)
		}
	}
	t.Logf("by turns, of one processor: the agent %.5f, mpd %.5f, with the box's buffer %.5f", agentCPU, asInstalled.cpu, sameBuffer.cpu)
	beside(t, "play-mp3-cpu", 100*median(agentCPU), "%", "mpd", 100*median(asInstalled.cpu), 0.8)
	// MPD has half a second in its card: it is woken half as often, and cannot take
	// sound back for an alarm.
	beside(t, "play-mp3-cpu-same-buffer", 100*median(agentCPU), "%", "mpd", 100*median(sameBuffer.cpu), 0)
	figure("play-breaks", float64(xruns), "underruns")
	figure("idle-cpu", 100*median(idleCPU), "%")
	// The box is one program in three processes: what they share is there once.
	beside(t, "play-memory-peak", peak, "MiB", "mpd", mpdPeak, 0.4)
	beside(t, "play-memory-peaks-of-processes", play.Highs, "MiB", "mpd", mpdPlay.Highs, 0)
	most(t, "idle-rss", idle.Main, "MiB", 24)
	figure("idle-rss-with-children", idle.Resident, "MiB")
	most(t, "play-rss", play.Main, "MiB", 40)
	figure("play-rss-with-children", play.Resident, "MiB")
}

// trials is how often something is asked for whose worst case counts.
const trials = 20

// alerts is how long after its publication an alert is heard whose recording the
// box has: when it rests, and over what it plays. MPD is asked to play by its own
// socket, so that of the way only the start is compared.
func alerts(t *testing.T, s *stage, recordings map[string]string) {
	// No box begins more than 12 emergencies of one signer's place in an hour, so
	// that each lot is of a box that was flashed anew.
	var idle, over []float64
	for lot := 0; lot < trials; lot += alertLot {
		idle = append(idle, alertsOverRest(t, s, lot)...)
		over = append(over, alertsOverAudio(t, s, lot)...)
	}

	card := ototest.New(t, ototest.Opts{})
	m := startMPD(t, card, 0)
	m.queue(t, recordings["words"])
	var asked []float64
	for range trials {
		time.Sleep(rand.N(200 * time.Millisecond))
		asked = append(asked, now())
		m.do(t, "play")
		time.Sleep(500 * time.Millisecond)
		m.do(t, "stop")
		time.Sleep(200 * time.Millisecond)
	}
	m.end()
	theirs := starts(t, listen(t, card), left, asked)

	// The amplifier's time is physics, and MPD keys none: the start is the rest.
	settle := float64(s.board.Amp.SettleMS)
	beside(t, "alert-start-median", median(idle)-settle, "ms", "mpd", median(theirs), 0)
	beside(t, "alert-start-p99", p99(idle)-settle, "ms", "mpd", p99(theirs), 0)
	figure("amplifier-settle", settle, "ms")
	figure("alert-idle-median", median(idle), "ms")
	figure("alert-idle-p99", p99(idle), "ms")
	figure("alert-over-audio-median", median(over), "ms")
	figure("alert-over-audio-p99", p99(over), "ms")
	if p99(idle) > 250 || p99(over) > 300 {
		t.Errorf("an alert is late: %.0f ms idle, %.0f ms over audio; at most 250 and 300", p99(idle), p99(over))
	}
}

// alertLot is how many alerts one box is asked for.
const alertLot = 10

// alertsOverRest raises a lot of alerts while the box rests.
func alertsOverRest(t *testing.T, s *stage, lot int) []float64 {
	t.Helper()
	s.flash(t)
	card := ototest.New(t, ototest.Opts{})
	b := s.start(t, card)
	b.at(t, "the box rests", settled)
	var asked []float64
	for i := range alertLot {
		time.Sleep(rand.N(200 * time.Millisecond)) // at any phase of the box's own work
		asked = append(asked, s.alert(t, fmt.Sprint("idle-", lot+i)))
		time.Sleep(600 * time.Millisecond)
		s.alert(t, "")
		b.at(t, "the box rests", settled)
	}
	b.end(t)
	return starts(t, listen(t, card), left, asked)
}

// alertsOverAudio raises a lot of alerts while something else sounds.
func alertsOverAudio(t *testing.T, s *stage, lot int) []float64 {
	t.Helper()
	s.flash(t)
	card := ototest.New(t, ototest.Opts{})
	b := s.start(t, card)
	b.at(t, "the box rests", settled)
	s.play(t, "left")
	b.at(t, "the box plays", sounding)
	time.Sleep(time.Second)
	var asked []float64
	for i := range alertLot {
		time.Sleep(rand.N(200 * time.Millisecond))
		asked = append(asked, s.alert(t, fmt.Sprint("over-", lot+i)))
		time.Sleep(700 * time.Millisecond)
		s.alert(t, "")
		time.Sleep(900 * time.Millisecond)
	}
	e := listen(t, card)
	for i, at := range asked {
		if _, ok := e.first(left, at-0.1, at); !ok {
			t.Errorf("nothing sounded before alert %d", i)
		}
	}
	s.stop(t)
	b.at(t, "the box rests", settled)
	b.end(t)
	return starts(t, e, right, asked)
}

// starts is how long after it was asked for a sound began, in ms. Before, its
// channel must have been silent.
func starts(t *testing.T, e ear, channel int, asked []float64) (ms []float64) {
	t.Helper()
	for i, at := range asked {
		if was, ok := e.last(channel, at-0.1, at); ok {
			t.Fatalf("sound %d was there %.0f ms before it was asked for", i, 1e3*(at-was))
		}
		began, ok := e.first(channel, at, at+5)
		if !ok {
			t.Fatalf("sound %d was not heard within 5 s", i)
		}
		ms = append(ms, 1e3*(began-at))
	}
	return ms
}

// stops is how long after a stop was published a box is silent.
func stops(t *testing.T, s *stage) {
	card := ototest.New(t, ototest.Opts{})
	b := s.start(t, card)
	b.at(t, "the box rests", settled)
	var played, asked []float64
	for range trials {
		played = append(played, s.play(t, "left"))
		b.at(t, "the box plays", sounding)
		time.Sleep(500*time.Millisecond + rand.N(200*time.Millisecond)) // mixed is not yet heard
		asked = append(asked, s.stop(t))
		b.at(t, "it has ended", func(st console.Status) bool { return st.Now == nil })
		time.Sleep(500 * time.Millisecond)
	}
	played = append(played, now())
	b.end(t)
	e := listen(t, card)
	var ms []float64
	for i, at := range asked {
		if _, ok := e.first(left, at-0.1, at); !ok {
			t.Fatalf("nothing sounded before stop %d", i)
		}
		last, ok := e.last(left, at, played[i+1])
		if !ok {
			last = at
		}
		ms = append(ms, 1e3*(last-at))
	}
	figure("stop-silence-median", median(ms), "ms")
	most(t, "stop-silence-p99", p99(ms), "ms", 1000)
}
