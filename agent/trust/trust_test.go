package trust_test

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"loa/agent/clock"
	"loa/agent/plan"
	"loa/agent/trust"
	"loa/agent/trust/trusttest"
)

// bench is a box that a test speaks to.
type bench struct {
	*testing.T
	w     *trusttest.World
	box   *trust.Trust
	now   time.Time
	level clock.Level
}

func newBench(t *testing.T) *bench {
	t.Helper()
	w := trusttest.New(start)
	b := &bench{T: t, w: w, now: start, level: clock.Signed}
	box, err := trust.New(w.RootFile(), trusttest.Device, trust.Opts{
		Built: start.AddDate(0, -1, 0), Security: 7, Now: func() (time.Time, clock.Level) { return b.now, b.level },
	})
	if err != nil {
		t.Fatal(err)
	}
	b.box = box
	for _, m := range w.Setup() {
		b.takes(m)
	}
	return b
}

func (b *bench) judge(m trusttest.Message) trust.Verdict {
	return b.box.Judge(m.Topic, m.Raw, b.now, clock.Signed)
}

func (b *bench) takes(m trusttest.Message) trust.Verdict {
	b.Helper()
	v := b.judge(m)
	if !v.Accepted() {
		b.Fatalf("%s: %v", m.Topic, v.Err)
	}
	b.box.Commit(v)
	return v
}

func (b *bench) refuses(m trusttest.Message, want plan.Code) {
	b.Helper()
	if v := b.judge(m); v.Code != want {
		b.Errorf("%s: got %q, %v; want %q", m.Topic, v.Code, v.Err, want)
	}
}

func keys[V any](m map[plan.Key]V) []string {
	var s []string
	for k := range m {
		s = append(s, k.String())
	}
	slices.Sort(s)
	return s
}

func (b *bench) without(holders ...string) trusttest.Message {
	l := b.w.Later(time.Minute).ProvinceList()
	l.Grants = slices.DeleteFunc(l.Grants, func(g plan.Grant) bool { return slices.Contains(holders, g.Holder) })
	return trusttest.Seal(l, trusttest.Prov1, trusttest.Prov2)
}

func TestRevokedSignerEndsWhatIsStored(t *testing.T) {
	b := newBench(t)
	b.takes(trusttest.Seal(b.w.Schedule(trusttest.Commune, "daily", plan.Item{Chime: "gong"}), trusttest.Author1))
	b.takes(trusttest.Seal(b.w.Schedule(trusttest.Commune, "evening", plan.Item{Chime: "gong"}), trusttest.Author2))
	b.takes(trusttest.Seal(b.w.Gong(trusttest.Commune, "gong-1"), trusttest.Author1))
	if v := b.takes(b.without(trusttest.Author1)); !v.Rejudge || !v.Persist {
		t.Errorf("a new list must be kept and have the rest judged again: %+v", v)
	}
	gone := b.box.Rejudge()
	if len(gone) != 1 || gone[0].ID != "daily" {
		t.Errorf("gone: %v; want the schedule daily", gone)
	}
	p := b.box.Plan(b.now)
	if got := keys(p.Schedules); len(got) != 1 || got[0] != "26734/schedule/evening" {
		t.Errorf("schedules in force: %v", got)
	}
	if len(p.Acts) != 0 {
		t.Errorf("the act of a revoked signer goes on: %v", p.Acts)
	}
	// Granted again, the same bytes count again.
	b.takes(trusttest.Seal(b.w.Later(2*time.Minute).ProvinceList(), trusttest.Prov1, trusttest.Prov2))
	b.takes(trusttest.Seal(b.w.Schedule(trusttest.Commune, "daily", plan.Item{Chime: "gong"}), trusttest.Author1))
}

func TestEndOfAGrantRevokesNothing(t *testing.T) {
	b := newBench(t)
	s := b.w.Schedule(trusttest.Commune, "daily", plan.Item{Chime: "gong"})
	s.ValidUntil = start.AddDate(0, 6, 0)
	m := trusttest.Seal(s, trusttest.Author1)
	b.takes(m)
	b.now = start.AddDate(0, 4, 0)
	if gone := b.box.Rejudge(); len(gone) != 0 {
		t.Errorf("gone: %v", gone)
	}
	b.reboot(m.Raw)
	if got := keys(b.box.Plan(b.now).Schedules); len(got) != 1 {
		t.Errorf("after a restart in force: %v", got)
	}
}

