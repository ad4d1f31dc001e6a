package authority

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority/durable"
)

// A Past names one version of what was once said, as it lies in the history.
type Past struct {
	Topic   string
	Version int64 // Unix ms
}

// record keeps an envelope for good, before it counts. The same document with more
// signatures replaces itself; another one of the same version is a conflict.
func (a *Authority) record(is Issued) error {
	file := a.historyFile(Past{is.Topic.String(), versionOf(is)})
	raw, err := os.ReadFile(file)
	if err == nil {
		if bytes.Equal(raw, is.Raw) {
			return durable.Sync(filepath.Dir(file)) // whoever wrote it may have died before it was there for good
		}
		if old, err := Read(raw); err == nil && old.SHA256 != is.SHA256 {
			return &plan.Error{Code: plan.Conflict, Msg: "another document has this topic and this version"}
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return durable.Write(file, is.Raw)
}

// Recorded is one version from the history.
func (a *Authority) Recorded(p Past) (Issued, error) {
	file := a.historyFile(p)
	raw, err := os.ReadFile(file)
	if err != nil {
		return Issued{}, err
	}
	is, err := Read(raw)
	if err != nil {
		return is, fail("damaged", err, file)
	}
	if is.Topic.String() != p.Topic || versionOf(is) != p.Version {
		return is, fail("damaged", nil, file)
	}
	return is, nil
}

// History names every version of everything that was ever kept or ordered.
func (a *Authority) History() ([]Past, error) {
	var all []Past
	root := filepath.Join(a.dir, "history")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		name, ours := strings.CutSuffix(d.Name(), ".json")
		version, err := strconv.ParseInt(name, 10, 64)
		if !ours || err != nil {
			return nil // a file that was being written
		}
		topic, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		all = append(all, Past{filepath.ToSlash(topic), version})
		return nil
	})
	return all, err
}

// Remember puts what has been issued into the history, as far as it is not there: an
// authority from before there was one begins with what it has.
func (a *Authority) Remember() error {
	all, err := a.Issued()
	if err != nil {
		return err
	}
	for _, is := range all {
		if err := a.record(is); err != nil {
			return fail("keep", err, is.Topic)
		}
	}
	return nil
}

func (a *Authority) historyFile(p Past) string {
	return filepath.Join(a.dir, "history", filepath.FromSlash(p.Topic), strconv.FormatInt(p.Version, 10)+".json")
}

// raise makes sure that the next version of a topic comes after one that was signed
// elsewhere.
func (a *Authority) raise(topic string, version int64) error {
	at := time.UnixMilli(version).UTC()
	if !at.After(a.read().Issued[topic]) {
		return nil
	}
	return a.change(func(s *state) error {
		if at.After(s.Issued[topic]) {
			s.Issued[topic] = at
		}
		return nil
	})
}

func versionOf(is Issued) int64 {
	h, err := message.HeadOf(is.Doc)
	if err != nil {
		return 0
	}
	return h.Version()
}
