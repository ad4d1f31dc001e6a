package trusttest

import (
	"crypto/ed25519"
	"encoding/base64"
	"strconv"
	"time"

	"loa/agent/clock"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/trust"
)

func (w *World) times() []Case {
	note := w.Bulletin(Commune, "note", plan.Normal)
	far := w.Later(74*365*24*time.Hour).Bulletin(Commune, "note", plan.Normal)
	long := note
	long.ValidUntil = w.Now.Add(399 * 24 * time.Hour)
	act := w.Gong(Commune, "gong-1")
	beat := w.Later(time.Minute).Beat(2)
	beat.Epochs[Province] = w.Now.Add(time.Minute).UnixMilli()
	farBeat := w.Later(time.Minute).Beat(2)
	farBeat.Epochs[Province] = w.Now.AddDate(70, 0, 0).UnixMilli()
	return []Case{
		{Name: "an act past its end", Message: Seal(act, Author1), After: 5 * time.Minute, Want: plan.Expired},
		{Name: "an act of one year", Message: edited(act, `"until":"`+stampOf(act.Until), `"until":"`+stampOf(w.Now.AddDate(1, 0, 0)), Author1), Want: plan.Lifetime},
		{Name: "an act of one year by a stranger", Message: edited(act, `"until":"`+stampOf(act.Until), `"until":"`+stampOf(w.Now.AddDate(1, 0, 0)), Stranger), Want: plan.UnknownKey},
		{Name: "a mute of 25 hours", Message: edited(w.Mute("mute-1", time.Hour), `"mute_until":"`+stampOf(w.Now.Add(time.Hour)), `"mute_until":"`+stampOf(w.Now.Add(25*time.Hour)), Prov1), Want: plan.Lifetime},
		{Name: "a bulletin of two years", Message: edited(long, `"valid_until":"`+stampOf(long.ValidUntil), `"valid_until":"`+stampOf(w.Now.AddDate(2, 0, 0)), Author1), Want: plan.Lifetime},
		{Name: "a bulletin that has ended", Message: Seal(note, Author1), After: 32 * 24 * time.Hour, Want: plan.Expired},
		{Name: "a document issued in 2100", Message: Seal(far, Author1), Want: plan.NotYet},
		{Name: "a document issued two minutes ahead", Message: Seal(w.Later(2*time.Minute).Bulletin(Commune, "note", plan.Normal), Author1), Want: plan.Accepted},
		{Name: "a document issued three minutes ahead", Message: Seal(w.Later(3*time.Minute).Bulletin(Commune, "note", plan.Normal), Author1), Want: plan.NotYet},
		{Name: "a document issued in 2100, without a clock", Message: Seal(far, Author1), Level: Unsure, Want: plan.ClockCode},
		{Name: "a withheld act, without a clock", Message: Seal(act, Author1), Level: Unsure, Want: plan.ClockCode},
		{Name: "an act with NTP time only", Message: Seal(act, Author1), Level: clock.NTP, Want: plan.ClockCode},
		{Name: "a bulletin with NTP time only", Message: Seal(note, Author1), Level: clock.NTP, Want: plan.ClockCode},
		{Name: "a bulletin with a battery clock", Message: Seal(note, Author1), Level: clock.RTC, Want: plan.Accepted},
		{Name: "an alert with NTP time only", Message: Seal(w.Alerts(Commune, Office, "a1"), Warner1, Warner2), Level: clock.NTP, Want: plan.Accepted},
		{Name: "an alert without a clock", Message: Seal(w.Alerts(Commune, Office, "a1"), Warner1, Warner2), Level: Unsure, Want: plan.ClockCode},
		{Name: "an act by a grant that has ended", Message: Seal(w.Later(61*24*time.Hour).Gong(Commune, "gong-1"), Author1), After: 61 * 24 * time.Hour, Want: plan.Expired},
		{Name: "a beat ahead of the epoch, a delegate's act", Before: []Message{Seal(beat, Pulse)}, Message: Seal(act, Author1), Want: plan.Stale},
		{Name: "a beat ahead of the epoch, an act of whom the root lists", Before: []Message{Seal(beat, Pulse)}, Message: Seal(act, Prov1), Want: plan.Accepted},
		{Name: "a beat with an epoch in 2100", Message: Seal(farBeat, Pulse), Want: plan.NotYet},
		{Name: "seven minutes without a beat, an act", Message: Seal(w.Later(7*time.Minute).Gong(Commune, "gong-1"), Author1), After: 7 * time.Minute, Want: plan.Stale},
		{Name: "seven minutes without a beat, a document", Message: Seal(w.Later(7*time.Minute).Bulletin(Commune, "note", plan.Normal), Author1), After: 7 * time.Minute, Want: plan.Stale},
		{Name: "seven minutes without a beat, an alert", Message: Seal(w.Later(7*time.Minute).Alerts(Commune, Office, "a1"), Warner1, Warner2), After: 7 * time.Minute, Want: plan.Accepted},
		{Name: "a beat in the place of an older", Before: []Message{Seal(w.Beat(3), Pulse)}, Message: Seal(w.Beat(2), Pulse), Want: plan.Replay},
		{Name: "a recorded beat", Message: Seal(w.Later(-10*time.Minute).Beat(2), Pulse), Want: plan.Expired},
		{Name: "a beat by an author", Message: Seal(w.Beat(2), Prov1), Want: plan.WrongKind},
		{Name: "a beat without a clock", Message: Seal(w.Beat(2), Pulse), Level: Unsure, Want: plan.ClockCode},
	}
}

