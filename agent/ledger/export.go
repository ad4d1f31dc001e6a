package ledger

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// MaxExport bounds the compressed bytes of one export: it must fit an MQTT
// packet of 64 KiB with its envelope.
const MaxExport = 48 << 10

// maxPlain bounds an export's plain bytes: whoever opens one must not be
// surprised by what is in it.
const maxPlain = 512 << 10

// An Export is a stretch of the ledger as it goes to the centre.
type Export struct {
	From, To int64  // first and last entry in it
	Prev     string // hash before From, in hex
	Head     string // hash of To, in hex; signing it vouches for everything up to To
	Data     []byte // gzip of the lines as they stand on the disk
}

// Segment gives the stretch from entry from on, or from the oldest retained
// when that is later, at most MaxExport bytes long. Only synced entries leave
// the box: what a power cut takes back must not be known elsewhere. A damaged
// entry is passed over: From then lies beyond what was asked for, and the
// centre sees the gap. It gives io.EOF when there is nothing from there on.
func (l *Ledger) Segment(from int64) (Export, error) {
	l.mu.Lock()
	segs, synced := append([]segment(nil), l.segs...), l.synced
	l.mu.Unlock()
	if from > synced {
		return Export{}, io.EOF
	}
	plain, marks, from, err := stretch(segs, from, synced)
	if err != nil {
		return Export{}, err
	}
	if len(marks) < 2 {
		return Export{}, io.EOF
	}
	for n := len(marks) - 1; ; {
		data, err := pack(plain[:marks[n].end])
		if err != nil {
			return Export{}, err
		}
		if len(data) <= MaxExport || n == 1 {
			return Export{From: from, To: from + int64(n) - 1, Prev: marks[0].hash, Head: marks[n].hash, Data: data}, nil
		}
		n = min(n-1, max(1, n*MaxExport/len(data)))
	}
}

// A mark is where a line of a stretch ends and the hash there.
type mark struct {
	end  int
	hash string
}

// stretch collects lines from the first good one at or after entry from, up to
// a damaged one: beyond it the next stretch begins. marks[0] stands before the
// first line; start is its number.
func stretch(segs []segment, from, until int64) (plain []byte, marks []mark, start int64, err error) {
	done := false
	for _, s := range segs[max(0, find(segs, from)):] {
		seq, prev := s.first, s.prev
		// A segment may have been dropped since they were listed, and a last line damaged.
		if n := len(marks); n > 0 && (marks[n-1].hash != hex.EncodeToString(prev[:]) || start+int64(n)-1 != seq) {
			break
		}
		err := s.lines(func(line []byte, _ int64) bool {
			e, claims, err := decode(line, prev)
			begins := prev
			prev = claims
			at := seq
			if seq++; err == nil {
				at, seq = e.Seq, e.Seq+1
			}
			switch {
			case at < from || err != nil && len(marks) == 0:
				return true
			case err != nil || at > until || len(plain)+len(line) >= maxPlain:
				done = true
				return false
			case len(marks) == 0:
				start = at
				marks = append(marks, mark{0, hex.EncodeToString(begins[:])})
			}
			plain = append(append(plain, line...), '\n')
			marks = append(marks, mark{len(plain), e.Hash})
			return true
		})
		if err != nil || done {
			return plain, marks, start, err
		}
	}
	return plain, marks, start, nil
}

// packers are writers that were used before: one is 1.2 MB, and the collector takes
// what lies here for long.
var packers = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(nil, gzip.BestCompression) // errors only on a level that is none
	return z
}}

