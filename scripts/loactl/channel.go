package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"loa/scripts/authority"
	"loa/scripts/authority/channel"
	"loa/scripts/authority/channel/sms"
	"loa/scripts/authority/push"
	"loa/scripts/authority/rollup"
	"loa/scripts/loactl/web"
)

// channels are the other ways on which is said what boxes say.
func (a *app) channels(args []string) error {
	return a.sub(args, map[string]func([]string) error{
		"list": a.channelList, "posts": a.channelPosts, "preview": a.channelPreview, "test": a.channelTest,
	})
}

func (a *app) openChannels() (*authority.Authority, channel.Config, error) {
	au, err := a.open()
	if err != nil {
		return nil, channel.Config{}, err
	}
	c, err := channel.Load(au.Dir())
	if errors.Is(err, fs.ErrNotExist) && len(c.Channels) == 0 {
		return nil, c, errors.New(a.text("channel.none", filepath.Join(au.Dir(), channel.File)))
	}
	if err != nil {
		return nil, c, err
	}
	for _, ch := range c.Channels {
		for _, code := range ch.Places {
			if _, ok := au.Places()[code]; !ok {
				return nil, c, fmt.Errorf("%s: %s", ch.Name, a.text("place.none", code))
			}
		}
	}
	return au, c, nil
}

func (a *app) channelList(args []string) error {
	if _, err := a.parse(a.flags("channel"), args, 0, 0); err != nil {
		return err
	}
	au, c, err := a.openChannels()
	if err != nil {
		return err
	}
	posted, err := channel.Posted(au.Dir())
	if err != nil {
		return err
	}
	type line struct {
		Name   string    `json:"name"`
		Kind   string    `json:"kind"`
		On     bool      `json:"on"`
		Places []string  `json:"places"`
		Sent   int       `json:"sent"`
		Failed int       `json:"failed"`
		Last   time.Time `json:"last,omitzero"`
	}
	lines := []line{}
	for _, ch := range c.Channels {
		l := line{Name: ch.Name, Kind: ch.Kind, On: ch.On, Places: ch.Places}
		for _, p := range posted {
			switch {
			case p.Post.Channel != ch.Name:
			case p.State == channel.Sent:
				l.Sent++
				l.Last = p.At
			default:
				l.Failed++
			}
		}
		lines = append(lines, l)
	}
	return a.show(lines, func(w io.Writer) {
		var rows [][]string
		for _, l := range lines {
			on := a.text("channel.off")
			if l.On {
				on = a.text("channel.on")
			}
			last := ""
			if !l.Last.IsZero() {
				last = a.second(l.Last)
			}
			rows = append(rows, []string{l.Name, l.Kind, on, strings.Join(l.Places, ", "), fmt.Sprint(l.Sent), fmt.Sprint(l.Failed), last})
		}
		a.table(w, rows, "channel", "channel.kind", "state", "place", "channel.sent", "channel.failed", "time")
	})
}

func (a *app) channelPosts(args []string) error {
	flags := a.flags("channel")
	last := flags.Int("last", 50, "")
	if _, err := a.parse(flags, args, 0, 0); err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	posted, err := channel.Posted(au.Dir())
	if err != nil {
		return err
	}
	posted = posted[max(0, len(posted)-max(0, *last)):]
	return a.show(posted, func(w io.Writer) {
		var rows [][]string
		for _, l := range posted {
			rows = append(rows, []string{
				a.second(l.At), l.Post.Channel, l.Post.To, printable(l.Post.Head(au.Places()[l.Post.Place].Name)),
				a.text("channel." + l.State), printable(cmp.Or(l.Err, l.Ref)),
			})
		}
		a.table(w, rows, "time", "channel", "channel.number", "title", "state", "detail")
	})
}

// channelPreview shows how each channel says a bulletin or an alert, and what of it is
// paid for.
func (a *app) channelPreview(args []string) error {
	rest, err := a.parse(a.flags("channel"), args, 1, 1)
	if err != nil {
		return err
	}
	au, c, err := a.openChannels()
	if err != nil {
		return err
	}
	books := newChannelBooks(au)
	all, err := books.Issued()
	if err != nil {
		return err
	}
	items, _ := channel.Items(all)
	named := func(i channel.Item) bool {
		return i.Key[strings.LastIndexAny(i.Key, "/ ")+1:] == rest[0]
	}
	at := slices.IndexFunc(items, named)
	if at < 0 {
		return errors.New(a.text("channel.unknown", rest[0]))
	}
	type shown struct {
		Channel  string `json:"channel"`
		On       bool   `json:"on"`
		Carries  bool   `json:"carries"`
		Numbers  int    `json:"numbers,omitempty"`
		Messages int    `json:"messages,omitempty"` // short ones that one number receives
		Coding   string `json:"coding,omitempty"`
		Text     string `json:"text"`
	}
	var lines []shown
	for _, ch := range c.Channels {
		p := channel.PostOf(ch, items[at])
		l := shown{Channel: ch.Name, On: ch.On, Carries: ch.Carries(items[at], books.Covers), Numbers: ch.Numbers(items[at], books.Covers)}
		if l.Text, l.Messages, l.Coding, err = ch.Text(p, books.Called(p.Place)); err != nil {
			return err
		}
		lines = append(lines, l)
	}
	return a.show(lines, func(w io.Writer) {
		for _, l := range lines {
			fmt.Fprintf(w, "== %s", l.Channel)
			switch {
			case !l.On:
				fmt.Fprintf(w, " (%s)", a.text("channel.off"))
			case !l.Carries:
				fmt.Fprintf(w, " (%s)", a.text("channel.not-carried"))
			}
			fmt.Fprintln(w)
			if l.Messages > 0 {
				fmt.Fprintln(w, a.text("channel.messages", l.Messages, l.Coding, l.Numbers, l.Messages*l.Numbers))
			}
			fmt.Fprintln(w, printable(l.Text))
		}
	})
}

