package box

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"image"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"
	"periph.io/x/conn/v3/i2c"

	"loa/agent/display"
	"loa/agent/hardware"
	"loa/agent/health"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/sound"
	"loa/agent/speaker"
	"loa/agent/speaker/speakertest"
	"loa/agent/trust/trusttest"
	"loa/boards"
	"loa/drivers/ina219/ina219test"
	"loa/drivers/sensor/sensortest"
)

// A bench is a box on which everything can break: its devices behave, and so does what
// the kernel shows of them.
type bench struct {
	t    *testing.T
	root string // stands for /
	b    *Box
	w    *trusttest.World
	link *tally

	meter  *ina219test.Chip
	air    *sensortest.Chip // thermometer of the page
	supply *sensortest.Chip
	heat   *sensortest.Chip
	light  *sensortest.Chip
	rpi    *sensortest.Chip
	amp    speakertest.Amp
	panel  fragile

	// What of the amplifier and its horns is broken.
	open, short, dead, stuck, dark atomic.Bool

	card   atomic.Pointer[speakertest.Card]
	pulled atomic.Bool // the sound card
	quiet  atomic.Bool // nobody gives signs of life
	disk   atomic.Pointer[func(*unix.Statfs_t)]
}

// A fragile panel fails when it is told to.
type fragile struct {
	lamp
	broken, silent atomic.Bool
}

func (f *fragile) Show(context.Context, image.Image) error {
	if f.silent.Load() {
		return errors.New("no answer")
	}
	return nil
}

const benchBoard = `
name = "bench"
title = "Bàn thử"
commissioned = true
[sink]
driver = "oto"
card = "Codec"
[amp]
driver = "emulated"
file = "amp.line"
linger_ms = 1500
[clock]
trust = "host"
rtc = "/dev/rtc1"
[panel]
driver = "png"
width = 128
height = 32
colors = "red"
file = "panel.png"
[sensor.light]
device = "bh1750"
channel = "in_illuminance"
valid = [0, 120000]
curve = [[3, 8], [1000, 50], [20000, 100]]
default_percent = 50
[sensor.temperature]
device = "bme280"
channel = "in_temp"
[sensor.current]
device = "/dev/i2c-0"
shunt_mohm = 10
idle_ma = 60
full_ma = 4000
most_ma = 6000
least_mv = 20000
[sensor.supply]
device = "ina226"
channel = "in1"
valid = [6000, 32000]
least_mv = 11500
most_mv = 15000
[sensor.heat]
device = "28-*"
channel = "w1_slave"
[sensor.door]
file = "door"
`

const warmCabinet = "f6 01 4b 46 7f ff 0a 10 5f : crc=5f YES\nf6 01 4b 46 7f ff 0a 10 5f t="

// write lets the kernel show something.
func (x *bench) write(path, text string) {
	path = filepath.Join(x.root, path)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text+"\n"), 0o600)); err != nil {
		x.t.Error(err)
	}
}

