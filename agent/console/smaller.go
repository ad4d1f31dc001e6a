package console

// quarters are the glyphs of a cell of four points, by the sum of 1, 2, 4 and 8 for the
// upper left one, the upper right, the lower left and the lower right.
var quarters = []rune(" ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█")

// smaller is a picture in half blocks that a terminal of so many columns and lines can
// show. Where it is too large a cell stands for more points, and is lit where one of
// them is.
func smaller(lines []string, columns, rows int) []string {
	var points [][]bool
	width := 0
	for _, line := range lines {
		var top, under []bool
		for _, r := range line {
			top, under = append(top, r == '█' || r == '▀'), append(under, r == '█' || r == '▄')
		}
		width = max(width, len(top))
		points = append(points, top, under)
	}
	if width <= columns && len(lines) <= rows {
		return lines
	}
	each := 1 // points of a quarter's side
	for (width+2*each-1)/(2*each) > columns || (len(points)+2*each-1)/(2*each) > rows {
		each++
	}
	lit := func(x, y int) bool {
		for _, row := range points[min(y, len(points)):min(y+each, len(points))] {
			for _, on := range row[min(x, len(row)):min(x+each, len(row))] {
				if on {
					return true
				}
			}
		}
		return false
	}
	var small []string
	for y := 0; y < len(points); y += 2 * each {
		var line []rune
		for x := 0; x < width; x += 2 * each {
			n := 0
			for i, on := range []bool{lit(x, y), lit(x+each, y), lit(x, y+each), lit(x+each, y+each)} {
				if on {
					n |= 1 << i
				}
			}
			line = append(line, quarters[n])
		}
		small = append(small, string(line))
	}
	return small
}
