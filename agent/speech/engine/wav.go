package engine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

var errNoWAV = errors.New("what it wrote is no WAV file of 16 bits")

// ReadWAV reads a WAV file of 16 bits; of two channels it takes the mean. A length in it
// that is longer than the data is what programs write that cannot go back: the data count.
func ReadWAV(data []byte) (PCM, error) {
	if len(data) < 12 || string(data[:4]) != "RIFF" || string(data[8:12]) != "WAVE" {
		return PCM{}, errNoWAV
	}
	rate, channels := 0, 0
	for rest := data[12:]; len(rest) >= 8; {
		id, size := string(rest[:4]), int64(binary.LittleEndian.Uint32(rest[4:]))
		body := rest[8:]
		n := int(min(size, int64(len(body))))
		switch id {
		case "fmt ":
			if n < 16 || binary.LittleEndian.Uint16(body[14:]) != 16 {
				return PCM{}, errNoWAV
			}
			if format := binary.LittleEndian.Uint16(body); format != 1 && format != 0xfffe {
				return PCM{}, errNoWAV
			}
			channels, rate = int(binary.LittleEndian.Uint16(body[2:])), int(binary.LittleEndian.Uint32(body[4:]))
		case "data":
			if rate < 8000 || rate > 192000 || channels < 1 || channels > 2 {
				return PCM{}, fmt.Errorf("a WAV file of %d Hz and %d channels: it takes 8000 to 192000, and one or two", rate, channels)
			}
			return PCM{rate, mono(body[:n], channels)}, nil
		}
		rest = body[min(len(body), n+n%2):]
	}
	return PCM{}, errNoWAV
}

func mono(body []byte, channels int) []int16 {
	out := make([]int16, 0, len(body)/2/channels)
	for ; len(body) >= 2*channels; body = body[2*channels:] {
		sum := 0
		for c := range channels {
			sum += int(int16(binary.LittleEndian.Uint16(body[2*c:])))
		}
		out = append(out, int16(sum/channels))
	}
	return out
}

// WriteWAV writes p as a WAV file.
func WriteWAV(w io.Writer, p PCM) error {
	size := uint32(2 * len(p.Samples))
	b := make([]byte, 0, 44+size)
	b = append(b, "RIFF"...)
	b = binary.LittleEndian.AppendUint32(b, 36+size)
	b = append(b, "WAVEfmt "...)
	b = binary.LittleEndian.AppendUint32(b, 16)
	b = binary.LittleEndian.AppendUint16(b, 1)
	b = binary.LittleEndian.AppendUint16(b, 1)
	b = binary.LittleEndian.AppendUint32(b, uint32(p.Rate))
	b = binary.LittleEndian.AppendUint32(b, uint32(2*p.Rate))
	b = binary.LittleEndian.AppendUint16(b, 2)
	b = binary.LittleEndian.AppendUint16(b, 16)
	b = append(b, "data"...)
	b = binary.LittleEndian.AppendUint32(b, size)
	for _, s := range p.Samples {
		b = binary.LittleEndian.AppendUint16(b, uint16(s))
	}
	_, err := w.Write(b)
	return err
}
