package boards

import (
	"strings"
	"testing"
)

const wired = small + `
[modem]
tty = "/dev/ttyUSB2"
[lines.lamp]
title = "Đèn báo"
chip = ["x"]
line = 3
output = true
[lines.bell]
chip = ["x"]
line = 4
active = "low"
`

func TestLinesAndModem(t *testing.T) {
	b, err := Parse("b.toml", []byte(wired))
	if err != nil || len(b.Lines) != 2 || !b.Lines["lamp"].Output || !b.Lines["bell"].Low() || b.Modem.TTY != "/dev/ttyUSB2" {
		t.Fatalf("%+v, %v", b.Lines, err)
	}
	for _, c := range []struct{ name, old, new, want string }{
		{"key", "output = true", "outptu = true", "outptu"},
		{"amplifier's pin", "line = 3", "line = 0", "x line 0 is amp already"},
		{"one pin twice", "line = 4", "line = 3", "x line 3 is bell already"},
		{"no chip", "title = \"Đèn báo\"\nchip = [\"x\"]", "title = \"Đèn báo\"", "lines.lamp.chip: missing"},
		{"no line", "line = 4\n", "", "lines.bell.line: missing"},
		{"range", "line = 4", "line = 512", "b.toml:19: lines.bell.line: 512"},
		{"level", `active = "low"`, `active = "on"`, "b.toml:20: lines.bell.active"},
		{"file and pin", "line = 4", "line = 4\nfile = \"bell\"", "lines.bell.file"},
		{"file elsewhere", "chip = [\"x\"]\nline = 4", "file = \"../bell\"", "lines.bell.file"},
		{"name", "[lines.bell]", "[lines.amp]", "amp is taken"},
		{"the old name of the door's switch", "[lines.bell]", "[lines.door]", "lines.door: the switch of the door is [sensor.door] now"},
		{"the door's pin", "[lines.bell]", "[sensor.door]\nchip = [\"x\"]\nline = 4\n[lines.bell]", "x line 4 is sensor.door already"},
		{"the amplifier's pin at the door", "[lines.bell]", "[sensor.door]\nchip = [\"x\"]\nline = 0\n[lines.bell]", "sensor.door.line: x line 0 is amp already"},
		{"modem", `"/dev/ttyUSB2"`, `"/etc/passwd"`, "b.toml:11: modem.tty"},
		{"modem's baud", `tty = "/dev/ttyUSB2"`, "tty = \"/dev/ttyUSB2\"\nbaud = 1", "modem.baud"},
		{"no modem", `tty = "/dev/ttyUSB2"`, "baud = 9600", "modem.baud"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(wired, c.old, c.new, 1)
			if text == wired {
				t.Fatal("nothing is different")
			}
			if _, err := Parse("b.toml", []byte(text)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant … %s …", err, c.want)
			}
		})
	}
}
