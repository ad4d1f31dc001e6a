package desk

import (
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"loa/agent/ahead"
	"loa/agent/plan"
	"loa/scripts/loactl/web/look"
)

// spelled is a schedule as a reader would tell it.
func spelled(s plan.Schedule) string {
	var b strings.Builder
	for _, x := range s.Slots {
		fmt.Fprintf(&b, "%s %s", x.ID, strings.Join(x.At, ","))
		for _, of := range [][]string{x.Days, x.Dates} {
			if len(of) > 0 {
				fmt.Fprintf(&b, " on %s", strings.Join(of, ","))
			}
		}
		if len(x.Except) > 0 {
			fmt.Fprintf(&b, " not %s", strings.Join(x.Except, ","))
		}
		b.WriteString("; ")
	}
	return strings.TrimSuffix(b.String(), "; ")
}

// A commune that moves one opening a week plans for years: what is over makes room. What
// the last weeks had is still there to be copied.
func TestWhatIsOverMakesRoom(t *testing.T) {
	now := time.Date(2026, 11, 27, 9, 0, 0, 0, look.Zone)
	doc := plan.Schedule{Slots: []plan.Slot{{ID: "gio-1", At: []string{"17:00"}}, {ID: "gio-2", At: []string{"05:30"}, Dates: []string{"2026-10-25", "2026-10-26"}, Except: []string{"2026-10-25"}}, {ID: "gio-3", At: []string{"05:30"}, Dates: []string{"2026-10-25"}}}}
	if got := spelled(plan.Schedule{Slots: current(doc.Slots, now)}); got != "gio-1 17:00; gio-2 05:30 on 2026-10-26" {
		t.Errorf("%s", got)
	}
	if spelled(doc) != "gio-1 17:00; gio-2 05:30 on 2026-10-25,2026-10-26 not 2026-10-25; gio-3 05:30 on 2026-10-25" {
		t.Errorf("what was signed is changed: %s", spelled(doc))
	}
	s := newStage(t)
	hoa := s.enter("hoa")
	s.slotted(hoa, "26737")
	books, err := s.desk.books(&visitor{posts: []post{{"26737", viewer}}, places: s.au.Places()}, "")
	s.must(err)
	page := s.proposed(hoa, "/desk/week", "what", "add", "place", "26737", "of", "26737/"+books[0].ID, "time", "18:00", "date", s.now.Format(time.DateOnly))
	if got := state(s.signs(hoa, page, s.keys["hoa"])); got != "sent" {
		t.Fatal(got)
	}
	s.now = s.now.AddDate(0, 0, 40)
	hoa = s.enter("hoa")
	for _, slot := range []string{"gio-1", "gio-2"} { // the one that sounds, and the one that is over
		page := s.proposed(hoa, "/desk/week", "what", "remove", "place", "26737", "slot", slot)
		p, _ := s.desk.proposed.get(strings.TrimPrefix(page, "/desk/sign/"), s.now)
		if doc := p.is.Doc.(plan.Schedule); doc.Withdrawn != (slot == "gio-1") || len(doc.Slots) > 1 || len(doc.Slots) == 1 && doc.Slots[0].ID != "gio-1" {
			t.Errorf("without %s: %+v", slot, doc)
		}
		s.now = s.now.Add(time.Second)
	}
	if w := s.form(hoa, "/desk/week", "what", "remove", "place", "26737", "slot", "gio-7"); w.Code != http.StatusNotFound {
		t.Errorf("a slot that there is not: %d", w.Code)
	}
}

