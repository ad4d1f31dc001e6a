package gpioline

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// An Edge is one change of an emulated line.
type Edge struct {
	At  time.Time
	On  bool
	PID int // who wrote it
}

// edgeLine is how an edge stands in the file.
const edgeLine = "%s %s pid %d\n"

// maxEdges bounds the file of an emulated line, in bytes; a year on a desk
// stays below it. When it is full the older half goes.
const maxEdges = 1 << 20

// emulated is a line made of a file.
type emulated struct {
	f     *os.File
	known bool
	on    bool
}

func openEmulated(path string) (output, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	// As the kernel: one owner at a time, and the lock goes with the process.
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("the line has an owner: %w", err), f.Close())
	}
	e := &emulated{f: f}
	if err := e.recall(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return e, nil
}

// recall takes over the level the last owner left.
func (e *emulated) recall() error {
	data, err := io.ReadAll(io.LimitReader(e.f, 2*maxEdges))
	if err != nil {
		return err
	}
	edges, err := parseEdges(data)
	if err != nil {
		return err
	}
	if n := len(edges); n > 0 {
		e.known, e.on = true, edges[n-1].On
	}
	if len(data) > maxEdges {
		keep := data[len(data)/2:]
		keep = keep[bytes.IndexByte(keep, '\n')+1:]
		if err := e.f.Truncate(0); err != nil {
			return err
		}
		_, err = e.f.Write(keep)
	}
	return err
}

func (e *emulated) set(on bool) error {
	if e.known && e.on == on {
		return nil // no edge
	}
	word := "off"
	if on {
		word = "on"
	}
	// One write: a kill leaves the whole line or none of it.
	if _, err := fmt.Fprintf(e.f, edgeLine, time.Now().UTC().Format(time.RFC3339Nano), word, os.Getpid()); err != nil {
		return err
	}
	e.known, e.on = true, on
	return nil
}

func (e *emulated) close() error { return e.f.Close() }

// Edges lists what happened on the emulated line at path, oldest first. The
// last one tells its level; a line that was never written has none.
func Edges(path string) ([]Edge, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("gpioline: %w", err)
	}
	edges, err := parseEdges(data)
	if err != nil {
		return nil, fmt.Errorf("gpioline: %s: %w", path, err)
	}
	return edges, nil
}

func parseEdges(data []byte) ([]Edge, error) {
	var edges []Edge
	for s := bufio.NewScanner(bytes.NewReader(data)); s.Scan(); {
		var at, word string
		var e Edge
		if n, err := fmt.Sscanf(s.Text()+"\n", edgeLine, &at, &word, &e.PID); n != 3 || err != nil || (word != "on" && word != "off") {
			return nil, fmt.Errorf("line %d: %q is no edge", len(edges)+1, strings.TrimSpace(s.Text()))
		}
		t, err := time.Parse(time.RFC3339Nano, at)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", len(edges)+1, err)
		}
		e.At, e.On = t, word == "on"
		edges = append(edges, e)
	}
	return edges, nil
}
