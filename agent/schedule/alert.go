package schedule

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"time"

	"loa/agent/plan"
	"loa/agent/standing"
)

const (
	alertRounds     = 3   // of an alert that does not say
	alertRoundsMost = 100 // whatever it says: emergency air time ends it long before
)

// An alarm is an active alert with the round that comes next.
type alarm struct {
	o     plan.Occurrence
	round int       // rounds that have ended
	stop  *plan.Act // what silences it
}

// inTurn is the rounds that are due of several alerts. Those take turns that
// sounded least. A round that sounds is not cut short by the repetition of
// another alert, only by an alert's first round, and then the arbiter decides.
func inTurn(alarms []alarm, sounding string) []plan.Occurrence {
	alarms = slices.DeleteFunc(alarms, func(a alarm) bool { return a.stop != nil })
	least, sounds := alertRoundsMost, false
	for _, a := range alarms {
		least = min(least, a.round)
		sounds = sounds || a.o.ID == sounding
	}
	if sounds {
		least = 0
	}
	var due []plan.Occurrence
	for _, a := range alarms {
		if a.round == least || a.o.ID == sounding {
			due = append(due, a.o)
		}
	}
	return due
}

// alarms is every alert that is active and whose gap is over.
func (v *view) alarms() []alarm {
	var alarms []alarm
	for _, k := range slices.SortedFunc(maps.Keys(v.p.Alerts), func(a, b plan.Key) int { return cmp.Compare(a.String(), b.String()) }) {
		set := v.p.Alerts[k]
		for i := range set.Alerts {
			if a, ok := v.alarm(&set, &set.Alerts[i]); ok {
				alarms = append(alarms, a)
			}
		}
	}
	return alarms
}

func (v *view) alarm(set *plan.AlertSet, a *plan.Alert) (alarm, bool) {
	v.edge(a.From)
	v.edge(a.Until)
	if v.now.Before(a.From) || !v.now.Before(a.Until) || v.cancelled(set, a) {
		return alarm{}, false
	}
	b := v.alertBody(set, a)
	id := alertID(set, a, &b)
	if v.g.Ended[id] {
		return alarm{}, false
	}
	v.buf = append(append(v.buf[:0], id...), '/')
	stem := len(v.buf)
	rounds := min(cmp.Or(a.Repeat, alertRounds), alertRoundsMost)
	round := 0
	for ; round < rounds; round++ {
		v.buf = strconv.AppendInt(v.buf[:stem], int64(round), 10)
		if !v.g.Ended[string(v.buf)] {
			break
		}
	}
	if round == rounds {
		return alarm{}, false
	}
	if last, ok := v.g.Last[id]; ok && !last.After(v.now) {
		if begin := last.Add(time.Duration(a.GapS) * time.Second); v.now.Before(begin) {
			v.edge(begin)
			return alarm{}, false
		}
	}
	o := plan.Occurrence{ID: string(v.buf), Start: a.From, End: a.Until}
	if o.Start.IsZero() {
		o.Start = set.Issued
	}
	v.sign(&o, &set.Head)
	b.fill(&o)
	o.Issued = o.Start
	o.At = v.g.At[o.ID]
	return alarm{o, round, v.stop(&o, o.Start)}, true
}

// alertBody is the tone and then the words. While the words are missing the tone
// sounds alone: half an alarm is better than none.
func (v *view) alertBody(set *plan.AlertSet, a *plan.Alert) body {
	tone := v.tone(set.Place, a.Tone)
	b := body{parts: tone, rounds: 1}
	if a.Bulletin != nil {
		if words := v.bulletin(*a.Bulletin, set.Place, 0); words.err == nil {
			words.parts = slices.Concat(tone, words.parts)
			words.rounds, words.seen = 1, false
			b = words
		}
	}
	b.class, b.title = plan.Emergency, a.Headline
	b.origin = cmp.Or(b.origin, plan.Notice)
	b.text = cmp.Or(b.text, a.Instruction)
	b.measure()
	return b
}

// tone is what sounds before the words of an alert: a chime, or an alert that lies on
// every box, with what the nearest place has recorded of it in other languages, in a
// bulletin of class emergency that is called standing-NAME.
func (v *view) tone(place, name string) []plan.Part {
	std, ok := standing.Find(name)
	if !ok {
		tone := chime(cmp.Or(name, "siren"))
		if tone.err != nil {
			tone = chime("siren")
		}
		return tone.parts
	}
	said := []plan.Part{{Standing: std.ID, Lang: "vi", Length: std.Length}}
	for _, p := range append([]string{v.p.Place, place}, v.p.Above...) {
		k := plan.Key{Place: p, Kind: plan.KindBulletin, ID: "standing-" + std.ID}
		doc, ok := v.p.Bulletins[k]
		if !ok || doc.Class != plan.Emergency {
			continue
		}
		words := v.bulletin(plan.Ref{Place: p, Kind: plan.KindBulletin, ID: k.ID, SHA256: doc.Proof.SHA256}, place, 0)
		for _, w := range words.parts {
			if words.err == nil && w.Audio != nil && language(cmp.Or(w.Audio.Lang, doc.Lang)) != "vi" {
				w.Lang = cmp.Or(w.Audio.Lang, doc.Lang)
				said = append(said, w)
			}
		}
		break
	}
	return append(chime(std.Tone).parts, inOrder(v, said, func(p plan.Part) string { return p.Lang })...)
}

// cancelled reports whether an office that may has ended the alert. Trust has
// judged whether it may.
func (v *view) cancelled(set *plan.AlertSet, a *plan.Alert) bool {
	for _, other := range v.p.Alerts {
		for _, c := range other.Cancel {
			if c.Place == set.Place && c.Office == set.Office && c.ID == a.ID {
				return true
			}
		}
	}
	return false
}

// alertID is what the rounds of an alert have in common:
// "26734/alert/flood/storm-12@5f3a…". The digest is of what is heard, so that a
// set which is sent again does not sound again, but a correction does, and so do
// the words that came after the tone.
func alertID(set *plan.AlertSet, a *plan.Alert, b *body) string {
	h := sha256.New()
	said := make([]string, len(b.parts)) // an order of languages that changes is no other alert
	for i, p := range b.parts {
		if said[i] = p.Chime + p.Standing; p.Audio != nil {
			said[i] += p.Audio.SHA256
		}
	}
	slices.Sort(said)
	for _, s := range said {
		h.Write([]byte(s))
	}
	h.Write([]byte{0})
	h.Write([]byte(a.Headline))
	h.Write([]byte{0})
	h.Write([]byte(a.Instruction))
	return set.Key().String() + "/" + a.ID + "@" + hex.EncodeToString(h.Sum(nil)[:4])
}
