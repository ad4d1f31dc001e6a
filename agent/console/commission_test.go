package console

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/clock"
	"loa/agent/commission"
	"loa/agent/ledger"
	"loa/agent/plan"
)

// The twelve steps at a terminal: what the box finds by itself is taken with Enter, what
// only a person can tell must be said, and q stops so that the next time goes on there.
func TestTwelveSteps(t *testing.T) {
	f := fit()
	b := f.box()
	b.Board = newSign()
	sitOn(t, b, func(d *desk) {
		d.sees("commission\r", "1/12 Danh tính: tp-0421, Ấp 3, 26734, orangepi-zero")
		d.sees("\r", "2/12 Đồng hồ: 12:00:00 23/11/2026, theo đồng hồ pin")
		d.sees("\r", "3/12 Mạng: eth0, 192.168.1.7/24, cổng ra 192.168.1.1")
		d.sees("\r", "4/12 Máy chủ: đã nối")
		d.sees("có lẽ\r", "4/12 Máy chủ") // no result: asked again
		d.sees("hỏng TLS chậm\r", "5/12 Thiết bị âm thanh: OK")
		d.sees("\r", "6/12 Tăng âm: chân điều khiển bật và tắt")
		d.sees("q\r", "Dừng ở 5/12 bước")
		if f.held {
			t.Error("the amplifier stays on")
		}
		d.sees("commission\r", "6/12 Tăng âm")
		d.sees("\r", "7/12 Loa: Bắt đầu: Âm thử, 3 s.")
		d.sees("\r", "Dừng ở 6/12 bước") // whether it is heard the box cannot know
		d.sees("commission\r", "7/12 Loa")
		d.sees("đạt cả bốn loa\r", "8/12 Bảng: bx, 128 × 32")
		d.sees("d\r", "9/12 Cảm biến: không có cảm biến")
		d.sees("\r", "10/12 Chương trình 24 giờ: 24 giờ tới: phát 1, chỉ hiện 1, từ chối 1")
		d.sees("\r", "11/12 Nhật ký: chuỗi nguyên vẹn đến mục 9")
		d.sees("\r", "12/12 Nhãn")
		d.sees("dat\r", "Họ tên người nghiệm thu")
		d.sees("\r", "Chưa ký")
		d.sees("commission\r", "Họ tên người nghiệm thu")
		d.sees("Nguyễn Văn An\r", "1 bước hỏng: thiết bị vẫn phát nhỏ")
		d.sees("commission show\r", "KHÔNG ĐẠT, 1 bước hỏng")
	})
	if len(f.played) != 2 || b.Board.(*sign).pattern != "frame" {
		t.Errorf("played %v, shown %q", f.played, b.Board.(*sign).pattern)
	}
	r := f.book.Record
	if r == nil || r.By != "Nguyễn Văn An" || r.Passed() || r.Marks[3].Value == "" || !strings.HasSuffix(r.Marks[3].Value, "; TLS chậm") {
		t.Errorf("%+v", r)
	}
}

// A line that drops in the middle answers nothing; nothing is marked by that.
func TestALineThatDropsMarksNothing(t *testing.T) {
	f := fit()
	sitOn(t, f.box(), func(d *desk) {
		d.sees("commission\r", "1/12")
		d.sees("\x04", "Dừng ở 0/12")
		if err := <-d.over; err != nil {
			t.Error(err)
		}
		d.over <- nil
	})
	if len(f.book.Draft) != 0 {
		t.Errorf("%v", f.book.Draft)
	}
}

// Line by line, as from a script: the same steps and the same record.
func TestCommissioningLineByLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fit()
		if text, code := f.ask(t, "commission sign An"); code != Failed || !strings.Contains(text, "còn 12 bước") {
			t.Errorf("%d, %s", code, text)
		}
		for n, step := range commission.Steps() {
			text, code := f.ask(t, "commission")
			if code != OK || !strings.Contains(text, "commission "+itoa(n+1)+" pass|fail|na") {
				t.Fatalf("step %s: %d, %s", step, code, text)
			}
			if text, code = f.ask(t, "commission "+string(step)+" pass xem kỹ"); code != OK {
				t.Fatalf("step %s: %d, %s", step, code, text)
			}
		}
		if text, code := f.ask(t, "commission"); code != OK || !strings.Contains(text, "commission sign") {
			t.Errorf("%d, %s", code, text)
		}
		text, code := f.ask(t, "commission sign Trần Thị Bình")
		if code != OK || !strings.Contains(text, "phát đủ âm lượng") || !strings.Contains(text, "12 Nhãn") {
			t.Errorf("%d, %s", code, text)
		}
		if text, _ := f.ask(t, "status"); !strings.Contains(text, "\nNghiệm thu     đạt, Trần Thị Bình, 12:00\n") {
			t.Error(text)
		}
		if text, code := f.ask(t, "commission restart"); code != Refused {
			t.Errorf("%d, %s", code, text)
		}
	})
}

func itoa(n int) string {
	if n > 9 {
		return "1" + string(rune('0'+n-10))
	}
	return string(rune('0' + n))
}