// reboot makes the box anew from what its station has kept.
func (b *bench) reboot(stored ...[]byte) []trust.Verdict {
	b.Helper()
	again, err := trust.New(b.w.RootFile(), trusttest.Device, trust.Opts{
		Built: start.AddDate(0, -1, 0), Security: 7, Now: func() (time.Time, clock.Level) { return b.now, clock.Signed },
	})
	if err != nil {
		b.Fatal(err)
	}
	if err := again.Restore(b.box.Snapshot()); err != nil {
		b.Fatal(err)
	}
	b.box = again
	return again.Load(append(raws(b.w.Setup()[2:]), stored...))
}

func TestLoadSortsOutWhatItIsGiven(t *testing.T) {
	b := newBench(t)
	old := trusttest.Seal(b.w.Bulletin(trusttest.Commune, "note", plan.Normal), trusttest.Author1)
	next := trusttest.Seal(b.w.Later(time.Minute).Bulletin(trusttest.Commune, "note", plan.Normal), trusttest.Author1)
	b.takes(old)
	b.takes(next)
	v := b.reboot(old.Raw, next.Raw, []byte("{"), b.without().Raw)[3:]
	for i, want := range []plan.Code{plan.Replay, plan.Accepted, plan.Malformed, plan.Unsupported} {
		if v[i].Code != want {
			t.Errorf("stored document %d: got %q, %v; want %q", i, v[i].Code, v[i].Err, want)
		}
	}
}

// Losing the snapshot loses the memory of replays, not the judgement on signatures.
func TestLoadWithoutASnapshot(t *testing.T) {
	w := trusttest.New(start)
	box, err := w.Bare()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range w.Setup()[:2] {
		box.Commit(box.Judge(m.Topic, m.Raw, start, clock.Signed))
	}
	bulletin := w.Bulletin(trusttest.Commune, "note", plan.Normal)
	v := box.Load([][]byte{
		trusttest.Seal(bulletin, trusttest.Author1).Raw,
		trusttest.Seal(w.Bulletin(trusttest.Commune, "other", plan.Normal), trusttest.Stranger).Raw,
		trusttest.Seal(w.Want(), trusttest.Prov1, trusttest.Prov2).Raw,
	})
	if v[0].Code != plan.Accepted || v[1].Code != plan.UnknownKey || v[2].Code != plan.Accepted {
		t.Errorf("got %q, %q, %q", v[0].Code, v[1].Code, v[2].Code)
	}
	again, err := w.Bare()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range w.Setup()[:2] {
		again.Commit(again.Judge(m.Topic, m.Raw, start, clock.Signed))
	}
	if v := again.Load([][]byte{trusttest.Seal(w.Want(), trusttest.Prov1).Raw}); v[0].Code != plan.Quorum {
		t.Errorf("a want by one of two: %q", v[0].Code)
	}
}

func TestLoosePolicyWaits(t *testing.T) {
	b := newBench(t)
	strict := b.w.Later(10 * time.Second).Policy()
	strict.QuietHours = []plan.Span{{From: "20:00", Until: "06:00"}}
	b.takes(trusttest.Seal(strict, trusttest.Author1, trusttest.Author2))
	if p := b.box.Plan(b.now).Policies; len(p) != 1 {
		t.Fatalf("by two, at once: %v", keys(p))
	}
	loose := b.w.Later(20 * time.Second).Policy()
	one := trusttest.Seal(loose, trusttest.Author1)
	b.takes(one)
	got := keys(b.box.Plan(b.now).Policies)
	if len(got) != 2 || !strings.HasPrefix(got[1], "26734/policy/policy@") {
		t.Fatalf("by one, both hold: %v", got)
	}
	b.now = start.Add(23 * time.Hour)
	b.reboot(one.Raw)
	if got := keys(b.box.Plan(b.now).Policies); len(got) != 2 {
		t.Errorf("after 23 hours and a restart: %v", got)
	}
	b.now = start.Add(25 * time.Hour)
	if got := keys(b.box.Plan(b.now).Policies); len(got) != 1 {
		t.Errorf("after 25 hours: %v", got)
	}
}

