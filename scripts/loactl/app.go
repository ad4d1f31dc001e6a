package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"

	"loa/agent/plan"
	"loa/scripts/authority"
)

// An app is one run of the tool.
type app struct {
	ctx context.Context
	in  io.Reader
	out io.Writer
	err io.Writer
	env func(string) string
	now func() time.Time

	patience time.Duration // for a broker to take something

	lang   string
	json   bool
	dir    string // of the authority
	broker string // overrides the authority's
	client string // under which name to connect
	fresh  bool   // passphrases are being chosen, not asked for
	pass   map[string][]byte
}

// global takes the options that every command understands out of args, wherever
// they stand. wrong says which of them cannot be used; the rest is taken all the same.
func (a *app) global(args []string) (rest []string, wrong string) {
	a.lang, a.client = "vi", "loactl"
	if l := a.env("LOA_LANG"); l != "" {
		a.lang = l
	}
	a.dir = a.env("LOA_AUTHORITY")
	empty := ""
	for i := 0; i < len(args); i++ {
		name, value, has := strings.Cut(strings.TrimPrefix(args[i], "-"), "=")
		var to *string
		switch name {
		case "-json":
			a.json = true
			continue
		case "-lang":
			to = &a.lang
		case "-authority":
			to = &a.dir
		case "-broker":
			to = &a.broker
		case "-client":
			to = &a.client
		default:
			rest = append(rest, args[i])
			continue
		}
		if !has && i+1 < len(args) {
			i++
			value = args[i]
		}
		if *to = value; value == "" {
			empty = name[1:]
		}
	}
	if _, ok := catalogues[a.lang]; !ok {
		given := a.lang
		a.lang = "vi"
		wrong = a.text("flag.value", given, "lang")
	}
	if empty != "" {
		wrong = a.text("flag.empty", empty)
	}
	if a.dir == "" {
		home, err := os.UserConfigDir()
		if err != nil {
			home = "."
		}
		a.dir = filepath.Join(home, "loa")
	}
	return rest, wrong
}

// flags makes the set of a command's own options.
func (a *app) flags(name string) *flag.FlagSet {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	return fs
}

// parse reads options and arguments in any order and returns the arguments, of
// which there have to be least to most; most -1: any number.
func (a *app) parse(fs *flag.FlagSet, args []string, least, most int) ([]string, error) {
	var rest []string
	for {
		if err := fs.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, err
			}
			return nil, &usageError{a.flagError(fs, err)}
		}
		if fs.NArg() == 0 {
			break
		}
		rest, args = append(rest, fs.Arg(0)), fs.Args()[1:]
	}
	if len(rest) < least || most >= 0 && len(rest) > most {
		return nil, &usageError{a.text("arguments", len(rest))}
	}
	return rest, nil
}

// flagError says in the reader's language what package flag says in English.
func (a *app) flagError(fs *flag.FlagSet, err error) string {
	if name, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: -"); ok {
		return a.text("flag.unknown", name)
	}
	if name, ok := strings.CutPrefix(err.Error(), "flag needs an argument: -"); ok {
		return a.text("flag.empty", name)
	}
	m := wrongValue.FindStringSubmatch(err.Error())
	if m == nil {
		return err.Error()
	}
	if f, ok := fs.Lookup(m[2]).Value.(flag.Getter); ok {
		switch f.Get().(type) {
		case time.Duration:
			return a.text("flag.span", m[1], m[2])
		case int:
			return a.text("flag.number", m[1], m[2])
		}
	}
	return a.text("flag.value", m[1], m[2])
}

// wrongValue is how package flag says that a value cannot be read.
var wrongValue = regexp.MustCompile(`^invalid (?:boolean )?value (".*") for (?:flag )?-([a-z-]+): `)

// options are the fields of documents that come from an option of another name.
var options = map[string]string{
	"volume_percent": "volume", "for_s": "for", "mute_until": "for", "until": "for", "gap_s": "gap", "delay_ms": "delay-ms", "stagger_group": "stagger-group",
	"class": "class", "classes": "classes", "repeat": "repeat", "tone": "tone", "severity": "severity", "urgency": "urgency",
	"certainty": "certainty", "event": "event", "headline": "headline", "instruction": "instruction", "reason": "reason",
	"id": "id", "office": "office", "groups": "groups", "name": "name",
}

