package decode

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"
)

// torture decodes bytes that may be anything: some sound, a place in it, and some
// sound again. It wants no panic that recover would have to catch outside of a
// codec, blocks that make sense, and an end.
func torture(t *testing.T, data []byte) {
	in, err := seekable(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	d, info, err := open(ctx, in, "")
	if err != nil {
		return
	}
	defer d.close()
	if info.Type == "" || info.Rate < 1 || info.Channels < 1 || info.Duration < 0 {
		t.Fatalf("it is said to be %+v", info)
	}
	play := func() {
		for frames := 0; frames < 60*48000; {
			b, err := d.next()
			if err != nil {
				return
			}
			if len(b.pcm) > 0 && (b.channels < 1 || len(b.pcm)%b.channels != 0 || b.made*b.channels > len(b.pcm)) {
				t.Fatalf("%d samples of %d channels, %d filled", len(b.pcm), b.channels, b.made)
			}
			frames += 1 + len(b.pcm)/max(1, b.channels)
		}
	}
	play()
	if w, ok := d.(winder); ok {
		for _, to := range []time.Duration{time.Second, 0} {
			at, err := w.wind(to)
			if err == nil && (at < 0 || at > to) {
				t.Fatalf("wound to %v, landed at %v", to, at)
			}
			if err == nil {
				play()
			}
		}
	}
}

func fuzz(f *testing.F, fix func([]byte) []byte, files ...string) {
	for _, file := range files {
		data := media(f, file)
		f.Add(data[:min(len(data), 5000)])
		f.Add(data[len(data)/2:][:min(len(data)/2, 3000)])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<18 {
			t.Skip("longer than it need be")
		}
		begun := time.Now()
		torture(t, fix(data))
		if d := time.Since(begun); d > 20*time.Second {
			t.Fatalf("%d bytes took %v", len(data), d)
		}
	})
}

func as(b []byte) []byte { return b }

func FuzzMP3(f *testing.F) {
	fuzz(f, as, "s44100.mp3", "m8000.mp3", "vbr22050.mp3", "free44100.mp3", "layer2.mp2")
}
func FuzzAAC(f *testing.F) { fuzz(f, as, "s44100.aac", "m8000.aac") }
func FuzzWAV(f *testing.F) {
	fuzz(f, as, "pcm_u8.wav", "pcm_f64le.wav", "surround.wav", "pcm_alaw.wav")
}
func FuzzFLAC(f *testing.F) { fuzz(f, as, "s16.flac", "m8.flac", "fast16.flac", "s24.flac") }

// Ogg and FLAC would only ever show their checksums to a fuzzer.
func FuzzOpus(f *testing.F)      { fuzz(f, resum, "s64.opus", "m12.opus", "s32-60ms.opus") }
func FuzzVorbis(f *testing.F)    { fuzz(f, resum, "q4.ogg", "q0m22050.ogg") }
func FuzzFLACFrame(f *testing.F) { fuzz(f, recheck, "s16.flac", "m8.flac", "s24.flac") }

// resum makes the checksums of all pages right.
func resum(data []byte) []byte {
	data = bytes.Clone(data)
	for at := 0; ; {
		i := bytes.Index(data[at:], []byte("OggS"))
		if i < 0 {
			return data
		}
		at += i
		size := oggHead
		if len(data)-at < size {
			return data
		}
		n := int(data[at+26])
		if len(data)-at < size+n {
			return data
		}
		for _, lace := range data[at+size:][:n] {
			size += int(lace)
		}
		if size += n; size > len(data)-at {
			at += 4
			continue
		}
		binary.LittleEndian.PutUint32(data[at+22:], oggSum(data[at:at+size]))
		at += size
	}
}

// recheck makes the checksums of the headers of FLAC frames right.
func recheck(data []byte) []byte {
	data = bytes.Clone(data)
	for i := range data {
		if h, ok := parseFLAC(data[i:]); !ok && h.size > 1 && i+h.size <= len(data) {
			data[i+h.size-1] = crc8(data[i : i+h.size-1])
		}
	}
	return data
}

// mutate damages b in one of the ways that networks, disks and adversaries have.
func mutate(r *rand.Rand, b []byte) []byte {
	b = bytes.Clone(b)
	at, n := r.IntN(len(b)), 1+r.IntN(5000)
	piece := b[at:min(len(b), at+n)]
	switch r.IntN(8) {
	case 0:
		return b[:at]
	case 1:
		return b[at:]
	case 2:
		for range 1 + r.IntN(50) {
			b[r.IntN(len(b))] ^= 1 << r.IntN(8)
		}
	case 3:
		return append(b[:at:at], b[at+len(piece):]...)
	case 4:
		for i := range piece {
			piece[i] = byte(r.Uint32())
		}
	case 5:
		clear(piece)
	case 6:
		for range 1 + r.IntN(8) {
			b[r.IntN(min(len(b), 600))] = byte(r.Uint32())
		}
	case 7:
		return bytes.Join([][]byte{b[:at], piece, b[at:]}, nil)
	}
	return b
}