func TestSecondSignatureLetsALoosePolicyCountAtOnce(t *testing.T) {
	b := newBench(t)
	loose := b.w.Later(20 * time.Second).Policy()
	b.takes(trusttest.Seal(loose, trusttest.Author1))
	if got := keys(b.box.Plan(b.now).Policies); len(got) != 2 {
		t.Fatalf("by one: %v", got)
	}
	if v := b.takes(trusttest.Seal(loose, trusttest.Author2)); v.Same {
		t.Error("a new signature is no news")
	}
	p := b.box.Plan(b.now).Policies
	if len(p) != 1 {
		t.Errorf("by both: %v", keys(p))
	}
	for _, d := range p {
		if len(d.Proof.Holders) != 2 {
			t.Errorf("holders: %v", d.Proof.Holders)
		}
	}
}

func TestFirstPolicyOfOneWaitsBesideTheDefault(t *testing.T) {
	w := trusttest.New(start)
	box, err := w.Bare()
	if err != nil {
		t.Fatal(err)
	}
	setup := w.Setup()
	setup[4] = trusttest.Seal(w.Policy(), trusttest.Author1)
	for _, m := range setup {
		v := box.Judge(m.Topic, m.Raw, start, clock.Signed)
		if !v.Accepted() {
			t.Fatal(v.Err)
		}
		box.Commit(v)
	}
	for _, p := range box.Plan(start).Policies {
		if !p.RipeAt.Equal(start.Add(24 * time.Hour)) {
			t.Errorf("one signer's first policy counts fully from %v on", p.RipeAt)
		}
	}
}

func TestWithdrawnPolicyHoldsForADay(t *testing.T) {
	b := newBench(t)
	gone := b.w.Later(20 * time.Second).Policy()
	gone.Withdrawn = true
	b.takes(trusttest.Seal(gone, trusttest.Author1))
	if got := keys(b.box.Plan(b.now).Policies); len(got) != 1 {
		t.Errorf("at once: %v", got)
	}
	if got := keys(b.box.Plan(b.now.Add(25 * time.Hour)).Policies); len(got) != 0 {
		t.Errorf("a day later: %v", got)
	}
}

func TestShrunkenAlertSetKeepsItsWitnesses(t *testing.T) {
	b := newBench(t)
	b.takes(trusttest.Seal(b.w.Alerts(trusttest.Commune, trusttest.Office, "a1", "a2"), trusttest.Warner1, trusttest.Warner2))
	fewer := b.w.Alerts(trusttest.Commune, trusttest.Office, "a2")
	fewer.Issued = start.Add(time.Second)
	m := trusttest.Seal(fewer, trusttest.Warner2)
	b.takes(m)
	check := func(when string) {
		t.Helper()
		sets := b.box.Plan(b.now).Alerts
		for _, s := range sets {
			if len(s.Alerts) != 1 || s.Alerts[0].ID != "a2" || len(s.Proof.Holders) != 2 {
				t.Errorf("%s: %d alerts by %v; want a2 by two", when, len(s.Alerts), s.Proof.Holders)
			}
		}
		if len(sets) != 1 {
			t.Errorf("%s: %d sets", when, len(sets))
		}
	}
	check("at once")
	if gone := b.box.Rejudge(); len(gone) != 0 {
		t.Errorf("gone: %v", gone)
	}
	b.reboot(m.Raw)
	check("after a restart")
	// The file was lost, the memory was not: what comes again counts again.
	b.reboot()
	b.takes(m)
	check("after a lost file")
	if b.box.Rejudge(); len(b.box.Plan(b.now).Alerts) != 1 {
		t.Error("the alert is gone")
	}
	b.takes(b.without(trusttest.Warner1))
	b.box.Rejudge()
	if len(b.box.Plan(b.now).Alerts) != 0 {
		t.Error("half of its signers are revoked, and the alert goes on")
	}
}

