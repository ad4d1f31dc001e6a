package authority

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"loa/agent/enrol"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority/durable"
	"loa/scripts/authority/pki"
)

// CheckPrefix begins the names under which a broker is attacked to see what holds. No
// box has one.
const CheckPrefix = "loa-check-"

// OfCheck reports whether a topic is one that only the check of a broker uses: what
// stands there for a moment is nobody's.
func OfCheck(t message.Topic) bool {
	return strings.HasPrefix(t.Device, CheckPrefix) || strings.HasPrefix(t.Place+"-", CheckPrefix) ||
		t.Dir == message.DirEnrol && strings.HasPrefix(t.ID, CheckPrefix)
}

// MayAdd says why a device cannot be taken in; nothing is written down.
func (a *Authority) MayAdd(device string, b Box) error {
	if err := a.MayName(device); err != nil {
		return err
	}
	s := a.read()
	return s.standing(b.Place, a.o.Now(), a.o.Now())
}

// MayName says why a device cannot be called so.
func (a *Authority) MayName(device string) error {
	if !plan.ValidID(device) {
		return fail("bad-name", nil, device)
	}
	// A box's name is its certificate's. Programs have certificates, too, and the check
	// of a broker uses names of boxes that there are none of.
	_, err := os.Stat(a.tlsFile(device + ".crt"))
	if err == nil || device == caName || device == "server" || device == Canary || strings.HasPrefix(device, CheckPrefix) || strings.HasPrefix(device, BridgePrefix) ||
		strings.HasPrefix(device, enrol.ClaimPrefix) || strings.HasPrefix(device, issuerName) || enrol.IsID(device) {
		return fail("program-name", nil, device)
	}
	if _, ok := a.read().Boxes[device]; ok {
		return fail("box-exists", nil, device)
	}
	return nil
}

// AddBox takes a device in: one new key, which is both its certificate's and
// the one that signs its reports. What the box has to carry is written to
// BoxDir, in the folders where the box has it. The box still needs its want.
// What fails leaves nothing.
func (a *Authority) AddBox(device, board string, b Box) error {
	if err := a.MayAdd(device, b); err != nil {
		return err
	}
	pub, priv, err := newKey()
	if err != nil {
		return err
	}
	files, err := a.boxFiles(device, board, pub, priv)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(a.BoxDir(device)), 0o700); err != nil {
		return fail("box-files", err, device)
	}
	fresh, err := os.MkdirTemp(filepath.Dir(a.BoxDir(device)), ".new-*")
	if err != nil {
		return fail("box-files", err, device)
	}
	defer os.RemoveAll(fresh) // unless it has become BoxDir
	for name, data := range files {
		if err := durable.Write(filepath.Join(fresh, "etc", "loa", name), data); err != nil {
			return fail("box-files", err, device)
		}
	}
	b.Key = base64.StdEncoding.EncodeToString(pub)
	b.Board = board
	b.Added = a.o.Now().UTC()
	serial, err := pki.Serial(files["box.pem"])
	if err != nil {
		return fail("no-serial", err, device)
	}
	b.Serial = serial.Text(16)
	moved := false
	err = a.change(func(s *state) error {
		if _, ok := s.Boxes[device]; ok {
			return fail("box-exists", nil, device)
		}
		if err := errors.Join(os.RemoveAll(a.BoxDir(device)), os.Rename(fresh, a.BoxDir(device))); err != nil {
			return fail("box-files", err, device)
		}
		moved = true
		s.Boxes[device] = b
		return nil
	})
	if err != nil && moved {
		err = errors.Join(err, os.RemoveAll(a.BoxDir(device)))
	}
	return err
}

// boxFiles are what a box has in /etc/loa.
func (a *Authority) boxFiles(device, board string, pub ed25519.PublicKey, priv ed25519.PrivateKey) (map[string][]byte, error) {
	ca, err := a.ca()
	if err != nil {
		return nil, err
	}
	cert, key, err := a.boxPair(ca, device, pub, priv)
	if err != nil {
		return nil, err
	}
	root, err := a.RootFile()
	if err != nil {
		return nil, err
	}
	return filesOf(device, board, a.read().Brokers, root, ca.CertPEM(), cert, key), nil
}

