package console

import (
	"context"
	"strings"
	"testing"
)

// A measured board has the sensors that its status says; nothing else is asked of it.
type measured struct {
	anyBoard
	status BoardStatus
	heard  []string // by a sweep
}

// anyBoard keeps the field from having the name of a method.
type anyBoard = Board

func (m measured) Board() BoardStatus                      { return m.status }
func (m measured) Sweep(context.Context) ([]string, error) { return m.heard, nil }

// Whoever makes the curve of a photocell needs its reading; whoever mends it, the reason.
func TestBoardShowsItsSensors(t *testing.T) {
	warm := 31.4
	for _, c := range []struct {
		status  BoardStatus
		want    []string
		without string
	}{
		{BoardStatus{Light: &LightStatus{Reading: 312.5, Percent: 27}, TempC: &warm}, []string{"Cảm biến sáng", "312,5, nên tối đa 27 %", "31,4 °C"}, "mặc định 27"},
		{BoardStatus{Light: &LightStatus{Percent: 45, Fault: "no device"}}, []string{"mức mặc định 45 %: no device"}, "°C"},
		{BoardStatus{}, nil, "Cảm biến"},
	} {
		box := (&pole{}).box()
		box.Board = measured{status: c.status}
		text, _ := New(box, Opts{}).Do(t.Context(), "board show", Asker{})
		for _, w := range c.want {
			if !strings.Contains(text, w) {
				t.Errorf("%q is missing in\n%s", w, text)
			}
		}
		if strings.Contains(text, c.without) {
			t.Errorf("%q is in\n%s", c.without, text)
		}
	}
}

// Whoever probes a board is warned of every way past the box.
func TestProbeWarnsOfAnOpenDoor(t *testing.T) {
	for _, heard := range [][]string{nil, {"57600 baud: BX-6W, address 1, 96×16"}} {
		for door, warned := range map[string]bool{"": false, "the card's own Wi-Fi": true} {
			box := (&pole{}).box()
			box.Board = measured{heard: heard, status: BoardStatus{Facts: map[string]string{"open_door": door}, Probed: noon}}
			text, code := New(box, Opts{}).Do(t.Context(), "board probe", Asker{})
			if strings.Contains(text, "CÒN LỐI VÀO") != warned || strings.Contains(text, door) != true || code != 0 {
				t.Errorf("heard %v, door %q: %d\n%s", heard, door, code, text)
			}
		}
	}
}
