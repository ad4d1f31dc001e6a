package main

import (
	"context"
	"io"
	"regexp"
	"time"

	"loa/scripts/hil/tape"
)

// A Target is one box on a bench, and all that a test may do to it: from outside. An
// emulator stands behind it (package qemu); a real board with a relay in its supply,
// three serial adapters, a logic analyser and a sound card can.
type Target struct {
	Power    Power
	Battery  Battery // of its clock
	Console  Line    // the kernel's and the boot loader's
	Tech     Line    // the technician's
	Panel    Line    // to the card of the board that people read
	GPIO     GPIO
	AudioTap AudioTap
	Net      Net
	USB      USB
	Card     Card
	LAN      LAN     // nil: it has one network port
	Surgeon  Surgeon // nil where there is none
}

// Power is the supply.
type Power interface {
	On(context.Context) error
	Cut() error
	Alive(context.Context) error // waits for ctx, and says if the box went away before
}

// Battery is that of the box's clock.
type Battery interface {
	Replace(at string) // the clock begins with that time at every power-on from now on; "" is the right one
}

// A Line is the far end of a serial line of the box. It stays joined when the box has no
// power.
type Line interface {
	io.Writer
	Len() int // bytes that have come: a place for Wait
	Wait(ctx context.Context, from int, expr *regexp.Regexp) (match string, end int, err error)
	Stream() io.ReadWriteCloser // what comes from now on
}

// GPIO is the pins.
type GPIO interface {
	Edges() []tape.Edge // since the box was first switched on
	Drive(ctx context.Context, line int, high bool) error
}

// AudioTap is what goes to the amplifier.
type AudioTap interface {
	Sound() (tape.Sound, error) // since the box was last switched on
}

// Net is the network cable.
type Net interface {
	Cable(ctx context.Context, in bool) error
}

// LAN is a second network at the box: a time server, and somebody who knocks.
type LAN interface {
	Tell(lie time.Duration) // the time server answers from now on, wrong by that
	Answers() int           // how often it has since
	Knock(context.Context) (listens []int, err error)
}

// USB is what can be plugged in: "card", its sound card, or a stick that is a file.
type USB interface {
	Plug(ctx context.Context, what, file string) error
	Unplug(ctx context.Context, what string) error
}

// Card is the medium that the box starts from.
type Card interface {
	Written(context.Context) (bytes int64, err error) // since the box was last switched on
}

// A Surgeon changes what the box has in its memory. A real board has none.
type Surgeon interface {
	RAM(context.Context) (ram []byte, at uint64, err error)
	Poke(ctx context.Context, address uint64, data []byte) error
	Barked(ctx context.Context, since time.Time) error // waits until the watchdog has reset the box
}