func TestCancelEndsAnotherOfficesAlert(t *testing.T) {
	b := newBench(t)
	b.takes(trusttest.Seal(b.w.Alerts(trusttest.Commune, trusttest.Office, "a1", "a2"), trusttest.Warner1, trusttest.Warner2))
	cancel := b.w.Later(time.Second).Alerts(trusttest.Province, trusttest.ProvinceOffice)
	cancel.Cancel = []plan.Cancel{{Place: trusttest.Commune, Office: trusttest.Office, ID: "a1"}}
	b.takes(trusttest.Seal(cancel, trusttest.Prov1, trusttest.Prov2))
	set := b.box.Plan(b.now).Alerts[plan.Key{Place: trusttest.Commune, Kind: plan.KindAlert, ID: trusttest.Office}]
	if len(set.Alerts) != 1 || set.Alerts[0].ID != "a2" {
		t.Errorf("alerts of the office: %v; want a2", set.Alerts)
	}
}

// A schedule may come before the bulletin that turns out to be an emergency.
func TestScheduleIsJudgedAgainWhenItsBulletinComes(t *testing.T) {
	b := newBench(t)
	flood := b.w.Bulletin(trusttest.Commune, "flood", plan.Emergency)
	b.takes(trusttest.Seal(b.w.Schedule(trusttest.Commune, "daily", plan.Item{Ref: trusttest.RefTo(flood)}), trusttest.Author1))
	if v := b.takes(trusttest.Seal(flood, trusttest.Warner1)); !v.Rejudge {
		t.Error("a bulletin does not have schedules judged again")
	}
	if gone := b.box.Rejudge(); len(gone) != 1 || gone[0].Kind != plan.KindSchedule {
		t.Errorf("gone: %v; want the schedule", gone)
	}
}

func TestApproversAreThoseWhoSigned(t *testing.T) {
	b := newBench(t)
	note := b.w.Bulletin(trusttest.Commune, "note", plan.Normal)
	note.ApprovedBy = []string{trusttest.Author2, "chairman"}
	b.takes(trusttest.Seal(note, trusttest.Author1, trusttest.Author2))
	got := b.box.Plan(b.now).Bulletins[note.Key()]
	if !slices.Equal(got.ApprovedBy, []string{trusttest.Author2}) {
		t.Errorf("approved by %v", got.ApprovedBy)
	}
	if got.Proof.Signer != trusttest.Commune || len(got.Proof.Holders) != 2 || got.Proof.SHA256 != trusttest.RefTo(note).SHA256 {
		t.Errorf("proof: %+v", got.Proof)
	}
}

func TestMove(t *testing.T) {
	b := newBench(t)
	b.takes(trusttest.Seal(b.w.Bulletin(trusttest.Commune, "note", plan.Normal), trusttest.Author1))
	b.takes(trusttest.Seal(b.w.Bulletin(trusttest.Province, "note", plan.Normal), trusttest.Prov1))
	want := b.w.Later(time.Minute).Want()
	want.OwnPlace, want.Groups = trusttest.Sibling, nil
	if v := b.takes(trusttest.Seal(want, trusttest.Prov1, trusttest.Prov2)); !v.Rejudge {
		t.Error("a move does not have the rest judged again")
	}
	if got := keys(b.box.Plan(b.now).Bulletins); len(got) != 1 || got[0] != "74/bulletin/note" {
		t.Errorf("in force: %v; want the province's", got)
	}
	if gone := b.box.Rejudge(); len(gone) != 2 { // the commune's bulletin and policy
		t.Errorf("gone: %v", gone)
	}
	own, above, groups := b.box.Place()
	if own != trusttest.Sibling || !slices.Equal(above, []string{trusttest.Province}) || len(groups) != 0 {
		t.Errorf("place %s, above %v, groups %v", own, above, groups)
	}
	b.refuses(trusttest.Seal(b.w.Later(time.Minute).Bulletin(trusttest.Commune, "note", plan.Normal), trusttest.Author1), plan.NotAddressed)
}