// wrongOption says what is wrong with a document that was made of options.
func (a *app) wrongOption(err error, bad *plan.Error) string {
	field := bad.Field[strings.LastIndexByte(bad.Field, '.')+1:]
	field, _, _ = strings.Cut(field, "[")
	if option, ok := options[field]; ok {
		return "--" + option + ": " + a.particulars(bad)
	}
	return a.explain(err)
}

// particulars say what was wrong in a document, in the chosen language.
func (a *app) particulars(bad *plan.Error) string {
	if a.lang == "vi" && bad.VI != "" {
		return bad.VI
	}
	return bad.Msg
}

// sub runs one of a command's own commands.
func (a *app) sub(args []string, table map[string]func([]string) error) error {
	if len(args) == 0 {
		return &usageError{}
	}
	if args[0] == "-h" || args[0] == "-help" || args[0] == "--help" {
		return flag.ErrHelp
	}
	run, ok := table[args[0]]
	if !ok {
		return &usageError{a.unknown(args[0], slices.Sorted(maps.Keys(table)))}
	}
	return run(args[1:])
}

// show prints a result: for a program the value, for a person what human writes.
func (a *app) show(v any, human func(io.Writer)) error {
	var b bytes.Buffer
	if a.json {
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(v); err != nil {
			return err
		}
	} else {
		human(&b)
	}
	_, err := a.out.Write(b.Bytes())
	return err
}

// say is show for what one sentence tells.
func (a *app) say(v any, key string, args ...any) error {
	return a.show(v, func(w io.Writer) { fmt.Fprintln(w, a.text(key, args...)) })
}

// note tells a person something on the side; a program is not told.
func (a *app) note(key string, args ...any) {
	if !a.json {
		fmt.Fprintln(a.err, a.text(key, args...))
	}
}

// open opens the authority.
func (a *app) open() (*authority.Authority, error) {
	return authority.Open(a.dir, a.opts())
}

func (a *app) opts() authority.Opts {
	return authority.Opts{Secret: a.secret, Keys: a.env("LOA_KEYS"), Now: a.now}
}

// secret gives a person's passphrase: from the file that LOA_PASSPHRASE_FILE
// names, or from the terminal. Each is asked for once.
func (a *app) secret(person string) ([]byte, error) {
	if p, ok := a.pass[person]; ok {
		return p, nil
	}
	p, err := a.passphrase(person)
	if err != nil {
		return nil, err
	}
	if a.pass == nil {
		a.pass = make(map[string][]byte)
	}
	a.pass[person] = p
	return p, nil
}

func (a *app) passphrase(person string) ([]byte, error) {
	if name := a.env("LOA_PASSPHRASE_FILE"); name != "" {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		return passphraseIn(data, person), nil
	}
	tty, ok := a.in.(*os.File)
	if !ok || !term.IsTerminal(int(tty.Fd())) {
		return nil, errors.New(a.text("no-terminal"))
	}
	if person == "ca" {
		person = a.text("person.ca")
	}
	if a.fresh {
		return a.typedTwice(tty, person)
	}
	return a.typed(tty, a.text("passphrase", person))
}

// typedTwice asks for a passphrase that nobody can check later.
func (a *app) typedTwice(tty *os.File, person string) ([]byte, error) {
	for {
		p, err := a.typed(tty, a.text("passphrase", person))
		if err != nil {
			return nil, err
		}
		again, err := a.typed(tty, a.text("passphrase.again", person))
		if err != nil || bytes.Equal(p, again) {
			return p, err
		}
		fmt.Fprintln(a.err, a.text("passphrase.differs"))
	}
}

// typed asks for what must not be seen.
func (a *app) typed(tty *os.File, prompt string) ([]byte, error) {
	fmt.Fprint(a.err, prompt)
	p, err := term.ReadPassword(int(tty.Fd()))
	fmt.Fprintln(a.err)
	return p, err
}

// passphraseIn finds a person's line "name: passphrase"; without one the whole
// first line is everybody's.
func passphraseIn(data []byte, person string) []byte {
	for line := range bytes.Lines(data) {
		if p, ok := bytes.CutPrefix(bytes.TrimRight(line, "\r\n"), []byte(person+": ")); ok {
			return p
		}
	}
	first, _, _ := bytes.Cut(data, []byte("\n"))
	return bytes.TrimRight(first, "\r")
}

// names splits a list such as lan,minh.
func names(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
}

// version is set by the linker in make's builds.
var version string

func buildVersion() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "?"
	}
	v := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			v += " " + s.Value[:12]
		}
	}
	return v
}
