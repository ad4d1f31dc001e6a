package oto_test

import (
	"context"
	"log"
	"os"
	"time"

	"loa/drivers/oto"
)

// One binary is two processes: it starts itself again, to own the card.
func Example() {
	if len(os.Args) > 1 && os.Args[1] == "sink" {
		os.Exit(oto.Child(os.Args[2:]))
	}
	card, err := oto.Open(oto.Opts{
		Command: []string{"/proc/self/exe", "sink"},
		Card:    "Headphones", // as in /proc/asound/cards
		Buffer:  160 * time.Millisecond,
	})
	if err != nil {
		log.Fatal(err) // oto: cannot open card "Headphones": …
	}
	defer card.Close()
	if err := card.Write(make([]int16, 2*48000)); err != nil { // a second of stereo
		log.Fatal(err) // the card is lost: close, and open again
	}
	if err := card.Drain(context.Background()); err != nil {
		log.Fatal(err)
	}
}