// What is moved sounds where it was put and nowhere else; the rest stays. 30/11/2026 is a Monday.
func TestMove(t *testing.T) {
	now := time.Date(2026, 11, 27, 9, 0, 0, 0, look.Zone)
	daily := plan.Slot{ID: "gio-1", At: []string{"17:00"}}
	twice := plan.Slot{ID: "gio-1", At: []string{"05:30", "17:00"}, Days: []string{"mon", "wed"}, Except: []string{"2027-02-08"}}
	dated := plan.Slot{ID: "gio-1", At: []string{"17:00"}, Dates: []string{"2026-11-30", "2026-12-01"}}
	for _, tt := range []struct {
		name string
		slot plan.Slot
		move move
		want string
		err  error
	}{
		{"one day of a daily slot", daily, move{toDate: "2026-12-02", toTime: "18:15", scope: once}, "gio-1 17:00 not 2026-11-30; gio-2 18:15 on 2026-12-02", nil},
		{"all Mondays of a daily slot", daily, move{toDate: "2026-12-02", toTime: "18:15", scope: weekly}, "gio-1 17:00 on tue,wed,thu,fri,sat,sun; gio-2 18:15 on wed", nil},
		{"every day", daily, move{toDate: "2026-11-30", toTime: "18:15", scope: always}, "gio-1 18:15", nil},
		{"every day to another day", daily, move{toDate: "2026-12-02", toTime: "18:15", scope: always}, "", errSameDay},
		{"one of two times", twice, move{toDate: "2026-12-01", toTime: "17:00", scope: once}, "gio-1 05:30,17:00 on mon,wed not 2027-02-08,2026-11-30; gio-2 17:00 on 2026-12-01; gio-3 05:30 on 2026-11-30", nil},
		{"one of two times, weekly", twice, move{toDate: "2026-12-01", toTime: "17:00", scope: weekly}, "gio-1 05:30,17:00 on wed not 2027-02-08; gio-2 17:00 on tue not 2027-02-08; gio-3 05:30 on mon not 2027-02-08", nil},
		{"one of two times, always", twice, move{toDate: "2026-11-30", toTime: "04:00", scope: always}, "gio-1 04:00,05:30 on mon,wed not 2027-02-08", nil},
		{"onto the other time", twice, move{toDate: "2026-11-30", toTime: "05:30", scope: always}, "gio-1 05:30 on mon,wed not 2027-02-08", nil},
		{"one of two dates", dated, move{toDate: "2026-12-05", toTime: "17:00", scope: once}, "gio-1 17:00 on 2026-12-01; gio-2 17:00 on 2026-12-05", nil},
		{"dates have no week", dated, move{toDate: "2026-12-05", toTime: "17:00", scope: weekly}, "", errInput},
		{"the only date", plan.Slot{ID: "gio-1", At: []string{"17:00"}, Dates: []string{"2026-11-30"}}, move{toDate: "2026-12-05", toTime: "06:00", scope: once}, "gio-1 06:00 on 2026-12-05", nil},
		{"nowhere", daily, move{toDate: "2026-11-30", toTime: "17:00", scope: once}, "", errNoChange},
		{"into the past", daily, move{toDate: "2026-11-26", toTime: "17:00", scope: once}, "", errPast},
		{"to no time", daily, move{toDate: "2026-12-02", toTime: "25:00", scope: once}, "", errInput},
		{"by no scope", daily, move{toDate: "2026-12-02", toTime: "18:00", scope: "x"}, "", errInput},
		{"what was left out", plan.Slot{ID: "gio-1", At: []string{"17:00"}, Except: []string{"2026-11-30"}}, move{toDate: "2026-12-02", toTime: "18:00", scope: once}, "", errNone},
		{"what does not open then", plan.Slot{ID: "gio-1", At: []string{"17:00"}, Days: []string{"tue"}}, move{toDate: "2026-12-02", toTime: "18:00", scope: once}, "", errNone},
		{"another slot", plan.Slot{ID: "gio-7", At: []string{"17:00"}}, move{toDate: "2026-12-02", toTime: "18:00", scope: once}, "", errNone},
	} {
		doc := plan.Schedule{Slots: []plan.Slot{tt.slot}}
		tt.move.slot, tt.move.date, tt.move.time = "gio-1", "2026-11-30", "17:00"
		before := spelled(doc)
		err := tt.move.in(&doc, now)
		if !errors.Is(err, tt.err) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.err)
		}
		if tt.err != nil {
			tt.want = before
		}
		if got := spelled(doc); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
		if was := spelled(plan.Schedule{Slots: []plan.Slot{tt.slot}}); was != before {
			t.Errorf("%s: what was signed has changed to %s", tt.name, was)
		}
	}
}

