package live

import (
	"crypto/ed25519"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tphakala/go-opus/opus"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/sound"
	"loa/agent/trust"
)

// A believer is a trust that knows one session and its key.
type believer struct {
	key      ed25519.PublicKey
	verified int
}

func (b *believer) JudgeLive(topic string, raw []byte, _ time.Time, may func() bool) (message.LivePacket, trust.Verdict) {
	p, err := message.ParseLive(raw)
	if err == nil && topic != "loa/v1/p/26734/live/s1" {
		err = &plan.Error{Code: plan.Unsigned}
	}
	if err == nil && !may() {
		err = &plan.Error{Code: plan.Signature}
	}
	if err == nil {
		b.verified++
		err = message.VerifyLive("26734", "s1", raw, b.key)
	}
	var v trust.Verdict
	if errors.As(err, &v.Err) {
		v.Code = v.Err.Code
	}
	return p, v
}

func (b *believer) Commit(trust.Verdict) {}

// A rig is a room in which one person speaks a tone.
type rig struct {
	t       *testing.T
	room    *Room
	trust   *believer
	key     ed25519.PrivateKey
	said    [][]byte // packets
	refused map[plan.Code]int
}

func newRig(t *testing.T, packets int) *rig {
	t.Helper()
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, trust: &believer{key: pub}, key: key, refused: make(map[plan.Code]int)}
	r.room = New(Opts{Trust: r.trust, Now: time.Now, Refused: func(code plan.Code, _, _ string, n int) { r.refused[code] += n }})
	for i := range packets {
		audio := tone()[i%len(tone())]
		p := message.LivePacket{Codec: message.LiveOpus, Seq: uint32(i), Offset: time.Duration(i) * 20 * time.Millisecond, Duration: 20 * time.Millisecond, Audio: audio}
		r.said = append(r.said, message.SignLive("26734", "s1", p, key))
	}
	return r
}

func (r *rig) end() []byte {
	return message.SignLive("26734", "s1", message.LivePacket{Codec: message.LiveEnd, Seq: uint32(len(r.said)), Offset: time.Duration(len(r.said)) * 20 * time.Millisecond}, r.key)
}

// tone is twelve seconds of it, in packets of 20 ms.
var tone = sync.OnceValue(func() (packets [][]byte) {
	enc, err := opus.NewEncoder(opus.EncoderConfig{SampleRate: 48000, Channels: 1, Bitrate: 32000})
	if err != nil {
		panic(err)
	}
	pcm, buf := make([]int16, 960), make([]byte, 1275)
	for i := range 600 {
		for k := range pcm {
			pcm[k] = int16(8000 * math.Sin(2*math.Pi*300*float64(i*960+k)/48000))
		}
		n, err := enc.Encode(pcm, buf)
		if err != nil {
			panic(err)
		}
		packets = append(packets, slices.Clone(buf[:n]))
	}
	return packets
})

const topic = "loa/v1/p/26734/live/s1"

// An ear reads a source in time, as a speaker does, until it is over.
type ear struct {
	heard []float32
	first time.Time // when there was sound
	over  time.Time
	err   error
	done  chan struct{}
}

func listen(src sound.Source) *ear {
	e := &ear{done: make(chan struct{})}
	go func() {
		defer close(e.done)
		buf := make([]float32, 2*960)
		for next := time.Now(); ; {
			got, err := src.Read(buf)
			if err != nil {
				e.err, e.over = err, time.Now()
				return
			}
			for _, v := range buf[:got] {
				if e.first.IsZero() && math.Abs(float64(v)) > 0.01 {
					e.first = time.Now()
				}
			}
			e.heard = append(e.heard, buf[:got]...)
			if next = next.Add(20 * time.Millisecond); time.Since(next) > 100*time.Millisecond {
				next = time.Now() // it has stood still, as a card after an underrun
			}
			time.Sleep(time.Until(next))
		}
	}()
	return e
}

// silent is how much of the heard is below −40 dBFS, by 5 ms, from the first sound on.
func (e *ear) silent() (d time.Duration) {
	begun := false
	const block = 480
	for i := 0; i+block <= len(e.heard); i += block {
		loud := slices.ContainsFunc(e.heard[i:i+block], func(v float32) bool { return v > 0.01 || v < -0.01 })
		if begun = begun || loud; begun && !loud {
			d += 5 * time.Millisecond
		}
	}
	return d
}

