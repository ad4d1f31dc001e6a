// Command digits records what a box says of itself, with espeak-ng and ffmpeg: the
// digits, the point, the word "address" and the sentence before a drill, in Vietnamese
// and in English, into agent/voice. What it has written is in the repository; run it
// again only to change a voice.
//
//	go run ./scripts/digits
package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"loa/agent/voice"
)

// speakers are espeak-ng's, with the words in the order of the names.
var speakers = map[string]struct {
	voice string
	words map[string]string
	// sentences are by name.
	sentences map[string]string
}{
	"vi": {"vi-vn-x-south", map[string]string{
		"0": "không", "1": "một", "2": "hai", "3": "ba", "4": "bốn", "5": "năm", "6": "sáu", "7": "bảy", "8": "tám", "9": "chín",
		".": "chấm", "address": "địa chỉ",
	}, map[string]string{
		"drill": "Xin chú ý. Đây là buổi diễn tập, không phải báo động thật.",
	}},
	"en": {"en-gb", map[string]string{
		"0": "zero", "1": "one", "2": "two", "3": "three", "4": "four", "5": "five", "6": "six", "7": "seven", "8": "eight", "9": "nine",
		".": "dot", "address": "address",
	}, map[string]string{
		"drill": "Attention please. This is a drill, not a real alarm.",
	}},
}

func main() {
	if err := run("agent/voice"); err != nil {
		fmt.Fprintln(os.Stderr, "digits:", err)
		os.Exit(1)
	}
}

func run(to string) error {
	for lang, v := range speakers {
		for name, sentence := range v.sentences {
			if err := record(filepath.Join(to, lang, name+".opus"), v.voice, sentence); err != nil {
				return err
			}
		}
		for name, word := range v.words {
			wave, err := exec.Command("espeak-ng", "-v", v.voice, "-s", "130", "-a", "80", "--stdout", word).Output()
			if err != nil {
				return fmt.Errorf("espeak-ng, %s: %w", word, err)
			}
			pcm, err := samples(wave)
			if err != nil {
				return fmt.Errorf("espeak-ng, %s: %w", word, err)
			}
			file := filepath.Join(to, lang, voice.FileOf(name))
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(file, voice.Compress(halve(trim(pcm))), 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// record has a sentence said, brings it near -18 LUFS of one channel, and writes it as
// Opus: it takes a tenth of what it would as samples.
func record(file, voiceName, sentence string) error {
	wave, err := exec.Command("espeak-ng", "-v", voiceName, "-s", "140", "--stdout", sentence).Output()
	if err != nil {
		return fmt.Errorf("espeak-ng, %s: %w", sentence, err)
	}
	loud := "highpass=f=250,loudnorm=I=-18:TP=-1.5:LRA=7,aresample=48000" // what comes of it stands in voice.Loudness
	cmd := exec.Command("ffmpeg", "-v", "error", "-y", "-i", "-", "-af", loud, "-ac", "1", "-c:a", "libopus",
		"-b:a", "20k", "-application", "voip", "-fflags", "+bitexact", "-flags:a", "+bitexact", file)
	cmd.Stdin = bytes.NewReader(wave)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("ffmpeg, %s: %w: %s", sentence, err, out)
	}
	return nil
}

// samples are those of a WAV file of espeak-ng: 22050 Hz, mono, 16 bits.
func samples(wave []byte) ([]int16, error) {
	at := bytes.Index(wave, []byte("data"))
	if len(wave) < 44 || at < 0 || binary.LittleEndian.Uint32(wave[24:]) != 2*voice.Rate {
		return nil, errors.New("this is not a WAV file of 22050 Hz")
	}
	var pcm []int16
	for data := wave[at+8:]; len(data) >= 2; data = data[2:] {
		pcm = append(pcm, int16(binary.LittleEndian.Uint16(data)))
	}
	return pcm, nil
}

// trim cuts what is silent before and after the word.
func trim(pcm []int16) []int16 {
	const quiet = 200
	for len(pcm) > 0 && pcm[0] < quiet && pcm[0] > -quiet {
		pcm = pcm[1:]
	}
	for n := len(pcm); n > 0 && pcm[n-1] < quiet && pcm[n-1] > -quiet; n = len(pcm) {
		pcm = pcm[:n-1]
	}
	return pcm
}

// halve brings 22050 Hz to 11025: what a horn gives of speech lies below 5 kHz.
func halve(pcm []int16) []int16 {
	half := make([]int16, 0, len(pcm)/2)
	for i := 1; i+1 < len(pcm); i += 2 {
		half = append(half, int16((int(pcm[i-1])+2*int(pcm[i])+int(pcm[i+1]))/4))
	}
	return half
}
