package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"loa/scripts/hil/disk"
)

// A press makes signed updates of the image on the bench, good ones and others.
type press struct {
	board, arch string
	image       disk.Disk
	keys        string // folder of the release key
	dir         string // for what it makes
}

// newer is the version of the updates that are made here; the image has none or a lower one.
const newer = "9000.1"

// Kinds of updates.
const (
	good     = "good"      // it can do what the image can, and is of version newer
	dead     = "dead"      // its agent ends at once
	mute     = "mute"      // it has no driver for the sound card
	strange  = "strange"   // another key has signed it
	foreign  = "foreign"   // it is for another board
	cutShort = "cut short" // its end is missing
)

// bundle makes an update of a kind, or gives the one that was made before of the same image.
func (p press) bundle(ctx context.Context, kind string) (file string, err error) {
	image, err := os.Stat(p.image.File)
	if err != nil {
		return "", err
	}
	file = filepath.Join(p.dir, strings.ReplaceAll(kind, " ", "-")+".raucb")
	if made, err := os.Stat(file); err == nil && made.ModTime().After(image.ModTime()) {
		return file, nil
	}
	if err := os.MkdirAll(p.dir, 0o755); err != nil {
		return "", err
	}
	work, err := os.MkdirTemp(p.dir, "work")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	content := filepath.Join(work, "content")
	if err := os.Mkdir(content, 0o755); err != nil {
		return "", err
	}
	root := filepath.Join(content, "root.ext4")
	compatible, keys := p.board, p.keys
	switch kind {
	case good, dead, mute:
		err = p.root(ctx, kind, root, work)
	case strange:
		keys = filepath.Join(work, "keys")
		made := exec.CommandContext(ctx, "scripts/image/keys.sh")
		made.Env = append(os.Environ(), "LOA_RELEASE="+keys)
		err = errors.Join(runs(made), little(root))
	case foreign:
		compatible = "another"
		err = little(root)
	case cutShort:
		err = little(root)
	default:
		err = fmt.Errorf("there is no kind of update %q", kind)
	}
	if err != nil {
		return "", err
	}
	manifest := fmt.Sprintf("[update]\ncompatible=loa-%s\nversion=%s\n\n[bundle]\nformat=verity\n\n[image.rootfs]\nfilename=root.ext4\n", compatible, newer)
	if err := os.WriteFile(filepath.Join(content, "manifest.raucm"), []byte(manifest), 0o644); err != nil {
		return "", err
	}
	// Not as small as one that is sent to boxes, but there in seconds.
	made := filepath.Join(work, "made.raucb")
	err = runs(exec.CommandContext(ctx, "rauc", "bundle", "--mksquashfs-args=-comp zstd -Xcompression-level 1",
		"--cert="+filepath.Join(keys, "release.crt"), "--key="+filepath.Join(keys, "release.key"), content, made))
	if err == nil && kind == cutShort {
		var info os.FileInfo
		if info, err = os.Stat(made); err == nil {
			err = os.Truncate(made, info.Size()*2/3)
		}
	}
	if err != nil {
		return "", err
	}
	return file, os.Rename(made, file)
}

// root makes the slot of an update.
func (p press) root(ctx context.Context, kind, file, work string) error {
	root, err := p.image.Root(ctx, file)
	if err != nil {
		return err
	}
	if kind == dead {
		script := filepath.Join(work, "agent")
		if err := os.WriteFile(script, []byte("#!/bin/sh\nexit 1\n"), 0o755); err != nil {
			return err
		}
		return root.Program(ctx, script, "/usr/bin/agent")
	}
	// With its version, so that the box knows the release for what it waits for.
	agent := filepath.Join(work, "agent")
	build := exec.CommandContext(ctx, "scripts/image/agent.sh", p.arch, agent)
	build.Env = append(os.Environ(), "VERSION="+newer, "SOURCE_DATE_EPOCH=1767225600")
	if err := errors.Join(runs(build), root.Program(ctx, agent, "/usr/bin/agent")); err != nil || kind != mute {
		return err
	}
	kernels, err := root.Folders(ctx, "/usr/lib/modules")
	for _, k := range kernels {
		err = errors.Join(err, root.Remove(ctx, "/usr/lib/modules/"+k+"/kernel/sound/virtio", "virtio_snd"))
	}
	return err
}

// little is a slot of which nothing is written anywhere.
func little(file string) error {
	noise := make([]byte, 1<<20)
	rand.Read(noise)
	return os.WriteFile(file, noise, 0o644)
}

func runs(cmd *exec.Cmd) error {
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd.Args[0], err, out)
	}
	return nil
}
