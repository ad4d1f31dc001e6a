package mqtt

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

const (
	outboxFile = "outbox.log"
	// outboxBytes bounds the file: at 600 bytes an acknowledgement and a hundred
	// a day it is eight months without a broker.
	outboxBytes = 16 << 20
	// outboxWaste is how much of the file may be about messages long gone.
	outboxWaste = 256 << 10
)

// An outbox is a log of lines "crc32 json": one line for a message that came,
// synced before add returns, and one that says it is gone, not synced, because
// a message sent twice does no harm and flash dies of writing. A damaged line
// costs itself and nothing else.
type outbox struct {
	file    *os.File // nil: memory only
	dir     string
	size    int64
	last    int64
	behind  bool    // something in live may not be on disk
	live    []entry // in order of arrival
	skipped int     // damaged lines found at opening
}

// An entry is one line.
type entry struct {
	N       int64  `json:"n"`
	Gone    bool   `json:"gone,omitempty"`
	Topic   string `json:"topic,omitempty"`
	ID      string `json:"id,omitempty"`
	Payload []byte `json:"payload,omitempty"`
}

func openOutbox(dir string) (*outbox, error) {
	b := &outbox{dir: dir}
	if dir == "" {
		return b, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(filepath.Join(dir, outboxFile))
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	// A torn tail or lines about the past: written anew, so that nothing is ever
	// appended to a stump.
	if b.replay(data) {
		err = b.rewrite()
	} else if b.file, err = os.OpenFile(filepath.Join(dir, outboxFile), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600); err == nil {
		b.size = int64(len(data))
	}
	if err != nil {
		b.behind = true // a full or read-only disk: the box has to run all the same
	}
	return b, nil
}

// replay reads what a file holds, as far as it can be trusted. It reports
// whether there is more in it than the living.
func (b *outbox) replay(data []byte) (waste bool) {
	for line := range bytes.Lines(data) {
		e, ok := parseLine(line)
		if !ok {
			b.skipped++
			waste = true
			continue
		}
		b.last = max(b.last, e.N)
		if e.Gone {
			b.drop(e.N)
			waste = true
		} else if !slices.ContainsFunc(b.live, func(l entry) bool { return l.N == e.N }) {
			b.live = append(b.live, e)
		}
	}
	return waste
}

func parseLine(line []byte) (e entry, ok bool) {
	sum, body, found := bytes.Cut(line, []byte{' '})
	if !found || !bytes.HasSuffix(body, []byte{'\n'}) {
		return e, false
	}
	want, err := strconv.ParseUint(string(sum), 16, 32)
	if err != nil || crc32.ChecksumIEEE(body) != uint32(want) {
		return e, false
	}
	return e, json.Unmarshal(body, &e) == nil && e.N > 0
}

func (e entry) line() []byte {
	body, err := json.Marshal(e)
	if err != nil {
		panic(err) // strings, bytes and numbers only: cannot fail
	}
	body = append(body, '\n')
	return append(fmt.Appendf(nil, "%08x ", crc32.ChecksumIEEE(body)), body...)
}

// add keeps a message. After an error it is in memory, but not on disk.
func (b *outbox) add(topic, id string, payload []byte) error {
	if id != "" && slices.ContainsFunc(b.live, func(e entry) bool { return e.ID == id && e.Topic == topic }) {
		return nil
	}
	b.last++
	e := entry{N: b.last, Topic: topic, ID: id, Payload: slices.Clone(payload)}
	b.live = append(b.live, e)
	if b.dir == "" {
		return nil
	}
	line := e.line()
	if !b.behind && b.size+int64(len(line)) <= outboxBytes {
		if err := b.append(line); err != nil {
			return err
		}
		return b.sync()
	}
	return b.catchUp()
}

// remove forgets a message that a broker has.
func (b *outbox) remove(n int64) error {
	b.drop(n)
	switch {
	case b.dir == "":
		return nil
	case b.behind:
		return b.catchUp()
	case len(b.live) == 0 && b.size > outboxWaste:
		if err := b.file.Truncate(0); err != nil {
			return err
		}
		b.size = 0
		return nil
	}
	return b.append(entry{N: n, Gone: true}.line())
}

func (b *outbox) drop(n int64) {
	b.live = slices.DeleteFunc(b.live, func(e entry) bool { return e.N == n })
}

// append writes a line. One that could not be written whole is cut off again,
// so that the next does not grow onto its stump.
func (b *outbox) append(line []byte) error {
	if _, err := b.file.Write(line); err != nil {
		b.file.Truncate(b.size)
		b.behind = true
		return err
	}
	b.size += int64(len(line))
	return nil
}

func (b *outbox) sync() error {
	err := b.file.Sync()
	if err != nil {
		b.behind = true // what a failed fsync leaves on the disk nobody can say
	}
	return err
}

// catchUp writes everything anew, after the disk has failed or because the file
// is full of the past. A file full of the living stays as it is: none of them is
// dropped, and what came after them is in memory alone.
func (b *outbox) catchUp() error {
	b.behind = true
	var size int64
	for _, e := range b.live {
		size += int64(len(e.Topic) + len(e.ID) + len(e.Payload)*4/3 + 64)
	}
	if size > outboxBytes {
		return fmt.Errorf("%d messages of together %d MiB wait for a broker, and %s has room for %d MiB",
			len(b.live), size>>20, filepath.Join(b.dir, outboxFile), outboxBytes>>20)
	}
	return b.rewrite()
}

// rewrite replaces the file by one with the living only, whole or not at all.
func (b *outbox) rewrite() error {
	var data []byte
	for _, e := range b.live {
		data = append(data, e.line()...)
	}
	name := filepath.Join(b.dir, outboxFile)
	f, err := os.OpenFile(name+".new", os.O_RDWR|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = os.Rename(name+".new", name)
	}
	if err == nil {
		err = syncDir(b.dir)
	}
	if err != nil {
		f.Close()
		os.Remove(name + ".new")
		return err
	}
	if b.file != nil {
		b.file.Close()
	}
	b.file, b.size, b.behind = f, int64(len(data)), false
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
