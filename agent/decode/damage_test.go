package decode

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
)

// The damages of the corpus, each the same in every run.
var damages = []struct {
	name string
	do   func(r *rand.Rand, b []byte) []byte
}{
	{"none", func(_ *rand.Rand, b []byte) []byte { return b }},
	{"burst", func(r *rand.Rand, b []byte) []byte { // 2 kB of noise in the middle
		for i := range 2000 {
			b[len(b)/2+i] = byte(r.Uint32())
		}
		return b
	}},
	{"zeros", func(_ *rand.Rand, b []byte) []byte {
		clear(b[len(b)/2:][:2000])
		return b
	}},
	{"cut", func(_ *rand.Rand, b []byte) []byte { // 1.5 kB missing
		return append(b[:len(b)/2:len(b)/2], b[len(b)/2+1500:]...)
	}},
	{"late", func(_ *rand.Rand, b []byte) []byte { // begins in the middle of a frame
		return b[len(b)/3+77:]
	}},
	{"flips", func(r *rand.Rand, b []byte) []byte { // 200 wrong bits
		for range 200 {
			b[6000+r.IntN(len(b)-6000)] ^= 1 << r.IntN(8)
		}
		return b
	}},
	{"short", func(_ *rand.Rand, b []byte) []byte { return b[:len(b)*2/3+11] }},
}

// TestDamage plays damaged files beside ffmpeg in the same run: of the seconds
// that ffmpeg recovers we recover 99 % at least. Seconds that only fill a hole are
// told apart in the log.
func TestDamage(t *testing.T) {
	for _, file := range []string{"long.mp3", "longm.mp3", "long.aac", "long.opus", "long.ogg", "long.flac"} {
		clean := media(t, file)
		for n, d := range damages {
			run(t, file+"/"+d.name, func(t *testing.T) {
				data := d.do(rand.New(rand.NewPCG(1, uint64(n))), bytes.Clone(clean))
				got, err := decodeAll(data, "")
				ref := take{}
				if got.rate > 0 {
					ref = ffmpeg(t, data, filepath.Ext(file)[1:], got.rate, got.channels)
				} else {
					ref = ffmpeg(t, data, filepath.Ext(file)[1:], 48000, 2)
				}
				t.Logf("%.2f s, of it %.2f s filled, in %d places; ffmpeg %.2f s; error %v",
					got.seconds(), float64(got.made)/float64(max(1, got.rate)), got.damaged, ref.seconds(), err)
				if got.seconds() < 0.99*ref.seconds() {
					t.Errorf("recovered %.2f s, ffmpeg %.2f s", got.seconds(), ref.seconds())
				}
				if got.seconds() > 30.5 {
					t.Errorf("%.2f s of a recording of 30 s", got.seconds())
				}
				if d.name == "none" && (got.damaged > 0 || got.made > 0) {
					t.Errorf("%d places of damage in an undamaged file", got.damaged)
				}
			})
		}
	}
}

// TestTags puts what people's programs put around the sound.
func TestTags(t *testing.T) {
	mp3, aac, flac := media(t, "long.mp3"), media(t, "m24000.aac"), media(t, "m16000.flac")
	picture := make([]byte, 3_000_000)
	r := rand.New(rand.NewPCG(7, 7))
	for i := range picture {
		picture[i] = byte(r.Uint32())
	}
	for _, c := range []struct {
		name string
		data []byte
		want float64 // seconds
	}{
		{"cover", join(id3(picture, 0), mp3), 30},
		{"cover cut off", join(id3(picture, 60_000_000), mp3), 30},
		{"cover cut off, AAC", join(id3(picture[:40000], 60_000_000), aac), 5},
		{"two tags", join(id3(picture[:100], 0), id3(picture[:5000], 0), mp3), 30},
		{"tag before AAC", join(id3(picture[:5000], 0), aac), 5},
		{"tag before FLAC", join(id3(picture[:5000], 0), flac), 5},
		{"ID3v1", join(mp3, []byte("TAG"), bytes.Repeat([]byte("x"), 125)), 30},
		{"APE", join(mp3, []byte("APETAGEX"), bytes.Repeat([]byte("x"), 5000)), 30},
		{"tag between", join(mp3, id3(picture[:50000], 0), mp3), 60},
		{"lying tag between", join(mp3, id3(picture[:20000], 90_000_000), mp3), 60},
		{"station titles", join(mp3[:200_000], []byte("StreamTitle='abc';"), make([]byte, 100), mp3[200_000:]), 30},
		{"one frame", mp3[417*2 : 417*3+1], 0.026},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := decodeAll(c.data, "")
			if err != nil {
				t.Fatal(err)
			}
			if d := got.seconds() - c.want; d < -0.1 || d > 0.1 {
				t.Errorf("%.2f s, want %.2f s", got.seconds(), c.want)
			}
		})
	}
}

