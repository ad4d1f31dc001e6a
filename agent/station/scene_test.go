package station_test

import (
	"testing"
	"time"

	"loa/agent/ledger"
	"loa/agent/plan"
	"loa/agent/trust/trusttest"
)

// told is when the board was told to show something of this title, and when to show
// something else.
func (r *rig) told(title string) (from, until time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.scenes {
		is := len(s.Shown) > 0 && s.Shown[0].Title == title
		switch {
		case is && from.IsZero():
			from = s.at
		case !is && !from.IsZero() && until.IsZero():
			until = s.at
		}
	}
	return from, until
}

func together(t *testing.T, what string, sound, board time.Time) {
	t.Helper()
	if d := board.Sub(sound).Abs(); sound.IsZero() || board.IsZero() || d > 100*time.Millisecond {
		t.Errorf("%s: sound at %s, board at %s", what, sound.Format("15:04:05.000"), board.Format("15:04:05.000"))
	}
}

func TestWordsAndSoundBeginTogether(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		b := bulletin(w, "tiem", 60*time.Second)
		b.Title, b.Pages = "Tiêm chủng", []plan.Page{{Text: "Tiêm chủng sáng mai"}}
		r.hear(trusttest.Seal(b, a1), trusttest.Seal(w.Schedule(here, "day", item(b)), a1))
		sleepUntil("05:30:20")
		starts := r.written(ledger.Start)
		if len(starts) != 1 {
			t.Fatalf("%d starts", len(starts))
		}
		from, _ := r.told("Tiêm chủng")
		together(t, "an item", starts[0].Time, from)

		// An alarm takes both at once, and the board keeps it for as long as it is active.
		alarm := w.Later(90*time.Minute+20*time.Second).Alerts(here, trusttest.Office, "flood")
		alarm.Alerts[0].Headline, alarm.Alerts[0].Repeat = "Lũ quét", 1
		r.hear(trusttest.Seal(alarm, trusttest.Warner1, trusttest.Warner2))
		wait(time.Second)
		starts = r.written(ledger.Start)
		from, _ = r.told("Lũ quét")
		together(t, "an alarm", starts[len(starts)-1].Time, from)
		wait(10 * time.Minute)
		if now := r.View().Now; now != nil {
			t.Fatalf("%s still sounds", now.Occurrence.ID)
		}
		if _, until := r.told("Lũ quét"); !until.IsZero() {
			t.Errorf("the board let the alarm go at %s", until.Format("15:04:05"))
		}
		clear := w.Later(101*time.Minute).Alerts(here, trusttest.Office)
		r.hear(trusttest.Seal(clear, trusttest.Warner1))
		if _, until := r.told("Lũ quét"); until.IsZero() {
			t.Error("the board keeps the alarm after the all clear")
		}
	})
}

func TestABoardSaysWhyItShowsNothing(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir())
		defer r.stop()
		last := func() plan.Scene {
			r.mu.Lock()
			defer r.mu.Unlock()
			return r.scenes[len(r.scenes)-1].Scene
		}
		wait(time.Second)
		if s := last(); s.Standing != plan.Reset {
			t.Errorf("before anybody has said where it belongs: %q", s.Standing)
		}
		r.setUp()
		law := w.Later(time.Second).Policy()
		law.DefaultPages = []plan.DefaultPage{{Page: plan.Page{Text: "Xã An Sơn"}}}
		law.Brightness = []plan.Volume{{Span: plan.Span{From: "04:00", Until: "06:00"}, Percent: 20}}
		r.hear(trusttest.Seal(law, a1, a2))
		if s := last(); s.Standing != plan.Idle || len(s.Defaults) != 1 || s.BrightnessPercent != 20 {
			t.Errorf("idle: %+v", s)
		}
		day := w.Later(2*time.Second).Schedule(here, "day", plan.Item{Chime: "gong"})
		day.ValidUntil = day.Issued.Add(30 * time.Minute)
		r.hear(trusttest.Seal(day, a1))
		if s := last(); s.Standing != plan.Idle {
			t.Errorf("with a programme: %q", s.Standing)
		}
		wait(time.Hour)
		if s := last(); s.Standing != plan.Outdated {
			t.Errorf("when its programme has ended: %q", s.Standing)
		}
	})
}

