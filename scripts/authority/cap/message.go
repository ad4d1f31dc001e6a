// Package cap takes alerts in the Common Alerting Protocol (OASIS CAP 1.2): it reads
// them strictly, verifies who signed them, and says what they become at our places. It
// signs nothing: what comes of a message is a proposal to people who hold keys.
package cap

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Namespace is that of CAP 1.2.
const Namespace = "urn:oasis:names:tc:emergency:cap:1.2"

// A Message is one CAP alert.
type Message struct {
	Identifier string
	Sender     string
	Sent       time.Time
	Status     string // Actual Exercise System Test Draft
	Type       string // Alert Update Cancel Ack Error
	Scope      string // Public Restricted Private
	Note       string
	References []Reference
	Infos      []Info
}

// A Reference names an earlier message.
type Reference struct {
	Sender, Identifier string
	Sent               time.Time
}

func (r Reference) String() string {
	return r.Sender + "," + r.Identifier + "," + r.Sent.Format(time.RFC3339)
}

// Self is the reference that names the message.
func (m *Message) Self() Reference { return Reference{m.Sender, m.Identifier, m.Sent} }

// An Info is what a message says in one language.
type Info struct {
	Lang                                   string
	Categories                             []string
	Event                                  string
	Urgency, Severity, Certainty           string
	Effective, Onset, Expires              time.Time
	SenderName                             string
	Headline, Description, Instruction, At string
	Areas                                  []Area
}

// An Area is where it holds.
type Area struct {
	Desc     string
	Geocodes []Geocode
}

// A Geocode is an area's code in a system that ValueName names.
type Geocode struct{ ValueName, Value string }

// Read reads a message, strictly. Nothing is verified: see Sender.Verify.
func Read(raw []byte) (*Message, error) {
	root, err := parse(raw)
	if err != nil {
		return nil, err
	}
	return message(root)
}

// message is the message of a document, which may have signatures in it.
func message(root *node) (*Message, error) {
	switch {
	case root.name == "alert" && root.space == Namespace:
	case root.name == "alert" && strings.HasPrefix(root.space, "urn:oasis:names:tc:emergency:cap:"), root.name == "alert" && strings.Contains(root.space, "/cap/"):
		return nil, refuse(CodeSchema, "đây là CAP bản khác (%s); chỉ nhận CAP 1.2", "this is another version of CAP (%s); only 1.2 is taken", clip(root.space)).at(root)
	default:
		return nil, refuse(CodeSchema, "không phải bản tin CAP 1.2: phần tử đầu phải là <alert xmlns=%q>", "no CAP 1.2: the first element has to be <alert xmlns=%q>", Namespace).at(root)
	}
	if err := alertElement.check(root); err != nil {
		return nil, err
	}
	m := &Message{
		Identifier: root.value("identifier"), Sender: root.value("sender"), Sent: root.time("sent"),
		Status: root.value("status"), Type: root.value("msgType"), Scope: root.value("scope"), Note: root.value("note"),
	}
	for _, r := range strings.Fields(root.value("references")) {
		l := strings.Split(r, ",")
		n := root.child("references")
		if len(l) != 3 {
			return nil, refuse(CodeSchema, "%q: viết sender,identifier,sent", "%q: write sender,identifier,sent", clip(r)).at(n)
		}
		sent, err := stamp(l[2])
		if err != nil {
			return nil, refuse(CodeSchema, "%q không phải thời điểm", "%q is no time", clip(l[2])).at(n)
		}
		m.References = append(m.References, Reference{l[0], l[1], sent})
	}
	for _, n := range root.all("info") {
		m.Infos = append(m.Infos, info(n))
	}
	return m, m.complete(root)
}

// complete asks for what the schema leaves open and the standard's text does not.
func (m *Message) complete(root *node) error {
	switch {
	case len(m.Infos) == 0 && (m.Type == "Alert" || m.Type == "Update"):
		return refuse(CodeSchema, "bản tin %s thiếu <info>: không biết việc gì, ở đâu", "an %s without <info>: nobody knows what, and where", m.Type).at(root)
	case len(m.References) == 0 && m.Type != "Alert":
		return refuse(CodeSchema, "bản tin %s thiếu <references>: không biết nói về bản tin nào", "a message of type %s without <references>: nobody knows of which", m.Type).at(root)
	}
	return nil
}

