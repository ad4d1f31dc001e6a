package message

import (
	"fmt"
	"strconv"
	"strings"

	"loa/agent/plan"
)

// Prefix begins every topic.
const Prefix = "loa/v1/"

// A Dir is the first level of a topic after the prefix.
type Dir string

// The directories.
const (
	DirTrust  Dir = "trust" // roots, lists, clock resets
	DirPlace  Dir = "p"     // what is said to a place
	DirDevice Dir = "d"     // one box, both ways
	DirEnrol  Dir = "enrol"
)

// The leaves: what a topic is for, whatever its directory.
const (
	LeafRoot   = "root"  // trust/root/{n}
	LeafList   = "list"  // trust/{place}
	LeafClock  = "clock" // trust/clock
	LeafDoc    = "doc"
	LeafAlert  = "alert"
	LeafAct    = "act"
	LeafLive   = "live"
	LeafBeat   = "beat"
	LeafWant   = "want"
	LeafCmd    = "cmd"
	LeafState  = "state"
	LeafHave   = "have"
	LeafHealth = "health"
	LeafAck    = "ack"
	LeafLedger = "ledger"
	LeafAsk    = "ask"
	LeafAnswer = "answer"
	LeafTele   = "tele"
	LeafLog    = "log"
	LeafCSR    = "csr"
	LeafCRT    = "crt"
)

// A Topic is a topic taken apart. Only what its Dir and Leaf need is set.
type Topic struct {
	Dir     Dir
	Leaf    string
	Place   string    // trust lists, p/…
	Device  string    // d/…
	Kind    plan.Kind // of the document; empty when the leaf takes several
	ID      string    // of the document, or of the enrolment
	Office  string    // alert
	Session string    // live
	Root    int64     // trust/root/{n}
}

// up are the leaves a box speaks on, down those it listens to.
var (
	up   = []string{LeafState, LeafHave, LeafHealth, LeafAck, LeafLedger, LeafAsk, LeafAnswer, LeafTele, LeafLog}
	down = map[string]plan.Kind{LeafWant: plan.KindWant, LeafCmd: ""}
)

// ParseTopic takes a topic apart. Wildcards are no topics.
func ParseTopic(s string) (Topic, error) {
	rest, ok := strings.CutPrefix(s, Prefix)
	if !ok || len(s) > 256 {
		return Topic{}, topicError(s, "it does not begin with "+Prefix)
	}
	l := strings.Split(rest, "/")
	switch Dir(l[0]) {
	case DirTrust:
		return parseTrust(s, l)
	case DirPlace:
		return parsePlace(s, l)
	case DirDevice:
		if len(l) != 3 || !plan.ValidID(l[1]) {
			break
		}
		if kind, ok := down[l[2]]; ok {
			return Topic{Dir: DirDevice, Device: l[1], Leaf: l[2], Kind: kind}, nil
		}
		for _, leaf := range up {
			if l[2] == leaf {
				return Topic{Dir: DirDevice, Device: l[1], Leaf: leaf}, nil
			}
		}
	case DirEnrol:
		if len(l) == 3 && plan.ValidID(l[1]) && (l[2] == LeafCSR || l[2] == LeafCRT) {
			return Topic{Dir: DirEnrol, ID: l[1], Leaf: l[2]}, nil
		}
	}
	return Topic{}, topicError(s, "there is no such topic")
}

func parseTrust(s string, l []string) (Topic, error) {
	switch {
	case len(l) == 3 && l[1] == LeafRoot:
		n, err := strconv.ParseInt(l[2], 10, 64)
		if err != nil || n < 1 || n >= 1<<53 || strconv.FormatInt(n, 10) != l[2] {
			return Topic{}, topicError(s, "the last level is the root's number, from 1")
		}
		return RootTopic(n), nil
	case len(l) == 2 && l[1] == plan.ClockPlace:
		return ClockTopic(), nil
	case len(l) == 2 && plan.ValidID(l[1]):
		return ListTopic(l[1]), nil
	}
	return Topic{}, topicError(s, "there is no such topic")
}

func parsePlace(s string, l []string) (Topic, error) {
	if len(l) < 3 || !plan.ValidID(l[1]) || l[1] == plan.RootPlace || l[1] == plan.ClockPlace {
		return Topic{}, topicError(s, "there is no such place")
	}
	place := l[1]
	switch {
	case len(l) == 3 && l[2] == LeafAct:
		return ActTopic(place), nil
	case len(l) == 3 && l[2] == LeafBeat:
		return BeatTopic(place), nil
	case len(l) == 4 && l[2] == LeafAlert && plan.ValidID(l[3]):
		return AlertTopic(place, l[3]), nil
	case len(l) == 4 && l[2] == LeafLive && plan.ValidID(l[3]):
		return LiveTopic(place, l[3]), nil
	case len(l) == 5 && l[2] == LeafDoc && plan.ValidID(l[4]):
		switch kind := plan.Kind(l[3]); kind {
		case plan.KindBulletin, plan.KindSchedule, plan.KindPolicy, plan.KindTrigger:
			return DocTopic(place, kind, l[4]), nil
		}
	}
	return Topic{}, topicError(s, "there is no such topic")
}

func topicError(s, why string) error {
	if len(s) > 64 {
		s = s[:64]
	}
	return fmt.Errorf("message: topic %q: %s", s, why)
}

