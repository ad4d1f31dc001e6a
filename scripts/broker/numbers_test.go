package broker

import (
	"context"
	"io"
	"net"
	"slices"
	"testing"
	"time"
)

// A box that has not yet acknowledged message 1 asks for something under its own
// number 1, and gets it.
func TestBothSidesNumberTheirOwn(t *testing.T) {
	b, err := Start(context.Background(), Opts{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	conn, err := net.Dial("tcp", b.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	exchange := func(say, want []byte) {
		t.Helper()
		if _, err := conn.Write(say); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(want))
		if _, err := io.ReadFull(conn, got); err != nil || !slices.Equal(got, want) {
			t.Fatalf("% x, %v, want % x", got, err, want)
		}
	}
	subscribe := func(number byte, topic string) []byte {
		return append(append([]byte{0x82, byte(5 + len(topic)), 0, number, 0, byte(len(topic))}, topic...), 1)
	}
	exchange([]byte("\x10\x18\x00\x04MQTT\x04\x82\x00\x00\x00\x05box-1\x00\x05box-1"), []byte{0x20, 2, 0, 0})
	const act = "loa/v1/p/x/act"
	exchange(subscribe(7, act), []byte{0x90, 3, 0, 7, 1})
	if err := b.Publish(act, []byte("hi"), false); err != nil {
		t.Fatal(err)
	}
	exchange(nil, append(append([]byte{0x32, byte(6 + len(act)), 0, byte(len(act))}, act...), 0, 1, 'h', 'i'))
	exchange(subscribe(1, "loa/v1/d/box-1/cmd"), []byte{0x90, 3, 0, 1, 1})

	exchange(append([]byte{0xa2, byte(4 + len(act)), 0, 2, 0, byte(len(act))}, act...), []byte{0xb0, 2, 0, 2})
}
