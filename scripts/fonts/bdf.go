package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"

	"loa/agent/layout/bitfont"
)

// readBDF reads a font in Adobe's Glyph Bitmap Distribution Format.
func readBDF(b []byte) (map[rune]*bitfont.Glyph, error) {
	glyphs := map[rune]*bitfont.Glyph{}
	var code rune
	var advance, left, bottom, width, height int
	var g *bitfont.Glyph // while its bitmap is read
	row := 0
	lines := bufio.NewScanner(bytes.NewReader(b))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		word, rest, _ := strings.Cut(line, " ")
		var err error
		switch {
		case word == "ENCODING":
			_, err = fmt.Sscan(rest, &code)
		case word == "DWIDTH":
			_, err = fmt.Sscan(rest, &advance)
		case word == "BBX":
			_, err = fmt.Sscan(rest, &width, &height, &left, &bottom)
		case word == "BITMAP":
			if width < 0 || height < 0 || width > 256 || height > 256 {
				return nil, fmt.Errorf("line %d: a bitmap of %d×%d", n, width, height)
			}
			g, row = bitfont.NewGlyph(width, height), 0
			g.Advance, g.Left, g.Top = advance, left, bottom+height
		case word == "ENDCHAR":
			if g == nil || row != height {
				return nil, fmt.Errorf("line %d: U+%04X has %d rows of %d", n, code, row, height)
			}
			glyphs[code], g = g, nil
		case g != nil:
			bits, bad := hex.DecodeString(line)
			if bad != nil || len(bits)*8 < width || row == height {
				return nil, fmt.Errorf("line %d: %q is no row of U+%04X", n, line, code)
			}
			for x := range width {
				if bits[x/8]&(0x80>>(x%8)) != 0 {
					g.Set(x, row)
				}
			}
			row++
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %q: %w", n, line, err)
		}
	}
	return glyphs, lines.Err()
}
