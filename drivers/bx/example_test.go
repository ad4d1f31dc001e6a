package bx_test

import (
	"context"
	"image"
	"image/color"
	"log"
	"net"
	"time"

	"loa/drivers/bx"
)

func Example() {
	ctx := context.Background()
	conn, err := net.Dial("tcp", "192.168.1.99:5005")
	if err != nil {
		log.Fatal(err)
	}
	panel, err := bx.New(conn, bx.Opts{Name: "192.168.1.99:5005"})
	if err != nil {
		conn.Close()
		log.Fatal(err) // bx: no answer from 192.168.1.99:5005 after 3 tries: heard nothing
	}
	defer panel.Close()
	page := image.NewRGBA(image.Rectangle{Max: panel.Size()})
	page.Set(0, 0, color.White)
	if areas, ok := panel.Areas(); ok {
		// Gone by itself a minute after the last ShowFor.
		err = areas.ShowFor(ctx, page, time.Minute)
	} else {
		err = panel.Show(ctx, page) // into its flash, if it is not there yet
	}
	if err != nil {
		log.Fatal(err)
	}
}
