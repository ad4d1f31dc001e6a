package boards

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEveryEmbeddedBoardOpens(t *testing.T) {
	names := Names()
	if len(names) < 3 {
		t.Fatalf("embedded boards: %v", names)
	}
	for _, name := range names {
		b, err := Load(name)
		if err != nil {
			t.Error(err)
			continue
		}
		if b.Name != name || b.Title == "" {
			t.Errorf("%s.toml calls itself %q, titled %q", name, b.Name, b.Title)
		}
		if b.Levels.UncommissionedPercent > b.Levels.VolumePercent {
			t.Errorf("%s: an uncommissioned box is louder than a commissioned one", name)
		}
		if b.Amp.Driver == "gpio" && b.Clock.Trust == "host" {
			t.Errorf("%s: a box with an amplifier must not trust an unproven clock", name)
		}
	}
}

// The desk is what everybody starts with: it must work with nothing attached
// and play at night.
func TestDeskNeedsNothing(t *testing.T) {
	b, err := Load("desk")
	if err != nil {
		t.Fatal(err)
	}
	if b.Sink.Driver != "auto" || b.Amp.Driver != "emulated" || b.Clock.Trust != "host" || !b.Commissioned || b.Console.TTY != "" {
		t.Errorf("desk = %+v", b)
	}
}

func TestFieldBoardsAreNotCommissionedByTheirFile(t *testing.T) {
	for _, name := range []string{"orangepi-zero", "raspberrypi"} {
		b, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if b.Commissioned {
			t.Errorf("%s is commissioned before anybody has climbed the pole", name)
		}
		if b.Amp.Active != "high" {
			t.Errorf("%s: active %q: a broken wire would switch the amplifier on", name, b.Amp.Active)
		}
	}
}

func TestLoadOverridesByPath(t *testing.T) {
	desk, err := files.ReadFile("desk.toml")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "my.toml")
	if err := os.WriteFile(path, []byte(strings.Replace(string(desk), `"desk"`, `"my"`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := Load(path)
	if err != nil || b.Name != "my" {
		t.Errorf("Load(%s) = %q, %v", path, b.Name, err)
	}
	if _, err := Load("dekc"); err == nil || !strings.Contains(err.Error(), "desk") {
		t.Errorf("unknown board: %v", err)
	}
}

const small = `
[sink]
driver = "wav"
file = "out.wav"
[amp]
driver = "gpio"
chip = ["x"]
line = 0
`

func TestDefaults(t *testing.T) {
	b, err := Parse("small.toml", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	if b.Name != "small" || b.Sink.BufferMS != 200 || b.Sink.MaxMB != 256 || b.Amp.Active != "high" || *b.Amp.Line != 0 ||
		b.Clock.Trust != "earned" || b.Commissioned || b.Levels.UncommissionedPercent != 40 {
		t.Errorf("defaults: %+v", b)
	}
}

func TestMistakesAreExplained(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"key", `driver = "wav"`, "drivr = \"wav\"", `b.toml:3: unknown key "sink.drivr"; did you mean "driver"?`},
		{"table", "[amp]", "[amplifier]", `unknown key "amplifier`},
		{"near table", "[amp]", "[ampp]", `b.toml:5: unknown key "ampp`},
		{"no such driver", `"wav"`, `"alsa"`, "b.toml:3: sink.driver: \"alsa\" is no sound driver; there are auto, oto, wav, none"},
		{"type", "line = 0", `line = "six"`, "b.toml:8:"},
		{"range", "line = 0", "line = -1", "b.toml:8: amp.line: -1 is outside"},
		{"missing", "line = 0", "", "b.toml: amp.line: missing"},
		{"other driver's key", "line = 0", "line = 0\nfile = \"x\"", "b.toml:9: amp.file: driver \"gpio\" writes no file"},
		{"card escapes", "file = \"out.wav\"", "file = \"o.wav\"\ncard = \"0 } x { \"", "b.toml:5: sink.card"},
		{"syntax", "[sink]", "[sink", "b.toml:2:"},
		{"nan", "line = 0", "line = 0\n[levels]\nceiling_dbfs = nan", "b.toml:10: levels.ceiling_dbfs"},
		{"twice", "line = 0", "line = 0\nline = 1", "b.toml:"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse("b.toml", []byte(strings.Replace(small, c.old, c.new, 1)))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant … %s …", err, c.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range Names() {
		data, _ := files.ReadFile(name + ".toml")
		f.Add(data)
	}
	f.Add([]byte(small))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := Parse("f.toml", data)
		if err == nil && b.Validate() != nil {
			t.Errorf("Parse passed what Validate refuses: %v", b.Validate())
		}
	})
}