// say sends what was said in time, each packet as late as late says; negative: never.
func (r *rig) say(late func(i int) time.Duration) {
	begin := time.Now()
	var sent = make(chan struct{})
	n := 0
	send := func(after time.Duration, raw []byte) {
		n++
		go func() {
			time.Sleep(time.Until(begin.Add(after)))
			r.room.Receive(topic, raw)
			sent <- struct{}{}
		}()
	}
	for i, raw := range r.said {
		if d := late(i); d >= 0 {
			send(time.Duration(i+1)*20*time.Millisecond+d, raw)
		}
	}
	for range n {
		<-sent
	}
	r.room.Receive(topic, r.end())
}

func (r *rig) open() *Source {
	r.t.Helper()
	src, err := r.room.Open(plan.Talk{Place: "26734", Session: "s1"})
	if err != nil {
		r.t.Fatal(err)
	}
	return src
}

// On a quick line everything is heard 160 ms after its packet was there, and the talk
// ends with its end.
func TestTalkIsHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 250)
		src := r.open()
		begin, e := time.Now(), listen(src)
		r.say(func(int) time.Duration { return 0 })
		<-e.done
		if late := e.first.Sub(begin); late < start || late > start+60*time.Millisecond {
			t.Errorf("heard %v after it was said", late)
		}
		if e.err != io.EOF || e.silent() > 20*time.Millisecond {
			t.Errorf("ended with %v, silent for %v", e.err, e.silent())
		}
		if after := e.over.Sub(begin); after > 5500*time.Millisecond {
			t.Errorf("five seconds took %v", after)
		}
		if share, note := src.Account(); share != 0 || !strings.Contains(note, "5.0 s came, 0.0 s") {
			t.Error(note)
		}
	})
}

// Jitter costs nothing as long as it is less than talk is held back. With more talk
// becomes later once, at its beginning.
func TestJitterHasItsPlace(t *testing.T) {
	for jitter, silent := range map[time.Duration]time.Duration{start - 5*time.Millisecond: 20 * time.Millisecond, 300 * time.Millisecond: 350 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, 500)
			rnd := rand.New(rand.NewPCG(1, 2))
			src := r.open()
			e := listen(src)
			r.say(func(i int) time.Duration {
				if i == 0 {
					return 0
				}
				return time.Duration(rnd.Int64N(int64(jitter)))
			})
			<-e.done
			if share, note := src.Account(); e.err != io.EOF || share > 0.02 || e.silent() > silent {
				t.Errorf("%v of jitter: %v, silent for %v: %s", jitter, e.err, e.silent(), note)
			}
		})
	}
}

// A line that stands still for a second makes talk later, once, and loses nothing.
func TestWhoComesLateIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 500)
		src := r.open()
		e := listen(src)
		r.say(func(i int) time.Duration {
			if i >= 100 && i < 150 {
				return time.Duration(150-i)*20*time.Millisecond + time.Duration(i)*time.Microsecond // all at once
			}
			return 0
		})
		<-e.done
		share, note := src.Account()
		if silent := e.silent(); e.err != io.EOF || share != 0 || silent < 500*time.Millisecond || silent > time.Second {
			t.Errorf("%v, silent for %v: %s", e.err, silent, note)
		}
	})
}

// A box that stood still for a moment catches up in the pauses of what is said, and
// leaves out nothing else.
func TestPausesAreLeftOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1000)
		for i := range r.said { // every second ends with a fifth of silence
			if i%50 >= 40 {
				p, _ := message.ParseLive(r.said[i])
				p.Audio = silence()
				r.said[i] = message.SignLive("26734", "s1", p, r.key)
			}
		}
		src := r.open()
		begin, e := time.Now(), listen(&stalls{src, begin(3 * time.Second)})
		r.say(func(int) time.Duration { return 0 })
		<-e.done
		_, note := src.Account()
		if late := e.over.Sub(begin) - 20*time.Second; late > start+100*time.Millisecond || e.err != io.EOF {
			t.Errorf("%v late at the end, %v: %s", late, e.err, note)
		}
		if left := src.s.buffer.Left; left < 400*time.Millisecond || left > 700*time.Millisecond {
			t.Errorf("%v of pauses left out", left)
		}
	})
	synctest.Test(t, func(t *testing.T) { // the line was quick, and nothing is left out
		r := newRig(t, 250)
		for i := range r.said {
			p, _ := message.ParseLive(r.said[i])
			p.Audio = silence()
			r.said[i] = message.SignLive("26734", "s1", p, r.key)
		}
		src := r.open()
		e := listen(src)
		r.say(func(int) time.Duration { return 0 })
		<-e.done
		if src.s.buffer.Left > 0 {
			t.Errorf("%v left out of what was not late", src.s.buffer.Left)
		}
	})
}

