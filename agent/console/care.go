package console

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"loa/agent/lastrun"
	"loa/agent/ledger"
	"loa/agent/plan"
)

// A Carer looks after the box itself.
type Carer interface {
	// Last is how the run before this one ended.
	Last() lastrun.Last
	// Keep writes a file onto a stick, or into dir, and says where it lies; ErrNoStick
	// and ErrSeveralSticks are among its errors.
	Keep(ctx context.Context, dir, name string, data []byte) (path string, err error)
	// Reboot begins the whole machine anew; it returns before that.
	Reboot(ctx context.Context, reason string) error
	// CanReboot: somebody who may is there.
	CanReboot() bool
	// Factory makes the box forget all but who it is and its ledger; at everything also
	// those. It returns at once.
	Factory(everything bool) error
}

func (c *call) crash() (answer, error) {
	if len(c.args) > 1 || len(c.args) == 1 && c.args[0] != "last" {
		return answer{}, c.misused()
	}
	if c.box.Care == nil {
		return answer{}, c.absent()
	}
	l := c.box.Care.Last()
	var b rows
	b.row(c.say("crash.why"), c.say("crash."+string(l.Why)))
	if l.Why != lastrun.First {
		b.row(c.say("crash.began"), c.time(l.Began))
		if !l.Ended.IsZero() {
			b.row(c.say("crash.ended"), c.time(l.Ended))
		}
		b.row(c.say("crash.code"), fmt.Sprint(l.Code))
		b.row(c.say("id.version"), or(l.Version, "?"))
		b.row(c.say("crash.runs"), fmt.Sprint(l.Runs))
	}
	text := b.String()
	for line := range strings.Lines(l.Text) {
		text += "  " + c.fit(strings.TrimRight(line, "\n"), screen-2) + "\n"
	}
	return answer{data: l, text: text}, nil
}

// maxBundle bounds a bundle in bytes: it fits into a message to the centre's people.
const maxBundle = 1 << 20

// bundle puts together what somebody in an office needs to find a fault: no secret is in
// it, because the console knows none.
func (c *call) bundle() (answer, error) {
	if c.box.Care == nil || c.box.View == nil {
		return answer{}, c.absent()
	}
	if err := c.touch(); err != nil {
		return answer{}, err
	}
	data, files, err := c.bundled()
	if err != nil {
		return answer{}, err
	}
	st := c.box.View.Status()
	name := fmt.Sprintf("loa-%s-%s.tar.gz", st.Device, c.box.View.Clock().Time.UTC().Format("20060102-150405"))
	path, err := c.box.Care.Keep(c.ctx, strings.Join(c.args, " "), name, data)
	switch {
	case errors.Is(err, ErrNoStick):
		return answer{}, errors.New(c.say("bundle.nostick"))
	case errors.Is(err, ErrSeveralSticks):
		return answer{}, errors.New(c.say("import.several", "bundle"))
	case err != nil:
		return answer{}, err
	}
	told := struct {
		Path  string   `json:"path"`
		Bytes int      `json:"bytes"`
		Files []string `json:"files"`
	}{path, len(data), files}
	return answer{data: told, text: fold(c.say("bundle.done", path, (len(data)+1023)/1024, strings.Join(files, ", ")), 0)}, nil
}

// bundled is the bundle, and what is in it. Where it would be too long the older half of
// log and ledger stays out.
func (c *call) bundled() (data []byte, names []string, err error) {
	for n := maxRows; ; n /= 2 {
		if data, names, err = c.pack(n); err != nil || len(data) <= maxBundle || n < 2 {
			return data, names, err
		}
	}
}

