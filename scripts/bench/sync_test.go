package bench

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"loa/agent/plan"
	"loa/drivers/oto/ototest"
	"loa/scripts/authority"
)

const (
	syncPlays  = 45 * time.Second // of noise in each condition
	syncSettle = 10.0             // seconds that do not count: both learn their cards
	syncAim    = 0.5              // of Snapcast's
	syncMost   = 1000.0           // µs
)

// TestSync measures how far apart two boxes sound, beside two clients of Snapcast on the
// same cards, whose clocks run apart. A recording of noise is looked for in what each card
// played: so it is known what was heard when.
func TestSync(t *testing.T) {
	if os.Getenv("LOA_BENCH") == "" {
		t.Skip("LOA_BENCH is not set")
	}
	pair, noise := twoBoxes(t, syncPlays)
	_, err := exec.LookPath("snapclient")
	peer := err == nil
	if !peer {
		fmt.Println("left out: no snapserver and snapclient to compare with")
	}
	for _, c := range []struct {
		name string
		ppm  float64
		hogs int
		aim  float64
	}{{"20ppm", 20, 0, syncAim}, {"80ppm", 80, 0, syncAim}, {"20ppm-3-hogs", 20, 3, syncAim}} {
		t.Run(c.name, func(t *testing.T) {
			hog(t, c.hogs)
			ours := apart(boxes(t, pair, c.name, noise, c.ppm, nil))
			if len(ours) < 50 {
				t.Fatalf("only %d moments were heard of both", len(ours))
			}
			early := within(ours, 1, syncSettle)
			p95, worst := p95of(ours)
			t.Logf("apart by, in µs: %.0f", signed(ours))
			figure("sync-"+c.name+"-first-10s-p95", quantile(early, 0.95), "µs")
			figure("sync-"+c.name+"-worst", worst, "µs")
			most(t, "sync-"+c.name+"-p95", p95, "µs", syncMost)
			if peer {
				series := apart(snapcast(t, noise, c.ppm))
				t.Logf("snapcast apart by, in µs: %.0f", signed(series))
				theirs, _ := p95of(series)
				beside(t, "sync-"+c.name+"-beside", p95, "µs", "snapcast", theirs, c.aim)
			}
			figure("sync-"+c.name+"-load", load(), "processes")
		})
	}
	t.Run("xrun", func(t *testing.T) {
		var broke float64
		series := apart(boxes(t, pair, "xrun", noise, 20, func(b *box) {
			time.Sleep(15 * time.Second)
			broke = freeze(t, b.cmd.Process.Pid, 400*time.Millisecond)
		}))
		back, away := 0.0, 0.0
		for _, d := range series {
			if d.at > broke && d.at < broke+10 {
				away = max(away, math.Abs(d.by))
				if math.Abs(d.by) > syncMost {
					back = d.at - broke
				}
			}
		}
		if away < 20e3 {
			t.Errorf("the card that was starved was never more than %.0f µs away: nothing was tried", away)
		}
		most(t, "sync-xrun-recovered", back, "s", 2)
	})
}

// TestTogether is TestSync in short: two agents, a broker, two cards that run 160 ppm
// apart, and what they played is one sound. It is left out with -short, and where others
// want the processor so much that no sound card would be served in time.
func TestTogether(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes half a minute")
	}
	if n := load(); n > 3*float64(runtime.NumCPU()) {
		t.Skipf("%.0f processes want %d processors", n, runtime.NumCPU())
	}
	pair, noise := twoBoxes(t, 12*time.Second)
	by := within(apart(boxes(t, pair, "together", noise, 80, nil)), 2, math.Inf(1))
	if len(by) < 12 {
		t.Fatalf("only %d moments were heard of both", len(by))
	}
	if m := median(by); m > syncMost {
		t.Errorf("they are %.0f µs apart", m)
	}
}

// twoBoxes are two of one place that have the same noise.
func twoBoxes(t *testing.T, d time.Duration) (pair []*stage, samples []float64) {
	t.Helper()
	bin := t.TempDir()
	if out, err := exec.Command("go", "build", "-ldflags", "-s -w", "-o", bin, "loa/agent").CombinedOutput(); err != nil {
		t.Fatalf("cannot build the agent: %v\n%s", err, out)
	}
	samples, file := noise(t, d)
	s := newStage(t, filepath.Join(bin, "agent"), map[string]string{"noise": file, "words": file})
	return []*stage{s, s.neighbour(t, "bench-2")}, samples
}

