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
		if b.Levels.VolumePercent != 2*b.Levels.UncommissionedPercent { // 40·lg(1/2) = −12.04
			t.Errorf("%s does not play 12 dB lower before that: %d %% of %d %%", name, b.Levels.UncommissionedPercent, b.Levels.VolumePercent)
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

const sensing = small + `
[panel]
driver = "png"
width = 128
height = 32
colors = "red"
file = "panel.png"
[sensor.light]
device = "bh1750"
channel = "in_illuminance"
valid = [0, 120000]
curve = [[3, 8], [1000, 50], [20000, 100]]
default_percent = 50
[sensor.temperature]
device = "28-*"
channel = "w1_slave"
`

func TestSensors(t *testing.T) {
	b, err := Parse("b.toml", []byte(sensing))
	if err != nil || !b.Sensor.Light.There() || !b.Sensor.Temperature.There() || b.Sensor.Light.Curve[1][1] != 50 {
		t.Fatalf("%+v, %v", b.Sensor, err)
	}
	for _, c := range []struct{ name, old, new, want string }{
		{"no device", `"bh1750"`, `""`, "b.toml:17: sensor.light.device"},
		{"a path outside", `"bh1750"`, `"/etc/passwd"`, "b.toml:17: sensor.light.device"},
		{"a path that climbs", `"bh1750"`, `"/sys/../etc"`, "b.toml:17: sensor.light.device"},
		{"channel", `"in_illuminance"`, `"temp1"`, "b.toml:18: sensor.light.channel"},
		{"no range", "[0, 120000]", "[5]", "b.toml:19: sensor.light.valid"},
		{"a range of nothing", "[0, 120000]", "[9, 9]", "b.toml:19: sensor.light.valid"},
		{"a range that is no number", "[0, 120000]", "[0, nan]", "b.toml:19: sensor.light.valid"},
		{"no curve", "curve = [[3, 8], [1000, 50], [20000, 100]]", "", "b.toml: sensor.light.curve"},
		{"one point", "[[3, 8], [1000, 50], [20000, 100]]", "[[3, 8]]", "b.toml:20: sensor.light.curve: 1 points"},
		{"three numbers", "[3, 8]", "[3, 8, 1]", "b.toml:20: sensor.light.curve"},
		{"not rising", "[1000, 50]", "[2, 50]", "b.toml:20: sensor.light.curve: 2 does not come after 3"},
		{"never reached", "[20000, 100]", "[200000, 100]", "b.toml:20: sensor.light.curve: a reading of 200000 is outside valid"},
		{"dark", "[3, 8]", "[3, 0]", "b.toml:20: sensor.light.curve: 0 % is outside"},
		{"no default", "default_percent = 50", "", "sensor.light.default_percent"},
		{"unknown", "default_percent", "default_percnt", `b.toml:21: unknown key "sensor.light.default_percnt"; did you mean "default_percent"?`},
		{"thermometer", `"28-*"`, `"../x"`, "b.toml:23: sensor.temperature.device"},
		{"not warm", `"w1_slave"`, `"in_voltage0"`, "b.toml:24: sensor.temperature.channel"},
		{"nothing to dim", sensing[strings.Index(sensing, "[panel]"):strings.Index(sensing, "[sensor.light]")], "", "sensor.light.device: there is no panel"},
		{"a screen cannot be dimmed", "driver = \"png\"", "driver = \"kms\"", "sensor.light.device: there is no panel that it could dim"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(sensing, c.old, c.new, 1)
			if c.new == `driver = "kms"` {
				text = strings.Replace(text, `file = "panel.png"`, "", 1)
			}
			_, err := Parse("b.toml", []byte(text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant … %s …", err, c.want)
			}
		})
	}
}

// The tables that a board file offers behind a # are right when the # goes.
func TestOfferedTablesParse(t *testing.T) {
	offered := 0
	for _, name := range Names() {
		data, err := files.ReadFile(name + ".toml")
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(data), "\n") {
			if !strings.HasPrefix(line, "# [") {
				continue
			}
			text, rest := string(data), strings.Split(string(data), "\n")[i:]
			for _, l := range rest {
				l, ok := strings.CutPrefix(l, "# ")
				if !ok {
					break
				}
				text += l + "\n"
			}
			offered++
			if _, err := Parse(name+".toml", []byte(text)); err != nil {
				t.Errorf("with the table of line %d: %v", i+1, err)
			}
		}
	}
	if offered < 4 {
		t.Errorf("%d tables are offered: does the test still find them?", offered)
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range Names() {
		data, _ := files.ReadFile(name + ".toml")
		f.Add(data)
	}
	f.Add([]byte(small))
	f.Add([]byte(sensing))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := Parse("f.toml", data)
		if err == nil && b.Validate() != nil {
			t.Errorf("Parse passed what Validate refuses: %v", b.Validate())
		}
	})
}
