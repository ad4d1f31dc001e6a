package authority

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority/durable"
)

// Keep stores a document that boxes accept, so that it is published again
// whenever a broker has lost it, and in the history before that. Orders are in the
// history alone: they are never said again. A want moves its box in the books too, and a root says who
// holds it.
func (a *Authority) Keep(is Issued) error {
	if is.Topic.Leaf == message.LeafBeat {
		return nil
	}
	if now, ok := a.Find(is.Topic); ok && versionOf(now) > versionOf(is) {
		return fail("keep", &plan.Error{Code: plan.Replay, Msg: "a newer version was kept meanwhile"}, is.Topic)
	}
	if err := a.record(is); err != nil {
		return fail("keep", err, is.Topic)
	}
	if err := a.raise(is.Topic.String(), versionOf(is)); err != nil {
		return err
	}
	if !is.Topic.Retained() {
		return nil
	}
	if err := durable.Write(a.issuedFile(is.Topic), is.Raw); err != nil {
		return fail("keep", err, is.Topic)
	}
	os.Remove(a.pendingFile(is.Topic)) // whether or not there was one
	switch doc := is.Doc.(type) {
	case plan.Want:
		return a.moved(doc)
	case plan.Root:
		return a.rooted(doc)
	}
	return nil
}

// KeepPending stores a document that lacks a signature.
func (a *Authority) KeepPending(is Issued) error {
	if err := durable.Write(a.pendingFile(is.Topic), is.Raw); err != nil {
		return fail("keep", err, is.Topic)
	}
	return nil
}

// Drop forgets what waits for a signature at a topic.
func (a *Authority) Drop(t message.Topic) error {
	if err := os.Remove(a.pendingFile(t)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fail("keep", err, t)
	}
	return nil
}

// Issued are the documents kept, in an order in which a box can take them:
// roots, lists, wants, then the rest.
func (a *Authority) Issued() ([]Issued, error) { return a.walk("issued") }

// Pending are the documents that lack a signature.
func (a *Authority) Pending() ([]Issued, error) { return a.walk("pending") }

// Find is the newest issued document of a topic.
func (a *Authority) Find(t message.Topic) (Issued, bool) {
	raw, err := os.ReadFile(a.issuedFile(t))
	if err != nil {
		return Issued{}, false
	}
	is, err := Read(raw)
	return is, err == nil
}

// Waiting is the document of a topic that lacks a signature.
func (a *Authority) Waiting(t message.Topic) (Issued, bool) {
	raw, err := os.ReadFile(a.pendingFile(t))
	if err != nil {
		return Issued{}, false
	}
	is, err := Read(raw)
	return is, err == nil
}

func (a *Authority) walk(sub string) ([]Issued, error) {
	var all []Issued
	root := filepath.Join(a.dir, sub)
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil
		}
		if err != nil || !d.Type().IsRegular() || !strings.HasSuffix(path, ".json") {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		is, err := Read(raw)
		if err != nil {
			return fail("damaged", err, path)
		}
		all = append(all, is)
		return nil
	})
	slices.SortStableFunc(all, func(x, y Issued) int {
		if c := order(x) - order(y); c != 0 {
			return c
		}
		return strings.Compare(x.Topic.String(), y.Topic.String())
	})
	return all, err
}

func order(is Issued) int {
	switch is.Topic.Leaf {
	case message.LeafRoot:
		return int(is.Topic.Root)
	case message.LeafList:
		if is.Topic.Place == plan.RootPlace {
			return 1 << 20
		}
		return 1<<20 + 1
	case message.LeafWant:
		return 1<<20 + 2
	}
	return 1<<20 + 3
}

func (a *Authority) issuedFile(t message.Topic) string {
	return filepath.Join(a.dir, "issued", filepath.FromSlash(t.String())+".json")
}

func (a *Authority) pendingFile(t message.Topic) string {
	return filepath.Join(a.dir, "pending", filepath.FromSlash(t.String())+".json")
}