func TestRestAndBack(t *testing.T) {
	doc := plan.Schedule{Slots: []plan.Slot{{ID: "gio-1", At: []string{"05:30"}}, {ID: "gio-2", At: []string{"17:00"}, Except: []string{"2027-02-06"}}}}
	for _, tt := range []struct {
		id, from, until string
		err             error
	}{
		{"", "2027-02-05", "2027-02-06", nil}, {"gio-2", "2027-02-05", "2027-02-05", errNoChange}, {"gio-9", "2027-02-05", "2027-02-05", errNone},
		{"", "2027-02-06", "2027-02-05", errInput}, {"", "2027-02-06", "2027-09-05", errInput}, {"", "", "", errInput},
	} {
		if err := rest(&doc, tt.id, tt.from, tt.until); !errors.Is(err, tt.err) {
			t.Errorf("%v: %v", tt, err)
		}
	}
	if err := back(&doc, "gio-1", "2027-02-05"); err != nil {
		t.Error(err)
	}
	if err := back(&doc, "gio-1", "2027-02-05"); !errors.Is(err, errNone) {
		t.Errorf("twice: %v", err)
	}
	if got, want := spelled(doc), "gio-1 05:30 not 2027-02-06; gio-2 17:00 not 2027-02-05,2027-02-06"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Tết of 2027 began with the sixth of February, of 2026 with the seventeenth.
func TestHolidays(t *testing.T) {
	var got []string
	for _, h := range comingHolidays(time.Date(2026, 11, 27, 20, 0, 0, 0, time.UTC)) { // the 28th here
		got = append(got, strings.TrimPrefix(h.Name, "holiday.")+" "+h.First+" "+h.Last)
	}
	want := "new-year 2027-01-01 2027-01-01, tet 2027-02-05 2027-02-09, hung 2027-04-16 2027-04-16, liberation 2027-04-30 2027-05-01, national 2027-09-02 2027-09-02"
	if s := strings.Join(got, ", "); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
	for date, want := range map[string]string{"2026-02-15": "", "2026-02-16": "holiday.tet", "2026-02-20": "holiday.tet", "2026-02-21": "", "2026-05-01": "holiday.liberation", "2026-05-02": ""} {
		day, err := time.ParseInLocation(time.DateOnly, date, look.Zone)
		if err != nil {
			t.Fatal(err)
		}
		if h := holidayOn(day); h != want {
			t.Errorf("%s: %q, want %q", date, h, want)
		}
	}
}

// foreseen are tools for which the next days are known.
type foreseen struct {
	tools
	lines []ahead.Line
}

func (f foreseen) Ahead(plan.Head, int, any) ([]ahead.Line, error) { return f.lines, nil }

func priority(title string, at time.Time, sounds bool) ahead.Line {
	o := plan.Occurrence{Title: title, Class: plan.PriorityC, Item: plan.Key{Place: "26734", Kind: plan.KindBulletin, ID: "b-" + strings.ToLower(title)}, By: plan.Key{Place: "74", Kind: plan.KindSchedule, ID: "tinh"}}
	l := ahead.Line{At: at, Until: at, Occurrence: o, Code: plan.Priority, VI: "cùng là tin ưu tiên"}
	if sounds {
		l.Until, l.Sounds, l.Code = at.Add(time.Minute), true, ""
	}
	return l
}

// Which of two priority bulletins goes first is asked where they meet, and only there; the
// choice is a schedule to sign.
func TestPriorityIsAChoice(t *testing.T) {
	s := newStage(t)
	hoa := s.enter("hoa")
	at := s.now.Add(time.Hour)
	s.desk.o.Tools = foreseen{lines: []ahead.Line{priority("A", at, true), priority("B", at, false), priority("C", at.Add(2*time.Hour), true)}}
	all := conflicts(s.desk.o.Tools.(foreseen).lines)
	if len(all) != 1 || fmt.Sprint(all[0].Books) != "[{26734 b-a A} {26734 b-b B}]" {
		t.Fatalf("conflicts: %+v", all)
	}
	if len(conflicts([]ahead.Line{priority("A", at, true), priority("C", at.Add(2*time.Hour), true)})) != 0 {
		t.Error("bulletins that do not meet are asked about")
	}
	choose := []string{"what", "order", "place", "26737", "of", "26737", "id", "b-b"}
	if w := s.form(hoa, "/desk/week", choose...); w.Code != http.StatusConflict {
		t.Errorf("an order in a schedule without slots: %d", w.Code)
	}
	s.slotted(hoa, "26737")
	page := s.proposed(hoa, "/desk/week", choose...)
	if got := state(s.signs(hoa, page, s.keys["hoa"])); got != "sent" {
		t.Fatal(got)
	}
	s.now = s.now.Add(time.Second)
	page = s.proposed(hoa, "/desk/week", "what", "order", "place", "26737", "of", "74", "id", "b-a")
	if got := state(s.signs(hoa, page, s.keys["hoa"])); got != "sent" {
		t.Fatal(got)
	}
	doc, _ := s.desk.schedule("26737")
	if len(doc.Order) != 2 || doc.Order[0].ID != "b-a" || doc.Order[0].Place != "74" || doc.Order[1].ID != "b-b" || doc.Order[1].Place != "" {
		t.Errorf("order: %+v", doc.Order)
	}
	for _, of := range []string{"26734", "../x"} { // not above this place
		if w := s.form(hoa, "/desk/week", "what", "order", "place", "26737", "of", of, "id", "b-a"); w.Code != http.StatusNotFound {
			t.Errorf("of %s: %d", of, w.Code)
		}
	}
	_, err := s.desk.people.Invite("khach", "26734", s.now)
	s.must(err)
	body := s.get(s.enter("khach"), "/desk/week?place=26734").Body.String()
	if strings.Contains(body, `value="order"`) || !strings.Contains(body, "do xã chọn") {
		t.Error("who writes no schedule is asked to choose, or does not see that somebody has to")
	}
	if strings.Contains(body, `class="chip bad"`) {
		t.Error("what waits for a choice is shown as refused")
	}
}

// slotted puts a bulletin on air at a place, every day at five in the afternoon.
func (s *stage) slotted(id, place string) {
	s.t.Helper()
	page := s.proposed(id, s.drafted(id, place, "Tin chiều")+"/submit")
	who := s.who(id)
	if got := state(s.signs(id, page, s.keys[who])); got != "sent" {
		s.t.Fatal(got)
	}
	books, err := s.desk.books(&visitor{posts: []post{{place, viewer}}, places: s.au.Places()}, "")
	s.must(err)
	page = s.proposed(id, "/desk/week", "what", "add", "place", place, "of", place+"/"+books[0].ID, "time", "17:00", "day", "mon", "day", "tue")
	if got := state(s.signs(id, page, s.keys[who])); got != "sent" {
		s.t.Fatal(got)
	}
	s.now = s.now.Add(time.Second)
}

func (s *stage) who(id string) string { return s.desk.sessions.all[id].person }

// The week says who has planned what, and what is planned here leads to its page, where it
// is moved by a form: that is a schedule to sign, and until then nothing changes.
func TestTheWeekIsMovedByAForm(t *testing.T) {
	s := newStage(t)
	s.now = time.Date(2026, 11, 30, 8, 0, 0, 0, look.Zone)
	hoa := s.enter("hoa")
	s.slotted(hoa, "26737")
	own := ahead.Line{At: s.now.Add(9 * time.Hour), Until: s.now.Add(10 * time.Hour), Sounds: true, Volume: 50, Occurrence: plan.Occurrence{
		Title: "Tin chiều", Slot: "26737/schedule/lich-tuan/gio-1@2026-11-30T17:00", By: plan.Key{Place: "26737", Kind: plan.KindSchedule, ID: deskSchedule}}}
	own.Occurrence.ID = own.Occurrence.Slot + "/0"
	board := own
	board.Sounds, board.Shows = false, true
	relay := ahead.Line{At: s.now, Until: s.now.Add(time.Hour), Sounds: true, Volume: 50, Occurrence: plan.Occurrence{
		Title: "Đài tỉnh", Slot: "74/schedule/tinh/s@2026-11-30T08:00", By: plan.Key{Place: "74", Kind: plan.KindSchedule, ID: "tinh"}, Parts: []plan.Part{{Relay: &plan.Relay{}}}}}
	night := relay
	night.At = s.now.Add(18 * time.Hour) // 02:00
	s.desk.o.Tools = foreseen{lines: []ahead.Line{relay, board, own, night}}
	body := html.UnescapeString(s.get(hoa, "/desk/week?place=26737").Body.String())
	edit := "/desk/week/slot?" + url.Values{"place": {"26737"}, "slot": {"gio-1"}, "date": {"2026-11-30"}, "time": {"17:00"}}.Encode()
	for _, want := range []string{`href="` + edit + `"`, `Đài tỉnh <span class="tag">Tỉnh</span> <span class="tag">tiếp sóng</span>`, `<th scope="row">02</th>`, "22/10 ÂL"} {
		if !strings.Contains(body, want) {
			t.Errorf("the week lacks %s", want)
		}
	}
	if n := strings.Count(body, edit); n != 1 || !strings.Contains(body, "50 %, bảng") {
		t.Errorf("what is heard and seen of one thing is %d lines", n)
	}
	if strings.Contains(body, `<th scope="row">03</th>`) {
		t.Error("an hour of the night without anything has a row")
	}
	if w := s.get(hoa, edit+"&to=2026-12-02&at=18:15"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `value="2026-12-02"`) || !strings.Contains(w.Body.String(), `value="18:15"`) {
		t.Errorf("the slot's page: %d", w.Code)
	}
	for _, bad := range []string{"/desk/week/slot", edit + "&slot=x", strings.Replace(edit, "gio-1", "gio-9", 1), strings.Replace(edit, "17%3A00", "17%3A01", 1), strings.Replace(edit, "2026-11-30", "x", 1)} {
		if w := s.get(hoa, bad); w.Code == http.StatusOK && !strings.Contains(bad, "&slot=x") || w.Code >= 500 {
			t.Errorf("%s: %d", bad, w.Code)
		}
	}
	before, _ := s.desk.schedule("26737")
	page := s.proposed(hoa, "/desk/week", "what", "move", "place", "26737", "slot", "gio-1", "date", "2026-11-30", "time", "17:00", "to", "2026-12-02", "at", "18:15", "scope", "once")
	if doc, _ := s.desk.schedule("26737"); spelled(doc) != spelled(before) {
		t.Errorf("before it is signed: %s", spelled(doc))
	}
	if got := state(s.signs(hoa, page, s.keys["hoa"])); got != "sent" {
		t.Fatal(got)
	}
	if doc, _ := s.desk.schedule("26737"); spelled(doc) != "gio-1 17:00 on mon,tue not 2026-11-30; gio-2 18:15 on 2026-12-02" {
		t.Errorf("after it: %s", spelled(doc))
	}
}