// newBench makes a box in order.
func newBench(t *testing.T, state string) *bench {
	board, err := boards.Parse("bench.toml", []byte(benchBoard))
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	x := &bench{t: t, root: t.TempDir(), w: trusttest.New(time.Now()), link: &tally{n: make(map[string]int)}, meter: ina219test.New(0x40, 10)}
	x.air = sensortest.New(t, x.root, sensortest.IIO, 0, "bme280")
	x.air.Set("in_temp_input", 31000)
	x.light = sensortest.New(t, x.root, sensortest.IIO, 1, "bh1750")
	x.light.Set("in_illuminance_input", 900)
	x.supply = sensortest.New(t, x.root, sensortest.HWMon, 0, "ina226")
	x.supply.Set("in1_input", 13200)
	x.rpi = sensortest.New(t, x.root, sensortest.HWMon, 1, "rpi_volt")
	x.rpi.Set("in0_lcrit_alarm", 0)
	x.heat = sensortest.New(t, x.root, sensortest.OneWire, 7, "28-000000000007")
	x.heat.Set("w1_slave", warmCabinet+"41375")
	x.write("sys/class/thermal/thermal_zone0/temp", "52000")
	x.write("sys/block/mmcblk1/device/life_time", "0x02 0x03")
	x.write("sys/block/mmcblk1/device/pre_eol_info", "0x01")
	x.write("sys/fs/ext4/mmcblk1p3/errors_count", "0")
	x.write("proc/asound/Codec/id", "Codec")
	x.write("sys/class/rtc/rtc1/since_epoch", fmt.Sprint(time.Now().Unix()))
	if err := os.WriteFile(filepath.Join(state, "door"), []byte("0\n"), 0o600); err != nil {
		t.Fatal(err)
	}

	h := health.New(log, nil)
	wired := board
	wired.Amp = boards.Amp{Driver: "none"} // its guard is a process; the amplifier here is speakertest's
	d := hardware.Open(wired, hardware.Opts{
		Root: x.root, State: state, Report: h.Report,
		I2C: func(string) (i2c.BusCloser, error) { return x.meter, nil },
	})
	x.b, err = New(Opts{
		Device: trusttest.Device, State: state, Host: x.root, Root: x.w.RootFile(), Key: trusttest.Key(trusttest.Device), Board: board,
		Health: h, Log: log, Amp: &x.amp, Devices: d.Run, Sound: "ALSA: Codec",
		OpenSink: func() (speaker.Sink, error) {
			if x.pulled.Load() {
				return nil, speakertest.ErrLost
			}
			c := &speakertest.Card{}
			x.card.Store(c)
			return c, nil
		},
		Panel: func(context.Context) (display.Panel, error) {
			if x.panel.broken.Load() {
				return nil, errors.New("no such device")
			}
			return &x.panel, nil
		},
		Light: d.Light, Temperature: d.Temperature, Measures: Measures(d.Measures),
	})
	if err != nil {
		t.Fatal(err)
	}
	x.b.statfs = func(path string, st *unix.Statfs_t) error {
		err := unix.Statfs(path, st)
		if f := x.disk.Load(); f != nil {
			(*f)(st)
		}
		return err
	}
	x.b.mqtt = x.link
	return x
}

// physics is what the amplifier draws, moment by moment.
func (x *bench) physics(ctx context.Context) {
	for n := 0; ctx.Err() == nil; n++ {
		ma, mv := 1.0, 24000.0
		power := math.Pow(10, x.b.speaker.Status().RMSDBFS/10) * (1 + 0.2*math.Sin(float64(n)))
		switch {
		case x.dark.Load():
			ma, mv = 0, 200
		case x.dead.Load():
			ma = 0
		case x.amp.On() && x.short.Load():
			ma = 60 + 30000*power
		case x.amp.On() && x.open.Load():
			ma = 60 + math.Sin(float64(n))
		case x.amp.On():
			ma = 60 + 4000*power + math.Sin(float64(n))
		case x.stuck.Load():
			ma = 58 + math.Sin(float64(n))
		}
		x.meter.Set(ma, mv)
		time.Sleep(250 * time.Millisecond)
	}
}

// programme plays 14 s of sound, and rests for as long again and some more.
func (x *bench) programme(ctx context.Context) {
	for ctx.Err() == nil {
		snd := x.b.speaker.Play(sound.NewTone(440, -12, 14*time.Second), speaker.Voice{Class: 1})
		select {
		case <-snd.Done():
		case <-ctx.Done():
		}
		time.Sleep(30 * time.Second)
	}
}