func info(n *node) Info {
	i := Info{
		Lang: n.value("language"), Event: n.value("event"),
		Urgency: n.value("urgency"), Severity: n.value("severity"), Certainty: n.value("certainty"),
		Effective: n.time("effective"), Onset: n.time("onset"), Expires: n.time("expires"),
		SenderName: n.value("senderName"), Headline: n.value("headline"),
		Description: n.value("description"), Instruction: n.value("instruction"),
	}
	if i.Lang == "" {
		i.Lang = "en-US" // the standard says so
	}
	for _, c := range n.all("category") {
		i.Categories = append(i.Categories, strings.TrimSpace(c.text))
	}
	for _, a := range n.all("area") {
		area := Area{Desc: a.value("areaDesc")}
		for _, g := range a.all("geocode") {
			area.Geocodes = append(area.Geocodes, Geocode{g.value("valueName"), g.value("value")})
		}
		i.Areas = append(i.Areas, area)
	}
	return i
}

func (n *node) all(name string) (all []*node) {
	for _, c := range n.children {
		if c.name == name && c.space == Namespace {
			all = append(all, c)
		}
	}
	return all
}

func (n *node) child(name string) *node {
	if all := n.all(name); len(all) > 0 {
		return all[0]
	}
	return nil
}

func (n *node) value(name string) string {
	if c := n.child(name); c != nil {
		return strings.TrimSpace(c.text)
	}
	return ""
}

func (n *node) time(name string) time.Time {
	t, _ := stamp(n.value(name)) // checked, or not there
	return t
}

// stamp reads a time as CAP writes it: with seconds and an offset, never Z.
func stamp(s string) (time.Time, error) {
	t, err := time.Parse("2006-01-02T15:04:05-07:00", s)
	if err != nil || t.Year() < 2000 || t.Year() > 2200 {
		return time.Time{}, fmt.Errorf("cap: %q is no time", clip(s))
	}
	return t.UTC(), nil
}

// xsi is where XML keeps what any element may have, such as schemaLocation. Nothing of
// it is looked at.
const xsi = "http://www.w3.org/2001/XMLSchema-instance"

// An element is what the schema says of one.
type element struct {
	name        string
	least, most int // most 0: any number
	is          func(text string) (vi, en string)
	of          []element // children, in this order
}

func (e *element) check(n *node) error {
	for _, a := range n.attr {
		if a.Name.Space != "xmlns" && a.Name.Local != "xmlns" && a.Name.Space != xsi {
			return refuse(CodeSchema, "CAP không có thuộc tính %s", "CAP has no attribute %s", clip(a.Name.Local)).at(n)
		}
	}
	if e.of == nil {
		if len(n.children) > 0 {
			return refuse(CodeSchema, "ở đây chỉ có chữ, không có phần tử <%s>", "there is only text here, no element <%s>", clip(n.children[0].name)).at(n)
		}
		text := strings.TrimSpace(n.text)
		if text == "" && e.least > 0 {
			return refuse(CodeSchema, "để trống", "it is empty").at(n)
		}
		if e.is != nil && text != "" {
			if vi, en := e.is(text); en != "" {
				return refuse(CodeSchema, "%s", "%s", "").with(vi, en).at(n)
			}
		}
		return nil
	}
	if strings.TrimSpace(n.text) != "" {
		return refuse(CodeSchema, "có chữ lạc: %q", "stray text: %q", clip(strings.TrimSpace(n.text))).at(n)
	}
	return e.checkChildren(n)
}

func (e *Error) with(vi, en string) *Error {
	e.VI, e.EN = vi, en
	return e
}

func (e *element) checkChildren(n *node) error {
	next, count := 0, make([]int, len(e.of))
	for _, c := range n.children {
		if c.space == dsNamespace && c.name == "Signature" && e.name == "alert" {
			continue // Verify looks at it
		}
		k := slices.IndexFunc(e.of, func(o element) bool { return o.name == c.name && c.space == Namespace })
		switch {
		case k < 0:
			return refuse(CodeSchema, "<%s> không thuộc <%s> của CAP 1.2", "<%s> is no part of <%s> in CAP 1.2", clip(c.name), e.name).at(c)
		case k < next:
			return refuse(CodeSchema, "sai thứ tự: <%s> phải đứng trước <%s>", "out of order: <%s> comes before <%s>", c.name, e.of[next].name).at(c)
		}
		next = k
		if count[k]++; e.of[k].most > 0 && count[k] > e.of[k].most {
			return refuse(CodeSchema, "chỉ được có %d", "there may be %d only", e.of[k].most).at(c)
		}
		if err := e.of[k].check(c); err != nil {
			return err
		}
	}
	for i, o := range e.of {
		if count[i] < o.least {
			return refuse(CodeSchema, "thiếu <%s>", "<%s> is missing", o.name).at(n)
		}
	}
	return nil
}