// What the box finds wrong it does not propose to pass.
func TestWhatTheBoxFindsWrong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fit()
		f.lit, f.offline, f.net.Via = false, true, ""
		f.broken = errTest
		for line, want := range map[string]string{
			"commission amp": "chân điều khiển không bật", "commission broker": "chưa nối", "commission network": "KHÔNG CÓ đường ra mạng", "commission ledger": "disk",
		} {
			text, code := f.ask(t, line+" --json")
			if code != OK || !strings.Contains(text, want) || !strings.Contains(text, `"proposal":"fail"`) {
				t.Errorf("%s: %d, %s", line, code, text)
			}
		}
	})
}

// errTest is a disk that is gone.
var errTest = errDisk{}

type errDisk struct{}

func (errDisk) Error() string { return "disk" }

func TestLooked(t *testing.T) {
	c := &call{session: &session{Console: New(Box{}, Opts{}), words: vietnamese}}
	pass := &commission.Record{By: "An", At: noon}
	for _, s := range commission.Steps() {
		pass.Marks = append(pass.Marks, commission.Mark{Step: s, Result: commission.Pass})
	}
	for _, x := range []struct {
		k    Commission
		want string
	}{
		{Commission{Free: true}, "không cần"},
		{Commission{Record: pass}, "đạt, An, 12:00"},
		{Commission{Centre: true}, "theo trung tâm"},
		{Commission{Draft: pass.Marks[:3]}, "dở dang 3/12"},
		{Commission{QuieterDB: 12}, "chưa: phát nhỏ hơn 12 dB"},
	} {
		if got := c.looked(x.k, noon.Add(time.Minute)); !strings.Contains(got, x.want) {
			t.Errorf("%q, not %q", got, x.want)
		}
	}
	if got := c.looked(Commission{Record: pass}, noon.Add(48*time.Hour)); !strings.Contains(got, "23/11/2026") {
		t.Error(got)
	}
}

