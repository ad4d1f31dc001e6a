package decode

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// asHE makes HE-AAC of AAC-LC: it puts an empty SBR extension into each frame.
// There is no encoder for HE-AAC among the free packages. What such a stream says
// is: there would be more above, twice as fast; decoders double the rate.
func asHE(t *testing.T, data []byte) (out []byte) {
	t.Helper()
	for len(data) > 0 {
		h, ok := parseADTS(data)
		if !ok || h.size > len(data) {
			t.Fatal("the AAC is not whole")
		}
		head, body := data[:7], data[7:h.size]
		data = data[h.size:]
		// The frame ends with END (111) and zeros to the next byte.
		bits := 8 * len(body)
		for body[(bits-1)/8]>>(7-(bits-1)%8)&1 == 0 {
			bits--
		}
		bits -= 3
		frame := bytes.Clone(body[:(bits+7)/8])
		if bits%8 > 0 {
			frame[bits/8] &= ^byte(0) << (8 - bits%8)
		}
		// FIL, one byte: EXT_SBR_DATA and no header. Then END.
		for _, bit := range "110" + "0001" + "1101" + "0000" + "111" {
			if bits%8 == 0 {
				frame = append(frame, 0)
			}
			if bit == '1' {
				frame[bits/8] |= 0x80 >> (bits % 8)
			}
			bits++
		}
		n := 7 + len(frame)
		out = append(out, head[0], head[1], head[2], head[3]&^3|byte(n>>11), byte(n>>3), byte(n<<5)|head[5]&31, head[6])
		out = append(out, frame...)
	}
	return out
}

// TestHEAAC decodes HE-AAC by faad, and goes to a place in it.
func TestHEAAC(t *testing.T) {
	if _, err := exec.LookPath("faad"); err != nil {
		t.Skip("faad is not installed: ", err)
	}
	data := asHE(t, media(t, "m24000.aac"))
	got, err := decodeAll(data, "")
	if err != nil {
		t.Fatal(err)
	}
	if got.rate != 48000 {
		t.Errorf("%d Hz, want 48000", got.rate)
	}
	if s := got.seconds(); s < 4.9 || s > 5.2 {
		t.Errorf("%.2f s, want 5 s", s)
	}
	plain, err := decodeAll(media(t, "m48000.aac"), "")
	if err != nil {
		t.Fatal(err)
	}
	mono := take{rate: 48000, channels: 1}
	for i := 0; i < len(got.pcm); i += got.channels {
		mono.pcm = append(mono.pcm, got.pcm[i])
	}
	if l := compare(plain, mono, 3000); l.snr < 6 {
		t.Errorf("unlike what was encoded: %v", l)
	}

	src, err := Open(bytes.NewReader(data), TypeAAC)
	if err != nil {
		t.Fatal(err)
	}
	whole := len(listen(t, src)) / 2
	if err := src.SeekTo(3 * time.Second); err != nil {
		t.Fatal(err)
	}
	rest := len(listen(t, src)) / 2
	if d := whole - rest - 3*48000; d < -2400 || d > 2400 {
		t.Errorf("%d frames from 3 s on, of %d", rest, whole)
	}
	src.Close()
	<-src.done
}

// TestHEAACDamaged starts faad again when it stops at a bad frame.
func TestHEAACDamaged(t *testing.T) {
	if _, err := exec.LookPath("faad"); err != nil {
		t.Skip("faad is not installed: ", err)
	}
	data := asHE(t, media(t, "m24000.aac"))
	copy(data[len(data)/2:], bytes.Repeat([]byte{0x5A}, 900))
	got, err := decodeAll(data, "")
	if err != nil {
		t.Fatal(err)
	}
	if s := got.seconds(); s < 4 {
		t.Errorf("%.2f s recovered of 5 s", s)
	}
	t.Logf("%.2f s recovered of 5 s", got.seconds())
}

// TestNoFaad says which package is missing.
func TestNoFaad(t *testing.T) {
	data := asHE(t, media(t, "m24000.aac"))
	t.Setenv("PATH", "")
	_, err := Open(bytes.NewReader(data), TypeAAC)
	if err == nil || !strings.Contains(err.Error(), "install the package faad") {
		t.Error(err)
	}
	t.Log(err)
}
