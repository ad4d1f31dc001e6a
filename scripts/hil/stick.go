package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/stick"
	"loa/agent/update"
)

// lade writes a stick for the box: the lists of who may say what, a sign of life, what the
// box should run, and the bundle. It gives the stick as a file.
func (r *rig) lade(ctx context.Context, bundle string) (file string, err error) {
	dir := filepath.Join(r.dir, "stick")
	if err := os.MkdirAll(filepath.Join(dir, stick.Folder, "media"), 0o755); err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	all, err := r.centre.au.Issued()
	if err != nil {
		return "", err
	}
	alive, err := r.centre.au.Beat(province, dispatcher, time.Second)
	if err != nil {
		return "", err
	}
	var lists, want bytes.Buffer
	var named plan.Bundle
	for _, is := range all {
		switch is.Topic.Dir {
		case message.DirTrust:
			lists.Write(append(is.Raw, '\n'))
		case message.DirDevice:
			want.Write(append(is.Raw, '\n'))
			if w, ok := is.Doc.(plan.Want); ok && w.Firmware != nil {
				named = w.Firmware.Bundles[r.o.board]
			}
		}
	}
	life := append(alive.Raw, '\n')
	documents := bytes.Join([][]byte{lists.Bytes(), life, want.Bytes(), life}, nil)
	if _, err := hex.DecodeString(named.SHA256); err != nil || named.SHA256 == "" {
		return "", fmt.Errorf("the want names no bundle for %s", r.o.board)
	}
	if err := os.WriteFile(filepath.Join(dir, stick.Folder, stick.Documents), documents, 0o644); err != nil {
		return "", err
	}
	if err := os.Symlink(bundle, filepath.Join(dir, stick.Folder, "media", named.SHA256)); err != nil {
		return "", err
	}
	file = filepath.Join(r.dir, "stick.img")
	return file, vfat(ctx, file, filepath.Join(dir, stick.Folder), named.Bytes+32<<20)
}

// vfat makes a stick that holds a folder.
func vfat(ctx context.Context, file, folder string, size int64) error {
	os.Remove(file)
	for _, c := range [][]string{
		{"/sbin/mkfs.vfat", "-n", "STICK", "-C", file, fmt.Sprint(size >> 10)},
		{"mcopy", "-s", "-Q", "-i", file, folder, "::"},
	} {
		if err := runs(exec.CommandContext(ctx, c[0], c[1:]...)); err != nil {
			return err
		}
	}
	return nil
}

// fromStick: the same update from a stick that somebody plugs into a box without a network.
func fromStick(ctx context.Context, r *rig) (string, error) {
	old, bundle, err := r.before(ctx)
	if err != nil {
		return "", err
	}
	if err := r.cut(); err != nil {
		return "", err
	}
	from := r.Console.Len()
	if err := r.supply(ctx); err != nil {
		return "", err
	}
	if err := r.Net.Cable(ctx, false); err != nil {
		return "", err
	}
	if _, _, err := r.wait(ctx, r.Console, from, ready); err != nil {
		return "", err
	}
	if err := r.centre.offer(ctx, r.o.board, newer, bundle); err != nil {
		return "", err
	}
	file, err := r.lade(ctx, bundle)
	if err != nil {
		return "", err
	}
	if err := r.USB.Plug(ctx, "stick", file); err != nil {
		return "", err
	}
	from = r.Console.Len()
	began := time.Now()
	for { // the kernel takes its time to find a stick
		bounded, cancel := context.WithTimeout(ctx, 3*time.Minute)
		err := r.ask(bounded, "import --json", `"files_copied": ?1`)
		cancel()
		if err == nil {
			break
		}
		if ctx.Err() != nil || time.Since(began) > 4*time.Minute {
			return "", err
		}
	}
	read := time.Since(began)
	s, _, err := r.wait(ctx, r.Console, from, slot)
	if err == nil && s == old.Slot {
		err = fmt.Errorf("it starts from slot %s", s)
	}
	if err != nil {
		return "", err
	}
	if err := r.Net.Cable(ctx, true); err != nil { // to hear how it goes
		return "", err
	}
	_, err = r.comes(ctx, "it is on trial", in(update.OnTrial))
	return fmt.Sprintf("read in %.0f s, started after %.0f s", read.Seconds(), time.Since(began).Seconds()), err
}
