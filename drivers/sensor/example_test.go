package sensor_test

import (
	"fmt"
	"log"

	"loa/drivers/sensor"
)

func Example() {
	light, err := sensor.New(sensor.Opts{Device: "bh1750", Channel: "in_illuminance"})
	if err != nil {
		log.Fatal(err)
	}
	lux, err := light.Read()
	if err != nil {
		log.Fatal(err) // sensor: bh1750, in_illuminance: no device; there are ads1015
	}
	fmt.Printf("%.0f lux\n", lux)
}
