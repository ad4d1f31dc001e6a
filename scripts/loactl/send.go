package main

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"loa/scripts/authority"
)

// What a broker keeps of an authority's documents.
var keptFilters = []string{
	"loa/v1/trust/#", "loa/v1/p/+/doc/+/+", "loa/v1/p/+/alert/+", "loa/v1/d/+/want",
}

// settle is how long nothing more must come before the tool believes that a
// broker has delivered everything it keeps.
const settle = 700 * time.Millisecond

// send brings the broker in line with what has been issued: it publishes what
// the broker lacks or has in an older version, and nothing else, because every
// box in the place pays for each message.
func (a *app) send(args []string) error {
	fs := a.flags("send")
	all := fs.Bool("all", false, "")
	anyway := fs.Bool("anyway", false, "")
	if _, err := a.parse(fs, args, 0, 0); err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	filters := keptFilters
	if au.Restored() != nil {
		filters = append(slices.Clone(filters), compareFilters...)
	}
	pending, err := au.Pending()
	if err != nil {
		return err
	}
	c := collector{got: make(map[string][]byte), came: make(chan struct{}, 1)}
	l, err := a.connect(au, filters, c.receive)
	if err != nil {
		return err
	}
	defer l.stop()
	if err := c.quiet(a, settle); err != nil {
		return err
	}
	if au.Restored() != nil {
		if err := a.compare(au, &c, *anyway); err != nil {
			return err
		}
	}
	issued, err := au.Issued()
	if err != nil {
		return err
	}
	var sent, newer, outrun []authority.Issued
	for _, is := range issued {
		if !au.Sendable(is) {
			outrun = append(outrun, is)
			continue
		}
		there := c.get(is.Topic.String())
		if !*all {
			if bytes.Equal(there, is.Raw) {
				continue
			}
			if other, err := authority.Read(there); err == nil && head(other.Doc).Version() > head(is.Doc).Version() {
				newer = append(newer, is)
				continue
			}
		}
		if err := l.send(wire(is)); err != nil {
			return err
		}
		sent = append(sent, is)
	}
	result := map[string]any{"issued": len(issued), "sent": written(sent), "newer_at_broker": written(newer), "newer_at_boxes": written(outrun), "pending": written(pending)}
	return a.show(result, func(w io.Writer) {
		for _, is := range sent {
			fmt.Fprintln(w, a.text("document.sent", a.named(au, is.Topic)))
			a.ripens(w, au, is)
		}
		for _, is := range newer {
			fmt.Fprintln(w, a.text("send.newer", capital(a.named(au, is.Topic))))
		}
		for _, is := range outrun {
			fmt.Fprintln(w, a.text("send.outrun", capital(a.named(au, is.Topic))))
		}
		if len(sent) == 0 && len(newer) == 0 && len(outrun) == 0 {
			fmt.Fprintln(w, a.text("send.nothing", len(issued)))
		} else {
			fmt.Fprintln(w, a.text("send.done", len(sent), len(issued)))
		}
		if len(pending) > 0 {
			fmt.Fprintln(w, a.text("send.pending", len(pending)))
			for _, is := range pending {
				fmt.Fprintln(w, "  "+a.named(au, is.Topic))
			}
		}
	})
}

// written are the topics of documents as they are on the wire.
func written(all []authority.Issued) []string {
	out := make([]string, len(all))
	for i, is := range all {
		out[i] = is.Topic.String()
	}
	return out
}

// A collector keeps the last message of each topic.
type collector struct {
	mu   sync.Mutex
	got  map[string][]byte
	came chan struct{}
}

func (c *collector) receive(topic string, payload []byte) {
	c.mu.Lock()
	c.got[topic] = payload
	c.mu.Unlock()
	select {
	case c.came <- struct{}{}:
	default:
	}
}

func (c *collector) get(topic string) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.got[topic]
}

// quiet waits until nothing has come for d.
func (c *collector) quiet(a *app, d time.Duration) error {
	for {
		select {
		case <-c.came:
		case <-a.ctx.Done():
			return a.ctx.Err()
		case <-time.After(d):
			return nil
		}
	}
}
