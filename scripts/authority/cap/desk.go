package cap

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"loa/scripts/authority/durable"
)

// What has become of a message.
const (
	Waits   = "waits"   // for people to approve it
	Done    = "done"    // signed and sent
	Nothing = "nothing" // it asks for nothing
)

// A Record is a message that was taken. It lies in a file of its own beside the
// message, and only its State ever changes: what a message has replaced follows from all
// of them.
type Record struct {
	ID         string    `json:"id"`
	Sender     string    `json:"sender"`
	Identifier string    `json:"identifier"`
	Sent       time.Time `json:"sent"`
	Status     string    `json:"status"`
	Type       string    `json:"type"`
	References []string  `json:"references,omitempty"` // identifiers, all of this sender
	SHA256     string    `json:"sha256"`               // of what was signed
	Came       time.Time `json:"came"`
	Chain      string    `json:"chain"` // the ID of the first message of its story, which its alert is called by
	Places     []string  `json:"places,omitempty"`
	Ends       bool      `json:"ends,omitempty"` // an update that came after it had been cancelled: what it replaced ends
	Until      time.Time `json:"until"`          // when nothing of it matters any more
	State      string    `json:"state"`
	Told       []string  `json:"told,omitempty"` // who has heard that it waits
}

// A Proposal is a message with what it becomes.
type Proposal struct {
	Record
	Known bool // it was taken before
	Outcome
	Message *Message
	From    *Sender
}

// A Desk keeps the messages that were taken, in a folder.
type Desk struct {
	Dir    string
	List   *List
	Places Places
	Now    func() time.Time
}

const (
	maxAhead   = 5 * time.Minute     // of a sender's clock
	keepFor    = 30 * 24 * time.Hour // after a message has ended
	maxRecords = 5000
)

// Take reads, verifies and judges a message and keeps it. One that is known comes back
// as it stands, and nothing happens twice.
func (d *Desk) Take(raw []byte) (Proposal, error) {
	p, err := d.Look(raw)
	if err != nil || p.Known {
		return p, err
	}
	if err := durable.Write(d.file(p.ID, ".xml"), raw); err != nil {
		return p, err
	}
	return p, d.write(p.Record)
}

// Look is Take without keeping anything.
func (d *Desk) Look(raw []byte) (Proposal, error) {
	m, s, signed, err := d.List.Open(raw, d.Now())
	if err != nil {
		return Proposal{}, err
	}
	all, err := d.Records()
	if err != nil {
		return Proposal{}, err
	}
	sum := sha256.Sum256(signed)
	p := Proposal{Message: m, From: s, Record: Record{
		ID: named(m.Sender, m.Identifier), Sender: m.Sender, Identifier: m.Identifier, Sent: m.Sent, Status: m.Status, Type: m.Type,
		SHA256: hex.EncodeToString(sum[:]), Came: d.Now().UTC().Truncate(time.Second), State: Waits,
	}}
	if i := slices.IndexFunc(all, func(r Record) bool { return r.ID == p.ID }); i >= 0 {
		if all[i].SHA256 != p.SHA256 {
			return p, refuse(CodeConflict, "đã có bản tin %s của %s với nội dung khác", "there is a message %s of %s with other content", clip(m.Identifier), m.Sender)
		}
		p.Record, p.Known = all[i], true
		if p.State != Waits {
			p.Outcome, _ = d.become(p, all) // what it was, as far as that can still be said
			p.Clear = nil
			if by, ok := replacedBy(p.Record, all); ok {
				p.Notes = append(p.Notes, note("đã được %s thay thế", "it was replaced by %s", clip(by.Identifier)))
			}
			return p, nil
		}
	} else if len(all) >= maxRecords {
		return p, refuse(codeStorage, "đã giữ %d bản tin", "%d messages are kept already", len(all))
	}
	if p.Chain, p.Outcome.Notes, err = chain(&p, all); err != nil {
		return p, err
	}
	o, err := d.become(p, all)
	o.Notes = append(p.Notes, o.Notes...)
	if p.Outcome = o; err != nil {
		return p, err
	}
	if !p.Known {
		p.settle(m)
	}
	return p, d.timely(p)
}

