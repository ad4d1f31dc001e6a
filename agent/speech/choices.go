package speech

// Choices are where regions differ in what they say. The zero value is North's.
type Choices struct {
	Thousand string // nghìn or ngàn
	Odd      string // linh or lẻ, in một trăm linh một
	Four     string // tư or bốn, at the end of hai mươi tư
	Slash    string // xuyệt or xẹt, in the number of a house
}

// Regions are the names that Region knows, north to south.
var Regions = []string{"north", "central", "south"}

// Region is what one says in a part of the country.
func Region(name string) (c Choices, ok bool) {
	switch name {
	case "north":
		return Choices{"nghìn", "linh", "tư", "xuyệt"}, true
	case "central":
		return Choices{"ngàn", "lẻ", "tư", "xuyệt"}, true
	case "south":
		return Choices{"ngàn", "lẻ", "bốn", "xẹt"}, true
	}
	return c, false
}

func or(word, common string) string {
	if word == "" {
		return common
	}
	return word
}

func (c Choices) thousand() string { return or(c.Thousand, "nghìn") }
func (c Choices) odd() string      { return or(c.Odd, "linh") }
func (c Choices) four() string     { return or(c.Four, "tư") }
func (c Choices) slash() string    { return or(c.Slash, "xuyệt") }
