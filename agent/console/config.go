package console

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"loa/agent/config"
	"loa/agent/plan"
	"loa/agent/settings"
)

// A Configurer keeps the box's own settings; *settings.Keeper is one.
type Configurer interface {
	Running() config.Config // in force
	Kept() config.Config    // in the file
	Trial() (until time.Time, ok bool)
	Candidate() (c config.Config, by string)
	Edit(*settings.Seat, func(config.Config) (config.Config, error)) error
	Check() error
	Try(*settings.Seat, time.Duration) (until time.Time, err error)
	Commit(*settings.Seat) error
	Rollback(*settings.Seat, int) error
	Before() []settings.Before
	Leave(*settings.Seat)
}

// A SettingsCarrier takes settings to another box and back, on a stick. dir is as for
// an Importer.
type SettingsCarrier interface {
	GiveSettings(dir string, text []byte) (where string, err error)
	TakeSettings(dir string) ([]byte, error)
}

// A Given is a setting that the box's own file does not give.
type Given struct {
	Key, Value string
	From       string // "board" or "signed"
}

const (
	configUsage = "[show [all|KEY]|edit KEY [VALUE]|paste|diff|check|commit [confirmed [1..60]]|rollback [N]|export [usb|DIR]|import [usb|DIR]]"
	netUsage    = "[show|set static ADDRESS [GATEWAY [DNS]]|set dhcp|set (dns|gateway|order|pin|interface) [VALUE]|set apn [APN [USER PASSWORD]]]"
)

// config is what the box's own file says and how it is changed.
func (c *call) config() (answer, error) {
	if c.box.Config == nil {
		return answer{}, c.absent()
	}
	word := "show"
	if len(c.args) > 0 {
		word, c.args = c.args[0], c.args[1:]
	}
	for _, sub := range []struct {
		name     string
		min, max int // words
		run      func(*call) (answer, error)
	}{
		{"show", 0, 1, (*call).configShow},
		{"edit", 1, 40, (*call).configEdit},
		{"paste", 0, 0, (*call).configPaste},
		{"diff", 0, 0, (*call).configDiff},
		{"check", 0, 0, (*call).configCheck},
		{"commit", 0, 2, (*call).configCommit},
		{"rollback", 0, 1, (*call).configRollback},
		{"export", 0, 1, (*call).configExport},
		{"import", 0, 1, (*call).configImport},
	} {
		if sub.name == word && sub.min <= len(c.args) && len(c.args) <= sub.max {
			return sub.run(c)
		}
	}
	return answer{}, c.misused()
}

// A setting is a row of config show.
type setting struct {
	config.Setting
	From string `json:"from"`           // default, file, trial, board, signed
	File string `json:"file,omitempty"` // what the file says, where something else holds
}

func (c *call) configShow() (answer, error) {
	only, all := "", len(c.args) > 0
	if all && c.args[0] != "all" {
		only = strings.ToLower(c.args[0])
	}
	kept := c.box.Config.Kept().Settings()
	var data []setting
	for i, s := range c.box.Config.Running().Settings() {
		row := setting{Setting: s, From: "file"}
		switch {
		case s.Value != kept[i].Value:
			row.From, row.File = "trial", kept[i].Value
		case s.Default:
			row.From = "default"
		}
		data = append(data, row)
	}
	if c.box.Given != nil {
		for _, g := range c.box.Given() {
			i := slices.IndexFunc(data, func(s setting) bool { return s.Key == g.Key })
			switch {
			case i < 0:
				data = append(data, setting{Setting: config.Setting{Key: g.Key, Value: g.Value, Fixed: true}, From: g.From})
			case g.From == "signed" || data[i].Default:
				if data[i].From == "file" {
					data[i].File = data[i].Value
				}
				data[i].Value, data[i].From, data[i].Default = g.Value, g.From, false
			}
		}
	}
	data = slices.DeleteFunc(data, func(s setting) bool { return !strings.HasPrefix(s.Key, only) })
	if len(data) == 0 {
		_, err := c.box.Config.Running().With(only) // says which may be meant
		return answer{}, c.wrong(err)
	}
	var b strings.Builder
	for _, s := range data {
		if !all && s.From == "default" && (s.Fixed || s.Value == `""` || s.Value == "[]") {
			continue // a screen has 24 lines
		}
		from := c.say("config.from." + s.From)
		if s.File != "" {
			from += ", agent.toml: " + s.File
		}
		fmt.Fprintf(&b, "%s %s  %s\n", pad(s.Key, 21), pad(s.Value, 30), from)
	}
	if !all {
		b.WriteString(c.say("config.all") + "\n")
	}
	b.WriteString(c.pending())
	return answer{data: data, text: b.String()}, nil
}

