package lan

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"io"
	"net"
	"testing"
	"time"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A client on the cable gets an address, finds the server and asks it for the time.
func TestAClient(t *testing.T) {
	n, err := New()
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	conn, err := net.Dial("unix", n.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	send := func(frame []byte) {
		t.Helper()
		if _, err := conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(frame))), frame...)); err != nil {
			t.Fatal(err)
		}
	}
	receive := func() []byte {
		t.Helper()
		var size [4]byte
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			t.Fatal(err)
		}
		frame := make([]byte, binary.BigEndian.Uint32(size[:]))
		if _, err := io.ReadFull(conn, frame); err != nil {
			t.Fatal(err)
		}
		return frame
	}
	mac := unhex(t, "525400123456")

	bootp := append(unhex(t, "01010600deadbeef"), make([]byte, 20)...)
	bootp = append(append(bootp, mac...), make([]byte, 202)...)
	bootp = append(bootp, 99, 130, 83, 99, 0, 53, 1, 1, 55, 2, 1, 42, 255)
	packet := datagram(box, 68, 67, bootp)
	copy(packet[12:16], []byte{0, 0, 0, 0})
	send(append(append(bytes.Repeat([]byte{255}, 6), mac...), append([]byte{8, 0}, packet...)...))
	offer := receive()
	if !bytes.Equal(offer[:6], mac) || !bytes.Equal(offer[6:12], own) {
		t.Errorf("the offer goes from %x to %x", offer[6:12], offer[:6])
	}
	told := offer[14+28:]
	if told[0] != 2 || !bytes.Equal(told[4:8], bootp[4:8]) || !bytes.Equal(told[16:20], []byte{10, 9, 0, 2}) ||
		!bytes.Contains(told[240:], []byte{53, 1, 2}) || !bytes.Contains(told[240:], []byte{42, 4, 10, 9, 0, 1}) {
		t.Errorf("the offer says %x", told)
	}
	if got := sum(offer[14:34]); got != 0xffff {
		t.Errorf("the sum of its header is %x", got)
	}

	who := unhex(t, "ffffffffffff525400123456"+"0806"+"0001080006040001"+"525400123456"+"0a090002"+"000000000000"+"0a090001")
	send(who)
	if got, want := hex.EncodeToString(receive()), "525400123456525400000901"+"0806"+"0001080006040002"+"525400000901"+"0a090001"+"525400123456"+"0a090002"; got != want {
		t.Errorf("ARP:\n%s, want\n%s", got, want)
	}

	ask := make([]byte, 48)
	ask[0] = 4<<3 | 3
	copy(ask[40:], "whenisit")
	question := datagram(box, 50000, 123, ask)
	copy(question[12:16], []byte{10, 9, 0, 2})
	send(append(append(append([]byte{}, own...), mac...), append([]byte{8, 0}, question...)...)) // it is mute
	send(who)
	receive() // what came before has been looked at
	n.Tell(3 * time.Hour)
	send(append(append(append([]byte{}, own...), mac...), append([]byte{8, 0}, question...)...))
	answer := receive()
	reply := answer[14+28:]
	if port := binary.BigEndian.Uint16(answer[14+22:]); port != 50000 || !bytes.Equal(reply[24:32], []byte("whenisit")) {
		t.Errorf("the answer to port %d is %x", port, reply)
	}
	seconds := int64(binary.BigEndian.Uint32(reply[40:])) - 2208988800
	if off := time.Until(time.Unix(seconds, 0)); off < 3*time.Hour-time.Minute || off > 3*time.Hour+time.Minute {
		t.Errorf("it lies by %v", off)
	}
	if n.Answers() != 1 {
		t.Errorf("it was told %d times", n.Answers())
	}
}

// A box that listens at two ports, answers the others, and misses a knock here and there.
func TestKnock(t *testing.T) {
	n, err := New()
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if _, err := n.Knock(t.Context()); err == nil {
		t.Error("nobody is there, and every port answered")
	}
	conn, err := net.Dial("unix", n.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	mac := unhex(t, "525400123456")
	send := func(frame []byte) error {
		_, err := conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(frame))), frame...))
		return err
	}
	hello := append(append(bytes.Repeat([]byte{255}, 6), mac...), 0x86, 0xdd)
	if err := send(hello); err != nil {
		t.Fatal(err)
	}
	go func() {
		for i := 0; ; i++ {
			var size [4]byte
			if _, err := io.ReadFull(conn, size[:]); err != nil {
				return
			}
			frame := make([]byte, binary.BigEndian.Uint32(size[:]))
			if _, err := io.ReadFull(conn, frame); err != nil {
				return
			}
			packet := frame[14:]
			pseudo := append(append([]byte{}, packet[12:20]...), 0, protoTCP, 0, 20)
			if sum(packet[:20]) != 0xffff || sum(append(pseudo, packet[20:]...)) != 0xffff {
				t.Errorf("a knock with a wrong sum: %x", packet)
				return
			}
			port := binary.BigEndian.Uint16(packet[22:])
			if i%1000 == 7 {
				continue
			}
			s := append([]byte{}, packet[22:24]...)
			s = append(append(s, packet[20:22]...), make([]byte, 8)...)
			flags := byte(rst | ack)
			if port == 22 || port == 65535 {
				flags = syn | ack
			}
			s = append(s, 5<<4, flags, 0, 0, 0, 0, 0, 0)
			if send(append(append(append(append([]byte{}, own...), mac...), 8, 0), ipv4(Server, protoTCP, s)...)) != nil {
				return
			}
		}
	}()
	for n.here() == nil { // the hello is on its way
		time.Sleep(time.Millisecond)
	}
	listens, err := n.Knock(t.Context())
	if err != nil || len(listens) != 2 || listens[0] != 22 || listens[1] != 65535 {
		t.Errorf("at %v somebody listens, %v", listens, err)
	}
}

// What a box sends beside, or cut off, has no answer and does no harm.
func TestNothingElseIsAnswered(t *testing.T) {
	n := &LAN{}
	whole := append(unhex(t, "5254000009015254001234560800"), datagram(box, 50000, 123, append([]byte{35}, make([]byte, 47)...))...)
	if n.answer(whole) == nil {
		t.Fatal("the whole one has no answer")
	}
	for i := range whole {
		if n.answer(whole[:i]) != nil {
			t.Errorf("%d bytes of it have an answer", i)
		}
	}
	bad := append([]byte{}, whole...)
	bad[14] = 0x4f // a header longer than its packet says
	for _, frame := range [][]byte{nil, bad, unhex(t, "ffffffffffff52540012345686dd6000")} {
		if n.answer(frame) != nil {
			t.Errorf("%x has an answer", frame)
		}
	}
}
