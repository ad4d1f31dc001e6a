package heard

import (
	"encoding/binary"
	"fmt"
	"os"
)

// ReadWAV reads a 16-bit PCM WAV file as mono in ±1. It does not use the box's
// own decoder, so that it can judge it. A file whose writer was killed, with
// sizes of 0 in its header, is read to its end.
func ReadWAV(path string) (samples []float64, rate int, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, 0, err
	}
	if len(b) < 44 || string(b[:4]) != "RIFF" || string(b[8:12]) != "WAVE" {
		return nil, 0, fmt.Errorf("%s: not a WAV file", path)
	}
	channels := 0
	for rest := b[12:]; len(rest) >= 8; {
		id, size := string(rest[:4]), int(binary.LittleEndian.Uint32(rest[4:]))
		body := rest[8:]
		if size > len(body) || id == "data" && size == 0 {
			size = len(body)
		}
		switch id {
		case "fmt ":
			if size < 16 || binary.LittleEndian.Uint16(body[14:]) != 16 {
				return nil, 0, fmt.Errorf("%s: only 16-bit PCM is read here", path)
			}
			channels = int(binary.LittleEndian.Uint16(body[2:]))
			rate = int(binary.LittleEndian.Uint32(body[4:]))
		case "data":
			if channels == 0 {
				return nil, 0, fmt.Errorf("%s: data before fmt", path)
			}
			samples = make([]float64, size/2/channels)
			for i := range samples {
				for c := range channels {
					samples[i] += float64(int16(binary.LittleEndian.Uint16(body[(i*channels+c)*2:]))) / 32768 / float64(channels)
				}
			}
			return samples, rate, nil
		}
		rest = body[min(size+size%2, len(body)):]
	}
	return nil, 0, fmt.Errorf("%s: no data", path)
}
