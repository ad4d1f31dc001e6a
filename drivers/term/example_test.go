package term_test

import (
	"context"
	"image"
	"image/color"
	"log"
	"os"

	"loa/drivers/term"
)

func Example() {
	panel, err := term.New(os.Stdout, term.Opts{Size: image.Pt(9, 4), Depth: term.Plain})
	if err != nil {
		log.Fatal(err)
	}
	page := image.NewGray(image.Rect(0, 0, 9, 4))
	for x := range 9 {
		page.Set(x, x%4, color.White)
	}
	if err := panel.Show(context.Background(), page); err != nil {
		log.Fatal(err)
	}
	// Output:
	// ▀▄  ▀▄  ▀
	//   ▀▄  ▀▄
}
