package broker

import (
	"bufio"
	"context"
	"io"
	"net"
	"testing"
	"time"
)

// Whoever comes back under a name while the connection before is still being cleared
// away is heard, and hears.
func TestComingBackAtOnce(t *testing.T) {
	b, err := Start(context.Background(), Opts{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	const act = "loa/v1/p/x/act"
	var last net.Conn
	for i := range 400 {
		conn, err := net.Dial("tcp", b.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(10 * time.Second))
		if i%2 == 0 && last != nil {
			last.Close() // gone a moment ago; the other half is thrown off
		}
		last = conn
		in := bufio.NewReader(conn)
		expect := func(say string, n int) {
			t.Helper()
			if _, err := io.WriteString(conn, say); err != nil {
				t.Fatalf("connection %d: %v", i, err)
			}
			if _, err := io.ReadFull(in, make([]byte, n)); err != nil {
				t.Fatalf("connection %d hears nothing: %v", i, err)
			}
		}
		expect("\x10\x18\x00\x04MQTT\x04\x82\x00\x00\x00\x05box-1\x00\x05box-1", 4)
		expect("\x82\x13\x00\x07\x00\x0e"+act+"\x00", 5)
		if err := b.Publish(act, []byte("hi"), false); err != nil {
			t.Fatal(err)
		}
		expect("", 2+2+len(act)+2)
	}
}
