package box

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"loa/agent/console"
	"loa/agent/health"
	"loa/agent/ledger"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/speaker"
	"loa/agent/speaker/speakertest"
	"loa/agent/stick"
	"loa/agent/trust/trusttest"
	"loa/boards"
)

// A pole is a box that has had no network for an hour, and a stick.
type pole struct {
	*testing.T
	w   *trusttest.World
	b   *Box
	dir string
}

func onAPole(t *testing.T, f func(p *pole), with ...func(*Opts)) {
	board, err := boards.Load("desk")
	if err != nil {
		t.Fatal(err)
	}
	state, dir := t.TempDir(), t.TempDir()
	log := slog.New(slog.DiscardHandler)
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC))) // a bubble begins in 2000
		p := &pole{T: t, w: trusttest.New(time.Now()), dir: dir}
		o := Opts{
			Device: trusttest.Device, State: state, Root: p.w.RootFile(), Key: trusttest.Key(trusttest.Device), Board: board,
			Health: health.New(log, nil), Log: log, OpenSink: func() (speaker.Sink, error) { return &speakertest.Card{}, nil },
		}
		for _, set := range with {
			set(&o)
		}
		p.b, err = New(o)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- p.b.Run(ctx) }()
		want := p.w.Want()
		want.Media = nil
		for _, m := range p.w.Setup() {
			if strings.HasSuffix(m.Topic, message.LeafWant) {
				m = trusttest.Seal(want, trusttest.Prov1, trusttest.Prov2)
			}
			p.b.station.Receive(ctx, m.Topic, m.Raw)
		}
		time.Sleep(time.Hour)
		p.w = p.w.Later(time.Hour)
		f(p)
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// beat is a sign of life of so long ago, with the lists that the box has.
func (p *pole) beat(age time.Duration) trusttest.Message {
	beat := p.w.Later(-time.Hour).Beat(2)
	beat.Time = time.Now().Add(-age)
	return trusttest.Seal(beat, trusttest.Pulse)
}

// tin is a bulletin with a recording; its bytes come with it.
func (p *pole) tin(id string) (trusttest.Message, plan.Audio, []byte) {
	sound := bytes.Repeat([]byte(id), 20_000)
	sum := sha256.Sum256(sound)
	b := p.w.Bulletin(trusttest.Commune, id, plan.Normal)
	b.Audio[0].SHA256, b.Audio[0].Bytes = hex.EncodeToString(sum[:]), int64(len(sound))
	return trusttest.Seal(b, trusttest.Author1), b.Audio[0], sound
}

// write makes the stick, with these documents on it.
func (p *pole) write(messages ...trusttest.Message) *stick.Stick {
	p.Helper()
	s, err := stick.Create(p.dir)
	if err != nil {
		p.Fatal(err)
	}
	var all []byte
	for _, m := range messages {
		all = append(append(all, m.Raw...), '\n')
	}
	if err := s.Write(stick.Documents, all); err != nil {
		p.Fatal(err)
	}
	return s
}

func (p *pole) visit() console.Imported {
	p.Helper()
	is, err := technician{p.b}.Import(p.Context(), p.dir)
	if err != nil {
		p.Fatal(err)
	}
	return is
}

func (p *pole) holds(ids ...string) {
	p.Helper()
	var got []string
	for k := range p.b.plan.Load().Bulletins {
		got = append(got, k.ID)
	}
	slices.Sort(got)
	if !slices.Equal(got, ids) {
		p.Errorf("the plan has %v, want %v", got, ids)
	}
}

func codes(is console.Imported) string {
	var all []string
	for _, d := range is.Documents {
		all = append(all, strings.TrimSuffix(filepath.Base(d.Name)+" "+string(d.Code), " "))
	}
	return strings.Join(all, ", ")
}

