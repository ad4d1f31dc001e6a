package line_test

import (
	"fmt"
	"log"
	"time"

	"loa/drivers/line"
)

func Example() {
	l, err := line.Open(line.Opts{Path: "/dev/serial/by-path/platform-1c28400.serial", Baud: 57600})
	if err != nil {
		log.Fatal(err) // line: cannot open /dev/serial/by-path/… at 57600 baud: …
	}
	defer l.Close()
	l.SetDeadline(time.Now().Add(time.Second))
	if _, err := l.Write([]byte("\xA5\x68\x32\x01\x2E\x01\x00\xCA\x00\xAE")); err != nil {
		log.Fatal(err)
	}
	answer := make([]byte, 64)
	n, err := l.Read(answer)
	if err != nil {
		log.Fatal(err) // line: cannot read from /dev/serial/by-path/…: i/o timeout
	}
	fmt.Printf("% x\n", answer[:n])
}