func (w *World) repeats() []Case {
	note := w.Bulletin(Commune, "note", plan.Normal)
	next := w.Later(time.Minute).Bulletin(Commune, "note", plan.Normal)
	other := note
	other.Title = "Khác"
	act := Seal(w.Gong(Commune, "gong-1"), Author1)
	both := Seal(w.Gong(Commune, "gong-1"), Author1, Author2)
	again := w.Gong(Commune, "gong-1")
	again.Repeat = 2
	gone := next
	gone.Withdrawn = true
	var many []Message
	for i := range 256 {
		many = append(many, Seal(w.Gong(Commune, "gong-"+strconv.Itoa(i)), Author1))
	}
	return []Case{
		{Name: "the same act once more", Before: []Message{act}, Message: act, Want: plan.Replay},
		{Name: "the same act after a restart", Before: []Message{act}, Reboot: true, Message: act, Want: plan.Replay},
		{Name: "the same act with its signatures in another order", Before: []Message{both}, Message: Seal(w.Gong(Commune, "gong-1"), Author2, Author1), Want: plan.Replay},
		{Name: "the same act with one more signature", Before: []Message{act}, Message: both, Want: plan.Replay},
		{Name: "another act of the same id", Before: []Message{act}, Message: Seal(again, Author1), Want: plan.Conflict},
		{Name: "the same kept bytes once more", Before: []Message{Seal(note, Author1)}, Message: Seal(note, Author1), Want: plan.Accepted, Same: true},
		{Name: "the same kept bytes after a restart", Before: []Message{Seal(note, Author1)}, Reboot: true, Message: Seal(note, Author1), Want: plan.Accepted, Same: true},
		{Name: "the same version with other bytes", Before: []Message{Seal(note, Author1)}, Message: Seal(other, Author1), Want: plan.Conflict},
		{Name: "a lower version after the broker was wiped", Before: []Message{Seal(next, Author1)}, Message: Seal(note, Author1), Want: plan.Replay},
		{Name: "a lower version after a restart", Before: []Message{Seal(next, Author1)}, Reboot: true, Message: Seal(note, Author1), Want: plan.Replay},
		{Name: "what was withdrawn comes back", Before: []Message{Seal(gone, Author1)}, Message: Seal(note, Author1), Want: plan.Replay},
		{Name: "a higher version", Before: []Message{Seal(note, Author1)}, Message: Seal(next, Author1), Want: plan.Accepted},
		{Name: "a kept topic that was emptied", Before: []Message{Seal(note, Author1)}, Message: Message{Topic: "loa/v1/p/26734/doc/bulletin/note"}, Want: plan.Accepted, Same: true},
		{Name: "one act too many of a signer", Before: many, Message: Seal(w.Gong(Commune, "gong-x"), Author1), Want: plan.Storage},
		{Name: "another signer's act beside a full memory", Before: many, Message: Seal(w.Gong(Commune, "gong-x"), Prov1), Want: plan.Accepted},
	}
}

