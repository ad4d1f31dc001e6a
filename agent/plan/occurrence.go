package plan

import (
	"slices"
	"time"
)

// An Occurrence is one sounding of one item: slot@date/item, an act, or one
// round of an alert. It is made by schedule, judged by policy, chosen by
// arbiter, played by player and written down by ledger, all by its ID.
type Occurrence struct {
	ID       string // "26734/schedule/morning/s1@2026-11-23T05:30/0"; stable over reboots
	By       Key    // the schedule, alert set or act that asks for it
	Item     Key    // the bulletin, zero for a relay or a chime
	Slot     string // "26734/schedule/morning/s1@2026-11-23T05:30", empty outside slots
	Class    Class  // effective: the highest in what is played
	Origin   Origin
	Lang     string
	Title    string
	Parts    []Part        // what sounds, one after another, one round of it
	Repeat   int           // rounds, ≥ 1
	Gap      time.Duration // silence between rounds
	Start    time.Time     // when it was due
	End      time.Time     // from then on it may not sound
	At       time.Duration // where in the item to begin
	Length   time.Duration // all rounds and gaps; 0: not known, until End
	Volume   int           // percent asked for, 0: the policy's
	Silent   bool          // a drill that nobody is to hear: it goes all its way but to the horn
	Together bool          // the boxes of its place start it together, and stay together
	Delay    time.Duration // of this box with what they start together: its horn stands elsewhere
	Width    int           // of the place it is for: wider goes first within emergency
	Issued   time.Time
	Signer   string // place of the signing grant: limits count by it
	Holders  int    // distinct holders who signed
	Rank     int    // the commune's order of priority bulletins from 1; 0: none
	Text     string // what is said, for the words a place does not want to hear
	Pages    []Page // what a board shows of it
	Ticker   string // what runs under the pages; empty: nothing
	Retracts bool   // it takes a false alarm back
	Err      *Error // why it cannot sound whatever policy says; nil: it can
}

// Spoken reports an alarm that has words on every box: it waits for no others.
func (o *Occurrence) Spoken() bool {
	return slices.ContainsFunc(o.Parts, func(p Part) bool { return p.Standing != "" })
}

// A Part is one thing to open and play: exactly one of Audio, Relay, Live, Chime, Phrase,
// Standing and Say is set.
type Part struct {
	Audio        *Audio
	LoudnessLUFS float64 // of Audio; 0: measure it
	Relay        *Relay
	Live         *Talk
	Chime        string
	Phrase       string        // a sentence that is recorded in the image, in Lang
	Standing     string        // a recording that lies on every box, by the name of its alert
	Say, Lang    string        // an address that is spoken, for a technician; no document can ask for it
	Length       time.Duration // 0: not known
}

// A Talk names a session of live talk, whose packets come while it lasts.
type Talk struct{ Place, Session string }

// Progress is what has already happened to occurrences, folded from the ledger
// and from this run of the agent.
type Progress struct {
	Since    time.Time                // when this run began to play, or the clock last jumped: older slots are joined, newer ones begun
	Ended    map[string]bool          // by occurrence ID, or by what stands before one of its slashes: never to sound again
	At       map[string]time.Duration // where an interrupted occurrence of this run stopped
	Last     map[string]time.Time     // by slot or alert: when the latest occurrence of it ended; gaps count from here
	Missed   map[string]bool          // by occurrence ID: written down as missed; it may yet come if the clock goes back
	Refused  map[string]Code          // by occurrence ID: refused for the moment and written down, may still sound
	Sounding string                   // ID of the occurrence that sounds now; empty: none
}

// A Result says how an occurrence ended, in the ledger's words.
type Result string

// The results.
const (
	Heard     Result = "heard"
	Silent    Result = "silent"     // played, but nothing above the silence floor
	Weak      Result = "weak"       // heard, far below its level
	Partial   Result = "partial"    // some of it
	Preempted Result = "pre-empted" // a higher claim took the speaker and it could not go on
	Refused   Result = "refused"    // with a code
	Missed    Result = "missed"     // the box was off or unsure of the time
	Proven    Result = "proven"     // a silent drill: it would have been heard
	Seen      Result = "shown"      // a board showed it
	Dark      Result = "dark"       // it was a board's turn, and the board took nothing
)

// An Ending says how one turn of an occurrence at the speaker ended. An
// occurrence that is interrupted and goes on has several turns.
type Ending struct {
	Turn       int // as the player numbered it
	Occurrence Occurrence
	Result     Result        // heard, silent, weak or partial; whether it was pre-empted is the station's to know
	Code       Code          // why something of it was not heard: media-missing, media-format, …
	Err        error         // the first thing that went wrong
	Complete   bool          // it came to its own end
	At         time.Duration // where in the item it ended
	Heard      time.Duration // sound above the silence floor
	RMSDBFS    float64
	PeakDBFS   float64
	Proof      string   // how Heard was measured: mixer, sink, monitor, current, mic
	Media      []string // SHA-256 of the recordings that were opened
	Note       string   // what else its source has to say of it: how much of live talk was lost
}
