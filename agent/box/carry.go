package box

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"slices"
	"strings"

	"loa/agent/console"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/stick"
	"loa/agent/trust"
)

// Import takes in what a stick brings: documents on the way that those from the
// broker go, then the recordings that the plan lacks; and gives the ledger back.
// Each document is taken whole or not at all, so that a stick may be pulled out at
// any moment; the next import goes on.
func (t technician) Import(ctx context.Context, dir string) (is console.Imported, err error) {
	b := t.b
	if !b.visit.TryLock() {
		return is, console.ErrStickInUse
	}
	defer b.visit.Unlock()
	if dir == "" {
		switch found := stick.Find(b.o.Host); len(found) {
		case 0:
			return is, console.ErrNoStick
		case 1:
			dir = found[0]
		default:
			return is, console.ErrSeveralSticks
		}
	}
	s, err := stick.Open(dir)
	if err != nil {
		return is, err
	}
	defer s.Close()
	is = b.receive(ctx, s)
	is.Dir = dir
	return is, nil
}

// folder is what a visit asks of a stick.
type folder interface {
	Lines(name string) iter.Seq2[[]byte, error]
	Media(sha string) (from io.ReadCloser, bytes int64, err error)
	Give(device, name string, data []byte) error
	GiveSegment(device string, n int, data []byte) error
	EndSegments(device string, n int) error
}

func (b *Box) receive(ctx context.Context, s folder) console.Imported {
	v := visit{b: b, stick: s, is: console.Imported{Documents: []console.Carried{}}}
	err := errors.Join(v.documents(ctx, stick.Documents), v.documents(ctx, stick.Acks), b.lookForUpdate(ctx), v.files(ctx), v.giveBack())
	if err != nil {
		v.is.Broken = err.Error()
	}
	return v.is
}

// A visit is somebody with a stick at the box.
type visit struct {
	b     *Box
	stick folder
	is    console.Imported
}

// documents hands over those that are for this box.
func (v *visit) documents(ctx context.Context, name string) error {
	line := 0
	for raw, err := range v.stick.Lines(name) {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a stick that only fetches the ledger
		}
		if err != nil {
			return err
		}
		raw = slices.Clone(raw) // trust keeps it
		line++
		topic := topicOf(raw)
		if topic != "" && !v.forUs(topic) {
			if !strings.HasSuffix(topic, "/"+message.LeafBeat) {
				v.is.Others++
			}
			continue
		}
		verdict, err := v.b.station.Carry(ctx, topic, raw)
		if err != nil {
			return err
		}
		what := strings.TrimPrefix(topic, message.Prefix)
		if what == "" {
			what = fmt.Sprintf("%s:%d", name, line)
		}
		v.note(what, verdict)
	}
	return nil
}

// topicOf is where an envelope belongs; empty when that cannot be read. A stick says
// nothing of where a document is for.
func topicOf(raw []byte) string {
	e, err := message.Open(raw)
	if err != nil {
		return ""
	}
	kind, _, err := message.ParsePayloadType(e.PayloadType)
	if err != nil {
		return ""
	}
	doc, _ := message.Decode(kind, e.Payload) // with an error all the same when it lives too long
	at, err := message.TopicOf(doc)
	if err != nil {
		return ""
	}
	return at.String()
}

// forUs reports what a broker would bring to this box.
func (v *visit) forUs(topic string) bool {
	t, err := message.ParseTopic(topic)
	if err != nil {
		return true // for trust to refuse
	}
	own, above, groups := v.b.trust.Place()
	switch t.Dir {
	case message.DirDevice:
		return t.Device == v.b.o.Device
	case message.DirPlace:
		return t.Place == own || slices.Contains(above, t.Place) || slices.Contains(groups, t.Place)
	}
	return true
}

func (v *visit) note(what string, r trust.Verdict) {
	quiet := r.Kind == plan.KindBeat || r.Kind == plan.KindAcked
	switch {
	case r.Same:
		if !quiet {
			v.is.Known++
		}
	case r.Accepted():
		if !quiet {
			v.is.Taken++
			v.name(console.Carried{Name: what})
		}
	case r.Code == plan.Replay && r.Kind == plan.KindBeat:
		// What the box heard by itself is newer.
	default:
		v.is.Refused++
		c := console.Carried{Name: what, Code: r.Code, Old: r.Kind == plan.KindBeat && r.Code == plan.Expired}
		if r.Err != nil {
			c.Why = r.Err.Error()
		}
		v.name(c)
	}
}

// mostNamed bounds what is told by name; a stick may be full of anything.
const mostNamed = 1000

func (v *visit) name(c console.Carried) {
	if len(v.is.Documents) < mostNamed {
		v.is.Documents = append(v.is.Documents, c)
	}
}

// files copies the recordings and pictures that the plan lacks. What no document
// that counts names is not even opened.
func (v *visit) files(ctx context.Context) error {
	missing := v.b.media.Missing()
	// What a box fetches by itself, as soon as a document names it, is nothing to copy.
	v.is.Present = v.b.media.Status().Wanted - len(missing)
	for _, lack := range missing {
		if err := ctx.Err(); err != nil {
			return err
		}
		f, _, err := v.stick.Media(lack.SHA256)
		if errors.Is(err, fs.ErrNotExist) {
			v.is.Missing++
			continue
		}
		if err == nil {
			err = v.b.media.Bring(ctx, lack.SHA256, f)
			f.Close()
		}
		if err == nil {
			v.is.Copied++
			continue
		}
		bad := console.Carried{Name: lack.SHA256, Code: plan.MediaMissing, Why: err.Error()}
		if refused := (*plan.Error)(nil); errors.As(err, &refused) {
			bad.Code = refused.Code
		}
		v.is.Bad = append(v.is.Bad, bad)
	}
	return nil
}

// giveBack writes down, for the centre, how the box is and what it did: the ledger
// from where the centre has acknowledged it.
func (v *visit) giveBack() error {
	b := v.b
	for name, data := range map[string][]byte{
		stick.Have:   message.SealHave(b.have(), b.o.Key),
		stick.State:  message.SealReport(message.ReportState, b.state("offline"), b.o.Key),
		stick.Health: message.SealReport(message.ReportHealth, b.health(), b.o.Key),
	} {
		if err := v.stick.Give(b.o.Device, name, data); err != nil {
			return err
		}
	}
	if err := b.ledger.Sync(); err != nil {
		return err
	}
	from, _ := b.ledger.Unsent()
	n := 0
	for ; n < stick.MaxSegment; n++ {
		x, err := b.ledger.Segment(from)
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = v.stick.GiveSegment(b.o.Device, n+1, b.sealed(x))
		}
		if err != nil {
			return fmt.Errorf("ledger from entry %d on: %w", from, err)
		}
		if n == 0 {
			v.is.From = x.From
		}
		v.is.To, from = x.To, x.To+1
		v.is.Segments = n + 1
	}
	return v.stick.EndSegments(b.o.Device, n)
}
