package voice_test

import (
	"bytes"
	"context"
	"math"
	"testing"
	"time"

	"loa/agent/decode"
	"loa/agent/sound"
	"loa/agent/voice"
)

// The sentence before a drill can be played as it lies there, and is as long and as loud
// as is said of it; in a language that is not there it is Vietnamese.
func TestPhrases(t *testing.T) {
	for _, lang := range []string{"vi", "en", "km"} {
		file, err := voice.Phrase(lang, voice.Drill)
		if err != nil {
			t.Fatal(err)
		}
		var loud sound.Loudness
		info, err := decode.Walk(context.Background(), bytes.NewReader(file), "audio/opus", func(pcm []float32) error {
			loud.Add(pcm)
			return nil
		})
		if err != nil {
			t.Fatal(lang, err)
		}
		if d := info.Duration - voice.PhraseLength(lang, voice.Drill); d.Abs() > 20*time.Millisecond || info.Duration < 3*time.Second {
			t.Errorf("%s: it lasts %v, and %v is said", lang, info.Duration, voice.PhraseLength(lang, voice.Drill))
		}
		if got := loud.Integrated(); math.Abs(got-voice.Loudness(lang)) > 0.5 {
			t.Errorf("%s: %.1f LUFS; write %.1f", lang, got, voice.Loudness(lang))
		}
	}
	if _, err := voice.Phrase("vi", "../vi/drill"); err == nil {
		t.Error("what is no sentence is opened")
	}
}
