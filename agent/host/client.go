package host

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// A Client asks. Its directory is [Dir] on a box. It is safe for concurrent use.
type Client struct {
	dir string
}

// NewClient makes a client of the root that looks into dir.
func NewClient(dir string) *Client { return &Client{dir: dir} }

// Reboot asks for a reboot, with a reason for the log. When it returns nil the machine
// is about to go down.
func (c *Client) Reboot(ctx context.Context, reason string) error {
	return c.ask(ctx, "reboot", rebootArgs{Reason: reason})
}

// SetTime sets the machine's clock to t and, unless rtc is empty, a battery clock such
// as /dev/rtc0 along with it. The time that asking takes is made up for.
func (c *Client) SetTime(ctx context.Context, t time.Time, rtc string) error {
	return c.ask(ctx, "time", timeArgs{UnixMS: t.UnixMilli(), RTC: rtc})
}

// SetNetwork hands over a description of the network, which root validates anew.
func (c *Client) SetNetwork(ctx context.Context, description any) error {
	return c.ask(ctx, "network", description)
}

// answerEvery is how often the answer is looked for.
const answerEvery = 50 * time.Millisecond

// ask waits for the answer until ctx ends, at most as long as a request counts. If it
// gives up before root has seen the request, nothing is done.
func (c *Client) ask(ctx context.Context, verb string, args any) error {
	ctx, cancel := context.WithTimeoutCause(ctx, freshFor, errNobody)
	defer cancel()
	q := request{ID: rand.Text(), Verb: verb}
	var err error
	if q.Args, err = json.Marshal(args); err != nil {
		return fmt.Errorf("cannot ask for %s: %w", verb, err)
	}
	id, up, err := boot()
	if err != nil {
		return fmt.Errorf("cannot ask for %s: %w", verb, err)
	}
	q.Boot, q.At = id, up.Milliseconds()
	data, err := json.Marshal(q)
	if err != nil {
		return fmt.Errorf("cannot ask for %s: %w", verb, err)
	}
	name := q.ID + suffix
	for _, d := range []string{drafts, asks, answers} { // one that is missing is ours to make
		_ = os.Mkdir(filepath.Join(c.dir, d), 0o700)
	}
	draft, ask, told := filepath.Join(c.dir, drafts, name), filepath.Join(c.dir, asks, name), filepath.Join(c.dir, answers, name)
	if err = os.WriteFile(draft, data, 0o600); err == nil {
		err = os.Rename(draft, ask)
	}
	if err != nil {
		os.Remove(draft)
		return fmt.Errorf("cannot ask for %s: %w", verb, err)
	}
	defer os.Remove(ask)
	defer os.Remove(told)
	tick := time.NewTicker(answerEvery)
	defer tick.Stop()
	for {
		data, err := os.ReadFile(told)
		switch {
		case err == nil:
			var a answer
			if err := decode(data, &a); err != nil {
				return fmt.Errorf("cannot read the answer to %s: %w", verb, err)
			}
			if a.Error != "" {
				return fmt.Errorf("%s: %s", verb, a.Error)
			}
			return nil
		case !errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("cannot read the answer to %s: %w", verb, err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("cannot get %s done: %w", verb, context.Cause(ctx))
		}
	}
}

var errNobody = errors.New("nobody answers who may: is loa-host.path running?")
