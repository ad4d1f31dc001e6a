package qemu

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// A QMP is the machine protocol of one emulator: commands go out, events come in.
type QMP struct {
	conn net.Conn

	asking sync.Mutex // one command at a time
	answer chan reply

	mu     sync.Mutex
	events []Event
	news   chan struct{} // closed when an event comes, or the end
	ended  error
}

// An Event is what the emulator told without being asked, such as WATCHDOG.
type Event struct {
	At   time.Time // when it was read
	Name string
	Data json.RawMessage
}

type reply struct {
	Return json.RawMessage
	Error  *struct{ Class, Desc string }
}

// DialQMP joins the emulator whose socket is path. Close ends it.
func DialQMP(ctx context.Context, path string) (*QMP, error) {
	conn, err := dial(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("qmp: %w", err)
	}
	q := &QMP{conn: conn, answer: make(chan reply), news: make(chan struct{})}
	go q.read() // ends with the connection
	if err := q.Do(ctx, "qmp_capabilities", nil, nil); err != nil {
		conn.Close()
		return nil, err
	}
	return q, nil
}

// dial waits for a socket that the emulator is about to make.
func dial(ctx context.Context, path string) (net.Conn, error) {
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
		if err == nil {
			return conn, nil
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(err, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Close ends the connection.
func (q *QMP) Close() error { return q.conn.Close() }

func (q *QMP) read() {
	in := bufio.NewScanner(q.conn)
	in.Buffer(nil, 4<<20)
	for in.Scan() {
		var m struct {
			reply
			Event string
			Data  json.RawMessage
			QMP   json.RawMessage
		}
		switch err := json.Unmarshal(in.Bytes(), &m); {
		case err != nil || m.QMP != nil: // noise; the greeting
		case m.Event != "":
			q.mu.Lock()
			q.events = append(q.events, Event{time.Now(), m.Event, m.Data})
			q.wake()
			q.mu.Unlock()
		default:
			q.answer <- m.reply
		}
	}
	q.mu.Lock()
	q.ended = errors.Join(errors.New("the emulator has ended"), in.Err())
	q.wake()
	q.mu.Unlock()
	close(q.answer)
}

func (q *QMP) wake() {
	close(q.news)
	q.news = make(chan struct{})
}

// Do runs one command. args and into may be nil.
func (q *QMP) Do(ctx context.Context, command string, args, into any) error {
	q.asking.Lock()
	defer q.asking.Unlock()
	line, err := json.Marshal(struct {
		Execute   string `json:"execute"`
		Arguments any    `json:"arguments,omitempty"`
	}{command, args})
	if err != nil {
		return err
	}
	if _, err := q.conn.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("qmp: %s: %w", command, err)
	}
	select {
	case <-ctx.Done():
		// The answer would be taken for that of the next command.
		q.conn.Close()
		return fmt.Errorf("qmp: %s: no answer: %w", command, ctx.Err())
	case r, ok := <-q.answer:
		switch {
		case !ok:
			return fmt.Errorf("qmp: %s: the emulator has ended", command)
		case r.Error != nil:
			return fmt.Errorf("qmp: %s: %s", command, r.Error.Desc)
		case into != nil:
			return json.Unmarshal(r.Return, into)
		}
		return nil
	}
}

// Wait returns the first event of that name that came after since.
func (q *QMP) Wait(ctx context.Context, name string, since time.Time) (Event, error) {
	for {
		q.mu.Lock()
		for _, e := range q.events {
			if e.Name == name && e.At.After(since) {
				q.mu.Unlock()
				return e, nil
			}
		}
		news, ended := q.news, q.ended
		q.mu.Unlock()
		if ended != nil {
			return Event{}, fmt.Errorf("qmp: no event %s: %w", name, ended)
		}
		select {
		case <-ctx.Done():
			return Event{}, fmt.Errorf("qmp: no event %s: %w", name, ctx.Err())
		case <-news:
		}
	}
}