// TestJoined plays files of three rates that were joined by cat, each at its pitch.
func TestJoined(t *testing.T) {
	data := join(media(t, "s44100.mp3"), media(t, "m22050.mp3"), media(t, "s48000.mp3"), media(t, "m8000.mp3"))
	src, err := Open(bytes.NewReader(data), "")
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	pcm := listen(t, src)
	if s := float64(len(pcm)) / 2 / 48000; s < 19.8 || s > 20.4 {
		t.Errorf("%.2f s, want 20 s", s)
	}
	first := take{rate: 48000, channels: 2, pcm: pcm[:2*48000*5]}
	for i := 1; i < 4; i++ {
		// They all say the same; narrower and in mono, but at the same speed.
		part := take{rate: 48000, channels: 2, pcm: pcm[2*48000*5*i : min(len(pcm), 2*48000*5*(i+1))]}
		if l := compare(first, part, 14000); l.snr < 3 {
			t.Errorf("part %d is unlike the first: %v", i, l)
		}
	}
}

// TestChained plays two Ogg streams one after the other, as a station sends them.
func TestChained(t *testing.T) {
	data := join(media(t, "q0m22050.ogg"), media(t, "s64.opus"), media(t, "q4.ogg"))
	src, err := Open(bytes.NewReader(data), "")
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if s := float64(len(listen(t, src))) / 2 / 48000; s < 14.9 || s > 15.1 {
		t.Errorf("%.2f s, want 15 s", s)
	}
}

// TestBrokenWAV reads heads whose lengths are wrong.
func TestBrokenWAV(t *testing.T) {
	data := media(t, "pcm_s16le.wav")
	size := bytes.Index(data, []byte("data")) + 4
	for name, edit := range map[string]func(b []byte) []byte{
		"unknown length":  func(b []byte) []byte { binary.LittleEndian.PutUint32(b[size:], 0xFFFFFFFF); return b },
		"no length":       func(b []byte) []byte { binary.LittleEndian.PutUint32(b[size:], 0); return b },
		"longer than all": func(b []byte) []byte { binary.LittleEndian.PutUint32(b[size:], 1<<30); return b },
		"cut in a sample": func(b []byte) []byte { return b[:len(b)-3] },
		"odd chunk": func(b []byte) []byte {
			return join(b[:size-4], []byte("note\x03\x00\x00\x00abc\x00"), b[size-4:])
		},
		"odd chunk, not padded": func(b []byte) []byte {
			return join(b[:size-4], []byte("note\x03\x00\x00\x00abc"), b[size-4:])
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := decodeAll(edit(bytes.Clone(data)), "")
			if err != nil {
				t.Fatal(err)
			}
			if s := got.seconds(); s < 4.99 || s > 5.01 {
				t.Errorf("%.3f s, want 5 s", s)
			}
		})
	}
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// id3 is a tag with a picture in it; more is what its length claims on top.
func id3(picture []byte, more int) []byte {
	n := len(picture) + more
	tag := fmt.Appendf(nil, "ID3\x04\x00\x00%c%c%c%c", n>>21&127, n>>14&127, n>>7&127, n&127)
	return append(tag, picture...)
}
