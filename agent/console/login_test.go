package console

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/passcode"
)

// sealed is the sum of the code that the tests type.
func sealed(t *testing.T) (code, sum string) {
	t.Helper()
	code = passcode.Make([]byte("the centre's"), "tp-0421")
	sum, err := passcode.Seal(code)
	if err != nil {
		t.Fatal(err)
	}
	return code, sum
}

// port is a serial port that asks for the code.
func port(l *Login, sum string) Line {
	return Line{Name: "port", Login: l, Code: func() string { return sum }, Idle: 15 * time.Minute, Stays: true}
}

func TestTheCode(t *testing.T) {
	code, sum := sealed(t)
	p := &pole{level: 60}
	synctest.Test(t, func(t *testing.T) {
		d := open(t, New(p.box(), Opts{}).At(port(NewLogin(), sum)))
		if got := d.screen(); !strings.Contains(got, "Ấp 3. Mã của thiết bị: ") {
			t.Errorf("the port says %q", got)
		}
		for _, s := range []string{"", "volume", "0000-0000-0000", code[1:], "\xff\xfe~~\x00", "\x04"} {
			if got := d.types(s + "\r"); strings.Contains(got, "60 %") || strings.Contains(got, "loa> ") || strings.Contains(got, s+"\r") && s != "" {
				t.Errorf("after %q the port says %q", s, got)
			}
			time.Sleep(2 * time.Second)
		}
		if got := d.types(strings.ToLower(strings.ReplaceAll(code, "-", "")) + "\r"); strings.Contains(got, code) || !strings.Contains(got, "loa> ") {
			t.Errorf("the code gives %q", got)
		}
		d.sees("volume\r", "60 %")
		d.sees("exit\r", "Mã của thiết bị")
		d.sees("volume\r", "")
		time.Sleep(time.Minute)
		d.sees("\r", "Mã của thiết bị")
		d.conn.Close()
		synctest.Wait()
	})
	if p.touched() > 0 {
		t.Error("somebody touched the box before they said the code")
	}
}

// Whoever presses Enter and types the code before the box has answered has typed it.
func TestTheCodeIsTypedAhead(t *testing.T) {
	code, sum := sealed(t)
	synctest.Test(t, func(t *testing.T) {
		d := open(t, New((&pole{}).box(), Opts{}).At(port(NewLogin(), sum)))
		d.sees("\r"+code+"\r", "loa> ")
		d.conn.Close()
		synctest.Wait()
	})
}

// Whoever guesses waits longer each time, at whichever line; noise keeps nobody out.
func TestGuessing(t *testing.T) {
	code, sum := sealed(t)
	now := time.Date(2026, 11, 27, 8, 0, 0, 0, time.UTC)
	l := NewLogin()
	for range 1000 {
		l.Try(sum, "\xff\xfe", now)
		l.Try(sum, "login:", now)
	}
	if l.Wait(now) != 0 {
		t.Error("noise is counted")
	}
	var waits []time.Duration
	for range 9 {
		if l.Try(sum, "0000-0000-0000", now) {
			t.Fatal("a wrong code opens")
		}
		wait := l.Wait(now)
		waits = append(waits, wait/time.Second)
		if wait > 0 && l.Try(sum, code, now.Add(wait-time.Millisecond)) {
			t.Error("a code is looked at too early")
		}
		now = now.Add(wait)
	}
	want := []time.Duration{0, 0, 2, 4, 8, 16, 32, 60, 60}
	for i := range want {
		if waits[i] != want[i] {
			t.Fatalf("waits %d s, want %d", waits, want)
		}
	}
	if !l.Try(sum, code, now) || l.Wait(now) != 0 {
		t.Error("the right code does not end it")
	}
}

