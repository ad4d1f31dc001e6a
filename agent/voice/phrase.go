package voice

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"
)

// Loudness is that of the recorded sentences of a language, in LUFS (ITU-R BS.1770), on
// both channels.
func Loudness(lang string) float64 {
	if lang == "en" {
		return -14.9
	}
	return -16.5
}

// Drill is the recorded sentence that goes before a drill.
const Drill = "drill"

// Phrase is a recorded sentence as an Ogg Opus file (RFC 7845), in "vi" or "en"; in any
// other language it is Vietnamese, because something must be said.
func Phrase(lang, name string) ([]byte, error) {
	file, err := files.ReadFile(lang + "/" + name + ".opus")
	if err != nil {
		file, err = files.ReadFile("vi/" + name + ".opus")
	}
	if err != nil {
		return nil, fmt.Errorf("voice: no sentence is called %q", name)
	}
	return file, nil
}

// PhraseLength is how long a recorded sentence lasts, 0 if there is none of that name.
func PhraseLength(lang, name string) time.Duration {
	file, err := Phrase(lang, name)
	if err != nil {
		return 0
	}
	// The last page says how many samples of 48 kHz there are; the head, how many of
	// them come before the sound.
	last, head := bytes.LastIndex(file, []byte("OggS")), bytes.Index(file, []byte("OpusHead"))
	samples := binary.LittleEndian.Uint64(file[last+6:]) - uint64(binary.LittleEndian.Uint16(file[head+10:]))
	return time.Duration(samples) * time.Second / 48000
}
