package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/term"

	"loa/scripts/authority"
)

// key is everything about the keys of people: who has one, what it may say, where it
// is kept, and who holds the root.
func (a *app) key(args []string) error {
	return a.sub(args, map[string]func([]string) error{
		"new":           a.keyNew,
		"list":          a.keyList,
		"grant":         a.keyGrant,
		"revoke":        a.keyRevoke,
		"renew":         a.keyRenew,
		"approve":       a.keyApprove,
		"sign":          a.keySign,
		"passphrase":    a.keyPassphrase,
		"export":        a.keyExport,
		"import":        a.keyImport,
		"paper":         a.keyPaper,
		"restore-paper": a.keyRestorePaper,
		"rehearse":      a.keyRehearse,
		"rotate-root":   a.keyRotateRoot,
	})
}

func (a *app) keyNew(args []string) error {
	rest, err := a.parse(a.flags("key new"), args, 1, 1)
	if err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	a.fresh = true
	if err := au.AddPerson(rest[0]); err != nil {
		return err
	}
	return a.say(map[string]string{"person": rest[0], "key": au.People()[rest[0]].Key}, "key.made", rest[0])
}

// keyList shows people, then what they may say.
func (a *app) keyList(args []string) error {
	if _, err := a.parse(a.flags("key list"), args, 0, 0); err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	type line struct {
		authority.Person
		Root bool `json:"root,omitempty"` // holds a share of it
		Here bool `json:"here,omitempty"` // the sealed key is at hand
	}
	holders, _ := au.Root()
	people := make(map[string]line)
	for name, p := range au.People() {
		people[name] = line{p, slices.Contains(holders, name), au.HasKey(name)}
	}
	all := struct {
		People map[string]line   `json:"people"`
		Grants []authority.Grant `json:"grants"`
	}{people, au.Grants()}
	return a.show(all, func(w io.Writer) {
		var rows [][]string
		for _, name := range slices.Sorted(maps.Keys(people)) {
			p := people[name]
			where := a.text("key.at.elsewhere")
			switch {
			case p.Online:
				where = a.text("key.at.online")
			case p.Here:
				where = a.text("key.at.here")
			}
			if p.Root {
				where += ", " + a.text("key.at.root")
			}
			rows = append(rows, []string{name, where, a.proof(p.Proof), p.Key})
		}
		a.table(w, rows, "person", "where", "proof", "key")
		fmt.Fprintln(w)
		a.grants(w, all.Grants)
		for _, h := range holders {
			p := people[h].Proof
			if p == nil && a.now().Sub(au.Founded()) <= authority.ProofLife {
				continue // it was never due
			}
			if p == nil || !p.Passed || a.now().Sub(p.At) > authority.ProofLife {
				fmt.Fprintln(w, a.text("key.untried", h))
			}
		}
	})
}

// proof says when a key was tried last, and how that went.
func (a *app) proof(p *authority.Proof) string {
	if p == nil {
		return a.text("key.never")
	}
	day := a.onDay(p.At)
	if !p.Passed {
		return a.text("key.failed", day)
	}
	return a.text("key.passed", day)
}

func (a *app) keyPassphrase(args []string) error {
	fs := a.flags("key passphrase")
	file := fs.String("new", "", "")
	rest, err := a.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	// The old one first: who does not know it need not choose another.
	if _, err := a.secret(rest[0]); err != nil {
		return err
	}
	fresh, err := a.chosen(rest[0], *file)
	if err != nil {
		return err
	}
	if err := au.SetPassphrase(rest[0], fresh); err != nil {
		return err
	}
	return a.say(map[string]string{"person": rest[0]}, "key.resealed", rest[0])
}

// chosen is a new passphrase, from a file or typed twice.
func (a *app) chosen(person, file string) ([]byte, error) {
	if file != "" {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		return passphraseIn(data, person), nil
	}
	tty, ok := a.in.(*os.File)
	if !ok || !term.IsTerminal(int(tty.Fd())) {
		return nil, errors.New(a.text("key.no-new"))
	}
	return a.typedTwice(tty, person)
}

func (a *app) keyExport(args []string) error {
	fs := a.flags("key export")
	move := fs.Bool("move", false, "")
	rest, err := a.parse(fs, args, 2, 2)
	if err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	name, file := rest[0], rest[1]
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		file = filepath.Join(file, name+".key")
	}
	if err := au.ExportKey(name, file, *move); err != nil {
		return err
	}
	result := map[string]any{"person": name, "file": file, "moved": *move}
	if *move {
		return a.say(result, "key.moved", name, file, filepath.Dir(file))
	}
	return a.say(result, "key.copied", name, file)
}

func (a *app) keyImport(args []string) error {
	rest, err := a.parse(a.flags("key import"), args, 1, 1)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(rest[0])
	if err != nil {
		return err
	}
	return a.takeKey(data)
}

func (a *app) takeKey(data []byte) error {
	au, err := a.open()
	if err != nil {
		return err
	}
	name, err := au.ImportKey(data)
	if err != nil {
		return err
	}
	return a.say(map[string]string{"person": name}, "key.imported", name)
}

// keyRehearse proves that key and passphrase of people still work: of all holders of
// the root when nobody is named.
func (a *app) keyRehearse(args []string) error {
	fs := a.flags("key rehearse")
	file := fs.String("file", "", "")
	typed := fs.String("paper", "", "")
	who, err := a.parse(fs, args, 0, -1)
	if err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	if (*file != "" || *typed != "") && len(who) != 1 || *file != "" && *typed != "" {
		return &usageError{a.text("key.one")}
	}
	if len(who) == 0 {
		who, _ = au.Root()
	}
	type line struct {
		Person string    `json:"person"`
		At     time.Time `json:"at"`
		Passed bool      `json:"passed"`
		Why    string    `json:"why,omitempty"`
	}
	var lines []line
	for _, name := range who {
		err := a.prove(au, name, *file, *typed)
		l := line{name, a.now().UTC(), err == nil, ""}
		if err != nil {
			l.Why = a.explain(err)
		}
		lines = append(lines, l)
	}
	if err := a.show(lines, func(w io.Writer) {
		for _, l := range lines {
			if l.Passed {
				fmt.Fprintln(w, a.text("key.works", l.Person))
			} else {
				fmt.Fprintln(w, a.text("key.fails", l.Person, l.Why))
			}
		}
	}); err != nil {
		return err
	}
	if slices.ContainsFunc(lines, func(l line) bool { return !l.Passed }) {
		return errTold
	}
	return nil
}

func (a *app) prove(au *authority.Authority, name, file, typed string) error {
	var data []byte
	var err error
	with := "file"
	switch {
	case file != "":
		data, err = os.ReadFile(file)
	case typed != "":
		with = "paper"
		data, err = a.typedKey(typed)
	default:
		data, err = au.SealedKey(name)
	}
	if err != nil {
		return err
	}
	return au.ProveKey(name, data, with)
}
