package box

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"loa/agent/clock"
	"loa/agent/sense"
)

const (
	clocksEvery = 10 * time.Second // between two looks at the battery clock
	setAgain    = time.Hour        // after a try to set it, whatever came of that
)

// keepClocks looks at the machine's clocks, and has them set when the box knows the time
// by a signature and they say another.
func (b *Box) keepClocks(ctx context.Context) error {
	rtc := b.o.Board.Clock.RTC
	read := b.clock.ReadRTC
	if rtc == "" {
		read = func() (time.Time, error) { return time.Time{}, fs.ErrNotExist }
	}
	var tried time.Time
	sense.Poll(ctx, clocksEvery, read, func(at time.Time, err error) {
		set := b.clock.TakeRTC(at, err)
		b.o.Health.Report("clock-battery", b.clock.BatteryLost())
		b.o.Health.Report("ntp-differs", b.clock.NTPDiffers())
		if rtc != "" && !clock.Stopped(err) {
			b.o.Health.ReportOf("clock-missing", "clock.rtc", err)
		}
		if !set || b.o.SetTime == nil || !tried.IsZero() && time.Since(tried) < setAgain {
			return
		}
		tried = time.Now()
		if err = b.o.SetTime(ctx, b.now(), rtc); err == nil {
			b.clock.WasSet()
			b.o.Log.Info("the machine's clocks were set by the signed time", "host", true, "rtc", rtc)
		}
		if !errors.Is(err, context.Canceled) {
			b.o.Health.Report("clock-unset", err)
		}
	})
	return nil
}
