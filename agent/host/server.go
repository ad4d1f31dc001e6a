package host

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A Machine is what root can do. None of it gets anything that the table has not
// checked, but for the network's description, which Network decodes strictly itself.
type Machine struct {
	Reboot  func(reason string) error
	Time    func(t time.Time, rtc string) error
	Network func(description []byte) error
}

// verbs is all that can be asked for. late is how long ago it was asked.
var verbs = map[string]func(m Machine, args []byte, late time.Duration) error{
	"reboot": func(m Machine, args []byte, _ time.Duration) error {
		var a rebootArgs
		if err := errors.Join(decode(args, &a), a.check()); err != nil {
			return err
		}
		return m.Reboot(a.Reason)
	},
	"time": func(m Machine, args []byte, late time.Duration) error {
		var a timeArgs
		if err := errors.Join(decode(args, &a), a.check()); err != nil {
			return err
		}
		return m.Time(time.UnixMilli(a.UnixMS).Add(late), a.RTC)
	},
	"network": func(m Machine, args []byte, _ time.Duration) error {
		if m.Network == nil {
			return errors.New("this agent sets no network")
		}
		return m.Network(args)
	},
}

// A Server is root's side. The directories belong to somebody whom root serves and does
// not trust: whoever takes the agent over may ask for what is in the table and must get
// nothing else. So no link is followed, nothing is opened but a small file that belongs
// to the directory's owner and has one name, it is gone before it takes effect, and it
// takes effect once.
type Server struct {
	Dir     string // as the client's
	Seen    string // a directory of root's, for what was done
	Machine Machine
	Log     *slog.Logger
}

// maxTurn bounds the requests of one turn. The path unit starts the next.
const maxTurn = 16

// Serve does what is asked now, and returns. The error is that of the directories;
// what is wrong with a request is told to whoever asked, and logged. Whoever cannot be
// answered is not served, but what was asked is taken away: it would call root for ever.
func (s *Server) Serve() error {
	ask, err := openDir(filepath.Join(s.Dir, asks))
	if err != nil {
		return err
	}
	defer ask.Close()
	told, noAnswers := openDir(filepath.Join(s.Dir, answers))
	if noAnswers == nil {
		defer told.Close()
	}
	names, err := ask.Readdirnames(maxTurn)
	if err != nil && err != io.EOF {
		return fmt.Errorf("cannot see what is asked: %w", err)
	}
	s.forget()
	for _, name := range names {
		id, data, err := take(ask, name)
		if noAnswers != nil {
			continue
		}
		if err == nil {
			err = s.do(id, data)
		}
		if err != nil {
			s.Log.Warn("refused", "request", name, "err", err)
		}
		if id != "" {
			if err := tell(told, id, err); err != nil {
				s.Log.Warn("cannot answer", "request", name, "err", err)
			}
		}
	}
	return noAnswers
}

// do carries out one request.
func (s *Server) do(id string, data []byte) error {
	var q request
	if err := decode(data, &q); err != nil {
		return fmt.Errorf("no request: %w", err)
	}
	now, up, err := boot()
	if err != nil {
		return err
	}
	late := up - time.Duration(q.At)*time.Millisecond
	act, known := verbs[q.Verb]
	switch {
	case q.ID != id:
		return errors.New("no request: it has another's name")
	case q.Boot != now:
		return errors.New("it was asked before the last boot")
	case q.At < 0 || q.At > up.Milliseconds()+1 || late > freshFor:
		return errors.New("it was not asked just now")
	case !known:
		return fmt.Errorf("nobody does %q here", short(q.Verb))
	}
	// Noted first: what is cut off in the middle is not done twice.
	f, err := os.OpenFile(filepath.Join(s.Seen, id), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("it was done, or cannot be noted: %w", err)
	}
	f.Close()
	s.Log.Info("asked", "verb", q.Verb, "args", string(redact(q)))
	return act(s.Machine, q.Args, late)
}

// redact keeps a SIM card's PIN out of the log.
func redact(q request) json.RawMessage {
	if q.Verb == "network" {
		return nil
	}
	return q.Args
}

// forget removes notes of requests that are too old to be taken again.
func (s *Server) forget() {
	all, _ := os.ReadDir(s.Seen)
	for _, e := range all {
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()).Abs() > 2*freshFor {
			os.Remove(filepath.Join(s.Seen, e.Name()))
		}
	}
}

// openDir opens a directory that is one, and no link to another.
func openDir(path string) (*os.File, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot open %s: %w", path, err)
	}
	return os.NewFile(uintptr(fd), path), nil
}

// take reads what lies under name and removes it, whatever it is. id is empty for what
// nobody can have asked.
func take(dir *os.File, name string) (id string, data []byte, err error) {
	at := int(dir.Fd())
	defer func() {
		gone := unix.Unlinkat(at, name, 0)
		if gone == unix.EISDIR || gone == unix.EPERM {
			gone = unix.Unlinkat(at, name, unix.AT_REMOVEDIR)
		}
		if gone != nil && err == nil { // it would be done again
			data, err = nil, fmt.Errorf("cannot take it away: %w", gone)
		}
	}()
	id, ok := strings.CutSuffix(name, suffix)
	if !ok || !isID(id) {
		return "", nil, errors.New("no request has such a name")
	}
	// A pipe must not make root wait.
	fd, err := unix.Openat(at, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return id, nil, fmt.Errorf("cannot open it: %w", err)
	}
	f := os.NewFile(uintptr(fd), name)
	defer f.Close()
	var st, of unix.Stat_t
	if err := errors.Join(unix.Fstat(fd, &st), unix.Fstat(at, &of)); err != nil {
		return id, nil, err
	}
	switch {
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		return id, nil, errors.New("it is no file")
	case st.Nlink != 1 || st.Uid != of.Uid:
		return id, nil, errors.New("it is somebody else's file")
	}
	data, err = io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("it has more than %d bytes", maxFile)
	}
	return id, data, err
}

// isID reports what crypto/rand.Text makes.
func isID(s string) bool {
	other := func(r rune) bool { return !('A' <= r && r <= 'Z' || '2' <= r && r <= '7') }
	return len(s) == 26 && !strings.ContainsFunc(s, other)
}

// tell puts an answer in place whole.
func tell(dir *os.File, id string, failed error) error {
	a := answer{ID: id}
	if failed != nil {
		a.Error = short(failed.Error())
	}
	data, err := json.Marshal(a)
	if err != nil {
		return err
	}
	at, draft := int(dir.Fd()), "."+id
	fd, err := unix.Openat(at, draft, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o644)
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(fd), draft)
	_, err = f.Write(data)
	if err := errors.Join(err, f.Close()); err != nil {
		unix.Unlinkat(at, draft, 0)
		return err
	}
	return unix.Renameat(at, draft, at, id+suffix)
}

// short bounds a text that somebody else has a say in.
func short(s string) string {
	if len(s) > 300 {
		s = strings.ToValidUTF8(s[:300], "") + "…"
	}
	return s
}
