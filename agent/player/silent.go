package player

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"loa/agent/sound"
	"loa/agent/speaker"
)

// A sounding is what plays, as the player knows it.
type sounding interface {
	Stop()
	SetGain(dB float64)
	Done() <-chan struct{}
	Report() speaker.Report
}

// A dryRun is a silent drill: an item that is opened, decoded and measured whole, and
// goes past the speaker, so that no fault can make it heard: neither an amplifier whose
// line is stuck nor one that is always on. The sound device gets a moment of silence
// instead, and has to play that.
type dryRun struct {
	quit context.CancelFunc
	done chan struct{}

	mu     sync.Mutex
	report speaker.Report
}

// At so many times its own speed a recording is read: it leaves a box's one processor to
// others, and is over before anybody wants the speaker.
const drySpeed = 8

// probing is how long the sound device may take for its silence.
const probing = 5 * time.Second

func (p *Player) dry(it *item) *dryRun {
	ctx, quit := context.WithCancel(context.Background())
	d := &dryRun{quit: quit, done: make(chan struct{})}
	go func() { // ends with the item, or by Stop; whoever reads Endings waits for it
		defer close(d.done)
		defer quit()
		defer it.Close()
		err := d.read(ctx, it)
		if err == nil {
			ctx, quit := context.WithTimeout(ctx, probing)
			defer quit()
			err = p.spk.Probe(ctx)
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.report.Err = err; err == nil {
			d.report.Ended, d.report.Proof = true, "silence"
		}
	}()
	return d
}

// read measures the item to its end, in stretches of 20 ms as the speaker would.
func (d *dryRun) read(ctx context.Context, it *item) error {
	select {
	case <-it.Ready():
	case <-ctx.Done():
		return ctx.Err()
	}
	buf := make([]float32, sound.Rate/50*sound.Channels)
	var meter sound.Meter
	for {
		n, err := it.Read(buf)
		meter.Add(buf[:n])
		d.mu.Lock()
		d.report.Frames, d.report.Loud, d.report.Position = meter.Frames(), meter.Loud(), meter.Frames()
		d.report.RMSDBFS, d.report.PeakDBFS = meter.RMS(), meter.Peak()
		d.mu.Unlock()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		select {
		case <-time.After(20 * time.Millisecond / drySpeed):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (d *dryRun) Stop()                 { d.quit() }
func (d *dryRun) SetGain(float64)       {} // it has no volume
func (d *dryRun) Done() <-chan struct{} { return d.done }

func (d *dryRun) Report() speaker.Report {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.report
}
