// Package voice says a network address through the horns, from recorded words.
//
// The recordings are made by scripts/digits: 11025 Hz, mono, µ-law (ITU-T G.711).
package voice

import (
	"embed"
	"fmt"
	"io"
	"time"

	"loa/agent/sound"
)

// Rate is that of the recordings.
const Rate = 11025

// The pauses around words: digits that run together are not understood at a horn.
const (
	lead  = 300 * time.Millisecond
	pause = 120 * time.Millisecond
	most  = 15 // digits and points of an IPv4 address
)

//go:embed vi en
var files embed.FS

// FileOf is the file of a word: a digit, the point, or "address".
func FileOf(word string) string {
	if word == "." {
		word = "dot"
	}
	return word + ".ulaw"
}

// words are the recordings that an address is made of.
func words(lang, address string) ([][]byte, error) {
	if len(address) == 0 || len(address) > most {
		return nil, fmt.Errorf("voice: %.40q is no IPv4 address", address)
	}
	names := []string{"address"}
	for _, r := range address {
		if r != '.' && (r < '0' || r > '9') {
			return nil, fmt.Errorf("voice: %.40q is no IPv4 address", address)
		}
		names = append(names, string(r))
	}
	var all [][]byte
	for _, name := range names {
		word, err := files.ReadFile(lang + "/" + FileOf(name))
		if err != nil {
			return nil, fmt.Errorf("voice: %q is not recorded in %q", name, lang)
		}
		all = append(all, word)
	}
	return all, nil
}

// Length is how long it takes to say an address.
func Length(lang, address string) (time.Duration, error) {
	all, err := words(lang, address)
	if err != nil {
		return 0, err
	}
	return time.Duration(len(utterance(all))) * time.Second / Rate, nil
}

// Say opens the saying of an address, such as 192.168.1.7, in "vi" or "en".
func Say(lang, address string) (sound.Source, error) {
	all, err := words(lang, address)
	if err != nil {
		return nil, err
	}
	return sound.ToDevice(&speech{left: utterance(all)}), nil
}

// utterance puts the words one after another.
func utterance(words [][]byte) []byte {
	hush := func(d time.Duration) []byte {
		quiet := make([]byte, int(d*Rate/time.Second))
		for i := range quiet {
			quiet[i] = silent
		}
		return quiet
	}
	all := hush(lead)
	for _, w := range words {
		all = append(append(all, w...), hush(pause)...)
	}
	return all
}

// A speech is µ-law that is read.
type speech struct{ left []byte }

func (s *speech) Rate() int     { return Rate }
func (s *speech) Channels() int { return 1 }

func (s *speech) Read(p []float32) (int, error) {
	if len(s.left) == 0 {
		return 0, io.EOF
	}
	n := min(len(p), len(s.left))
	for i := range n {
		p[i] = float32(expand(s.left[i])) / 32768
	}
	s.left = s.left[n:]
	return n, nil
}

func (s *speech) Close() error { s.left = nil; return nil }

// silent is a sample of nothing.
const silent = 0xff

// The µ-law of G.711 on 16 bits: a bias, then the position of the highest bit and the
// four bits under it, all inverted.
const bias = 132

func expand(u byte) int16 {
	u = ^u
	v := (int(u&0x0f)<<3+bias)<<(u>>4&7) - bias
	if u&0x80 != 0 {
		v = -v
	}
	return int16(v)
}

// Compress is samples in µ-law.
func Compress(pcm []int16) []byte {
	out := make([]byte, len(pcm))
	for i, s := range pcm {
		v, sign := int(s), byte(0)
		if v < 0 {
			v, sign = -v, 0x80
		}
		v = min(v, 32635) + bias
		exponent := 7
		for mask := 0x4000; v&mask == 0 && exponent > 0; mask >>= 1 {
			exponent--
		}
		out[i] = ^(sign | byte(exponent<<4) | byte(v>>(exponent+3)&0x0f))
	}
	return out
}
