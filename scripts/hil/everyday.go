package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"slices"
	"time"

	"loa/agent/layout"
	"loa/agent/ledger"
	"loa/agent/message"
	"loa/agent/plan"
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
	r.connected = time.Now()
	var err error
	r.written, err = r.Card.Written(ctx)
	return fmt.Sprintf("%.1f s after power-on", r.connected.Sub(r.powered).Seconds()), err
}

// headStart is what an emulated box on a busy machine needs to take a programme in.
const headStart = 12 * time.Second

func hears(ctx context.Context, r *rig) (string, error) {
	p, err := r.centre.plan(ctx, r.id(), time.Now().Add(headStart), 4*time.Second)
	if err != nil {
		return "", err
	}
	return r.hear(ctx, p)
}

// id names the session's next programme.
func (r *rig) id() string {
	r.programmes++
	return fmt.Sprintf("so-%d", r.programmes)
}

// hear waits until a programme is over, and compares what was heard with it.
func (r *rig) hear(ctx context.Context, p programme) (figure string, err error) {
	if err := sleep(ctx, time.Until(p.end())+r.kind.Amp.Linger()+2*time.Second); err != nil {
		return "", err
	}
	// A slow emulator is late; then the sound is not all there yet.
	for {
		s, err := r.AudioTap.Sound()
		if err != nil {
			return "", err
		}
		s = s.Since(p.start.Add(-time.Second))
		h := listen(p.sound, masterRate, s.Samples, s.Rate)
		late := time.Since(p.end())
		switch err := h.err(); {
		case h.lost == 0 || err == nil && late > 10*time.Second:
			at := s.When(int(h.at.Seconds() * float64(s.Rate)))
			return fmt.Sprintf("%v, %+.2f s from its time", h, at.Sub(p.start).Seconds()), nil
		case err != nil && late > 25*time.Second:
			return "", err
		}
		if err := sleep(ctx, 3*time.Second); err != nil { // to compare takes the emulator's time
			return "", errors.Join(h.err(), err)
		}
	}
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
	edges := r.edges()
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
	p, figure, err := r.shows(ctx)
	if err != nil {
		return "", err
	}
	_, err = r.hear(ctx, p)
	return figure, err
}

// boardAlone is the same where nothing can be heard.
func boardAlone(ctx context.Context, r *rig) (string, error) {
	_, figure, err := r.shows(ctx)
	return figure, err
}

// shows sends a programme and waits until its page is on the panel.
func (r *rig) shows(ctx context.Context) (p programme, figure string, err error) {
	if r.card == nil {
		return p, "", fmt.Errorf("board %s has no panel of a kind that is known here", r.kind.Name)
	}
	p, err = r.centre.plan(ctx, r.id(), time.Now().Add(headStart), 4*time.Second)
	if err != nil {
		return p, "", err
	}
	size := image.Pt(r.kind.Panel.Width, r.kind.Panel.Height)
	look, _ := layout.LookNamed("")
	pages, _ := layout.Set(p.page, look, layout.Board{Size: size, Colors: layout.Mono}, layout.Fields{})
	if len(pages) != 1 {
		return p, "", fmt.Errorf("the page is %d pages here", len(pages))
	}
	want := image.NewRGBA(image.Rectangle{Max: size})
	pages[0].Frame(want, 0)
	var seen image.Image
	err = until(ctx, "the panel shows the page", func() bool {
		seen = r.card.Screen()
		return same(seen, want)
	})
	if err != nil {
		return p, "", fmt.Errorf("%w; it shows\n%s", err, picture(seen))
	}
	return p, fmt.Sprintf("to the pixel, %+.1f s from its time", time.Since(p.start).Seconds()), nil
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
	p, err := r.centre.plan(ctx, r.id(), time.Now().Add(headStart+6*time.Second), 4*time.Second)
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
