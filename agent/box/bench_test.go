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
	"strings"
	"sync/atomic"
	"testing"
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

// pullCard takes the sound card out of the box, and plugCard puts it back.
func (x *bench) pullCard() {
	x.pulled.Store(true)
	os.RemoveAll(filepath.Join(x.root, "proc/asound/Codec"))
	x.card.Load().Lose()
}

func (x *bench) plugCard() {
	x.pulled.Store(false)
	x.write("proc/asound/Codec/id", "Codec")
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
