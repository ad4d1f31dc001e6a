// Package trusttest is a small authority with its places, people and one box,
// and the attacks on it that trust must refuse: for trust's own tests and for
// those of a whole box.
package trusttest

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"sync"
	"time"

	"loa/agent/clock"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/trust"
)

// The places and the box of the world. Commune is the box's own place, below
// Province; Sibling lies beside it, Other is another province, Market a group.
const (
	Device   = "box-1"
	Province = "74"
	Other    = "75"
	Commune  = "26734"
	Sibling  = "26735"
	Market   = "cho"
)

// The people, each with one key. Those of the province are listed by the root,
// those of the communes by the province.
const (
	Prov1, Prov2     = "prov-1", "prov-2"
	Other1, Other2   = "other-1", "other-2"
	Author1, Author2 = "commune-1", "commune-2" // of Commune: everything but emergencies
	Warner1, Warner2 = "warner-1", "warner-2"   // of Commune's office Office: alerts
	Flood1           = "flood-1"                // of Commune's office "flood"
	Reader           = "reader-1"               // of Commune: bulletins of class normal only
	Neighbour        = "neighbour-1"            // of Sibling
	Pulse            = "pulse"                  // beat, for Province
	Desk             = "desk"                   // service, for Province
	Stranger         = "stranger"               // nobody lists this key
	Office           = "ubnd"
	ProvinceOffice   = "pctt"
	rootHolders      = 5
	rootThreshold    = 3
)

// A World is an authority at one moment.
type World struct {
	Now  time.Time
	born time.Time // when it was made: grants run from then on
	root plan.Root
}

// New makes the world as it is at now.
func New(now time.Time) *World {
	now = now.Truncate(time.Millisecond)
	w := &World{Now: now, born: now}
	w.root = w.RootDoc(1, w.names("root", rootHolders)...)
	return w
}

func (w *World) names(prefix string, n int) []string {
	var s []string
	for i := range n {
		s = append(s, fmt.Sprintf("%s-%d", prefix, i+1))
	}
	return s
}

// Key is the key of the person called name: the same in every run.
func Key(name string) ed25519.PrivateKey {
	if k, ok := keys.Load(name); ok {
		return k.(ed25519.PrivateKey)
	}
	seed := sha256.Sum256([]byte("loa test key of " + name))
	k := ed25519.NewKeyFromSeed(seed[:])
	keys.Store(name, k)
	return k
}

// keys has each person's key once: the table of attacks asks for thousands.
var keys sync.Map

// Public is the public half, as lists write it.
func Public(name string) string {
	return base64.StdEncoding.EncodeToString(Key(name).Public().(ed25519.PublicKey))
}

// Keys are those of several people.
func Keys(names ...string) []ed25519.PrivateKey {
	var k []ed25519.PrivateKey
	for _, n := range names {
		k = append(k, Key(n))
	}
	return k
}

// A Message is an envelope on its topic.
type Message struct {
	Topic string
	Raw   []byte
}

// Seal signs a document for the topic where it belongs. It panics on one that
// no box would decode: that is a mistake in the test.
func Seal(doc any, names ...string) Message {
	raw, err := message.Seal(doc, Keys(names...)...)
	if err != nil {
		panic(fmt.Sprintf("trusttest: %v", err))
	}
	return Message{Topic: topicOf(doc), Raw: raw}
}

// SealBytes signs a payload that may be anything.
func SealBytes(topic string, kind plan.Kind, payload []byte, names ...string) Message {
	return Message{Topic: topic, Raw: message.Sign(message.PayloadType(kind, plan.Format), payload, Keys(names...)...).Encode()}
}

func topicOf(doc any) string {
	t, err := message.TopicOf(doc)
	if err != nil {
		panic(fmt.Sprintf("trusttest: %v", err))
	}
	return t.String()
}

// Head is the head of a document that is issued now.
func (w *World) Head(kind plan.Kind, place, id string) plan.Head {
	return plan.Head{Format: plan.Format, Kind: kind, Place: place, ID: id, Issued: w.Now}
}

// BoxHead is the head of a document for the box.
func (w *World) BoxHead(kind plan.Kind, id string) plan.Head {
	return plan.Head{Format: plan.Format, Kind: kind, Device: Device, ID: id, Issued: w.Now}
}

// RootDoc is root document n with these holders.
func (w *World) RootDoc(n int64, holders ...string) plan.Root {
	r := plan.Root{
		Head: w.Head(plan.KindRoot, plan.RootPlace, fmt.Sprint(n)), Number: n,
		Threshold: min(rootThreshold, len(holders)), Expires: w.Now.AddDate(10, 0, 0),
	}
	for _, h := range holders {
		r.Keys = append(r.Keys, plan.RootKey{Holder: h, Key: Public(h)})
	}
	return r
}

// RootSigners are enough holders of the first root.
func (w *World) RootSigners() []string { return w.names("root", rootThreshold) }

// RootFile is the root as the box's image carries it.
func (w *World) RootFile() []byte { return Seal(w.root, w.RootSigners()...).Raw }

// Grant is a grant that began yesterday and runs for two months.
func (w *World) Grant(name, place string, kinds []plan.Kind, classes ...plan.Class) plan.Grant {
	return plan.Grant{
		Key: Public(name), Holder: name, Place: place, Kinds: kinds, Classes: classes,
		NotBefore: w.born.Add(-24 * time.Hour), NotAfter: w.born.Add(60 * 24 * time.Hour),
	}
}

var (
	// Speak are the kinds of an author.
	Speak = []plan.Kind{
		plan.KindBulletin, plan.KindSchedule, plan.KindPolicy, plan.KindPlay, plan.KindStop,
		plan.KindLive, plan.KindDrill, plan.KindMute,
	}
	// Calm are the classes of an author who may warn nobody.
	Calm = []plan.Class{plan.Normal, plan.PriorityC, plan.Filler, plan.Test, plan.Live, plan.Drill}
)

