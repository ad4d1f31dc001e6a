package console

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/text/unicode/norm"

	"loa/agent/clock"
)

// What is left of "commit" where a byte was dropped is no commission: that would key the
// amplifier, or play the test tone, at whoever stands under the horn.
func TestAShortenedCommitIsNoCommission(t *testing.T) {
	f := fit()
	c := New(f.box(), Opts{Lang: "en"})
	for _, line := range []string{"com", "comm", "commi", "COMM", "comm confirmed 10", "help comm"} {
		text, code := c.Do(t.Context(), line, Asker{})
		if code != Usage || !strings.Contains(text, "commission, commit") {
			t.Errorf("%q: code %d, %q", line, code, text)
		}
	}
	if n := f.touched(); n != 0 {
		t.Errorf("the box was touched %d times", n)
	}
	for line, want := range map[string]string{"commis show": "not yet", "logo": "Goodbye", "qui": "Goodbye", "help commit": "config commit [confirmed", "help quit": "exit"} {
		if text, code := c.Do(t.Context(), line, Asker{}); code != OK || !strings.Contains(text, want) {
			t.Errorf("%q: code %d, %q", line, code, text)
		}
	}
}

// Some keyboards send a letter and its marks one after another.
func TestMarksOfTheirOwn(t *testing.T) {
	f := fit()
	c := New(f.box(), Opts{})
	if text, code := c.Do(t.Context(), norm.NFD.String("commission 4 đạt đủ cả"), Asker{}); code != OK || !strings.Contains(text, "ĐẠT (1/12 bước)") {
		t.Errorf("code %d, %q", code, text)
	}
	if v := f.book.Draft[0].Value; !strings.HasSuffix(v, "đủ cả") {
		t.Errorf("noted %q", v)
	}
	sit(t, &pole{night: true}, func(d *desk) {
		d.sees("tone\r", "Vẫn phát?")
		d.sees(norm.NFD.String("có")+"\r", "Bắt đầu")
	})
}

// A number below nothing is no flag.
func TestMinusIsNoFlag(t *testing.T) {
	f := fit()
	c := New(f.box(), Opts{Lang: "en"})
	if text, code := c.Do(t.Context(), "commission 3 pass RSRP -97 dBm", Asker{}); code != OK {
		t.Errorf("code %d, %q", code, text)
	}
	for _, line := range []string{"tone -5", "commission 3 pass --jsno", "status -x"} {
		if text, code := c.Do(t.Context(), line, Asker{}); code != Usage {
			t.Errorf("%q: code %d, %q", line, code, text)
		}
	}
}

// Asked about what there is not, a box does not say that all is well.
func TestWhyOfNothing(t *testing.T) {
	c := New(fit().box(), Opts{Lang: "en"})
	if text, code := c.Do(t.Context(), "why volum_percent", Asker{}); code != Usage || !strings.Contains(text, `no setting "volum_percent"`) {
		t.Errorf("code %d, %q", code, text)
	}
}

// A technician who reads Vietnamese reads it also where a device says what is wrong.
func TestDevicesSpeakVietnamese(t *testing.T) {
	f := fit()
	f.pings[1].Error = "dial tcp 203.0.113.6:8883: connect: network is unreachable"
	f.modem = errors.New("tty: cannot open /dev/ttyUSB2: no such file or directory")
	b := f.box()
	b.View = likeThis{f, func(st *Status) { st.Sink = "card 1: no such device" }}
	for line, want := range map[string]string{
		"ping broker": "connect: không có đường ra mạng", "survey net 1": "không có tệp hay thư mục đó", "level": "card 1: không có thiết bị đó",
		"speaker test 1 --yes": "thiết bị âm thanh: card 1: không có thiết bị đó", "commission 5": "card 1: không có thiết bị đó",
	} {
		synctest.Test(t, func(t *testing.T) {
			if text, _ := New(b, Opts{}).Do(t.Context(), line, Asker{}); !strings.Contains(strings.Join(strings.Fields(text), " "), want) {
				t.Errorf("%s: %q is not in\n%s", line, want, text)
			}
		})
	}
}

// Where a stick is missing the way out that is named is one of the same command.
func TestTheWayOutIsOfTheSameCommand(t *testing.T) {
	for err, way := range map[error]string{ErrNoStick: "say where", ErrSeveralSticks: "say which"} {
		b, _ := settled(t, &pole{}, t.TempDir())
		b.Carry, b.Stick = noPocket{err}, &slot{err: err}
		for _, line := range []string{"config export", "config import", "import"} {
			if text, code := New(b, Opts{Lang: "en"}).Do(t.Context(), strings.Replace(line, "export", "export usb", 1), Asker{}); code != Failed || !strings.HasSuffix(text, way+": "+line+" DIR") {
				t.Errorf("%s: code %d, %q", line, code, text)
			}
		}
	}
}

type noPocket struct{ err error }

