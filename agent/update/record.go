package update

import (
	"encoding/json"
	"time"

	"loa/agent/plan"
)

// A Phase is how far a release has come on this box.
type Phase string

// The phases. What is Installing or Installed while another slot runs than the one from
// which it was installed is on trial.
const (
	None       Phase = ""
	Fetching   Phase = "fetching"   // media was asked for the bundle
	Installing Phase = "installing" // RAUC was told to write
	Installed  Phase = "installed"  // RAUC has written, and the loader starts it next
	Leaving    Phase = "leaving"    // it was given up: the old slot is to come back
	Good       Phase = "good"       // it has proven itself
	Failed     Phase = "failed"     // it is not tried again
)

// A Record is what must be known of a release after a power cut. One is kept, of the
// last release that was begun.
type Record struct {
	Version  string    `json:"version"`
	SHA256   string    `json:"sha256"` // of the bundle
	Bytes    int64     `json:"bytes"`
	Phase    Phase     `json:"phase"`
	At       time.Time `json:"at"` // of the phase
	Tries    int       `json:"tries,omitempty"`
	Outages  int       `json:"outages,omitempty"` // how often it was left while nobody could be reached
	Boot     string    `json:"boot,omitempty"`    // of the kernel that ran at the last try
	From     string    `json:"from,omitempty"`    // the slot that ran then
	Was      string    `json:"was,omitempty"`     // the version that ran then
	Security int64     `json:"security"`          // its security number
	Reach    Reach     `json:"reach"`             // what it could reach
	Code     plan.Code `json:"code,omitempty"`    // why it failed
	Why      string    `json:"why,omitempty"`     // in English, for the log and the ledger
	Lacks    []string  `json:"lacks,omitempty"`   // what it could not reach on trial
}

// Reach is what a box can do at a moment.
type Reach struct {
	Network bool `json:"network"` // an interface with an address that leads out
	Broker  bool `json:"broker"`  // it is connected
	Clock   bool `json:"clock"`   // sure enough for slots
	Sound   bool `json:"sound"`   // the device has taken sound, though none that can be heard
	Panel   bool `json:"panel"`   // it takes pages
}

// Lacks names what r had and now has not.
func (r Reach) Lacks(now Reach) (lacks []string) {
	for _, x := range []struct {
		name     string
		had, has bool
	}{
		{"network", r.Network, now.Network}, {"broker", r.Broker, now.Broker},
		{"clock", r.Clock, now.Clock}, {"sound", r.Sound, now.Sound}, {"panel", r.Panel, now.Panel},
	} {
		if x.had && !x.has {
			lacks = append(lacks, x.name)
		}
	}
	return lacks
}

// shelf keeps the record through a power cut.
type shelf interface {
	Put(name string, data []byte) error
	Get(name string) ([]byte, error)
}

const recordName = "update"

// load reads the record; one that is damaged is none.
func load(s shelf) (r Record) {
	data, err := s.Get(recordName)
	if err != nil || json.Unmarshal(data, &r) != nil {
		return Record{}
	}
	return r
}

func save(s shelf, r Record) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return s.Put(recordName, data)
}
