package relay

import (
	"encoding/binary"
	"fmt"
	"io"
	"sync"

	"loa/agent/sound"
)

// An input is a line, a microphone or a tuner as a source. A goroutine reads
// the device, because a device may block; it ends with Close.
type input struct {
	r    io.ReadCloser
	once sync.Once

	mu   sync.Mutex
	ring *ring
	err  error
}

// inputBuffer is what an input holds for a listener that is late. What comes
// when it is full is dropped: a microphone cannot be asked to wait.
const inputBuffer = sound.Channels * sound.Rate / 2

func newInput(r io.ReadCloser) *input {
	in := &input{r: r, ring: newRing(inputBuffer)}
	go in.run()
	return in
}

func (in *input) run() {
	var raw [1920 * 2]byte // 20 ms
	var pcm [len(raw) / 2]float32
	for {
		n, err := io.ReadFull(in.r, raw[:])
		n -= n % (2 * sound.Channels)
		for i := range n / 2 {
			pcm[i] = float32(int16(binary.LittleEndian.Uint16(raw[2*i:]))) / 32768
		}
		in.mu.Lock()
		in.ring.write(pcm[:n/2])
		if err != nil && in.err == nil {
			in.err = fmt.Errorf("relay: the input ended: %w", err)
		}
		in.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (in *input) Read(p []float32) (int, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if n := in.ring.read(p[:len(p)-len(p)%sound.Channels]); n > 0 {
		return n, nil
	}
	return 0, in.err
}

func (in *input) Close() error {
	in.once.Do(func() {
		in.mu.Lock()
		in.err = errClosed
		in.mu.Unlock()
		in.r.Close()
	})
	return nil
}
