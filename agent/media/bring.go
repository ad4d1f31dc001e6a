package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"loa/agent/plan"
)

// Bring takes in a recording that somebody has brought: one that a document needs
// and that is not here, of the length and the hash that were signed, if it fits.
// It goes the way of what is fetched, but for the day's limit of mobile data.
func (l *Library) Bring(ctx context.Context, sha string, from io.Reader) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a, here, err := l.clear(ctx, cancel, sha)
	if err != nil || here {
		return err
	}
	f := l.take(ctx, a, from)
	l.land(ctx, a, f)
	if f == nil {
		return nil
	}
	return &plan.Error{Code: f.code, Msg: f.Error()}
}

// aside is how long a fetch that was ended does not begin anew.
const aside = 10 * time.Second

// clear makes Bring the only one that writes a recording: a fetch of it, which may
// hang for minutes where there is no network, is ended first. It tells if the
// recording is here already.
func (l *Library) clear(ctx context.Context, cancel context.CancelFunc, sha string) (a plan.Audio, here bool, err error) {
	for {
		l.mu.Lock()
		w, flying := l.wanted[sha], l.flying[sha]
		switch {
		case l.have[sha] != nil:
			l.mu.Unlock()
			return a, true, nil
		case w == nil:
			err = &plan.Error{Code: plan.Unsupported, Msg: fmt.Sprintf("no document here needs %s", short(sha))}
		case w.Bytes <= 0 || w.Bytes > MaxBytes:
			err = &plan.Error{Code: plan.TooBig, Msg: fmt.Sprintf("%d bytes; 1 to %d can be kept", w.Bytes, int64(MaxBytes))}
		case flying == nil && !l.makeRoom(w.Bytes-w.fetched):
			err = &plan.Error{Code: plan.Storage, Msg: fmt.Sprintf("%d bytes do not fit: %d of %d are taken by what documents need", w.Bytes, l.stored()+l.coming(), l.budget())}
		case flying == nil:
			l.flying[sha] = cancel
			a = w.Audio
			l.mu.Unlock()
			return a, false, nil
		default:
			w.next = time.Now().Add(aside) // or it would begin anew before we look
			flying()
		}
		l.mu.Unlock()
		if err != nil {
			return a, false, err
		}
		select {
		case <-ctx.Done():
			return a, false, ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// take copies, verifies and keeps a recording.
func (l *Library) take(ctx context.Context, a plan.Audio, from io.Reader) *failure {
	out, err := os.OpenFile(l.partial(a.SHA256), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return noRoom(err)
	}
	defer out.Close()
	l.progress(a.SHA256, 0)
	buf := make([]byte, 64<<10)
	for at := int64(0); ; {
		n, err := from.Read(buf)
		if at+int64(n) > a.Bytes {
			l.restart(out, a.SHA256)
			return wrong("the stick: it has more than the %d bytes that the document says", a.Bytes)
		}
		if f := l.put(out, buf[:n], at); f != nil {
			return f
		}
		at += int64(n)
		l.progress(a.SHA256, at)
		switch {
		case errors.Is(err, io.EOF) && at == a.Bytes:
			if err := out.Sync(); err != nil {
				return noRoom(err)
			}
			if err := verify(out.Name(), a.SHA256); err != nil {
				l.restart(out, a.SHA256)
				return wrong("the stick: %w", err)
			}
			return l.keep(a.SHA256)
		case errors.Is(err, io.EOF):
			l.restart(out, a.SHA256)
			return wrong("the stick: it ends after %d of %d bytes", at, a.Bytes)
		case err != nil:
			l.restart(out, a.SHA256)
			return missing("the stick: it breaks off after %d of %d bytes: %w", at, a.Bytes, err)
		case ctx.Err() != nil:
			l.restart(out, a.SHA256)
			return missing("the stick: %w", ctx.Err())
		}
	}
}
