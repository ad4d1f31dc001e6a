package api

import (
	"encoding/json"
	"sync"

	"loa/agent/message"
	"loa/scripts/authority/index"
)

// reports is the latest of each kind that one box has sent.
type reports struct {
	state  message.State
	have   message.Have
	health message.HealthReport

	wanted, present int // recordings and pictures, when have is without them
}

// read takes in what the index has.
func (r *reports) read(row index.Report) error {
	// Decoded into nothing: what the box does not say any more is gone.
	body, _ := row.Body.(json.RawMessage)
	switch row.Leaf {
	case message.LeafState:
		r.state = message.State{}
		return json.Unmarshal(body, &r.state)
	case message.LeafHave:
		r.have = message.Have{}
		return json.Unmarshal(body, &r.have)
	case message.LeafHealth:
		r.health = message.HealthReport{}
		return json.Unmarshal(body, &r.health)
	}
	return nil
}

// media is how much of what the box plays and shows it has.
func (r *reports) media() (wanted, present int) {
	wanted, present = r.wanted, r.present
	for _, m := range r.have.Media {
		wanted, present = wanted+m.Wanted, present+m.Present
	}
	return wanted, present
}

// slim forgets what only the page of one box tells: of ten thousand it is a lot.
func (r *reports) slim() {
	r.wanted, r.present = 0, 0
	r.wanted, r.present = r.media()
	r.have.Documents, r.have.Epochs, r.have.Media, r.state.Formats = nil, nil, nil, nil
}

// A fleet is what all boxes say of themselves, read from the index as far as it is new:
// to read ten thousand boxes takes seconds. The zero value is ready.
type fleet struct {
	mu sync.Mutex
	of map[string]*reports // by box
	n  int64               // the newest that was read
}

// see has f look at all boxes, by name. f keeps nothing of what it is given.
func (f *fleet) see(x *index.Index, look func(map[string]*reports)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	rows, err := x.Since(f.n)
	if err != nil {
		return err
	}
	if f.of == nil {
		f.of = make(map[string]*reports)
	}
	for _, row := range rows {
		r := f.of[row.Device]
		if r == nil {
			r = new(reports)
			f.of[row.Device] = r
		}
		if err := r.read(row); err != nil {
			return err
		}
		if row.Leaf == message.LeafHave {
			r.slim()
		}
		f.n = row.N
	}
	look(f.of)
	return nil
}