func (w *World) alarms() []Case {
	set := w.Alerts(Commune, Office, "a1", "a2")
	issued := Seal(set, Warner1, Warner2)
	later := w.Later(time.Minute)
	keep := func(ids ...string) plan.AlertSet {
		s := w.Alerts(Commune, Office, ids...)
		s.Issued = later.Now
		return s
	}
	mistake := keep("a2")
	mistake.Retracted = []plan.Retraction{{ID: "a1", Until: later.Now.Add(time.Hour)}}
	changed := keep("a1")
	changed.Alerts[0].Headline = "Báo động khác"
	cancel := later.Alerts(Province, ProvinceOffice)
	cancel.Cancel = []plan.Cancel{{Place: Commune, Office: Office, ID: "a1"}}
	upward := later.Alerts(Commune, "flood")
	upward.Cancel = []plan.Cancel{{Place: Province, Office: ProvinceOffice, ID: "a1"}}
	triggers := Seal(w.Triggers(Commune, "keys"), Warner1, Warner2)
	withdrawn := later.Triggers(Commune, "keys")
	withdrawn.Withdrawn = true
	unknown := w.Triggers(Commune, "keys")
	unknown.Lines[0].Alert = "meteor"
	provincial := Seal(w.Alerts(Province, ProvinceOffice, "a1"), Prov1, Prov2)
	return []Case{
		{Name: "an alert of the commune by two", Message: issued, Want: plan.Accepted},
		{Name: "all clear by one", Before: []Message{issued}, Message: Seal(keep(), Warner1), Want: plan.Accepted},
		{Name: "all clear to a box that missed the alarm", Message: Seal(keep(), Warner1), Want: plan.Accepted},
		{Name: "one alert fewer by one", Before: []Message{issued}, Message: Seal(keep("a1"), Warner1), Want: plan.Accepted},
		{Name: "one alert more by one", Before: []Message{issued}, Message: Seal(keep("a1", "a2", "a3"), Warner1), Want: plan.Quorum},
		{Name: "one alert changed by one", Before: []Message{issued}, Message: Seal(changed, Warner1), Want: plan.Quorum},
		{Name: "a false alarm taken back by one", Before: []Message{issued}, Message: Seal(mistake, Warner1), Want: plan.Accepted},
		{Name: "an office takes back another's", Before: []Message{issued}, Message: Seal(mistake, Flood1), Want: plan.Scope},
		{Name: "an office empties another's slot", Before: []Message{issued}, Message: Seal(keep(), Flood1), Want: plan.Scope},
		{Name: "an author empties the slot", Before: []Message{issued}, Message: Seal(keep(), Author1), Want: plan.WrongKind},
		{Name: "the slot's topic and the set's office differ", Message: Message{Topic: "loa/v1/p/26734/alert/flood", Raw: issued.Raw}, Want: plan.Malformed},
		{Name: "a cancel with one of two", Before: []Message{issued}, Message: Seal(cancel, Prov1), Want: plan.Quorum},
		{Name: "a cancel with two", Before: []Message{issued}, Message: Seal(cancel, Prov1, Prov2), Want: plan.Accepted},
		{Name: "a commune cancels the province's alert", Before: []Message{provincial}, Message: Seal(upward, Flood1, Warner1, Warner2), Want: plan.Scope},
		{Name: "the emptied topic of an alert", Before: []Message{issued}, Message: Message{Topic: "loa/v1/p/26734/alert/ubnd"}, Want: plan.Accepted, Same: true},
		{Name: "an older set", Before: []Message{Seal(keep("a1"), Warner1, Warner2)}, Message: issued, Want: plan.Replay},
		{Name: "an alert during a mute by one", Before: []Message{Seal(w.Mute("mute-1", time.Hour), Prov1)}, Message: issued, Want: plan.Accepted},
		{Name: "triggers by two", Message: triggers, Want: plan.Accepted},
		{Name: "triggers by one", Message: Seal(w.Triggers(Commune, "keys"), Warner1), Want: plan.Quorum},
		{Name: "triggers by authors", Message: Seal(w.Triggers(Commune, "keys"), Author1, Author2), Want: plan.WrongKind},
		{Name: "triggers for the province by a commune", Message: Seal(w.Triggers(Province, "keys"), Warner1, Warner2), Want: plan.Scope},
		{Name: "triggers of an alert that does not lie here", Message: Seal(unknown, Warner1, Warner2), Want: plan.Unsupported},
		{Name: "triggers withdrawn by one", Before: []Message{triggers}, Message: Seal(withdrawn, Warner1), Want: plan.Accepted},
		{Name: "a standing alert once more after a restart", Before: []Message{issued}, Reboot: true, Message: issued, Want: plan.Accepted, Same: true},
	}
}

