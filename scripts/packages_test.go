package scripts

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// debian is a machine on which nothing is installed. Its apt-get update fails
// if $UPDATE is set and its install if $INSTALL is; what changes it is written
// to $DONE.
var debian = map[string]string{
	"id": `echo 0`,
	"dpkg": `case $1 in
--print-architecture) echo amd64 ;;
--print-foreign-architectures) echo "$FOREIGN" ;;
*) echo "dpkg $*" >>"$DONE" ;;
esac`,
	"dpkg-query": `exit 1`,
	"apt-get": `while [ "$1" = -o ]; do shift 2; done
case $1 in
update)
	[ -z "$UPDATE" ] && exit
	echo "E: Failed to fetch $UPDATE  File has unexpected size (1 != 2). Mirror sync in progress?"
	exit 100 ;;
install)
	echo "install $*" >>"$DONE"
	[ -z "$INSTALL" ] && exit
	echo "E: Unable to locate package $INSTALL"
	exit 100 ;;
esac`,
}

// install runs packages.sh there and returns what it said, what it did and its exit code.
func install(t *testing.T, group string, env ...string) (said, done string, code int) {
	t.Helper()
	dir := t.TempDir()
	for name, body := range debian {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+body+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	record := filepath.Join(dir, "done")
	cmd := exec.Command("./packages.sh", group)
	cmd.Env = append(append(os.Environ(), env...), "PATH="+dir+":"+os.Getenv("PATH"), "DONE="+record)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	b, _ := os.ReadFile(record) // nothing was done if there is none
	return string(out), string(b), cmd.ProcessState.ExitCode()
}

func TestPackagesOfAnotherArchitecture(t *testing.T) {
	const index = "http://deb.example/binary-armhf/Packages.xz"
	for _, tt := range []struct {
		name       string
		env        []string
		code       int
		said, done []string
		not        string // done
	}{
		{name: "installs", done: []string{"dpkg --add-architecture armhf", "dpkg --add-architecture arm64", "libmpg123-dev:armhf"}, not: "--remove"},
		{name: "is there already", env: []string{"FOREIGN=armhf"}, done: []string{"--add-architecture arm64"}, not: "--add-architecture armhf"},
		{name: "an index that does not matter", env: []string{"UPDATE=" + index}, not: "--remove"},
		{
			name: "mid-sync", env: []string{"UPDATE=" + index, "INSTALL=libasound2-dev:armhf"}, code: 2,
			said: []string{"could not install", "Unable to locate package libasound2-dev:armhf", index, "thử lại", "try again"},
			done: []string{"--remove-architecture armhf", "--remove-architecture arm64"},
		},
		{
			name: "leaves what was there", env: []string{"INSTALL=x", "FOREIGN=armhf"}, code: 2,
			said: []string{"could not install"}, done: []string{"--remove-architecture arm64"}, not: "--remove-architecture armhf",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			said, done, code := install(t, "arm", tt.env...)
			if code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			for _, want := range tt.said {
				if !strings.Contains(said, want) {
					t.Errorf("does not say %q", want)
				}
			}
			for _, want := range tt.done {
				if !strings.Contains(done, want) {
					t.Errorf("has not done %q", want)
				}
			}
			if tt.not != "" && strings.Contains(done, tt.not) {
				t.Errorf("has done %q", tt.not)
			}
			if t.Failed() {
				t.Logf("said:\n%s\ndone:\n%s", said, done)
			}
		})
	}
}

func TestPackagesWithoutRights(t *testing.T) {
	old := debian["id"]
	debian["id"] = `echo 1000`
	debian["sudo"] = `exit 1`
	defer func() { debian["id"] = old; delete(debian, "sudo") }()
	said, done, code := install(t, "build")
	if code != 2 || done != "" || !strings.Contains(said, "apt-get install --no-install-recommends pkg-config libasound2-dev libmpg123-dev") {
		t.Errorf("exit code %d, did %q, said:\n%s", code, done, said)
	}
}

// Every group that somebody asks for is one.
func TestEveryGroupThatIsAskedForIsThere(t *testing.T) {
	asked := regexp.MustCompile(`(?m)^[^#\n]*packages\.sh((?: [a-z]+)+)`)
	groups := make(map[string]bool)
	for _, name := range []string{"../Makefile", "test.sh", "bench.sh", "arm.sh", "web.sh", "deb/build.sh", "image/image.sh", "hil/hil.sh", "../.ci/run"} {
		data, err := os.ReadFile(name)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range asked.FindAllStringSubmatch(string(data), -1) {
			for g := range strings.FieldsSeq(m[1]) {
				groups[g] = true
			}
		}
	}
	if !groups["web"] || !groups["build"] {
		t.Errorf("the groups are not found: %v", groups)
	}
	for g := range groups {
		if said, _, code := install(t, g); strings.Contains(said, "no group") || code != 0 {
			t.Errorf("%s: exit %d, %s", g, code, said)
		}
	}
}
