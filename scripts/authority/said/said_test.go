package said

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"loa/agent/ledger"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/authority/archive"
	"loa/scripts/authority/index"
)

// A commune with a box, its ledger, and an officer.
type commune struct {
	t    *testing.T
	au   *authority.Authority
	arch *archive.Archive
	x    *index.Index
	book *Book
	key  ed25519.PrivateKey
	now  time.Time
	log  *ledger.Ledger
	sent int64
	dir  string // of the archive
}

func newCommune(t *testing.T) *commune {
	t.Helper()
	c := &commune{t: t, now: time.Now().Truncate(time.Second)}
	clock := func() time.Time { return c.now }
	dir := t.TempDir()
	au, err := authority.New(filepath.Join(dir, "au"), authority.Setup{Name: "Tỉnh", ThrowAway: true}, authority.Opts{Secret: func(string) ([]byte, error) { return []byte("x"), nil }, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	c.au = au
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(au.AddPerson("an"))
	must(au.AddPlace("74", authority.Place{Name: "Tỉnh", Width: 1}))
	must(au.AddPlace("26734", authority.Place{Name: "Xã An Sơn", Parent: "74"}))
	must(au.AddPlace("26737", authority.Place{Name: "Phường Thuận An", Parent: "74"}))
	must(au.AddGrant(authority.Grant{Person: "an", Place: "74", Office: "74", Kinds: []plan.Kind{plan.KindBulletin, plan.KindAlert}, Classes: []plan.Class{plan.Emergency, plan.Normal}}))
	must(au.AddBox("d-1", "", authority.Box{Place: "26734", Name: "Cột 1"}))
	data, err := os.ReadFile(filepath.Join(au.BoxDir("d-1"), "etc/loa/box.key"))
	must(err)
	block, _ := pem.Decode(data)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	must(err)
	c.key = key.(ed25519.PrivateKey)
	c.dir = filepath.Join(dir, "ledger")
	c.arch = archive.Open(c.dir)
	c.x, _, err = index.Open(filepath.Join(dir, "index.db"))
	must(err)
	t.Cleanup(func() { c.x.Close() })
	c.book = New(au, c.arch, c.x, clock)
	return c
}

// issue signs a document and puts it where serve would.
func (c *commune) issue(doc any) authority.Issued {
	c.t.Helper()
	is, err := c.au.Sign(doc, "an")
	if err == nil {
		err = c.au.Keep(is)
	}
	if err == nil {
		err = c.x.Put(is, []string{"an"})
	}
	if err != nil {
		c.t.Fatal(err)
	}
	c.now = c.now.Add(10 * time.Second)
	return is
}

func (c *commune) bulletin(place, id, title string, class plan.Class, withdrawn bool) {
	c.issue(&plan.Bulletin{Head: plan.Head{Kind: plan.KindBulletin, Place: place, ID: id}, Class: class, Origin: plan.Own, Lang: "vi", Title: title, Text: "Lời của " + title,
		Validity: plan.Validity{ValidUntil: c.now.Add(time.Hour), Withdrawn: withdrawn}})
}

// sounds has the box say something and send its ledger.
func (c *commune) sounds(all ...ledger.Entry) {
	c.t.Helper()
	if c.log == nil {
		log, err := ledger.Open(c.t.TempDir(), ledger.Opts{})
		if err != nil {
			c.t.Fatal(err)
		}
		c.t.Cleanup(func() { log.Close() })
		c.log = log
	}
	for _, e := range all {
		if e.Time.IsZero() {
			e.Time = c.now
		}
		e.Kind = ledger.Start
		if _, err := c.log.Append(e); err != nil {
			c.t.Fatal(err)
		}
	}
	if err := c.log.Sync(); err != nil {
		c.t.Fatal(err)
	}
	out, err := c.log.Segment(c.sent + 1)
	if err != nil {
		c.t.Fatal(err)
	}
	c.sent = out.To
	raw := message.EncodeSegment(message.LedgerHead{Device: "d-1", From: out.From, To: out.To, Prev: out.Prev, Head: out.Head}, out.Data, c.key)
	h, err := c.arch.Add("d-1", raw, c.key.Public().(ed25519.PublicKey))
	if err == nil { // it arrives by the test's clock
		files, _ := filepath.Glob(filepath.Join(c.dir, "d-1", "*.seg"))
		err = os.Chtimes(files[len(files)-1], c.now, c.now)
	}
	if err == nil {
		err = c.x.PutHead("d-1", index.Head{Seq: h.To, Hash: h.Head})
	}
	if err != nil {
		c.t.Fatal(err)
	}
	c.now = c.now.Add(10 * time.Second)
}

func item(place, id string, class plan.Class) ledger.Entry {
	return ledger.Entry{ID: place + "/act.play/p-" + id, Place: place, Item: place + "/bulletin/" + id, Class: class, Title: "a title that the box made up"}
}

func (c *commune) titles(place string, below bool) []string {
	c.t.Helper()
	t, ok, err := c.book.At(place, below)
	if err != nil || !ok {
		c.t.Fatal(ok, err)
	}
	titles := []string{}
	for _, i := range t.Items {
		titles = append(titles, i.Title)
	}
	return titles
}

// Only what sounded is told, in the words that were signed when it did, to whom it was for.
func TestWhatWasSaid(t *testing.T) {
	c := newCommune(t)
	c.bulletin("26734", "hop", "Họp", plan.Normal, false)
	c.bulletin("74", "tinh", "Tin của tỉnh", plan.Normal, false)
	c.bulletin("26734", "mai", "Ngày mai", plan.Normal, false)
	if got := c.titles("26734", false); len(got) != 0 {
		t.Errorf("told before it was said: %q", got)
	}
	c.sounds(item("26734", "hop", plan.Normal), item("74", "tinh", plan.Normal), item("26734", "none", plan.Normal), item("26734", "mai", plan.Test))
	c.bulletin("26734", "hop", "Họp, bản mới", plan.Normal, false)
	if got := c.titles("26734", false); !slices.Equal(got, []string{"Họp", "Tin của tỉnh"}) {
		t.Errorf("%q", got)
	}
	if got := c.titles("26737", false); len(got) != 0 {
		t.Errorf("told where no box said it: %q", got)
	}
	if got := c.titles("74", false); !slices.Equal(got, []string{"Tin của tỉnh"}) {
		t.Errorf("%q", got)
	}
	if got := c.titles("74", true); len(got) != 2 {
		t.Errorf("the province's portal: %q", got)
	}
	c.sounds(item("26734", "hop", plan.Normal))
	if got := c.titles("26734", false); got[0] != "Họp, bản mới" {
		t.Errorf("the second time: %q", got)
	}
	c.bulletin("26734", "hop", "Họp", plan.Normal, true)
	told, _, err := c.book.At("26734", false)
	if err != nil || !told.Items[0].Withdrawn || told.Items[0].Text != "" {
		t.Errorf("withdrawn: %+v %v", told.Items[0], err)
	}
	c.now = c.now.Add(Kept)
	if got := c.titles("26734", false); len(got) != 0 {
		t.Errorf("after three days: %q", got)
	}
	if _, ok, _ := c.book.At("9", false); ok {
		t.Error("a place that there is not")
	}
}

// What sounds now is told by when; a title that nobody signed is not told at all.
func TestWhatSoundsNow(t *testing.T) {
	c := newCommune(t)
	c.bulletin("26734", "hop", "Họp", plan.Normal, false)
	says := func(s *message.Sounds) {
		if err := c.x.Take(index.Batch{Reports: []index.Report{{Device: "d-1", Leaf: message.LeafHave, Came: c.now, Body: message.Have{Device: "d-1", Sounds: s}}}}); err != nil {
			t.Fatal(err)
		}
		c.now = c.now.Add(10 * time.Second)
	}
	says(&message.Sounds{ID: "26734/act.play/x", Class: plan.Normal, Title: "Họp", Since: c.now})
	told, _, err := c.book.At("26734", false)
	if err != nil || len(told.Items) != 1 || !told.Items[0].Now || told.Items[0].Text == "" {
		t.Errorf("%+v %v", told, err)
	}
	says(&message.Sounds{ID: "26734/act.play/x", Class: plan.Normal, Title: "Lời của kẻ trộm hộp", Since: c.now})
	if got := c.titles("26734", false); len(got) != 0 {
		t.Errorf("%q", got)
	}
	says(&message.Sounds{ID: "26734/act.play/x", Class: plan.Test, Title: "Họp", Since: c.now})
	if got := c.titles("26734", false); len(got) != 0 {
		t.Errorf("a test: %q", got)
	}
	says(nil)
	if got := c.titles("26734", false); len(got) != 0 {
		t.Errorf("silence: %q", got)
	}
}

func TestAlerts(t *testing.T) {
	c := newCommune(t)
	set := func(alerts []plan.Alert, cancel []plan.Cancel, back []plan.Retraction) {
		c.issue(&plan.AlertSet{Head: plan.Head{Kind: plan.KindAlert, Place: "74", ID: "74"}, Office: "74", Alerts: alerts, Cancel: cancel, Retracted: back})
	}
	flood := plan.Alert{ID: "lu", Event: "Lũ", Urgency: "immediate", Severity: "severe", Certainty: "observed", Headline: "Lũ quét", Until: c.now.Add(time.Hour)}
	set([]plan.Alert{flood}, nil, nil)
	// A ledger that was damaged takes nothing from anybody.
	c.sounds(item("26734", "hop", plan.Normal))
	if err := os.WriteFile(filepath.Join(c.dir, "d-1", "000000000009-000000000009.seg"), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.x.PutHead("d-1", index.Head{Seq: 9}); err != nil {
		t.Fatal(err)
	}
	told, _, err := c.book.At("26737", false)
	if err != nil || len(told.Alerts) != 1 || told.Alerts[0].Headline != "Lũ quét" {
		t.Fatalf("%+v %v", told, err)
	}
	set([]plan.Alert{}, nil, []plan.Retraction{{ID: "lu", Until: c.now.Add(time.Hour)}})
	if told, _, _ = c.book.At("26734", false); len(told.Alerts) != 1 || !told.Alerts[0].Retracted || told.Alerts[0].Headline != "Lũ quét" {
		t.Errorf("%+v", told.Alerts)
	}
	set([]plan.Alert{}, nil, nil)
	if told, _, _ = c.book.At("26734", false); len(told.Alerts) != 0 {
		t.Errorf("all clear: %+v", told.Alerts)
	}
}
