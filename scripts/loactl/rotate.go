package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority"
)

// sharesFlag collects --holder NAME=NEW.
type sharesFlag [][2]string

func (f *sharesFlag) String() string { return "" }

func (f *sharesFlag) Set(s string) error {
	from, to, ok := strings.Cut(s, "=")
	if !ok || from == "" && to == "" {
		return errors.New("NAME=NEW")
	}
	*f = append(*f, [2]string{from, to})
	return nil
}

// keyRotateRoot proposes the next root, or rehearses that.
func (a *app) keyRotateRoot(args []string) error {
	fs := a.flags("key rotate-root")
	var shares sharesFlag
	fs.Var(&shares, "holder", "")
	threshold := fs.Int("threshold", 0, "")
	as := fs.String("as", "", "")
	rehearse := fs.Bool("rehearse", false, "")
	drop := fs.Bool("drop", false, "")
	send := fs.Bool("send", false, "")
	if _, err := a.parse(fs, args, 0, 0); err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	if *drop {
		if err := au.DropRoot(); err != nil {
			return err
		}
		return a.say(map[string]bool{"dropped": true}, "root.dropped")
	}
	if *as == "" {
		return &usageError{a.text("who-signs")}
	}
	if *rehearse {
		p, err := au.RehearseRotation(shares, *threshold, names(*as)...)
		if err != nil {
			return err
		}
		if err := a.show(p, func(w io.Writer) {
			if p.Done {
				fmt.Fprintln(w, a.text("root.rehearsed", p.Number))
			} else {
				fmt.Fprintln(w, a.text("root.short", p.Number, p.Old, p.OldNeed, p.New, p.Threshold))
			}
		}); err != nil || p.Done {
			return err
		}
		return errTold
	}
	p, err := au.RotateRoot(shares, *threshold, names(*as)...)
	if err != nil {
		return err
	}
	return a.rotated(au, p, names(*as), *send)
}

// rotated tells how far a rotation is, and when it is done sends it if asked to.
func (a *app) rotated(au *authority.Authority, p authority.Rotation, signers []string, send bool) error {
	if !p.Done {
		return a.say(p, "root.waits", p.Number, p.Old, p.OldNeed, p.New, p.Threshold)
	}
	if !au.ListHolds() {
		// Places or grants changed while the root waited.
		if err := a.reissue(au, signers, func() error { return nil }); err != nil {
			return err
		}
	}
	root, _ := au.Find(message.RootTopic(p.Number))
	list, _ := au.Find(message.ListTopic(plan.RootPlace))
	return a.finish(au, []authority.Issued{root, list}, send)
}

// keyApprove adds the signatures of other holders of the root to what waits for them:
// the next root, or a list.
func (a *app) keyApprove(args []string) error {
	fs := a.flags("key approve")
	as := fs.String("as", "", "")
	to := fs.String("to", "", "")
	from := fs.String("from", "", "")
	send := fs.Bool("send", false, "")
	if _, err := a.parse(fs, args, 0, 0); err != nil {
		return err
	}
	if *as == "" && *to == "" && *from == "" {
		return &usageError{a.text("who-signs")}
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	if *to != "" {
		file, err := au.HandOut()
		if err != nil {
			return err
		}
		if err := os.WriteFile(*to, file, 0o600); err != nil {
			return err
		}
		return a.say(map[string]string{"file": *to}, "root.handed", *to)
	}
	signers := names(*as)
	p, rotating := au.Rotating()
	if *from != "" {
		file, err := os.ReadFile(*from)
		if err != nil {
			return err
		}
		if p, err = au.TakeBack(file); err != nil {
			return err
		}
	} else if rotating {
		if p, err = au.ApproveRoot(signers...); err != nil {
			return err
		}
	}
	if rotating {
		return a.rotated(au, p, signers, *send)
	}
	list, ok := au.Waiting(message.ListTopic(plan.RootPlace))
	if !ok {
		return errors.New(a.text("list.none"))
	}
	return a.approveList(au, list, signers, *send)
}

// keySign signs what was handed out, on a machine without an authority.
func (a *app) keySign(args []string) error {
	fs := a.flags("key sign")
	key := fs.String("key", "", "")
	rest, err := a.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	if *key == "" {
		return &usageError{a.text("key.which")}
	}
	file, err := os.ReadFile(rest[0])
	if err != nil {
		return err
	}
	sealed, err := os.ReadFile(*key)
	if err != nil {
		return err
	}
	if !a.json {
		if err := a.showHandout(file); err != nil {
			return err
		}
	}
	signed, name, err := authority.Cosign(file, sealed, a.secret)
	if err != nil {
		return err
	}
	if err := os.WriteFile(rest[0], signed, 0o600); err != nil {
		return err
	}
	return a.say(map[string]string{"person": name, "file": rest[0]}, "key.signed", name, rest[0])
}

// showHandout shows what is about to be signed.
func (a *app) showHandout(file []byte) error {
	for line := range strings.Lines(string(file)) {
		is, err := authority.Read([]byte(strings.TrimSpace(line)))
		if err != nil {
			return err
		}
		switch doc := is.Doc.(type) {
		case plan.Root:
			fmt.Fprintln(a.out, a.text("root.is", doc.Number, doc.Threshold, len(doc.Keys)))
			for _, k := range doc.Keys {
				fmt.Fprintln(a.out, "  ", k.Holder, k.Key)
			}
		case plan.List:
			writeChanges(a.out, plan.List{}, doc)
		}
	}
	return nil
}
