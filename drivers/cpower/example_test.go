package cpower_test

import (
	"context"
	"image"
	"image/color"
	"log"
	"net"
	"time"

	"loa/drivers/cpower"
)

func Example() {
	conn, err := net.Dial("tcp", "192.168.1.222:5200") // or a serial line with deadlines
	if err != nil {
		log.Fatal(err)
	}
	panel, err := cpower.New(conn, cpower.Opts{Width: 128, Height: 32, Colours: "two", Network: true})
	if err != nil {
		log.Fatal(err)
	}
	defer panel.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	picture := image.NewRGBA(image.Rectangle{Max: panel.Size()})
	picture.Set(0, 0, color.White)
	if err := panel.Show(ctx, picture); err != nil {
		log.Fatal(err) // cpower: cannot make a window: no answer from card 1 after 3 tries
	}
}
