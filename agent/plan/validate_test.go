package plan

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// read gives the example of a document, so that every test begins with a valid one.
func read[T any](t testing.TB, kind Kind) T {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "message", "testdata", "examples", string(kind)+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var doc T
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// says demands a code, a field and a part of the sentence.
func says(t *testing.T, err error, code Code, field, part string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Code != code || e.Field != field || !strings.Contains(e.Msg, part) {
		t.Errorf("got %v; want %s: %s: …%s…", err, code, field, part)
	}
}

func TestBulletin(t *testing.T) {
	for _, c := range []struct {
		change      func(*Bulletin)
		code        Code
		field, part string
	}{
		{func(b *Bulletin) { b.Format = 0 }, Malformed, "format", "write 1"},
		{func(b *Bulletin) { b.Format = 2 }, Unsupported, "format", "understands 1"},
		{func(b *Bulletin) { b.Kind = KindSchedule }, Malformed, "kind", "write bulletin"},
		{func(b *Bulletin) { b.Device = "box-1" }, Malformed, "device", "both"},
		{func(b *Bulletin) { b.Place = "" }, Malformed, "place", "neither"},
		{func(b *Bulletin) { b.Place = "root" }, Malformed, "place", "reserved"},
		{func(b *Bulletin) { b.ID = "-x" }, Malformed, "id", "not beginning with -"},
		{func(b *Bulletin) { b.ID = strings.Repeat("a", 65) }, Malformed, "id", "1 to 64"},
		{func(b *Bulletin) { b.Issued = time.Time{} }, Malformed, "issued", "missing"},
		{func(b *Bulletin) { b.Issued = time.Unix(0, 0) }, Malformed, "issued", "2020 to 2200"},
		{func(b *Bulletin) { b.ValidUntil = b.Issued }, Malformed, "valid_until", "ends before it begins"},
		{func(b *Bulletin) { b.ValidFrom = b.ValidUntil }, Malformed, "valid_until", "ends before it begins"},
		{func(b *Bulletin) { b.ValidUntil = b.Issued.AddDate(1, 2, 0) }, Lifetime, "valid_until", "at most 400 days"},
		{func(b *Bulletin) { b.Class = Live }, Malformed, "class", "write normal, priority, emergency, drill"},
		{func(b *Bulletin) { b.Origin = "radio" }, Malformed, "origin", "own, higher"},
		{func(b *Bulletin) { b.Lang = "Vietnamese" }, Malformed, "lang", "BCP 47"},
		{func(b *Bulletin) { b.Lang = "vi-" }, Malformed, "lang", "BCP 47"},
		{func(b *Bulletin) { b.Title = "" }, Malformed, "title", "missing"},
		{func(b *Bulletin) { b.Title = strings.Repeat("ữ", 201) }, Malformed, "title", "201 letters; at most 200"},
		{func(b *Bulletin) { b.Title = " x" }, Malformed, "title", "space"},
		{func(b *Bulletin) { b.Title = "a\nb" }, Malformed, "title", "line feed"},
		{func(b *Bulletin) { b.Audio[0].SHA256 = strings.Repeat("AB", 32) }, Malformed, "audio[0].sha256", "lower-case"},
		{func(b *Bulletin) { b.Audio[0].Bytes = 0 }, Malformed, "audio[0].bytes", "write 1 to"},
		{func(b *Bulletin) { b.Audio[0].Type = "audio/midi" }, Malformed, "audio[0].type", "audio/mpeg"},
		{func(b *Bulletin) { b.Audio[0].DurationMS = -1 }, Malformed, "audio[0].duration_ms", "write 1 to"},
		{func(b *Bulletin) { b.Pages[0].Image = strings.Repeat("ab", 32) }, Malformed, "pages[0]", "either"},
		{func(b *Bulletin) { b.Pages[0].StayS = 3601 }, Malformed, "pages[0].stay_s", "0 to 3600"},
		{func(b *Bulletin) { b.Ticker = strings.Repeat("ữ", 301) }, Malformed, "ticker", "301 letters; at most 300"},
		{func(b *Bulletin) { b.Ticker = "a\nb" }, Malformed, "ticker", "line feed"},
		{func(b *Bulletin) { b.Class = Emergency }, Malformed, "ticker", "the whole board"},
		{func(b *Bulletin) { b.Pages, b.Text = nil, "" }, Malformed, "ticker", "write pages or text"},
		{func(b *Bulletin) { b.Repeat = 21 }, Malformed, "repeat", "0 to 20"},
		{func(b *Bulletin) { b.LoudnessLUFS = 3 }, Malformed, "loudness_lufs", "-70 to 0"},
		{func(b *Bulletin) { b.ApprovedBy = []string{"a", "a"} }, Malformed, "approved_by[1]", "twice"},
		{func(b *Bulletin) { b.Audio, b.Pages, b.Text = nil, nil, "" }, Malformed, "audio", "nothing to say"},
	} {
		b := read[Bulletin](t, KindBulletin)
		c.change(&b)
		says(t, b.Validate(), c.code, c.field, c.part)
	}
	gone := read[Bulletin](t, KindBulletin)
	gone.Withdrawn, gone.Audio, gone.Pages, gone.Text = true, nil, nil, ""
	if err := gone.Validate(); err != nil {
		t.Errorf("a withdrawn bulletin has nothing to say: %v", err)
	}
}

// often is s with slots that open once a minute and once more.
func often(s Schedule) Schedule {
	every := s.Slots[1]
	every.ID, every.ForS = "every-minute", 60
	every.Every = &Every{From: "00:00", Until: "24:00", Minutes: 1}
	s.Slots = append(slices.Clone(s.Slots), every)
	return s
}

func TestSchedule(t *testing.T) {
	for _, c := range []struct {
		change      func(*Schedule)
		field, part string
	}{
		{func(s *Schedule) { s.Zone = "Local" }, "zone", "Asia/Ho_Chi_Minh"},
		{func(s *Schedule) { s.Slots = nil }, "slots", "0 entries"},
		{func(s *Schedule) { s.Slots[1].ID = s.Slots[0].ID }, "slots[1].id", "twice"},
		{func(s *Schedule) { s.Slots[0].Days = []string{"Mon"} }, "slots[0].days[0]", "mon"},
		{func(s *Schedule) { s.Slots[0].Except = []string{"2027-02-30"} }, "slots[0].except[0]", "2026-02-17"},
		{func(s *Schedule) { s.Slots[0].At = []string{"5:30"} }, "slots[0].at[0]", "05:30"},
		{func(s *Schedule) { s.Slots[0].At = []string{"24:00"} }, "slots[0].at[0]", "begins at 00:00"},
		{func(s *Schedule) { s.Slots[0].At = []string{"05:30", "05:30"} }, "slots[0].at[1]", "twice"},
		{func(s *Schedule) { s.Slots[0].At = nil }, "slots[0].at", "either"},
		{func(s *Schedule) { s.Slots[0].Every = s.Slots[1].Every }, "slots[0].at", "either"},
		{func(s *Schedule) { s.Slots[0].ForS = 0 }, "slots[0].for_s", "1 to 86400"},
		{func(s *Schedule) { s.Slots[1].ForS = 3601 }, "slots[1].for_s", "until the slot comes again"},
		{func(s *Schedule) { *s = often(*s) }, "slots", "1440"},
		{func(s *Schedule) { s.Slots[1].Every.Minutes = 0 }, "slots[1].every.minutes", "1 to 1440"},
		{func(s *Schedule) { s.Slots[1].Every.Until = "08:00" }, "slots[1].every.until", "same as from"},
		{func(s *Schedule) { s.Slots[0].Items = nil }, "slots[0].items", "write 1 to 64"},
		{func(s *Schedule) { s.Slots[0].Items[0] = Item{} }, "slots[0].items[0]", "0 of ref, relay and chime"},
		{func(s *Schedule) { s.Slots[0].Items[1].Chime = "gong" }, "slots[0].items[1]", "2 of ref"},
		{func(s *Schedule) { s.Slots[0].Items[1].Ref.SHA256 = "" }, "slots[0].items[1].ref.sha256", "SHA-256"},
		{func(s *Schedule) { s.Slots[0].Items[1].Ref.Kind = KindPolicy }, "slots[0].items[1].ref.kind", "write bulletin"},
		{func(s *Schedule) { s.Slots[0].Items[2].Relay.Class = Emergency }, "slots[0].items[2].relay.class", "normal, priority"},
		{func(s *Schedule) { s.Slots[0].Items[2].Relay.URLs[0] = "http://radio.example.vn/" }, "slots[0].items[2].relay.urls[0]", "https://"},
		{func(s *Schedule) { s.Slots[0].Items[2].Relay.URLs[0] = "https://u:p@radio.example.vn/" }, "slots[0].items[2].relay.urls[0]", "without a user name"},
		{func(s *Schedule) { s.Slots[0].Items[2].Relay.URLs[0] = "file:///etc/passwd" }, "slots[0].items[2].relay.urls[0]", "https://"},
		{func(s *Schedule) { s.Slots[0].Items[2].Relay.URLs[1] = "alsa:line;reboot" }, "slots[0].items[2].relay.urls[1]", "alsa:line"},
		{func(s *Schedule) { s.Slots[0].Items[2].Relay.URLs[1] = "alsa:" }, "slots[0].items[2].relay.urls[1]", "alsa:line"},
		{func(s *Schedule) { s.Slots[0].VolumePercent = 101 }, "slots[0].volume_percent", "0 to 100"},
		{func(s *Schedule) { s.Slots[0].Stagger = true }, "slots[0].items[2]", "leave out stagger"},
		{func(s *Schedule) { s.Slots[0].Loops = -2 }, "slots[0].loops", "-1 to 1000"},
		{func(s *Schedule) { s.Order[0].SHA256 = "x" }, "order[0].sha256", "SHA-256"},
	} {
		s := read[Schedule](t, KindSchedule)
		c.change(&s)
		says(t, s.Validate(), Malformed, c.field, c.part)
	}
}

func TestPolicy(t *testing.T) {
	for _, c := range []struct {
		change      func(*Policy)
		field, part string
	}{
		{func(p *Policy) { p.QuietHours = nil }, "quiet_hours", "write []"},
		{func(p *Policy) { p.QuietHours[0].Until = "21:00" }, "quiet_hours[0].until", "same as from"},
		{func(p *Policy) { p.QuietHours[0].From = "24:00" }, "quiet_hours[0].from", "begins at 00:00"},
		{func(p *Policy) { p.AirtimeDayS = 86401 }, "airtime_day_s", "86400"},
		{func(p *Policy) { p.AirtimeDays = []string{"mon", "mon"} }, "airtime_days[1]", "twice"},
		{func(p *Policy) { p.EmergencyHourRepeats = 61 }, "emergency_hour_repeats", "0 to 60"},
		{func(p *Policy) { p.EmergencyHourS = -1 }, "emergency_hour_s", "0 to 3600"},
		{func(p *Policy) { p.Volumes[0].Percent = 0 }, "volumes[0].percent", "1 to 100"},
		{func(p *Policy) { p.RelayHosts[0] = "*.example.vn" }, "relay_hosts[0]", "radio.example.vn"},
		{func(p *Policy) { p.RelayHosts[0] = "radio.example.vn:0" }, "relay_hosts[0]", "port"},
		{func(p *Policy) { p.RelayHosts[0] = "https://radio.example.vn" }, "relay_hosts[0]", "port"},
		{func(p *Policy) { p.BannedWords[0] = "" }, "banned_words[0]", "missing"},
	} {
		p := read[Policy](t, KindPolicy)
		c.change(&p)
		says(t, p.Validate(), Malformed, c.field, c.part)
	}
	if p := DefaultPolicy("26734"); len(p.QuietHours) != 1 {
		t.Error("no quiet hours by default")
	} else if _, err := Zone(p.Zone); err != nil {
		t.Error(err)
	}
}

func TestAlertSet(t *testing.T) {
	for _, c := range []struct {
		change      func(*AlertSet)
		code        Code
		field, part string
	}{
		{func(s *AlertSet) { s.Office = "flood" }, Malformed, "office", "only its own"},
		{func(s *AlertSet) { s.Alerts = nil }, Malformed, "alerts", "write [] for all clear"},
		{func(s *AlertSet) { s.Alerts = append(s.Alerts, s.Alerts[0]) }, Malformed, "alerts[1].id", "twice"},
		{func(s *AlertSet) { s.Alerts[0].Urgency = "Immediate" }, Malformed, "alerts[0].urgency", "immediate, expected"},
		{func(s *AlertSet) { s.Alerts[0].Until = s.Issued.Add(73 * time.Hour) }, Lifetime, "alerts[0].until", "at most 3 days"},
		{func(s *AlertSet) { s.Alerts[0].Until = s.Alerts[0].From }, Malformed, "alerts[0].until", "ends before"},
		{func(s *AlertSet) { s.Alerts[0].Headline = "" }, Malformed, "alerts[0].headline", "missing"},
		{func(s *AlertSet) { s.Cancel[0].Office = s.Office }, Malformed, "cancel[0]", "of one's own"},
		{func(s *AlertSet) { s.Retracted = []Retraction{{s.Alerts[0].ID, s.Issued.Add(time.Hour)}} }, Malformed, "retracted[0].id", "among the alerts"},
		{func(s *AlertSet) {
			s.Retracted = []Retraction{{"x", s.Issued.Add(time.Hour)}, {"x", s.Issued.Add(time.Hour)}}
		}, Malformed, "retracted[1].id", "twice"},
		{func(s *AlertSet) { s.Retracted = []Retraction{{"x", s.Issued.Add(25 * time.Hour)}} }, Lifetime, "retracted[0].until", "at most 24h"},
		{func(s *AlertSet) { s.Retracted = []Retraction{{ID: "x"}} }, Malformed, "retracted[0].until", "missing"},
	} {
		s := read[AlertSet](t, KindAlert)
		c.change(&s)
		says(t, s.Validate(), c.code, c.field, c.part)
	}
}

func TestActs(t *testing.T) {
	for _, c := range []struct {
		kind        Kind
		change      func(*Act)
		code        Code
		field, part string
	}{
		{KindPlay, func(a *Act) { a.Until = a.Issued.Add(16 * time.Minute) }, Lifetime, "until", "at most 15m"},
		{KindPlay, func(a *Act) { a.Until = a.Issued }, Malformed, "until", "ends before"},
		{KindPlay, func(a *Act) { a.Item = nil }, Malformed, "item", "missing"},
		{KindPlay, func(a *Act) { a.Class = Normal }, Malformed, "class", "leave it out"},
		{KindPlay, func(a *Act) { a.Item, a.Class = &Item{Chime: "siren"}, Emergency }, Malformed, "class", "write normal"},
		{KindPlay, func(a *Act) { a.Command = "tone" }, Malformed, "command", "does not belong to act.play"},
		{KindPlay, func(a *Act) { a.Place, a.Device = "", "box-1"; a.Kind = KindDrill }, Malformed, "kind", "write act.play, act.stop"},
		{KindStop, func(a *Act) { a.Classes = nil }, Malformed, "classes", "write 1 to 7"},
		{KindStop, func(a *Act) { a.Classes = []Class{Normal, Normal} }, Malformed, "classes[1]", "twice"},
		{KindStop, func(a *Act) { a.Classes = []Class{"all"} }, Malformed, "classes[0]", "emergency"},
		{KindLive, func(a *Act) { a.SessionKey = "" }, Malformed, "session_key", "44 characters"},
		{KindLive, func(a *Act) { a.ForS = 0 }, Malformed, "for_s", "1 to"},
		{KindLive, func(a *Act) { a.Item = &Item{Ref: &Ref{Kind: KindBulletin, ID: "b", SHA256: strings.Repeat("a", 64)}} }, Malformed, "item", "a chime and nothing else"},
		{KindDrill, func(a *Act) { a.Item = &Item{Chime: "gong"} }, Malformed, "item.ref", "class drill"},
		{KindMute, func(a *Act) { a.MuteUntil = a.Issued.Add(25 * time.Hour) }, Lifetime, "mute_until", "at most 24h"},
		{KindMute, func(a *Act) { a.Place, a.Device = "26734", "" }, Malformed, "kind", "write act.play"},
		{KindTest, func(a *Act) { a.Command = "rm -rf" }, Malformed, "command", "no id"},
		{KindAsk, func(a *Act) { a.Command = "" }, Malformed, "command", "missing"},
		{KindAcked, func(a *Act) { a.HeadHash = "x" }, Malformed, "head", "SHA-256"},
	} {
		a := read[Act](t, c.kind)
		c.change(&a)
		says(t, a.Validate(), c.code, c.field, c.part)
	}
	a := read[Act](t, KindPlay)
	if want := a.Until.Add(10 * time.Minute); !a.Ends().Equal(want) {
		t.Errorf("it ends %v; want %v", a.Ends(), want)
	}
	if a = read[Act](t, KindMute); !a.Ends().Equal(a.MuteUntil) {
		t.Errorf("a mute ends %v; want %v", a.Ends(), a.MuteUntil)
	}
}

func TestList(t *testing.T) {
	for _, c := range []struct {
		change      func(*List)
		code        Code
		field, part string
	}{
		{func(l *List) { l.Grants[0].Key = "" }, Malformed, "grants[0].key", "44 characters"},
		{func(l *List) { l.Grants[0].Office = "" }, Malformed, "grants[0].office", "names the office"},
		{func(l *List) { l.Grants[0].NotAfter = l.Grants[0].NotBefore.Add(91 * 24 * time.Hour) }, Lifetime, "grants[0].not_after", "at most 90 days"},
		{func(l *List) { l.Grants[0].Kinds = []Kind{KindBeat, KindMute} }, Malformed, "grants[0].kinds[0]", "nothing else"},
		{func(l *List) { g := l.Grants[0]; g.Kinds = []Kind{KindBeat}; l.Grants = append(l.Grants, g) }, Malformed, "grants[1].key", "no other grant"},
		{func(l *List) { l.Children[0].Place = "74" }, Malformed, "children[0].place", "below itself"},
		{func(l *List) { l.Children[1].Place = l.Children[0].Place; l.Children[1].Parent = "" }, Malformed, "children[1].place", "never reused"},
		{func(l *List) { l.Children[1].Parent = "9" }, Malformed, "children[1].parent", "orphan"},
		{func(l *List) { l.Children[0].Parent = l.Children[1].Place }, Malformed, "children[0].parent", "circle"},
		{func(l *List) { l.Children[0].Width = 8 }, Malformed, "children[0].width", "0 to 7"},
		{func(l *List) { l.Children[0].Until = l.Children[0].From }, Malformed, "children[0].until", "ends before"},
		{func(l *List) { l.Quorum = []QuorumRule{{Kind: KindAlert, Holders: 1}} }, Malformed, "quorum", "only the root"},
		{func(l *List) { l.Place = "clock" }, Malformed, "place", "root"},
	} {
		l := read[List](t, KindList)
		c.change(&l)
		says(t, l.Validate(), c.code, c.field, c.part)
	}
	l := read[List](t, KindList)
	l.Grants[0].Kinds = append(l.Grants[0].Kinds, "act.dance") // of a later version
	if err := l.Validate(); err != nil {
		t.Errorf("an unknown kind grants nothing, but is no mistake: %v", err)
	}
}

func TestRoot(t *testing.T) {
	for _, c := range []struct {
		change      func(*Root)
		field, part string
	}{
		{func(r *Root) { r.Number = 2 }, "id", "write the number, 2"},
		{func(r *Root) { r.Threshold = 4 }, "threshold", "1 to 3"},
		{func(r *Root) { r.Threshold = 0 }, "threshold", "1 to 3"},
		{func(r *Root) { r.Keys[1].Holder = r.Keys[0].Holder }, "keys[1]", "its own"},
		{func(r *Root) { r.Keys[1].Key = r.Keys[0].Key }, "keys[1]", "its own"},
		{func(r *Root) { r.Keys = nil }, "keys", "0 entries"},
		{func(r *Root) { r.Place = "74" }, "place", "root"},
	} {
		r := read[Root](t, KindRoot)
		c.change(&r)
		says(t, r.Validate(), Malformed, c.field, c.part)
	}
}

func TestDeviceDocuments(t *testing.T) {
	w := read[Want](t, KindWant)
	w.Media[0] = "http://media.example.vn"
	says(t, w.Validate(), Malformed, "media[0]", "https://")
	w = read[Want](t, KindWant)
	w.Settings.Brokers[0] = "tcp://broker.example.vn:1883"
	says(t, w.Validate(), Malformed, "settings.brokers[0]", "tls://")
	w = read[Want](t, KindWant)
	w.Groups = []string{w.OwnPlace}
	says(t, w.Validate(), Malformed, "groups[0]", "own place already")
	w = read[Want](t, KindWant)
	w.OwnPlace = ""
	if err := w.Validate(); err != nil {
		t.Errorf("out of service: %v", err)
	}
	answer := read[TimeAnswer](t, KindTime)
	answer.Nonce = answer.Nonce[4:]
	says(t, answer.Validate(), Malformed, "nonce", "16 bytes")
	beat := read[Beat](t, KindBeat)
	beat.Alerts = map[string]int64{"26734": 1}
	says(t, beat.Validate(), Malformed, "alerts.26734", "place/office")
	beat = read[Beat](t, KindBeat)
	beat.Epochs = map[string]int64{"74": 1 << 53}
	says(t, beat.Validate(), Malformed, "epochs.74", "9007199254740991")
}

// No text field is left unchecked: a line feed may stand in the few that have
// paragraphs, and every text is bounded.
func TestEveryTextIsChecked(t *testing.T) {
	paragraphs := map[string]bool{
		"Text": true, "Pages[0].Text": true, "Alerts[0].Instruction": true, "DefaultPages[0].Text": true,
	}
	for _, doc := range []any{
		read[Root](t, KindRoot), read[List](t, KindList), read[Bulletin](t, KindBulletin), read[Schedule](t, KindSchedule),
		read[Policy](t, KindPolicy), read[AlertSet](t, KindAlert), read[Act](t, KindPlay), read[Act](t, KindStop),
		read[Act](t, KindLive), read[Act](t, KindMute), read[Act](t, KindAsk), read[Act](t, KindAcked),
		read[TimeAnswer](t, KindTime), read[Want](t, KindWant), read[Beat](t, KindBeat),
	} {
		v := reflect.New(reflect.TypeOf(doc)).Elem()
		v.Set(reflect.ValueOf(doc))
		valid := func() error { return v.Interface().(interface{ Validate() error }).Validate() }
		if err := valid(); err != nil {
			t.Fatalf("%T: %v", doc, err)
		}
		texts(v, "", func(path string, s reflect.Value) {
			was := s.String()
			for _, bad := range []string{"a\nb", strings.Repeat("x", 70000)} {
				s.SetString(bad)
				if err := valid(); err == nil && !(paragraphs[path] && len(bad) == 3) {
					t.Errorf("%T.%s may be %.10q", doc, path, bad)
				}
			}
			s.SetString(was)
		})
	}
}

// texts calls f for every text in v that is set.
func texts(v reflect.Value, path string, f func(string, reflect.Value)) {
	switch v.Kind() {
	case reflect.String:
		if v.String() != "" {
			f(path, v)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			texts(v.Elem(), path, f)
		}
	case reflect.Slice:
		for i := range v.Len() {
			if v.Type().Elem().Kind() != reflect.Uint8 {
				texts(v.Index(i), path+index("", i), f)
			}
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() || v.Type() == reflect.TypeFor[Proof]() {
			return
		}
		for i := range v.NumField() {
			sub := v.Type().Field(i)
			if sub.Anonymous {
				texts(v.Field(i), path, f)
			} else {
				texts(v.Field(i), strings.TrimPrefix(path+"."+sub.Name, "."), f)
			}
		}
	}
}

func TestParseKey(t *testing.T) {
	encode := func(first byte, fill byte, last byte) string {
		b := make([]byte, 32)
		for i := range b {
			b[i] = fill
		}
		b[0], b[31] = first, last
		return base64.StdEncoding.EncodeToString(b)
	}
	for name, s := range map[string]string{
		"nothing":          "",
		"31 bytes":         base64.StdEncoding.EncodeToString(make([]byte, 31)),
		"no padding":       strings.TrimRight(encode(9, 9, 9), "="),
		"a line end":       encode(9, 9, 9)[:8] + "\n" + encode(9, 9, 9)[8:],
		"zero":             encode(0, 0, 0),
		"zero, sign":       encode(0, 0, 0x80),
		"one":              encode(1, 0, 0),
		"one, sign":        encode(1, 0, 0x80),
		"p-1":              encode(0xec, 0xff, 0x7f),
		"p-1, sign":        encode(0xec, 0xff, 0xff),
		"p":                encode(0xed, 0xff, 0x7f),
		"p+1":              encode(0xee, 0xff, 0x7f),
		"2^255-1":          encode(0xff, 0xff, 0x7f),
		"order 8":          base64.StdEncoding.EncodeToString(order8[:]),
		"order 8, negated": base64.StdEncoding.EncodeToString(order8Neg[:]),
	} {
		if _, err := ParseKey(s); err == nil {
			t.Errorf("%s is taken for a key", name)
		}
	}
	if _, err := ParseKey(read[Root](t, KindRoot).Keys[0].Key); err != nil {
		t.Error(err)
	}
}

// Every code has its sentence in both languages, and no two have the same.
func TestSentences(t *testing.T) {
	seen := map[string]Code{}
	for _, c := range append(Codes(), Accepted) {
		s := c.Sentence()
		if _, ok := sentences[c]; !ok {
			t.Errorf("%q has no sentence", c)
		}
		for _, text := range []string{s.VI, s.EN} {
			if !strings.HasSuffix(text, ".") || len(text) < 5 {
				t.Errorf("%q says %q", c, text)
			}
			if other, twice := seen[text]; twice {
				t.Errorf("%q and %q both say %q", c, other, text)
			}
			seen[text] = c
		}
	}
	if len(sentences) != len(Codes())+1 {
		t.Errorf("%d sentences for %d codes", len(sentences), len(Codes()))
	}
	if s := Code("later").Sentence(); !strings.Contains(s.VI, "later") || !strings.Contains(s.EN, "later") {
		t.Errorf("an unknown code says %v", s)
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"lang", "lang", 0}, {"lang", "langs", 1}, {"repeat", "repaet", 2}, {"at", "every", 3}, {"", "ab", 2}} {
		if got := Distance(c.a, c.b, 3); got != c.want {
			t.Errorf("from %q to %q: %d; want %d", c.a, c.b, got, c.want)
		}
	}
}
