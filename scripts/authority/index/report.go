package index

import (
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"loa/agent/message"
)

// A Report is what a box says of itself now: its state, have or health.
type Report struct {
	Device string
	Leaf   string
	Came   time.Time
	N      int64 // of Reports: in the order in which they came
	Body   any   // message.State, Have or HealthReport; of Reports: its JSON as [json.RawMessage]
}

// An Ack is what a box answered, and signed.
type Ack struct {
	N      int64       `json:"n"` // in the order in which they came
	Came   time.Time   `json:"came"`
	Digest string      `json:"-"` // SHA-256 of what came: it counts once
	Ack    message.Ack `json:"ack"`
}

// A Batch is what has come in a while.
type Batch struct {
	Reports []Report
	Acks    []Ack
	Forged  map[string]int // by the box that should have signed it
}

// maxAcks is how many acknowledgements are kept of one box; its ledger has them all.
const maxAcks = 10_000

// Take takes a batch in, all of it or nothing.
func (x *Index) Take(b Batch) error {
	return x.write(func(tx *sql.Tx) error {
		for _, r := range b.Reports {
			body, err := json.Marshal(r.Body)
			if err != nil {
				return err
			}
			if _, err := tx.Exec("INSERT OR REPLACE INTO report VALUES (?,?,?,?,(SELECT coalesce(max(n), 0) + 1 FROM report))", r.Device, r.Leaf, stamp(r.Came), string(body)); err != nil {
				return err
			}
		}
		from := make(map[string]bool)
		for _, a := range b.Acks {
			body, err := json.Marshal(a.Ack)
			if err != nil {
				return err
			}
			if _, err := tx.Exec("INSERT OR IGNORE INTO ack (device, digest, sha256, came, refused, body) VALUES (?,?,?,?,?,?)",
				a.Ack.Device, a.Digest, a.Ack.SHA256, stamp(a.Came), a.Ack.State == "refused", string(body)); err != nil {
				return err
			}
			from[a.Ack.Device] = true
		}
		for device := range from {
			if _, err := tx.Exec("DELETE FROM ack WHERE device = ? AND n <= (SELECT n FROM ack WHERE device = ? ORDER BY n DESC LIMIT 1 OFFSET ?)", device, device, maxAcks); err != nil {
				return err
			}
		}
		for device, n := range b.Forged {
			if _, err := tx.Exec("INSERT INTO forged VALUES (?,?) ON CONFLICT DO UPDATE SET count = count + excluded.count", device, n); err != nil {
				return err
			}
		}
		return nil
	})
}

// Reports are the newest of one box.
func (x *Index) Reports(device string) ([]Report, error) {
	return list(x, report, "SELECT device, leaf, came, n, body FROM report WHERE device = ?", device)
}

// Since are those of all boxes that came after that one, the oldest first.
func (x *Index) Since(n int64) ([]Report, error) {
	return list(x, report, "SELECT device, leaf, came, n, body FROM report WHERE n > ? ORDER BY n", n)
}

func report(scan func(...any) error) (r Report, err error) {
	var came int64
	var body string
	err = scan(&r.Device, &r.Leaf, &came, &r.N, &body)
	r.Came, r.Body = moment(came), json.RawMessage(body)
	return r, err
}

// Which acknowledgements Acks gives; what is empty does not matter.
type Which struct {
	Device  string
	SHA256  string // of the payload that they are about
	Refused bool   // these only
	Before  int64  // older than that one; 0: the newest
	Limit   int
}

// Acks are acknowledgements, the newest first.
func (x *Index) Acks(w Which) ([]Ack, error) {
	query, args := "SELECT n, came, body FROM ack WHERE (? = 0 OR n < ?)", []any{w.Before, w.Before}
	if w.Device != "" {
		query, args = query+" AND device = ?", append(args, w.Device)
	}
	if w.SHA256 != "" {
		query, args = query+" AND sha256 = ?", append(args, w.SHA256)
	}
	if w.Refused {
		query += " AND refused"
	}
	return list(x, func(scan func(...any) error) (a Ack, err error) {
		var came int64
		var body string
		if err := scan(&a.N, &came, &body); err != nil {
			return a, err
		}
		a.Came = moment(came)
		return a, json.Unmarshal([]byte(body), &a.Ack)
	}, query+" ORDER BY n DESC LIMIT ?", append(args, w.Limit)...)
}

// Forged is how many reports came in a box's name without its signature.
func (x *Index) Forged(device string) (n int, err error) {
	err = x.db.QueryRow("SELECT count FROM forged WHERE device = ?", device).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return n, err
}

// A Head is how far a box's ledger has come in.
type Head struct {
	Seq  int64  `json:"seq"`
	Hash string `json:"hash"`
}

// PutHead notes how far a box's ledger is in the archive.
func (x *Index) PutHead(device string, h Head) error {
	return x.write(func(tx *sql.Tx) error {
		_, err := tx.Exec("INSERT OR REPLACE INTO head VALUES (?,?,?)", device, h.Seq, h.Hash)
		return err
	})
}

// Heads are those of all boxes.
func (x *Index) Heads() (map[string]Head, error) {
	heads := make(map[string]Head)
	_, err := list(x, func(scan func(...any) error) (h Head, err error) {
		var device string
		err = scan(&device, &h.Seq, &h.Hash)
		heads[device] = h
		return h, err
	}, "SELECT device, seq, hash FROM head")
	return heads, err
}
