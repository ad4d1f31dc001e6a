package novastar_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"time"

	"loa/drivers/novastar"
)

// The box of a wall, at the end of one cable.
func Example() {
	line, err := net.DialTimeout("tcp", "192.168.0.10:5200", 5*time.Second)
	if err != nil {
		log.Fatal(err)
	}
	box, err := novastar.New(line, novastar.Opts{Name: "192.168.0.10:5200"})
	if err != nil {
		log.Fatal(err)
	}
	defer box.Close()
	if err := box.SetBrightness(40); err != nil { // at night
		log.Fatal(err) // novastar: no answer from 192.168.0.10:5200 after 3 tries
	}
	facts, err := box.Probe(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(facts["model"], facts["signal"], facts["wall"])
}
