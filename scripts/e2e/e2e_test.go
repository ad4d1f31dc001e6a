package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// Where the programs and the recordings of this run lie.
var bin, recordings string

// short is what runs when time is short.
var short = []string{"config", "schedule", "alert"}

func TestMain(m *testing.M) {
	flag.Parse()
	// Scripts wait most of their time: for a slot, for patience to end.
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		flag.Set("test.parallel", "8")
	}
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "loa-e2e-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	bin, recordings = filepath.Join(dir, "bin"), filepath.Join(dir, "recordings")
	if out, err := exec.Command("go", "build", "-ldflags", fmt.Sprintf("-X main.built=%d", time.Now().Add(-time.Hour).Unix()), "-o", bin+"/", "../../agent", "../loactl").CombinedOutput(); err != nil {
		return 0, fmt.Errorf("cannot build what is to be tested: %w\n%s", err, out)
	}
	if out, err := exec.Command("testdata/recordings.sh", recordings).CombinedOutput(); err != nil {
		return 0, fmt.Errorf("cannot make the recordings: %w\n%s", err, out)
	}
	return m.Run(), nil
}

func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts: ", err)
	}
	if testing.Short() {
		files = slices.DeleteFunc(files, func(f string) bool {
			return !slices.Contains(short, strings.TrimSuffix(filepath.Base(f), ".txtar"))
		})
	}
	testscript.Run(t, testscript.Params{
		Files: files,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", bin+":"+env.Getenv("PATH"))
			env.Setenv("LOA_LANG", "en")
			env.Setenv("LOA_AUTHORITY", filepath.Join(env.WorkDir, "authority"))
			pass := filepath.Join(env.WorkDir, "passphrase")
			env.Setenv("LOA_PASSPHRASE_FILE", pass)
			env.Setenv("REC", recordings)
			env.Values[stageKey{}] = newStage(env)
			return os.WriteFile(pass, []byte("ngựa đúng, pin, ghim\n"), 0o600)
		},
		Condition:           condition,
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"stage":    command((*stage).set),
			"broker":   command((*stage).brokerIs),
			"media":    command((*stage).mediaIs),
			"place":    command((*stage).speaksFor),
			"law":      command((*stage).law),
			"tape":     command((*stage).tapeDoes),
			"another":  command((*stage).another),
			"at":       command((*stage).at),
			"forger":   command((*stage).forgerIs),
			"forged":   wasForged,
			"said":     command((*stage).said),
			"bulletin": command((*stage).bulletin),
			"schedule": command((*stage).schedule),
			"sleep":    command((*stage).sleep),
			"box":      command((*stage).boxDoes),
			"deaf":     command((*stage).deaf),
			"console":  askConsole,
			"until":    command((*stage).until),
			"terminal": command((*stage).terminalDoes),
			"ledger":   ledgerHas,
			"verify":   command((*stage).verify),
			"archived": command((*stage).archived),
			"heard":    isHeard,
			"joined":   command((*stage).joined),
			"amp":      command((*stage).ampIs),
			"ahead":    command((*stage).ahead),
			"card":     command((*stage).cardIs),
			"cap":      command((*stage).capIs),
			"switch":   command((*stage).switchIs),
			"modem":    command((*stage).plugModem),
			"sms":      command((*stage).sms),
			"answered": command((*stage).answered),
			"senses":   command((*stage).senses),
		},
	})
}

// condition knows what a script may ask of the machine.
func condition(name string) (bool, error) {
	if name != "mounts" {
		return false, fmt.Errorf("unknown condition %q", name)
	}
	return exec.Command("unshare", "-m", "mount", "-t", "tmpfs", "e2e", os.TempDir()).Run() == nil, nil
}

// command makes a script's command of f, which says why it cannot be.
func command(f func(*stage, *testscript.TestScript, []string) error) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg {
			ts.Fatalf("this command knows no !")
		}
		if err := f(stageOf(ts), ts, args); err != nil {
			ts.Fatalf("%v", err)
		}
	}
}

type stageKey struct{}

func stageOf(ts *testscript.TestScript) *stage { return ts.Value(stageKey{}).(*stage) }

// usage is what a script did wrong.
func usage(args []string) error { return fmt.Errorf("not understood: %q; doc.go says how", args) }