func TestBannedWordsAreNotShown(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		law := w.Later(time.Second).Policy()
		law.BannedWords = []string{"cá cược"}
		b := bulletin(w, "xau", time.Minute)
		b.Title, b.Audio, b.Pages = "Vui", nil, []plan.Page{{Text: "Cá cược bóng đá"}}
		r.hear(trusttest.Seal(law, a1, a2), trusttest.Seal(b, a1), trusttest.Seal(w.Schedule(here, "day", item(b)), a1))
		sleepUntil("05:31:00")
		if from, _ := r.told("Vui"); !from.IsZero() {
			t.Error("betting is advertised")
		}
		refused := r.written(ledger.Refused)
		if len(refused) != 1 || refused[0].Code != plan.Scope {
			t.Errorf("the ledger: %+v", refused)
		}
	})
}

// A default page answers to the same laws, also those of the places above: a card may
// keep it in its flash.
func TestBannedWordsAreNoDefaultPage(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		defaults := func() (texts []string) {
			r.mu.Lock()
			defer r.mu.Unlock()
			for _, d := range r.scenes[len(r.scenes)-1].Defaults {
				texts = append(texts, d.Text)
			}
			return texts
		}
		law := w.Later(time.Second).Policy()
		law.DefaultPages = []plan.DefaultPage{
			{Page: plan.Page{Text: "Nhà cái CÁ CƯỢC số 1"}}, {Page: plan.Page{Text: "Xã An Sơn"}},
			{Page: plan.Page{Text: "Cá cược, xin chờ"}, When: plan.PowerUp},
		}
		r.hear(trusttest.Seal(law, a1, a2))
		if got := defaults(); len(got) != 3 {
			t.Fatalf("while nobody forbids them: %q", got)
		}
		above := w.Later(2 * time.Second).Policy()
		above.Place, above.BannedWords = trusttest.Province, []string{"cá cược"}
		r.hear(trusttest.Seal(above, trusttest.Prov1, trusttest.Prov2))
		wait(2 * time.Minute)
		if got := defaults(); len(got) != 1 || got[0] != "Xã An Sơn" {
			t.Errorf("on the board: %q", got)
		}
		refused := r.written(ledger.Refused)
		if len(refused) != 2 || refused[0].Code != plan.Scope || !refused[0].Board || refused[0].Place != here {
			t.Errorf("the ledger has not one line for each: %+v", refused)
		}
		law = w.Later(2 * time.Minute).Policy()
		law.DefaultPages = []plan.DefaultPage{{Page: plan.Page{Text: "cá (cược)"}}}
		r.hear(trusttest.Seal(law, a1, a2))
		if got := defaults(); len(got) != 0 {
			t.Errorf("the image's own takes its place: %q", got)
		}
		if n := len(r.written(ledger.Refused)); n != 3 {
			t.Errorf("%d entries; a new version is told anew", n)
		}
	})
}

