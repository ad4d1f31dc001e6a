package channel

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
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

// A Poster posts what is due. Each channel has a goroutine of its own while it posts, so
// that a modem keeps nobody else waiting; what they share is under mu.
type Poster struct {
	o    Opts
	ways map[string]Way

	mu     sync.Mutex
	file   file
	memory *Memory
	book   *ledger.Ledger
	rest   map[string]pause // by channel
	busy   map[string]bool  // by channel
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
	return &Poster{o: o, file: file{name: filepath.Join(o.Dir, posts)}, ways: make(map[string]Way), rest: make(map[string]pause), busy: make(map[string]bool)}
}

// every is how often it looks whether something is new. An alert of the box's own way is
// heard within a second; a telephone needs longer than this by itself.
const every = 5 * time.Second

// Run posts until ctx ends.
func (p *Poster) Run(ctx context.Context) error {
	if err := os.MkdirAll(p.o.Dir, 0o700); err != nil {
		return err
	}
	var err error
	if p.memory, err = recall(p.file.name); err != nil {
		return err
	}
	if p.book, err = ledger.Open(filepath.Join(p.o.Dir, "ledger"), ledger.Opts{
		Log: p.o.Log, Now: func() (time.Time, clock.Level) { return time.Now(), clock.NTP },
	}); err != nil {
		return err
	}
	defer p.book.Close()
	for _, ch := range p.o.Config.Channels {
		if !ch.On {
			continue
		}
		if p.ways[ch.Name], err = p.o.Way(ch); err != nil {
			return err
		}
	}
	p.memory.Turn(p.o.Config, time.Now())
	if err := p.file.rewrite(p.memory); err != nil {
		return err
	}
	defer p.file.close()
	var posting sync.WaitGroup
	defer posting.Wait()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := p.turn(ctx, &posting); err != nil {
			p.o.Log.Error("channel: what goes out cannot be written down, so nothing does", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// A job is a post with the name of its place.
type job struct {
	Post
	place string
}

// turn looks once, and lets every channel that is not at it begin with what is due.
func (p *Poster) turn(ctx context.Context, posting *sync.WaitGroup) error {
	all, err := p.o.Books.Issued()
	if err != nil {
		return err
	}
	items, falseAlarm := Items(all)
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.memory.Turn(p.o.Config, now)
	if err := p.file.tidy(p.memory); err != nil {
		return err
	}
	jobs := make(map[string][]job)
	for _, post := range Due(p.o.Config, items, falseAlarm, p.memory, p.o.Books.Covers, now) {
		if !p.busy[post.Channel] && !now.Before(p.rest[post.Channel].until) {
			jobs[post.Channel] = append(jobs[post.Channel], job{post, p.o.Books.Called(post.Place)})
		}
	}
	for channel, due := range jobs {
		p.busy[channel] = true
		posting.Go(func() {
			if err := p.channel(ctx, due, now); err != nil {
				p.o.Log.Error("channel: what goes out cannot be written down, so nothing does", "channel", channel, "err", err)
			}
			p.mu.Lock()
			delete(p.busy, channel)
			p.mu.Unlock()
		})
	}
	return nil
}

// channel sends what is due on one channel. What takes longer than until the next look is
// left for it: what has come meanwhile may be more urgent.
func (p *Poster) channel(ctx context.Context, due []job, begun time.Time) error {
	for _, j := range due {
		p.mu.Lock()
		rests := time.Now().Before(p.rest[j.Channel].until)
		p.mu.Unlock()
		if ctx.Err() != nil || rests || time.Since(begun) > every {
			return nil
		}
		if err := p.post(ctx, j); err != nil {
			return err
		}
	}
	return nil
}

// sendTime bounds one post: a modem takes a minute for each message, a push service is
// asked for each reader.
const sendTime = 10 * time.Minute

// post sends one. It is written down before, so that a bulletin goes out once at most.
func (p *Poster) post(ctx context.Context, j job) error {
	p.mu.Lock()
	err := p.file.add(p.memory.Begin(j.Post, time.Now()))
	p.mu.Unlock()
	if err != nil {
		return err
	}
	short, cancel := context.WithTimeout(ctx, sendTime)
	ref, err := p.ways[j.Channel].Send(short, j.Post, j.place, j.ID())
	cancel()
	if ctx.Err() != nil && err != nil {
		return nil // it stands as begun
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if may, wait := passes(err); may {
		last := min(lastPause, max(firstPause, 2*p.rest[j.Channel].last))
		p.rest[j.Channel] = pause{time.Now().Add(max(last, wait)), last}
	} else {
		delete(p.rest, j.Channel)
	}
	l := p.memory.End(j.Post, ref, err, time.Now())
	if err := p.file.add(l); err != nil {
		return err
	}
	if l.State == Waiting {
		p.o.Log.Warn("channel: not posted, tried again later", "channel", j.Channel, "post", j.Key, "err", err)
		return nil
	}
	if err != nil {
		p.o.Log.Error("channel: not posted", "channel", j.Channel, "post", j.Key, "err", err)
	}
	_, err = p.book.Append(l.entry())
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
