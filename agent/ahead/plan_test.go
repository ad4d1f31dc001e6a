package ahead_test

import (
	"fmt"
	"time"

	"loa/agent/plan"
)

var (
	zone  = time.FixedZone("+07:00", 7*3600)
	first = time.Date(2026, 12, 15, 0, 0, 0, 0, zone)
	last  = time.Date(2027, 12, 15, 0, 0, 0, 0, zone)
	valid = plan.Validity{ValidUntil: last.AddDate(1, 0, 0)}
)

const (
	commune  = "26734"
	province = "79"
	station  = "live.example.vn"
)

// Tết 2027 falls on 6 February; the week around it has a programme of its own.
var tet = []string{
	"2027-02-04", "2027-02-05", "2027-02-06", "2027-02-07", "2027-02-08", "2027-02-09", "2027-02-10",
}

func head(place string, kind plan.Kind, id string) plan.Head {
	return plan.Head{
		Format: 1, Kind: kind, Place: place, ID: id, Issued: first.AddDate(0, 0, -7),
		Proof: plan.Proof{SHA256: "sha-of-" + id, Holders: []string{"lan"}, Signer: place},
	}
}

func bulletin(place, id string, class plan.Class, seconds int64) plan.Bulletin {
	return plan.Bulletin{
		Head: head(place, plan.KindBulletin, id), Validity: valid,
		Class: class, Origin: plan.Own, Lang: "vi", Title: id,
		Audio: []plan.Audio{{SHA256: "audio-of-" + id, Type: "audio/mpeg", DurationMS: seconds * 1000}},
	}
}

func ref(id string) plan.Item {
	return plan.Item{Ref: &plan.Ref{Kind: plan.KindBulletin, ID: id, SHA256: "sha-of-" + id}}
}

func chime(name string) plan.Item { return plan.Item{Chime: name} }

// richPlan is a commune's year: mornings but on Sundays, evenings with a relay,
// a chime every hour, a programme for Tết, music over midnight on Fridays, an
// endless loop, and two priority bulletins that meet every noon.
func richPlan() *plan.Plan {
	p := &plan.Plan{
		Device: "LOA1", Place: commune, Above: []string{province},
		Bulletins: map[plan.Key]plan.Bulletin{},
		Schedules: map[plan.Key]plan.Schedule{},
		Policies:  map[plan.Key]plan.Policy{},
		Alerts:    map[plan.Key]plan.AlertSet{},
		Want:      plan.Want{Settings: &plan.Settings{Commissioned: true}},
	}
	for _, b := range []plan.Bulletin{
		bulletin(commune, "news", plan.Normal, 300),
		bulletin(commune, "weather", plan.Normal, 120),
		bulletin(commune, "health", plan.PriorityC, 240),
		bulletin(commune, "greeting", plan.Normal, 200),
		bulletin(commune, "music", plan.Normal, 1100),
		bulletin(commune, "rules", plan.Normal, 170),
		bulletin(commune, "vaccine", plan.PriorityC, 300),
		bulletin(commune, "storm", plan.Emergency, 60),
		bulletin(province, "province-news", plan.PriorityC, 600),
		bulletin(province, "flood", plan.Emergency, 90),
	} {
		p.Bulletins[b.Key()] = b
	}
	own := plan.Schedule{
		Head: head(commune, plan.KindSchedule, "week"), Validity: valid, Zone: "+07:00",
		Slots: []plan.Slot{
			{
				ID: "morning", Days: []string{"mon", "tue", "wed", "thu", "fri", "sat"}, Except: tet,
				At: []string{"05:30"}, ForS: 3600, GapS: 5,
				Items: []plan.Item{chime("gong"), ref("news"), ref("weather"), ref("health")},
			},
			{
				ID: "evening", At: []string{"17:00"}, ForS: 1800,
				Items: []plan.Item{chime("gong"), {Relay: &plan.Relay{
					URLs: []string{"https://" + station + "/vov1"}, Title: "thời sự", Class: plan.Normal, Origin: plan.Central, Lang: "vi", ForS: 900,
				}}, ref("weather")},
			},
			{ID: "hour", Every: &plan.Every{From: "07:00", Until: "11:00", Minutes: 60}, ForS: 60, Items: []plan.Item{chime("two-tone")}},
			{ID: "tet", Dates: tet, At: []string{"06:00", "18:00"}, ForS: 1200, Loops: 3, GapS: 10, Items: []plan.Item{ref("greeting")}},
			{ID: "late", Days: []string{"fri"}, At: []string{"23:50"}, ForS: 1200, Items: []plan.Item{ref("music")}},
			{ID: "loop", Days: []string{"tue", "thu"}, At: []string{"14:00"}, ForS: 1790, Loops: -1, GapS: 10, Items: []plan.Item{ref("rules")}},
			{ID: "noon", At: []string{"11:05"}, ForS: 900, Items: []plan.Item{ref("vaccine")}},
		},
	}
	p.Schedules[own.Key()] = own
	theirs := plan.Schedule{
		Head: head(province, plan.KindSchedule, "province"), Validity: valid, Zone: "Asia/Ho_Chi_Minh",
		Slots: []plan.Slot{{ID: "noon", At: []string{"11:00"}, ForS: 900, Items: []plan.Item{ref("province-news")}}},
	}
	p.Schedules[theirs.Key()] = theirs
	law := plan.Policy{
		Head: head(commune, plan.KindPolicy, "law"), Validity: valid, Zone: "+07:00",
		QuietHours: []plan.Span{{From: "01:00", Until: "05:00"}},
		RelayHosts: []string{station},
		Volumes:    []plan.Volume{{Span: plan.Span{From: "20:00", Until: "06:00"}, Percent: 50}},
	}
	p.Policies[law.Key()] = law
	return p
}

