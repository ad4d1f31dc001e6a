package push

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	webpush "github.com/SherClockHolmes/webpush-go"

	"loa/agent/plan"
	"loa/scripts/authority/channel"
)

// A Way tells all readers of a place at once. It is a [channel.Way].
type Way struct {
	Store   *Store
	Covers  func(place, top string) bool
	Contact string // https://… or mailto: of whoever runs this, for push services
	Client  *http.Client

	mu   sync.Mutex
	told map[string]map[string]bool // by post and endpoint: who need not be told again
}

// at is how many push services are asked at once.
const at = 32

// A notice is what a telephone shows.
type notice struct {
	Title  string `json:"title"`
	Body   string `json:"body"`
	Tag    string `json:"tag"` // a later one takes the place of an earlier
	Place  string `json:"place"`
	Lang   string `json:"lang"`
	Urgent bool   `json:"urgent"`
}

// The letters of a notice: what a telephone shows of it, and what fits into one record.
const (
	mostTitle = 150
	mostBody  = 500
)

// Send tells everybody of a place, of those above and of those below. One who is told
// twice sees it once: the tag is the item's.
//
// A post that did not reach all is an error, so that it is tried again: then those are
// told who were not.
func (w *Way) Send(ctx context.Context, p channel.Post, place, id string) (string, error) {
	all, err := w.Store.readers(func(at string) bool { return w.Covers(at, p.Place) || w.Covers(p.Place, at) })
	if err != nil {
		return "", err
	}
	done := w.past(id)
	all = slices.DeleteFunc(all, func(r Reader) bool { return done[r.Endpoint] })
	var told, gone, failed atomic.Int64
	told.Store(int64(len(done)))
	turns := make(chan Reader)
	var wg sync.WaitGroup
	for range min(at, len(all)) {
		wg.Go(func() {
			for r := range turns {
				switch err := w.tell(ctx, p, place, r); {
				case err == nil:
					told.Add(1)
					w.note(id, r.Endpoint)
				case errors.Is(err, errGone):
					gone.Add(1)
				default:
					failed.Add(1)
				}
			}
		})
	}
	for i, r := range all {
		select {
		case turns <- r:
			continue
		case <-ctx.Done():
			failed.Add(int64(len(all) - i))
		}
		break
	}
	close(turns)
	wg.Wait()
	ref := fmt.Sprintf("%d told, %d gone, %d failed", told.Load(), gone.Load(), failed.Load())
	if failed.Load() > 0 {
		return "", errors.New("push: " + ref)
	}
	w.forget(id)
	return ref, nil
}

// past are those who have been told of a post.
func (w *Way) past(id string) map[string]bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.told[id])
}

// mostPosts bounds what is remembered of posts that did not reach all.
const mostPosts = 20

func (w *Way) note(id, endpoint string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.told == nil || w.told[id] == nil && len(w.told) >= mostPosts {
		w.told = make(map[string]map[string]bool)
	}
	if w.told[id] == nil {
		w.told[id] = make(map[string]bool)
	}
	w.told[id][endpoint] = true
}

func (w *Way) forget(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.told, id)
}

var errGone = errors.New("push: nobody is there any more")

// tell tells one reader.
func (w *Way) tell(ctx context.Context, p channel.Post, place string, r Reader) error {
	n := notice{Title: channel.Short(p.Head(place), mostTitle), Body: channel.Short(p.Body(), mostBody), Tag: p.Key, Place: r.Place, Lang: r.Lang, Urgent: p.Class == plan.Emergency}
	body, err := json.Marshal(n)
	if err != nil {
		return err
	}
	urgency := webpush.UrgencyNormal
	if n.Urgent {
		urgency = webpush.UrgencyHigh
	}
	// After that a telephone that was off is not told: an alarm of yesterday helps nobody.
	life := max(0, min(24*time.Hour, time.Until(p.Until)))
	short, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	res, err := webpush.SendNotificationWithContext(short, body, &webpush.Subscription{Endpoint: r.Endpoint, Keys: webpush.Keys{Auth: r.Auth, P256dh: r.P256dh}}, &webpush.Options{
		HTTPClient: w.Client, Subscriber: w.Contact, TTL: int(life.Seconds()), Urgency: urgency,
		VAPIDPublicKey: w.Store.keys.Public, VAPIDPrivateKey: w.Store.keys.Private,
	})
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 4<<10)) // so that the connection is used again
	switch {
	case res.StatusCode/100 == 2:
		return nil
	case res.StatusCode == http.StatusNotFound, res.StatusCode == http.StatusGone:
		return errors.Join(errGone, w.Store.Remove(r.Endpoint))
	}
	return fmt.Errorf("push: %s", res.Status)
}

// NewClient is one that follows no redirections: an address of a push service stays there.
func NewClient() *http.Client {
	return &http.Client{
		Timeout:       20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: at, IdleConnTimeout: time.Minute},
	}
}
