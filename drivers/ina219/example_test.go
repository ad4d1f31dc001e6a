package ina219_test

import (
	"fmt"
	"log"

	"periph.io/x/host/v3/sysfs"

	"loa/drivers/ina219"
)

func Example() {
	bus, err := sysfs.NewI2C(0)
	if err != nil {
		log.Fatal(err)
	}
	chip, err := ina219.New(ina219.Opts{Bus: bus, ShuntMilliohm: 100})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := chip.Read(); !ina219.Fresh(err) {
		log.Fatal(err)
	}
	r, err := chip.Read()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.0f mA, %.1f V\n", r.MilliAmp, r.MilliVolt/1000)
}