func (w *World) acts() []Case {
	drill := w.Bulletin(Commune, "drill", plan.Drill)
	note := w.Bulletin(Commune, "note", plan.Normal)
	changed := w.Later(time.Minute).Bulletin(Commune, "note", plan.Normal)
	changed.Title = "Khác"
	play := Seal(w.Play(Commune, "play-1", plan.Item{Ref: RefTo(note)}), Author1)
	return []Case{
		{Name: "a play of a known bulletin", Before: []Message{Seal(note, Author1)}, Message: play, Want: plan.Accepted},
		{Name: "a play of a bulletin that did not come", Message: play, Want: plan.MediaMissing},
		{Name: "a play of a bulletin that was changed since", Before: []Message{Seal(changed, Author1)}, Message: play, Want: plan.Conflict},
		{Name: "a drill without its preface", Before: []Message{Seal(drill, Author1)}, Message: Seal(w.Play(Commune, "play-1", plan.Item{Ref: RefTo(drill)}), Author1), Want: plan.DrillPreface},
		{Name: "a drill as a drill", Before: []Message{Seal(drill, Author1)}, Message: Seal(w.Drill(Commune, "drill-1", drill), Author1), Want: plan.Accepted},
		{Name: "a normal bulletin as a drill", Before: []Message{Seal(note, Author1)}, Message: Seal(w.Drill(Commune, "drill-1", note), Author1), Want: plan.WrongClass},
		{Name: "a slot with a drill", Before: []Message{Seal(drill, Author1)}, Message: Seal(w.Schedule(Commune, "daily", plan.Item{Ref: RefTo(drill)}), Author1), Want: plan.WrongClass},
		{Name: "a mute of one day", Message: Seal(w.Mute("mute-1", 24*time.Hour), Prov1), Want: plan.Accepted},
		{Name: "a test by the service key", Message: Seal(w.boxAct(plan.KindTest, "test-1", "tone"), Desk), Want: plan.Accepted},
		{Name: "a test by an author", Message: Seal(w.boxAct(plan.KindTest, "test-1", "tone"), Author1), Want: plan.WrongKind},
	}
}

func (w *World) boxAct(kind plan.Kind, id, command string) plan.Act {
	return plan.Act{Head: w.BoxHead(kind, id), Until: w.Now.Add(5 * time.Minute), Command: command}
}

