package png_test

import (
	"context"
	"fmt"
	"image"
	"log"
	"os"
	"path/filepath"

	"loa/drivers/png"
)

func Example() {
	dir, err := os.MkdirTemp("", "png")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	panel, err := png.New(png.Opts{Path: filepath.Join(dir, "panel.png"), Size: image.Pt(128, 32)})
	if err != nil {
		log.Fatal(err)
	}
	if err := panel.Show(context.Background(), image.NewRGBA(image.Rect(0, 0, 128, 32))); err != nil {
		log.Fatal(err)
	}
	facts, err := panel.Probe(context.Background())
	fmt.Println(facts["model"], facts["width"], facts["height"], err)
	// Output: PNG file 128 32 <nil>
}