// channelTest sends something that says it is a test.
func (a *app) channelTest(args []string) error {
	flags := a.flags("channel")
	to := flags.String("to", "", "")
	rest, err := a.parse(flags, args, 1, 1)
	if err != nil {
		return err
	}
	au, c, err := a.openChannels()
	if err != nil {
		return err
	}
	at := slices.IndexFunc(c.Channels, func(ch channel.Channel) bool { return ch.Name == rest[0] })
	if at < 0 {
		return errors.New(a.text("channel.no-such", rest[0]))
	}
	ch := c.Channels[at]
	number := ""
	if ch.SMS() {
		if number, err = sms.Number(*to); err != nil {
			return &usageError{a.text("channel.to")}
		}
	}
	if ch.Kind == channel.WebPush {
		return &usageError{a.text("channel.push")}
	}
	w, err := channel.Open(ch)
	if err != nil {
		return err
	}
	p := channel.TestPost(ch, number, a.now())
	ref, err := w.Send(a.ctx, p, newChannelBooks(au).Called(p.Place), p.ID())
	if err != nil {
		return err
	}
	return a.say(map[string]string{"channel": ch.Name, "ref": ref}, "channel.tested", ch.Name, ref)
}

// channelPoster says on other channels what boxes say; nil where none is set up. readers
// are those of the residents' pages who want to be told.
func channelPoster(au *authority.Authority, readers *push.Store, ways *ways, log *slog.Logger) (*channel.Poster, error) {
	c, err := channel.Load(au.Dir())
	if errors.Is(err, fs.ErrNotExist) && len(c.Channels) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	set, err := web.Load(au.Dir())
	if err != nil {
		return nil, err
	}
	books := newChannelBooks(au)
	way := func(ch channel.Channel) (channel.Way, error) {
		if ch.Kind == channel.WebPush {
			return &push.Way{Store: readers, Covers: books.Covers, Contact: set.URL, Client: push.NewClient()}, nil
		}
		return ways.open(ch)
	}
	return channel.New(channel.Opts{Config: c, Dir: filepath.Join(au.Dir(), channel.Folder), Books: books, Way: way, Log: log}), nil
}

// pushReaders are those who want to be told; nil where no channel tells them.
func (a *app) pushReaders(au *authority.Authority) (*push.Store, error) {
	c, err := channel.Load(au.Dir())
	if errors.Is(err, fs.ErrNotExist) && len(c.Channels) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(c.Channels, func(ch channel.Channel) bool { return ch.On && ch.Kind == channel.WebPush }) {
		return nil, nil
	}
	set, err := web.Load(au.Dir())
	if err != nil {
		return nil, err
	}
	if set.URL == "" { // push services want to know whom to write to
		return nil, errors.New(a.text("poster.url"))
	}
	return push.Open(au.Dir(), a.now)
}

// ways are those that are open in this process: a modem has one port, and whoever sends by
// it waits for the others.
type ways struct {
	mu  sync.Mutex
	all map[string]channel.Way // by the channel's name
}

func newWays() *ways { return &ways{all: make(map[string]channel.Way)} }

func (w *ways) open(ch channel.Channel) (channel.Way, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if way := w.all[ch.Name]; way != nil {
		return way, nil
	}
	way, err := channel.Open(ch)
	if err == nil {
		w.all[ch.Name] = way
	}
	return way, err
}

// channelBooks are what a poster asks of an authority.
type channelBooks struct {
	au     *authority.Authority
	spoken *authority.Follower // of the poster's own goroutine
	places atomic.Pointer[map[string]authority.Place]
}

func newChannelBooks(au *authority.Authority) *channelBooks {
	b := &channelBooks{au: au, spoken: au.Follow()}
	b.look()
	return b
}

// look takes the places as they are now.
func (b *channelBooks) look() {
	places := b.au.Places()
	b.places.Store(&places)
}

// Issued are the newest bulletins and alerts.
func (b *channelBooks) Issued() ([]authority.Issued, error) {
	b.look()
	return b.spoken.Spoken()
}

// Called is the name of a place.
func (b *channelBooks) Called(place string) string {
	return cmp.Or((*b.places.Load())[place].Name, place)
}

// Covers reports whether place is top or below it.
func (b *channelBooks) Covers(place, top string) bool {
	return rollup.Within(*b.places.Load(), place, top)
}
