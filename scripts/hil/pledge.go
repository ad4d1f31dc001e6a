package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"loa/agent/ledger"
	"loa/agent/message"
	"loa/agent/store"
)

// A pledge is what the box has said that it has: a power cut takes none of it.
type pledge struct {
	documents map[string]int64 // place/kind/id → version
	seq       int64            // of the ledger, as the centre has it
	idle      []int            // the setting that a technician has committed; after it one that he may have
}

// pledged is what the box has told so far.
func (r *rig) pledged() (p pledge, err error) {
	have, _ := told[message.Have](r.centre, message.LeafHave)
	p.documents, p.idle = have.Documents, r.idle
	all, err := r.centre.ledger()
	for _, e := range all {
		p.seq = max(p.seq, e.Seq)
	}
	return p, err
}

// keeps says what of a pledge is not on the box's disk. The broker would give documents
// again, so the disk is looked at before the box is switched on.
func (r *rig) keeps(ctx context.Context, p pledge) error {
	dir, err := os.MkdirTemp(r.dir, "cut")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := r.disk.Check(ctx, dir, "/lib/loa/docs", "/lib/loa/ledger", "/etc/loa"); err != nil {
		return err
	}
	if err := p.documentsIn(filepath.Join(dir, "docs")); err != nil {
		return err
	}
	if err := p.ledgerIn(filepath.Join(dir, "ledger")); err != nil {
		return err
	}
	return p.settingsIn(filepath.Join(dir, "loa", "agent.toml"))
}

func (p pledge) documentsIn(dir string) error {
	if len(p.documents) == 0 {
		return nil
	}
	shelf, err := store.Open(dir)
	if err != nil {
		return fmt.Errorf("the documents cannot be read: %w", err)
	}
	for name, version := range p.documents {
		at := "docs/" + name
		if strings.Contains(name, "/want/") {
			at = "docs/want"
		}
		raw, err := shelf.Get(at)
		if err != nil {
			return fmt.Errorf("%s is lost: %w", name, err)
		}
		var doc struct{ Issued time.Time }
		e, err := message.Open(raw)
		if err == nil {
			err = json.Unmarshal(e.Payload, &doc)
		}
		if err != nil {
			return fmt.Errorf("%s is torn: %w", name, err)
		}
		if is := doc.Issued.UnixMilli(); is < version {
			return fmt.Errorf("%s is of %d, and the box had told of %d", name, is, version)
		}
	}
	return nil
}

func (p pledge) ledgerIn(dir string) error {
	if _, err := os.Stat(dir); p.seq == 0 && err != nil {
		return nil // it has not begun
	}
	l, err := ledger.Open(dir, ledger.Opts{})
	if err != nil {
		return fmt.Errorf("the ledger does not open: %w", err)
	}
	defer l.Close()
	if err := l.Verify(); err != nil {
		return fmt.Errorf("the ledger's chain is broken: %w", err)
	}
	if seq, _ := l.Head(); seq < p.seq {
		return fmt.Errorf("the ledger is cut: the centre has %d entries of it, the disk %d", p.seq, seq)
	}
	return nil
}

// settingsIn looks whether what was committed is there, or what was being committed.
func (p pledge) settingsIn(file string) error {
	if len(p.idle) == 0 {
		return nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("the settings are lost: %w", err)
	}
	m := regexp.MustCompile(`(?m)^idle_min *= *(\d+)`).FindSubmatch(text)
	if m == nil {
		return fmt.Errorf("idle_min is lost, and was %d", p.idle[0])
	}
	if is, _ := strconv.Atoi(string(m[1])); !slices.Contains(p.idle, is) {
		return fmt.Errorf("idle_min is %d, and one of %d was committed", is, p.idle)
	}
	return nil
}

// cutAndKeep cuts the power within a time, looks whether anything that the box said to have
// is lost, does to its disk what there is to do, and starts it again.
func (r *rig) cutAndKeep(ctx context.Context, within time.Duration, also ...func() error) error {
	if err := sleep(ctx, rand.N(within)); err != nil {
		return err
	}
	have, err := r.pledged()
	if err != nil {
		return err
	}
	boot := r.boot()
	if err := r.cut(); err != nil {
		return err
	}
	if err := r.keeps(ctx, have); err != nil {
		return err
	}
	for _, f := range also {
		if err := f(); err != nil {
			return err
		}
	}
	if _, err := r.on(ctx); err != nil {
		return err
	}
	_, err = r.online(ctx, boot)
	return err
}
