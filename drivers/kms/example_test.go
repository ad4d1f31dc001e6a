package kms_test

import (
	"context"
	"image"
	"image/color"
	"image/draw"
	"log"
	"time"

	"loa/drivers/kms"
)

// A wall of 512×256 lamps, which the sending box takes from the top left of the screen.
func Example() {
	wall, err := kms.Open(kms.Opts{
		Connector: "HDMI-A-1",
		Mode:      "1920x1080",
		Area:      image.Rect(0, 0, 512, 256),
	})
	if err != nil {
		log.Fatal(err) // kms: /dev/dri/card0: …
	}
	defer wall.Close()
	picture := image.NewRGBA(image.Rectangle{Max: wall.Size()})
	draw.Draw(picture, picture.Rect, image.NewUniform(color.RGBA{R: 255, A: 255}), image.Point{}, draw.Src)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := wall.Show(ctx, picture); err != nil {
		log.Print(err) // kms: /dev/dri/card0 HDMI-A-1: no screen is connected; …
	}
}
