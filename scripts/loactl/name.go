package main

import (
	"unicode"
	"unicode/utf8"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority"
)

// named is what people call what stands at a topic: a schedule, its id, and the
// place it is for.
func (a *app) named(au *authority.Authority, t message.Topic) string {
	switch {
	case t.Leaf == message.LeafDoc:
		return a.text("name."+string(t.Kind)) + " " + t.ID + ", " + a.placeName(au, t.Place)
	case t.Leaf == message.LeafRoot:
		return a.text("name.root", t.Root)
	case t.Leaf == message.LeafAlert && t.Office != t.Place:
		return a.text("name.office", a.placeName(au, t.Place), t.Office)
	case t.Leaf == message.LeafList && t.Place == plan.RootPlace:
		return a.text("name.lists")
	case t.Leaf == message.LeafList || t.Leaf == message.LeafAlert || t.Leaf == message.LeafAct:
		return a.text("name."+t.Leaf, a.placeName(au, t.Place))
	case t.Leaf == message.LeafWant || t.Leaf == message.LeafCmd:
		return a.text("name."+t.Leaf, t.Device)
	}
	return t.String()
}

// placeName is a place's name and its code.
func (a *app) placeName(au *authority.Authority, code string) string {
	if name := au.Places()[code].Name; name != "" && name != code {
		return name + " (" + code + ")"
	}
	return code
}

// whom is whom an order is for.
func (a *app) whom(au *authority.Authority, t message.Topic) string {
	if t.Device != "" {
		return t.Device
	}
	return a.placeName(au, t.Place)
}

// capital begins a sentence.
func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}
