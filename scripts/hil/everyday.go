package main

import (
	"context"
	"fmt"
	"image"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"loa/agent/layout"
	"loa/agent/ledger"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/heard"
	"loa/scripts/hil/tape"
)

func powerOn(ctx context.Context, r *rig) (string, error) {
	took, err := r.on(ctx)
	return fmt.Sprintf("ready after %.1f s", took.Seconds()), err
}

func connects(ctx context.Context, r *rig) (string, error) {
	if err := r.centre.publish(ctx); err != nil {
		return "", err
	}
	if _, err := r.online(ctx, ""); err != nil {
		return "", err
	}
	return fmt.Sprintf("%.1f s after power-on", time.Since(r.powered).Seconds()), nil
}

// headStart is what an emulated box on a busy machine needs to take a programme in.
const headStart = 12 * time.Second

// leastScore is how like its master a programme must sound; another sound has 0.3.
const leastScore = 0.9

func hears(ctx context.Context, r *rig) (string, error) {
	p, err := r.centre.plan(ctx, fmt.Sprintf("p%d", time.Now().Unix()), time.Now().Add(headStart), 4*time.Second)
	if err != nil {
		return "", err
	}
	r.last = p
	return r.hear(ctx, p)
}

// hear waits until a programme is over, and compares what was heard with it.
func (r *rig) hear(ctx context.Context, p programme) (figure string, err error) {
	if err := sleep(ctx, time.Until(p.end())+r.kind.Amp.Linger()+2*time.Second); err != nil {
		return "", err
	}
	var m heard.Match
	// A slow emulator is late; then the sound is not all there yet.
	err = until(ctx, "the programme is heard", func() bool {
		var s tape.Sound
		if s, err = r.AudioTap.Sound(); err != nil || len(s.Samples) == 0 {
			return false
		}
		m = heard.Find(p.sound, masterRate, s.Samples, s.Rate)
		return m.Score >= leastScore || time.Now().After(p.end().Add(20*time.Second))
	})
	switch {
	case err != nil:
		return "", err
	case m.Score < leastScore:
		return "", fmt.Errorf("it was not heard as it was sent: likeness %.3f, want %.2f", m.Score, leastScore)
	}
	s, err := r.AudioTap.Sound()
	if err != nil {
		return "", err
	}
	at := s.When(int(m.At.Seconds() * float64(s.Rate)))
	return fmt.Sprintf("likeness %.3f, level %+.1f dB, %+.2f s from its time", m.Score, 20*math.Log10(m.Gain), at.Sub(p.start).Seconds()), nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// slack is how well the clocks of an edge and of a sound agree: the emulator writes its
// recording in pieces of 21 ms, and a busy machine looks late.
const slack = 60 * time.Millisecond

// amplifier judges every edge since power-on.
func amplifier(ctx context.Context, r *rig) (string, error) {
	if r.kind.Amp.Line == nil {
		return "", fmt.Errorf("board %s has no amplifier line", r.kind.Name)
	}
	settle, linger := r.kind.Amp.Settle(), r.kind.Amp.Linger()
	if err := sleep(ctx, linger); err != nil {
		return "", err
	}
	s, err := r.AudioTap.Sound()
	if err != nil {
		return "", err
	}
	edges := r.GPIO.Edges()[r.firstEdge:]
	on := tape.On(edges, *r.kind.Amp.Line, r.kind.Amp.Active != "low", time.Now())
	sounds := s.Audible(linger)
	if len(sounds) == 0 {
		return "", fmt.Errorf("nothing has sounded since power-on, and %d edges were seen", len(edges))
	}
	for _, e := range edges {
		if e.Line != *r.kind.Amp.Line {
			return "", fmt.Errorf("line %d changed, which is nobody's", e.Line)
		}
	}
	if err := tape.Amplifier(on, sounds, settle, linger, slack); err != nil {
		return "", err
	}
	first, i := sounds[0], slices.IndexFunc(on, func(o tape.Span) bool { return !o.To.Before(sounds[0].To) })
	return fmt.Sprintf("%d sounds, %d times on; on %d ms before, %d ms after", len(sounds), len(on),
		first.From.Sub(on[i].From).Milliseconds(), on[i].To.Sub(first.To).Milliseconds()), nil
}

// board compares the panel with the page that was signed, as it is laid out.
func board(ctx context.Context, r *rig) (string, error) {
	if r.card == nil {
		return "the board has no panel", nil
	}
	p, err := r.centre.plan(ctx, fmt.Sprintf("b%d", time.Now().Unix()), time.Now().Add(headStart), 4*time.Second)
	if err != nil {
		return "", err
	}
	size := image.Pt(r.kind.Panel.Width, r.kind.Panel.Height)
	look, _ := layout.LookNamed("")
	pages, _ := layout.Set(p.page, look, layout.Board{Size: size, Colors: layout.Mono}, layout.Fields{})
	if len(pages) != 1 {
		return "", fmt.Errorf("the page is %d pages here", len(pages))
	}
	want := image.NewRGBA(image.Rectangle{Max: size})
	pages[0].Frame(want, 0)
	var seen image.Image
	err = until(ctx, "the panel shows the page", func() bool {
		seen = r.card.Screen()
		return same(seen, want)
	})
	if err != nil {
		return "", fmt.Errorf("%w; it shows\n%s", err, picture(seen))
	}
	at := time.Since(p.start)
	_, err = r.hear(ctx, p)
	return fmt.Sprintf("to the pixel, %+.1f s from its time", at.Seconds()), err
}

// same tells whether the same pixels are lit.
func same(a, b image.Image) bool {
	for y := range b.Bounds().Dy() {
		for x := range b.Bounds().Dx() {
			if lit(a, x, y) != lit(b, x, y) {
				return false
			}
		}
	}
	return true
}

func lit(m image.Image, x, y int) bool {
	r, g, b, _ := m.At(x, y).RGBA()
	return r|g|b > 0x3fff
}

// picture is a panel in letters.
func picture(m image.Image) string {
	var b []byte
	for y := range m.Bounds().Dy() {
		for x := range m.Bounds().Dx() {
			c := byte('.')
			if lit(m, x, y) {
				c = '#'
			}
			b = append(b, c)
		}
		b = append(b, '\n')
	}
	return string(b)
}

var (
	prompt  = regexp.MustCompile(`loa> $`)
	version = regexp.MustCompile(`(?s)version.*\n(.*\S.*)\n.*loa> $`)
)

// technician asks two things over the third line.
func technician(ctx context.Context, r *rig) (string, error) {
	from := r.Tech.Len()
	fmt.Fprint(r.Tech, "\r")
	if _, _, err := r.wait(ctx, r.Tech, from, prompt); err != nil {
		return "", err
	}
	from = r.Tech.Len()
	fmt.Fprint(r.Tech, "status\r")
	_, _, err := r.wait(ctx, r.Tech, from, regexp.MustCompile(`(?s)`+device+`.*loa> $`))
	return "", err
}

// ended waits until the ledger at the centre says how a programme ended.
func (r *rig) ended(ctx context.Context, p programme) (e ledger.Entry, err error) {
	var broken error
	err = until(ctx, "the ledger of "+p.id+" comes", func() bool {
		all, err := r.centre.ledger()
		broken = err
		for _, x := range all {
			if x.Kind == ledger.End && x.Title == "Thử "+p.id {
				e = x
				return true
			}
		}
		return false
	})
	if err != nil && broken != nil {
		err = broken
	}
	if err == nil && e.Result != plan.Heard {
		err = fmt.Errorf("%s ended %s (%s): %s", p.id, e.Result, e.Code, e.Detail)
	}
	return e, err
}

// brokerCut: what the box holds is heard without a broker, and told afterwards.
func brokerCut(ctx context.Context, r *rig) (string, error) {
	return r.withoutCentre(ctx, func() error { r.centre.brokerDown(); return nil }, func() error { return r.centre.brokerUp(ctx) })
}

func cableCut(ctx context.Context, r *rig) (string, error) {
	return r.withoutCentre(ctx, func() error { return r.Net.Cable(ctx, false) }, func() error { return r.Net.Cable(ctx, true) })
}

func (r *rig) withoutCentre(ctx context.Context, cut, mend func() error) (string, error) {
	p, err := r.centre.plan(ctx, fmt.Sprintf("c%d", time.Now().Unix()), time.Now().Add(headStart+6*time.Second), 4*time.Second)
	if err != nil {
		return "", err
	}
	if err := r.has(ctx, p); err != nil { // before the way is cut
		return "", err
	}
	if err := cut(); err != nil {
		return "", err
	}
	figure, err := r.hear(ctx, p)
	if err2 := mend(); err == nil {
		err = err2
	}
	if err != nil {
		return "", err
	}
	back := time.Now()
	if _, err := r.ended(ctx, p); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s; proof %.0f s after the way was back", figure, time.Since(back).Seconds()), nil
}

// has waits until the box has said that it holds all of a programme.
func (r *rig) has(ctx context.Context, p programme) error {
	return until(ctx, "the box holds "+p.id, func() bool {
		have, _ := told[message.Have](r.centre, message.LeafHave)
		_, scheduled := have.Documents[commune+"/schedule/"+p.id]
		return scheduled && slices.ContainsFunc(have.Media, func(m message.MediaOf) bool {
			return m.Bulletin == commune+"/bulletin/"+p.id && m.Present == m.Wanted
		})
	})
}

// tidy leaves of a session that held only its logs and recordings.
func (r *rig) tidy() { os.Remove(filepath.Join(r.dir, "disk.img")) }
