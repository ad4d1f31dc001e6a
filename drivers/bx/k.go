package bx

import (
	"context"
	"errors"
	"fmt"
	"image"
	"strconv"
	"time"
)

const (
	maxBitmap = 16 << 10 // of the special dynamic area
	fontsHead = 8        // bytes of a block that are no bitmap
)

var fontModels = map[byte]string{
	0x51: "BX-5K1", 0x53: "BX-5MK2", 0x54: "BX-5MK1", 0x58: "BX-5K2", 0x61: "BX-6K1", 0x62: "BX-6K2", 0x63: "BX-6K3",
	0x64: "BX-6K1-YY", 0x65: "BX-6K2-YY", 0x66: "BX-6K3-YY", 0x67: "BX-6K1&4G", 0x68: "BX-6K2&4G", 0x69: "BX-6K4",
}

// A KPanel is a BX-5K or BX-6K font card, driven through its special dynamic area:
// one bitmap in RAM, so any letter of any language.
type KPanel struct {
	talk  *talk
	opts  Opts
	card  screen
	size  image.Point
	pack  packing
	block int
	shown bool
}

// A screen is how a K card is set up: the answer to A2 0A.
type screen struct {
	address       uint16
	device        byte
	width, height int
	colour        byte // 1 one, 2 two
}

func parseScreen(b []byte) (screen, error) {
	if len(b) < 9 {
		return screen{}, fmt.Errorf("screen parameters of %d bytes", len(b))
	}
	s := screen{address: le.Uint16(b), device: b[2], width: int(le.Uint16(b[4:])), height: int(le.Uint16(b[6:])), colour: b[8]}
	if s.width == 0 || s.height == 0 || s.width > maxSide || s.height > maxSide {
		return s, fmt.Errorf("a screen of %d×%d: set it up with the maker's tool first", s.width, s.height)
	}
	return s, nil
}

// A kStatus is the answer to A1 02.
type kStatus struct {
	on         bool
	brightness int
	clock      string
	programs   int
	program    string
	special    bool // it has a special dynamic area
}

func parseKStatus(b []byte) (kStatus, error) {
	if len(b) < 16 {
		return kStatus{}, errors.New("a status that is cut off")
	}
	return kStatus{
		on: b[0] == 1, brightness: int(min(b[1], 15)), programs: int(b[10]), program: printable(b[11:15]), special: b[15] == 1,
		clock: fmt.Sprintf("%02X%02X-%02X-%02X %02X:%02X:%02X", b[2], b[3], b[4], b[5], b[7], b[8], b[9]),
	}, nil
}

// NewK is New for font cards. Of Opts it heeds Size (of whole bytes of 8 pixels),
// Address, Colours, GreenFirst, Negative, Baud, Timeout and Name.
func NewK(conn Conn, o Opts) (*KPanel, error) {
	p := &KPanel{talk: newTalk(conn, o), opts: o, block: 1024 - fontsHead}
	p.talk.fence = question{dialect: fonts, group: 0xA1, cmd: 2, answer: 2}
	p.talk.device = 0xFE
	b, err := p.talk.try(context.Background(), question{dialect: fonts, group: 0xA2, cmd: 0x0A, answer: 0x0A}, tries)
	if err != nil {
		return nil, err
	}
	if p.card, err = parseScreen(b); err != nil {
		return nil, p.talk.errorf("%w", err)
	}
	if a := p.card.address; p.talk.to == anyCard && a > 0 && a < ourself {
		p.talk.to = a
	}
	switch p.card.device {
	case 0x51:
		return nil, p.talk.errorf("a BX-5K1 has no area for bitmaps")
	case 0x58:
		p.block = 512 - fontsHead
	}
	colours := o.Colours
	if colours == 0 {
		colours = int(p.card.colour)
	}
	if p.pack = mono8; colours == 2 {
		p.pack = two8
	}
	p.size = o.Size
	if p.size == (image.Point{}) {
		p.size = image.Pt(p.card.width, p.card.height)
	}
	if p.size.X < 1 || p.size.Y < 1 || p.size.X > p.card.width || p.size.Y > p.card.height {
		return nil, p.talk.errorf("%v does not fit into the %d×%d that the card is set up for", p.size, p.card.width, p.card.height)
	}
	if n := p.pack.bytes(p.size); n > maxBitmap {
		return nil, p.talk.errorf("a page of %v has %d bytes, and its area holds %d", p.size, n, maxBitmap)
	}
	return p, nil
}

// Size is fixed when the panel is opened.
func (p *KPanel) Size() image.Point { return p.size }

// Close leaves on the panel what it shows.
func (p *KPanel) Close() error { return p.talk.close() }

// Show puts a picture into the card's area.
func (p *KPanel) Show(ctx context.Context, picture image.Image) error {
	return p.show(ctx, picture, modeLoop, 0)
}

