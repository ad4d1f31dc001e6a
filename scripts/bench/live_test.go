package bench

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"loa/agent/console"
	"loa/agent/ledger"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/drivers/oto/ototest"
	"loa/scripts/livetalk"
)

// talkFor is how long somebody speaks on each line: a burst of a tone every second.
const talkFor = 30 * time.Second

// TestLive prints how long after it was said live talk is heard, and how much of it,
// on lines that lose and delay. The box is behind a wire of its own, on which the
// kernel drops packets (nftables, each way, 5 %), so that TCP does what it does; the
// kernel here has no netem, and what comes late is held back by a forwarder in this
// process, whose delays keep the order, as TCP's do.
func TestLive(t *testing.T) {
	if os.Getenv("LOA_BENCH") == "" {
		t.Skip("LOA_BENCH is not set")
	}
	bin := t.TempDir()
	if out, err := exec.Command("go", "build", "-ldflags", "-s -w", "-o", bin, "loa/agent").CombinedOutput(); err != nil {
		t.Fatalf("cannot build the agent: %v\n%s", err, out)
	}
	for _, line := range []struct {
		name   string
		loss   int           // percent of IP packets, each way
		jitter time.Duration // 0 to so much
		drop   int           // percent of packets of talk that never reach the broker
		aim    float64       // ms to be heard at the latest; 0: none
	}{
		{name: "live", aim: 700},
		{name: "live-jitter-300ms-in-process", jitter: 300 * time.Millisecond, aim: 1000},
		{name: "live-loss-5pct-netns", loss: 5},
		{name: "live-loss-5pct-netns-jitter-300ms-in-process", loss: 5, jitter: 300 * time.Millisecond},
		{name: "live-dropped-5pct-in-process", drop: 5, aim: 700},
	} {
		t.Run(line.name, func(t *testing.T) {
			s := newStage(t, filepath.Join(bin, "agent"), nil)
			s.behind(t, line.loss, line.jitter)
			// A box has its processor to itself; here others may want it.
			if first := []string{"chrt", "-r", "10"}; exec.Command(first[0], append(first[1:], "true")...).Run() == nil {
				s.inside = append(s.inside, first...)
			}
			card := ototest.New(t, ototest.Opts{})
			b := s.start(t, card)
			b.at(t, "the box is in its place", func(st console.Status) bool { return st.Connected && st.Place == commune })
			time.Sleep(3 * time.Second) // and has the policy of it
			said, behind := s.talk(t, b, line.drop)
			if behind > 100*time.Millisecond {
				t.Skipf("who speaks was %v behind: the machine is too busy to tell", behind.Round(time.Millisecond))
			}
			var account string
			until(t, "the talk is over", 20*time.Second, func() bool {
				account = b.lastEnd(t)
				return account != ""
			})
			b.end(t)
			t.Log(account)
			var came, lost, share, waited float64
			_, account, _ = strings.Cut(account, "live talk: ")
			_, _ = fmt.Sscanf(account, "%f s came, %f s (%f %%) lost, %f s waited", &came, &lost, &share, &waited)
			heard := listen(t, card).onsets(left)
			if len(heard) != len(said) {
				t.Logf("%d bursts were said, %d heard", len(said), len(heard))
			}
			var ms []float64
			for i := range min(len(said), len(heard)) {
				ms = append(ms, 1e3*(heard[i]-said[i]))
			}
			if len(ms) == 0 {
				t.Fatal("nothing was heard")
			}
			t.Logf("%.0f", ms)
			figure(line.name+"-mouth-to-horn-median", median(ms), "ms")
			if line.aim > 0 {
				most(t, line.name+"-mouth-to-horn-p99", p99(ms), "ms", line.aim)
			} else {
				figure(line.name+"-mouth-to-horn-p99", p99(ms), "ms")
			}
			figure(line.name+"-came", came, "s")
			figure(line.name+"-lost", share, "%")
			figure(line.name+"-waited", waited, "s")
			if came < 0.9*talkFor.Seconds() {
				t.Errorf("of %v of talk %.1f s were heard", talkFor, came)
			}
			figure("amplifier-settle", float64(s.board.Amp.SettleMS), "ms") // the talk begins in silence
		})
	}
}

// talk speaks for a while and says when each burst was said, and how far this process
// was kept from its time at worst.
func (s *stage) talk(t *testing.T, b *box, drop int) (said []float64, behind time.Duration) {
	t.Helper()
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	act := plan.Act{
		SessionKey: base64.StdEncoding.EncodeToString(pub), ForS: 120,
		Until: time.Now().Add(30 * time.Second).UTC().Truncate(time.Second),
	}
	act.Kind, act.Place = plan.KindLive, commune
	is, err := s.au.Act(act, signers...)
	if err != nil {
		t.Fatal(err)
	}
	id := is.Doc.(plan.Act).ID
	s.send(t, is)
	until(t, "the box listens", 10*time.Second, func() bool {
		st, ok := b.status()
		return ok && st.Now != nil && st.Amp
	})
	p, err := livetalk.NewPacker(commune, id, key)
	if err != nil {
		t.Fatal(err)
	}
	topic := message.LiveTopic(commune, id).String()
	pcm := make([]int16, livetalk.Samples)
	begin := time.Now()
	rnd := rand.New(rand.NewPCG(5, 8))
	for p.Offset() < talkFor {
		for i := range pcm {
			// A burst of 200 ms each second, at any phase of a packet.
			at := p.Offset().Seconds() + float64(i)/livetalk.Rate
			k := math.Floor(at)
			pcm[i] = 0
			if from := k + 0.5 + 0.007*k; k >= 1 && at >= from && at < from+0.2 {
				pcm[i] = int16(16000 * math.Sin(2*math.Pi*800*(at-from)))
			}
		}
		raw, err := p.Pack(pcm)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Until(begin.Add(p.Offset()))) // its last sample has been said
		// A microphone keeps its time; this process may have been kept from its own.
		behind = max(behind, time.Since(begin.Add(p.Offset())))
		k := math.Floor((p.Offset() - livetalk.Frame).Seconds())
		if from := k + 0.5 + 0.007*k; k >= 1 && p.Offset().Seconds() > from && (p.Offset()-livetalk.Frame).Seconds() <= from {
			said = append(said, now()-p.Offset().Seconds()+from)
		}
		if rnd.IntN(100) >= drop {
			s.sender.Publish(topic, raw, false)
		}
	}
	time.Sleep(50 * time.Millisecond)
	s.sender.Publish(topic, p.End(), false)
	return said, behind
}

