// Uboot changes the environment that a U-Boot of Debian's begins with, inside its binary:
//
//	uboot IN OUT NAME=VALUE… NAME=…
//
// A box's U-Boot must not wait for a key, because its port is the technician's, and what
// it takes from a card's environment is the default again once that is torn. Without a
// value a variable goes. What Debian built is otherwise left as it is, but for the
// checksums of a legacy image around it.
package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"slices"
	"strings"
)

func main() {
	if len(os.Args) < 4 {
		fmt.Fprintln(os.Stderr, "uboot IN OUT NAME=VALUE…")
		os.Exit(2)
	}
	data, err := os.ReadFile(os.Args[1])
	if err == nil {
		err = change(data, os.Args[3:])
	}
	if err == nil {
		err = os.WriteFile(os.Args[2], data, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "uboot:", err)
		os.Exit(1)
	}
}

// first is how every default environment begins.
const first = "bootcmd="

// change sets variables of the environment in data, which keeps its length.
func change(data []byte, vars []string) error {
	start, end, err := find(data)
	if err != nil {
		return err
	}
	legacy, err := around(data, start)
	if err != nil {
		return err
	}
	env := strings.Split(strings.TrimRight(string(data[start:end]), "\x00"), "\x00")
	for _, v := range vars {
		name, value, ok := strings.Cut(v, "=")
		if !ok || name == "" {
			return fmt.Errorf("%q is no NAME=VALUE", v)
		}
		at := slices.IndexFunc(env, func(s string) bool { return strings.HasPrefix(s, name+"=") })
		switch {
		case at >= 0 && value == "":
			env = slices.Delete(env, at, at+1)
		case at >= 0:
			env[at] = v
		case value != "":
			env = append(env, v)
		}
	}
	text := strings.Join(env, "\x00") + "\x00\x00"
	if len(text) > end-start {
		return fmt.Errorf("the environment would have %d bytes, and there is room for %d", len(text), end-start)
	}
	clear(data[start:end])
	copy(data[start:], text)
	if legacy != nil {
		legacy.sum()
	}
	return nil
}

// find is where the environment lies: from its first variable to the second of the two
// zeros that end it.
func find(data []byte) (start, end int, err error) {
	mark := []byte("\x00" + first)
	start = bytes.Index(data, mark) + 1
	if start == 0 || bytes.Contains(data[start:], mark) {
		return 0, 0, errors.New("there is not one environment in it")
	}
	n := bytes.Index(data[start:], []byte("\x00\x00"))
	if n < 0 {
		return 0, 0, errors.New("its environment has no end")
	}
	end = start + n + 2
	for v := range strings.SplitSeq(string(data[start:end-2]), "\x00") {
		if !strings.Contains(v, "=") {
			return 0, 0, fmt.Errorf("%.40q in its environment is no variable", v)
		}
	}
	return start, end, nil
}

// A legacy is an image with a header of 64 bytes: two checksums are to follow what changes.
type legacy []byte

var magic = []byte{0x27, 0x05, 0x19, 0x56}

func (l legacy) body() []byte { return l[64:] }

func (l legacy) sums() (header, body uint32) {
	h := slices.Clone(l[:64])
	clear(h[4:8])
	return crc32.ChecksumIEEE(h), crc32.ChecksumIEEE(l.body())
}

func (l legacy) sum() {
	_, body := l.sums()
	binary.BigEndian.PutUint32(l[24:], body)
	header, _ := l.sums()
	binary.BigEndian.PutUint32(l[4:], header)
}

// around is the legacy image that has the byte at in it; nil: none has. One whose sums
// are wrong already is an error.
func around(data []byte, at int) (legacy, error) {
	for i := 0; ; {
		n := bytes.Index(data[i:at], magic)
		if n < 0 {
			return nil, nil
		}
		i += n
		if i+64 > at {
			return nil, nil
		}
		if size := int(binary.BigEndian.Uint32(data[i+12:])); at < i+64+size && i+64+size <= len(data) {
			l := legacy(data[i : i+64+size])
			header, body := l.sums()
			if header == binary.BigEndian.Uint32(l[4:]) {
				if body != binary.BigEndian.Uint32(l[24:]) {
					return nil, errors.New("the image around the environment is damaged")
				}
				return l, nil
			}
		}
		i++
	}
}