// TestMutations decodes damaged files by the hundred (LOA_MUTATIONS says how many
// of each; 10000 before a release): no panic, no hang, and less than 64 MB of heap.
func TestMutations(t *testing.T) {
	count := 100
	if testing.Short() {
		count = 20
	}
	if n, err := strconv.Atoi(os.Getenv("LOA_MUTATIONS")); err == nil {
		count = n
	}
	for _, c := range []struct {
		file string
		size int // of it, in bytes
		fix  func([]byte) []byte
	}{
		{"long.mp3", 60000, as}, {"vbr22050.mp3", 30000, as}, {"layer2.mp2", 30000, as}, {"free44100.mp3", 60000, as},
		{"long.aac", 30000, as}, {"m8000.aac", 20000, as},
		{"long.opus", 20000, as}, {"m12.opus", 5000, resum}, {"s64.opus", 15000, resum},
		{"long.ogg", 30000, as}, {"q0m22050.ogg", 15000, resum},
		{"long.flac", 100000, as}, {"m8.flac", 30000, recheck},
		{"pcm_s24le.wav", 60000, as}, {"surround.wav", 60000, as},
	} {
		t.Run(c.file, func(t *testing.T) {
			clean := media(t, c.file)
			clean = clean[:min(len(clean), c.size)]
			runtime.GC()
			var peak uint64
			var slowest time.Duration
			for i := range count {
				data := c.fix(mutate(rand.New(rand.NewPCG(uint64(i), 2)), clean))
				begun := time.Now()
				torture(t, data)
				slowest = max(slowest, time.Since(begun))
				if t.Failed() {
					t.Fatalf("mutation %d", i)
				}
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapInuse)
			}
			t.Logf("%d mutations, slowest %v, heap at most %.1f MB", count, slowest.Round(time.Millisecond), float64(peak)/1e6)
			if peak > 64e6 {
				t.Errorf("heap of %.1f MB", float64(peak)/1e6)
			}
			if slowest > 10*time.Second {
				t.Errorf("one took %v", slowest)
			}
		})
	}
}

// TestHostileVorbis asks for gigabytes of codebooks, and for one without end.
func TestHostileVorbis(t *testing.T) {
	setup := func(fields ...[2]uint64) []byte { // value and width
		var b []byte
		at := 0
		for _, f := range fields {
			for i := range int(f[1]) {
				if at&7 == 0 {
					b = append(b, 0)
				}
				b[at>>3] |= byte(f[0]>>i&1) << (at & 7)
				at++
			}
		}
		return append(b, make([]byte, 64)...)
	}
	const sync = 0x564342
	for name, b := range map[string][]byte{
		"gigabytes":     setup([2]uint64{0, 8}, [2]uint64{sync, 24}, [2]uint64{65535, 16}, [2]uint64{1<<24 - 1, 24}),
		"no entries":    setup([2]uint64{0, 8}, [2]uint64{sync, 24}, [2]uint64{1, 16}, [2]uint64{0, 24}),
		"no dimensions": setup([2]uint64{0, 8}, [2]uint64{sync, 24}, [2]uint64{0, 16}, [2]uint64{8, 24}),
		"without end":   setup([2]uint64{0, 8}, [2]uint64{sync, 24}, [2]uint64{1, 16}, [2]uint64{8, 24}, [2]uint64{1, 1}),
		"empty":         nil,
	} {
		if err := checkVorbisSetup(b); err == nil {
			t.Errorf("%s: accepted", name)
		} else {
			t.Logf("%s: %v", name, err)
		}
	}
}

// TestHostilePosition lets a small file say that it lasts for ages.
func TestHostilePosition(t *testing.T) {
	data := bytes.Clone(media(t, "m12.opus"))
	last := bytes.LastIndex(data, []byte("OggS"))
	binary.LittleEndian.PutUint64(data[last+6:], 1<<62)
	data = resum(data)
	src, err := Open(bytes.NewReader(data), "")
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if d := src.Info().Duration; d != 0 {
		t.Errorf("it is said to last %v", d)
	}
	if s := float64(len(listen(t, src))) / 2 / 48000; s > 6 {
		t.Errorf("it does last %.1f s", s)
	}
}

// TestPanic makes an error of a codec that breaks down.
func TestPanic(t *testing.T) {
	c := &converter{raw: raw{dec: panicking{}}, out: panicking{}}
	if _, err := step(c, make([]float32, 2)); err == nil {
		t.Error("no error of decoding")
	}
	if err := wind(c, time.Second); err == nil {
		t.Error("no error of going to a place")
	}
}

type panicking struct{}

func (panicking) Read([]float32) (int, error) { panic("index out of range [38] with length 36") }
func (panicking) Close() error                { return nil }
func (panicking) next() (block, error)        { panic("index out of range [38] with length 36") }
func (panicking) close()                      {}

func (panicking) wind(time.Duration) (time.Duration, error) { panic("makeslice: len out of range") }

// TestReadError tells a disk that fails from a file that ends.
func TestReadError(t *testing.T) {
	broken := errors.New("input/output error")
	for _, file := range []string{"long.mp3", "long.aac", "long.opus", "long.ogg", "long.flac", "pcm_u8.wav"} {
		data := media(t, file)
		src, err := Stream(io.MultiReader(bytes.NewReader(data[:150_000]), failing{broken}), "")
		if err != nil {
			t.Fatal(filepath.Base(file), err)
		}
		p := make([]float32, 9600)
		for err == nil {
			src.mu.Lock()
			err = src.await(time.Minute, func() bool { return src.fill > 0 || src.err != nil })
			src.mu.Unlock()
			if err == nil {
				_, err = src.Read(p)
			}
		}
		if !errors.Is(err, broken) {
			t.Errorf("%s: %v, want %v", file, err, broken)
		}
		src.Close()
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
