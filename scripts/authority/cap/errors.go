package cap

import (
	"fmt"
	"strings"
)

// The codes of what is refused.
const (
	CodeTooLarge    = "too-large"
	CodeEncoding    = "encoding"  // not UTF-8
	CodeDoctype     = "doctype"   // DTD, entities, processing instructions: nothing of them is needed, much is an attack
	CodeTooDeep     = "too-deep"  // nested or split into more than any alert is
	CodeMalformed   = "malformed" // no XML
	CodeSchema      = "schema"    // no CAP 1.2
	CodeUnsigned    = "unsigned"
	CodeAlgorithm   = "algorithm" // signed by means that are too weak or that nobody needs
	CodeSignature   = "signature" // it does not fit
	CodeNoSender    = "sender"    // not on the list
	CodeCertificate = "certificate"
	CodeNotPublic   = "not-public"
	CodeCategory    = "category" // not among those that the sender may speak of
	CodeClass       = "class"    // graver or other than the sender may ask for
	CodeArea        = "area"     // no place of ours
	CodeScope       = "scope"    // places of ours for which the sender may not speak
	CodeExpired     = "expired"
	CodeNotYet      = "not-yet" // sent in the future
	CodeDuplicate   = "duplicate"
	CodeConflict    = "conflict" // the same identifier, other content
	CodeOlder       = "older"    // a newer message has replaced it
	CodeReference   = "reference"
	CodeText        = "text" // nothing that can be said or shown

	codeStorage = "storage"
)

// An Error says what is wrong with a message, or with the list of senders.
type Error struct {
	Code    string
	Line    int    // in the file; 0: no single one
	Element string // such as info[2]/severity; empty: none
	VI, EN  string
}

func (e *Error) Error() string { return e.say("line", e.EN) }

// Vietnamese is the error in Vietnamese.
func (e *Error) Vietnamese() string { return e.say("dòng", e.VI) }

func (e *Error) say(line, what string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "cap %s: ", e.Code)
	if e.Line > 0 {
		fmt.Fprintf(&b, "%s %d: ", line, e.Line)
	}
	if e.Element != "" {
		fmt.Fprintf(&b, "<%s>: ", e.Element)
	}
	return b.String() + what
}

func refuse(code, vi, en string, args ...any) *Error {
	return &Error{Code: code, VI: fmt.Sprintf(vi, args...), EN: fmt.Sprintf(en, args...)}
}

// at says where in a message.
func (e *Error) at(n *node) *Error {
	e.Line, e.Element = n.line, n.path
	return e
}

// clip keeps what somebody wrote short enough to be quoted.
func clip(s string) string {
	r := []rune(s)
	if len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