// ShowFor puts a picture there that the card itself takes away when no other has
// come for d, from 1 s to 18 h.
func (p *KPanel) ShowFor(ctx context.Context, picture image.Image, d time.Duration) error {
	seconds, err := deadMan(d)
	if err != nil {
		return p.talk.errorf("%w", err)
	}
	return p.show(ctx, picture, modeDeadMan, seconds)
}

func (p *KPanel) show(ctx context.Context, picture image.Image, mode byte, seconds int) error {
	if err := fits(picture, p.size); err != nil {
		return p.talk.errorf("%w", err)
	}
	p.shown = false
	if _, err := p.talk.ask(ctx, p.command(0xA4, 0x01, bitmapArea(p.size, mode, seconds))); err != nil {
		return err
	}
	bits := p.pack.pack(picture, image.Rectangle{Max: p.size}, p.opts.GreenFirst)
	if p.opts.Negative {
		for i := range bits {
			bits[i] = ^bits[i]
		}
	}
	for at := 0; at < len(bits); {
		n := min(len(bits)-at, p.block)
		block := []byte{0}
		if at+n == len(bits) {
			block[0] = 1
		}
		block = append(le.AppendUint16(block, uint16(at)), bits[at:at+n]...)
		if _, err := p.talk.ask(ctx, p.command(0xA4, 0x03, block)); err != nil {
			return err
		}
		at += n
	}
	p.shown, p.talk.away = true, false
	return nil
}

// bitmapArea is the data of A4 01: an area from the top left corner, for a bitmap.
func bitmapArea(size image.Point, mode byte, seconds int) []byte {
	b := []byte{0, 0, 0, 0}
	b = le.AppendUint16(b, uint16((size.X+7)/8))
	b = le.AppendUint16(b, uint16(size.Y))
	b = append(b, 1 /* bitmap */, 0 /* pages */, mode)
	b = le.AppendUint16(b, uint16(seconds))
	return append(b, make([]byte, 5+6)...) // what only text needs, and reserved
}

// SetBrightness sets one of 16 levels.
func (p *KPanel) SetBrightness(percent int) error {
	level, err := brightness(percent)
	if err != nil {
		return p.talk.errorf("%w", err)
	}
	_, err = p.talk.ask(context.Background(), p.command(0xA3, 0x02, []byte{1, level}))
	return err
}

// Power makes the panel dark, or light again.
func (p *KPanel) Power(ctx context.Context, on bool) error {
	data := []byte{2}
	if on {
		data[0] = 1
	}
	_, err := p.talk.ask(ctx, p.command(0xA3, 0x00, data))
	return err
}

// SetClock sets the card's clock to t, in t's own zone.
func (p *KPanel) SetClock(ctx context.Context, t time.Time) error {
	_, err := p.talk.ask(ctx, p.command(0xA2, 0x03, clock(t)))
	return err
}

// TimedPower is that of [Panel.TimedPower].
func (p *KPanel) TimedPower(ctx context.Context, spans ...Hours) error {
	if len(spans) == 0 {
		_, err := p.talk.ask(ctx, p.command(0xA3, 0x08, nil))
		return err
	}
	data, err := timer(spans)
	if err != nil {
		return p.talk.errorf("%w", err)
	}
	_, err = p.talk.ask(ctx, p.command(0xA3, 0x01, data))
	return err
}

// Delete takes the area away; the document promises it of BX-5MK only.
func (p *KPanel) Delete(ctx context.Context) error {
	_, err := p.talk.ask(ctx, p.command(0xA4, 0x04, nil))
	if err == nil {
		p.shown = false
	}
	return err
}

// Probe asks for the card's state, some 100 bytes. The card says itself whether
// it still has its area.
func (p *KPanel) Probe(ctx context.Context) (map[string]string, error) {
	b, err := p.talk.ask(ctx, p.talk.fence)
	if err != nil {
		return nil, err
	}
	s, err := parseKStatus(b)
	if err != nil {
		return nil, p.talk.errorf("%w", err)
	}
	facts := map[string]string{
		"model":              fontModel(p.card.device),
		"address":            strconv.Itoa(int(p.card.address)),
		"width":              strconv.Itoa(p.card.width),
		"height":             strconv.Itoa(p.card.height),
		"on":                 strconv.FormatBool(s.on),
		"brightness_percent": strconv.Itoa(s.brightness * 100 / 15),
		"programs":           strconv.Itoa(s.programs),
		"program":            s.program,
		"clock":              s.clock,
		"lost":               strconv.FormatBool(p.shown && !s.special),
	}
	if door := p.card.door(); door != "" {
		facts["open_door"] = door
	}
	return facts, nil
}

func fontModel(device byte) string {
	if m, ok := fontModels[device]; ok {
		return m
	}
	return fmt.Sprintf("BX-K of type %02X", device)
}

// command is one that is only acknowledged.
func (p *KPanel) command(group, cmd byte, data []byte) question {
	return question{dialect: fonts, group: group, cmd: cmd, data: data}
}