// hears gives what the box reports of its health to told, and answers what it asks.
func (x *bench) hears(ctx context.Context, told func([]health.Active)) {
	x.link.answer = func(leaf string, payload []byte) {
		w := x.w.Later(time.Since(x.w.Now))
		switch leaf {
		case message.LeafHealth:
			r, err := message.DecodeReport[message.HealthReport](payload)
			if err != nil {
				x.t.Error(err)
			}
			told(r.Active)
		case message.LeafAsk:
			if ask, err := message.DecodeReport[message.Ask](payload); err == nil {
				answer := w.Answer(ask.Nonce)
				answer.Epochs = x.w.Beat(1).Epochs // no list is newer than those that were sent
				m := trusttest.Seal(answer, trusttest.Pulse)
				x.b.station.Receive(ctx, m.Topic, m.Raw)
			}
		case message.LeafLedger:
			if h, _, err := message.DecodeSegment(payload, trusttest.Key(trusttest.Device).Public().(ed25519.PublicKey)); err == nil {
				m := trusttest.Seal(plan.Act{
					Head: w.BoxHead(plan.KindAcked, fmt.Sprintf("acked-%d", h.To)), Seq: h.To, HeadHash: h.Head, Until: w.Now.Add(5 * time.Minute),
				}, trusttest.Desk)
				x.b.station.Receive(ctx, m.Topic, m.Raw)
			}
		}
	}
}

// centre sends what a new box receives, and signs of life.
func (x *bench) centre(ctx context.Context) {
	for _, m := range x.w.Setup() {
		if strings.HasSuffix(m.Topic, message.LeafWant) {
			want := x.w.Want()
			want.Media = nil
			m = trusttest.Seal(want, trusttest.Prov1, trusttest.Prov2)
		}
		x.b.station.Receive(ctx, m.Topic, m.Raw)
	}
	for seq := int64(2); ctx.Err() == nil; seq++ {
		if !x.quiet.Load() {
			beat := x.w.Beat(seq)
			beat.Time, beat.Issued = time.Now(), time.Now()
			m := trusttest.Seal(beat, trusttest.Pulse)
			x.b.station.Receive(ctx, m.Topic, m.Raw)
		}
		time.Sleep(160 * time.Second)
	}
}

// A fault of the matrix: how it is made and mended, and what it must be told as.
type fault struct {
	name   string
	inject func(*bench)
	mend   func(*bench)
	code   string
	with   []string // what else it brings about, and may be told
}

func flag(f func(*bench) *atomic.Bool) (inject, mend func(*bench)) {
	return func(x *bench) { f(x).Store(true) }, func(x *bench) { f(x).Store(false) }
}

func row(name, code string, f func(*bench) *atomic.Bool, with ...string) fault {
	inject, mend := flag(f)
	return fault{name, inject, mend, code, with}
}