// onsets are when sound began after at least 300 ms of quiet: louder than −30 dBFS,
// for a codec has no perfect silence.
func (e ear) onsets(channel int) (all []float64) {
	last := 0.0
	for _, s := range e.stretches {
		for f := s.frame; f < s.end; f++ {
			if v := e.pcm[2*f+channel]; v < 1000 && v > -1000 {
				continue
			}
			at := s.at(f)
			if at-last > 0.3 {
				all = append(all, at)
			}
			last = at
		}
	}
	return all
}

// lastEnd is what the ledger says of the talk that has ended; empty: none has.
func (b *box) lastEnd(t *testing.T) string {
	t.Helper()
	conn, err := net.Dial("unix", b.socket)
	if err != nil {
		return ""
	}
	defer conn.Close()
	fmt.Fprintln(conn, "ledger last 20 --json")
	answer, err := io.ReadAll(conn)
	if err != nil {
		return ""
	}
	text, _, _ := strings.Cut(string(answer), "\x00")
	var said struct{ Data []ledger.Entry }
	if json.Unmarshal([]byte(text), &said) != nil {
		return ""
	}
	i := slices.IndexFunc(said.Data, func(e ledger.Entry) bool { return e.Kind == ledger.End && e.Class == plan.Live })
	if i < 0 {
		return ""
	}
	return said.Data[i].Detail
}

// The network behind the wire; the broker's certificate names the near end.
const (
	space   = "loa-bench"
	nearEnd = "10.232.17.1"
	farEnd  = "10.232.17.2"
)

// behind puts the box behind a wire that loses packets, and its broker behind a
// forwarder that holds back what it passes.
func (s *stage) behind(t *testing.T, loss int, jitter time.Duration) {
	t.Helper()
	host := "127.0.0.1"
	if loss > 0 {
		if os.Getuid() != 0 {
			t.Skip("only root may make a network namespace")
		}
		host = nearEnd
		s.inside = []string{"ip", "netns", "exec", space}
		rules := fmt.Sprintf(`add table ip lossy
add chain ip lossy in { type filter hook input priority 0; }
add chain ip lossy out { type filter hook output priority 0; }
add rule ip lossy in iifname "far" numgen random mod 100 < %d counter drop
add rule ip lossy out oifname "far" numgen random mod 100 < %[1]d counter drop
`, loss)
		t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", space).Run() })
		for _, line := range []string{
			"ip netns add " + space,
			"ip link add loabench type veth peer name far netns " + space,
			"ip addr add " + nearEnd + "/24 dev loabench",
			"ip link set loabench up",
			"ip -n " + space + " addr add " + farEnd + "/24 dev far",
			"ip -n " + space + " link set far up",
			"ip -n " + space + " link set lo up",
			"ip netns exec " + space + " nft -f -",
		} {
			words := strings.Fields(line)
			cmd := exec.Command(words[0], words[1:]...)
			cmd.Stdin = strings.NewReader(rules)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Skipf("%s: %v: %s", line, err, out)
			}
		}
	}
	l, err := net.Listen("tcp", host+":0")
	if err != nil {
		t.Fatal(err)
	}
	to := strings.TrimPrefix(s.au.Brokers()[0], "tls://")
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", to)
			if err != nil {
				near.Close()
				continue
			}
			wg.Go(func() { hold(far, near, jitter) })
			wg.Go(func() { hold(near, far, jitter) })
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	conf := filepath.Join(s.root, "etc/loa/agent.toml")
	data, err := os.ReadFile(conf)
	if err != nil {
		t.Fatal(err)
	}
	if host == "127.0.0.1" {
		host = "localhost"
	}
	changed := strings.Replace(string(data), s.au.Brokers()[0], fmt.Sprintf("tls://%s:%d", host, l.Addr().(*net.TCPAddr).Port), 1)
	if changed == string(data) {
		t.Fatalf("%s names no broker:\n%s", conf, data)
	}
	if err := os.WriteFile(conf, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
}

// hold passes bytes on, each some time up to jitter later and none before another.
func hold(to, from net.Conn, jitter time.Duration) {
	defer to.Close()
	defer from.Close()
	type late struct {
		p  []byte
		at time.Time
	}
	way := make(chan late, 4096)
	var wg sync.WaitGroup
	wg.Go(func() {
		for l := range way {
			time.Sleep(time.Until(l.at))
			if _, err := to.Write(l.p); err != nil {
				from.Close()
			}
		}
	})
	buf := make([]byte, 16384)
	for {
		n, err := from.Read(buf)
		if err != nil {
			break
		}
		at := time.Now()
		if jitter > 0 {
			at = at.Add(rand.N(jitter))
		}
		way <- late{slices.Clone(buf[:n]), at}
	}
	close(way)
	wg.Wait()
}
