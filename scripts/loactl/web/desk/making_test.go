package desk

import (
	"bytes"
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/plan"
)

// A full centre has no room for recordings.
type full struct{ centre }

func (full) Room() error { return &plan.Error{Code: plan.Storage} }

// untouched tools are those of a test in which nothing may be made.
type untouched struct {
	tools
	t *testing.T
}

func (u untouched) Speak(context.Context, string, string, string) (Spoken, error) {
	u.t.Error("a text was read aloud")
	return Spoken{}, nil
}

func (u untouched) Record(context.Context, string, io.Reader) (Recording, error) {
	u.t.Error("a recording was taken")
	return Recording{}, nil
}

func (u untouched) Picture(context.Context, string, string, io.Reader) (plan.Page, error) {
	u.t.Error("a picture was taken")
	return plan.Page{}, nil
}

// What fills the disk is refused before it is made; words are kept.
func TestFullDisk(t *testing.T) {
	s := newStage(t)
	minh := s.enter("minh")
	draft := s.drafted(minh, "26734", "Tin")
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	part, err := m.CreateFormFile("audio", "a.mp3")
	s.must(err)
	_, err = part.Write([]byte("sound"))
	s.must(err)
	s.must(m.Close())
	send := func() int {
		return s.ask("POST", draft+"/audio", minh, bytes.NewReader(body.Bytes()), m.FormDataContentType()).Code
	}
	if code := send(); code != http.StatusSeeOther {
		t.Fatalf("while there is room: %d", code)
	}
	s.desk.o.Centre, s.desk.o.Tools = full{s.desk.o.Centre}, untouched{t: t}
	if code := send(); code != http.StatusUnprocessableEntity {
		t.Errorf("an upload: %d", code)
	}
	if w := s.sends(minh, draft+"/picture", "picture", []byte("x")); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("a picture: %d", w.Code)
	}
	if w := s.form(minh, draft+"/speak"); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("reading aloud: %d", w.Code)
	}
	s.drafted(minh, "26734", "Vẫn viết được")
}

// Sound is made one after the other; who sends slowly keeps nobody waiting, and who waits
// too long is told.
func TestSoundIsMadeAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMaking()
		var all sync.WaitGroup
		var at, most atomic.Int32
		one := func() error {
			most.Store(max(most.Load(), at.Add(1)))
			time.Sleep(10 * time.Second)
			at.Add(-1)
			return nil
		}
		slow, end := io.Pipe()
		all.Go(func() {
			if err := m.taken(t.Context(), slow, func(io.Reader) error { return one() }); err != nil {
				t.Error(err)
			}
		})
		for range 2 {
			all.Go(func() {
				if err := m.alone(t.Context(), one); err != nil {
					t.Error(err)
				}
			})
			all.Go(func() {
				if err := m.taken(t.Context(), strings.NewReader("sound"), func(r io.Reader) error {
					if got, err := io.ReadAll(r); string(got) != "sound" {
						t.Errorf("%q, %v came", got, err)
					}
					return one()
				}); err != nil {
					t.Error(err)
				}
			})
		}
		time.Sleep(45 * time.Second)
		end.Close()
		all.Wait()
		if most.Load() != 1 {
			t.Errorf("%d at once", most.Load())
		}
		m.turn <- struct{}{}
		if err := m.alone(t.Context(), one); err != errBusy {
			t.Errorf("after a minute: %v", err)
		}
		<-m.turn
		for range maxUploads {
			m.uploads <- struct{}{}
		}
		if err := m.taken(t.Context(), strings.NewReader("x"), nil); err != errBusy {
			t.Errorf("too many uploads: %v", err)
		}
	})
}
