package trusttest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"loa/agent/message"
	"loa/agent/plan"
)

// forged is a document with a signature of the first person over other bytes,
// and good ones of the others.
func forged(doc any, first string, others ...string) Message {
	m := Seal(doc, append([]string{first}, others...)...)
	e, err := message.Open(m.Raw)
	if err != nil {
		panic(fmt.Sprintf("trusttest: %v", err))
	}
	e.Signatures[0].Sig = message.Sign(e.PayloadType, []byte("{}"), Key(first)).Signatures[0].Sig
	m.Raw = e.Encode()
	return m
}

// flipped changes one letter of the id in the payload.
func flipped(m Message) Message {
	e, err := message.Open(m.Raw)
	if err != nil {
		panic(fmt.Sprintf("trusttest: %v", err))
	}
	e.Payload = bytes.Replace(e.Payload, []byte(`"id":"gong-1"`), []byte(`"id":"gong-0"`), 1)
	m.Raw = e.Encode()
	return m
}

// edited signs the document's bytes after old was replaced by new in them.
func edited(doc any, old, new string, names ...string) Message {
	payload, err := message.Encode(doc)
	if err != nil {
		panic(fmt.Sprintf("trusttest: %v", err))
	}
	if !bytes.Contains(payload, []byte(old)) {
		panic(fmt.Sprintf("trusttest: no %q in %s", old, payload))
	}
	h, err := message.HeadOf(doc)
	if err != nil {
		panic(fmt.Sprintf("trusttest: %v", err))
	}
	return SealBytes(topicOf(doc), h.Kind, bytes.Replace(payload, []byte(old), []byte(new), 1), names...)
}

// rewrapped changes the envelope's own JSON.
func rewrapped(m Message, change func(map[string]any)) Message {
	var e map[string]any
	if err := json.Unmarshal(m.Raw, &e); err != nil {
		panic(fmt.Sprintf("trusttest: %v", err))
	}
	change(e)
	raw, err := json.Marshal(e)
	if err != nil {
		panic(fmt.Sprintf("trusttest: %v", err))
	}
	return Message{Topic: m.Topic, Raw: raw}
}

// forms are refused before anybody asks who signed.
func (w *World) forms() []Case {
	note := w.Bulletin(Commune, "note", plan.Normal)
	good := Seal(note, Author1)
	bad := func(name, old, new string) Case {
		return Case{Name: name, Message: edited(note, old, new, Author1), Want: plan.Malformed}
	}
	typed := func(name, topic string, kind plan.Kind) Case {
		payload, err := message.Encode(note)
		if err != nil {
			panic(fmt.Sprintf("trusttest: %v", err))
		}
		return Case{Name: name, Message: SealBytes(topic, kind, payload, Author1), Want: plan.Malformed}
	}
	cases := []Case{
		bad("a duplicate key", `"lang":"vi"`, `"lang":"vi","lang":"en"`),
		bad("a key in another case", `"lang":"vi"`, `"Lang":"vi"`),
		bad("an unknown key", `"lang":"vi"`, `"lang":"vi","langs":"vi"`),
		bad("null for a value", `"lang":"vi"`, `"lang":null`),
		bad("a lone surrogate", `"title":"`, `"title":"\ud83d`),
		bad("text in NFD behind escapes", `"title":"`, `"title":"a\u0323 `),
		bad("a bidi override", `"title":"`, `"title":"\u202e`),
		bad("a control character", `"title":"`, `"title":"\u0007`),
		bad("a line feed in a title", `"title":"Bản`, `"title":"Bản\n`),
		bad("1.0 for an integer", `"bytes":48000`, `"bytes":48000.0`),
		bad("1e3 for an integer", `"bytes":48000`, `"bytes":1e3`),
		bad("2^53 for an integer", `"bytes":48000`, `"bytes":9007199254740992`),
		bad("a leading zero", `"bytes":48000`, `"bytes":048000`),
		bad("a time without an offset", `"issued":"`+stamp(note), `"issued":"2026-11-23T05:30:00","x":"`),
		bad("an upper-case id", `"id":"note"`, `"id":"Note"`),
		bad("a path for an id", `"id":"note"`, `"id":"../note"`),
		bad("both a place and a device", `"place":"26734"`, `"place":"26734","device":"box-1"`),
		bad("neither a place nor a device", `"place":"26734",`, ``),
		bad("a payload of another kind", `"kind":"bulletin"`, `"kind":"schedule"`),
		bad("a class that is none", `"class":"normal"`, `"class":"urgent"`),
		bad("an emergency by another spelling", `"class":"normal"`, `"class":"Emergency"`),
		bad("no end of validity", `"valid_until"`, `"valid_from"`),
		{Name: "nesting nine deep", Message: SealBytes(good.Topic, plan.KindBulletin, []byte(strings.Repeat(`{"audio":[`, 9)), Author1), Want: plan.Malformed},
		{Name: "bytes behind the payload's end", Message: suffixed(note, " {}", Author1), Want: plan.Malformed},
		{Name: "an empty payload", Message: SealBytes(good.Topic, plan.KindBulletin, nil, Author1), Want: plan.Malformed},
		{Name: "a payload that is no UTF-8", Message: edited(note, "Bản tin note", "\xff", Author1), Want: plan.Malformed},
		typed("a type that does not fit the payload", "loa/v1/p/26734/doc/schedule/note", plan.KindSchedule),
		typed("a type that does not fit the topic", "loa/v1/p/26734/doc/schedule/note", plan.KindBulletin),
		typed("an id that does not fit the topic", "loa/v1/p/26734/doc/bulletin/other", plan.KindBulletin),
		typed("a bulletin on the act topic", "loa/v1/p/26734/act", plan.KindBulletin),
		typed("a topic that is none", "loa/v1/p/26734/doc/bulletin/note/x", plan.KindBulletin),
		{Name: "a format from the future", Message: Message{good.Topic, message.Sign("application/vnd.loa.bulletin+json;v=2", []byte("{}"), Key(Author1)).Encode()}, Want: plan.Unsupported},
		{Name: "a kind that is none", Message: SealBytes(good.Topic, "spell", []byte("{}"), Author1), Want: plan.Unsupported},
	}
	return append(cases, w.envelopes(good)...)
}