// Open is a message that was taken, judged anew: whoever approves it must not approve
// what has been replaced, has ended, or whose sender is off the list.
func (d *Desk) Open(id string) (Proposal, error) {
	if filepath.Base(id) != id {
		return Proposal{}, os.ErrNotExist
	}
	raw, err := os.ReadFile(d.file(id, ".xml"))
	if err != nil {
		return Proposal{}, err
	}
	return d.Look(raw)
}

// Mark notes what has become of a message.
func (d *Desk) Mark(id, state string) error {
	return d.change(id, func(r *Record) { r.State = state })
}

// Told notes that a person has heard of a message that waits.
func (d *Desk) Told(id, person string) error {
	return d.change(id, func(r *Record) {
		if !slices.Contains(r.Told, person) {
			r.Told = append(r.Told, person)
		}
	})
}

func (d *Desk) change(id string, f func(*Record)) error {
	lock, err := os.Open(d.Dir)
	if err != nil {
		return err
	}
	defer lock.Close() // which unlocks it
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	r, err := d.read(d.file(id, ".json"))
	if err != nil {
		return err
	}
	f(&r)
	return d.write(r)
}

// chain finds the story that a message goes on with, by what it refers to.
func chain(p *Proposal, all []Record) (id string, notes []Note, err error) {
	m := p.Message
	for _, r := range m.References {
		if r.Sender != m.Sender {
			return "", nil, refuse(CodeReference, "bản tin của %s lại nói về bản tin của %s", "a message of %s refers to one of %s", m.Sender, clip(r.Sender))
		}
		p.References = append(p.References, r.Identifier)
	}
	slices.Sort(p.References)
	p.References = slices.Compact(p.References)
	newer, replaced := replacedBy(p.Record, all)
	late := refuse(CodeOlder, "bản tin này đã được %s thay thế", "it was replaced by %s", clip(newer.Identifier))
	if p.Ends = replaced && newer.Type == "Cancel" && m.Type == "Update" && (p.Ends || !p.Known); replaced && !p.Ends {
		return "", nil, late
	}
	if m.Type != "Update" && m.Type != "Cancel" {
		return p.ID, nil, nil
	}
	for _, r := range all {
		if r.ID == p.ID || r.Sender != m.Sender || !slices.Contains(p.References, r.Identifier) {
			continue
		}
		if r.Status != m.Status {
			return "", nil, refuse(CodeReference, "bản tin %s không sửa hay hủy được bản tin %s %s", "a message of status %[1]s cannot change or cancel %[3]s, which is %[2]s", m.Status, r.Status, clip(r.Identifier))
		}
		id = r.Chain
	}
	if p.Ends {
		if id == "" {
			return "", nil, late
		}
		return id, []Note{note("bản tin này đến muộn và đã bị hủy: những gì nó thay thế cũng hết", "it came late and was cancelled meanwhile: what it replaced ends")}, nil
	}
	if id == "" {
		return p.ID, []Note{note("bản tin mà nó sửa chưa từng đến đây", "the message that it refers to never came here")}, nil
	}
	for _, r := range all {
		if r.ID != p.ID && r.Chain == id && r.Sent.After(m.Sent) {
			return "", nil, refuse(CodeOlder, "đã có bản tin mới hơn, gửi lúc %s", "there is a newer message, sent at %s", local(r.Sent))
		}
	}
	return id, nil, nil
}

// replacedBy is the message that names r as what it replaces or ends.
func replacedBy(r Record, all []Record) (by Record, ok bool) {
	for _, o := range all {
		if o.ID != r.ID && o.Sender == r.Sender && o.Status == r.Status && (o.Type == "Update" || o.Type == "Cancel") && slices.Contains(o.References, r.Identifier) {
			return o, true
		}
	}
	return Record{}, false
}