func (w *World) wants() []Case {
	firmware := func(security int64) plan.Want {
		want := w.Later(time.Minute).Want()
		want.Firmware = Firmware("1.2", security, want.Issued)
		return want
	}
	release := func(after time.Duration, version string, change func(*plan.Firmware)) plan.Want {
		want := w.Later(after).Want()
		want.Firmware = Firmware(version, 8, w.Now)
		if change != nil {
			change(want.Firmware)
		}
		return want
	}
	downgrade := func(f *plan.Firmware) { f.Downgrade = true }
	opened := func(f *plan.Firmware) { f.Rings = []plan.Ring{{Percent: 100}} }
	first := func(f *plan.Firmware) { f.Canary = true }
	elsewhere := func(f *plan.Firmware) {
		f.Bundles = map[string]plan.Bundle{"rock64": {SHA256: hex64, Bytes: 2}}
	}
	running := Seal(release(time.Minute, "1.2", nil), Prov1, Prov2)
	none := w.Later(2 * time.Minute).Want()
	under := release(2*time.Minute, "1.1", downgrade)
	under.Firmware.Security = 6
	quiet := w.Later(time.Minute).Want()
	quiet.Settings = &plan.Settings{VolumePercent: 60, Commissioned: true}
	nowhere := w.move("99999")
	group := w.Later(time.Minute).Want()
	group.Groups = nil
	return []Case{
		{Name: "a move within the province", Message: Seal(w.move(Sibling), Prov1, Prov2), Want: plan.Accepted},
		{Name: "a move signed for the new place only", Message: Seal(w.move(Other), Other1, Other2), Want: plan.Scope},
		{Name: "a move signed for the old place only", Message: Seal(w.move(Other), Prov1, Prov2), Want: plan.Scope},
		{Name: "a move signed for both places", Message: Seal(w.move(Other), Prov1, Prov2, Other1, Other2), Want: plan.Accepted},
		{Name: "a move to a place that no list registers", Message: Seal(nowhere, Prov1, Prov2), Want: plan.Scope},
		{Name: "an author assigns", Message: Seal(w.move(Sibling), Author1, Author2), Want: plan.WrongKind},
		{Name: "out of a group by one of two", Message: Seal(group, Prov1), Want: plan.Quorum},
		{Name: "settings by one", Message: Seal(quiet, Prov1), Want: plan.Accepted},
		{Name: "settings by an author", Message: Seal(quiet, Author1), Want: plan.WrongKind},
		{Name: "firmware under the floor", Message: Seal(firmware(6), Prov1, Prov2), Want: plan.Rollback},
		{Name: "firmware by one of two", Message: Seal(firmware(8), Prov1), Want: plan.Quorum},
		{Name: "firmware by two", Message: Seal(firmware(8), Prov1, Prov2), Want: plan.Accepted},
		{Name: "firmware by two of the commune", Message: Seal(firmware(8), Author1, Author2), Want: plan.WrongKind},
		{Name: "firmware by one holder and the service key", Message: Seal(firmware(8), Prov1, Desk), Want: plan.Quorum},
		{Name: "firmware by the key of the signs of life", Message: Seal(firmware(8), Pulse), Want: plan.WrongKind},
		{Name: "firmware by another province", Message: Seal(firmware(8), Other1, Other2), Want: plan.Scope},
		{Name: "another box's firmware", Message: Message{Topic: "loa/v1/d/box-2/want", Raw: running.Raw}, Want: plan.NotAddressed},
		{Name: "older firmware by two", Before: []Message{running}, Message: Seal(release(2*time.Minute, "1.1", nil), Prov1, Prov2), Want: plan.Rollback},
		{Name: "older firmware by two who say so", Before: []Message{running}, Message: Seal(release(2*time.Minute, "1.1", downgrade), Prov1, Prov2), Want: plan.Accepted},
		{Name: "older firmware under the floor by two who say so", Before: []Message{running}, Message: Seal(under, Prov1, Prov2), Want: plan.Rollback},
		{Name: "the downgrade mark added by one", Before: []Message{running}, Message: Seal(release(2*time.Minute, "1.2", downgrade), Prov1), Want: plan.Quorum},
		{Name: "all rings opened by one", Before: []Message{running}, Message: Seal(release(2*time.Minute, "1.2", opened), Prov1), Want: plan.Quorum},
		{Name: "a box made to go first by one", Before: []Message{running}, Message: Seal(release(2*time.Minute, "1.2", first), Prov1), Want: plan.Quorum},
		{Name: "another bundle under the same version by one", Before: []Message{running}, Message: Seal(release(2*time.Minute, "1.2", elsewhere), Prov1), Want: plan.Quorum},
		{Name: "yesterday's firmware once more", Before: []Message{running, Seal(release(2*time.Minute, "1.3", nil), Prov1, Prov2)}, Message: running, Want: plan.Replay},
		{Name: "firmware taken back by one", Before: []Message{running}, Message: Seal(none, Prov1), Want: plan.Accepted},
		{Name: "firmware taken back and then given by one", Before: []Message{running, Seal(none, Prov1)}, Message: Seal(release(3*time.Minute, "1.2", nil), Prov1), Want: plan.Quorum},
		{Name: "a box that nobody assigned is told to play", Bare: true, Before: w.Setup()[:1], Message: Seal(w.boxPlay(), Prov1), Want: plan.Scope},
	}
}

