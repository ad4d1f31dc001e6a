package said

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority"
)

// maxVersions is how far back the version that sounded is looked for.
const maxVersions = 50

// words fills in what people signed: the version that counted when it sounded last. It
// is false where there is none, or where it is not for everybody's ears.
func (b *Book) words(i *Item) (bool, error) {
	topic := message.DocTopic(i.Place, plan.KindBulletin, i.ID).String()
	versions, err := b.index.Versions(topic, maxVersions)
	if err != nil || len(versions) == 0 {
		return false, err
	}
	i.Withdrawn = versions[0].Withdrawn
	for _, v := range versions {
		if v.Withdrawn || time.UnixMilli(v.Version).After(i.Last) {
			continue
		}
		doc, err := b.bulletin(topic, v.Version)
		if err != nil { // a damaged file has no words, and takes none from all others
			return false, nil
		}
		if !Public(doc.Class) {
			return false, nil
		}
		i.SHA256, i.Class, i.Origin, i.Lang, i.Title = v.SHA256, doc.Class, doc.Origin, doc.Lang, doc.Title
		if !i.Withdrawn {
			i.Text, i.Audio = textOf(doc), audioOf(doc)
		}
		return true, nil
	}
	return false, nil
}

// Public reports whether what is of a class is for everybody: all that sounds from a
// horn is, but a technician's tests.
func Public(c plan.Class) bool {
	switch c {
	case plan.Emergency, plan.Live, plan.Drill, plan.PriorityC, plan.Normal:
		return true
	}
	return false
}

func (b *Book) bulletin(topic string, version int64) (plan.Bulletin, error) {
	is, err := b.au.Recorded(authority.Past{Topic: topic, Version: version})
	if err != nil {
		return plan.Bulletin{}, err
	}
	doc, _ := is.Doc.(plan.Bulletin) // what lies at such a topic is one
	return doc, nil
}

// textOf is what a bulletin says, or what boards show of it where it says nothing.
func textOf(doc plan.Bulletin) string {
	if doc.Text != "" {
		return doc.Text
	}
	var all []string
	for _, p := range doc.Pages {
		if p.Text != "" && !strings.Contains(p.Text, "{") { // {clock} is filled in by a board
			all = append(all, p.Text)
		}
	}
	return strings.Join(all, "\n\n")
}

func audioOf(doc plan.Bulletin) []Audio {
	var all []Audio
	for _, a := range doc.Audio {
		all = append(all, Audio{
			SHA256: a.SHA256, Type: a.Type, Lang: cmp.Or(a.Lang, doc.Lang), Bytes: a.Bytes,
			Seconds: int((a.DurationMS + 500) / 1000), Machine: a.Voice != "",
		})
	}
	return all
}

// alerts are those that hold at a place, the gravest first, and those that were a mistake.
func (b *Book) alerts(w where, below bool, now time.Time) ([]Alert, error) {
	all := []Alert{}
	var cancelled []plan.Cancel
	docs, err := b.index.Documents(string(plan.KindAlert), "", "", 10_000)
	if err != nil {
		return nil, err
	}
	for _, d := range docs {
		if d.Withdrawn && time.UnixMilli(d.Version).Before(now.Add(-Kept)) {
			continue // all clear, for long
		}
		is, err := b.au.Recorded(authority.Past{Topic: d.Topic, Version: d.Version})
		if err != nil { // it is damaged, or was taken away
			continue
		}
		set, ok := is.Doc.(plan.AlertSet)
		if !ok {
			continue
		}
		cancelled = append(cancelled, set.Cancel...)
		if !w.signed[d.Place] && !(below && b.below(d.Place, w.code, now)) {
			continue
		}
		for _, a := range set.Alerts {
			from := cmp.Or(a.From, set.Issued)
			if now.Before(from) || !now.Before(a.Until) {
				continue
			}
			one := Alert{Place: d.Place, Office: set.Office, ID: a.ID, Event: a.Event, Severity: a.Severity, Headline: a.Headline, Instruction: a.Instruction, From: from, Until: a.Until}
			if a.Bulletin != nil {
				one.Audio = b.spoken(cmp.Or(a.Bulletin.Place, d.Place), a.Bulletin)
			}
			all = append(all, one)
		}
		for _, r := range set.Retracted {
			if !now.Before(r.Until) {
				continue
			}
			one := Alert{Place: d.Place, Office: set.Office, ID: r.ID, From: set.Issued, Until: r.Until, Retracted: true}
			if err := b.was(d.Topic, r.ID, &one); err != nil {
				return nil, err
			}
			all = append(all, one)
		}
	}
	all = slices.DeleteFunc(all, func(a Alert) bool {
		return slices.Contains(cancelled, plan.Cancel{Place: a.Place, Office: a.Office, ID: a.ID})
	})
	slices.SortFunc(all, func(x, y Alert) int {
		return cmp.Or(order(x.Retracted)-order(y.Retracted), gravity(x)-gravity(y), y.From.Compare(x.From), strings.Compare(x.ID, y.ID))
	})
	return all, nil
}

func gravity(a Alert) int {
	return slices.Index([]string{"extreme", "severe", "moderate", "minor", "unknown"}, a.Severity)
}

// spoken are the recordings that an alert names by their content.
func (b *Book) spoken(place string, ref *plan.Ref) []Audio {
	versions, err := b.index.Versions(message.DocTopic(place, plan.KindBulletin, ref.ID).String(), maxVersions)
	if err != nil {
		return nil // its words are told all the same
	}
	for _, v := range versions {
		if v.SHA256 == ref.SHA256 && !v.Withdrawn {
			if doc, err := b.bulletin(v.Topic, v.Version); err == nil {
				return audioOf(doc)
			}
		}
	}
	return nil
}

// was fills in what an alert that was a mistake had said.
func (b *Book) was(topic, id string, one *Alert) error {
	versions, err := b.index.Versions(topic, maxVersions)
	if err != nil {
		return err
	}
	for _, v := range versions {
		is, err := b.au.Recorded(authority.Past{Topic: v.Topic, Version: v.Version})
		if err != nil {
			continue
		}
		set, _ := is.Doc.(plan.AlertSet)
		for _, a := range set.Alerts {
			if a.ID == id {
				one.Event, one.Headline = a.Event, a.Headline
				return nil
			}
		}
	}
	return nil
}
