package box

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"loa/agent/config"
	"loa/agent/store"
)

// ErrReset ends a box whose technician wants it to forget what it was sent: whoever made
// it calls [Forget] and makes it anew.
var ErrReset = errors.New("the box is to forget what it was sent")

// ErrFactory ends a box whose technician wants it to forget everything, itself too: whoever
// made it calls [WipeAll].
var ErrFactory = errors.New("the box is to forget everything")

// awaitReset ends the box when a technician says so, a second later, so that the console
// can still answer.
func (b *Box) awaitReset(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-b.reset:
		if pause(ctx, time.Second) {
			return ErrReset
		}
	case <-b.wipe:
		if pause(ctx, time.Second) {
			return ErrFactory
		}
	}
	return nil
}

// WipeAll deletes all that a box keeps: what it was sent, its ledger, and who it is. After
// a power cut in between it can be done again, or the box says that it has no key.
func WipeAll(c config.Config) error {
	if err := Wipe(c); err != nil {
		return err
	}
	kept, err := os.ReadDir(c.State)
	for _, e := range kept {
		err = errors.Join(err, os.RemoveAll(filepath.Join(c.State, e.Name())))
	}
	if err != nil {
		return fmt.Errorf("cannot wipe the box: %w", err)
	}
	return nil
}

// Forget deletes what a box was sent from its state directory: documents, media, and what
// it had still to say about them. The state of trust with root, epochs and versions, the
// clock's floor, the ledger and the identity stay. After a power cut in between it can be
// done again.
func Forget(state string) error { return forget(state, "") }

// forget is Forget for all but one document.
func forget(state, but string) error {
	s, err := store.Open(filepath.Join(state, "docs"))
	if err != nil {
		return err
	}
	for _, name := range s.List("docs/") {
		if name != but {
			err = errors.Join(err, s.Delete(name))
		}
	}
	for _, dir := range []string{"media", "outbox"} {
		err = errors.Join(err, os.RemoveAll(filepath.Join(state, dir)))
	}
	if err != nil {
		return fmt.Errorf("cannot forget all that the box was sent: %w", err)
	}
	return nil
}
