package media

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"syscall"
	"time"

	"loa/agent/plan"
)

// fetch tries the bases in order until one gives the recording.
func (l *Library) fetch(ctx context.Context, w want) *failure {
	bases := l.bases()
	if len(bases) == 0 {
		return missing("no media server is known: the box's want names none")
	}
	var worst *failure
	for _, base := range bases {
		f := l.from(ctx, base, w)
		if f == nil || ctx.Err() != nil {
			return f
		}
		if f.sick {
			l.mu.Lock()
			l.sick[base] = time.Now().Add(l.pace.sick)
			l.mu.Unlock()
		}
		if worst == nil || f.rank() > worst.rank() {
			worst = f
		}
		if f.rank() == 4 {
			break // another base is no help
		}
	}
	return worst
}

// bases gives the base URLs in order; those that lately did not answer come last.
func (l *Library) bases() []string {
	bases := slices.Clone(l.o.Bases())
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	slices.SortStableFunc(bases, func(a, b string) int {
		return boolInt(l.sick[a].After(now)) - boolInt(l.sick[b].After(now))
	})
	return bases
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// from fetches a recording from one base, goes on where an earlier try ended,
// verifies it and makes it visible.
func (l *Library) from(ctx context.Context, base string, w want) *failure {
	a := w.Audio
	u, f := address(base, a.SHA256)
	if f != nil {
		return f
	}
	out, err := os.OpenFile(l.partial(a.SHA256), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return noRoom(err)
	}
	defer out.Close()
	at, err := out.Seek(0, io.SeekEnd)
	if err != nil {
		return noRoom(err)
	}
	if at > a.Bytes {
		at = 0
	}
	if at < a.Bytes {
		if f := l.download(ctx, u, out, at, w); f != nil {
			return f
		}
	}
	if err := out.Sync(); err != nil {
		return noRoom(err)
	}
	if err := verify(out.Name(), a.SHA256); err != nil {
		l.restart(out, a.SHA256)
		return wrong("%s: %w", u.Host, err)
	}
	return l.keep(a.SHA256)
}

// restart makes the next try begin at the first byte.
func (l *Library) restart(out *os.File, sha string) {
	_ = out.Truncate(0)
	l.progress(sha, 0)
}

func (l *Library) progress(sha string, at int64) {
	l.mu.Lock()
	if w := l.wanted[sha]; w != nil {
		w.fetched = at
	}
	l.mu.Unlock()
}

// errStalled ends a fetch that trickles: a server that sends a byte a minute
// must not hold one of the few places.
var errStalled = errors.New("too slow")

// inVain is after how many tries in which nothing came a fetch begins at the first byte,
// if servers say that they go on and send something else.
const inVain = 3

// download writes what is missing of a recording, from byte at on, to out.
func (l *Library) download(ctx context.Context, u *url.URL, out *os.File, at int64, w want) *failure {
	a := w.Audio
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watch := l.watch(cancel)
	defer watch.stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return missing("%s: %w", u.Host, err)
	}
	req.Header.Set("Accept-Encoding", "identity") // the bytes are what was signed
	if at > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", at))
	}
	resp, err := l.client.Do(req)
	if err != nil {
		var scope *scopeError
		if errors.As(err, &scope) {
			return &failure{cond: CodeScope, code: plan.Scope, err: fmt.Errorf("%s: %w", u.Host, scope)}
		}
		f := missing("%s: %w", u.Host, cause(ctx, err))
		f.sick = true
		return f
	}
	defer resp.Body.Close()
	at, f := begin(resp, at, a.Bytes)
	if f != nil {
		if resp.StatusCode == http.StatusRequestedRangeNotSatisfiable || resp.StatusCode == http.StatusPartialContent && w.tries >= inVain {
			l.restart(out, a.SHA256)
		}
		f.err = fmt.Errorf("%s: %w", u.Host, f.err)
		return f
	}
	if err := out.Truncate(at); err != nil {
		return noRoom(err)
	}
	l.progress(a.SHA256, at)
	return l.copy(ctx, u.Host, out, resp.Body, at, w, watch)
}

// copy moves the body to the disk, counting it against the day and the size.
func (l *Library) copy(ctx context.Context, host string, out *os.File, body io.Reader, at int64, w want, watch *watch) *failure {
	a, buf := w.Audio, make([]byte, 32<<10)
	began, first := time.Now(), at
	for {
		n, err := body.Read(buf)
		if n > 0 {
			watch.came(n)
			if at == 0 && looksLikeHTML(buf[:n]) {
				return &failure{cond: CodeFormat, code: plan.MediaFormat, err: fmt.Errorf("%s: it sends a web page", host)}
			}
			if at+int64(n) > a.Bytes {
				l.restart(out, a.SHA256)
				return wrong("%s: it sends more than the %d bytes that the document says", host, a.Bytes)
			}
			if f := l.put(out, buf[:n], at); f != nil {
				return f
			}
			at += int64(n)
			l.progress(a.SHA256, at)
			if f := l.charge(int64(n), at < a.Bytes && !w.urgent, &w); f != nil {
				return f
			}
			if w.later {
				idle(ctx, began.Add(time.Duration(float64(at-first)/float64(l.o.LaterRate)*float64(time.Second))))
			}
		}
		switch {
		case err == nil:
		case at == a.Bytes: // whole; how it ended does not matter
			return nil
		case errors.Is(err, io.EOF):
			return missing("%s: it ends after %d of %d bytes", host, at, a.Bytes)
		default:
			return missing("%s: it breaks off after %d of %d bytes: %w", host, at, a.Bytes, cause(ctx, err))
		}
	}
}

// put writes to the disk, evicting when it is full.
func (l *Library) put(out *os.File, b []byte, at int64) *failure {
	_, err := out.WriteAt(b, at)
	if errors.Is(err, syscall.ENOSPC) {
		l.mu.Lock()
		room := l.makeRoom(int64(len(b)))
		l.mu.Unlock()
		if room {
			_, err = out.WriteAt(b, at)
		}
	}
	if err != nil {
		return noRoom(err)
	}
	return nil
}

// charge counts bytes and ends a fetch that must stop when the day is spent.
func (l *Library) charge(n int64, stops bool, w *want) *failure {
	limit := w.share(l.o.DayBytes())
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.o.Now()
	l.day.charge(n, now)
	if stops && limit > 0 && l.day.today(now) >= limit {
		return spent(limit)
	}
	return nil
}

// idle waits until t, or until ctx ends.
func idle(ctx context.Context, t time.Time) {
	select {
	case <-ctx.Done():
	case <-time.After(time.Until(t)):
	}
}

// cause prefers why we hung up to what the socket said about it.
func cause(ctx context.Context, err error) error {
	if c := context.Cause(ctx); c != nil && !errors.Is(c, context.Canceled) {
		return c
	}
	return err
}

// verify reads a file and compares its hash.
func verify(path, sha string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != sha {
		return fmt.Errorf("its hash is %s, signed was %s", short(got), short(sha))
	}
	return nil
}