func filesOf(device, board string, brokers []string, root, ca, cert, key []byte) map[string][]byte {
	return map[string][]byte{
		"agent.toml": agentFile(device, board, brokers),
		"root.json":  root,
		"ca.pem":     ca,
		"box.pem":    cert,
		"box.key":    key,
	}
}

func agentFile(device, board string, brokers []string) []byte {
	quoted := make([]string, len(brokers))
	for i, u := range brokers {
		quoted[i] = fmt.Sprintf("%q", u)
	}
	return fmt.Appendf(nil, `# The settings of this box and of no other.
device = %q
board = %q
report_key = "/etc/loa/box.key" # one key: the certificate's, and the one that signs reports

[broker]
urls = [%s]
`, device, board, strings.Join(quoted, ", "))
}

// BoxDir is what a new box is handed, laid out as on the box. It holds the
// box's secret key: once the box has it, it should be gone from here.
func (a *Authority) BoxDir(device string) string { return filepath.Join(a.dir, "boxes", device) }

// SetPosition writes down where a box hangs; nil: nobody knows any more.
func (a *Authority) SetPosition(device string, at *Position) error {
	return a.change(func(s *state) error {
		b, ok := s.Boxes[device]
		if !ok {
			return fail("no-box", nil, device)
		}
		b.At = at
		s.Boxes[device] = b
		return nil
	})
}

// SetBoard says that a box is of another kind than it was taken in as, in the
// books and in what it is handed if that is still here.
func (a *Authority) SetBoard(device, board string) error {
	return a.change(func(s *state) error {
		b, ok := s.Boxes[device]
		if !ok {
			return fail("no-box", nil, device)
		}
		b.Board = board
		s.Boxes[device] = b
		if _, err := os.Stat(a.BoxDir(device)); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err := durable.Write(filepath.Join(a.BoxDir(device), "etc", "loa", "agent.toml"), agentFile(device, board, s.Brokers)); err != nil {
			return fail("box-files", err, device)
		}
		return nil
	})
}

// moved writes down where the newest want puts a box.
func (a *Authority) moved(w plan.Want) error {
	return a.change(func(s *state) error {
		if b, ok := s.Boxes[w.Device]; ok {
			s.Boxes[w.Device] = b.assigned(s.book(), w, a.o.Now())
		}
		return nil
	})
}

// Want signs what a registered box should be.
func (a *Authority) Want(device string, settings *plan.Settings, signers ...string) (Issued, error) {
	b, ok := a.read().Boxes[device]
	if !ok {
		return Issued{}, fail("no-box", nil, device)
	}
	w := plan.Want{OwnPlace: b.Place, Groups: b.Groups, Name: b.Name, Settings: settings}
	w.Device = device
	return a.Assign(w, signers...)
}

// Assign signs w with the media servers as they are now. Nothing is written
// down: see Judge, AddBox and Keep.
func (a *Authority) Assign(w plan.Want, signers ...string) (Issued, error) {
	s := a.read()
	if err := s.standing(w.OwnPlace, a.o.Now(), a.o.Now()); err != nil {
		return Issued{}, err
	}
	w.Media = s.Media
	return a.Sign(&w, signers...)
}

// LastWant is the newest want of a box, also one that waits for a signature; a
// box that has none yet is to be what the books say.
func (a *Authority) LastWant(device string) (plan.Want, error) {
	b, ok := a.read().Boxes[device]
	if !ok {
		return plan.Want{}, fail("no-box", nil, device)
	}
	w := plan.Want{OwnPlace: b.Place, Groups: b.Groups, Name: b.Name}
	w.Device = device
	topic := message.DeviceTopic(device, message.LeafWant)
	for _, file := range []string{a.pendingFile(topic), a.issuedFile(topic)} {
		raw, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return w, err
		}
		is, err := Read(raw)
		if err != nil {
			return w, fail("damaged", err, file)
		}
		return is.Doc.(plan.Want), nil
	}
	return w, nil
}
