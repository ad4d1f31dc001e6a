package main_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// floors is the house, from the cellar up. A room imports only rooms on floors
// below its own: decisions must not reach for hardware, and hardware must not
// know what is being decided.
var floors = [][]string{
	{"agent/sound", "agent/standing", "agent/pace", "agent/plan", "agent/config", "agent/health", "agent/clock", "agent/viet", "agent/host", "agent/supervisor", "boards"},
	{"agent/message", "agent/network", "agent/settings", "agent/speech", "agent/voice"},
	{"agent/decode", "agent/schedule", "agent/policy", "agent/arbiter", "agent/trust", "agent/store", "agent/media", "agent/ledger", "agent/speaker", "agent/layout", "agent/stick", "agent/enrol", "agent/sense", "agent/passcode", "agent/update", "agent/commission", "agent/survey", "agent/lastrun"},
	{"agent/relay", "agent/speech/engine", "agent/live", "agent/ahead", "agent/trigger"},
	{"agent/station", "agent/player", "agent/console", "agent/mqtt", "agent/display"},
	{"agent/box", "agent/hardware"},
	{"agent"},
}

// only says who may import what from outside, and why.
var only = []struct {
	pkg   string
	rooms []string
	why   string
}{
	{"net/http", []string{"agent/media", "agent/relay"}, "the box speaks HTTP in two places, and listens nowhere"},
	{"github.com/eclipse/paho.mqtt.golang", []string{"agent/mqtt"}, "paho is held in by one guard"},
	{"C", []string{"agent/decode", "agent/sound/loops"}, "C code that sees what comes from outside is a risk taken in one room; the loops over samples see none of it"},
	{"github.com/tphakala/go-aac", []string{"agent/decode"}, "codecs are caught by one recover"},
	{"github.com/pion/opus", []string{"agent/decode"}, "codecs are caught by one recover"},
	{"github.com/jfreymuth/vorbis", []string{"agent/decode"}, "codecs are caught by one recover"},
	{"github.com/mewkiz/flac", []string{"agent/decode"}, "codecs are caught by one recover"},
	{"github.com/mochi-mqtt/server/v2", nil, "no broker code goes into the agent"},
}

type pkg struct {
	ImportPath string
	Imports    []string
	Deps       []string
	Dir        string
	Doc        string
}

func list(t *testing.T, patterns ...string) []pkg {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Imports,Deps,Dir,Doc"}, patterns...)...)
	cmd.Dir = ".."
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func room(path string) string { return strings.TrimPrefix(path, "loa/") }

// support reports whether a room serves tests only.
func support(name string) bool { return strings.HasSuffix(filepath.Base(name), "test") }

func floor(name string) int {
	for i, f := range floors {
		if slices.Contains(f, name) {
			return i
		}
	}
	return -1
}

func TestFloors(t *testing.T) {
	for _, p := range list(t, "./agent/...", "./boards/...", "./drivers/...") {
		name := room(p.ImportPath)
		if support(name) {
			continue
		}
		driver := strings.HasPrefix(name, "drivers/")
		mine := floor(name)
		if mine < 0 && !driver && !strings.Contains(strings.TrimPrefix(name, "agent/"), "/") {
			t.Errorf("%s stands on no floor: give it a line in floors", name)
		}
		for _, imp := range p.Imports {
			if driver && strings.HasPrefix(imp, "loa/") {
				t.Errorf("%s imports %s: a driver knows nothing of ours, so that it can be used and tested alone", name, imp)
			}
			for _, o := range only {
				if (imp == o.pkg || strings.HasPrefix(imp, o.pkg+"/")) && !driver && !slices.Contains(o.rooms, name) {
					t.Errorf("%s imports %s: %s", name, imp, o.why)
				}
			}
			if !strings.HasPrefix(imp, "loa/") || driver || mine < 0 {
				continue
			}
			below := room(imp)
			if strings.HasPrefix(below, "drivers/") {
				if name != "agent/hardware" {
					t.Errorf("%s imports %s: only hardware knows drivers", name, below)
				}
				continue
			}
			if theirs := floor(below); theirs >= mine {
				t.Errorf("%s (floor %d) imports %s (floor %d): a room imports only rooms below it", name, mine, below, theirs)
			}
		}
	}
}

func TestEveryPackageSaysWhatItGives(t *testing.T) {
	for _, p := range list(t, "./...") {
		if p.Doc == "" {
			t.Errorf("%s has no package comment", room(p.ImportPath))
		}
	}
}

// The agent must not carry what only the centre needs.
func TestAgentCarriesNoServer(t *testing.T) {
	for _, p := range list(t, "./agent") {
		for _, d := range p.Deps {
			if strings.HasPrefix(d, "github.com/mochi-mqtt/") || strings.HasPrefix(d, "github.com/nats-io/") || strings.HasPrefix(d, "loa/scripts/") || d == "testing" {
				t.Errorf("agent depends on %s", d)
			}
		}
	}
}

// loactl computes with the box's own rooms, but never touches its hardware.
func TestLoactlStaysOffTheHardware(t *testing.T) {
	for _, p := range list(t, "./scripts/loactl") {
		for _, d := range p.Deps {
			switch room(d) {
			case "agent/hardware", "agent/station", "agent/speaker", "agent/box":
				t.Errorf("loactl depends on %s", d)
			}
			if strings.HasPrefix(d, "github.com/nats-io/") {
				t.Errorf("loactl depends on %s, which would double it; it is for scripts/broker/natsd alone", d)
			}
		}
	}
}

// Every make target and command of loactl that a README names exists.
func TestReadmeCommandsExist(t *testing.T) {
	read := func(name string) string {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	makefile, words := read("../Makefile"), read("../scripts/loactl/en.go")
	target, command := regexp.MustCompile(`(?:^ {4}|`+"`"+`)make ([a-z][a-z0-9-]*)`), regexp.MustCompile(`(?:^|^ {4}|`+"`"+`)loactl ([a-z]+)`)
	for _, name := range []string{"../README.md", "../scripts/broker/README.md", "../scripts/broker/README.vi.md"} {
		found := 0
		for line := range strings.Lines(read(name)) {
			for _, m := range target.FindAllStringSubmatch(line, -1) {
				found++
				if !strings.Contains(makefile, "\n"+m[1]+":") {
					t.Errorf("%s names make %s, the Makefile does not", name, m[1])
				}
			}
			for _, m := range command.FindAllStringSubmatch(line, -1) {
				found++
				if !strings.Contains(words, `"cmd.`+m[1]+`"`) {
					t.Errorf("%s names loactl %s, which there is not", name, m[1])
				}
			}
		}
		if found < 10 {
			t.Errorf("%s names %d commands", name, found)
		}
	}
}

// No hidden registration: whoever reads a table knows all there is.
func TestNoInit(t *testing.T) {
	err := filepath.WalkDir("..", func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == "build") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for _, decl := range f.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s has an init function", path)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
