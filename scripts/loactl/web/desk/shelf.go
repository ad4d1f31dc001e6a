package desk

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority/durable"
)

// A shelf knows which bulletins were put away: they are found by who looks for them, and
// are in nobody's way. Nothing of what was signed changes.
type shelf struct {
	file string // no draft's: it does not end in .json
	mu   sync.Mutex
}

// An away says who has put something away, and when.
type away struct {
	By string    `json:"by"`
	At time.Time `json:"at"`
}

func newShelf(dir string) shelf { return shelf{file: filepath.Join(dir, "put-away")} }

// all are those that are put away, by place/id.
func (s *shelf) all() (map[string]away, error) {
	all := make(map[string]away)
	data, err := os.ReadFile(s.file)
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err != nil {
		return nil, err
	}
	return all, json.Unmarshal(data, &all)
}

// put puts a bulletin away, or takes it out again. To do it twice is to do it once.
func (s *shelf) put(key string, a away, back bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	all, err := s.all()
	if err != nil {
		return err
	}
	if _, is := all[key]; is != back {
		return nil
	}
	all[key] = a
	if back {
		delete(all, key)
	}
	data, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	return durable.Write(s.file, append(data, '\n'))
}

// putAway takes a bulletin out of the library's sight, or puts it back.
func (d *Desk) putAway(w http.ResponseWriter, r *http.Request, v *visitor) error {
	place, id := r.PostFormValue("place"), r.PostFormValue("id")
	if !v.may(author, place) || !plan.ValidID(id) {
		return errNone
	}
	if _, ok := d.o.Authority.Find(message.DocTopic(place, plan.KindBulletin, id)); !ok {
		return errNone
	}
	if err := d.shelf.put(place+"/"+id, away{v.person, d.o.Now().UTC().Truncate(time.Second)}, takesOut(r)); err != nil {
		return err
	}
	http.Redirect(w, r, "/desk/library?place="+place, http.StatusSeeOther)
	return nil
}

// takesOut reports whether something is taken out again that was put away. Two presses say
// the same as one.
func takesOut(r *http.Request) bool { return r.PostFormValue("back") != "" }
