package authority

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"loa/agent/message"
	"loa/agent/plan"
)

// AddBox takes a device in: one new key, which is both its certificate's and
// the one that signs its reports. What the box has to carry is written to
// BoxDir, in the folders where the box has it. The box still needs its want.
func (a *Authority) AddBox(device, board string, b Box) error {
	if !plan.ValidID(device) {
		return fail("bad-name", nil, device)
	}
	s := a.read()
	if _, ok := s.Boxes[device]; ok {
		return fail("box-exists", nil, device)
	}
	if _, ok := s.Places[b.Place]; !ok {
		return fail("no-place", nil, b.Place)
	}
	ca, err := a.ca()
	if err != nil {
		return err
	}
	pub, priv, err := newKey()
	if err != nil {
		return err
	}
	cert, key, err := clientPair(ca, device, pub, priv, a)
	if err != nil {
		return err
	}
	root, err := a.RootFile()
	if err != nil {
		return err
	}
	quoted := make([]string, len(s.Brokers))
	for i, u := range s.Brokers {
		quoted[i] = fmt.Sprintf("%q", u)
	}
	for name, data := range map[string][]byte{
		"agent.toml": fmt.Appendf(nil, `# The settings of this box and of no other.
device = %q
board = %q
report_key = "/etc/loa/box.key" # one key: the certificate's, and the one that signs reports

[broker]
urls = [%s]
`, device, board, strings.Join(quoted, ", ")),
		"root.json": root,
		"ca.pem":    ca.CertPEM(),
		"box.pem":   cert,
		"box.key":   key,
	} {
		if err := writeFile(filepath.Join(a.BoxDir(device), "etc", "loa", name), data); err != nil {
			return fail("box-files", err, device)
		}
	}
	b.Key = base64.StdEncoding.EncodeToString(pub)
	b.Board = board
	b.Added = a.o.Now().UTC()
	return a.change(func(s *state) error {
		if _, ok := s.Boxes[device]; ok {
			return fail("box-exists", nil, device)
		}
		s.Boxes[device] = b
		return nil
	})
}

// BoxDir is what a new box is handed, laid out as on the box. It holds the
// box's secret key: once the box has it, it should be gone from here.
func (a *Authority) BoxDir(device string) string { return filepath.Join(a.dir, "boxes", device) }

// MoveBox registers a box elsewhere; its want has to be issued again, signed by
// who may assign at the old place and at the new one.
func (a *Authority) MoveBox(device, place string, groups []string) error {
	return a.change(func(s *state) error {
		b, ok := s.Boxes[device]
		if !ok {
			return fail("no-box", nil, device)
		}
		if _, ok := s.Places[place]; !ok {
			return fail("no-place", nil, place)
		}
		b.Place, b.Groups = place, groups
		s.Boxes[device] = b
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
	if _, ok := s.Places[w.OwnPlace]; !ok {
		return Issued{}, fail("no-place", nil, w.OwnPlace)
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
