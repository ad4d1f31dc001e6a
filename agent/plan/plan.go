// Package plan is what should be so, as data: bulletins, schedules, policies,
// alerts, acts, settings and grants, and what makes each of them valid.
package plan

import (
	"time"
)

// A Kind is the kind of a signed document; it stands in the payload, in the
// payload type and in the topic, and the three must agree.
type Kind string

// The kinds of documents that may come down the wire.
const (
	KindRoot     Kind = "root"  // root keys and thresholds
	KindList     Kind = "list"  // one issuer's grants and child places
	KindClock    Kind = "clock" // root-signed: lowers a clock floor that went wrong
	KindBulletin Kind = "bulletin"
	KindSchedule Kind = "schedule"
	KindPolicy   Kind = "policy"
	KindAlert    Kind = "alert"   // one office's set of active alerts
	KindTrigger  Kind = "trigger" // what starts a standing alert where nobody can be reached; grant kind alert
	KindPlay     Kind = "act.play"
	KindStop     Kind = "act.stop"
	KindLive     Kind = "act.live"
	KindDrill    Kind = "act.drill"
	KindMute     Kind = "mute"
	KindTest     Kind = "test"     // a tone or a named self-test, only when idle; needs the grant kind service
	KindIdentify Kind = "identify" // say who you are; grant kind service
	KindAsk      Kind = "ask"      // a console question; grant kind service
	KindAcked    Kind = "acked"    // a ledger segment has arrived; grant kind service
	KindTime     Kind = "time"     // a time answer bound to a nonce; grant kind beat
	KindWant     Kind = "want"     // what one box should be; grant kinds assign, settings, firmware by the fields used
	KindBeat     Kind = "beat"
)

// A Class ranks bulletins as Circular 39/2020 does, and what we add to it.
type Class string

// The classes. Order is by Rank.
const (
	Emergency Class = "emergency"
	Live      Class = "live" // live talk by a person
	Drill     Class = "drill"
	PriorityC Class = "priority"
	Normal    Class = "normal"
	Filler    Class = "filler"
	Test      Class = "test" // sounds only when idle
)

// Rank is the place of c in the order of precedence: higher goes first.
// An unknown class ranks 0.
func (c Class) Rank() int {
	switch c {
	case Emergency:
		return 7
	case Live:
		return 6
	case Drill:
		return 5
	case PriorityC:
		return 4
	case Normal:
		return 3
	case Filler:
		return 2
	case Test:
		return 1
	}
	return 0
}

// An Origin says whose programme it is; Decree 49/2024 wants logs to tell them apart.
type Origin string

// The origins.
const (
	Own        Origin = "own"        // the commune's own programme
	Higher     Origin = "higher"     // a higher level's programme in a fixed slot
	Central    Origin = "central"    // from the central source system
	Provincial Origin = "provincial" // from the provincial source system
	Notice     Origin = "notice"     // a local authority's notice
	Answer     Origin = "answer"     // an authority's answer to a citizen report
)

// Head is what every document begins with. Exactly one of Place and Device is set.
type Head struct {
	Format int       `json:"format"` // of the payload, from 1
	Kind   Kind      `json:"kind"`
	Place  string    `json:"place,omitempty"`
	Device string    `json:"device,omitempty"`
	ID     string    `json:"id"`
	Issued time.Time `json:"issued"` // version = Unix ms of this

	Proof Proof `json:"-"` // filled by trust, never by the wire
}

// Format is the newest format of payloads that this code understands and the
// one it writes, the same for every kind until one of them gets a new field.
const Format = 1

// Header is the head itself: every document has it by embedding.
func (h Head) Header() Head { return h }

// Version orders two documents of one identity: the time of issue in Unix ms.
func (h Head) Version() int64 { return h.Issued.UnixMilli() }

// Key is the identity of the document.
func (h Head) Key() Key { return Key{Place: h.Place, Kind: h.Kind, ID: h.ID} }

// Proof is what trust found out about a document that it accepted.
type Proof struct {
	SHA256  string   // of the exact payload bytes, lower-case hex
	Holders []string // distinct holders who signed and whose grant covers it
	Signer  string   // the place of the widest grant used: sound limits count per signer place
}

// A Key is the identity of a document: (place, kind, id).
type Key struct {
	Place string
	Kind  Kind
	ID    string
}

func (k Key) String() string { return k.Place + "/" + string(k.Kind) + "/" + k.ID }

// A Ref names a document by identity and by content.
type Ref struct {
	Place  string `json:"place,omitempty"` // default: the referring document's own place
	Kind   Kind   `json:"kind"`
	ID     string `json:"id"`
	SHA256 string `json:"sha256,omitempty"` // of the referred payload; only orders may leave it out
}

