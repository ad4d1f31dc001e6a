package wav_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"loa/drivers/wav"
)

func Example() {
	dir, err := os.MkdirTemp("", "wav")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	card, err := wav.Open(wav.Opts{Path: filepath.Join(dir, "heard.wav"), Fast: true})
	if err != nil {
		log.Fatal(err)
	}
	defer card.Close()
	if err := card.Write(make([]int16, 2*48000)); err != nil { // a second of stereo
		log.Fatal(err)
	}
	if err := card.Drain(context.Background()); err != nil {
		log.Fatal(err)
	}
	info, err := os.Stat(card.Path())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(info.Size(), "bytes")
	// Output: 192044 bytes
}
