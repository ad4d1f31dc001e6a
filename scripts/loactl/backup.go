package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"loa/agent/message"
	"loa/scripts/authority"
	"loa/scripts/authority/poll"
	"loa/scripts/authority/push"
	"loa/scripts/authority/requests"
)

// sealedAs is whose passphrase a backup is under, in the file of passphrases.
const sealedAs = "backup"

// backup writes the whole authority into one sealed file.
func (a *app) backup(args []string) error {
	fs := a.flags("backup")
	media := fs.Bool("media", false, "")
	rest, err := a.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	file, err := a.outside(au, rest[0])
	if err != nil {
		return err
	}
	a.fresh = true
	pass, err := a.secret(sealedAs)
	if err != nil {
		return err
	}
	_, err = os.Stat(file)
	replaced := err == nil
	for _, still := range []func(string) (func(), error){requests.Still, poll.Still, push.Still} {
		done, err := still(au.Dir())
		if err != nil {
			return err
		}
		defer done()
	}
	size, err := writeBackup(au, file, pass, *media)
	if err != nil {
		return err
	}
	if replaced {
		a.note("backup.replaced", rest[0])
	}
	return a.say(map[string]any{"file": rest[0], "bytes": size, "media": *media, "replaced": replaced}, "backup.done", rest[0], a.decimal(float64(size)/1e6))
}

// outside is where a backup goes: not into what it is a backup of.
func (a *app) outside(au *authority.Authority, name string) (string, error) {
	file, err1 := filepath.Abs(name)
	dir, err2 := filepath.Abs(au.Dir())
	if err := errors.Join(err1, err2); err != nil {
		return "", err
	}
	if strings.HasPrefix(file, dir+string(filepath.Separator)) {
		return "", errors.New(a.text("backup.inside", au.Dir()))
	}
	return file, nil
}

// writeBackup leaves a whole file or the one that was there before.
func writeBackup(au *authority.Authority, file string, pass []byte, media bool) (size int64, err error) {
	f, err := os.CreateTemp(filepath.Dir(file), ".new-*")
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name())
	err = au.Backup(f, pass, media)
	if err == nil {
		size, err = f.Seek(0, io.SeekEnd)
	}
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return 0, err
	}
	return size, os.Rename(f.Name(), file)
}

// restore makes an authority out of a backup.
func (a *app) restore(args []string) error {
	rest, err := a.parse(a.flags("restore"), args, 2, 2)
	if err != nil {
		return err
	}
	f, err := os.Open(rest[0])
	if err != nil {
		return err
	}
	defer f.Close()
	pass, err := a.secret(sealedAs)
	if err != nil {
		return err
	}
	r, err := authority.Restore(f, pass, rest[1], a.opts())
	if err != nil {
		return err
	}
	return a.say(r, "restore.done", rest[1], a.moment(r.Made))
}

// What an authority that comes from a backup has to see besides what a broker keeps.
var compareFilters = []string{message.Prefix + "p/+/beat", message.Prefix + "d/+/have"}

// compare lets an authority that comes from a backup learn what was issued since.
func (a *app) compare(au *authority.Authority, c *collector, anyway bool) error {
	kept, have := make(map[string][]byte), make(map[string][]byte)
	c.mu.Lock()
	for topic, payload := range c.got {
		if strings.HasSuffix(topic, "/"+message.LeafHave) {
			have[topic] = payload
		} else {
			kept[topic] = payload
		}
	}
	c.mu.Unlock()
	cmp, err := au.Compare(kept, have, anyway)
	if err != nil {
		return err
	}
	if !cmp.Done {
		return errors.New(a.text("compare.early", cmp.Heard, cmp.Boxes))
	}
	if a.json {
		return nil
	}
	fmt.Fprintln(a.out, a.text("compare.done", len(cmp.Adopted), cmp.Heard, cmp.Boxes))
	for _, box := range cmp.Strangers {
		fmt.Fprintln(a.out, a.text("compare.stranger", box))
	}
	return nil
}