// Validity bounds a document's life. ValidFrom zero: at once.
type Validity struct {
	ValidFrom  time.Time `json:"valid_from,omitzero"`
	ValidUntil time.Time `json:"valid_until"`
	Withdrawn  bool      `json:"withdrawn,omitempty"`
}

// At reports whether the document counts at t.
func (v Validity) At(t time.Time) bool {
	return !v.Withdrawn && !t.Before(v.ValidFrom) && t.Before(v.ValidUntil)
}

// Audio is one recording of a bulletin, by content.
type Audio struct {
	SHA256     string `json:"sha256"`
	Bytes      int64  `json:"bytes"`
	Type       string `json:"type"` // audio/mpeg, audio/wav, audio/flac, audio/ogg, audio/opus, audio/aac
	DurationMS int64  `json:"duration_ms"`
	Lang       string `json:"lang,omitempty"` // default: the bulletin's
	// Voice is who read the bulletin's text, if no person did: engine/region, and perhaps
	// /name, such as espeak-ng/south.
	Voice string `json:"voice,omitempty"`
}

// A Page is what a board shows of a bulletin: text or a picture.
type Page struct {
	Text  string `json:"text,omitempty"`
	Image string `json:"image,omitempty"`  // SHA-256 of a picture
	Bytes int64  `json:"bytes,omitempty"`  // of the picture
	Type  string `json:"type,omitempty"`   // of the picture: image/png, image/jpeg, image/webp, image/gif
	Style string `json:"style,omitempty"`  // how it is set, such as scroll or alert; empty: notice
	StayS int    `json:"stay_s,omitempty"` // 0: as long as a reader needs
	Lang  string `json:"lang,omitempty"`   // default: the bulletin's
}

// A Bulletin is what is said and shown.
type Bulletin struct {
	Head
	Validity
	Class        Class    `json:"class"` // normal, priority, emergency, drill
	Origin       Origin   `json:"origin"`
	Lang         string   `json:"lang"` // BCP 47
	Title        string   `json:"title"`
	Text         string   `json:"text,omitempty"`
	Audio        []Audio  `json:"audio,omitempty"`
	Pages        []Page   `json:"pages,omitempty"`
	Ticker       string   `json:"ticker,omitempty"`        // one line that runs under the pages, where a board has room for it
	Repeat       int      `json:"repeat,omitempty"`        // how often it sounds in one occurrence, default 1
	LoudnessLUFS float64  `json:"loudness_lufs,omitempty"` // of the recording; 0: measure it
	ApprovedBy   []string `json:"approved_by,omitempty"`   // holders; recorded only if they signed
}

// A Schedule says when what sounds.
type Schedule struct {
	Head
	Validity
	Zone  string `json:"zone"` // IANA name or +07:00
	Slots []Slot `json:"slots,omitempty"`
	Order []Ref  `json:"order,omitempty"` // the commune's order of priority bulletins; sha256 may be empty here
}

// A Slot is one recurring stretch of air time. It belongs to its start date.
type Slot struct {
	ID            string   `json:"id"`
	Days          []string `json:"days,omitempty"`   // mon…sun; none: every day
	Dates         []string `json:"dates,omitempty"`  // 2026-02-17: only on these (and Days, when given, is then ignored)
	Except        []string `json:"except,omitempty"` // dates on which it does not sound
	At            []string `json:"at,omitempty"`     // 05:30 or 05:30:15
	Every         *Every   `json:"every,omitempty"`
	StartAt       bool     `json:"start_at,omitempty"` // boxes start its items together and stay together, to the sample
	Drill         Rehearse `json:"drill,omitempty"`    // its items are a drill; none of class drill sounds in any other slot
	Stagger       bool     `json:"stagger,omitempty"`  // boxes of group 1 start after those of group 0 have gone through the items once
	ForS          int      `json:"for_s"`              // the slot's length in seconds, 1…86400; sound never runs past it
	Items         []Item   `json:"items"`
	VolumePercent int      `json:"volume_percent,omitempty"` // 1…100; 0: the policy's
	Loops         int      `json:"loops,omitempty"`          // how often the items go round; 0 is 1; -1 until the slot ends
	GapS          int      `json:"gap_s,omitempty"`          // silence between items
}

// A Rehearse is how a slot of a drill goes.
type Rehearse string

// The ways. A silent one goes all the way of sound but for the horn: signatures, hour,
// recordings, decoder, and the sound device, to which it gives silence; the amplifier's
// line is not touched. It needs no turn of its own and sounds only in a proof, so it
// waits until nothing else sounds.
const (
	Audible   Rehearse = "audible" // heard, after the chime and the words that say it is a drill
	Soundless Rehearse = "silent"
)