// Firmware is a release for two kinds of boards, whose first ring opens at from.
func Firmware(version string, security int64, from time.Time) *plan.Firmware {
	return &plan.Firmware{
		Version: version, Security: security, From: from, Rings: []plan.Ring{{Percent: 5}, {AfterH: 24, Percent: 100}},
		Bundles: map[string]plan.Bundle{"rock64": {SHA256: hex64, Bytes: 1}, "virt-arm64": {SHA256: hex64, Bytes: 1}},
	}
}

func (w *World) boxPlay() plan.Act {
	a := w.Gong(Commune, "gong-1")
	a.Place, a.Device = "", Device
	return a
}

// Nonce is the one that the world's box asks with.
var Nonce = base64.StdEncoding.EncodeToString(make([]byte, plan.NonceBytes))

func (w *World) answers() []Case {
	good := Seal(w.Answer(Nonce), Pulse)
	recorded := Seal(w.Answer(base64.StdEncoding.EncodeToString(append(make([]byte, plan.NonceBytes-1), 1))), Pulse)
	asked := &trust.Question{Nonce: Nonce, Asked: w.Now}
	old := w.Later(-13 * time.Hour).Answer(Nonce)
	old.Epochs = nil
	other := w.Answer(Nonce)
	other.Device = "box-2"
	return []Case{
		{Name: "a time answer", Asked: asked, Message: good, After: 9 * time.Second, Level: Unsure, Want: plan.Accepted},
		{Name: "a time answer after eleven seconds", Asked: asked, Message: good, After: 11 * time.Second, Level: Unsure, Want: plan.ClockCode},
		{Name: "a recorded time answer", Asked: asked, Message: recorded, Level: Unsure, Want: plan.ClockCode},
		{Name: "a time answer that nobody asked for", Message: good, Level: Unsure, Want: plan.ClockCode},
		{Name: "a time answer from before the software was built", Asked: asked, Message: Seal(old, Pulse), Level: Unsure, Want: plan.ClockCode},
		{Name: "a time answer by an author", Asked: asked, Message: Seal(w.Answer(Nonce), Prov1), Level: Unsure, Want: plan.WrongKind},
		{Name: "a time answer by the service key", Asked: asked, Message: Seal(w.Answer(Nonce), Desk), Level: Unsure, Want: plan.WrongKind},
		{Name: "another box's time answer", Asked: asked, Message: Seal(other, Pulse), Level: Unsure, Want: plan.NotAddressed},
		{Name: "a time answer to a box that nobody assigned", Bare: true, Before: w.Setup()[:1], Asked: asked, Message: good, Level: Unsure, Want: plan.Accepted},
	}
}

