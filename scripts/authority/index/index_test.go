package index

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/authority/sqlfile"
)

func fresh(t *testing.T) (*Index, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ch? %#ợ", "index.db")
	if err := os.Mkdir(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	x, isNew, err := Open(file)
	if err != nil || !isNew {
		t.Fatalf("new %v, %v", isNew, err)
	}
	t.Cleanup(func() { x.Close() })
	return x, file
}

// An authority with a bulletin of three versions and an order.
func sample(t *testing.T) *authority.Authority {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	pass := func(string) ([]byte, error) { return []byte("x"), nil }
	a, err := authority.New(filepath.Join(t.TempDir(), "a"), authority.Setup{ThrowAway: true}, authority.Opts{Secret: pass})
	must(err)
	must(a.AddPlace("26734", authority.Place{Name: "An Sơn"}))
	must(a.AddPerson("lan"))
	must(a.AddGrant(authority.Grant{Person: "lan", Place: "26734", Kinds: []plan.Kind{plan.KindBulletin, plan.KindPlay}, Classes: []plan.Class{plan.Normal}}))
	list, err := a.IssueList(plan.RootPlace)
	must(err)
	must(a.Keep(list))
	for i := range 3 {
		b := &plan.Bulletin{Class: plan.Normal, Origin: plan.Own, Lang: "vi", Title: fmt.Sprint("Họp ", i), Text: "Họp tổ dân phố"}
		b.Place, b.ID, b.ValidUntil = "26734", "hop", time.Now().Add(time.Hour)
		is, err := a.Sign(b, "lan")
		must(err)
		must(a.Keep(is))
	}
	act := plan.Act{Item: &plan.Item{Chime: "gong"}, Class: plan.Normal}
	act.Kind, act.Place = plan.KindPlay, "26734"
	is, err := a.Act(act, "lan")
	must(err)
	must(a.Keep(is))
	return a
}

// dump is all that an index says of documents.
func dump(t *testing.T, x *Index) string {
	t.Helper()
	now, err := x.Documents("", "", "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	all := [][]Document{now}
	for _, topic := range []string{"loa/v1/p/26734/doc/bulletin/hop", "loa/v1/p/26734/act"} {
		versions, err := x.Versions(topic, 1000)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, versions)
	}
	b, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Whatever happens to the file, the documents are there again.
func TestRebuilt(t *testing.T) {
	a := sample(t)
	x, file := fresh(t)
	if err := x.Catch(a); err != nil {
		t.Fatal(err)
	}
	want := dump(t, x)
	docs, err := x.Documents("bulletin", "26734", "", 10)
	if err != nil || len(docs) != 1 || docs[0].Title != "Họp 2" || !slices.Equal(docs[0].Signers, []string{"lan"}) || docs[0].Until.IsZero() {
		t.Fatalf("%+v, %v", docs, err)
	}
	if versions, err := x.Versions(docs[0].Topic, 10); err != nil || len(versions) != 3 {
		t.Fatalf("%+v, %v", versions, err)
	}
	if d, ok, err := x.Document(docs[0].SHA256); err != nil || !ok || d.Version != docs[0].Version {
		t.Errorf("%+v, %v", d, err)
	}
	for name, damage := range map[string]func() error{
		"deleted":         func() error { return os.Remove(file) },
		"cut":             func() error { return os.Truncate(file, 5000) },
		"no database":     func() error { return os.WriteFile(file, bytes.Repeat([]byte("loa "), 4096), 0o600) },
		"another version": func() error { return exec(file, "PRAGMA user_version = 99") },
		"half of one":     func() error { return exec(file, "PRAGMA user_version = 0") },
	} {
		if err := x.Close(); err != nil {
			t.Fatal(err)
		}
		if err := damage(); err != nil {
			t.Fatal(err)
		}
		isNew := false
		if x, isNew, err = Open(file); err != nil || !isNew {
			t.Fatalf("%s: new %v, %v", name, isNew, err)
		}
		if err := x.Catch(a); err != nil {
			t.Fatal(err)
		}
		if got := dump(t, x); got != want {
			t.Errorf("%s: %s\nwant %s", name, got, want)
		}
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	x.Close()
	x, isNew, err := Open(file)
	if err != nil || isNew || dump(t, x) != want {
		t.Errorf("opened again: new %v, %v", isNew, err)
	}
	x.Close()
}

func exec(file, statement string) error {
	db, err := sqlfile.Open(file)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.Exec(statement)
	return err
}

// A file of the history that is damaged is told of, and hides nothing else.
func TestDamagedHistory(t *testing.T) {
	a := sample(t)
	all, err := a.History()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(p authority.Past) bool { return p.Topic == "loa/v1/p/26734/act" })
	if err := os.WriteFile(filepath.Join(a.Dir(), "history", all[i].Topic, fmt.Sprint(all[i].Version)+".json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	x, _ := fresh(t)
	if err := x.Catch(a); err == nil {
		t.Error("nothing is said")
	}
	if docs, err := x.Versions("loa/v1/p/26734/doc/bulletin/hop", 10); err != nil || len(docs) != 3 {
		t.Errorf("%+v, %v", docs, err)
	}
}

func TestReportsAndAcks(t *testing.T) {
	x, _ := fresh(t)
	now := time.UnixMilli(1_800_000_000_000).UTC()
	ack := func(device, id, state string) Ack {
		return Ack{Came: now, Digest: device + id + state, Ack: message.Ack{Device: device, ID: id, State: state, SHA256: "sum-" + id}}
	}
	for range 2 { // the same again counts once, but for what was forged
		err := x.Take(Batch{
			Reports: []Report{{Device: "b1", Leaf: message.LeafState, Came: now, Body: message.State{State: "online", Boot: "x"}}, {Device: "b2", Leaf: message.LeafHave, Came: now, Body: message.Have{Device: "b2"}}},
			Acks:    []Ack{ack("b1", "a", "received"), ack("b1", "a", "refused"), ack("b2", "a", "received")},
			Forged:  map[string]int{"b1": 2},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		which Which
		want  int
	}{
		{Which{Limit: 10}, 3}, {Which{Device: "b1", Limit: 10}, 2}, {Which{Refused: true, Limit: 10}, 1},
		{Which{SHA256: "sum-a", Limit: 10}, 3}, {Which{SHA256: "sum-b", Limit: 10}, 0}, {Which{Limit: 2}, 2}, {Which{Before: 2, Limit: 9}, 1},
	} {
		if got, err := x.Acks(c.which); err != nil || len(got) != c.want {
			t.Errorf("%+v: %+v, %v", c.which, got, err)
		}
	}
	if rs, err := x.Reports("b1"); err != nil || len(rs) != 1 || !rs[0].Came.Equal(now) {
		t.Errorf("%+v, %v", rs, err)
	}
	rs, err := x.Since(0)
	if err != nil || len(rs) != 2 || rs[0].Device != "b1" {
		t.Fatalf("%+v, %v", rs, err)
	}
	if err := x.Take(Batch{Reports: []Report{{Device: "b1", Leaf: message.LeafState, Came: now, Body: message.State{State: "lost"}}}}); err != nil {
		t.Fatal(err)
	}
	if rs, err := x.Since(rs[1].N); err != nil || len(rs) != 1 || rs[0].Device != "b1" {
		t.Errorf("%+v, %v", rs, err)
	}
	if n, err := x.Forged("b1"); err != nil || n != 4 {
		t.Errorf("%d forged, %v", n, err)
	}
	if n, err := x.Forged("b9"); err != nil || n != 0 {
		t.Errorf("%d forged, %v", n, err)
	}
	if err := x.PutHead("b1", Head{7, "h"}); err != nil {
		t.Fatal(err)
	}
	if h, err := x.Heads(); err != nil || len(h) != 1 || h["b1"] != (Head{7, "h"}) {
		t.Errorf("%+v, %v", h, err)
	}
}

// One box cannot fill the disk.
func TestAcksOfOneBoxAreBounded(t *testing.T) {
	x, _ := fresh(t)
	for range 3 {
		var b Batch
		for range maxAcks/2 + 1 {
			b.Acks = append(b.Acks, Ack{Digest: fmt.Sprint(time.Now().UnixNano(), len(b.Acks)), Ack: message.Ack{Device: "b1"}})
		}
		if err := x.Take(b); err != nil {
			t.Fatal(err)
		}
	}
	if all, err := x.Acks(Which{Limit: 10 * maxAcks}); err != nil || len(all) != maxAcks {
		t.Errorf("%d, %v", len(all), err)
	}
}