func TestSubscriptions(t *testing.T) {
	w := trusttest.New(start)
	bare, err := w.Bare()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"loa/v1/trust/root/+", "loa/v1/trust/root", "loa/v1/trust/clock", "loa/v1/trust/+", "loa/v1/d/box-1/want", "loa/v1/d/box-1/cmd"}
	if got := bare.Subscriptions(); !slices.Equal(got, want) {
		t.Errorf("unassigned: %v", got)
	}
	got := newBench(t).box.Subscriptions()
	for _, f := range []string{
		"loa/v1/trust/74", "loa/v1/trust/26734", "loa/v1/p/26734/act", "loa/v1/p/74/alert/+", "loa/v1/p/74/doc/+/+",
		"loa/v1/p/74/beat", "loa/v1/p/cho/act", "loa/v1/p/26734/live/+",
	} {
		if !slices.Contains(got, f) {
			t.Errorf("no subscription to %s: %v", f, got)
		}
	}
	if slices.Contains(got, "loa/v1/trust/+") || slices.Contains(got, "loa/v1/p/26735/act") {
		t.Errorf("too much: %v", got)
	}
	if i, j := slices.Index(got, "loa/v1/trust/74"), slices.Index(got, "loa/v1/p/26734/act"); i > j {
		t.Error("grants must be delivered before what they allow")
	}
}

func TestAuthorityLost(t *testing.T) {
	b := newBench(t)
	if b.box.AuthorityLost(b.now) || b.box.Stale(b.now) != "" {
		t.Fatalf("lost from the beginning: %s", b.box.Stale(b.now))
	}
	beat := b.w.Later(time.Second).Beat(2)
	beat.Alerts = map[string]int64{"74/pctt": start.Add(time.Second).UnixMilli(), "26735/ubnd": start.UnixMilli()}
	b.takes(trusttest.Seal(beat, trusttest.Pulse))
	if b.box.AuthorityLost(b.now.Add(5 * time.Second)) {
		t.Error("the alert had no time to arrive")
	}
	if !b.box.AuthorityLost(b.now.Add(11 * time.Second)) {
		t.Error("an alert was withheld, and nothing is said")
	}
	b.takes(trusttest.Seal(b.w.Later(time.Second).Alerts(trusttest.Province, trusttest.ProvinceOffice, "a1"), trusttest.Prov1, trusttest.Prov2))
	if b.box.AuthorityLost(b.now.Add(11 * time.Second)) {
		t.Error("it came, and is still missed")
	}
	if !b.box.AuthorityLost(b.now.Add(7*time.Minute)) || b.box.Stale(b.now.Add(7*time.Minute)) == "" {
		t.Error("seven minutes of silence are not noticed")
	}
	// The clock was set by a year: that is no silence.
	b.box.Stepped(365 * 24 * time.Hour)
	if b.box.AuthorityLost(b.now.Add(365*24*time.Hour + 11*time.Second)) {
		t.Error("a step of the clock is taken for silence")
	}
}

// A network that says 2100 must not make a box forget what it has done.
func TestWrongTimeForgetsNothing(t *testing.T) {
	b := newBench(t)
	act := trusttest.Seal(b.w.Gong(trusttest.Commune, "gong-1"), trusttest.Author1)
	b.takes(act)
	far := start.AddDate(74, 0, 0)
	alert := trusttest.Seal(b.w.Alerts(trusttest.Commune, trusttest.Office, "a1"), trusttest.Warner1, trusttest.Warner2)
	b.box.Commit(b.box.Judge(alert.Topic, alert.Raw, far, clock.NTP))
	b.refuses(act, plan.Replay)
	b.now = far
	if gone := b.box.Rejudge(); len(gone) != 0 {
		t.Errorf("gone: %v", gone)
	}
}