func pack(plain []byte) ([]byte, error) {
	var b bytes.Buffer
	z := packers.Get().(*gzip.Writer)
	defer packers.Put(z)
	z.Reset(&b)
	if _, err := z.Write(plain); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Check opens an export at the centre and verifies that its entries follow
// from Prev and lead to Head without a gap. It is for bytes from anywhere.
func (x Export) Check() ([]Entry, error) {
	if len(x.Data) > MaxExport {
		return nil, fmt.Errorf("ledger: an export of %d bytes is too large", len(x.Data))
	}
	prev, err := parseHash(x.Prev)
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(x.Data))
	if err != nil {
		return nil, fmt.Errorf("ledger: the export is no gzip: %w", err)
	}
	plain, err := io.ReadAll(io.LimitReader(z, maxPlain+maxLine))
	if err != nil {
		return nil, fmt.Errorf("ledger: the export is damaged: %w", err)
	}
	if len(plain) == maxPlain+maxLine {
		return nil, errors.New("ledger: the export is too large once opened")
	}
	var out []Entry
	for len(plain) > 0 {
		line, rest, ok := bytes.Cut(plain, []byte("\n"))
		if !ok {
			return nil, fmt.Errorf("ledger: the export ends within a line after entry %d", x.From+int64(len(out))-1)
		}
		e, hash, err := decode(line, prev)
		if want := x.From + int64(len(out)); err == nil && e.Seq != want {
			err = fmt.Errorf("entry %d stands here", e.Seq)
		}
		if err != nil {
			return nil, fmt.Errorf("ledger: export, at entry %d: %w", x.From+int64(len(out)), err)
		}
		out, prev, plain = append(out, e), hash, rest
	}
	if len(out) == 0 || out[len(out)-1].Seq != x.To || out[len(out)-1].Hash != x.Head {
		return nil, fmt.Errorf("ledger: the export does not end with entry %d and its head", x.To)
	}
	return out, nil
}

func parseHash(s string) (h [32]byte, err error) {
	if len(s) != 64 || !lowerHex([]byte(s)) {
		return h, fmt.Errorf("ledger: %.70q is no hash", s)
	}
	hex.Decode(h[:], []byte(s))
	return h, nil
}

// Acked notes that the centre has every entry up to seq, whose hash is head. A
// head that is not ours changes nothing: the centre then has another chain.
func (l *Ledger) Acked(seq int64, head string) error {
	l.mu.Lock()
	segs, last, acked := append([]segment(nil), l.segs...), l.synced, l.acked
	l.mu.Unlock()
	if seq <= acked {
		return nil
	}
	if seq > last {
		return fmt.Errorf("ledger: entry %d is acknowledged, the last sent can be %d", seq, last)
	}
	var have string
	if i := find(segs, seq); i >= 0 {
		at := segs[i].first
		err := segs[i].lines(func(line []byte, _ int64) bool {
			if at == seq {
				if _, claims, ok := split(line); ok {
					have = hex.EncodeToString(claims[:])
				}
				return false
			}
			at++
			return true
		})
		if err != nil {
			return fmt.Errorf("ledger: cannot look up entry %d: %w", seq, err)
		}
	}
	if have != head {
		return fmt.Errorf("ledger: entry %d is acknowledged with head %.12s, ours is %.12s", seq, head, have)
	}
	l.mu.Lock()
	l.acked = max(l.acked, seq)
	acked = l.acked
	l.mu.Unlock()
	l.o.Report(CodeUnsent, nil)
	return l.writeAcked(acked)
}

// Unsent is the number of the first entry that the centre does not have and
// how many there are.
func (l *Ledger) Unsent() (from, n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	from = max(l.acked+1, l.segs[0].first)
	return from, l.seq - from + 1
}

// watermark is the file that remembers what the centre has. Losing it costs a
// second sending, nothing else.
type watermark struct {
	Acked int64 `json:"acked"`
}

func (l *Ledger) readAcked() int64 {
	b, err := os.ReadFile(filepath.Join(l.dir, "acked.json"))
	var w watermark
	if err != nil || json.Unmarshal(b, &w) != nil || w.Acked < 0 {
		return 0
	}
	return w.Acked
}

func (l *Ledger) writeAcked(seq int64) error {
	b, err := json.Marshal(watermark{Acked: seq})
	if err != nil {
		return err
	}
	path := filepath.Join(l.dir, "acked.json")
	f, err := os.OpenFile(path+".tmp", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err == nil {
		_, err = f.Write(b)
		if err == nil {
			err = f.Sync()
		}
		if cerr := f.Close(); err == nil {
			err = cerr
		}
	}
	if err == nil {
		err = os.Rename(path+".tmp", path)
	}
	if err != nil {
		return fmt.Errorf("ledger: cannot keep the acknowledgement: %w", err)
	}
	return nil
}