// What never had the board in its turn is refused, once for an item that goes round,
// and who asked for it is told.
func TestWhatGivesWayOnTheBoardIsToldSo(t *testing.T) {
	bubble(t, func(t *testing.T, w *trusttest.World) {
		r := newRig(t, w, t.TempDir()).setUp()
		defer r.stop()
		b := bulletin(w, "hop", time.Minute)
		b.Title, b.Audio, b.Pages = "Họp dân", nil, []plan.Page{{Text: "Họp dân", StayS: 20}}
		c := bulletin(w, "tiem", time.Minute)
		c.Title, c.Audio, c.Pages = "Tiêm chủng", nil, []plan.Page{{Text: "Tiêm chủng", StayS: 20}}
		day := w.Schedule(here, "day", item(b), item(c))
		day.Slots[0].Loops = 9 // six minutes
		r.hear(trusttest.Seal(b, a1), trusttest.Seal(c, a1), trusttest.Seal(day, a1))
		sleepUntil("05:30:50")
		refusals := func() (all []ledger.Entry) {
			for _, e := range r.written(ledger.Refused) {
				if e.Board {
					all = append(all, e)
				}
			}
			return all
		}
		alarm := w.Later(90*time.Minute+50*time.Second).Alerts(here, trusttest.Office, "flood")
		alarm.Alerts[0].Headline, alarm.Alerts[0].Repeat = "Lũ quét", 1
		r.hear(trusttest.Seal(alarm, trusttest.Warner1, trusttest.Warner2))
		if n := len(refusals()); n != 0 {
			t.Errorf("%d refusals while its turn lasts", n)
		}
		sleepUntil("05:34:00")
		got := refusals()
		if len(got) != 2 || got[0].Code != plan.Priority || got[0].Title != "Tiêm chủng" || got[1].Title != "Họp dân" {
			t.Errorf("the ledger: %+v", got)
		}
		acks := 0
		r.mu.Lock()
		for _, a := range r.acks {
			if a.State == "refused" && a.Code == plan.Priority && a.VI != "" {
				acks++
			}
		}
		r.mu.Unlock()
		if acks != 2 {
			t.Errorf("%d acks", acks)
		}
		// What goes round after the alarm is not told again.
		clear := w.Later(95*time.Minute).Alerts(here, trusttest.Office)
		r.hear(trusttest.Seal(clear, trusttest.Warner1))
		sleepUntil("05:40:00")
		if n := len(refusals()); n != 2 {
			t.Errorf("%d refusals after all is over", n)
		}
	})
}

// A board refuses what has ended, was withdrawn or is another than was meant.
func TestABoardRefusesWhatDoesNotHold(t *testing.T) {
	for code, change := range map[plan.Code]func(w *trusttest.World, b *plan.Bulletin){
		plan.Expired:  func(w *trusttest.World, b *plan.Bulletin) { b.ValidUntil = b.Issued.Add(time.Hour) },
		plan.NotYet:   func(w *trusttest.World, b *plan.Bulletin) { b.ValidFrom = b.Issued.Add(24 * time.Hour) },
		plan.Conflict: nil,
	} {
		bubble(t, func(t *testing.T, w *trusttest.World) {
			r := newRig(t, w, t.TempDir(), func(r *rig) { r.seenOnly = true }).setUp()
			defer r.stop()
			b := bulletin(w, "hop", time.Minute)
			b.Title, b.Audio, b.Pages = "Họp dân", nil, []plan.Page{{Text: "Họp dân", StayS: 20}}
			if change != nil {
				change(w, &b)
			}
			day := w.Schedule(here, "day", item(b))
			if change == nil {
				b.Title = "Họp chợ"
			}
			r.hear(trusttest.Seal(b, a1), trusttest.Seal(day, a1))
			sleepUntil("05:31:00")
			got := r.written(ledger.Refused)
			if len(got) != 1 || got[0].Code != code || !got[0].Board {
				t.Errorf("%s: the ledger has %+v", code, got)
			}
			if from, _ := r.told(b.Title); !from.IsZero() {
				t.Errorf("%s: it is shown", code)
			}
		})
	}
}

// An order to play what is only to be seen is refused where there is no board; a
// schedule that also others follow passes it over.
func TestWhatIsOnlySeenNeedsABoard(t *testing.T) {
	for _, c := range []struct {
		boardless bool
		want      plan.Code
	}{{true, plan.Unsupported}, {false, plan.Accepted}} {
		bubble(t, func(t *testing.T, w *trusttest.World) {
			r := newRig(t, w, t.TempDir(), func(r *rig) { r.boardless = c.boardless }).setUp()
			defer r.stop()
			b := bulletin(w, "hop", time.Minute)
			b.Audio, b.Text = nil, "Họp dân"
			r.hear(trusttest.Seal(b, a1), trusttest.Seal(w.Schedule(here, "day", item(b)), a1))
			r.hear(trusttest.Seal(w.Play(here, "now", item(b)), a1))
			wait(time.Second)
			r.mu.Lock()
			a := r.acks[len(r.acks)-1]
			r.mu.Unlock()
			if a.Code != c.want || a.Doc.ID != "now" || a.SHA256 == "" {
				t.Errorf("without a board %v: %+v", c.boardless, a)
			}
			sleepUntil("05:45:00")
			for _, e := range r.written(ledger.Refused) {
				if e.Slot != "" {
					t.Errorf("the ledger has %+v", e)
				}
			}
		})
	}
}
