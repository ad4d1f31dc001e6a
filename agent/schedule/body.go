package schedule

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"loa/agent/plan"
	"loa/agent/sound"
	"loa/agent/voice"
)

// A body is what an item comes to: the parts to play and what is to be known of
// them, or why it cannot sound.
type body struct {
	item   plan.Key
	class  plan.Class
	origin plan.Origin
	lang   string
	title  string
	text   string
	parts  []plan.Part
	rounds int
	gap    time.Duration // between rounds
	length time.Duration // all rounds and gaps; 0: not known
	until  time.Time     // the bulletin's end; zero: none
	relay  bool          // sounds by the clock on the wall: it cannot be played later
	pages  []plan.Page
	ticker string
	seen   bool // only seen: it makes no sound and takes none of its time
	silent bool // nobody is to hear it
	err    *plan.Error
}

func refuse(code plan.Code, format string, a ...any) *plan.Error {
	return &plan.Error{Code: code, Msg: fmt.Sprintf(format, a...), VI: plan.InVietnamese(vietnamese, format, a...)}
}

// body resolves an item of a document of place.
func (v *view) body(it *plan.Item, place string, gap time.Duration) body {
	switch {
	case it.Ref != nil:
		return v.bulletin(*it.Ref, place, gap)
	case it.Relay != nil:
		r := it.Relay
		b := body{
			class: r.Class, origin: r.Origin, lang: r.Lang, title: r.Title, rounds: 1, relay: true,
			length: time.Duration(r.ForS) * time.Second,
		}
		b.parts = []plan.Part{{Relay: r, Length: b.length}}
		return b
	default:
		return chime(it.Chime)
	}
}

func chime(name string) body {
	b := body{class: plan.Normal, origin: plan.Own, title: name, rounds: 1}
	length, ok := sound.ChimeLength(name)
	if !ok {
		b.err = refuse(plan.Unsupported, "no chime is called %q: there are %s", name, strings.Join(sound.Chimes(), ", "))
		return b
	}
	b.parts, b.length = []plan.Part{{Chime: name, Length: length}}, length
	return b
}

// bulletin resolves a reference by identity and content: what bears the name
// but not the digest is another bulletin than the one that was meant.
func (v *view) bulletin(ref plan.Ref, place string, gap time.Duration) body {
	k := key(ref, place)
	doc, ok := v.p.Bulletins[k]
	b := body{item: k, class: doc.Class, rounds: 1, title: cmp.Or(doc.Title, k.ID)}
	switch {
	case !ok:
		b.class = plan.Normal
		if at, ended := v.p.Ended[k]; ended {
			b.err = refuse(plan.Expired, "bulletin %s ended at %s", k, plan.Moment(at))
			return b
		}
		b.err = refuse(plan.MediaMissing, "bulletin %s is not on the box", k)
		return b
	case ref.SHA256 != doc.Proof.SHA256:
		b.err = refuse(plan.Conflict, "bulletin %s is %.12s here, not %.12s", k, doc.Proof.SHA256, ref.SHA256)
		return b
	case doc.Withdrawn:
		b.err = refuse(plan.Revoked, "bulletin %s was withdrawn", k)
		return b
	case !v.alive(doc.Validity):
		if v.now.Before(doc.ValidFrom) {
			b.err = refuse(plan.NotYet, "bulletin %s holds from %s", k, plan.Moment(doc.ValidFrom))
		} else {
			b.err = refuse(plan.Expired, "bulletin %s ended at %s", k, plan.Moment(doc.ValidUntil))
		}
		return b
	}
	b.origin, b.lang, b.text, b.until = doc.Origin, doc.Lang, doc.Text, doc.ValidUntil
	b.pages, b.ticker = inOrder(v, doc.Shown(), func(p plan.Page) string { return cmp.Or(p.Lang, doc.Lang) }), doc.Ticker
	if len(doc.Audio) == 0 {
		b.seen = !v.board
		b.length = doc.ShownFor() * time.Duration(max(1, doc.Repeat))
		return b
	}
	b.rounds, b.gap = max(1, doc.Repeat), gap
	b.parts = make([]plan.Part, len(doc.Audio))
	for i, a := range inOrder(v, doc.Audio, func(a plan.Audio) string { return cmp.Or(a.Lang, doc.Lang) }) {
		b.parts[i] = plan.Part{Audio: &a, LoudnessLUFS: doc.LoudnessLUFS, Length: time.Duration(a.DurationMS) * time.Millisecond}
	}
	b.measure()
	return b
}

// phrase is a sentence of the image's own, in the language of the box.
func (v *view) phrase(name string) body {
	lang := "vi"
	if set := v.p.Want.Settings; set != nil && set.Lang != "" {
		lang = set.Lang
	}
	length := voice.PhraseLength(lang, name)
	return body{
		class: plan.Normal, origin: plan.Own, lang: lang, title: name, rounds: 1, length: length,
		parts: []plan.Part{{Phrase: name, Lang: lang, Length: length}},
	}
}

// before puts others before the parts, in every round.
func (b *body) before(others ...body) {
	var parts []plan.Part
	for _, o := range others {
		parts = append(parts, o.parts...)
	}
	b.parts = append(parts, b.parts...)
	b.measure()
}

// repeat sets how often the parts sound.
func (b *body) repeat(rounds int) {
	b.rounds = max(1, rounds)
	b.measure()
}

func (b *body) measure() {
	var round time.Duration
	for _, p := range b.parts {
		if p.Length == 0 {
			b.length = 0
			return
		}
		round += p.Length
	}
	b.length = time.Duration(b.rounds)*round + time.Duration(b.rounds-1)*b.gap
}

// fill writes what the body knows into an occurrence.
func (b *body) fill(o *plan.Occurrence) {
	o.Item, o.Class, o.Origin, o.Lang, o.Title, o.Text = b.item, b.class, b.origin, b.lang, b.title, b.text
	o.Parts, o.Repeat, o.Gap, o.Length, o.Err = b.parts, b.rounds, b.gap, b.length, b.err
	o.Pages, o.Ticker, o.Silent = b.pages, b.ticker, b.silent
	if !b.until.IsZero() && o.End.After(b.until) {
		o.End = b.until
	}
}

// sign writes who asks into an occurrence.
func (v *view) sign(o *plan.Occurrence, h *plan.Head) {
	o.By, o.Issued = h.Key(), h.Issued
	o.Width, o.Signer, o.Holders = v.width(h.Place), h.Proof.Signer, len(h.Proof.Holders)
}
