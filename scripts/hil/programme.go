package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"loa/agent/decode"
	"loa/agent/plan"
	"loa/agent/sound"
	"loa/scripts/hil/tape"
	"loa/scripts/mediaserver"
)

// A programme is one slot that was sent, and with what it can be compared.
type programme struct {
	id     string
	start  time.Time
	length time.Duration
	sound  []float64 // at masterRate
	page   string    // what the board shows meanwhile
}

func (p programme) end() time.Time { return p.start.Add(p.length) }

const masterRate = 24000

var zone = time.FixedZone("+07:00", 7*3600)

// master is a sound like no other: noise of the band and the pace of speech.
func master(seed uint64, d time.Duration) []float64 {
	r := rand.New(rand.NewPCG(seed, 7))
	out := make([]float64, int(d.Seconds()*masterRate))
	low, lower := 0.0, 0.0
	for i := range out {
		n := r.NormFloat64()
		low += 0.5 * (n - low)
		lower += 0.12 * (n - lower)
		out[i] = 0.25 * (low - lower) * (0.6 + 0.4*math.Sin(2*math.Pi*3*float64(i)/masterRate))
	}
	return out
}

// wav is x as a file of 16 bits.
func wav(x []float64, rate int) []byte {
	var b bytes.Buffer
	b.WriteString("RIFF")
	le := func(v any) { binary.Write(&b, binary.LittleEndian, v) }
	le(uint32(36 + 2*len(x)))
	b.WriteString("WAVEfmt ")
	le(uint32(16))
	le(uint16(1))
	le(uint16(1))
	le(uint32(rate))
	le(uint32(2 * rate))
	le(uint16(2))
	le(uint16(16))
	b.WriteString("data")
	le(uint32(2 * len(x)))
	for _, v := range x {
		le(int16(math.Round(32767 * max(-1, min(1, v)))))
	}
	return b.Bytes()
}

// lift takes the quiet hours away, for a day: a bench works at night as well.
func (c *centre) lift(now time.Time) error {
	policy := &plan.Policy{Validity: day(now), Zone: "+07:00", QuietHours: []plan.Span{}}
	policy.Place, policy.ID = commune, "luat"
	return c.sign(policy)
}

func day(now time.Time) plan.Validity {
	return plan.Validity{ValidFrom: now.Add(-time.Minute).UTC().Truncate(time.Second), ValidUntil: now.Add(24 * time.Hour).UTC().Truncate(time.Second)}
}

func (c *centre) sign(doc any) error {
	is, err := c.au.Sign(doc, signers...)
	if err != nil {
		return err
	}
	return c.au.Keep(is)
}

// plan signs a slot of one bulletin with a page, which begins at start, and sends it.
func (c *centre) plan(ctx context.Context, id string, start time.Time, length time.Duration) (programme, error) {
	start = start.Truncate(time.Second)
	return c.send(ctx, id, start, length, plan.Slot{At: []string{start.In(zone).Format("15:04:05")}, ForS: int(length.Seconds()) + 60})
}

// planAlways is the same for a slot of every minute of the day, whatever a clock says.
func (c *centre) planAlways(ctx context.Context, id string, length time.Duration) (programme, error) {
	return c.send(ctx, id, time.Now(), length, plan.Slot{Every: &plan.Every{From: "00:00", Until: "24:00", Minutes: 1}, ForS: 55})
}

func (c *centre) send(ctx context.Context, id string, start time.Time, length time.Duration, slot plan.Slot) (programme, error) {
	now := time.Now()
	p := programme{id: id, start: start, length: length, sound: master(uint64(now.UnixNano()), length), page: "Thử " + id}
	file := wav(p.sound, masterRate)
	sum, size, err := mediaserver.Add(c.au.MediaDir(), bytes.NewReader(file))
	if err != nil {
		return p, err
	}
	var loudness sound.Loudness
	info, err := decode.Walk(ctx, bytes.NewReader(file), "", func(pcm []float32) error { loudness.Add(pcm); return nil })
	if err != nil {
		return p, err
	}
	doc := &plan.Bulletin{
		Validity: day(now), Class: plan.Normal, Origin: plan.Own, Lang: "vi", Title: "Thử " + id, Text: "Thử " + id,
		Audio:        []plan.Audio{{SHA256: sum, Bytes: size, Type: info.Type, DurationMS: info.Duration.Milliseconds(), Lang: "vi"}},
		LoudnessLUFS: math.Round(10*loudness.Integrated()) / 10,
		Pages:        []plan.Page{{Text: p.page}},
	}
	doc.Place, doc.ID = commune, id
	is, err := c.au.Sign(doc, signers...)
	if err != nil {
		return p, err
	}
	if err := c.au.Keep(is); err != nil {
		return p, err
	}
	slot.ID, slot.Items = "s", []plan.Item{{Ref: &plan.Ref{Kind: plan.KindBulletin, ID: id, SHA256: is.SHA256}}}
	schedule := &plan.Schedule{Validity: day(now), Zone: "+07:00", Slots: []plan.Slot{slot}}
	schedule.Place, schedule.ID = commune, id
	if err := c.sign(schedule); err != nil {
		return p, err
	}
	if slot.Every == nil {
		c.mean(p.start, time.Duration(slot.ForS)*time.Second)
	}
	return p, c.publish(ctx)
}

// mean notes that the box may sound from a time on.
func (c *centre) mean(from time.Time, length time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.meant = append(c.meant, tape.Span{From: from, To: from.Add(length)})
}

// intended are the stretches in which the box may sound, by what was sent to it.
func (c *centre) intended() []tape.Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.meant)
}

// alarm sets an emergency, which sounds at once and needs no recording, or takes it back.
func (c *centre) alarm(ctx context.Context, on bool) error {
	set := &plan.AlertSet{Office: province, Alerts: []plan.Alert{}}
	set.Place, set.ID = commune, province
	if on {
		set.Alerts = append(set.Alerts, plan.Alert{
			ID: "lu", Event: "Lũ quét", Urgency: "immediate", Severity: "severe", Certainty: "likely",
			Headline: "Lũ quét trên sông Sài Gòn", Instruction: "Lên chỗ cao ngay.",
			Repeat: 1, Until: time.Now().Add(10 * time.Minute).UTC().Truncate(time.Second),
		})
	}
	if err := c.sign(set); err != nil {
		return err
	}
	if on {
		c.mean(time.Now(), 3*time.Minute)
	}
	return c.publish(ctx)
}