// Attacks by stick, each refused with its code; what is good beside them is taken.
func TestAttacksByStick(t *testing.T) {
	onAPole(t, func(p *pole) {
		good, a, sound := p.tin("tin")
		older := p.w.Later(-10*time.Minute).Bulletin(trusttest.Commune, "tin", plan.Normal)
		otherBox := p.w.Want()
		otherBox.Device = "box-2"
		forged := trusttest.Seal(p.w.Bulletin(trusttest.Commune, "forged", plan.Normal), trusttest.Author1)
		at := bytes.Index(forged.Raw, []byte(`"sig":"`)) + 8
		forged.Raw[at] ^= 3
		stranger := trusttest.Seal(p.w.Bulletin(trusttest.Commune, "stranger", plan.Normal), trusttest.Stranger)
		climber := trusttest.Seal(p.w.Bulletin(trusttest.Province, "climber", plan.Normal), trusttest.Author1)
		s := p.write(
			p.beat(time.Hour), good,
			trusttest.Seal(older, trusttest.Author1), forged, stranger, climber,
			trusttest.Seal(p.w.Bulletin(trusttest.Sibling, "theirs", plan.Normal), trusttest.Neighbour),
			trusttest.Seal(otherBox, trusttest.Prov1, trusttest.Prov2),
			trusttest.Seal(p.w.Gong(trusttest.Commune, "gong-1"), trusttest.Author1),
			trusttest.Message{Raw: []byte("no envelope \xff\xfe")},
			trusttest.Message{Raw: bytes.Repeat([]byte("x"), 1<<20)},
		)
		defer s.Close()
		if err := s.PutMedia(a.SHA256, bytes.NewReader(append(bytes.Clone(sound), 'x'))); err != nil {
			p.Fatal(err)
		}
		is := p.visit()
		want := "tin, tin replay, forged signature, stranger unknown-key, climber scope, act stale, documents.jsonl:10 malformed, documents.jsonl:11 too-large"
		if got := codes(is); got != want {
			p.Errorf("\n%s, want\n%s", got, want)
		}
		if is.Others != 2 || is.Taken != 1 || is.Refused != 7 || is.Copied != 0 || len(is.Bad) != 1 || is.Bad[0].Code != plan.MediaDigest || is.Broken != "" {
			p.Errorf("%+v", is)
		}
		p.holds("tin")
		if err := s.PutMedia(a.SHA256, bytes.NewReader(sound)); err != nil {
			p.Fatal(err)
		}
		if is := p.visit(); is.Copied != 1 || is.Present != 0 || is.Taken != 0 || is.Known != 1 || is.Missing != 0 {
			p.Errorf("%+v", is)
		}
	})
}

// Without a sign of life, or with one that is too old, nothing new counts.
func TestStickWithoutASignOfLife(t *testing.T) {
	onAPole(t, func(p *pole) {
		good, _, _ := p.tin("tin")
		p.write(good).Close()
		if got := codes(p.visit()); got != "tin stale" {
			p.Error(got)
		}
		p.write(p.beat(8*24*time.Hour), good).Close()
		is := p.visit()
		if got := codes(is); got != "beat expired, tin stale" || !is.Documents[0].Old {
			p.Error(got)
		}
		p.holds()
		p.write(p.beat(6*24*time.Hour), good).Close()
		if got := codes(p.visit()); got != "tin" {
			p.Error(got)
		}
		p.holds("tin")
	})
}

// A pulled is a stick that is pulled out after so many lines, and in the middle of a
// recording.
type pulled struct {
	*stick.Stick
	lines int
}

var errGone = errors.New("input/output error")

func (s pulled) Lines(name string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		n := 0
		for line, err := range s.Stick.Lines(name) {
			if n++; n > s.lines {
				yield(nil, errGone)
				return
			}
			if !yield(line, err) {
				return
			}
		}
	}
}

func (s pulled) Media(sha string) (io.ReadCloser, int64, error) {
	f, n, err := s.Stick.Media(sha)
	if err != nil {
		return nil, 0, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(io.LimitReader(f, n/2), iotest.ErrReader(errGone)), f}, n, nil
}

