package store

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
)

// A generation's file is one line of text and then the value as it is, so that
// a technician can read it with less:
//
//	loa-store 1 <generation> <length> <SHA-256 of the value>\n
const magic = "loa-store 1 "

func encode(gen uint64, sum [sha256.Size]byte, data []byte) []byte {
	return append(header(gen, sum, data), data...)
}

func header(gen uint64, sum [sha256.Size]byte, data []byte) []byte {
	return fmt.Appendf(make([]byte, 0, 128+len(data)), "%s%d %d %x\n", magic, gen, len(data), sum)
}

// decode checks a file and gives its generation and value.
func decode(b []byte) (gen uint64, data []byte, err error) {
	head, _, ok := bytes.Cut(b[:min(len(b), 128)], []byte("\n"))
	if !ok || !bytes.HasPrefix(head, []byte(magic)) {
		return 0, nil, errors.New("the header is damaged")
	}
	data = b[len(head)+1:]
	f := bytes.Split(head[len(magic):], []byte(" "))
	if len(f) != 3 {
		return 0, nil, errors.New("the header is damaged")
	}
	gen, err = strconv.ParseUint(string(f[0]), 10, 63)
	if err != nil || gen == 0 {
		return 0, nil, fmt.Errorf("the header names no generation but %q", f[0])
	}
	if n := strconv.Itoa(len(data)); n != string(f[1]) {
		return 0, nil, fmt.Errorf("%s bytes are there of %q", n, f[1])
	}
	if !bytes.HasPrefix(b, header(gen, sha256.Sum256(data), data)) {
		return 0, nil, errors.New("the checksum is wrong")
	}
	return gen, data, nil
}