func faults() []fault {
	var release func()
	disk := func(f func(*unix.Statfs_t)) func(*bench) { return func(x *bench) { x.disk.Store(&f) } }
	whole := func(x *bench) { x.disk.Store(nil) }
	file := func(path, bad, good string) (func(*bench), func(*bench)) {
		return func(x *bench) { x.write(path, bad) }, func(x *bench) { x.write(path, good) }
	}
	of := func(name, code string, inject, mend func(*bench), with ...string) fault {
		return fault{name, inject, mend, code, with}
	}
	files := func(name, code, path, bad, good string) fault {
		inject, mend := file(path, bad, good)
		return fault{name, inject, mend, code, nil}
	}
	door := func(x *bench, text string) {
		if err := os.WriteFile(filepath.Join(x.b.o.State, "door"), []byte(text), 0o600); err != nil {
			x.t.Error(err)
		}
	}
	return []fault{
		row("the horns' cable is cut", "horn-open", func(x *bench) *atomic.Bool { return &x.open }),
		row("a short in the horns' cable", "horn-short", func(x *bench) *atomic.Bool { return &x.short }),
		row("the amplifier is dead", "amp-dead", func(x *bench) *atomic.Bool { return &x.dead }),
		row("the amplifier's supply is dead", "amp-supply", func(x *bench) *atomic.Bool { return &x.dark }),
		row("the amplifier stays on", "amp-stuck", func(x *bench) *atomic.Bool { return &x.stuck }),
		of("the amplifier's line fails", "amp-fault", func(x *bench) { x.amp.Fail(errors.New("line 6: EBUSY")) }, func(x *bench) { x.amp.Fail(nil) }),
		of("the meter is unplugged", "current-sensor", func(x *bench) { x.meter.Unplug(true) }, func(x *bench) { x.meter.Unplug(false) }),
		of("the meter does not convert", "current-sensor", func(x *bench) { x.meter.Stop(true) }, func(x *bench) { x.meter.Stop(false) }),
		of("the meter's bus hangs", "current-sensor", func(x *bench) { release = x.meter.Hang() }, func(*bench) { release() }),

		of("the supply sags", "supply-low", func(x *bench) { x.supply.Set("in1_input", 11200) }, func(x *bench) { x.supply.Set("in1_input", 12800) }),
		of("the battery is overcharged", "supply-high", func(x *bench) { x.supply.Set("in1_input", 16100) }, func(x *bench) { x.supply.Set("in1_input", 13000) }),
		of("the supply's meter is unplugged", "voltage-sensor", func(x *bench) { x.supply.Unplug() }, func(x *bench) { x.supply.Plug(3) }),
		of("the supply's divider is cut", "voltage-sensor", func(x *bench) { x.supply.Set("in1_input", 0) }, func(x *bench) { x.supply.Set("in1_input", 13000) }),
		of("the board's own supply sags", "supply-low", func(x *bench) { x.rpi.Set("in0_lcrit_alarm", 1) }, func(x *bench) { x.rpi.Set("in0_lcrit_alarm", 0) }),

		of("the cabinet is hot", "box-hot", func(x *bench) { x.heat.Set("w1_slave", warmCabinet+"71000") }, func(x *bench) { x.heat.Set("w1_slave", warmCabinet+"48000") }),
		of("the cabinet's thermometer has a bad joint", "heat-sensor", func(x *bench) { x.heat.Set("w1_slave", "ff : crc=c9 NO\nff t=-62") }, func(x *bench) { x.heat.Set("w1_slave", warmCabinet+"41000") }),
		of("the cabinet's thermometer lies", "heat-sensor", func(x *bench) { x.heat.Set("w1_slave", warmCabinet+"127000") }, func(x *bench) { x.heat.Set("w1_slave", warmCabinet+"41000") }),
		files("the processor is hot", "box-hot", "sys/class/thermal/thermal_zone0/temp", "93000", "61000"),
		of("the door is open", "box-open", func(x *bench) { door(x, "1\n") }, func(x *bench) { door(x, "0\n") }),
		of("the door's switch cannot be read", "door-switch", func(x *bench) { door(x, "EIO\n") }, func(x *bench) { door(x, "0\n") }),
		of("the eye is cut off", "light-sensor", func(x *bench) { x.light.Fail("in_illuminance_input") }, func(x *bench) { x.light.Set("in_illuminance_input", 900) }),
		of("the eye is shorted", "light-sensor", func(x *bench) { x.light.Set("in_illuminance_input", 188000) }, func(x *bench) { x.light.Set("in_illuminance_input", 900) }),
		of("the page's thermometer is gone", "temperature-sensor", func(x *bench) { x.air.Unplug() }, func(x *bench) { x.air.Plug(4) }),

		files("the card is worn", "card-worn", "sys/block/mmcblk1/device/life_time", "0x0a 0x0b", "0x02 0x03"),
		files("the card's spare blocks are used up", "card-worn", "sys/block/mmcblk1/device/pre_eol_info", "0x03", "0x01"),
		files("the file system has errors", "storage-errors", "sys/fs/ext4/mmcblk1p3/errors_count", "4", "0"),
		of("the disk is full", "storage-full", disk(func(st *unix.Statfs_t) { st.Bavail = 3 }), whole),
		of("the disk is read-only", "storage-readonly", disk(func(st *unix.Statfs_t) { st.Flags |= unix.ST_RDONLY }), whole),

		of("the battery clock is unplugged", "clock-missing", func(x *bench) {
			os.RemoveAll(filepath.Join(x.root, "sys/class/rtc/rtc1"))
		}, func(x *bench) { x.write("sys/class/rtc/rtc1/since_epoch", fmt.Sprint(time.Now().Unix())) }),
		of("the sound card is pulled out", "sink-missing", func(x *bench) {
			x.pulled.Store(true)
			os.RemoveAll(filepath.Join(x.root, "proc/asound/Codec"))
			x.card.Load().Lose()
		}, func(x *bench) {
			x.pulled.Store(false)
			x.write("proc/asound/Codec/id", "Codec")
		}, "sink-lost"),
		row("the panel answers nothing", "panel-silent", func(x *bench) *atomic.Bool { return &x.panel.silent }, "panel-missing"),
		row("nobody at the centre speaks", "authority-lost", func(x *bench) *atomic.Bool { return &x.quiet }),
	}
}