func (p noPocket) GiveSettings(string, []byte) (string, error) { return "", p.err }
func (p noPocket) TakeSettings(string) ([]byte, error)         { return nil, p.err }

// As soft as can be is not silent, and is told as what it is.
func TestVolumeNought(t *testing.T) {
	text, code := New(fit().box(), Opts{Lang: "en"}).Do(t.Context(), "volume 0", Asker{})
	if code != OK || !strings.Contains(text, "1 %") {
		t.Errorf("code %d, %q", code, text)
	}
}

// An answer for a program may reach a terminal as well: it holds nothing that one obeys,
// and says the same.
func TestJSONDrivesNoTerminal(t *testing.T) {
	b := fit().box()
	const evil = "a\u009b2Jb\u202ec\x7fd\U000e0041e\U0001f4e2"
	b.Log = func(int) []string { return []string{evil} }
	text, code := New(b, Opts{}).Do(t.Context(), "log --json", Asker{})
	if code != OK || clean(text) != text {
		t.Errorf("code %d, %q", code, text)
	}
	var got struct{ Data []string }
	if err := json.Unmarshal([]byte(text), &got); err != nil || len(got.Data) != 1 || got.Data[0] != evil {
		t.Errorf("%v, %q", err, got.Data)
	}
}

// A trial ends at a time of the clock that status shows.
func TestATrialEndsByTheBoxsClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, k := settled(t, &pole{}, t.TempDir())
		b.View = behind{still{b.View}}
		c := New(b, Opts{Lang: "en"})
		c.Do(t.Context(), "config edit lang en", Asker{})
		for _, line := range []string{"commit confirmed 10", "config show"} {
			if text, code := c.Do(t.Context(), line, Asker{}); code != OK || !strings.Contains(text, "12:10") {
				t.Errorf("%s: code %d, %q", line, code, text)
			}
		}
		if until, ok := k.Trial(); !ok || time.Until(until) != 10*time.Minute {
			t.Errorf("it is tried for %v", time.Until(until))
		}
	})
}

// A box of which the machine's clock is wrong.
type behind struct{ Viewer }

func (behind) Clock() clock.Facts { return clock.Facts{Time: noon, Host: time.Now()} }

// A board without a speaker sounds nothing, and says so; one whose amplifier nobody
// switches holds none.
func TestNothingThatIsNotThereSounds(t *testing.T) {
	f := fit()
	b := f.box()
	b.View = likeThis{f, func(st *Status) { st.Silent, st.Keyed, st.Now = true, false, nil }}
	c := New(b, Opts{Lang: "en"})
	for _, line := range []string{"tone", "sweep 20", "play gong", "chime test", "say ip", "speaker test --yes", "amp on 5", "level", "commission 6"} {
		text, code := c.Do(t.Context(), line, Asker{})
		looks := line == "level" || line == "commission 6"
		if looks != (code == OK) || !strings.Contains(text, "this board has no speaker") {
			t.Errorf("%s: code %d, %q", line, code, text)
		}
	}
	if n := len(f.played) + len(f.amp); n != 0 {
		t.Errorf("it sounded %d times", n)
	}
	b.View = likeThis{f, func(st *Status) { st.Keyed = false }}
	if text, code := New(b, Opts{Lang: "en"}).Do(t.Context(), "amp on 5", Asker{}); code == OK || !strings.Contains(text, "no line keys it") || len(f.amp) > 0 {
		t.Errorf("code %d, %q", code, text)
	}
}

// The log is told by the clock on the wall, as everything else is.
func TestLogLines(t *testing.T) {
	b := fit().box()
	b.Log = func(int) []string {
		return []string{
			`time=2026-11-23T04:41:10.633Z level=WARN msg="mqtt: not connected" room=mqtt why="EOF \"x\""`,
			`time=2026-11-22T23:41:10Z level=INFO msg=box device=d-1`,
			`time=2026-11-21T23:41:10Z level=INFO msg=start`,
			`time=yesterday level=INFO msg=box`, `time=2026-11-22T23:41:10Z level=INFO msg="torn`, "panic: x", "",
		}
	}
	c := New(b, Opts{Now: func() time.Time { return noon }})
	want := `11:41:10 WARN mqtt: not connected room=mqtt why="EOF \"x\""
06:41:10 INFO box device=d-1
06:41:10 22/11/2026 INFO start
time=yesterday level=INFO msg=box
time=2026-11-22T23:41:10Z level=INFO msg="torn
panic: x
`
	if text, code := c.Do(t.Context(), "log", Asker{}); code != OK || text != want {
		t.Errorf("code %d, got\n%s\nwant\n%s", code, text, want)
	}
	if text, _ := c.Do(t.Context(), "log --json", Asker{}); !strings.Contains(text, "time=2026-11-23T04:41:10.633Z") {
		t.Error(text) // a program has it as it is
	}
}
