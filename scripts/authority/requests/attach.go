package requests

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/gif" // what phones send
	"image/jpeg"
	_ "image/png"
	"io"
	"os"
	"os/exec"
	"time"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp"
	"golang.org/x/sys/unix"
)

// The bounds of what a resident sends.
const (
	MaxPhoto  = 8 << 20  // bytes
	maxPixels = 16 << 20 // of a picture, before it is made small: a phone's has 12 million
	photoSide = 1600     // pixels, of what is kept
	MaxVoice  = 2 << 20  // bytes
	maxVoiceS = 60
	maxKept   = 512 << 10 // bytes of a voice as it is kept
)

// spare is what pictures and voices leave of the disk, in bytes: what is signed, and what
// boxes report, is written there too, and so are residents' words.
const spare = 1 << 30

// Room reports whether there is room for a picture and a voice.
func (s *Store) Room() (bool, error) {
	free, err := s.left(s.dir)
	if err != nil {
		return false, fmt.Errorf("requests: %w", err)
	}
	return free >= spare, nil
}

// left is how many bytes are free where dir lies.
func left(dir string) (int64, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return 0, fmt.Errorf("%s: %w", dir, err)
	}
	return int64(fs.Bavail) * fs.Bsize, nil
}

// ErrAttachment says that a picture or a voice cannot be used.
var ErrAttachment = errors.New("this picture or recording cannot be used")

// Photo makes a picture small and drops all that is not picture in it: where and with
// which telephone it was taken. What claims to be huge is refused before it is unpacked.
func Photo(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxPhoto+1))
	if err != nil {
		return nil, err
	}
	if len(data) > MaxPhoto {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrAttachment, MaxPhoto)
	}
	head, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrAttachment, err)
	}
	if head.Width < 1 || head.Height < 1 || head.Width > maxPixels/head.Height {
		return nil, fmt.Errorf("%w: %d × %d pixels", ErrAttachment, head.Width, head.Height)
	}
	picture, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrAttachment, err)
	}
	b := picture.Bounds()
	w, h := b.Dx(), b.Dy()
	if side := max(w, h); side > photoSide {
		w, h = max(1, w*photoSide/side), max(1, h*photoSide/side)
	}
	small := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(small, small.Bounds(), image.White, image.Point{}, draw.Src) // under what is transparent
	draw.ApproxBiLinear.Scale(small, small.Bounds(), picture, b, draw.Over, nil)
	var out bytes.Buffer
	err = jpeg.Encode(&out, small, &jpeg.Options{Quality: 80})
	return out.Bytes(), err
}

// Voice makes Ogg Opus of the first minute of a recording and drops all that is not
// sound in it. ffmpeg may read that one file only, of the kinds that phones record, and
// ends after 20 seconds whatever it was given.
func Voice(ctx context.Context, r io.Reader) ([]byte, error) {
	file, err := os.CreateTemp("", "loa-voice-*")
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	n, err := io.Copy(file, io.LimitReader(r, MaxVoice+1))
	if err != nil {
		return nil, err
	}
	if n > MaxVoice {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrAttachment, MaxVoice)
	}
	ctx, stop := context.WithTimeout(ctx, 20*time.Second)
	defer stop()
	cmd := exec.CommandContext(ctx, "ffmpeg", "-v", "error", "-nostdin", "-threads", "1",
		"-protocol_whitelist", "file", "-format_whitelist", "matroska,webm,ogg,mov,mp4,m4a,3gp,3g2,mj2,mp3,wav,aac,amr,amrnb,amrwb,flac",
		"-t", fmt.Sprint(maxVoiceS), "-i", "file:"+file.Name(), "-map", "0:a:0", "-map_metadata", "-1", "-map_chapters", "-1",
		"-ac", "1", "-ar", "16000", "-c:a", "libopus", "-b:a", "20k", "-fs", fmt.Sprint(maxKept), "-f", "ogg", "pipe:1")
	cmd.WaitDelay = time.Second
	var out, why bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &why
	if err := cmd.Run(); err != nil || out.Len() == 0 {
		if errors.Is(err, exec.ErrNotFound) {
			return nil, err
		}
		return nil, fmt.Errorf("%w: %.200s", ErrAttachment, why.String())
	}
	return out.Bytes(), nil
}
