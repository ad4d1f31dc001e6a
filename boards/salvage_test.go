package boards

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is wrong is named, what depends on it is left out with it, and the rest works.
func TestSalvage(t *testing.T) {
	good := sensing + strings.Replace(measuring, small, "", 1) + `
[console]
tty = "/dev/ttyS2"
baud = 9600
[levels]
volume_percent = 70
[clock]
rtc = "/dev/rtc1"
`
	if _, err := Parse("b.toml", []byte(good)); err != nil {
		t.Fatal(err)
	}
	parts := func(b Board) string {
		var all []string
		for name, there := range map[string]bool{
			"1sink": b.Sink.Driver != "none", "2amp": b.Amp.Driver != "none", "3panel": b.Panel.There(), "4light": b.Sensor.Light.There(),
			"5air": b.Sensor.Temperature.There(), "6current": b.Sensor.Current.There(), "7heat": b.Sensor.Heat.There(), "8console": b.Console.TTY != "",
		} {
			if there {
				all = append(all, name)
			}
		}
		s := ""
		for n := range 9 {
			for _, a := range all {
				if strings.HasPrefix(a, fmt.Sprint(n)) {
					s += a[1:] + " "
				}
			}
		}
		return strings.TrimSpace(s)
	}
	const all = "sink amp panel light air current heat console"
	for _, c := range []struct{ name, old, new, keys, want string }{
		{"all right", "", "", "", all},
		{"an unknown key", "tty =", "ttyy = 1\ntty =", "console.ttyy", all},
		{"an unknown table", "[console]", "[lamps]\nred = 1\n[console]", "lamps", all},
		{"a pin that cannot be", "line = 0", "line = 4000", "amp.line", "sink panel light air heat console"},
		{"a level that is none", "line = 0", "line = 0\nactive = \"up\"", "amp.active", "sink panel light air heat console"},
		{"no pin", "line = 0\n", "", "amp.line", "sink panel light air heat console"},
		{"a word for a pin", "line = 0", "line = \"six\"", "amp.line", "sink panel light air heat console"},
		{"no such sound driver", `"wav"`, `"gramophone"`, "sink.driver", "panel light air heat console"},
		{"a baud that is none", "baud = 9600", "baud = 7", "console.baud", all},
		{"a volume that is none", "volume_percent = 70", "volume_percent = 700", "levels.volume_percent", all},
		{"a panel without a size", "width = 128\n", "", "panel.width", "sink amp current heat console"},
		{"a sensor with half of it", "curve = [[3, 8], [1000, 50], [20000, 100]]\n", "", "sensor.light.curve", "sink amp panel air current heat console"},
		{"a line of nonsense", "tty =", "%%%\ntty =", "line 48", all},
		{"a head that is not closed", "[console]", "[console", "console", "sink amp panel light air current heat"},
		{"two things", "line = 0", "line = 4000\n[levls]", "levls amp.line", "sink panel light air heat console"},
		{"nothing but noise", good, "\x00\xff[[[", "line 1 sink.driver", ""},
	} {
		path := filepath.Join(t.TempDir(), "b.toml")
		if err := os.WriteFile(path, []byte(strings.Replace(good, c.old, c.new, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		b := Salvage(path)
		wrongs := b.Wrong
		var keys []string
		for _, w := range wrongs {
			keys = append(keys, w.Key)
			if w.Err == nil {
				t.Errorf("%s: %s without a reason", c.name, w.Key)
			}
		}
		if err := b.Validate(); err != nil {
			t.Errorf("%s: what is left is wrong: %v", c.name, err)
		}
		if strings.Join(keys, " ") != c.keys {
			t.Errorf("%s: wrong is %q (%v), want %s", c.name, keys, wrongs, c.keys)
		}
		if got := parts(b); got != c.want {
			t.Errorf("%s: there are %s, want %s", c.name, got, c.want)
		}
	}
	if b := Salvage("nowhere"); len(b.Wrong) != 1 || b.Wrong[0].Key != "board" || b.Validate() != nil {
		t.Errorf("%+v", b)
	}
}

func FuzzSalvage(f *testing.F) {
	f.Add([]byte(sensing))
	f.Add([]byte(measuring))
	f.Add([]byte("[sink\n[amp]\nline=\"\"\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 4<<10 {
			return
		}
		b := salvage("f.toml", data)
		if err := b.Validate(); err != nil {
			t.Errorf("%q: what is left is wrong: %v", data, err)
		}
	})
}