func TestGuessingOverSessions(t *testing.T) {
	_, sum := sealed(t)
	synctest.Test(t, func(t *testing.T) {
		l, c := NewLogin(), New((&pole{}).box(), Opts{})
		d := open(t, c.At(port(l, sum)))
		for range free + 3 {
			d.types("0000-0000-0000\r")
			time.Sleep(3 * time.Second)
		}
		d.conn.Close() // the cable is pulled, and put in again
		time.Sleep(time.Second)
		again := open(t, c.At(port(l, sum)))
		if got := again.screen(); !strings.Contains(got, "Sai nhiều lần; chờ ") {
			t.Errorf("the next one is asked %q", got)
		}
		again.conn.Close()
		time.Sleep(time.Minute)
	})
}

// A session ends by itself; noise keeps none open, and the box's new beginning ends none.
func TestIdle(t *testing.T) {
	code, sum := sealed(t)
	synctest.Test(t, func(t *testing.T) {
		l, c := NewLogin(), New((&pole{}).box(), Opts{})
		d := open(t, c.At(port(l, sum)))
		d.sees(code+"\r", "loa> ")
		time.Sleep(14 * time.Minute)
		d.sees("version\r", "0.3.1")
		for range 14 {
			time.Sleep(time.Minute)
			d.types("\xf3~}\r")
		}
		d.anew() // with other settings
		time.Sleep(time.Second)
		d = open(t, c.At(port(l, sum)))
		if got := d.screen(); !strings.HasSuffix(got, "loa> ") {
			t.Errorf("the box asks again: %q", got)
		}
		for range 14 {
			time.Sleep(time.Minute)
			d.types("\xf3~}\r")
		}
		time.Sleep(2 * time.Minute)
		if got := d.types("version\r"); !strings.Contains(got, "Sai mã") || strings.Contains(got, "version") {
			t.Errorf("a session that noise kept open: %q", got)
		}
		d.anew()
		synctest.Wait()
		d = open(t, c.At(port(l, sum)))
		if got := d.screen(); !strings.HasSuffix(got, "Mã của thiết bị: ") {
			t.Errorf("after its end a session goes on: %q", got)
		}
		d.sees(code+"\r", "loa> ")
		d.conn.Close() // the adapter is unplugged, and plugged in again
		synctest.Wait()
		d = open(t, c.At(port(l, sum)))
		if got := d.screen(); !strings.HasSuffix(got, "Mã của thiết bị: ") {
			t.Errorf("after the adapter was unplugged: %q", got)
		}
		d.conn.Close()
		synctest.Wait()
	})
}

// Whoever pulls the adapter while the box begins anew has left as well.
func TestPulledWhileTheBoxBeginsAnew(t *testing.T) {
	code, sum := sealed(t)
	synctest.Test(t, func(t *testing.T) {
		l, c := NewLogin(), New((&pole{}).box(), Opts{})
		d := open(t, c.At(port(l, sum)))
		d.sees(code+"\r", "loa> ")
		d.anew() // and nobody is at the line when it is opened again
		time.Sleep(2 * time.Minute)
		d = open(t, c.At(port(l, sum)))
		if got := d.screen(); !strings.HasSuffix(got, "Mã của thiết bị: ") {
			t.Errorf("after two minutes without a line: %q", got)
		}
		d.conn.Close()
		synctest.Wait()
	})
}

// A box without a code asks for none, and a line of a session ends with it.
func TestNoCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New((&pole{}).box(), Opts{})
		for _, l := range []Line{{}, port(NewLogin(), ""), {Name: "port", Login: NewLogin(), Stays: true}, {Name: "local", Idle: time.Minute}} {
			d := open(t, c.At(l))
			if got := d.screen(); !strings.HasSuffix(got, "loa> ") {
				t.Errorf("%+v asks %q", l, got)
			}
			time.Sleep(2 * time.Minute)
			if over := len(d.over) > 0; over != (l.Name == "local") {
				t.Errorf("%+v: over: %v", l, over)
			}
			d.conn.Close()
			synctest.Wait()
		}
	})
}