// noise makes a recording of it, and what is in it.
func noise(t *testing.T, d time.Duration) (samples []float64, file string) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	n := int(d.Seconds() * 48000)
	samples = make([]float64, n)
	raw := make([]float64, n+2)
	for i := range raw {
		raw[i] = rng.NormFloat64() * 3000
	}
	data := make([]byte, 0, 4*n)
	for i := range samples { // a little less bright: its peak can be found between two frames
		samples[i] = math.Round(raw[i]/4 + raw[i+1]/2 + raw[i+2]/4)
		for range 2 {
			data = binary.LittleEndian.AppendUint16(data, uint16(int16(samples[i])))
		}
	}
	head := []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x02\x00\x80\xbb\x00\x00\x00\xee\x02\x00\x04\x00\x10\x00data")
	binary.LittleEndian.PutUint32(head[4:], uint32(len(data)+36))
	head = binary.LittleEndian.AppendUint32(head, uint32(len(data)))
	file = filepath.Join(t.TempDir(), "noise.wav")
	if err := os.WriteFile(file, append(head, data...), 0o600); err != nil {
		t.Fatal(err)
	}
	return samples, file
}

// neighbour is the stage around another box of the same place.
func (s *stage) neighbour(t *testing.T, name string) *stage {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	n := *s
	n.root = filepath.Join(t.TempDir(), "box")
	want := plan.Settings{Commissioned: true}
	check(s.au.AddBox(name, "desk", authority.Box{Place: commune}))
	is, err := s.au.Want(name, &want, signers...)
	check(err)
	check(s.au.Keep(is))
	s.send(t, is)
	check(os.CopyFS(n.root, os.DirFS(s.au.BoxDir(name))))
	check(os.Chmod(filepath.Join(n.root, "etc/loa/box.key"), 0o600))
	check(os.WriteFile(filepath.Join(n.root, "board.toml"), boardFile(s.board), 0o644))
	return &n
}

// boxes lets two agents play the noise together, on cards whose clocks run apart, and
// gives where each was when. during has its way with the first meanwhile.
func boxes(t *testing.T, pair []*stage, name string, noise []float64, ppm float64, during func(*box)) (a, b []place) {
	t.Helper()
	var cards []*ototest.Card
	var agents []*box
	for i, s := range pair {
		cards = append(cards, ototest.New(t, ototest.Opts{PPM: ppm * float64(1-2*i)}))
		agents = append(agents, s.start(t, cards[i]))
	}
	for _, b := range agents {
		b.at(t, "the box has its recordings", settled)
	}
	zone := time.FixedZone("", 7*3600)
	length := time.Duration(len(noise)) * time.Second / 48000
	at := time.Now().In(zone).Add(8 * time.Second).Truncate(time.Second)
	ref := pair[0].bulletins["noise"]
	doc := &plan.Schedule{
		Validity: plan.Validity{ValidFrom: at.Add(-time.Hour).UTC(), ValidUntil: at.Add(time.Hour).UTC().Truncate(time.Second)}, Zone: "+07:00",
		Slots: []plan.Slot{{ID: "s", At: []string{at.Format("15:04:05")}, StartAt: true, ForS: int(length.Seconds()) + 5, Items: []plan.Item{{Ref: &ref}}}},
	}
	doc.Place, doc.ID = commune, strings.ToLower(name)
	is, err := pair[0].keep(doc)
	if err != nil {
		t.Fatal(err)
	}
	pair[0].send(t, is)
	began := now() + time.Until(at).Seconds()
	time.Sleep(time.Until(at))
	if during != nil {
		during(agents[0])
	}
	time.Sleep(time.Until(at.Add(length + 2*time.Second)))
	for _, b := range agents {
		b.end(t)
	}
	guess := func(at float64) int { return int((at - began) * 48000) }
	return places(listen(t, cards[0]), ppm, noise, guess), places(listen(t, cards[1]), -ppm, noise, guess)
}