func TestExpire(t *testing.T) {
	b := newBench(t)
	b.takes(trusttest.Seal(b.w.Bulletin(trusttest.Commune, "note", plan.Normal), trusttest.Author1))
	b.now = start.AddDate(0, 1, 1)
	if got := b.box.Plan(b.now).Bulletins; len(got) != 0 {
		t.Errorf("in force after its end: %v", keys(got))
	}
	if gone := b.box.Expire(); len(gone) != 0 {
		t.Errorf("a day after its end gone: %v", gone)
	}
	b.level, b.now = clock.RTC, start.AddDate(10, 0, 0)
	if gone := b.box.Expire(); len(gone) != 0 {
		t.Errorf("gone by a battery clock's word: %v", gone)
	}
	b.level, b.now = clock.Signed, start.AddDate(0, 1, 8)
	if gone := b.box.Expire(); len(gone) != 2 {
		t.Errorf("a week after their end gone: %v; want the bulletin and the policy", gone)
	}
	// The broker still has it; nobody wants to hear about it at every connection.
	if v := b.judge(trusttest.Seal(b.w.Bulletin(trusttest.Commune, "note", plan.Normal), trusttest.Author1)); !v.Same {
		t.Errorf("what is over comes again: %q, %v; want silence", v.Code, v.Err)
	}
	old := b.w.Later(-time.Hour).Bulletin(trusttest.Commune, "note", plan.Normal)
	old.ValidUntil = start.AddDate(1, 0, 0)
	b.now = start.AddDate(0, 1, 9)
	v := b.box.Judge("loa/v1/p/26734/doc/bulletin/note", trusttest.Seal(old, trusttest.Author1).Raw, start.AddDate(0, 1, 9), clock.Signed)
	if v.Code != plan.Replay {
		t.Errorf("an older version that lives longer: %q, %v; want replay", v.Code, v.Err)
	}
}

func TestWithdrawnComesAgainInSilence(t *testing.T) {
	b := newBench(t)
	b.takes(trusttest.Seal(b.w.Bulletin(trusttest.Commune, "note", plan.Normal), trusttest.Author1))
	gone := b.w.Later(time.Minute).Bulletin(trusttest.Commune, "note", plan.Normal)
	gone.Withdrawn = true
	m := trusttest.Seal(gone, trusttest.Author1)
	b.takes(m)
	if got := b.box.Plan(b.now).Bulletins; len(got) != 0 {
		t.Errorf("in force after it was withdrawn: %v", keys(got))
	}
	if v := b.judge(m); !v.Same {
		t.Errorf("its withdrawal comes again: %q, %v; want silence", v.Code, v.Err)
	}
	if v := b.reboot(m.Raw)[3]; v.Code != plan.Expired {
		t.Errorf("stored: %q; want expired, to be deleted", v.Code)
	}
	if v := b.judge(m); !v.Same {
		t.Errorf("after a restart: %q, %v; want silence", v.Code, v.Err)
	}
}

func TestRestoreRefusesWhatIsNotItsOwn(t *testing.T) {
	b := newBench(t)
	snapshot := b.box.Snapshot()
	for name, bad := range map[string][]byte{
		"nothing":           nil,
		"no JSON":           []byte("{"),
		"an empty object":   []byte("{}"),
		"lists that are no": bytes.Replace(snapshot, []byte(`"lists":{`), []byte(`"lists":null,"x":{`), 1),
		"another format":    bytes.Replace(snapshot, []byte(`"format":1,`), []byte(`"format":2,`), 1),
	} {
		if err := b.box.Restore(bad); err == nil {
			t.Errorf("restored from %s", name)
		}
	}
	if !bytes.Equal(b.box.Snapshot(), snapshot) {
		t.Error("a refused snapshot has changed something")
	}
	other := trusttest.New(start.Add(time.Hour))
	box, err := other.Bare()
	if err != nil {
		t.Fatal(err)
	}
	if err := box.Restore(snapshot); err == nil {
		t.Error("restored what belongs to another root")
	}
	if box.Fingerprint() == b.box.Fingerprint() {
		t.Error("two roots, one fingerprint")
	}
}

func TestNewerImageBringsItsRoot(t *testing.T) {
	b := newBench(t)
	two := b.w.RootDoc(2, "root-1", "root-2", "root-3")
	file := append(append(b.w.RootFile(), '\n'), trusttest.Seal(two, "root-1", "root-2", "root-3").Raw...)
	box, err := trust.New(file, trusttest.Device, b.w.Opts())
	if err != nil {
		t.Fatal(err)
	}
	if err := box.Restore(b.box.Snapshot()); err != nil {
		t.Fatal(err)
	}
	if box.Root().Number != 2 || len(box.Epochs()) != 2 {
		t.Errorf("root %d, lists %v", box.Root().Number, box.Epochs())
	}
	three := b.w.RootDoc(4, "root-1", "root-2", "root-3")
	if _, err := trust.New(append(append(file, '\n'), trusttest.Seal(three, "root-1", "root-2", "root-3").Raw...), trusttest.Device, b.w.Opts()); err == nil {
		t.Error("a root file with a gap is taken")
	}
}