func (w *World) envelopes(good Message) []Case {
	nine := rewrapped(good, func(e map[string]any) {
		sigs := e["signatures"].([]any)
		for i := range 8 {
			sig := sigs[0].(map[string]any)
			e["signatures"] = append(e["signatures"].([]any), map[string]any{"keyid": fmt.Sprintf("%064x", i), "sig": sig["sig"]})
		}
	})
	with := func(change func(map[string]any)) Message { return rewrapped(good, change) }
	sig := func(e map[string]any) map[string]any { return e["signatures"].([]any)[0].(map[string]any) }
	low := w.Later(0).ProvinceList()
	lowKey := base64.StdEncoding.EncodeToString(append([]byte{1}, make([]byte, 31)...))
	return []Case{
		{Name: "no signatures", Message: with(func(e map[string]any) { e["signatures"] = []any{} }), Want: plan.Unsigned},
		{Name: "no list of signatures", Message: with(func(e map[string]any) { delete(e, "signatures") }), Want: plan.Unsigned},
		{Name: "nine signatures", Message: nine, Want: plan.Malformed},
		{Name: "64 KiB and one byte", Message: Message{good.Topic, append(bytes.Clone(good.Raw), bytes.Repeat([]byte(" "), message.MaxEnvelope+1-len(good.Raw))...)}, Want: plan.TooLarge},
		{Name: "64 KiB", Message: Message{good.Topic, append(bytes.Clone(good.Raw), bytes.Repeat([]byte(" "), message.MaxEnvelope-len(good.Raw))...)}, Want: plan.Accepted},
		{Name: "an empty message", Message: Message{"loa/v1/p/26734/act", nil}, Want: plan.Malformed},
		{Name: "bytes behind the envelope's end", Message: Message{good.Topic, append(bytes.Clone(good.Raw), 'x')}, Want: plan.Malformed},
		{Name: "a second envelope behind the first", Message: Message{good.Topic, append(bytes.Clone(good.Raw), good.Raw...)}, Want: plan.Malformed},
		{Name: "an unknown key in the envelope", Message: with(func(e map[string]any) { e["note"] = "x" }), Want: plan.Malformed},
		{Name: "a line end inside base64", Message: with(func(e map[string]any) {
			s := e["payload"].(string)
			e["payload"] = s[:8] + "\n" + s[8:]
		}), Want: plan.Malformed},
		{Name: "base64 without padding", Message: with(func(e map[string]any) { sig(e)["sig"] = strings.TrimRight(sig(e)["sig"].(string), "=") }), Want: plan.Malformed},
		{Name: "base64 for URLs", Message: with(func(e map[string]any) { sig(e)["sig"] = "-_" + sig(e)["sig"].(string)[2:] }), Want: plan.Malformed},
		{Name: "a short signature", Message: with(func(e map[string]any) { sig(e)["sig"] = "AAAA" }), Want: plan.Malformed},
		{Name: "one key under two key ids", Message: with(func(e map[string]any) {
			s := sig(e)
			e["signatures"] = []any{s, map[string]any{"keyid": strings.ToUpper(s["keyid"].(string)), "sig": s["sig"]}}
		}), Want: plan.Malformed},
		{Name: "one signature twice", Message: with(func(e map[string]any) { e["signatures"] = []any{sig(e), sig(e)} }), Want: plan.Malformed},
		{Name: "half a key id", Message: with(func(e map[string]any) { sig(e)["keyid"] = sig(e)["keyid"].(string)[:32] }), Want: plan.Malformed},
		{Name: "another payload type", Message: with(func(e map[string]any) { e["payloadType"] = "application/json" }), Want: plan.Malformed},
		{Name: "a key of low order in a list", Message: edited(low, Public(Author1), lowKey, Prov1, Prov2), Want: plan.Malformed},
	}
}

func stamp(b plan.Bulletin) string {
	s, err := json.Marshal(b.Issued)
	if err != nil {
		panic(fmt.Sprintf("trusttest: %v", err))
	}
	return strings.Trim(string(s), `"`)
}

func suffixed(doc any, suffix string, names ...string) Message {
	payload, err := message.Encode(doc)
	if err != nil {
		panic(fmt.Sprintf("trusttest: %v", err))
	}
	h, err := message.HeadOf(doc)
	if err != nil {
		panic(fmt.Sprintf("trusttest: %v", err))
	}
	return SealBytes(topicOf(doc), h.Kind, append(payload, suffix...), names...)
}
