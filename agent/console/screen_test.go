package console

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"loa/agent/health"
	"loa/agent/plan"
	"loa/agent/update"
)

// rowsOf is how many lines of a terminal a text takes.
func rowsOf(text string) int { return strings.Count(strings.TrimRight(text, "\n"), "\n") + 1 }

// A busy box: everything that a status can tell is to be told.
type busy struct{ *lesson }

func (b busy) Status() Status {
	st := b.lesson.Status()
	st.Name, st.Place = strings.Repeat("Nhà văn hóa ấp ", 8), "26734"
	st.Connected, st.Broker = false, "tls://broker.example:8883"
	now := b.Clock().Time
	st.LocalUntil, st.MutedUntil = now.Add(time.Minute), now.Add(time.Hour)
	for i := range 9 {
		st.Waiting = append(st.Waiting, Item{Title: fmt.Sprint(strings.Repeat("Bản tin ", 20), i), Class: plan.Normal, From: now})
	}
	return st
}

func (b busy) Faults() []health.Active {
	var all []health.Active
	for _, c := range health.Conditions() {
		all = append(all, health.Active{Condition: c, Since: noon.Add(-time.Hour), Count: 3, Detail: strings.Repeat("no answer ", 30)})
	}
	return all
}

// What a technician looks at first fits one screen, prompt and all, whatever is with the
// box, and so does the overview of the commands.
func TestOneScreen(t *testing.T) {
	l := newLesson(t, []string{"broker-unreachable"})
	box := l.boxIn(t, t.TempDir())
	box.View = busy{l}
	box.Update = nightly{}
	for _, lang := range []string{"vi", "en", "ascii"} {
		for _, line := range []string{"status", "help", "?", "clock", "ntp", "rtc", "net", "enrol", "update", "config ?", "board ?", "net ?", "id", "cert", "level", "sim", "label", "local", "safe", "version"} {
			text, code := New(box, Opts{Now: func() time.Time { return noon }}).At(Line{Wide: 80}).Do(t.Context(), line, Asker{Lang: lang})
			if code != OK && code != Failed {
				t.Errorf("%s, %s: %d, %s", lang, line, code, text)
			}
			if n := rowsOf(text); n > 23 {
				t.Errorf("%s, %s: %d lines:\n%s", lang, line, n, text)
			}
			for row := range strings.Lines(text) {
				if n := utf8.RuneCountInString(strings.TrimRight(row, "\n")); n > screen {
					t.Errorf("%s, %s: %d columns: %s", lang, line, n, row)
				}
			}
		}
	}
}

// nightly is an updater that waits for the night.
type nightly struct{ Updater }

func (nightly) Status() update.Status {
	return update.Status{Version: "0.3.1", Wanted: "0.4.0", State: update.Waits, Hold: update.ForWindow}
}

func TestStatusTellsOfTheUpdate(t *testing.T) {
	box := (&pole{}).box()
	box.Update = nightly{}
	for lang, want := range map[string]string{"vi": "Phần mềm       0.4.0: chờ đến giờ cho phép trong đêm\n", "en": "Software       0.4.0: waits for the hours of the night"} {
		if text, _ := New(box, Opts{}).Do(t.Context(), "status", Asker{Lang: lang}); !strings.Contains(text, want) {
			t.Errorf("%s", text)
		}
	}
}