func TestSecurityFloorRises(t *testing.T) {
	b := newBench(t)
	b.box.SetSecurity(9)
	b.box.SetSecurity(8)
	w := b.w.Later(time.Minute).Want()
	w.Firmware = trusttest.Firmware("1.2", 8, w.Issued)
	b.refuses(trusttest.Seal(w, trusttest.Prov1, trusttest.Prov2), plan.Rollback)
}

func TestNarrowedDelegateNarrowsItsGrants(t *testing.T) {
	b := newBench(t)
	l := b.w.Later(time.Minute).RootList()
	for i := range l.Grants {
		if l.Grants[i].Holder == trusttest.Prov2 {
			l.Grants[i].Classes = slices.DeleteFunc(slices.Clone(l.Grants[i].Classes), func(c plan.Class) bool { return c == plan.Emergency })
		}
	}
	b.takes(trusttest.Seal(l, b.w.RootSigners()...))
	b.refuses(trusttest.Seal(b.w.Alerts(trusttest.Commune, trusttest.Office, "a1"), trusttest.Warner1, trusttest.Warner2), plan.Revoked)
	b.takes(trusttest.Seal(b.w.Gong(trusttest.Commune, "gong-1"), trusttest.Author1))
}

// The power fails after the document was stored, before its memory was.
func TestPowerCutBetweenDocumentAndMemory(t *testing.T) {
	b := newBench(t)
	b.takes(trusttest.Seal(b.w.Schedule(trusttest.Commune, "daily", plan.Item{Chime: "gong"}), trusttest.Author1))
	next := b.w.Later(time.Minute)
	v := b.reboot(
		trusttest.Seal(next.Schedule(trusttest.Commune, "daily", plan.Item{Chime: "siren"}), trusttest.Author1).Raw,
		trusttest.Seal(next.Schedule(trusttest.Commune, "evening", plan.Item{Chime: "siren"}), trusttest.Stranger).Raw,
		trusttest.Seal(next.Policy(), trusttest.Author1).Raw,
	)[3:]
	if v[0].Code != plan.Accepted || v[1].Code != plan.UnknownKey || v[2].Code != plan.Accepted {
		t.Errorf("got %q, %q, %q", v[0].Code, v[1].Code, v[2].Code)
	}
	b.refuses(trusttest.Seal(b.w.Schedule(trusttest.Commune, "daily", plan.Item{Chime: "gong"}), trusttest.Author1), plan.Replay)
}

// A day after communes merged, a box that nobody has moved still hears alarms.
func TestMergedCommuneStillHears(t *testing.T) {
	b := newBench(t)
	l := b.w.Later(time.Minute).ProvinceList()
	l.Children[0].Until = start.Add(time.Hour)
	b.takes(trusttest.Seal(l, trusttest.Prov1, trusttest.Prov2))
	b.now = start.Add(2 * time.Hour)
	if gone := b.box.Rejudge(); len(gone) != 0 {
		t.Errorf("gone: %v", gone)
	}
	b.takes(trusttest.Seal(b.w.Later(2*time.Hour).Alerts(trusttest.Province, trusttest.ProvinceOffice, "a1"), trusttest.Prov1, trusttest.Prov2))
}

func TestStopSpeaksForTheNarrowest(t *testing.T) {
	b := newBench(t)
	l := b.w.Later(time.Minute).ProvinceList()
	l.Grants = append(l.Grants, b.w.Grant("quiet-1", trusttest.Commune, []plan.Kind{plan.KindStop}, plan.Emergency))
	b.takes(trusttest.Seal(l, trusttest.Prov1, trusttest.Prov2))
	root := b.w.Later(time.Minute).RootList()
	root.Grants = append(root.Grants, b.w.Grant("calm-1", trusttest.Province, []plan.Kind{plan.KindStop}, plan.Normal))
	b.takes(trusttest.Seal(root, b.w.RootSigners()...))
	b.takes(trusttest.Seal(b.w.Stop(trusttest.Commune, "stop-1", plan.Normal, plan.Emergency), "quiet-1", "calm-1"))
	b.takes(trusttest.Seal(b.w.Stop(trusttest.Commune, "stop-2", plan.Normal), "quiet-1", "calm-1"))
	acts := b.box.Plan(b.now).Acts
	if acts[0].Proof.Signer != trusttest.Commune || acts[1].Proof.Signer != trusttest.Province {
		t.Errorf("they speak for %s and %s", acts[0].Proof.Signer, acts[1].Proof.Signer)
	}
}

