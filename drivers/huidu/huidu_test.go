package huidu

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"loa/agent/display"
	"loa/agent/display/displaytest"
	"loa/drivers/huidu/huidutest"
)

var (
	_ display.Dimmer = (*Panel)(nil)
	_ display.Prober = (*Panel)(nil)
)

func open(t *testing.T, c *huidutest.Card) *Panel {
	t.Helper()
	p, err := newPanel("card", c.Dial, Opts{Size: c.Size})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Close()
		if err := c.Err(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func TestTrial(t *testing.T) {
	for name, card := range map[string]func() *huidutest.Card{
		"new": func() *huidutest.Card { return &huidutest.Card{Size: image.Pt(64, 32), Forgets: true} },
		"old": func() *huidutest.Card { return &huidutest.Card{Size: image.Pt(13, 7), Old: true} },
	} {
		t.Run(name, func(t *testing.T) {
			displaytest.Run(t, func(t *testing.T) displaytest.Bench {
				c := card()
				p := open(t, c)
				p.patience = 500 * time.Millisecond
				return displaytest.Bench{Panel: p, Screen: c.Screen, Silence: c.Silence, PowerCut: c.PowerCut}
			})
		})
	}
}

// noise is a picture that no compression makes smaller.
func noise(size image.Point, seed uint64) *image.RGBA {
	r := rand.New(rand.NewPCG(seed, 1))
	p := image.NewRGBA(image.Rectangle{Max: size})
	for i := range p.Pix {
		p.Pix[i] = byte(r.IntN(256)) | byte(i&3/3*255)
	}
	return p
}

func show(t *testing.T, p *Panel, c *huidutest.Card, page image.Image) {
	t.Helper()
	if err := p.Show(context.Background(), page); err != nil {
		t.Fatal(err)
	}
	if err := displaytest.Same(c.Screen(), page, 0); err != nil {
		t.Error(err)
	}
}

// The structures HVersionAsk, HSDKCmd and HFileStartAsk of Huidu's demo in C#.
func TestPackets(t *testing.T) {
	text := func(s string) string { return hex.EncodeToString([]byte(s)) }
	const md5 = "6070a9ea174fdae68e8fe89bc5ec7403"
	for _, c := range []struct {
		name string
		got  []byte
		want string
	}{
		{"version", packet(serviceAsk, 5, 0, 0, 1), "0800" + "0120" + "05000001"},
		{"heartbeat", packet(heartbeatAsk), "0400" + "5f00"},
		{"xml", xmlPackets("<sdk/>"), "1200" + "0320" + "06000000" + "00000000" + text("<sdk/>")},
		{"file", fileStart(md5, 0x01020304, "a.png"), "3500" + "0180" + text(md5) + "00" + "0403020100000000" + "0000" + text("a.png") + "00"},
		{"end", packet(fileEndAsk), "0400" + "0580"},
	} {
		if got := hex.EncodeToString(c.got); got != c.want {
			t.Errorf("%s:\n%s\nnot\n%s", c.name, got, c.want)
		}
	}
	long := xmlPackets(strings.Repeat("x", 2*maxPiece+1))
	if len(long) != 3*12+2*maxPiece+1 || !bytes.Equal(long[2*(12+maxPiece):][:12], []byte{13, 0, 3, 0x20, 0x81, 0x3E, 0, 0, 0x80, 0x3E, 0, 0}) {
		t.Errorf("a long request is cut into % x", long[2*(12+maxPiece):][:12])
	}
}

// What is on the card already is not written again, neither the file nor the program.
func TestFlashIsSpared(t *testing.T) {
	c := &huidutest.Card{Size: image.Pt(64, 32), Forgets: true}
	p := open(t, c)
	a, b := noise(c.Size, 1), noise(c.Size, 2)
	show(t, p, c, a)
	show(t, p, c, b)
	written := c.Written()
	for range 3 {
		show(t, p, c, a)
		show(t, p, c, b)
	}
	c.PowerCut()
	show(t, p, c, b)
	if c.Written() != written || written < 2*64*32*3 {
		t.Errorf("%d bytes were written, then %d", written, c.Written())
	}
}

// The newest pictures stay, older ones of ours go, those of others are not touched.
func TestTidies(t *testing.T) {
	c := &huidutest.Card{Size: image.Pt(8, 8)}
	p := open(t, c)
	err := p.with(context.Background(), func(s *session) error {
		_, err := s.upload("theirs.png", []byte("picture"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range kept + 6 {
		show(t, p, c, noise(c.Size, uint64(i)))
	}
	if c.Files() != kept+1 {
		t.Errorf("there are %d files", c.Files())
	}
	again := open(t, c) // the agent starts again, and knows of none
	show(t, again, c, noise(c.Size, 1000))
	if c.Files() != 2 {
		t.Errorf("after a restart there are %d files", c.Files())
	}
}

// A connection that breaks anywhere costs one error; the next Show goes on where the
// file has come to.
func TestBrokenConnection(t *testing.T) {
	size := image.Pt(90, 60) // 16 kB, 3 pieces
	page := noise(size, 1)
	whole := &huidutest.Card{Size: size}
	show(t, open(t, whole), whole, page)
	failed := 0
	for after := 1; after < 14; after++ {
		c := &huidutest.Card{Size: size}
		p := open(t, c)
		c.BreakAfter(after)
		if err := p.Show(context.Background(), page); err != nil {
			failed++
			if !strings.HasPrefix(err.Error(), "huidu: cannot show a picture on card: ") {
				t.Errorf("after %d packets: %v", after, err)
			}
		}
		c.BreakAfter(0)
		show(t, p, c, page)
		if c.Written() != whole.Written() {
			t.Errorf("after %d packets: %d bytes were sent for a file of %d", after, c.Written(), whole.Written())
		}
	}
	if failed < 13 {
		t.Errorf("only %d connections broke", failed)
	}
}

// A card that takes its time is waited for as long as it answers heartbeats, though
// not for ever; one that has died meanwhile is not.
func TestSlowCard(t *testing.T) {
	for _, c := range []struct {
		name      string
		slow, die time.Duration
		err       string
		took      time.Duration
	}{
		{"slow", 20 * time.Second, time.Hour, "", 20 * time.Second},
		{"dies", 20 * time.Second, 9 * time.Second, "AddProgram: no answer for 5s", 14 * time.Second},
		{"endless", time.Minute, time.Hour, "not done after 30s", 30 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				card := &huidutest.Card{Size: image.Pt(8, 8), Slow: c.slow}
				p := open(t, card)
				dies := time.AfterFunc(c.die, func() { card.Silence(true) })
				defer dies.Stop()
				began := time.Now()
				err := p.Show(context.Background(), noise(card.Size, 1))
				if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
					t.Errorf("the error is %v", err)
				}
				// The card is found dead by the end of a wait, two fifths of the 5 s long.
				if took := time.Since(began); took < c.took || took > c.took+2*time.Second {
					t.Errorf("it took %v", took)
				}
				if card.Beats() < 4 {
					t.Errorf("there were %d heartbeats", card.Beats())
				}
				time.Sleep(time.Hour) // until the card is done, too
			})
		})
	}
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		card *huidutest.Card
		want string
	}{
		"full":      {&huidutest.Card{Space: 100}, "kNotSpaceToSave"},
		"other one": {&huidutest.Card{HR: true}, "protocol of single and dual colour cards"},
	} {
		c.card.Size = image.Pt(64, 32)
		err := open(t, c.card).Show(context.Background(), noise(c.card.Size, 1))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	c := &huidutest.Card{Size: image.Pt(8, 8)}
	p := open(t, c)
	c.Occupy(true)
	if err := p.Show(context.Background(), noise(c.Size, 1)); err == nil || !strings.Contains(err.Error(), "kDeviceOccupa") {
		t.Errorf("occupied: %v", err)
	}
	c.Occupy(false)
	show(t, p, c, noise(c.Size, 1))
}

// Every way past the box that the card knows of is told; no password is.
func TestOpenDoors(t *testing.T) {
	for _, c := range []struct {
		card *huidutest.Card
		want string
	}{
		{&huidutest.Card{}, ""},
		{&huidutest.Card{WiFi: "ap"}, `the card's own Wi-Fi "C16L-D00-A000F" is on`},
		{&huidutest.Card{WiFi: "ap", WiFiOff: true}, ""},
		{&huidutest.Card{WiFi: "station"}, "the card is in somebody's Wi-Fi"},
		{&huidutest.Card{SIM: true}, "there is a SIM card in the card's modem"},
		{&huidutest.Card{WiFi: "ap", SIM: true, Server: "cloud.example"}, `the card calls the server "cloud.example:10001"; the card's own Wi-Fi "C16L-D00-A000F" is on; there is a SIM card in the card's modem`},
		{&huidutest.Card{WiFi: "ap", Old: true}, ""}, // firmware that does not know the question
	} {
		c.card.Size = image.Pt(64, 32)
		facts, err := open(t, c.card).Probe(context.Background())
		if err != nil || facts["open_door"] != c.want {
			t.Errorf("%q, %v; want %q", facts["open_door"], err, c.want)
		}
		if strings.Contains(fmt.Sprint(facts), "hd12345678") {
			t.Error("the password is among the facts")
		}
	}
}

func TestProbe(t *testing.T) {
	c := &huidutest.Card{Size: image.Pt(64, 32), Server: "cloud.example"}
	p := open(t, c)
	page := noise(c.Size, 1)
	show(t, p, c, page)
	if err := p.SetBrightness(0); err != nil {
		t.Fatal(err)
	}
	facts, err := p.Probe(context.Background())
	want := map[string]string{
		"model": "Huidu C16L", "id": "C16L-D24-000A2", "name": "BoxPlayer", "firmware": "7.10.48", "width": "64", "height": "32",
		"brightness_percent": "1", "open_door": `the card calls the server "cloud.example:10001"`,
	}
	if err != nil || fmt.Sprint(facts) != fmt.Sprint(want) {
		t.Errorf("%v, %v", facts, err)
	}
	c.Play("somebody-elses")
	if facts, err := p.Probe(context.Background()); err != nil || facts["lost"] != "true" {
		t.Errorf("another program plays: %v, %v", facts, err)
	}
	if err := p.SetBrightness(100); err != nil {
		t.Fatal(err)
	}
	c.CloseScreen()
	show(t, p, c, page) // whoever closed it
}

func TestOverLoopback(t *testing.T) {
	c := &huidutest.Card{Size: image.Pt(256, 128)}
	l, err := c.Listen()
	if err != nil {
		t.Skipf("no loopback: %v", err)
	}
	p, err := New(l.Addr().String(), Opts{Size: c.Size})
	if err != nil {
		t.Fatal(err)
	}
	show(t, p, c, noise(c.Size, 1))
	l.Close()
	if err := p.Show(context.Background(), noise(c.Size, 2)); err == nil || !strings.Contains(err.Error(), l.Addr().String()) {
		t.Errorf("nobody listens: %v", err)
	}
}

func TestOpts(t *testing.T) {
	if _, err := New("192.168.6.1", Opts{}); err == nil {
		t.Error("a screen without a size is taken")
	}
	p, err := New("192.168.6.1", Opts{Size: image.Pt(8, 8)})
	if err != nil || p.address != "192.168.6.1:10001" {
		t.Errorf("the port is not 10001: %v, %v", p.address, err)
	}
	p.Close()
	if err := p.Show(context.Background(), noise(p.Size(), 1)); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a closed panel: %v", err)
	}
}

// Packets come whole, however the network cuts them.
func TestReadPacketInPieces(t *testing.T) {
	var stream []byte
	for i := range 50 {
		stream = append(stream, packet(command(i), bytes.Repeat([]byte{byte(i)}, i*180%9000)...)...)
	}
	r := bufio.NewReaderSize(iotest.HalfReader(iotest.TimeoutReader(bytes.NewReader(stream))), maxPacket)
	for i := 0; i < 50; {
		c, data, err := readPacket(r)
		if errors.Is(err, iotest.ErrTimeout) {
			continue // nothing is lost
		}
		if err != nil || c != command(i) || len(data) != i*180%9000 {
			t.Fatalf("packet %d: %d, %d bytes, %v", i, c, len(data), err)
		}
		i++
	}
}

// A liar is a connection on which certain bytes come, whatever is said.
type liar struct{ io.Reader }

func (liar) Write(b []byte) (int, error)      { return len(b), nil }
func (liar) Close() error                     { return nil }
func (liar) LocalAddr() net.Addr              { return nil }
func (liar) RemoteAddr() net.Addr             { return nil }
func (liar) SetDeadline(time.Time) error      { return nil }
func (liar) SetReadDeadline(time.Time) error  { return nil }
func (liar) SetWriteDeadline(time.Time) error { return nil }

// fixed plays something that is the same every time.
func fixed(p *Panel) error {
	return p.with(context.Background(), func(s *session) error {
		return p.play(s, strings.Repeat("0", 32), make([]byte, 1000))
	})
}

// talk is all that a card says while something is played, or to a probe.
func talk(t testing.TB, probe bool) []byte {
	t.Helper()
	var said bytes.Buffer
	c := &huidutest.Card{Size: image.Pt(8, 8)}
	p, err := newPanel("card", func(ctx context.Context) (net.Conn, error) {
		conn, err := c.Dial(ctx)
		return recorder{conn, &said}, err
	}, Opts{Size: c.Size})
	if err != nil {
		t.Fatal(err)
	}
	if probe {
		_, err = p.Probe(context.Background())
	} else {
		err = fixed(p)
	}
	if err != nil {
		t.Fatal(err)
	}
	return said.Bytes()
}

type recorder struct {
	net.Conn
	said *bytes.Buffer
}

func (r recorder) Read(b []byte) (int, error) {
	n, err := r.Conn.Read(b)
	r.said.Write(b[:n])
	return n, err
}

// hear plays a picture and probes with a card that says these bytes.
func hear(said []byte) (errPlay, errProbe error) {
	dial := func(context.Context) (net.Conn, error) { return liar{bytes.NewReader(said)}, nil }
	p, err := newPanel("liar", dial, Opts{Size: image.Pt(8, 8)})
	if err != nil {
		return err, err
	}
	errPlay = fixed(p)
	p.shown = "something"
	_, errProbe = p.Probe(context.Background())
	return errPlay, errProbe
}

// Pieces of an answer that do not follow one another, or are more than was said.
func TestWrongPieces(t *testing.T) {
	hello := packet(serviceAnswer, 5, 0, 0, 1)
	piece := func(total, at byte, text string) []byte {
		return packet(xmlAnswer, append([]byte{total, 0, 0, 0, at, 0, 0, 0}, text...)...)
	}
	for _, said := range [][]byte{
		piece(9, 1, "<sdk>"),
		append(piece(9, 0, "<sdk"), piece(9, 5, "/>")...),
		piece(3, 0, "<sdk/>"),
		piece(9, 0, ""),
		packet(xmlAnswer, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, '<'),
	} {
		if err, _ := hear(append(hello, said...)); err == nil || !strings.Contains(err.Error(), "of an answer, after") {
			t.Errorf("% x: %v", said, err)
		}
	}
}

// Each packet of a talk cut off at each of its bytes, with a length that says so: what
// needed the rest of it is an error. And a card that has more of a file than there is.
func TestShortAnswers(t *testing.T) {
	type said struct {
		c    command
		data []byte
	}
	for _, probe := range []bool{false, true} {
		var all []said
		for r := bufio.NewReaderSize(bytes.NewReader(talk(t, probe)), maxPacket); ; {
			c, data, err := readPacket(r)
			if err != nil {
				break
			}
			all = append(all, said{c, data})
		}
		replay := func(i int, with []byte) error {
			var b []byte
			for k, s := range all {
				if k == i {
					s.data = with
				}
				b = append(b, packet(s.c, s.data...)...)
			}
			played, probed := hear(b)
			if probe {
				return probed
			}
			return played
		}
		if err := replay(-1, nil); err != nil {
			t.Fatal(err)
		}
		for i, s := range all {
			needs := map[command]int{serviceAnswer: 4, fileStartAnswer: 10, fileEndAnswer: 2}[s.c]
			if s.c == xmlAnswer {
				needs = len(s.data)
			}
			for n := range len(s.data) {
				if err := replay(i, s.data[:n]); err == nil && n < needs {
					t.Errorf("packet %d, %#x, is taken with %d bytes of %d", i, uint16(s.c), n, needs)
				}
			}
			if s.c == fileStartAnswer {
				more := bytes.Clone(s.data)
				binary.LittleEndian.PutUint64(more[2:], 1<<40)
				if err := replay(i, more); err == nil || !strings.Contains(err.Error(), "the card has 1099511627776 bytes of 1000") {
					t.Errorf("a card that has more of a file than there is: %v", err)
				}
			}
		}
	}
}

func TestMutations(t *testing.T) {
	shown, probed := talk(t, false), talk(t, true)
	if err, _ := hear(shown); err != nil {
		t.Fatalf("what a card says is not understood when it is said again: %v", err)
	}
	if _, err := hear(probed); err != nil {
		t.Fatalf("what a card says is not understood when it is said again: %v", err)
	}
	n, r := 5000, rand.New(rand.NewPCG(1, 2))
	if testing.Short() {
		n = 500
	}
	for range n {
		for _, good := range [][]byte{shown, probed} {
			b := bytes.Clone(good[:len(good)-r.IntN(2)*r.IntN(len(good))])
			for range r.IntN(6) {
				if len(b) > 0 {
					b[r.IntN(len(b))] = byte(r.IntN(256))
				}
			}
			hear(b)
		}
	}
}

func FuzzCard(f *testing.F) {
	f.Add(talk(f, false))
	f.Add(talk(f, true))
	f.Fuzz(func(t *testing.T, said []byte) { hear(said) })
}

func TestBrightness(t *testing.T) {
	c := &huidutest.Card{Size: image.Pt(8, 8)}
	p := open(t, c)
	white := image.NewGray(image.Rectangle{Max: c.Size})
	for i := range white.Pix {
		white.Pix[i] = 255
	}
	show(t, p, c, white)
	for percent, want := range map[int]uint8{50: 127, 0: 2, 100: 255} {
		if err := p.SetBrightness(percent); err != nil {
			t.Fatal(err)
		}
		if got := c.Screen().At(1, 1).(color.RGBA).R; got != want {
			t.Errorf("at %d %% white is %d, not %d", percent, got, want)
		}
	}
}

func Example() {
	screen, err := New("192.168.6.1", Opts{Size: image.Pt(256, 128)})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer screen.Close()
	if err := screen.Show(context.Background(), image.NewRGBA(image.Rect(0, 0, 256, 128))); err != nil {
		fmt.Println(err) // huidu: cannot show a picture on 192.168.6.1:10001: … no route to host
	}
}
