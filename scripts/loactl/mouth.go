package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"loa/agent/decode"
	"loa/agent/sound"
	"loa/drivers/capture"
	"loa/scripts/livetalk"
)

// A mouth is where what is said comes from: a microphone, a recording, a pipe.
type mouth struct {
	a      *app
	live   bool // a microphone: it has no end of its own
	open   func() (func(p []float32) (int, error), io.Closer, error)
	source func(p []float32) (int, error)
	closer io.Closer
	ctx    context.Context
	ended  <-chan struct{} // somebody has pressed Enter
	wide   []float32
}

// openMouth opens mic, alsa:NAME, stdin or a file. A microphone records from begin on.
func (a *app) openMouth(from string) (*mouth, error) {
	m := &mouth{a: a, wide: make([]float32, livetalk.Samples*sound.Channels)}
	name, isALSA := strings.CutPrefix(from, "alsa:")
	if from == "mic" {
		name, isALSA = "default", true
	}
	if isALSA {
		m.live = true
		m.open = func() (func([]float32) (int, error), io.Closer, error) {
			in, err := capture.Open(capture.Opts{Device: name})
			if err != nil {
				return nil, nil, err
			}
			return pcm16(in), in, nil
		}
		return m, nil
	}
	var src *decode.Source
	var err error
	if from == "stdin" {
		src, err = decode.Stream(a.in, "")
	} else {
		var f *os.File
		if f, err = os.Open(from); err != nil {
			return nil, err
		}
		if src, err = decode.Open(f, ""); err != nil {
			f.Close()
		}
	}
	if err != nil {
		return nil, errors.New(from + ": " + a.explain(err))
	}
	m.source, m.closer = src.Read, src
	return m, nil
}

// pcm16 reads raw signed 16-bit little-endian stereo at 48 kHz, and waits for it.
func pcm16(r io.Reader) func(p []float32) (int, error) {
	var buf []byte
	return func(p []float32) (int, error) {
		if cap(buf) < 2*len(p) {
			buf = make([]byte, 2*len(p))
		}
		n, err := io.ReadFull(r, buf[:2*len(p)])
		n /= 2
		for i := range n {
			p[i] = float32(int16(uint16(buf[2*i])|uint16(buf[2*i+1])<<8)) / 32768
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = io.EOF
		}
		if n > 0 {
			err = nil
		}
		return n, err
	}
}

// begin begins to listen, until ctx ends; to a microphone until Enter is pressed.
func (m *mouth) begin(ctx context.Context) {
	m.ctx = ctx
	if m.live {
		m.ended = m.a.enter()
	}
}

// read waits for so much of one channel; less is the end.
func (m *mouth) read(pcm []int16) (n int, err error) {
	if m.source == nil {
		if m.source, m.closer, err = m.open(); err != nil {
			return 0, err
		}
	}
	want := len(pcm) * sound.Channels
	for got := 0; got < want && err == nil; {
		select {
		case <-m.ended:
			return 0, io.EOF
		default:
		}
		if m.ctx.Err() != nil {
			return 0, m.ctx.Err()
		}
		var k int
		k, err = m.source(m.wide[got:want])
		if k == 0 && err == nil {
			time.Sleep(5 * time.Millisecond) // a pipe that has nothing yet
		}
		got += k
		n = got / sound.Channels
	}
	for i := range n {
		v := (m.wide[2*i] + m.wide[2*i+1]) / 2
		pcm[i] = int16(32767 * max(-1, min(1, v)))
	}
	if n > 0 {
		return n, nil
	}
	return 0, err
}

func (m *mouth) close() {
	if m.closer != nil {
		m.closer.Close()
	}
}
