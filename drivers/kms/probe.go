package kms

import (
	"bytes"
	"fmt"
	"strings"
)

func (c *card) probe() (map[string]string, error) {
	if err := c.attach(); err != nil {
		return nil, err
	}
	there, err := connected(c.dev, c.out.connector)
	if err == nil && !there {
		c.shown, err = false, errNoScreen
	}
	if err != nil {
		return nil, fmt.Errorf("kms: %s %s: %w", c.path, c.out.name, err)
	}
	now, err := c.out.now(c.dev)
	if err != nil {
		return nil, fmt.Errorf("kms: %s %s: %w", c.path, c.out.name, err)
	}
	model := edidName(c.k.edid(c.path, c.out.name))
	if model == "" {
		model = c.out.name // a sending box without a name, or no EDID at all
	}
	return map[string]string{
		"model":     model,
		"on":        fmt.Sprint(now.modeValid != 0),
		"lost":      fmt.Sprint(c.shown && now.fb != c.bufs[c.front].fb),
		"device":    c.path,
		"connector": c.out.name,
		"mode":      c.out.mode.String(),
		"master":    fmt.Sprint(master(c.dev)),
	}, nil
}

// edidName is the display product name of an EDID (VESA E-EDID 1.4, section 3.10.3),
// with the maker's three letters in front of it. It is empty when there is none.
func edidName(edid []byte) string {
	if len(edid) < 128 || !bytes.HasPrefix(edid, []byte{0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0}) {
		return ""
	}
	const descriptors, size, isName = 54, 18, 0xfc
	for i := descriptors; i+size <= 126; i += size {
		d := edid[i : i+size]
		if d[0] != 0 || d[1] != 0 || d[3] != isName {
			continue
		}
		text, _, _ := bytes.Cut(d[5:], []byte{'\n'})
		name := strings.TrimSpace(strings.Map(printable, string(text)))
		if name != "" {
			return maker(edid[8], edid[9]) + " " + name
		}
	}
	return ""
}

// maker unpacks three letters of five bits each.
func maker(high, low byte) string {
	v := uint16(high)<<8 | uint16(low)
	return strings.Map(printable, string([]byte{'@' + byte(v>>10&31), '@' + byte(v>>5&31), '@' + byte(v&31)}))
}

func printable(r rune) rune {
	if r < ' ' || r > '~' {
		return -1
	}
	return r
}
