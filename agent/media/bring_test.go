package media

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"loa/agent/plan"
)

// refused is the code with which something that was brought is not taken.
func refused(err error) plan.Code {
	var e *plan.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return plan.Accepted
}

// What is brought is taken if it is what was signed, and otherwise leaves nothing.
func TestBring(t *testing.T) {
	s := newServer(t)
	a := s.add(100_000, "404")
	whole := s.blobs[a.SHA256]
	other := bytes.Clone(whole)
	other[70_000] ^= 1
	gone := errors.New("input/output error")
	for _, c := range []struct {
		name string
		from io.Reader
		want plan.Code
	}{
		{"other bytes", bytes.NewReader(other), plan.MediaDigest},
		{"too few", bytes.NewReader(whole[:99_999]), plan.MediaDigest},
		{"too many", io.MultiReader(bytes.NewReader(whole), strings.NewReader("x")), plan.MediaDigest},
		{"without end", endless{}, plan.MediaDigest},
		{"pulled out", io.MultiReader(bytes.NewReader(whole[:60_000]), iotest.ErrReader(gone)), plan.MediaMissing},
		{"whole, by single bytes", iotest.OneByteReader(bytes.NewReader(whole)), plan.Accepted},
		{"whole", bytes.NewReader(whole), plan.Accepted},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			b := newBox(t, dir, opts(s))
			b.Want([]plan.Audio{a})
			err := b.Bring(t.Context(), a.SHA256, c.from)
			if refused(err) != c.want || (err == nil) != (c.want == plan.Accepted) {
				t.Fatalf("%v, want %q", err, c.want)
			}
			if err == nil {
				check(t, b, s, a)
				return
			}
			if b.has(a) || sizeOf(b.file(a.SHA256)) > 0 || sizeOf(b.partial(a.SHA256)) > 0 {
				t.Error("something was left behind")
			}
			if err := b.Bring(t.Context(), a.SHA256, bytes.NewReader(whole)); err != nil {
				t.Fatalf("and afterwards: %v", err)
			}
			check(t, b, s, a)
		})
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// What no document needs is not read, what does not fit is not begun, and what is
// here is not read again.
func TestBringOnlyWhatIsNeeded(t *testing.T) {
	s := newServer(t)
	a, b2, stranger := s.add(5000, "404"), s.add(5000, "404"), s.add(10, "")
	o := opts(s)
	o.BudgetBytes = 8000
	b := newBox(t, t.TempDir(), o)
	unread := iotest.ErrReader(errors.New("it was read"))
	b.Want([]plan.Audio{a, b2})
	if err := b.Bring(t.Context(), stranger.SHA256, unread); refused(err) != plan.Unsupported {
		t.Errorf("what nothing needs: %v", err)
	}
	if err := b.Bring(t.Context(), "../../etc/passwd", unread); refused(err) != plan.Unsupported {
		t.Errorf("a strange name: %v", err)
	}
	if err := b.Bring(t.Context(), a.SHA256, bytes.NewReader(s.blobs[a.SHA256])); err != nil {
		t.Fatal(err)
	}
	if err := b.Bring(t.Context(), a.SHA256, unread); err != nil {
		t.Errorf("what is here: %v", err)
	}
	if err := b.Bring(t.Context(), b2.SHA256, unread); refused(err) != plan.Storage {
		t.Errorf("what does not fit: %v", err)
	}
	check(t, b, s, a)
}

// A fetch that hangs is no reason to wait.
func TestBringWhileAFetchHangs(t *testing.T) {
	s := newServer(t)
	a := s.add(100_000, "mute")
	b := newBox(t, t.TempDir(), opts(s))
	b.pace.stall = time.Hour
	b.Want([]plan.Audio{a})
	b.run()
	b.until("a fetch runs", func() bool { return b.Status().Fetching == 1 })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := b.Bring(ctx, a.SHA256, bytes.NewReader(s.blobs[a.SHA256])); err != nil {
		t.Fatal(err)
	}
	check(t, b, s, a)
	if _, err := os.Stat(b.partial(a.SHA256)); err == nil {
		t.Error("half a recording is left")
	}
}
