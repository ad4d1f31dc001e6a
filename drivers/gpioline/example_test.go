package gpioline_test

import (
	"context"
	"log"
	"os"
	"time"

	"loa/drivers/gpioline"
)

// One binary is two processes: it starts itself again, to guard the line.
func Example() {
	if len(os.Args) > 1 && os.Args[1] == "guard" {
		os.Exit(gpioline.Guard(os.Args[2:]))
	}
	amp, err := gpioline.New(gpioline.Opts{
		Line:    gpioline.Line{Chip: []string{"1c20800.pinctrl"}, Offset: 6}, // PA6 of an Allwinner H2+
		Command: []string{"/proc/self/exe", "guard"},
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	go amp.Run(ctx) // the line is off before it starts and after it ends
	if err := amp.Set(true); err != nil {
		log.Fatal(err) // gpioline: 1c20800.pinctrl line 6: …
	}
}
