package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"

	"loa/agent/decode"
	"loa/agent/sound"
)

// What a recording becomes for boxes on a SIM card: 21.6 MB an hour, at the
// loudness that boxes play at, so that nothing is left for them to level.
const (
	codedLUFS    = -16.0
	codedCeiling = -1.0 // dBFS
	codedKbps    = "48"
	codedKHz     = "24"
)

// An encoder writes a levelled copy of a recording and returns its name; the
// caller removes the file.
type encoder func(ctx context.Context, name string, r recording) (string, error)

// findEncoder takes lame, the only encoder whose files every box plays.
func findEncoder() (encoder, error) {
	lame, err := exec.LookPath("lame")
	if err != nil {
		return nil, errors.New("lame is not installed: apt install lame, or leave --encode out")
	}
	return func(ctx context.Context, name string, r recording) (string, error) {
		out, err := os.CreateTemp("", "loactl-*.mp3")
		if err != nil {
			return "", err
		}
		out.Close()
		// Raw 16-bit samples in, one channel out.
		cmd := exec.CommandContext(ctx, lame, "--quiet", "-r", "-s", "48", "--bitwidth", "16", "--signed", "--little-endian",
			"-m", "s", "-a", "--resample", codedKHz, "-b", codedKbps, "-", out.Name())
		in, err := cmd.StdinPipe()
		if err != nil {
			return "", err
		}
		var complaint bytes.Buffer
		cmd.Stderr = &complaint
		if err := cmd.Start(); err != nil {
			return "", err
		}
		err = level(ctx, name, sound.LevelGain(r.LUFS, codedLUFS), in)
		err = errors.Join(err, in.Close(), cmd.Wait())
		if err != nil {
			os.Remove(out.Name())
			return "", fmt.Errorf("%s: cannot encode: %w %s", name, err, bytes.TrimSpace(complaint.Bytes()))
		}
		return out.Name(), nil
	}, nil
}

// level writes a recording as 16-bit samples, louder by gain decibels and never
// above the ceiling.
func level(ctx context.Context, name string, gain float64, to io.Writer) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	factor := float32(sound.Amplitude(gain))
	limit := sound.NewLimiter(codedCeiling)
	late := limit.Delay() * sound.Channels // samples that come out before the first that went in
	var block []float32
	var bytes []byte
	write := func(pcm []float32) error {
		limit.Process(pcm)
		skip := min(late, len(pcm))
		late -= skip
		bytes = bytes[:0]
		for _, s := range pcm[skip:] {
			v := int16(math.Round(float64(max(-1, min(1, s))) * 32767))
			bytes = append(bytes, byte(v), byte(v>>8))
		}
		_, err := to.Write(bytes)
		return err
	}
	if _, err := decode.Walk(ctx, f, "", func(pcm []float32) error {
		block = append(block[:0], pcm...)
		for i := range block {
			block[i] *= factor
		}
		return write(block)
	}); err != nil {
		return err
	}
	return write(make([]float32, limit.Delay()*sound.Channels)) // what the limiter still holds
}
