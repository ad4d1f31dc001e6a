package bxtest

import (
	"image"
	"sort"
	"time"
)

func ack() result                       { return result{} }
func refuse(code byte) result           { return result{code: code} }
func tell(cmd byte, data []byte) result { return result{cmd: cmd, data: data} }
func bcd(n int) byte                    { return byte(n/10*16 + n%10) }
func unbcd(b byte) int                  { return int(b>>4)*10 + int(b&15) }
func (c *Card) programs() (names []string) {
	for name := range c.flash {
		if name[0] == 'P' {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names
}

// current is the program that plays now: the locked one, or the last. The card
// would take turns, which one picture cannot show.
func (c *Card) current() string {
	names := c.programs()
	if c.lock.on {
		return c.lock.name
	}
	if len(names) == 0 {
		return "\x00\x00\x00\x00"
	}
	return names[len(names)-1]
}

func (c *Card) obeyCommon(f frame) result {
	d := f.data
	if len(f.raw) > c.model.limit {
		return refuse(4)
	}
	if int(le.Uint16(f.raw[f.head+3:])) != len(d) {
		return refuse(2)
	}
	switch uint16(f.group)<<8 | uint16(f.cmd) {
	case 0xA200:
		return tell(0x80, c.ping())
	case 0xA202:
		if len(d) != 8 {
			return refuse(14)
		}
		t := time.Date(unbcd(d[1])*100+unbcd(d[0]), time.Month(unbcd(d[2])), unbcd(d[3]), unbcd(d[4]), unbcd(d[5]), unbcd(d[6]), 0, time.Local)
		if (int(t.Weekday())+6)%7+1 != int(d[7]) {
			return refuse(14)
		}
		c.rtc = time.Until(t)
	case 0xA205:
		c.off = d[0] == 0
	case 0xA206:
		if len(d) != 1+4*int(d[0]) {
			return refuse(2)
		}
		c.timer = append([]byte(nil), d...)
	case 0xA208:
		c.timer = nil
	case 0xA207:
		if len(d) != 49 || d[0] != 0 || d[1] > 15 {
			return refuse(2)
		}
		c.dimmed = d[1]
	case 0xA20E:
		return c.setLock(d)
	case 0xA20F:
		return tell(0x8F, c.status())
	default:
		if f.group == 0xA1 {
			return c.obeyFiles(f.cmd, d)
		}
		return refuse(2)
	}
	return ack()
}

func (c *Card) setLock(d []byte) result {
	if len(d) != 11 {
		return refuse(2)
	}
	l := lock{on: d[1] == 1, name: string(d[2:6])}
	if _, ok := c.flash[l.name]; !ok {
		return refuse(6)
	}
	c.lock = l
	if d[0] == 1 {
		c.locks = l
	}
	return ack()
}

func (c *Card) ping() []byte {
	b := le.AppendUint16(nil, c.model.Device)
	b = append(b, "19082100"...)
	b = append(b, 1)
	b = le.AppendUint16(b, c.address())
	b = append(b, 2)
	b = le.AppendUint16(b, uint16(c.model.Size.X))
	b = le.AppendUint16(b, uint16(c.model.Size.Y))
	b = append(b, c.model.Colour, c.dimmed, flag(!c.off))
	return append(b, make([]byte, 280)...) // scan tables and the like
}

func flag(on bool) byte {
	if on {
		return 1
	}
	return 0
}

func (c *Card) status() []byte {
	b := []byte{flag(!c.off), flag(c.timer != nil), 0, c.dimmed}
	b = le.AppendUint16(b, uint16(len(c.programs())))
	b = append(b, c.current()...)
	b = append(b, 0, flag(c.lock.on), 0, 1)
	t := time.Now().Add(c.rtc)
	b = append(b, bcd(t.Year()%100), bcd(t.Year()/100), bcd(int(t.Month())), bcd(t.Day()),
		bcd(t.Hour()), bcd(t.Minute()), bcd(t.Second()), byte(int(t.Weekday())+6)%7+1)
	b = append(b, make([]byte, 11+12)...)
	return append(b, "0123456789ABCDEF"...)
}

// An area is a picture, or a strip, in RAM.
type area struct {
	at    image.Rectangle
	pages []page
	mode  byte
	until time.Time // mode 2: dark from then on
	since time.Time // when it came; zero: a program
}

type page struct {
	way, speed byte
	valid      int
	bits       []byte
}