func (c *call) pack(rows int) ([]byte, []string, error) {
	var to bytes.Buffer
	z := gzip.NewWriter(&to)
	t := tar.NewWriter(z)
	var names []string
	add := func(name string, data []byte) error {
		names = append(names, name)
		if err := t.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(data)), ModTime: c.o.Now()}); err != nil {
			return err
		}
		_, err := t.Write(data)
		return err
	}
	// Every command that only looks says what it says to programs.
	for _, line := range []string{"status", "faults", "clock", "next 7d", "doc", "version", "id", "cert", "crash last", "commission show", "gpio list", "board show", "level"} {
		one := &session{Console: c.Console, words: c.words, remote: true}
		text, code := one.answer(c.ctx, line+" --json")
		if code == Usage { // the box has no such part
			continue
		}
		name := strings.ReplaceAll(line, " ", "-") + ".json"
		if err := add(name, []byte(text+"\n")); err != nil {
			return nil, nil, err
		}
	}
	if c.box.Settings != nil {
		text, err := json.MarshalIndent(c.box.Settings(), "", " ")
		if err == nil {
			err = add("settings.json", append(text, '\n'))
		}
		if err != nil {
			return nil, nil, err
		}
	}
	if c.box.Log != nil {
		if err := add("log.txt", []byte(strings.Join(c.box.Log(rows), "\n")+"\n")); err != nil {
			return nil, nil, err
		}
	}
	if c.box.Ledger != nil {
		entries, err := c.box.Ledger.Query(ledger.Query{Limit: rows})
		if err != nil {
			entries = nil // a broken ledger is what the bundle is for
		}
		var b bytes.Buffer
		for _, e := range entries {
			line, err := json.Marshal(e)
			if err != nil {
				continue
			}
			b.Write(append(line, '\n'))
		}
		if err := add("ledger.jsonl", b.Bytes()); err != nil {
			return nil, nil, err
		}
	}
	if err := errors.Join(t.Close(), z.Close()); err != nil {
		return nil, nil, err
	}
	return to.Bytes(), names, nil
}

// maxReason bounds in runes why a box was rebooted.
const maxReason = 100

// reboot begins the machine anew. An emergency that sounds is not cut off by a slip of a
// finger.
func (c *call) reboot() (answer, error) {
	if len(c.args) < 2 || c.args[0] != "--reason" {
		return answer{}, c.misused()
	}
	reason := short(strings.Join(c.args[1:], " "), maxReason)
	if c.box.Care == nil || !c.box.Care.CanReboot() {
		return answer{}, c.absent()
	}
	if err := c.touch(); err != nil {
		return answer{}, err
	}
	if err := c.cutsOff("reboot.emergency"); err != nil {
		return answer{}, err
	}
	if !c.yes && (c.ask == nil || !yes(c.ask(c.say("reboot.confirm")))) {
		return answer{}, refusedHere{text: c.say("reboot.declined")}
	}
	if err := c.box.Care.Reboot(c.ctx, reason); err != nil {
		return answer{}, err
	}
	return answer{data: map[string]string{"reason": reason}, text: c.say("reboot.done")}, nil
}

// cutsOff refuses, with the words of a text, what would cut off an emergency that sounds.
func (c *call) cutsOff(text string) error {
	if c.yes || c.box.View == nil {
		return nil
	}
	if now := c.box.View.Status().Now; now != nil && now.Class == plan.Emergency {
		return refusedHere{plan.Priority, c.say(text, or(now.Title, "—"))}
	}
	return nil
}

// factory makes the box as it came. Who it is and what it has played stay, unless that is
// asked for by its name: a slip must not cost a box its place.
func (c *call) factory() (answer, error) {
	everything := len(c.args) == 3 && c.args[1] == "everything"
	if len(c.args) == 0 || c.args[0] != "reset" || len(c.args) > 1 && !everything {
		return answer{}, c.misused()
	}
	if c.box.Care == nil || c.box.View == nil {
		return answer{}, c.absent()
	}
	if everything && c.args[2] != c.box.View.Status().Device {
		return answer{}, usageError{c.say("factory.name", c.box.View.Status().Device)}
	}
	if err := c.touch(); err != nil {
		return answer{}, err
	}
	if err := c.cutsOff("reset.emergency"); err != nil {
		return answer{}, err
	}
	question, done := "factory.confirm", "factory.done"
	if everything {
		question, done = "factory.confirm.everything", "factory.done.everything"
	}
	if !c.yes && (c.ask == nil || !yes(c.ask(strings.TrimSpace(fold(c.say(question), 0))))) {
		return answer{}, refusedHere{text: c.say("factory.declined")}
	}
	if err := c.box.Care.Factory(everything); err != nil {
		return answer{}, err
	}
	return answer{data: map[string]bool{"everything": everything}, text: c.say(done)}, nil
}

// stay keeps local mode on while somebody types: it ends by itself only when nobody does.
func (s *session) stay(ctx context.Context) {
	if s.attends <= 0 || s.remote || s.box.Sound == nil || s.box.View == nil {
		return
	}
	until, now := s.box.View.Status().LocalUntil, s.box.View.Clock().Time
	switch {
	case !until.After(now):
		s.attends = 0 // it is over
	case until.Sub(now) < s.attends/2: // not at every line: each is in the ledger
		if _, err := s.box.Sound.LocalMode(ctx, s.attends, s.box.View.Status().LocalWhy); err != nil {
			s.attends = 0
		}
	}
}
