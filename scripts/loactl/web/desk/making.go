package desk

import (
	"context"
	"io"
	"net/http"
	"os"
	"time"
)

// making bounds what recordings take of the centre: uploads come in side by side, but they
// are decoded, and texts are read aloud, one after the other.
type making struct {
	uploads chan struct{}
	turn    chan struct{}
}

const (
	maxUploads = 4
	turnWait   = time.Minute
)

func newMaking() making {
	return making{make(chan struct{}, maxUploads), make(chan struct{}, 1)}
}

var errBusy = &fault{http.StatusServiceUnavailable, "error.busy"}

// alone runs f when it is its turn.
func (m making) alone(ctx context.Context, f func() error) error {
	wait, stop := context.WithTimeout(ctx, turnWait)
	defer stop()
	select {
	case m.turn <- struct{}{}:
	case <-wait.Done():
		return errBusy
	}
	defer func() { <-m.turn }()
	return f()
}

// taken runs f, alone, with what has come of r: whoever sends slowly keeps nobody waiting.
func (m making) taken(ctx context.Context, r io.Reader, f func(io.Reader) error) error {
	select {
	case m.uploads <- struct{}{}:
	default:
		return errBusy
	}
	defer func() { <-m.uploads }()
	file, err := os.CreateTemp("", "loa-desk-")
	if err != nil {
		return err
	}
	defer file.Close()
	if err := os.Remove(file.Name()); err != nil { // it is gone with us, however we end
		return err
	}
	if _, err := io.Copy(file, r); err != nil {
		return err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return m.alone(ctx, func() error { return f(file) })
}