// stalls is a source that is not read for 600 ms at some moment.
type stalls struct {
	sound.Source
	at time.Time
}

func begin(after time.Duration) time.Time { return time.Now().Add(after) }

func (s *stalls) Read(p []float32) (int, error) {
	if !s.at.IsZero() && time.Now().After(s.at) {
		s.at = time.Time{}
		time.Sleep(600 * time.Millisecond)
	}
	return s.Source.Read(p)
}

// silence is a packet of it.
var silence = sync.OnceValue(func() []byte {
	enc, err := opus.NewEncoder(opus.EncoderConfig{SampleRate: 48000, Channels: 1, Bitrate: 32000})
	if err != nil {
		panic(err)
	}
	buf := make([]byte, 1275)
	n, err := enc.Encode(make([]int16, 960), buf)
	if err != nil {
		panic(err)
	}
	return buf[:n]
})

// Of one packet in twenty nobody hears a hole; the account knows.
func TestLossIsCovered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 500)
		src := r.open()
		e := listen(src)
		r.say(func(i int) time.Duration {
			if i%20 == 7 {
				return -1
			}
			return 0
		})
		<-e.done
		share, note := src.Account()
		if e.err != io.EOF || math.Abs(share-0.05) > 0.001 || e.silent() > 20*time.Millisecond {
			t.Errorf("%v, silent for %v: %s", e.err, e.silent(), note)
		}
	})
}

// More than a fifth lost in five seconds is no talk any more.
func TestTooMuchLossEnds(t *testing.T) {
	for _, c := range []struct {
		name string
		lost func(i int) bool
		ends bool
	}{
		{"a fifth", func(i int) bool { return i%5 == 4 }, false},
		{"more than a fifth", func(i int) bool { return i%4 == 3 }, true},
		{"a second and a bit", func(i int) bool { return i >= 200 && i < 252 }, true},
		{"a second twice in ten", func(i int) bool { return i >= 100 && i < 150 || i >= 400 && i < 450 }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, 600)
				src := r.open()
				e := listen(src)
				r.say(func(i int) time.Duration {
					if c.lost(i) {
						return -1
					}
					return 0
				})
				<-e.done
				var coded *plan.Error
				if ends := errors.As(e.err, &coded); ends != c.ends {
					_, note := src.Account()
					t.Errorf("ended with %v: %s", e.err, note)
				}
			})
		})
	}
}

// When frames stop the talk is over three seconds later, and at once when its end is
// known.
func TestTalkStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 100)
		src := r.open()
		begin, e := time.Now(), listen(src)
		for i, raw := range r.said {
			time.Sleep(time.Until(begin.Add(time.Duration(i+1) * 20 * time.Millisecond)))
			r.room.Receive(topic, raw)
		}
		<-e.done
		if after := e.over.Sub(begin); after < 5*time.Second || after > 5100*time.Millisecond {
			t.Errorf("over after %v, want 2 s of talk and 3 s of patience", after)
		}
		if e.err == io.EOF || e.err == nil {
			t.Errorf("ended with %v", e.err)
		}
	})
	synctest.Test(t, func(t *testing.T) { // nobody speaks at all
		r := newRig(t, 0)
		begin, e := time.Now(), listen(r.open())
		<-e.done
		if after := e.over.Sub(begin); after < patience || after > patience+100*time.Millisecond || e.err == io.EOF {
			t.Errorf("over after %v with %v", after, e.err)
		}
	})
}

