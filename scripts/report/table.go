package report

// A Unit says what a cell counts.
type Unit int

// The units.
const (
	Count Unit = iota
	Millis
)

// A Column is one kind of number in a table.
type Column struct {
	ID   string
	Unit Unit
}

// A spec says what a table has. Rows of a table without sum overlap. Where share is
// not zero, the first column it names is a part of the second.
type spec struct {
	id      string
	columns []Column
	sum     bool
	share   [2]int
}

var (
	none  [2]int
	sound = []Column{{"times", Count}, {"air", Millis}, {"heard", Millis}}
	shown = []Column{{"times", Count}, {"on-board", Millis}, {"seen", Millis}}
)

// specs are the tables of a report, in the order in which people read them.
var specs = []spec{
	{"indicator", []Column{{"number", Count}, {"of", Count}}, false, [2]int{0, 1}},
	{"air-class", sound, true, none},
	{"air-origin", sound, true, none},
	{"air-lang", sound, true, none},
	{"air-place", []Column{{"own-times", Count}, {"own-air", Millis}, {"own-heard", Millis}, {"times", Count}, {"air", Millis}, {"heard", Millis}}, false, none},
	{"apart", []Column{{"times", Count}, {"air", Millis}, {"heard", Millis}, {"seen", Millis}}, true, none},
	{"result", []Column{{"times", Count}}, true, none},
	{"proof", []Column{{"air", Millis}, {"heard", Millis}}, true, none},
	{"board-class", shown, true, none},
	{"board-proof", shown, true, none},
	{"board-kind", []Column{{"boxes", Count}, {"shown-boxes", Count}}, true, none},
	{"coverage", []Column{{"for", Count}, {"whole", Count}, {"partly", Count}, {"not", Count}, {"no-word", Count}, {"shown-boxes", Count}}, false, [2]int{1, 0}},
	{"refused", []Column{{"of-sound", Count}, {"of-board", Count}}, true, none},
	{"fault", []Column{{"times", Count}, {"lasted", Millis}}, true, none},
	{"uptime-place", []Column{{"own-service", Millis}, {"own-proven", Millis}, {"service", Millis}, {"proven", Millis}}, false, [2]int{3, 2}},
	{"lost", []Column{{"missing", Count}, {"gaps", Count}, {"forked", Count}, {"damaged", Count}, {"silent", Count}, {"unwritten", Count}}, true, none},
	{"undated", []Column{{"entries", Count}, {"air", Millis}, {"heard", Millis}}, true, none},
	{"residents", []Column{{"loud", Count}, {"unheard", Count}, {"other-reports", Count}}, true, none},
	{"air-box", sound, true, none},
	{"uptime-box", []Column{{"service", Millis}, {"proven", Millis}}, true, [2]int{1, 0}},
	{"ledger", []Column{{"entries", Count}, {"late", Count}}, true, none},
}

// Columns are those of a table.
func Columns(table string) []Column {
	for _, s := range specs {
		if s.id == table {
			return s.columns
		}
	}
	return nil
}
