package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"loa/agent/decode"
	"loa/agent/sound"
	"loa/agent/speech"
	"loa/agent/viet"
)

// A Bank is an engine that puts recorded phrases together. Its folder has a manifest.toml:
//
//	voice = "Nguyễn Thị Lan, đài xã An Sơn"
//	[phrases]
//	"Ủy ban nhân dân xã An Sơn thông báo" = "thong-bao.wav"
//	"bảy" = "so/7.wav"
//
// The longest phrase that fits is taken first. Recordings are of any kind that boxes play.
type Bank struct {
	Voice   string // whose it is
	dir     string
	phrases map[string]string // file by phrase, folded
	longest int               // words of the longest phrase
}

// Sizes that a bank may have.
const (
	maxManifest = 1 << 20
	maxPhrase   = 60 * time.Second
)

// OpenBank reads the manifest in dir. Every file that it names must be there.
func OpenBank(dir string) (*Bank, error) {
	name := filepath.Join(dir, "manifest.toml")
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxManifest {
		return nil, fmt.Errorf("%s: more than %d KiB", name, maxManifest>>10)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var m struct {
		Voice   string            `toml:"voice"`
		Phrases map[string]string `toml:"phrases"`
	}
	if err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(&m); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	b := &Bank{Voice: m.Voice, dir: dir, phrases: make(map[string]string)}
	for phrase, file := range m.Phrases {
		words := words(phrase)
		switch {
		case len(words) == 0:
			return nil, fmt.Errorf("%s: %q has no words", name, phrase)
		case !filepath.IsLocal(file):
			return nil, fmt.Errorf("%s: %q does not lie in this folder", name, file)
		}
		if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
			return nil, fmt.Errorf("%s: %q: %w", name, phrase, err)
		}
		b.phrases[strings.Join(words, " ")] = file
		b.longest = max(b.longest, len(words))
	}
	return b, nil
}

// words are those of a phrase, as they are compared.
func words(s string) []string {
	return strings.FieldsFunc(viet.Fold(s), func(r rune) bool { return strings.ContainsRune(" ,.?!", r) })
}

// A MissingError names what a bank has no recording of.
type MissingError struct{ Phrases []string }

func (e *MissingError) Error() string {
	return fmt.Sprintf("not recorded: %s", strings.Join(e.Phrases, "; "))
}

// Missing is what of a reading is not recorded, each run of words once.
func (b *Bank) Missing(r speech.Reading) (all []string) {
	for _, s := range r.Sentences() {
		for _, part := range parts(s) {
			_, missing := b.cut(part)
			for _, m := range missing {
				if !slices.Contains(all, m) {
					all = append(all, m)
				}
			}
		}
	}
	return all
}

// parts are what stands between the commas of a sentence.
func parts(sentence string) (all [][]string) {
	for _, p := range strings.Split(sentence, ",") {
		if w := words(p); len(w) > 0 {
			all = append(all, w)
		}
	}
	return all
}

// cut divides words into phrases, the longest first, and names the runs that are none.
func (b *Bank) cut(words []string) (files, missing []string) {
	var gap []string
	flush := func() {
		if len(gap) > 0 {
			missing = append(missing, strings.Join(gap, " "))
		}
		gap = nil
	}
	for len(words) > 0 {
		n := min(b.longest, len(words))
		for n > 0 && b.phrases[strings.Join(words[:n], " ")] == "" {
			n--
		}
		if n == 0 {
			gap, words = append(gap, words[0]), words[1:]
			continue
		}
		flush()
		files = append(files, b.phrases[strings.Join(words[:n], " ")])
		words = words[n:]
	}
	flush()
	return files, missing
}

// bankPause is what is heard at a comma.
const bankPause = 250 * time.Millisecond

// Speak puts the recordings of a sentence together. One that is missing is a
// *MissingError, and nothing of the sentence is spoken.
func (b *Bank) Speak(ctx context.Context, sentence string) (PCM, error) {
	out := PCM{Rate: sound.Rate}
	var missing []string
	for i, part := range parts(sentence) {
		files, lacks := b.cut(part)
		missing = append(missing, lacks...)
		if i > 0 {
			out.Samples = append(out.Samples, make([]int16, int(bankPause.Seconds()*sound.Rate))...)
		}
		for _, f := range files {
			if len(missing) > 0 {
				break
			}
			samples, err := recorded(ctx, filepath.Join(b.dir, f))
			if err != nil {
				return PCM{}, err
			}
			out.Samples = append(out.Samples, samples...)
		}
	}
	if len(missing) > 0 {
		return PCM{}, &MissingError{missing}
	}
	return out, nil
}

var errLong = errors.New("too long for a phrase")

// recorded reads a recording.
func recorded(ctx context.Context, name string) ([]int16, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out []int16
	_, err = decode.Walk(ctx, f, "", func(pcm []float32) error {
		for i := 0; i+1 < len(pcm); i += sound.Channels {
			out = append(out, int16(32767*max(-1, min(1, (pcm[i]+pcm[i+1])/2))))
		}
		if len(out) > int(maxPhrase.Seconds())*sound.Rate {
			return errLong
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return out, nil
}
