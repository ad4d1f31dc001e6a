package authority

import (
	"bufio"
	"bytes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"

	"golang.org/x/crypto/chacha20poly1305"
)

// A stream is sealed as a key file is, by Argon2id and XChaCha20-Poly1305, in chunks:
// one line of JSON, then chunks of 64 KiB, each with its tag. The nonce of a chunk is
// that of the line, its number, and whether it is the last: none can be left out,
// moved, or cut off.
type streamHead struct {
	Loa    string `json:"loa"`
	Format int    `json:"format"`
	KDF    string `json:"kdf"`
	cost
	Salt  []byte `json:"salt"`
	Nonce []byte `json:"nonce"`
}

const (
	streamIs    = "backup"
	chunkSize   = 64 << 10
	noncePrefix = chacha20poly1305.NonceSizeX - 5
)

// A chunks is one end of a stream.
type chunks struct {
	aead  cipher.AEAD
	head  []byte // the line, authenticated with every chunk
	nonce []byte
	n     uint32
}

func (c *chunks) next(last bool) []byte {
	nonce := binary.BigEndian.AppendUint32(bytes.Clone(c.nonce), c.n)
	c.n++
	if last {
		return append(nonce, 1)
	}
	return append(nonce, 0)
}

func (h *streamHead) chunks(line, pass []byte) (chunks, error) {
	aead, err := (&sealed{cost: h.cost, Salt: h.Salt}).aead(pass)
	return chunks{aead: aead, head: line, nonce: h.Nonce}, err
}

// A sealer is a stream being written. Close ends it.
type sealer struct {
	chunks
	w   io.Writer
	buf []byte
}

func newSealer(w io.Writer, pass []byte, c cost) (*sealer, error) {
	h := streamHead{Loa: streamIs, Format: 1, KDF: kdf, cost: c, Salt: make([]byte, 16), Nonce: make([]byte, noncePrefix)}
	rand.Read(h.Salt)
	rand.Read(h.Nonce)
	line, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	line = append(line, '\n')
	ends, err := h.chunks(line, pass)
	if err != nil {
		return nil, err
	}
	_, err = w.Write(line)
	return &sealer{chunks: ends, w: w}, err
}

func (s *sealer) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		if len(s.buf) == chunkSize { // there is more, so this is not the last
			if err := s.flush(false); err != nil {
				return 0, err
			}
		}
		k := min(len(p), chunkSize-len(s.buf))
		s.buf, p = append(s.buf, p[:k]...), p[k:]
	}
	return n, nil
}

func (s *sealer) Close() error { return s.flush(true) }

func (s *sealer) flush(last bool) error {
	_, err := s.w.Write(s.aead.Seal(nil, s.next(last), s.buf, s.head))
	s.buf = s.buf[:0]
	return err
}

// An unsealer is a stream being read. It gives nothing that is not authentic, and an
// end only where the stream was ended.
type unsealer struct {
	chunks
	r    *bufio.Reader
	buf  []byte
	done bool
}

func newUnsealer(r io.Reader, pass []byte) (*unsealer, error) {
	in := bufio.NewReaderSize(r, chunkSize+chacha20poly1305.Overhead+1)
	line, err := in.ReadSlice('\n')
	if errors.Is(err, io.EOF) && bytes.HasPrefix(line, []byte(`{"loa":`)) {
		return nil, fail("backup-cut", nil)
	}
	if err != nil {
		return nil, fail("no-backup", nil)
	}
	line = bytes.Clone(line)
	var h streamHead
	if json.Unmarshal(line, &h) != nil || h.Loa != streamIs {
		return nil, fail("no-backup", nil)
	}
	if h.Format != 1 || h.KDF != kdf || h.Passes < 1 || h.Passes > 64 || h.MemoryKiB > 1<<20 || len(h.Nonce) != noncePrefix {
		return nil, fail("backup-format", nil)
	}
	ends, err := h.chunks(line, pass)
	if err != nil {
		return nil, err
	}
	return &unsealer{chunks: ends, r: in}, nil
}

func (u *unsealer) Read(p []byte) (int, error) {
	for len(u.buf) == 0 {
		if u.done {
			return 0, io.EOF
		}
		if err := u.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, u.buf)
	u.buf = u.buf[n:]
	return n, nil
}

func (u *unsealer) fill() error {
	chunk := make([]byte, chunkSize+chacha20poly1305.Overhead)
	n, err := io.ReadFull(u.r, chunk)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return err
	}
	_, more := u.r.Peek(1)
	u.done = more != nil
	first := u.n == 0
	u.buf, err = u.aead.Open(nil, u.next(u.done), chunk[:n], u.head)
	switch {
	case err == nil:
	case n < chacha20poly1305.Overhead, u.done && !first: // a file that is whole ends otherwise
		return fail("backup-cut", nil)
	case u.done: // the whole file is one chunk, or was cut within the first
		return fail("backup-key-cut", ErrPassphrase)
	case first:
		return fail("backup-key", ErrPassphrase)
	default:
		return fail("backup-damaged", nil)
	}
	return nil
}