// RootList is the root's list: two provinces, their officers, the online keys
// and the table of quorums.
func (w *World) RootList() plan.List {
	every := append([]plan.Class{plan.Emergency}, Calm...)
	rule := append(append([]plan.Kind{plan.KindAlert}, Speak...), plan.GrantDelegate, plan.GrantAssign, plan.GrantFirmware, plan.GrantSettings)
	l := plan.List{
		Head: w.Head(plan.KindList, plan.RootPlace, "list"),
		Children: []plan.Child{
			{Place: Province, Name: "Bình Dương", Width: 2},
			{Place: Other, Name: "Đồng Nai", Width: 2},
		},
		Quorum: []plan.QuorumRule{
			{Kind: plan.KindAlert, Width: 1, Holders: 2},
			{Kind: plan.KindPlay, Class: plan.Emergency, Width: 1, Holders: 2},
			{Kind: plan.KindAlert, Holders: 2},
		},
	}
	for _, p := range []struct{ name, place, office string }{
		{Prov1, Province, ProvinceOffice}, {Prov2, Province, ProvinceOffice}, {Other1, Other, "pctt"}, {Other2, Other, "pctt"},
	} {
		g := w.Grant(p.name, p.place, rule, every...)
		g.Office = p.office
		l.Grants = append(l.Grants, g)
	}
	l.Grants = append(l.Grants,
		w.Grant(Pulse, Province, []plan.Kind{plan.KindBeat}),
		w.Grant(Desk, Province, []plan.Kind{plan.GrantService}),
	)
	return l
}

// ProvinceList is the province's list: its communes and their officers.
func (w *World) ProvinceList() plan.List {
	l := plan.List{
		Head: w.Head(plan.KindList, Province, "list"),
		Children: []plan.Child{
			{Place: Commune, Name: "Xã An Sơn"},
			{Place: Sibling, Name: "Xã Lái Thiêu"},
			{Place: Market, Name: "Các chợ", Width: 1},
		},
		Grants: []plan.Grant{
			w.Grant(Author1, Commune, Speak, Calm...),
			w.Grant(Author2, Commune, Speak, Calm...),
			w.Grant(Reader, Commune, []plan.Kind{plan.KindBulletin, plan.KindPlay}, plan.Normal),
			w.Grant(Neighbour, Sibling, Speak, Calm...),
		},
	}
	for _, name := range []string{Warner1, Warner2} {
		g := w.Grant(name, Commune, []plan.Kind{plan.KindAlert, plan.KindBulletin, plan.KindPlay}, plan.Emergency)
		g.Office = Office
		l.Grants = append(l.Grants, g)
	}
	flood := w.Grant(Flood1, Commune, []plan.Kind{plan.KindAlert}, plan.Emergency)
	flood.Office = "flood"
	l.Grants = append(l.Grants, flood)
	return l
}

// Want says that the box belongs to Commune and the group of markets.
func (w *World) Want() plan.Want {
	return plan.Want{
		Head: w.BoxHead(plan.KindWant, "want"), OwnPlace: Commune, Groups: []string{Market}, Name: "Cột 1",
		Media: []string{"https://media.example.vn"},
	}
}

// Beat is the sign of life that belongs to the world as it is set up.
func (w *World) Beat(seq int64) plan.Beat {
	return plan.Beat{
		Head: w.Head(plan.KindBeat, Province, "beat"), Seq: seq, Time: w.Now, Root: 1,
		Epochs: map[string]int64{plan.RootPlace: w.Now.UnixMilli(), Province: w.Now.UnixMilli()},
	}
}

// Policy is a policy of Commune without quiet hours, so that time of day
// decides nothing in the world as it is set up.
func (w *World) Policy() plan.Policy {
	return plan.Policy{
		Head: w.Head(plan.KindPolicy, Commune, "policy"), Validity: w.Valid(),
		Zone: "+07:00", QuietHours: []plan.Span{}, RelayHosts: []string{"radio.example.vn"},
	}
}

// Valid is from now for a month.
func (w *World) Valid() plan.Validity { return plan.Validity{ValidUntil: w.Now.AddDate(0, 1, 0)} }

// Setup is what a new box receives, in order; every message is accepted.
func (w *World) Setup() []Message {
	return []Message{
		Seal(w.RootList(), w.RootSigners()...),
		Seal(w.ProvinceList(), Prov1, Prov2),
		Seal(w.Want(), Prov1, Prov2),
		Seal(w.Beat(1), Pulse),
		Seal(w.Policy(), Author1, Author2),
	}
}

// Box is the trust of the box after Setup, sure of the time.
func (w *World) Box() (*trust.Trust, error) {
	t, err := w.Bare()
	if err != nil {
		return nil, err
	}
	for _, m := range w.Setup() {
		v := t.Judge(m.Topic, m.Raw, w.Now, clock.Signed)
		if !v.Accepted() {
			return nil, fmt.Errorf("trusttest: setting up, %s: %w", m.Topic, v.Err)
		}
		t.Commit(v)
	}
	return t, nil
}

// Bare is the trust of a box that knows its root and nothing else.
func (w *World) Bare() (*trust.Trust, error) {
	return trust.New(w.RootFile(), Device, w.Opts())
}

// Opts is what the box knows about itself.
func (w *World) Opts() trust.Opts {
	return trust.Opts{
		Built: w.born.Add(-12 * time.Hour), Security: 7,
		Now: func() (time.Time, clock.Level) { return w.Now, clock.Signed },
	}
}