// pending says what is not in the file yet.
func (s *session) pending() string {
	text := ""
	if s.box.Config == nil {
		return text
	}
	if until, ok := s.box.Config.Trial(); ok {
		text += s.say("config.trial", s.hourOf(s.byBox(until))) + "\n"
	}
	if _, by := s.box.Config.Candidate(); by != "" {
		text += s.say("config.pending", by) + "\n"
	}
	return text
}

func (c *call) configEdit() (answer, error) { return c.edit(c.args[0], c.args[1:]...) }

// edit sets one key in the candidate.
func (c *call) edit(key string, words ...string) (answer, error) {
	return c.change(func(k config.Config) (config.Config, error) { return k.With(key, words...) })
}

// change changes the candidate, and says what is different then.
func (c *call) change(f func(config.Config) (config.Config, error)) (answer, error) {
	if err := c.here(); err != nil {
		return answer{}, err
	}
	if err := c.box.Config.Edit(c.seat, f); err != nil {
		return answer{}, c.wrong(err)
	}
	a, err := c.configDiff()
	if err != nil {
		return a, err
	}
	// What goes together may still be on its way, so this is no error yet.
	if err := c.box.Config.Check(); err != nil {
		a.text += c.say("config.not-yet", c.problem(err)) + "\n"
	}
	return a, nil
}

func (c *call) configDiff() (answer, error) {
	next, by := c.box.Config.Candidate()
	changes := config.Diff(c.box.Config.Running(), next)
	if by == "" || len(changes) == 0 {
		return answer{data: []config.Change{}, text: c.say("config.same") + "\n" + c.pending()}, nil
	}
	var b strings.Builder
	for _, d := range changes {
		fmt.Fprintf(&b, "- %s = %s\n+ %s = %s\n", d.Key, d.From, d.Key, d.To)
	}
	b.WriteString(c.say("config.how") + "\n")
	return answer{data: changes, text: b.String()}, nil
}

func (c *call) configCheck() (answer, error) {
	if err := c.box.Config.Check(); err != nil {
		return answer{}, c.wrong(err)
	}
	return answer{text: c.say("config.good")}, nil
}

// configPaste takes lines of a settings file until a dot or Ctrl-D, all of them or none.
func (c *call) configPaste() (answer, error) {
	if c.lines == nil {
		return answer{}, usageError{c.say("config.paste.where")}
	}
	if err := c.here(); err != nil {
		return answer{}, err
	}
	text, whole := c.lines(c.say("config.paste"))
	if !whole {
		return answer{}, usageError{c.say("config.paste.cut")}
	}
	return c.change(func(k config.Config) (config.Config, error) { return k.Merge(c.say("config.pasted"), []byte(text)) })
}

func (c *call) configExport() (answer, error) {
	text := c.box.Config.Kept().Export()
	if len(c.args) == 0 {
		return answer{data: map[string]string{"text": string(text)}, text: string(text)}, nil
	}
	if c.box.Carry == nil {
		return answer{}, c.absent()
	}
	if err := c.touch(); err != nil {
		return answer{}, err
	}
	where, err := c.box.Carry.GiveSettings(c.stickDir(), text)
	if err != nil {
		return answer{}, c.stickError("config export", err)
	}
	return answer{data: map[string]string{"file": where}, text: c.say("config.exported", where)}, nil
}

func (c *call) configImport() (answer, error) {
	if c.box.Carry == nil {
		return answer{}, c.absent()
	}
	text, err := c.box.Carry.TakeSettings(c.stickDir())
	if err != nil {
		return answer{}, c.stickError("config import", err)
	}
	return c.change(func(k config.Config) (config.Config, error) { return k.Merge("settings.toml", text) })
}

// stickDir is the folder that was named; the word usb is the one stick that is there.
func (c *call) stickDir() string {
	if len(c.args) == 0 || c.args[0] == "usb" {
		return ""
	}
	return c.args[0]
}

