package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"loa/agent/layout"
	"loa/agent/layout/picture"
	"loa/agent/plan"
	"loa/boards"
)

// What is taken of a picture, whatever the file claims.
const (
	pictureTime   = 30 * time.Second
	picturePixels = 50_000_000 // the largest sensors of phones have 48 million
	pictureMemory = 256 << 20  // bytes that ffmpeg may ask for at once
	// pictureLarge is from how many bytes on a picture becomes a JPEG: boxes fetch it by SIM.
	pictureLarge = 1 << 20
	// pictureKinds are files of one picture. An SVG or a PDF names other files, and of the
	// HEIF of a phone this ffmpeg would take one tile for the whole.
	pictureKinds = "png_pipe,jpeg_pipe,webp_pipe,bmp_pipe,tiff_pipe,gif,gif_pipe,jpegxl_pipe,j2k_pipe,qoi_pipe,ppm_pipe,pgm_pipe,pbm_pipe,pam_pipe,psd_pipe,sgi_pipe"
)

// pictureSpace is what a picture is made to fit where no board stands yet.
var pictureSpace = image.Pt(1920, 1080)

// Picture makes of any picture one that boards show: no larger than the largest of them
// can show, turned as it was taken, and with nothing in it but its pixels.
func (t deskTools) Picture(ctx context.Context, lang, place string, r io.Reader) (plan.Page, error) {
	ctx, cancel := context.WithTimeout(ctx, pictureTime)
	defer cancel()
	a := t.in(ctx, lang)
	none := func() (plan.Page, error) { return plan.Page{}, told1(a, errors.New(a.text("desk.no-picture"))) }
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		return plan.Page{}, told1(a, errors.New(a.text("desk.no-ffmpeg")))
	}
	dir, err := os.MkdirTemp("", "loa-desk-")
	if err != nil {
		return plan.Page{}, err
	}
	defer os.RemoveAll(dir)
	raw, out := filepath.Join(dir, "raw"), filepath.Join(dir, "out.png")
	f, err := os.Create(raw)
	if err != nil {
		return plan.Page{}, err
	}
	_, err = io.Copy(f, r)
	if err = errors.Join(err, f.Close()); err != nil {
		return plan.Page{}, err
	}
	space := t.space(place)
	fit := fmt.Sprintf("scale=w='min(iw,%d)':h='min(ih,%d)':force_original_aspect_ratio=decrease:flags=lanczos", space.X, space.Y)
	if err := ffmpeg(ctx, "-max_alloc", fmt.Sprint(pictureMemory), "-max_pixels", fmt.Sprint(picturePixels), "-format_whitelist", pictureKinds, "-protocol_whitelist", "file",
		"-i", raw, "-map", "0:v:0", "-frames:v", "1", "-map_metadata", "-1", "-vf", fit, "-pix_fmt", "rgba", "-f", "image2", "-update", "1", "-c:v", "png", out); err != nil {
		return none()
	}
	info, err := os.Stat(out)
	if err != nil {
		return none() // it had no picture in it
	}
	if info.Size() > pictureLarge {
		small := filepath.Join(dir, "out.jpg")
		if err := ffmpeg(ctx, "-i", out, "-map_metadata", "-1", "-pix_fmt", "yuvj444p", "-q:v", "3", small); err != nil {
			return none()
		}
		out = small
	}
	data, err := os.ReadFile(out)
	if err != nil {
		return plan.Page{}, err
	}
	p, err := picture.Open(data, picture.Limits{Bytes: plan.MaxImageBytes})
	if err != nil {
		return none()
	}
	sum, size, err := keepMedia(t.au, out)
	return plan.Page{Image: sum, Bytes: size, Type: "image/" + p.Format}, err
}

// space is as many dots across and down as any board at a place and below has.
func (t deskTools) space(place string) (most image.Point) {
	for _, name := range t.Boards(place) {
		if kind, err := boards.Load(name); err == nil {
			size := layout.BoardOf(kind.Panel).Size
			most = image.Pt(max(most.X, size.X), max(most.Y, size.Y))
		}
	}
	if most == (image.Point{}) {
		return pictureSpace
	}
	return most
}
