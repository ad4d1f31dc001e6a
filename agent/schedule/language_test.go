package schedule

import (
	"strings"
	"testing"
	"time"

	"loa/agent/plan"
)

// One item with several languages is heard and seen in the order of the nearest place that
// has one; what it does not name comes after. An alarm that sounds is no other one because
// the order has changed.
func TestLanguagesInThePlacesOrder(t *testing.T) {
	now := time.Date(2026, 11, 27, 3, 0, 0, 0, time.UTC)
	valid := plan.Validity{ValidUntil: now.Add(time.Hour)}
	words := plan.Bulletin{
		Head: plan.Head{Place: "04", Kind: plan.KindBulletin, ID: "words", Issued: now, Proof: plan.Proof{SHA256: "w"}}, Validity: valid,
		Class: plan.Emergency, Lang: "vi",
		Audio: []plan.Audio{{SHA256: "vi-1", DurationMS: 1000}, {SHA256: "hmn-1", DurationMS: 1000, Lang: "hmn"}, {SHA256: "tyz-1", DurationMS: 1000, Lang: "tyz-Latn"}, {SHA256: "vi-2", DurationMS: 1000, Lang: "vi-VN"}},
		Pages: []plan.Page{{Text: "vi"}, {Text: "tyz", Lang: "tyz"}},
	}
	storm := words
	storm.ID, storm.Pages, storm.Proof.SHA256 = "standing-storm", nil, "s"
	law := func(place, id string, issued time.Time, langs ...string) plan.Policy {
		return plan.Policy{Head: plan.Head{Place: place, Kind: plan.KindPolicy, ID: id, Issued: issued}, Validity: valid, Languages: langs}
	}
	heard := func(tone string, ref *plan.Ref, laws ...plan.Policy) (said, seen, id string) {
		set := plan.AlertSet{Head: plan.Head{Place: "04", Kind: plan.KindAlert, ID: "pctt", Issued: now}, Alerts: []plan.Alert{{
			ID: "a", Headline: "Bão", Tone: tone, Bulletin: ref, Until: now.Add(time.Hour),
		}}}
		p := &plan.Plan{
			Place: "01273", Above: []string{"04"},
			Bulletins: map[plan.Key]plan.Bulletin{words.Key(): words, storm.Key(): storm}, Alerts: map[plan.Key]plan.AlertSet{set.Key(): set},
			Policies: map[plan.Key]plan.Policy{},
		}
		for _, l := range laws {
			p.Policies[l.Key()] = l
		}
		due, _ := Due(p, NewProgress(now), now)
		shown, _ := Shown(p, now)
		if len(due) != 1 || len(shown) != 1 {
			t.Fatalf("%+v, %+v", due, shown)
		}
		var parts, pages []string
		for _, part := range due[0].Parts {
			switch {
			case part.Audio != nil:
				parts = append(parts, part.Audio.SHA256)
			case part.Standing != "":
				parts = append(parts, "box")
			}
		}
		for _, g := range shown[0].Pages {
			pages = append(pages, g.Text)
		}
		return strings.Join(parts, " "), strings.Join(pages, " "), due[0].ID
	}
	ref := &plan.Ref{Kind: plan.KindBulletin, ID: "words", SHA256: "w"}
	ended := law("01273", "old", now, "hmn")
	ended.ValidUntil = now
	first := ""
	for _, c := range []struct {
		laws       []plan.Policy
		said, seen string
	}{
		{nil, "vi-1 hmn-1 tyz-1 vi-2", "vi tyz"},
		{[]plan.Policy{law("04", "p", now, "tyz", "vi", "hmn")}, "tyz-1 vi-1 vi-2 hmn-1", "tyz vi"},
		{[]plan.Policy{law("04", "p", now, "tyz"), law("01273", "p", now, "hmn", "vi")}, "hmn-1 vi-1 vi-2 tyz-1", "vi tyz"},
		{[]plan.Policy{law("04", "p", now, "tyz"), law("04", "q", now.Add(time.Minute), "hmn")}, "hmn-1 vi-1 tyz-1 vi-2", "vi tyz"},
		{[]plan.Policy{law("04", "p", now, "khm"), ended}, "vi-1 hmn-1 tyz-1 vi-2", "vi tyz"},
	} {
		said, seen, id := heard("siren", ref, c.laws...)
		if said != c.said || seen != c.seen {
			t.Errorf("%v: heard %s, seen %s; want %s, %s", c.laws, said, seen, c.said, c.seen)
		}
		if first == "" {
			first = id
		}
		if id != first {
			t.Errorf("%v: it is %s and was %s", c.laws, id, first)
		}
	}
	if said, _, _ := heard("storm", nil); said != "box hmn-1 tyz-1" {
		t.Errorf("a standing alert: %s", said)
	}
	if said, _, _ := heard("storm", nil, law("01273", "p", now, "tyz", "vi")); said != "tyz-1 box hmn-1" {
		t.Errorf("a standing alert in the place's order: %s", said)
	}
}