const (
	soon  = 30 * time.Second // EN 54-16 asks for 100 s
	lasts = 2 * time.Minute  // and for as long as its cause
)

// Every fault is told at the centre within 30 s as what it is, with the part to buy,
// stays as long as its cause, brings nothing else with it, and floods nobody.
func TestFaultMatrix(t *testing.T) {
	state := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC))) // a bubble begins in 2000
		x := newBench(t, state)
		ctx, cancel := context.WithCancel(t.Context())
		var mu sync.Mutex
		var active []health.Active
		reports := 0
		told := func(a []health.Active) {
			mu.Lock()
			defer mu.Unlock()
			active, reports = a, reports+1
		}
		var wg sync.WaitGroup
		x.hears(ctx, told)
		ended := make(chan error, 1)
		go func() { ended <- x.b.Run(ctx) }()
		wg.Go(func() { x.centre(ctx) })
		wg.Go(func() { x.physics(ctx) })
		wg.Go(func() { x.programme(ctx) })
		codes := func() (all []string) {
			mu.Lock()
			defer mu.Unlock()
			for _, a := range active {
				all = append(all, a.Code)
			}
			return all
		}
		has := func(code string) bool { return slices.Contains(codes(), code) }
		within := func(d time.Duration, so func() bool) time.Duration {
			begin := time.Now()
			for !so() && time.Since(begin) <= d {
				time.Sleep(time.Second)
			}
			return time.Since(begin)
		}
		time.Sleep(5 * time.Minute)
		if got := codes(); len(got) > 0 {
			t.Fatalf("a box in order says %v: %+v", got, active)
		}
		for _, f := range faults() {
			mu.Lock()
			reports = 0
			mu.Unlock()
			f.inject(x)
			limit := soon
			if f.code == "authority-lost" {
				limit = 8 * time.Minute // it is told by what does not come
			}
			took := within(limit, func() bool { return has(f.code) })
			if took > limit {
				t.Errorf("%s: not told as %s after %v, but as %v", f.name, f.code, limit, codes())
			}
			t.Logf("%-45s %-20s %4.0f s", f.name, f.code, took.Seconds())
			if c, _ := health.Lookup(f.code); (c.PartVI == "" || c.PartEN == "") && f.code != "authority-lost" {
				t.Errorf("%s: %s names no part", f.name, f.code)
			}
			for end := time.Now().Add(lasts); time.Now().Before(end); time.Sleep(time.Second) {
				got := codes()
				if !slices.Contains(got, f.code) {
					t.Errorf("%s: no more told, and it is still so: %v", f.name, got)
					break
				}
				if i := slices.IndexFunc(got, func(c string) bool { return c != f.code && !slices.Contains(f.with, c) }); i >= 0 {
					t.Errorf("%s: also told as %s", f.name, got[i])
					break
				}
			}
			mu.Lock()
			if reports > 8 {
				t.Errorf("%s: told %d times", f.name, reports)
			}
			mu.Unlock()
			f.mend(x)
			if took := within(200*time.Second, func() bool { return len(codes()) == 0 }); took > 200*time.Second {
				t.Errorf("%s: mended, and still told as %v", f.name, codes())
				time.Sleep(10 * time.Minute)
			}
		}
		cancel()
		wg.Wait()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