// RootTopic is where root document n is kept.
func RootTopic(n int64) Topic {
	return Topic{Dir: DirTrust, Leaf: LeafRoot, Kind: plan.KindRoot, Root: n, ID: strconv.FormatInt(n, 10), Place: plan.RootPlace}
}

// ListTopic is where the list of one issuer is kept; the root's list is that of [plan.RootPlace].
func ListTopic(place string) Topic {
	return Topic{Dir: DirTrust, Leaf: LeafList, Kind: plan.KindList, Place: place, ID: LeafList}
}

// ClockTopic is where the root lowers clock floors.
func ClockTopic() Topic {
	return Topic{Dir: DirTrust, Leaf: LeafClock, Kind: plan.KindClock, Place: plan.RootPlace, ID: LeafClock}
}

// DocTopic is where a bulletin, schedule or policy, or triggers, are kept.
func DocTopic(place string, kind plan.Kind, id string) Topic {
	return Topic{Dir: DirPlace, Leaf: LeafDoc, Place: place, Kind: kind, ID: id}
}

// AlertTopic is the slot of one office.
func AlertTopic(place, office string) Topic {
	return Topic{Dir: DirPlace, Leaf: LeafAlert, Kind: plan.KindAlert, Place: place, Office: office, ID: office}
}

// ActTopic is where a place is told to do something now.
func ActTopic(place string) Topic { return Topic{Dir: DirPlace, Leaf: LeafAct, Place: place} }

// LiveTopic carries the packets of one live session.
func LiveTopic(place, session string) Topic {
	return Topic{Dir: DirPlace, Leaf: LeafLive, Place: place, Session: session}
}

// BeatTopic is the authority's sign of life at a place.
func BeatTopic(place string) Topic {
	return Topic{Dir: DirPlace, Leaf: LeafBeat, Kind: plan.KindBeat, Place: place, ID: LeafBeat}
}

// DeviceTopic is one of the topics of a box: want and cmd down, the rest up.
func DeviceTopic(device, leaf string) Topic {
	return Topic{Dir: DirDevice, Leaf: leaf, Device: device, Kind: down[leaf]}
}

// String is the topic as it stands on the wire.
func (t Topic) String() string {
	s := Prefix + string(t.Dir) + "/"
	switch t.Dir {
	case DirTrust:
		switch t.Leaf {
		case LeafRoot:
			return s + LeafRoot + "/" + strconv.FormatInt(t.Root, 10)
		case LeafClock:
			return s + LeafClock
		}
		return s + t.Place
	case DirDevice:
		return s + t.Device + "/" + t.Leaf
	case DirEnrol:
		return s + t.ID + "/" + t.Leaf
	}
	s += t.Place + "/" + t.Leaf
	switch t.Leaf {
	case LeafDoc:
		s += "/" + string(t.Kind) + "/" + t.ID
	case LeafAlert:
		s += "/" + t.Office
	case LeafLive:
		s += "/" + t.Session
	}
	return s
}

// Retained reports whether the broker keeps the last message of the topic.
func (t Topic) Retained() bool {
	switch t.Leaf {
	case LeafAct, LeafLive, LeafCmd, LeafAck, LeafLedger, LeafAsk, LeafAnswer, LeafTele, LeafLog, LeafCSR, LeafCRT:
		return false
	}
	return true
}

// QoS is the level to publish with. Nothing relies on it.
func (t Topic) QoS() byte {
	switch t.Leaf {
	case LeafLive, LeafBeat, LeafTele, LeafLog:
		return 0
	}
	return 1
}

// TopicOf is where doc, a document by value, belongs.
func TopicOf(doc any) (Topic, error) {
	h, err := HeadOf(doc)
	if err != nil {
		return Topic{}, err
	}
	switch h.Kind {
	case plan.KindRoot:
		return RootTopic(doc.(plan.Root).Number), nil
	case plan.KindList:
		return ListTopic(h.Place), nil
	case plan.KindClock:
		return ClockTopic(), nil
	case plan.KindAlert:
		return AlertTopic(h.Place, h.ID), nil
	case plan.KindBeat:
		return BeatTopic(h.Place), nil
	case plan.KindWant:
		return DeviceTopic(h.Device, LeafWant), nil
	case plan.KindBulletin, plan.KindSchedule, plan.KindPolicy, plan.KindTrigger:
		return DocTopic(h.Place, h.Kind, h.ID), nil
	}
	if h.Device != "" {
		return DeviceTopic(h.Device, LeafCmd), nil
	}
	return ActTopic(h.Place), nil
}

// Subscriptions are the filters of a box: trust first, then what it should be,
// then its places, so that a broker delivers grants before what they allow.
// Without lists the box asks for every list, because it does not know its place yet.
func Subscriptions(device string, lists, places []string) []string {
	f := []string{RootTopic(1).wild(), ListTopic(plan.RootPlace).String(), ClockTopic().String()}
	if len(lists) == 0 {
		f = append(f, Prefix+"trust/+")
	}
	for _, l := range lists {
		if l != plan.RootPlace {
			f = append(f, ListTopic(l).String())
		}
	}
	f = append(f, DeviceTopic(device, LeafWant).String(), DeviceTopic(device, LeafCmd).String())
	for _, p := range places {
		f = append(f, BeatTopic(p).String(), Prefix+"p/"+p+"/alert/+", Prefix+"p/"+p+"/doc/+/+", ActTopic(p).String(), Prefix+"p/"+p+"/live/+")
	}
	return f
}

func (t Topic) wild() string {
	s := t.String()
	return s[:strings.LastIndexByte(s, '/')] + "/+"
}