// configCommit puts the candidate in force: for good, or until nobody has confirmed it.
func (c *call) configCommit() (answer, error) {
	d := settings.DefaultTrial
	confirmed := len(c.args) > 0 && strings.HasPrefix("confirmed", strings.ToLower(c.args[0])) && len(c.args[0]) >= 4
	switch {
	case len(c.args) > 0 && !confirmed:
		return answer{}, c.misused()
	case len(c.args) == 2:
		n, err := strconv.Atoi(c.args[1])
		if err != nil || n < 1 || n > int(settings.MaxTrial/time.Minute) {
			return answer{}, usageError{c.say("config.bound", int(settings.MaxTrial/time.Minute))}
		}
		d = time.Duration(n) * time.Minute
	}
	if err := c.here(); err != nil {
		return answer{}, err
	}
	same := func(k config.Config) (config.Config, error) { return k, nil }
	if err := c.box.Config.Edit(c.seat, same); err != nil { // before anything is asked
		return answer{}, c.wrong(err)
	}
	if err := c.mayRestart(); err != nil {
		return answer{}, err
	}
	next, _ := c.box.Config.Candidate()
	changes := config.Diff(c.box.Config.Kept(), next)
	if err := c.touch(); err != nil {
		return answer{}, err
	}
	for _, d := range changes {
		c.touched = join(" ", c.touched, d.Key) // values may be secrets, and the ledger goes far
	}
	type committed struct {
		Changes []config.Change `json:"changes"`
		Until   time.Time       `json:"trial_until,omitzero"`
	}
	if confirmed {
		until, err := c.box.Config.Try(c.seat, d)
		if err != nil {
			return answer{}, c.wrong(err)
		}
		return answer{data: committed{changes, until}, text: c.say("config.tried", c.hourOf(c.byBox(until)))}, nil
	}
	if err := c.box.Config.Commit(c.seat); err != nil {
		return answer{}, c.wrong(err)
	}
	return answer{data: committed{Changes: changes}, text: c.say("config.kept")}, nil
}

// mayRestart asks once more where a commit would cut off what sounds.
func (c *call) mayRestart() error {
	next, _ := c.box.Config.Candidate()
	cuts := slices.ContainsFunc(config.Diff(c.box.Config.Running(), next), func(d config.Change) bool {
		return !strings.HasPrefix(d.Key, "network.")
	})
	if !cuts || c.yes || c.box.View == nil || c.box.View.Status().Now == nil {
		return nil
	}
	if c.ask == nil || !yes(c.ask(c.say("config.confirm"))) {
		return refusedHere{plan.Priority, c.say("config.sounds")}
	}
	return nil
}

func (c *call) configRollback() (answer, error) {
	if len(c.args) == 0 {
		return c.configBefore()
	}
	n, err := strconv.Atoi(c.args[0])
	if err != nil || n < 0 {
		return answer{}, c.misused()
	}
	if n == 0 {
		if err := c.touch(); err != nil {
			return answer{}, err
		}
		if err := c.box.Config.Rollback(c.seat, 0); err != nil {
			return answer{}, c.wrong(err)
		}
		return answer{text: c.say("config.dropped")}, nil
	}
	if err := c.here(); err != nil {
		return answer{}, err
	}
	if err := c.box.Config.Rollback(c.seat, n); err != nil {
		return answer{}, c.wrong(err)
	}
	return c.configDiff()
}

// configBefore lists what can be rolled back to.
func (c *call) configBefore() (answer, error) {
	type before struct {
		N       int             `json:"n"`
		Until   time.Time       `json:"until"`
		Changes []config.Change `json:"changes"` // that going back to it would make
	}
	data := []before{}
	var b strings.Builder
	for i, f := range c.box.Config.Before() {
		changes := config.Diff(c.box.Config.Running(), f.Config)
		data = append(data, before{i + 1, f.At, changes})
		var keys []string
		for _, d := range changes {
			keys = append(keys, d.Key)
		}
		fmt.Fprintf(&b, "%2d  %s  %s\n", i+1, c.say("until", c.time(f.At)), short(strings.Join(keys, " "), 44))
	}
	if len(data) == 0 {
		return answer{data: data, text: c.say("config.nothing-before")}, nil
	}
	return answer{data: data, text: b.String()}, nil
}

// problem says what is wrong with settings.
func (s *session) problem(err error) string {
	var p *config.Problem
	if errors.As(err, &p) && !s.english() {
		return p.VI()
	}
	return err.Error()
}

// wrong makes an error of the settings one of the console.
func (c *call) wrong(err error) error {
	var p *config.Problem
	var held *settings.Held
	switch {
	case errors.As(err, &p):
		return usageError{c.say("config.wrong", c.problem(err))}
	case errors.As(err, &held):
		return refusedHere{plan.Conflict, c.say("config.held", held.By.Name, c.hourOf(held.By.Since))}
	case errors.Is(err, settings.ErrUnchanged):
		return usageError{c.say("config.same")}
	case errors.Is(err, settings.ErrNotThere):
		return usageError{c.say("config.not-there")}
	}
	return err
}

// stickError says why there is no stick for a command to read or write.
func (c *call) stickError(word string, err error) error {
	switch {
	case errors.Is(err, ErrNoStick):
		return errors.New(c.say("import.none", word))
	case errors.Is(err, ErrSeveralSticks):
		return errors.New(c.say("import.several", word))
	case errors.Is(err, fs.ErrNotExist):
		return errors.New(c.say("config.no-file"))
	}
	return err
}