// A newer mute of the same place takes the place of the one before, also after
// it was forgotten and the box began anew; no other mute is ended by it.
func TestMuteIsCutShort(t *testing.T) {
	b := newBench(t)
	later := func(d time.Duration) *trusttest.World { return b.w.Later(d) }
	check := func(what string, want ...string) {
		t.Helper()
		var got []string
		for _, a := range b.box.Plan(b.now).Acts {
			got = append(got, a.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	b.now = start.Add(10 * time.Second)
	b.takes(trusttest.Seal(later(time.Second).Mute("province", 2*time.Hour), trusttest.Prov1))
	b.takes(trusttest.Seal(later(2*time.Second).Mute("commune", 2*time.Hour), trusttest.Author1))
	check("two places", "province", "commune")
	b.takes(trusttest.Seal(later(4*time.Second).Mute("end", time.Second), trusttest.Author1))
	check("the commune's is ended", "province", "end")
	b.takes(trusttest.Seal(later(3*time.Second).Mute("overtaken", time.Hour), trusttest.Author1))
	check("an older one comes late", "province", "end")
	b.takes(trusttest.Seal(later(5*time.Second).Mute("both", 2*time.Hour), trusttest.Prov1, trusttest.Prov2))
	check("two holders take the place of one", "end", "both")
	b.takes(trusttest.Seal(later(6*time.Second).Mute("one", time.Second), trusttest.Prov1))
	check("one does not end what two signed", "end", "both", "one")
	b.now = start.Add(30 * time.Minute)
	check("half an hour later", "both")
	b.reboot()
	check("after a power cut", "both")
}

// What a delegate cannot do: call a key of the root's an online key, and so silence it.
func TestOnlineKeysStayApart(t *testing.T) {
	w := trusttest.New(start)
	root := w.RootList()
	for i := range root.Grants {
		if root.Grants[i].Holder == trusttest.Prov1 || root.Grants[i].Holder == trusttest.Prov2 {
			root.Grants[i].Kinds = append(slices.Clone(root.Grants[i].Kinds), plan.KindMute)
		}
	}
	list := w.ProvinceList()
	list.Grants = append(list.Grants, w.Grant(trusttest.Pulse, trusttest.Commune, trusttest.Speak, trusttest.Calm...))
	box, err := w.Bare()
	if err != nil {
		t.Fatal(err)
	}
	setup := w.Setup()
	setup[0], setup[1] = trusttest.Seal(root, w.RootSigners()...), trusttest.Seal(list, trusttest.Prov1, trusttest.Prov2)
	for _, m := range setup {
		v := box.Judge(m.Topic, m.Raw, start, clock.Signed)
		if !v.Accepted() {
			t.Fatal(m.Topic, v.Err)
		}
		box.Commit(v)
	}
	m := trusttest.Seal(w.Gong(trusttest.Commune, "gong-1"), trusttest.Pulse)
	if v := box.Judge(m.Topic, m.Raw, start, clock.Signed); v.Code != plan.WrongKind {
		t.Errorf("the dispatcher's key plays: %q, %v", v.Code, v.Err)
	}
}

// Judge reads while Commit writes; run with -race.
func TestConcurrently(t *testing.T) {
	b := newBench(t)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 20 {
				m := trusttest.Seal(b.w.Gong(trusttest.Commune, "gong-"+string(rune('a'+i))+string(rune('a'+j))), trusttest.Author1)
				b.box.Commit(b.box.Judge(m.Topic, m.Raw, start, clock.Signed))
				b.box.Plan(start)
				b.box.Snapshot()
				b.box.Subscriptions()
			}
		})
	}
	wg.Wait()
	if n := len(b.box.Plan(start).Acts); n != 80 {
		t.Errorf("%d acts; want 80", n)
	}
}