// Every repeats a slot within a part of the day, [From, Until).
type Every struct {
	From    string `json:"from"`
	Until   string `json:"until"` // earlier than From: past midnight
	Minutes int    `json:"minutes"`
}

// An Item is one thing in a slot: exactly one of the three is set.
type Item struct {
	Ref   *Ref   `json:"ref,omitempty"` // of a bulletin
	Relay *Relay `json:"relay,omitempty"`
	Chime string `json:"chime,omitempty"` // built into the box: "gong", "two-tone", "drill", …
}

// A Relay is a live station as a source, tried in order.
type Relay struct {
	URLs   []string `json:"urls"` // https://…; alsa:… for a line input
	Title  string   `json:"title"`
	Class  Class    `json:"class"` // normal or priority
	Origin Origin   `json:"origin"`
	Lang   string   `json:"lang"`
	ForS   int      `json:"for_s,omitempty"` // 0: to the end of the slot
}

// A Span is a part of the day, [From, Until), in the policy's zone; Until
// earlier than From runs past midnight. Days are those on which it begins.
type Span struct {
	Days  []string `json:"days,omitempty"`
	From  string   `json:"from"`
	Until string   `json:"until"`
}

// A Volume sets the volume for a part of the day.
type Volume struct {
	Span
	Percent int `json:"percent"`
}

// A Policy is local law, signed. The policies of all ancestors combine, the strictest wins.
type Policy struct {
	Head
	Validity
	Zone                 string   `json:"zone"`
	QuietHours           []Span   `json:"quiet_hours"`                      // an empty list is a decision: none
	AirtimeDayS          int      `json:"airtime_day_s,omitempty"`          // per day, relays count; 0: no cap
	AirtimeSessionS      int      `json:"airtime_session_s,omitempty"`      // per slot
	AirtimeDays          []string `json:"airtime_days,omitempty"`           // days with any air time at all; none: every day
	RepeatsPerDay        int      `json:"repeats_per_day,omitempty"`        // of one bulletin
	EmergencyHourS       int      `json:"emergency_hour_s,omitempty"`       // of emergency sound per hour and signer place with one signer; 0: the image's 600
	EmergencyHourRepeats int      `json:"emergency_hour_repeats,omitempty"` // how often emergencies of one signer place begin in an hour with one signer, every round; 0: the image's 12
	VolumeCeilingPercent int      `json:"volume_ceiling_percent,omitempty"`
	Volumes              []Volume `json:"volumes,omitempty"` // the first that holds; else 100
	RelayHosts           []string `json:"relay_hosts,omitempty"`
	BannedWords          []string `json:"banned_words,omitempty"`
	Brightness           []Volume `json:"brightness,omitempty"`
	MeteredDayBytes      int64    `json:"metered_day_bytes,omitempty"` // fetched over a SIM per day; 0: no cap

	// Languages is in which order an item that has several is heard and seen, by their BCP 47
	// tags; others come after these. The nearest place that says so decides.
	Languages []string `json:"languages,omitempty"`

	DefaultPages []DefaultPage `json:"default_pages,omitempty"` // what a board shows when nothing is due

	// RipeAt is filled by trust: until then one holder alone has signed it, and it
	// may forbid, but not stand in for the default.
	RipeAt time.Time `json:"-"`
}

// An AlertSet is one office's whole set of active alerts; empty is all clear.
type AlertSet struct {
	Head
	Office string   `json:"office"` // equals the topic's last level and the ID
	Alerts []Alert  `json:"alerts"`
	Cancel []Cancel `json:"cancel,omitempty"` // of other offices' alerts
	// Retracted are alerts of one's own that should never have been. A box that has
	// sounded one says so, once and in its own words.
	Retracted []Retraction `json:"retracted,omitempty"`
}

// An Alert is one active emergency.
type Alert struct {
	ID          string    `json:"id"`
	Event       string    `json:"event"`
	Urgency     string    `json:"urgency"`   // immediate expected future past unknown
	Severity    string    `json:"severity"`  // extreme severe moderate minor unknown
	Certainty   string    `json:"certainty"` // observed likely possible unlikely unknown
	References  []string  `json:"references,omitempty"`
	Headline    string    `json:"headline"`
	Instruction string    `json:"instruction,omitempty"`
	Bulletin    *Ref      `json:"bulletin,omitempty"`
	Tone        string    `json:"tone,omitempty"`   // chime before it; default "siren"
	Repeat      int       `json:"repeat,omitempty"` // default 3
	GapS        int       `json:"gap_s,omitempty"`
	From        time.Time `json:"from,omitzero"`
	Until       time.Time `json:"until"`
}

