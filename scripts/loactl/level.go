package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"time"

	"loa/agent/decode"
	"loa/agent/sound"
	"loa/scripts/authority"
	"loa/scripts/mediaserver"
)

// A recording is what a box has to know of a file before it fetches it.
type recording struct {
	SHA256   string
	Bytes    int64
	Type     string
	Duration time.Duration
	LUFS     float64 // integrated, EBU R 128
	PeakDBFS float64
	Damaged  int // places where something was lost
}

// errSilent says that a recording cannot be levelled, and should not be sent.
var errSilent = errors.New("this recording is silent")

// measure decodes a whole file with the box's own decoder: what cannot be played
// there is found out here.
func measure(ctx context.Context, name string) (recording, error) {
	f, err := os.Open(name)
	if err != nil {
		return recording{}, err
	}
	defer f.Close()
	var loudness sound.Loudness
	peak := 0.0
	info, err := decode.Walk(ctx, f, "", func(pcm []float32) error {
		loudness.Add(pcm)
		for _, s := range pcm {
			peak = max(peak, math.Abs(float64(s)))
		}
		return nil
	})
	if err != nil {
		return recording{}, fmt.Errorf("%s: %w", name, err)
	}
	r := recording{Type: info.Type, Duration: info.Duration, LUFS: loudness.Integrated(), PeakDBFS: sound.Decibels(peak), Damaged: info.Damaged}
	if r.LUFS <= sound.NoLoudness {
		return r, fmt.Errorf("%s: %w", name, errSilent)
	}
	return r, nil
}

// keepMedia puts a file into the media server's folder under its hash.
func keepMedia(au *authority.Authority, name string) (sha256 string, size int64, err error) {
	f, err := os.Open(name)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	return mediaserver.Add(au.MediaDir(), f)
}

// round keeps one decimal: nobody hears the second.
func round(x float64) float64 { return math.Round(x*10) / 10 }
