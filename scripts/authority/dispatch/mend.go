package dispatch

import (
	"bytes"
	"context"
	"maps"
	"slices"

	"loa/agent/message"
	"loa/scripts/authority"
)

// mend publishes what the broker should keep and has not shown, or shows in an older
// version, or has in another's name. A newer version than the authority's own that boxes
// accept is left alone: somebody signed it elsewhere.
func (d *Dispatch) mend(ctx context.Context, out link) {
	if d.o.Mended != nil {
		defer d.o.Mended()
	}
	foreign := d.shownNow() // first: whoever issues keeps a document before the broker has it
	all, err := d.o.Authority.Issued()
	if err != nil {
		d.o.Log.Error("dispatch: the authority's documents cannot be read", "err", err)
		return
	}
	for _, is := range all {
		topic := is.Topic.String()
		there := foreign[topic]
		delete(foreign, topic)
		if bytes.Equal(there, is.Raw) || !d.o.Authority.Sendable(is) { // what comes from a backup loactl send compares first
			continue
		}
		if d.newer(is, there) {
			foreign[topic] = there
			continue
		}
		if err := send(ctx, out, is); err != nil {
			d.o.Log.Warn("dispatch: a document did not go out", "topic", topic, "err", err)
			return
		}
		d.mu.Lock()
		d.kept[topic] = is.Raw
		d.mu.Unlock()
	}
	d.report(foreign)
}

// shownNow is what the broker keeps, without what was emptied.
func (d *Dispatch) shownNow() map[string][]byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := maps.Clone(d.kept)
	maps.DeleteFunc(now, func(_ string, raw []byte) bool { return len(raw) == 0 })
	return now
}

// newer reports whether what the broker has in place of is came after it, and boxes
// would take it. Whoever can write to a broker can write any version.
func (d *Dispatch) newer(is authority.Issued, raw []byte) bool {
	other, err := authority.Read(raw)
	if err != nil || other.Topic != is.Topic || version(other) <= version(is) {
		return false
	}
	v, err := d.o.Authority.Judge(other)
	return err == nil && v.Accepted()
}

// report tells of what the broker keeps and the authority did not issue, each once.
// Nothing is done about it: boxes judge it, and to empty a topic ends no document.
func (d *Dispatch) report(foreign map[string][]byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	was := d.foreign
	d.foreign = make(map[string]string)
	var news []string
	for topic, raw := range foreign {
		sum := message.Digest(raw)
		if d.foreign[topic] = sum; was[topic] != sum {
			news = append(news, topic)
		}
	}
	if len(news) == 0 {
		return
	}
	slices.Sort(news)
	d.o.Log.Warn("dispatch: the broker keeps what this authority did not issue", "count", len(news), "topics", news[:min(len(news), 8)])
}

// Foreign are the topics of which the broker keeps something that the authority did
// not issue, also a newer version of what it did.
func (d *Dispatch) Foreign() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(maps.Keys(d.foreign))
}

func version(is authority.Issued) int64 {
	h, err := message.HeadOf(is.Doc)
	if err != nil {
		return 0
	}
	return h.Version()
}
