package bx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"
)

const (
	tries      = 3
	answerTime = 2 * time.Second // the vendor's own patience
)

// busyWaits is how long a card that says "busy" is left alone before each repetition.
var busyWaits = []time.Duration{100, 200, 400, 800, 1600}

// A question is a command and the answer that it should get.
type question struct {
	dialect dialect
	group   byte
	cmd     byte
	data    []byte
	answer  byte // the command of the reply; 0: a bare acknowledgement
}

// A talk is the conversation with one card: one request at a time, repeated until
// it is answered.
type talk struct {
	line    *line
	name    string
	baud    int
	patient time.Duration
	to      uint16
	device  uint16
	seq     uint16

	// fence is a question whose answer cannot be mistaken. Acknowledgements of
	// dynamic areas and of K cards bear no number: after an answer that came
	// late or not at all, or a frame that was cut off, the fence comes first,
	// and what is older than its answer is thrown away.
	fence question
	dirty bool

	away   bool // the card was out of reach since it was last shown something
	closed bool
	other  string // what answered instead
}

func newTalk(conn Conn, o Opts) *talk {
	t := &talk{
		line: newLine(conn, o.Baud), name: o.Name, baud: o.Baud, patient: o.Timeout,
		to: o.Address, device: anyDevice, seq: uint16(rand.Uint32()),
	}
	if t.name == "" {
		t.name = "the card"
	}
	if t.patient <= 0 {
		t.patient = answerTime
	}
	if t.to == 0 {
		t.to = anyCard
	}
	return t
}

// A silence is what is left to say when no answer comes.
type silence struct {
	name  string
	tries int
	heard string // empty: nothing
}

func (s *silence) Error() string {
	heard := ": heard nothing"
	if s.heard != "" {
		heard = ": heard " + s.heard
	}
	return fmt.Sprintf("bx: no answer from %s after %d tries%s", s.name, s.tries, heard)
}

func (t *talk) silence(tries int) *silence {
	heard := t.other
	if heard == "" {
		heard = t.line.scan.heard()
	}
	return &silence{name: t.name, tries: tries, heard: heard}
}

func (t *talk) errorf(format string, args ...any) error {
	return fmt.Errorf("bx: %s: "+format, append([]any{t.name}, args...)...)
}

// ask sends a command and returns the data of the reply.
func (t *talk) ask(ctx context.Context, q question) ([]byte, error) {
	if t.closed {
		return nil, t.errorf("the panel is closed")
	}
	if err := ctx.Err(); err != nil {
		return nil, t.errorf("%w", err)
	}
	if !q.dialect.numbered() {
		t.line.drain()
	}
	if t.dirty {
		if _, err := t.try(ctx, t.fence, tries); err != nil {
			return nil, err
		}
		t.dirty = false
	}
	return t.try(ctx, q, tries)
}

// try sends a command up to so many times. Where the card is busy it waits.
func (t *talk) try(ctx context.Context, q question, tries int) ([]byte, error) {
	t.line.scan.forget()
	t.other = ""
	for try, busy := 1, 0; ; {
		t.seq++
		r, err := t.once(ctx, q)
		switch {
		case err == nil && !r.nack():
			return r.data, nil
		case err == nil && r.code == faultBusy:
			if busy == len(busyWaits) {
				return nil, t.errorf("%w, for %d tries", r.code, busy+1)
			}
			if err := sleep(ctx, busyWaits[busy]*time.Millisecond); err != nil {
				return nil, t.errorf("%w", err)
			}
			busy++
			continue
		case err == nil && r.code != faultChecksum:
			return nil, t.errorf("%w", r.code)
		case err == nil:
			err = r.code
		case errors.Is(err, errSilent):
			t.dirty = true
		default:
			return nil, t.broken(ctx, err)
		}
		if try == tries {
			if errors.Is(err, errSilent) {
				t.away = true
				return nil, t.silence(tries)
			}
			return nil, t.errorf("%w, %d times", err, tries)
		}
		try++
	}
}

// broken judges an error of the line.
func (t *talk) broken(ctx context.Context, err error) error {
	t.dirty = true
	if ctx.Err() != nil {
		return t.errorf("%w", ctx.Err())
	}
	t.away = true
	if errors.Is(err, io.EOF) {
		err = errors.New("the other end has closed the connection")
	}
	return t.errorf("the line is lost: %w", err)
}

// once sends a command once and waits for the answer to it.
func (t *talk) once(ctx context.Context, q question) (reply, error) {
	tcp := t.baud == 0
	frame := wrap(request{
		dialect: q.dialect, to: t.to, device: t.device, tcp: tcp, seq: t.seq, group: q.group, cmd: q.cmd, data: q.data,
	}.payload())
	if err := t.line.send(ctx, frame, t.patient); err != nil {
		return reply{}, err
	}
	until := time.Now()
	if until.Before(t.line.drained) {
		until = t.line.drained
	}
	until = until.Add(t.patient)
	for {
		p, err := t.line.receive(ctx, until)
		if err != nil {
			return reply{}, err
		}
		r, err := parseReply(p)
		switch {
		case errors.Is(err, errEcho):
		case err != nil:
			t.other = "a frame with " + err.Error()
		case r.dialect != q.dialect:
			t.other = r.dialect.String()
		case r.dialect.numbered() && t.stale(r.seq):
		case r.nack():
			return r, nil
		case q.answer == 0 && r.ack(), q.answer != 0 && r.group == q.group && r.cmd == q.answer:
			return r, nil
		}
	}
}

// stale reports whether a reply bears the number of an earlier request. A card
// that numbers its replies in its own way is believed.
func (t *talk) stale(seq uint16) bool { d := t.seq - seq; return d > 0 && d < 64 }

// numbered tells whether replies bear the number of their request.
func (d dialect) numbered() bool { return d == fifth || d == sixth }

func (d dialect) String() string {
	switch d {
	case fonts:
		return "a K font card (NewK)"
	case fifth:
		return "a BX-5 graphics card"
	case sixth:
		return "a BX-6 graphics card"
	}
	return "a dynamic-area reply"
}

func (t *talk) close() error {
	if t.closed {
		return nil
	}
	t.closed = true
	return t.line.conn.Close()
}