// A Cancel ends another office's alert.
type Cancel struct {
	Place  string `json:"place"`
	Office string `json:"office"`
	ID     string `json:"id"`
}

// A Retraction takes a false alarm back. It names no words: those are the box's, so
// that whoever may end an alarm alone cannot say anything else by it.
type Retraction struct {
	ID    string    `json:"id"`
	Until time.Time `json:"until"` // until when it is said, and shown
}

// An Act is something to do now; its life is at most 15 minutes. ID is new for each act.
type Act struct {
	Head
	Until time.Time `json:"until"`
	// act.play and act.drill
	Item          *Item `json:"item,omitempty"`
	Class         Class `json:"class,omitempty"` // of what plays, when the item is a relay or a chime
	Repeat        int   `json:"repeat,omitempty"`
	VolumePercent int   `json:"volume_percent,omitempty"`
	ForS          int   `json:"for_s,omitempty"`
	// act.stop: what falls silent
	Classes []Class `json:"classes,omitempty"`
	// mute: Until says how long, at most 24 h
	MuteUntil time.Time `json:"mute_until,omitzero"`
	Reason    string    `json:"reason,omitempty"`
	// act.live: Item is the chime before it
	SessionKey string `json:"session_key,omitempty"` // base64 Ed25519, one use
	// test, ask
	Command string `json:"command,omitempty"`
	// acked
	Seq      int64  `json:"seq,omitempty"`
	HeadHash string `json:"head,omitempty"`
}

// A TimeAnswer answers a box's time question.
type TimeAnswer struct {
	Head
	Nonce  string           `json:"nonce"` // base64 of the 16 bytes that the box asked with
	Time   time.Time        `json:"time"`
	Root   int64            `json:"root,omitempty"`   // number of the newest root document
	Epochs map[string]int64 `json:"epochs,omitempty"` // trust list issuer → epoch
}

// A Beat is the sign of life of the authority behind the broker.
type Beat struct {
	Head
	Seq              int64            `json:"seq"`
	Time             time.Time        `json:"time"`
	Root             int64            `json:"root,omitempty"`   // number of the newest root document
	Epochs           map[string]int64 `json:"epochs,omitempty"` // trust list issuer → epoch
	Alerts           map[string]int64 `json:"alerts,omitempty"` // "place/office" → version of live slots at, above and below
	ReconnectWindowS int              `json:"reconnect_window_s,omitempty"`
	Rollout          *Rollout         `json:"rollout,omitempty"` // absent: no box begins an update
}

// A Want says what one box should be.
type Want struct {
	Head
	OwnPlace string    `json:"own_place"`
	Groups   []string  `json:"groups,omitempty"`
	Name     string    `json:"name,omitempty"`
	Media    []string  `json:"media,omitempty"` // base URLs; the path is /m/{sha256}
	Settings *Settings `json:"settings,omitempty"`
	Firmware *Firmware `json:"firmware,omitempty"`
}

// Settings is the white list of what the centre may set on a box.
type Settings struct {
	Brokers       []string `json:"brokers,omitempty"`
	VolumePercent int      `json:"volume_percent,omitempty"`
	Lang          string   `json:"lang,omitempty"`
	Metered       bool     `json:"metered,omitempty"`
	Commissioned  bool     `json:"commissioned,omitempty"`  // an uncommissioned box plays at reduced level
	DelayMS       int      `json:"delay_ms,omitempty"`      // this box starts so much later what boxes start together
	StaggerGroup  int      `json:"stagger_group,omitempty"` // 0 or 1: whether it speaks first in a slot with stagger, or second
}

// A Plan is everything that holds for one box now: only accepted documents,
// each with its Proof. It is a value: whoever changes it makes a new one.
type Plan struct {
	Device    string
	Place     string   // the box's own place; empty: unassigned
	Groups    []string // further places of the box
	Above     []string // ancestors of Place, nearest first
	Bulletins map[Key]Bulletin
	Schedules map[Key]Schedule
	Policies  map[Key]Policy // a looser one of one signer has its elder beside it for a day, under id@version
	Alerts    map[Key]AlertSet
	Triggers  map[Key]Triggers
	Acts      []Act             // accepted and unexpired plays, stops, drills, in order of arrival
	Ended     map[Key]time.Time // bulletins and schedules that ended within a week, and when
	Want      Want
}

// Width is how many steps place lies above the box's own place: 0 its own or a
// group's, 1 its parent's. It is -1 for a place that does not concern the box.
func (p *Plan) Width(place string) int {
	if place == p.Place {
		return 0
	}
	for i, a := range p.Above {
		if a == place {
			return i + 1
		}
	}
	for _, g := range p.Groups {
		if g == place {
			return 0
		}
	}
	return -1
}