// freeze stops the process that has the card, so that it runs dry, and says when that began.
func freeze(t *testing.T, pid int, d time.Duration) (at float64) {
	t.Helper()
	for _, id := range tree(t, pid) {
		line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", id))
		if words := strings.Split(string(line), "\x00"); id == pid || len(words) < 2 || words[1] != "sink" {
			continue
		}
		at = now()
		if err := syscall.Kill(id, syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		time.Sleep(d)
		if err := syscall.Kill(id, syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		return at + d.Seconds()
	}
	t.Fatal("there is no process that has the card")
	return 0
}

// hog keeps processors busy until the test ends.
func hog(t *testing.T, n int) {
	t.Helper()
	for range n {
		cmd := exec.Command("sh", "-c", "while :; do :; done")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	}
}

// A place is where in the noise a card was at a moment, as how late that is: seconds that
// would be the same all the time on a card that plays it in time.
type place struct{ at, lag float64 }

const windowFrames = 2048

// places looks for the noise in what was heard, twice a second. guess is about where it
// should be; nil: nobody knows.
func places(e ear, ppm float64, noise []float64, guess func(at float64) int) (all []place) {
	rate := 48000 * (1 + ppm/1e6)
	window := make([]float64, windowFrames)
	known, offset := false, 0 // of the noise's frame against the moment's
	for _, s := range e.stretches {
		for f := s.frame; f+windowFrames < s.end; f += 24000 {
			at := s.start + float64(f-s.frame)/rate
			if at > s.stop {
				break
			}
			power := 0.0
			for i := range window {
				window[i] = float64(e.pcm[2*(f+i)])
				power += window[i] * window[i]
			}
			if power < windowFrames*100 {
				continue
			}
			frames := int(at * 48000)
			from, to := 0, len(noise)
			switch {
			case known:
				from, to = frames+offset-1200, frames+offset+1200
			case guess != nil:
				from, to = guess(at)-48000, guess(at)+48000
			}
			k, match := find(window, noise, from, to)
			if match < 0.4 {
				known = false // it has jumped
				continue
			}
			known, offset = true, int(k)-frames
			all = append(all, place{at, at - k/48000})
		}
	}
	return all
}

// find is where in the noise a window fits best, between two places, and how well.
func find(window, noise []float64, from, to int) (at, match float64) {
	from, to = max(0, from), min(to, len(noise)-len(window))
	short := window
	if to-from > 200000 {
		short = window[:256]
	}
	score := func(w []float64, k int) (sum float64) {
		for i, v := range noise[k : k+len(w)] {
			sum += v * w[i]
		}
		return sum
	}
	best, top := -1, 0.0
	for k := from; k < to; k++ {
		if v := score(short, k); v > top {
			best, top = k, v
		}
	}
	if best < 1 || best+1+len(window) >= len(noise) {
		return 0, 0
	}
	a, b, c := score(window, best-1), score(window, best), score(window, best+1)
	var pw, pn float64
	for i, v := range noise[best : best+len(window)] {
		pw, pn = pw+window[i]*window[i], pn+v*v
	}
	return float64(best) + 0.5*(a-c)/(a-2*b+c), b / math.Sqrt(pw*pn)
}

// A deviation is how much later one of two is than the other at a moment, in µs.
type deviation struct{ at, since, by float64 }

// apart is how far apart two are at the moments of the first.
func apart(a, b []place) (all []deviation) {
	for i, j := 0, 0; i < len(a); i++ {
		for j+1 < len(b) && b[j+1].at <= a[i].at {
			j++
		}
		if j+1 >= len(b) || b[j].at > a[i].at || b[j+1].at-b[j].at > 0.8 {
			continue
		}
		part := (a[i].at - b[j].at) / (b[j+1].at - b[j].at)
		lag := b[j].lag + part*(b[j+1].lag-b[j].lag)
		all = append(all, deviation{a[i].at, a[i].at - a[0].at, (a[i].lag - lag) * 1e6})
	}
	return all
}

// within is how far apart they are in a stretch of seconds since the beginning.
func within(all []deviation, from, to float64) (by []float64) {
	for _, d := range all {
		if d.since >= from && d.since < to {
			by = append(by, math.Abs(d.by))
		}
	}
	return by
}

// signed is how far apart they are, as it goes on.
func signed(all []deviation) (by []float64) {
	for _, d := range all {
		by = append(by, d.by)
	}
	return by
}

// p95of leaves out the time in which both learn their cards.
func p95of(all []deviation) (p95, worst float64) {
	by := within(all, syncSettle, math.Inf(1))
	return quantile(by, 0.95), quantile(by, 1)
}

// load is how many processes want a processor.
func load() (n float64) {
	data, _ := os.ReadFile("/proc/loadavg")
	_, _ = fmt.Sscan(string(data), &n)
	return n
}

// TestFind holds the ear itself to what it must hear: a part of a frame.
func TestFind(t *testing.T) {
	noise, _ := noise(t, time.Second)
	window := make([]float64, windowFrames)
	for i := range window { // a quarter of a frame on
		window[i] = 0.75*noise[20000+i] + 0.25*noise[20001+i]
	}
	if at, match := find(window, noise, 0, len(noise)); math.Abs(at-20000.25) > 0.1 || match < 0.9 {
		t.Errorf("found at %.3f, match %.2f; want 20000.25", at, match)
	}
	if _, match := find(window, noise, 22000, 30000); match > 0.2 {
		t.Errorf("found where it is not: %.2f", match)
	}
}
