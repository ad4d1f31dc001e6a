package bx

import (
	"context"
	"fmt"
	"time"
)

// SetBrightness sets one of the card's 16 levels, for all hours; 0 % is the
// darkest, which still lights.
func (p *Panel) SetBrightness(percent int) error {
	level, err := brightness(percent)
	if err != nil {
		return p.talk.errorf("%w", err)
	}
	data := []byte{0 /* by hand */}
	for range 48 { // half hours
		data = append(data, level)
	}
	_, err = p.talk.ask(context.Background(), p.common(0xA2, 0x07, data, 0))
	return err
}

// Power makes the panel dark, or light again with what it showed.
func (p *Panel) Power(ctx context.Context, on bool) error {
	data := []byte{0}
	if on {
		data[0] = 1
	}
	_, err := p.talk.ask(ctx, p.common(0xA2, 0x05, data, 0))
	return err
}

// SetClock sets the card's clock to t, in t's own zone.
func (p *Panel) SetClock(ctx context.Context, t time.Time) error {
	_, err := p.talk.ask(ctx, p.common(0xA2, 0x02, clock(t), 0))
	return err
}

// Hours are when a panel is on, counted from midnight of the card's clock.
type Hours struct{ On, Off time.Duration }

// TimedPower lets the card switch itself on and off every day: up to three spans
// of whole minutes, none over midnight. No span takes the timer away.
func (p *Panel) TimedPower(ctx context.Context, spans ...Hours) error {
	if len(spans) == 0 {
		_, err := p.talk.ask(ctx, p.common(0xA2, 0x08, nil, 0))
		return err
	}
	data, err := timer(spans)
	if err != nil {
		return p.talk.errorf("%w", err)
	}
	_, err = p.talk.ask(ctx, p.common(0xA2, 0x06, data, 0))
	return err
}

// Delete takes away what Show, ShowFor and Scroll have put into dynamic areas:
// the card goes on with its programs.
func (p AreaPanel) Delete(ctx context.Context) error {
	_, err := p.talk.ask(ctx, question{dialect: dynamic, group: 0xA7, cmd: 1, data: []byte{0xFF}})
	if err == nil {
		p.shown = false
	}
	return err
}

// brightness is a level from 0 to 15.
func brightness(percent int) (byte, error) {
	if percent < 0 || percent > 100 {
		return 0, fmt.Errorf("a brightness of %d %%", percent)
	}
	return byte((percent*15 + 50) / 100), nil
}

// clock is a time as commands want it: BCD, the year low byte first, Sunday is 7.
func clock(t time.Time) []byte {
	week := (int(t.Weekday())+6)%7 + 1
	return []byte{
		bcd(t.Year() % 100), bcd(t.Year() / 100), bcd(int(t.Month())), bcd(t.Day()),
		bcd(t.Hour()), bcd(t.Minute()), bcd(t.Second()), byte(week),
	}
}

func timer(spans []Hours) ([]byte, error) {
	if len(spans) > 3 {
		return nil, fmt.Errorf("%d spans of power, and a card knows 3", len(spans))
	}
	data := []byte{byte(len(spans))}
	for _, s := range spans {
		on, off := int(s.On/time.Minute), int(s.Off/time.Minute)
		if on < 0 || off <= on || off >= 24*60 {
			return nil, fmt.Errorf("on at %v and off at %v: off must follow on the same day", s.On, s.Off)
		}
		data = append(data, bcd(on/60), bcd(on%60), bcd(off/60), bcd(off%60))
	}
	return data, nil
}

// deadMan is a timeout in whole seconds.
func deadMan(d time.Duration) (int, error) {
	seconds := int((d + time.Second - 1) / time.Second)
	if seconds < 1 || seconds > 0xFFFF {
		return 0, fmt.Errorf("a picture for %v; it can be 1 s to 18 h", d)
	}
	return seconds, nil
}

func bcd(n int) byte { return byte(n/10<<4 | n%10) }