// Each reason for silence is named, and an empty schedule as well.
func TestWhyNotPlaying(t *testing.T) {
	f := fit()
	f.local, f.desk = noon.Add(10*time.Minute), false
	b := f.box()
	b.View = hushed{f}
	b.Log = nil
	text, code := New(b, Opts{}).Do(t.Context(), "why not playing", Asker{})
	for _, want := range []string{"thiết bị âm thanh hỏng: không có thiết bị đó", "chưa được giao", "làm việc tại loa đến 12:10:00", "tắt tiếng thiết bị này đến 13:00:00", "còn thiếu 1 tệp",
		"mục kế tiếp lúc 17:00:00: Bản tin chiều", "lần từ chối gần nhất lúc 11:00:00"} {
		if code != OK || !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if json, _ := New(b, Opts{}).Do(t.Context(), "why not playing --json", Asker{}); !strings.Contains(json, `{"code":"local-mode","why":"`) {
		t.Error(json)
	}
}

// What plays and is not heard has a reason as well.
func TestWhyWhatPlaysIsNotHeard(t *testing.T) {
	for _, c := range []struct {
		what  string
		is    func(*Status)
		want  string
		wrong string
	}{
		{"all is well", func(st *Status) { st.Amp = true }, "-18 dBFS", "chưa bật"},
		{"no card", func(st *Status) { st.Sink = "no such device" }, "thiết bị âm thanh hỏng: không có thiết bị đó", "dBFS"},
		{"a pause in it", func(st *Status) { st.RMSDBFS = -120 }, "không có mức tiếng", "chưa bật"},
		{"an amplifier that is off", func(st *Status) {}, "tăng âm chưa bật", "dBFS"},
	} {
		f := fit()
		b := f.box()
		b.View = likeThis{f, c.is}
		text, code := New(b, Opts{}).Do(t.Context(), "why not playing", Asker{})
		for _, want := range []string{"Đang phát: ", c.want, "phát nhỏ hơn 12 dB"} {
			if code != OK || !strings.Contains(text, want) {
				t.Errorf("%s: %q is not in\n%s", c.what, want, text)
			}
		}
		if strings.Contains(text, c.wrong) {
			t.Errorf("%s: %q is in\n%s", c.what, c.wrong, text)
		}
	}
}

// A box that is like this.
type likeThis struct {
	*fitted
	is func(*Status)
}

func (l likeThis) Status() Status {
	st := l.fitted.Status()
	l.is(&st)
	return st
}

// What a technician has stopped himself is no riddle.
func TestWhyNotPlayingAfterAStop(t *testing.T) {
	f := fit()
	b := f.box()
	b.View, b.Ledger = hushed{f}, halted{book{f.pole}}
	text, _ := New(b, Opts{}).Do(t.Context(), "why not playing", Asker{})
	if want := "lúc 11:58:00 kỹ thuật viên đã dừng: Bản tin trưa."; !strings.Contains(text, want) {
		t.Errorf("%q is not in\n%s", want, text)
	}
}

// A halted box was stopped by somebody at it.
type halted struct{ book }

func (h halted) Query(q ledger.Query) ([]ledger.Entry, error) {
	if q.Kind != ledger.End {
		return h.book.Query(q)
	}
	return []ledger.Entry{{Seq: 8, Time: noon.Add(-2 * time.Minute), Kind: ledger.End, ID: "a", Title: "Bản tin trưa", Code: plan.LocalMode, Detail: "stopped at the box"}}, nil
}

// A hushed box has every reason to be silent.
type hushed struct{ *fitted }

func (h hushed) Status() Status {
	st := h.fitted.Status()
	st.Now, st.Place, st.Sink, st.MutedUntil = nil, "", "no such device", noon.Add(time.Hour)
	return st
}

// An emergency is not cut off by a slip of a finger.
func TestRebootWhileAnEmergencySounds(t *testing.T) {
	f := fit()
	b := f.box()
	b.View = alarming{f}
	c := New(b, Opts{})
	if text, code := c.Do(t.Context(), "reboot --reason treo", Asker{}); code != Refused || !strings.Contains(text, "Bão số 12") || len(f.reboots) > 0 {
		t.Errorf("%d, %s", code, text)
	}
	sitOn(t, b, func(d *desk) {
		d.sees("reboot --reason treo\r", "Bão số 12")
		d.sees("có\r", "Không có lệnh") // it was not asked
	})
	if text, code := c.Do(t.Context(), "reboot --reason treo máy --yes", Asker{}); code != OK || len(f.reboots) != 1 || f.reboots[0] != "treo máy" {
		t.Errorf("%d, %s, %v", code, text, f.reboots)
	}
	last := f.entries[len(f.entries)-1]
	if last.ID != "console/reboot" || !strings.Contains(last.Detail, "treo máy") {
		t.Errorf("the ledger says %+v", last)
	}
}

// Nor is it forgotten while it sounds.
func TestResetWhileAnEmergencySounds(t *testing.T) {
	for _, line := range []string{"reset", "factory reset", "factory reset everything tp-0421"} {
		f := fit()
		b := f.box()
		resets := 0
		b.View, b.Reset = alarming{f}, func() { resets++ }
		c := New(b, Opts{})
		if text, code := c.Do(t.Context(), line, Asker{}); code != Refused || !strings.Contains(text, "Bão số 12") || resets+len(f.wiped) > 0 {
			t.Errorf("%s: %d, %s", line, code, text)
		}
		sitOn(t, b, func(d *desk) {
			d.sees(line+"\r", "Bão số 12")
			d.sees("có\r", "Không có lệnh") // it was not asked
		})
		if text, code := c.Do(t.Context(), line+" --yes", Asker{}); code != OK || resets+len(f.wiped) != 1 {
			t.Errorf("%s --yes: %d, %s", line, code, text)
		}
	}
}

type alarming struct{ *fitted }

func (a alarming) Status() Status {
	st := a.fitted.Status()
	st.Now = &Item{Title: "Bão số 12", Class: plan.Emergency}
	return st
}

func TestFactoryReset(t *testing.T) {
	f := fit()
	sitOn(t, f.box(), func(d *desk) {
		d.sees("factory reset\r", "tên, khóa và nhật ký\r\ncòn nguyên")
		d.sees("không\r", "chưa xóa gì")
		d.sees("factory reset\r", "Gõ \"có\"")
		d.sees("có\r", "rồi chạy lại")
		d.sees("factory reset everything tp-0421\r", "TẤT CẢ")
		d.sees("có\r", "xóa tất cả")
	})
	if len(f.wiped) != 2 || f.wiped[0] || !f.wiped[1] {
		t.Errorf("%v", f.wiped)
	}
}

// Local mode ends by itself when nobody types, and goes on while somebody does.
func TestLocalModeGoesOnWhileSomebodyTypes(t *testing.T) {
	f := fit()
	b := f.box()
	now := &moving{fitted: f, now: noon}
	b.View, b.Sound = now, now
	sitOn(t, b, func(d *desk) {
		d.sees("local on 10m\r", "đến 12:10")
		now.now = noon.Add(2 * time.Minute)
		d.types("level\r")
		if n := len(f.entries); n != 1 || !f.local.Equal(noon.Add(10*time.Minute)) {
			t.Errorf("each line begins it anew: %v, %d entries", f.local, n)
		}
		now.now = noon.Add(7 * time.Minute)
		d.types("level\r")
		if !f.local.Equal(noon.Add(17 * time.Minute)) {
			t.Errorf("until %v, although somebody types", f.local)
		}
		now.now = noon.Add(20 * time.Minute)
		d.types("level\r")
		if !f.local.Equal(noon.Add(17 * time.Minute)) {
			t.Errorf("it is over, and a key begins it again until %v", f.local)
		}
	})
}

// A moving box has a clock that goes.
type moving struct {
	*fitted
	now time.Time
}

func (m *moving) Clock() clock.Facts {
	f := m.fitted.Clock()
	f.Time = m.now
	return f
}

func (m *moving) LocalMode(_ context.Context, d time.Duration, _ string) (time.Time, error) {
	if m.local = (time.Time{}); d > 0 {
		m.local = m.now.Add(d)
	}
	return m.local, nil
}