// An alarm has the speaker for a while; then the talk goes on with what is said then.
func TestTalkGoesOnAfterAnAlarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 500)
		src := r.open()
		e := listen(src)
		said := make(chan struct{})
		begin := time.Now()
		go func() { r.say(func(int) time.Duration { return 0 }); close(said) }()
		time.Sleep(3 * time.Second)
		src.Close()
		<-e.done
		time.Sleep(4 * time.Second)
		again := r.open()
		from := time.Now()
		e = listen(again)
		<-e.done
		<-said
		if late := e.first.Sub(from); late > 50*time.Millisecond {
			t.Errorf("silent for %v after it came back", late)
		}
		if e.err != io.EOF || e.over.Sub(begin) > 10*time.Second+behind+100*time.Millisecond {
			t.Errorf("ended with %v after %v", e.err, e.over.Sub(begin))
		}
		third := r.open() // after its end there is nothing more to hear
		if _, err := third.Read(make([]float32, 960)); err != io.EOF {
			t.Errorf("opened once more: %v", err)
		}
	})
}

// Forged packets are not heard, and cost no more than the ration. Talk gets through
// as long as the ration lasts.
func TestForgedPacketsAreRationed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 250)
		forged := newRig(t, 250).said
		for range 1000 {
			r.room.Receive(topic, forged[0]) // nobody speaks
		}
		if r.trust.verified != 0 {
			t.Errorf("%d signatures were verified for nobody", r.trust.verified)
		}
		src := r.open()
		e := listen(src)
		begin := time.Now()
		for i, raw := range r.said {
			time.Sleep(time.Until(begin.Add(time.Duration(i+1) * 20 * time.Millisecond)))
			r.room.Receive(topic, raw)
			r.room.Receive(topic, forged[i]) // 50 a second
		}
		r.room.Receive(topic, r.end())
		<-e.done
		share, note := src.Account()
		if e.err != io.EOF || share != 0 || !strings.Contains(note, "250 refused") {
			t.Errorf("%v: %s", e.err, note)
		}
		before := r.trust.verified
		src = r.open()
		for range 100_000 {
			r.room.Receive(topic, forged[0])
		}
		if n := r.trust.verified - before; n > rationBurst {
			t.Errorf("a flood had %d signatures verified at once, want at most %d", n, rationBurst)
		}
		if r.refused[plan.Signature] == 0 || r.refused[plan.Signature] > 250 {
			t.Errorf("told of %d forged packets in %v", r.refused[plan.Signature], time.Since(begin))
		}
		src.Close()
	})
}

// What waits is bounded, whoever sends it.
func TestBufferIsBounded(t *testing.T) {
	b := newBuffer(time.Time{})
	now := time.Unix(1000, 0)
	for i := range 10_000 {
		b.push(message.LivePacket{Codec: message.LiveOpus, Offset: time.Duration(i) * 20 * time.Millisecond, Duration: 20 * time.Millisecond}, now)
	}
	if span := b.waiting[len(b.waiting)-1].Offset - b.waiting[0].Offset; span > hold {
		t.Errorf("%v wait", span)
	}
	for range 10_000 {
		b.push(message.LivePacket{Codec: message.LiveOpus, Offset: time.Hour, Duration: 20 * time.Millisecond}, now)
	}
	if len(b.waiting) > mostWaiting {
		t.Errorf("%d packets wait", len(b.waiting))
	}
}

// A hole in a voice is covered by the voice itself, and by silence when it is long.
func TestHoleIsCovered(t *testing.T) {
	var c patch
	voice := func(from, n int) []float32 {
		p := make([]float32, 2*n)
		for i := range n {
			at := float64(from+i) / 48000
			v := float32(0.3*math.Sin(2*math.Pi*150*at) + 0.15*math.Sin(2*math.Pi*450*at+1))
			p[2*i], p[2*i+1] = v, v
		}
		return p
	}
	c.heard(voice(0, 9600))
	got := make([]float32, 2*9600)
	c.cover(got)
	want := voice(9600, 960)
	var product, a, b float64
	for i := range want {
		product += float64(want[i] * got[i])
		a += float64(want[i] * want[i])
		b += float64(got[i] * got[i])
	}
	if like := product / math.Sqrt(a*b); like < 0.95 {
		t.Errorf("the first 20 ms of the cover are like the voice by %.2f", like)
	}
	if i := slices.IndexFunc(got[2*faded:], func(v float32) bool { return v != 0 }); i >= 0 {
		t.Error("a long hole does not become silence")
	}
	jump := float32(0)
	for i := 2; i < len(got); i += 2 {
		jump = max(jump, float32(math.Abs(float64(got[i]-got[i-2]))))
	}
	if jump > 0.05 {
		t.Errorf("the cover clicks: it jumps by %.2f", jump)
	}
}
