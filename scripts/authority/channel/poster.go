package channel

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"loa/agent/clock"
	"loa/agent/ledger"
	"loa/scripts/authority"
)

// Folder is where an authority's folder has what was posted: the memory, and a ledger that
// tells it to whoever asks later.
const Folder = "channels"

// posts is the memory in it.
const posts = "posts.jsonl"

// A Way sends a post. Its errors say whether they may pass.
type Way interface {
	// Send gives the service's own name of what went out. It is told once more of a post
	// that it may have sent already only where an emergency is worth it; id is then the same.
	Send(ctx context.Context, p Post, place, id string) (ref string, err error)
}

// Books are what a Poster asks of an authority.
type Books interface {
	Issued() ([]authority.Issued, error)
	// Called is the name of a place.
	Called(place string) string
	// Covers reports whether place is top or below it.
	Covers(place, top string) bool
}

// Opts are what a Poster works with.
type Opts struct {
	Config Config
	Dir    string // where it keeps what it has posted
	Books  Books
	Way    func(Channel) (Way, error)
	Log    *slog.Logger
}

// A Poster posts what is due.
type Poster struct {
	o    Opts
	file file
	ways map[string]Way
	rest map[string]pause // by channel
}

// A pause is how long a service that failed is left alone.
type pause struct {
	until time.Time
	last  time.Duration
}

const (
	firstPause = 10 * time.Second
	lastPause  = 5 * time.Minute
)

// New makes a poster.
func New(o Opts) *Poster {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Poster{o: o, file: file{name: filepath.Join(o.Dir, posts)}, ways: make(map[string]Way), rest: make(map[string]pause)}
}

// every is how often it looks whether something is new. An alert of the box's own way is
// heard within a second; a telephone needs longer than this by itself.
const every = 5 * time.Second

// Run posts until ctx ends.
func (p *Poster) Run(ctx context.Context) error {
	if err := os.MkdirAll(p.o.Dir, 0o700); err != nil {
		return err
	}
	m, err := recall(p.file.name)
	if err != nil {
		return err
	}
	book, err := ledger.Open(filepath.Join(p.o.Dir, "ledger"), ledger.Opts{
		Log: p.o.Log, Now: func() (time.Time, clock.Level) { return time.Now(), clock.NTP },
	})
	if err != nil {
		return err
	}
	defer book.Close()
	for _, ch := range p.o.Config.Channels {
		if !ch.On {
			continue
		}
		if p.ways[ch.Name], err = p.o.Way(ch); err != nil {
			return err
		}
	}
	m.Turn(p.o.Config, time.Now())
	if err := p.file.rewrite(m); err != nil {
		return err
	}
	defer p.file.close()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := p.turn(ctx, m, book); err != nil {
			p.o.Log.Error("channel: what goes out cannot be written down, so nothing does", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// turn looks once, and posts what is due. What takes longer than until the next look is
// left for it: what has come meanwhile may be more urgent.
func (p *Poster) turn(ctx context.Context, m *Memory, book *ledger.Ledger) error {
	m.Turn(p.o.Config, time.Now())
	if err := p.file.tidy(m); err != nil {
		return err
	}
	all, err := p.o.Books.Issued()
	if err != nil {
		return err
	}
	items, falseAlarm := Items(all)
	begun := time.Now()
	for _, post := range Due(p.o.Config, items, falseAlarm, m, p.o.Books.Covers, begun) {
		if ctx.Err() != nil || time.Since(begun) > every {
			return nil
		}
		if time.Now().Before(p.rest[post.Channel].until) {
			continue
		}
		if err := p.post(ctx, m, book, post); err != nil {
			return err
		}
	}
	return nil
}

// sendTime bounds one post.
const sendTime = 90 * time.Second

// post sends one. It is written down before, so that a bulletin goes out once at most.
func (p *Poster) post(ctx context.Context, m *Memory, book *ledger.Ledger, post Post) error {
	if err := p.file.add(m.Begin(post, time.Now())); err != nil {
		return err
	}
	short, cancel := context.WithTimeout(ctx, sendTime)
	ref, err := p.ways[post.Channel].Send(short, post, p.o.Books.Called(post.Place), post.ID())
	cancel()
	if ctx.Err() != nil && err != nil {
		return nil // it stands as begun
	}
	if may, wait := passes(err); may {
		last := min(lastPause, max(firstPause, 2*p.rest[post.Channel].last))
		p.rest[post.Channel] = pause{time.Now().Add(max(last, wait)), last}
	} else {
		delete(p.rest, post.Channel)
	}
	l := m.End(post, ref, err, time.Now())
	if err := p.file.add(l); err != nil {
		return err
	}
	if l.State == Waiting {
		p.o.Log.Warn("channel: not posted, tried again later", "channel", post.Channel, "post", post.Key, "err", err)
		return nil
	}
	if err != nil {
		p.o.Log.Error("channel: not posted", "channel", post.Channel, "post", post.Key, "err", err)
	}
	_, err = book.Append(l.entry())
	return err
}

// entry is a line as the ledger has it. Of a telephone number it has the last three digits.
func (l Line) entry() ledger.Entry {
	to := ""
	if n := len(l.Post.To); n > 3 {
		to = " …" + l.Post.To[n-3:]
	}
	detail := l.Post.Channel + to + " " + l.Post.What + " " + l.State
	if l.Ref != "" {
		detail += " " + l.Ref
	}
	if l.Err != "" {
		detail += ": " + l.Err
	}
	return ledger.Entry{
		Time: l.At, Clock: clock.NTP, Kind: ledger.Event, ID: l.Post.Key, Class: l.Post.Class,
		Place: l.Post.Place, Title: Short(l.Post.Title, 200), Detail: detail,
	}
}