// Spans are told in figures with units, and in the language's own way.
func TestSpans(t *testing.T) {
	s := New(Box{}, Opts{}).sit(false)
	for d, want := range map[time.Duration]string{
		13 * time.Millisecond: "13 ms", 2013 * time.Millisecond: "2,0 s", 3 * time.Second: "3 s", -90 * time.Second: "1 phút 30 giây", 30 * time.Hour: "1 ngày 6 giờ",
	} {
		if got := s.brief(d); got != want {
			t.Errorf("%v is told as %q, want %q", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{0: "không lệch", -1500 * time.Millisecond: "chậm 1,5 s", time.Hour: "nhanh 1 giờ"} {
		if got := s.off(noon, d); !strings.HasSuffix(got, ", "+want) {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

// A large board fits the terminal: nothing that is lit goes dark.
func TestSmallerPicture(t *testing.T) {
	if got := strings.Join(smaller([]string{"█▀ ", " ▄█"}, 79, 20), "\n"); got != "█▀ \n ▄█" {
		t.Error(got)
	}
	if got := strings.Join(smaller([]string{"█▀  ", "   ▄"}, 2, 20), "\n"); got != "▛ \n ▗" {
		t.Error(got)
	}
	wide := make([]string, 32) // of 192 × 64 points
	for i := range wide {
		wide[i] = strings.Repeat(" ", 192)
	}
	wide[31] = strings.Repeat(" ", 191) + "▄"
	got := smaller(wide, screen, 20)
	if len(got) > 20 || utf8.RuneCountInString(got[0]) > screen || strings.TrimSpace(strings.Join(got, "")) == "" {
		t.Errorf("%d lines of %d: %q", len(got), utf8.RuneCountInString(got[0]), got)
	}
}

type asker struct{ n *int }

func (a asker) AskNow() bool { *a.n++; return true }

// Enrolment can be followed, and hurried by who is at the box alone.
func TestEnrol(t *testing.T) {
	f := fit()
	box, n := f.box(), 0
	box.Enrol = asker{&n}
	text, code := New(box, Opts{}).Do(t.Context(), "enrol", Asker{})
	if code != OK || !strings.Contains(text, "đã có tên") || n != 0 {
		t.Errorf("%d, %s", code, text)
	}
	box.View = waiting{f}
	if text, code := New(box, Opts{}).Do(t.Context(), "enrol", Asker{}); code != OK || !strings.Contains(text, "K7QX-3MPA") || n != 0 {
		t.Errorf("%d, %s", code, text)
	}
	if _, code := New(box, Opts{}).Do(t.Context(), "enrol now", Asker{Remote: true}); code != Refused || n != 0 {
		t.Error("from afar it asks")
	}
	if text, code := New(box, Opts{}).Do(t.Context(), "enrol now", Asker{}); code != OK || n != 1 {
		t.Errorf("%d, %s", code, text)
	}
	box.Enrol = nil
	if _, code := New(box, Opts{}).Do(t.Context(), "enrol now", Asker{}); code != Refused {
		t.Error(code)
	}
}

type waiting struct{ *fitted }

func (w waiting) Status() Status {
	st := w.fitted.Status()
	st.Code, st.Place = "K7QX-3MPA", ""
	return st
}

// What rooms and the kernel say in English is said in Vietnamese to who reads that, with
// its figures; what nobody has foreseen stays as it is.
func TestDetailsAreTranslated(t *testing.T) {
	s := New(Box{}, Opts{}).sit(false)
	for said, want := range map[string]string{
		"nobody has said yet where this box belongs":                                                        "chưa ai giao thiết bị này thuộc đâu",
		"nobody has listened to these horns yet":                                                            "chưa ai nghe thử các loa này",
		"sensor.supply: 11.20 V, at least 11.50 V are needed":                                               "sensor.supply: 11.20 V, cần ít nhất 11.50 V",
		"mmcblk1 has used 110 % of its life":                                                                "mmcblk1 đã dùng 110 % tuổi thọ",
		"the sound brought 3 mA, 900 mA are due: the line is cut, or the amplifier has switched itself off": "có tiếng mà dòng chỉ tăng 3 mA, phải là 900 mA: dây loa đứt, hoặc tăng âm tự tắt",
		"the sound brought 9000 mA, 900 mA are due":                                                         "có tiếng thì dòng tăng 9000 mA, phải là 900 mA",
		"dial tcp 10.0.0.1:8883: connect: connection refused":                                               "dial tcp 10.0.0.1:8883: connect: kết nối bị từ chối",
		"commissioned by Trần Bình: 11 pass, 0 fail, 1 not there":                                           "nghiệm thu bởi Trần Bình: 11 đạt, 0 hỏng, 1 không có",
		"what nobody has foreseen":                                                                          "what nobody has foreseen",
	} {
		if got := s.driver(said); got != want {
			t.Errorf("%q is told as %q, want %q", said, got, want)
		}
	}
}