// become is what a message becomes, and where what it replaces is to be cleared.
func (d *Desk) become(p Proposal, all []Record) (Outcome, error) {
	o, err := d.List.Become(p.Message, p.From, p.Chain, d.Places)
	if err != nil || o.Nothing != nil {
		return o, err
	}
	for _, r := range all {
		if r.Chain == p.Chain && r.ID != p.ID {
			o.Clear = append(o.Clear, r.Places...)
		}
	}
	if p.Ends {
		o.Parts = nil
	}
	slices.Sort(o.Clear)
	if o.Clear = slices.Compact(o.Clear); p.Message.Type == "Cancel" && len(o.Clear) == 0 {
		n := note("bản tin hủy không có gì để hủy ở đây; bản tin kia nếu đến sau sẽ bị từ chối", "it cancels nothing that is here; what it cancels is refused if it comes later")
		o.Nothing = &n
	}
	return o, nil
}

// settle fills in what the record of a new message keeps.
func (p *Proposal) settle(m *Message) {
	p.Until = m.Sent.Add(mostLife)
	for _, part := range p.Parts {
		p.Places = append(p.Places, part.Places...)
		p.Until = latest(p.Until, part.Until)
	}
	slices.Sort(p.Places)
	p.Places = slices.Compact(p.Places)
	if p.Nothing != nil {
		p.State = Nothing
	}
}

// timely refuses what comes too late or too early.
func (d *Desk) timely(p Proposal) error {
	now := d.Now()
	if ahead := p.Sent.Sub(now); ahead > maxAhead {
		return refuse(CodeNotYet, "bản tin ghi gửi lúc %s, ở tương lai: xem lại đồng hồ", "it says that it was sent at %s, in the future: look at the clocks", local(p.Sent))
	}
	if len(p.Parts) > 0 && !slices.ContainsFunc(p.Parts, func(q Part) bool { return now.Before(q.Until) }) {
		return refuse(CodeExpired, "bản tin đã hết hiệu lực lúc %s", "it ended at %s", local(p.Parts[0].Until))
	}
	if len(p.Parts) == 0 && now.Sub(p.Sent) > keepFor {
		return refuse(CodeExpired, "bản tin gửi từ %s, quá cũ", "it was sent at %s, too long ago", local(p.Sent))
	}
	return nil
}

// local is a time as people here tell it.
func local(t time.Time) string {
	return t.In(time.FixedZone("", 7*3600)).Format("15:04 02/01/2006")
}

// Records are the messages that were taken, the oldest first.
func (d *Desk) Records() (all []Record, err error) {
	files, err := filepath.Glob(filepath.Join(d.Dir, "cap-*.json"))
	for _, f := range files {
		r, err := d.read(f)
		if errors.Is(err, os.ErrNotExist) {
			continue // swept meanwhile
		}
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b Record) int {
		if c := a.Came.Compare(b.Came); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return all, err
}

// Waiting are those that people have still to decide about.
func (d *Desk) Waiting() ([]Record, error) {
	all, err := d.Records()
	now := d.Now()
	return slices.DeleteFunc(slices.Clone(all), func(r Record) bool {
		_, replaced := replacedBy(r, all)
		return r.State != Waits || !now.Before(r.Until) || replaced && !r.Ends
	}), err
}

// Sweep removes what ended long ago. A message of that time that comes again is too old
// to be taken.
func (d *Desk) Sweep() error {
	all, err := d.Records()
	for _, r := range all {
		if d.Now().Sub(r.Until) > keepFor {
			err = errors.Join(err, os.Remove(d.file(r.ID, ".json")), os.Remove(d.file(r.ID, ".xml")))
		}
	}
	return err
}

func (d *Desk) file(id, ext string) string { return filepath.Join(d.Dir, id+ext) }

func (d *Desk) read(file string) (r Record, err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return r, fmt.Errorf("cap: %s is damaged: %w", file, err)
	}
	return r, nil
}

func (d *Desk) write(r Record) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return durable.Write(d.file(r.ID, ".json"), append(data, '\n'))
}

// named gives a message an id that boxes take, the same whenever it comes.
func named(sender, identifier string) string {
	sum := sha256.Sum256([]byte(sender + "\x00" + identifier))
	return "cap-" + hex.EncodeToString(sum[:10])
}