func (s pulled) Give(string, string, []byte) error { return errGone }

// A stick that is pulled out leaves whole documents and no halves of recordings, and
// the next import goes on.
func TestStickIsPulledOut(t *testing.T) {
	onAPole(t, func(p *pole) {
		one, a, sound := p.tin("mot")
		two, _, _ := p.tin("hai")
		s := p.write(p.beat(time.Hour), one, two)
		defer s.Close()
		if err := s.PutMedia(a.SHA256, bytes.NewReader(sound)); err != nil {
			p.Fatal(err)
		}
		is := p.b.receive(p.Context(), pulled{s, 2})
		if is.Taken != 1 || !strings.Contains(is.Broken, errGone.Error()) || is.Copied != 0 || is.Segments != 0 {
			p.Errorf("%+v", is)
		}
		p.holds("mot")
		if files, _ := filepath.Glob(filepath.Join(p.b.o.State, "media", "*", "*")); len(files) > 0 {
			if fi, _ := os.Stat(files[0]); fi.Size() > 0 {
				p.Errorf("half a recording is left: %v", files)
			}
		}
		is = p.visit()
		if is.Taken != 1 || is.Known != 1 || is.Copied != 1 || is.Present != 0 || is.Broken != "" {
			p.Errorf("%+v", is)
		}
		if is = p.visit(); is.Copied != 0 || is.Present != 1 {
			p.Errorf("what is there already is not counted: %+v", is)
		}
		p.holds("hai", "mot")
	})
}

// What the box gives back is its whole ledger under its own signature; a receipt
// that comes a day later lets it forget.
func TestLedgerGoesBack(t *testing.T) {
	onAPole(t, func(p *pole) {
		for range 4000 {
			p.b.note(ledger.Entry{Kind: ledger.Event, Detail: newNonce()})
		}
		s := p.write()
		defer s.Close()
		is := p.visit()
		last, head := p.b.ledger.Head()
		if is.Segments < 2 || is.From != 1 || is.To != last {
			p.Fatalf("%+v, the ledger ends with %d", is, last)
		}
		next, prev := int64(1), ""
		for n := 1; n <= is.Segments; n++ {
			raw, err := s.GivenSegment(trusttest.Device, n)
			if err != nil {
				p.Fatal(err)
			}
			h, data, err := message.DecodeSegment(raw, trusttest.Key(trusttest.Device).Public().(ed25519.PublicKey))
			if err != nil {
				p.Fatal(err)
			}
			if _, err := (ledger.Export{From: h.From, To: h.To, Prev: h.Prev, Head: h.Head, Data: data}).Check(); err != nil || h.From != next || n > 1 && h.Prev != prev {
				p.Fatalf("segment %d from %d: %v", n, h.From, err)
			}
			next, prev = h.To+1, h.Head
		}
		act := plan.Act{Seq: last, HeadHash: head}
		act.Head = p.w.BoxHead(plan.KindAcked, "acked-1")
		act.Until = time.Now().Add(5 * time.Minute)
		receipt := trusttest.Seal(act, trusttest.Desk)
		act.HeadHash = strings.Repeat("0", 64)
		act.ID = "acked-2"
		wrong := trusttest.Seal(act, trusttest.Desk)
		time.Sleep(24 * time.Hour)
		for _, c := range []struct {
			raw  []byte
			from int64
		}{{wrong.Raw, 1}, {trusttest.Seal(act, trusttest.Author1).Raw, 1}, {receipt.Raw, last + 1}, {receipt.Raw, last + 1}} {
			if err := s.Write(stick.Acks, append(c.raw, '\n')); err != nil {
				p.Fatal(err)
			}
			p.visit()
			if from, _ := p.b.ledger.Unsent(); from != c.from {
				p.Errorf("not acknowledged from %d on, want %d", from, c.from)
			}
		}
		if _, err := s.GivenSegment(trusttest.Device, 2); err == nil {
			p.Error("what the office has is still on the stick")
		}
	})
}
