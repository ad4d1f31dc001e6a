package index

import (
	"database/sql"
	"encoding/json"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority"
)

// A Document is one version of something signed.
type Document struct {
	Topic     string     `json:"topic"`
	Version   int64      `json:"version"` // Unix ms
	SHA256    string     `json:"sha256"`  // of the payload
	Kind      plan.Kind  `json:"kind"`
	Place     string     `json:"place,omitempty"`
	Device    string     `json:"device,omitempty"`
	ID        string     `json:"id"`
	Class     plan.Class `json:"class,omitempty"`
	Title     string     `json:"title,omitempty"`
	Signers   []string   `json:"signers"`
	Withdrawn bool       `json:"withdrawn,omitempty"`
	Until     time.Time  `json:"valid_until,omitzero"`
}

// Describe is what the index says of a document.
func Describe(is authority.Issued, signers []string) Document {
	h, _ := message.HeadOf(is.Doc) // whatever has a topic has a head
	d := Document{
		Topic: is.Topic.String(), Version: h.Version(), SHA256: is.SHA256,
		Kind: h.Kind, Place: h.Place, Device: h.Device, ID: h.ID, Signers: signers,
	}
	if d.Signers == nil {
		d.Signers = []string{}
	}
	switch doc := is.Doc.(type) {
	case plan.Bulletin:
		d.Class, d.Title, d.Withdrawn, d.Until = doc.Class, doc.Title, doc.Withdrawn, doc.ValidUntil
	case plan.Schedule:
		d.Withdrawn, d.Until = doc.Withdrawn, doc.ValidUntil
	case plan.Policy:
		d.Withdrawn, d.Until = doc.Withdrawn, doc.ValidUntil
	case plan.Triggers:
		d.Withdrawn, d.Until = doc.Withdrawn, doc.ValidUntil
	case plan.AlertSet:
		d.Withdrawn = len(doc.Alerts) == 0
		for _, a := range doc.Alerts {
			d.Title = a.Headline
		}
	case plan.Want:
		d.Title = doc.Name
	case plan.Act:
		d.Class, d.Until = doc.Class, doc.Until
	}
	return d
}

// books is where the documents really are.
type books interface {
	History() ([]authority.Past, error)
	Recorded(authority.Past) (authority.Issued, error)
	Signers(raw []byte) []string
}

// Catch reads what the history has and the index has not. A file that cannot be read
// is passed over, and the first such error given when all others are in.
func (x *Index) Catch(b books) error {
	all, err := b.History()
	if err != nil {
		return err
	}
	known := make(map[authority.Past]bool)
	rows, err := list(x, func(scan func(...any) error) (p authority.Past, err error) {
		return p, scan(&p.Topic, &p.Version)
	}, "SELECT topic, version FROM document")
	if err != nil {
		return err
	}
	for _, p := range rows {
		known[p] = true
	}
	var bad error
	err = x.write(func(tx *sql.Tx) error {
		for _, p := range all {
			if known[p] {
				continue
			}
			is, err := b.Recorded(p)
			if err != nil {
				if bad == nil {
					bad = err
				}
				continue
			}
			if err := put(tx, Describe(is, b.Signers(is.Raw)), is.Topic.Retained()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return bad
}

// Put takes one document in, which is in the history already.
func (x *Index) Put(is authority.Issued, signers []string) error {
	return x.write(func(tx *sql.Tx) error { return put(tx, Describe(is, signers), is.Topic.Retained()) })
}

func put(tx *sql.Tx, d Document, retained bool) error {
	signers, err := json.Marshal(d.Signers)
	if err != nil {
		return err
	}
	_, err = tx.Exec("INSERT OR REPLACE INTO document VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
		d.Topic, d.Version, d.SHA256, string(d.Kind), d.Place, d.Device, d.ID, string(d.Class), d.Title, string(signers), d.Withdrawn, stamp(d.Until), retained)
	return err
}

const documentColumns = "topic, version, sha256, kind, place, device, id, class, title, signers, withdrawn, until"

func document(scan func(...any) error) (d Document, err error) {
	var signers string
	var until int64
	if err := scan(&d.Topic, &d.Version, &d.SHA256, &d.Kind, &d.Place, &d.Device, &d.ID, &d.Class, &d.Title, &signers, &d.Withdrawn, &until); err != nil {
		return d, err
	}
	d.Until = moment(until)
	return d, json.Unmarshal([]byte(signers), &d.Signers)
}

// Documents are the newest versions of what brokers keep, by topic after that one; of
// one kind and place unless these are empty.
func (x *Index) Documents(kind, place, after string, limit int) ([]Document, error) {
	return list(x, document, "SELECT "+documentColumns+` FROM document d
		WHERE retained AND topic > ? AND (? = '' OR kind = ?) AND (? = '' OR place = ?)
		AND version = (SELECT max(version) FROM document WHERE topic = d.topic) ORDER BY topic LIMIT ?`,
		after, kind, kind, place, place, limit)
}

// Document is the one whose payload has that SHA-256.
func (x *Index) Document(sha256 string) (Document, bool, error) {
	all, err := list(x, document, "SELECT "+documentColumns+" FROM document WHERE sha256 = ? LIMIT 1", sha256)
	if err != nil || len(all) == 0 {
		return Document{}, false, err
	}
	return all[0], true, nil
}

// Versions are those of one topic, the newest first.
func (x *Index) Versions(topic string, limit int) ([]Document, error) {
	return list(x, document, "SELECT "+documentColumns+" FROM document WHERE topic = ? ORDER BY version DESC LIMIT ?", topic, limit)
}

// stamp and moment are times in a column: Unix ms, 0 for none.
func stamp(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