func (w *World) live() []Case {
	open := Seal(w.Talk(Commune, "talk-1", "mic"), Author1)
	packet := func(seq uint32, offset time.Duration, key ed25519.PrivateKey) Message {
		p := message.LivePacket{Codec: message.LiveOpus, Seq: seq, Offset: offset, Duration: 40 * time.Millisecond, Audio: []byte("sound")}
		return Message{Topic: "loa/v1/p/26734/live/talk-1", Raw: message.SignLive(Commune, "talk-1", p, key)}
	}
	first, mic := packet(0, 0, Key("mic")), Key("mic")
	return []Case{
		{Name: "a live packet", Live: true, Before: []Message{open}, Message: first, Want: plan.Accepted},
		{Name: "a live packet without a session", Live: true, Message: first, Want: plan.Unsigned},
		{Name: "a forged live packet", Live: true, Before: []Message{open}, Message: packet(0, 0, Key(Author1)), Want: plan.Signature},
		{Name: "a live packet of another session", Live: true, Before: []Message{Seal(w.Talk(Commune, "talk-2", "mic"), Author1)}, Message: Message{Topic: "loa/v1/p/26734/live/talk-2", Raw: first.Raw}, Want: plan.Signature},
		{Name: "a live packet in another's place", Live: true, Before: []Message{open, packet(2, 80*time.Millisecond, mic)}, Message: packet(1, 40*time.Millisecond, mic), Want: plan.Accepted},
		{Name: "a live packet of long ago", Live: true, Before: []Message{open, packet(64, 2560*time.Millisecond, mic)}, Message: first, Want: plan.Replay},
		{Name: "a live packet beyond the session", Live: true, Before: []Message{open}, Message: packet(0, 11*time.Minute, mic), Want: plan.Lifetime},
		{Name: "a live packet in a codec of tomorrow", Live: true, Before: []Message{open}, Message: Message{Topic: first.Topic, Raw: append([]byte("LOA1\x02"), first.Raw[5:]...)}, Want: plan.Unsupported},
		{Name: "a repeated live packet", Live: true, Before: []Message{open, first}, Message: first, Want: plan.Replay},
		{Name: "a live packet four seconds late", Live: true, Before: []Message{open, first}, Message: packet(1, 40*time.Millisecond, mic), After: 4*time.Second + 40*time.Millisecond, Want: plan.Expired},
		{Name: "a live packet two seconds late", Live: true, Before: []Message{open, first}, Message: packet(1, 40*time.Millisecond, mic), After: 2*time.Second + 40*time.Millisecond, Want: plan.Accepted},
		{Name: "a live packet after the session", Live: true, Before: []Message{open}, Message: first, After: 16 * time.Minute, Want: plan.Unsigned},
		{Name: "a live packet that is none", Live: true, Before: []Message{open}, Message: Message{Topic: first.Topic, Raw: []byte("LOA1")}, Want: plan.Malformed},
	}
}

// local are authentic: what refuses them is local law, in the rooms behind trust.
func (w *World) local() []Case {
	night := w.Later(time.Minute).Policy()
	night.QuietHours = []plan.Span{{From: "00:00", Until: "24:00"}}
	unlisted := plan.Item{Relay: &plan.Relay{URLs: []string{"https://elsewhere.example/live"}, Title: "x", Class: plan.Normal, Origin: plan.Higher, Lang: "vi"}}
	relay := plan.Item{Relay: &plan.Relay{URLs: []string{"https://radio.example.vn/live"}, Title: "VOV1", Class: plan.Normal, Origin: plan.Higher, Lang: "vi"}}
	drill := w.Bulletin(Commune, "drill", plan.Drill)
	loose := w.Later(2 * time.Minute).Policy()
	quiet := Seal(night, Author1, Author2)
	return []Case{
		{Name: "a play in quiet hours", Before: []Message{quiet}, Message: Seal(w.Gong(Commune, "gong-1"), Author1), Want: plan.QuietHours, Room: "policy"},
		{Name: "a policy loosened by one, and a play at once", Before: []Message{quiet, Seal(loose, Author1)}, Message: Seal(w.Gong(Commune, "gong-1"), Author1), Want: plan.QuietHours, Room: "policy"},
		{Name: "a drill in quiet hours", Before: []Message{quiet, Seal(drill, Author1)}, Message: Seal(w.Drill(Commune, "drill-1", drill), Author1), Want: plan.QuietHours, Room: "policy"},
		{Name: "a relay in quiet hours", Before: []Message{quiet}, Message: Seal(w.Play(Commune, "play-1", relay), Author1), Want: plan.QuietHours, Room: "policy"},
		{Name: "a relay from a host that no policy lists", Message: Seal(w.Play(Commune, "play-1", unlisted), Author1), Want: plan.Scope, Room: "relay"},
		{Name: "a play during a mute", Before: []Message{Seal(w.Mute("mute-1", time.Hour), Prov1)}, Message: Seal(w.Gong(Commune, "gong-1"), Author1), Want: plan.Muted, Room: "policy"},
	}
}

const hex64 = "abababababababababababababababababababababababababababababababab"
