package trust

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
)

// state is what must survive a reboot. It is small and changes seldom: beats
// are not in it, because a retained one comes again with every connection.
type state struct {
	Format   int                  `json:"format"`
	Digests  map[int64]string     `json:"digests"`  // of every root document known, by number
	RootDoc  json.RawMessage      `json:"root"`     // payload of the one in force
	Lists    map[string]issued    `json:"lists"`    // by issuer
	Revoked  map[string]time.Time `json:"revoked"`  // key id → when its last grant vanished
	Records  map[string]record    `json:"records"`  // by topic
	Seen     map[string]seen      `json:"seen"`     // acts by payload SHA-256
	Acts     []acted              `json:"acts"`     // those that have not ended
	Clock    record               `json:"clock"`    // the last clock reset
	Security int64                `json:"security"` // firmware floor

	root  plan.Root
	lists map[string]plan.List
}

// issued is a list in force. Its payload was verified when it came; the
// snapshot is the box's own.
type issued struct {
	Payload []byte   `json:"payload"`
	Keys    []string `json:"keys"` // that signed
}

// A record remembers a document by its topic, longer than the document lives:
// as long as an older version of it could still be valid.
type record struct {
	Version int64     `json:"version"`
	SHA256  string    `json:"sha256"`
	Keys    []string  `json:"keys,omitempty"` // that vouch for it: of a shrunken alert set also those of its elder
	Holders []string  `json:"holders,omitempty"`
	Signer  string    `json:"signer"`
	At      time.Time `json:"at"`     // when it was accepted
	Forget  time.Time `json:"forget"` // when no older version can be valid any more
	Old     []older   `json:"old,omitempty"`
}

// older is an older version of a policy that holds beside the new, looser one.
type older struct {
	Payload []byte    `json:"payload"`
	Holders []string  `json:"holders"`
	At      time.Time `json:"at"` // when it was taken
	Until   time.Time `json:"until"`
}

// seen remembers an act.
type seen struct {
	Topic  string    `json:"topic"`
	ID     string    `json:"id"`
	Signer string    `json:"signer"`
	For    string    `json:"for,omitempty"` // see purpose
	Until  time.Time `json:"until"`
}

// acted is an act whose effect may outlast a reboot.
type acted struct {
	Payload []byte     `json:"payload"`
	Keys    []string   `json:"keys"`
	Proof   plan.Proof `json:"proof"`
}

const stateFormat = 1

func newState(security int64) state {
	return state{
		Format: stateFormat, Digests: map[int64]string{}, Lists: map[string]issued{}, Revoked: map[string]time.Time{},
		Records: map[string]record{}, Seen: map[string]seen{}, Security: security, lists: map[string]plan.List{},
	}
}

// anchor takes the root documents that the image carries.
func (s *state) anchor(file []byte) error {
	for line := range bytes.Lines(file) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		e, err := message.Open(line)
		if err != nil {
			return err
		}
		kind, _, err := message.ParsePayloadType(e.PayloadType)
		if err != nil {
			return err
		}
		doc, err := message.Decode(kind, e.Payload)
		if err != nil {
			return err
		}
		r, ok := doc.(plan.Root)
		if !ok {
			return fmt.Errorf("a %s among the root documents", kind)
		}
		if s.root.Number != 0 {
			if r.Number != s.root.Number+1 {
				return fmt.Errorf("root %d behind root %d: one is missing", r.Number, s.root.Number)
			}
			if _, err := signedByRoot(e, s.root); err != nil {
				return err
			}
		}
		if _, err := signedByRoot(e, r); err != nil {
			return err
		}
		s.setRoot(r, e.Payload)
	}
	if s.root.Number == 0 {
		return fmt.Errorf("there is none")
	}
	return nil
}

func (s *state) setRoot(r plan.Root, payload []byte) {
	s.root = r
	s.RootDoc = bytes.Clone(payload)
	s.Digests[r.Number] = message.Digest(payload)
}

// Snapshot is all that must survive a reboot, beside the documents themselves.
func (t *Trust) Snapshot() []byte {
	t.mu.RLock()
	defer t.mu.RUnlock()
	b, err := json.Marshal(t.s)
	if err != nil {
		return nil // cannot be: texts, times and numbers always encode
	}
	return b
}

// Restore takes a snapshot back, all of it or nothing. A snapshot of an older
// root than the image's is brought up to it.
func (t *Trust) Restore(snapshot []byte) error {
	s := newState(t.o.Security)
	if err := json.Unmarshal(snapshot, &s); err != nil {
		return fmt.Errorf("trust: cannot read the snapshot: %w", err)
	}
	if s.Digests == nil || s.Lists == nil || s.Revoked == nil || s.Records == nil || s.Seen == nil {
		return fmt.Errorf("trust: the snapshot lacks a part")
	}
	if s.Format != stateFormat {
		return fmt.Errorf("trust: snapshot of format %d; this software reads %d", s.Format, stateFormat)
	}
	root, err := message.Decode(plan.KindRoot, s.RootDoc)
	if err != nil {
		return fmt.Errorf("trust: the snapshot's root: %w", err)
	}
	s.root = root.(plan.Root)
	for issuer, l := range s.Lists {
		doc, err := message.Decode(plan.KindList, l.Payload)
		if err != nil {
			return fmt.Errorf("trust: the snapshot's list of %s: %w", issuer, err)
		}
		s.lists[issuer] = doc.(plan.List)
	}
	acts := make([]plan.Act, 0, len(s.Acts))
	for _, a := range s.Acts {
		act, err := decodeAct(a)
		if err != nil {
			return fmt.Errorf("trust: an act in the snapshot: %w", err)
		}
		acts = append(acts, act)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := s.agree(&t.s); err != nil {
		return fmt.Errorf("trust: %w", err)
	}
	s.Security = max(s.Security, t.o.Security)
	t.s, t.acts = s, acts
	t.x = indexOf(&t.s, t.o.Built)
	return nil
}

// agree demands that a snapshot and the image descend from one root. A newer
// image brings the snapshot's root forward.
func (s *state) agree(image *state) error {
	common := false
	for n, digest := range image.Digests {
		mine, ok := s.Digests[n]
		if ok && mine != digest {
			return fmt.Errorf("the snapshot knows another root %d than the image: it belongs to another authority", n)
		}
		common = common || ok
	}
	if !common {
		return fmt.Errorf("the snapshot and the image know no root in common")
	}
	if image.root.Number > s.root.Number {
		s.root, s.RootDoc = image.root, image.RootDoc
	}
	for n, digest := range image.Digests {
		s.Digests[n] = digest
	}
	return nil
}

func decodeAct(a acted) (plan.Act, error) {
	var head struct {
		Kind plan.Kind `json:"kind"`
	}
	if err := json.Unmarshal(a.Payload, &head); err != nil {
		return plan.Act{}, err
	}
	doc, err := message.Decode(head.Kind, a.Payload)
	if err != nil {
		return plan.Act{}, err
	}
	act, ok := doc.(plan.Act)
	if !ok {
		return act, fmt.Errorf("a %s is no act", head.Kind)
	}
	act.Proof = a.Proof
	return act, nil
}