// A want is what a reader of the programme expects to hear, worked out by hand
// and without the house's own calendar.
type want struct {
	id      string
	start   time.Time // when it is first heard, if nothing comes between
	length  time.Duration
	slot    time.Time
	slotEnd time.Time
	again   bool // a further loop of a slot that goes on until it ends
}

var gong, twoTone time.Duration // set from the chimes themselves

// expected goes through the year day by day.
func expected() []want {
	var all []want
	for day := first; day.Before(last); day = day.AddDate(0, 0, 1) {
		date, wd := day.Format("2006-01-02"), day.Weekday()
		festive := false
		for _, d := range tet {
			festive = festive || d == date
		}
		clock := func(h, m int) time.Time { return day.Add(time.Duration(60*h+m) * time.Minute) }
		add := func(name string, from time.Time, forS int, delay, length time.Duration) {
			all = append(all, want{
				id: commune + "/schedule/week/" + name, start: from.Add(delay), length: length,
				slot: from, slotEnd: from.Add(time.Duration(forS) * time.Second),
			})
		}
		const s = time.Second
		if wd != time.Sunday && !festive {
			at, id := clock(5, 30), "morning@"+date+"T05:30/"
			add(id+"0", at, 3600, 0, gong)
			add(id+"1", at, 3600, gong+5*s, 300*s)
			add(id+"2", at, 3600, gong+310*s, 120*s)
			add(id+"3", at, 3600, gong+435*s, 240*s)
		}
		at, id := clock(17, 0), "evening@"+date+"T17:00/"
		add(id+"0", at, 1800, 0, gong)
		add(id+"1", at, 1800, gong, 900*s)
		add(id+"2", at, 1800, gong+900*s, 120*s)
		for h := 7; h < 11; h++ {
			add(fmt.Sprintf("hour@%sT%02d:00/0", date, h), clock(h, 0), 60, 0, twoTone)
		}
		if festive {
			for _, h := range []int{6, 18} {
				for loop := range 3 {
					add(fmt.Sprintf("tet@%sT%02d:00/0/%d", date, h, loop), clock(h, 0), 1200, time.Duration(loop)*210*s, 200*s)
				}
			}
		}
		if wd == time.Friday {
			add("late@"+date+"T23:50/0", clock(23, 50), 1200, 0, 1100*s)
		}
		if wd == time.Tuesday || wd == time.Thursday {
			for loop := range 10 {
				add(fmt.Sprintf("loop@%sT14:00/0/%d", date, loop), clock(14, 0), 1790, time.Duration(loop)*180*s, 170*s)
				all[len(all)-1].again = loop > 0
			}
		}
		// The province's ten minutes at eleven came first; the commune's wait for them.
		add("noon@"+date+"T11:05/0", clock(11, 5), 900, 5*60*s, 300*s)
		all = append(all, want{
			id: province + "/schedule/province/noon@" + date + "T11:00/0", start: clock(11, 0), length: 600 * s,
			slot: clock(11, 0), slotEnd: clock(11, 15),
		})
	}
	return all
}
