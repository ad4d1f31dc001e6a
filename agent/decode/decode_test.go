package decode

import "testing"

// TestExact decodes every kind of file beside the reference. most is the largest
// difference allowed in 16-bit steps, snr the least likeness in dB.
func TestExact(t *testing.T) {
	for _, c := range []struct {
		file           string
		mime           string
		rate, channels int
		most, snr      float64
	}{
		{"s32000.mp3", TypeMP3, 32000, 2, 1, 80},
		{"s44100.mp3", TypeMP3, 44100, 2, 1, 80},
		{"s48000.mp3", TypeMP3, 48000, 2, 1, 80},
		{"m32000.mp3", TypeMP3, 32000, 1, 1, 80},
		{"m44100.mp3", TypeMP3, 44100, 1, 1, 80},
		{"m48000.mp3", TypeMP3, 48000, 1, 1, 80},
		{"s16000.mp3", TypeMP3, 16000, 2, 1, 80},
		{"s22050.mp3", TypeMP3, 22050, 2, 1, 80},
		{"s24000.mp3", TypeMP3, 24000, 2, 1.5, 75},
		{"m16000.mp3", TypeMP3, 16000, 1, 1, 80},
		{"m22050.mp3", TypeMP3, 22050, 1, 1, 80},
		{"m24000.mp3", TypeMP3, 24000, 1, 1.5, 75},
		{"s8000.mp3", TypeMP3, 8000, 2, 1, 80},
		{"s11025.mp3", TypeMP3, 11025, 2, 1, 80},
		{"s12000.mp3", TypeMP3, 12000, 2, 1, 80},
		{"m8000.mp3", TypeMP3, 8000, 1, 1, 80},
		{"m11025.mp3", TypeMP3, 11025, 1, 1, 80},
		{"m12000.mp3", TypeMP3, 12000, 1, 1, 80},
		{"vbr44100.mp3", TypeMP3, 44100, 2, 1, 80},
		{"vbr22050.mp3", TypeMP3, 22050, 1, 1, 80},
		{"free44100.mp3", TypeMP3, 44100, 2, 1, 80},
		{"bare44100.mp3", TypeMP3, 44100, 2, 1, 80},
		{"crc44100.mp3", TypeMP3, 44100, 2, 1, 80},
		{"layer2.mp2", TypeMP3, 48000, 2, 1, 80},
		{"s44100.aac", TypeAAC, 44100, 2, 1.5, 72},
		{"s48000.aac", TypeAAC, 48000, 2, 1.5, 72},
		{"m48000.aac", TypeAAC, 48000, 1, 1.5, 72},
		{"m24000.aac", TypeAAC, 24000, 1, 1.5, 72},
		{"s32000.aac", TypeAAC, 32000, 2, 1.5, 72},
		{"m16000.aac", TypeAAC, 16000, 1, 1.5, 72},
		{"m8000.aac", TypeAAC, 8000, 1, 1.5, 72},
		{"s64.opus", TypeOpus, 48000, 2, 1, 75},
		{"m24.opus", TypeOpus, 48000, 1, 150, 45}, // SILK: pion resamples it with other rounding
		{"m12.opus", TypeOpus, 48000, 1, 150, 45},
		{"s32-60ms.opus", TypeOpus, 48000, 2, 1, 75},
		{"s96-2.5ms.opus", TypeOpus, 48000, 2, 1, 75},
		{"q4.ogg", TypeVorbis, 48000, 2, 1, 80},
		{"q0m22050.ogg", TypeVorbis, 22050, 1, 1, 80},
		{"q6s44100.ogg", TypeVorbis, 44100, 2, 1, 80},
		{"s16.flac", TypeFLAC, 48000, 2, 0, 200},
		{"fast16.flac", TypeFLAC, 48000, 2, 0, 200},
		{"s24.flac", TypeFLAC, 44100, 2, 0, 200},
		{"m8.flac", TypeFLAC, 16000, 1, 0, 200},
		{"m16000.flac", TypeFLAC, 16000, 1, 0, 200},
		{"pcm_u8.wav", TypeWAV, 44100, 2, 0, 200},
		{"pcm_s16le.wav", TypeWAV, 44100, 2, 0, 200},
		{"pcm_s24le.wav", TypeWAV, 44100, 2, 0, 200},
		{"pcm_s32le.wav", TypeWAV, 44100, 2, 0.001, 140},
		{"pcm_f32le.wav", TypeWAV, 44100, 2, 0, 200},
		{"pcm_f64le.wav", TypeWAV, 44100, 2, 0, 200},
		{"pcm_mulaw.wav", TypeWAV, 44100, 2, 0, 200},
		{"pcm_alaw.wav", TypeWAV, 44100, 2, 0, 200},
		{"surround.wav", TypeWAV, 48000, 6, 0, 200},
	} {
		run(t, c.file, func(t *testing.T) {
			data := media(t, c.file)
			got, err := decodeAll(data, "")
			if err != nil {
				t.Fatal(err)
			}
			if got.rate != c.rate || got.channels != c.channels {
				t.Fatalf("%d channels at %d Hz, want %d at %d", got.channels, got.rate, c.channels, c.rate)
			}
			want := reference(t, data, c.file, c.rate, c.channels)
			l := compare(want, got, 3000)
			t.Logf("%v; reference %.3f s, we %.3f s", l, want.seconds(), got.seconds())
			if l.most > c.most || l.snr < c.snr {
				t.Errorf("unlike the reference: %v", l)
			}
			if d := got.seconds() - want.seconds(); d < -0.1 || d > 0.1 {
				t.Errorf("%.3f s, the reference decodes %.3f s", got.seconds(), want.seconds())
			}
		})
	}
}
