package authority

import (
	"archive/tar"
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"loa/scripts/authority/durable"
)

var phrase = []byte("ngựa đúng")

func backup(t *testing.T, a *Authority, media bool) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := a.Backup(&b, phrase, media); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func restore(t *testing.T, data []byte) *Authority {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "again")
	if _, err := Restore(bytes.NewReader(data), phrase, dir, Opts{}); err != nil {
		t.Fatal(err)
	}
	a, err := Open(dir, Opts{Secret: pass})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestBackupHasEverything(t *testing.T) {
	a := sample(t)
	for name, text := range map[string]string{"media/aa": strings.Repeat("sound", 100_000), "ledger/box-1/1.seg": "heard", "mosquitto/loa.conf": "port", "people/.new-1": "half", "index.db": "cache", "tokens.json": "{}"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(a.Dir(), name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(a.Dir(), name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	came := time.Date(2026, 12, 14, 8, 0, 0, 0, time.UTC)
	if err := os.Chtimes(filepath.Join(a.Dir(), "ledger/box-1/1.seg"), came, came); err != nil {
		t.Fatal(err)
	}
	want := tree(t, a.Dir())
	for _, media := range []bool{true, false} {
		data := backup(t, a, media)
		if bytes.Contains(data, []byte("An Sơn")) || bytes.Contains(data, []byte("root-1")) {
			t.Error("it can be read without the passphrase")
		}
		again := restore(t, data).Dir()
		if info, err := os.Stat(filepath.Join(again, "ledger/box-1/1.seg")); err != nil || !info.ModTime().Equal(came) {
			t.Errorf("a ledger that came at %v: %v, %v", came, info.ModTime(), err)
		}
		got := tree(t, again)
		for name, text := range want {
			switch {
			case name == "lock" || name == stateFile || name == "people/.new-1" || name == "index.db" || name == "tokens.json" || name == "media/aa" && !media:
				continue
			case got[name] != text:
				t.Errorf("media %v: %s is %d bytes, want %d", media, name, len(got[name]), len(text))
			}
		}
		if _, ok := got["media/aa"]; ok != media || got["people/.new-1"] != "" || got["index.db"] != "" || got["tokens.json"] != "" {
			t.Errorf("media %v: %v", media, ok)
		}
	}
}

// A backup that is damaged anywhere, cut off anywhere, or under another passphrase
// leaves nothing.
func TestDamagedBackups(t *testing.T) {
	a := sample(t)
	noise := make([]byte, 3*chunkSize) // does not become smaller
	rand.Read(noise)
	if err := durable.Write(filepath.Join(a.MediaDir(), "noise"), noise); err != nil {
		t.Fatal(err)
	}
	data := backup(t, a, true)
	dir := filepath.Join(t.TempDir(), "again")
	refused := func(what string, data, pass []byte, want ...string) {
		t.Helper()
		_, err := Restore(bytes.NewReader(data), pass, dir, Opts{})
		ok := false
		for _, w := range want {
			ok = ok || code(err) == w
		}
		if !ok {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
		if entries, _ := os.ReadDir(filepath.Dir(dir)); len(entries) > 0 {
			t.Fatalf("%s: it left %v", what, entries)
		}
	}
	refused("wrong passphrase", data, []byte("wrong"), "backup-key")
	refused("empty", nil, phrase, "no-backup")
	refused("another file", []byte("{\"name\":\"lan\"}\n"), phrase, "no-backup")
	refused("cut within its first line", data[:20], phrase, "backup-cut")
	refused("newer format", bytes.Replace(data, []byte(`"format":1`), []byte(`"format":2`), 1), phrase, "backup-format")
	refused("greedy", bytes.Replace(data, []byte(`"memory_kib":64`), []byte(`"memory_kib":9999999`), 1), phrase, "backup-format")
	refused("cheaper", bytes.Replace(data, []byte(`"memory_kib":64`), []byte(`"memory_kib":32`), 1), phrase, "backup-key")
	refused("more behind it", append(bytes.Clone(data), 1), phrase, "backup-cut")
	for _, at := range []int{200, len(data) / 2, len(data) - 1} {
		bad := bytes.Clone(data)
		bad[at] ^= 1
		refused("a bit flip", bad, phrase, "backup-key", "backup-damaged", "backup-cut")
	}
	head := bytes.IndexByte(data, '\n') + 1
	for cut := len(data) - 1; cut > head; cut -= len(data)/40 + 1 {
		if cut > head+chunkSize+16 {
			refused("cut off", data[:cut], phrase, "backup-cut")
		} else {
			refused("cut off in its first chunk", data[:cut], phrase, "backup-key-cut")
		}
	}
	chunk := chunkSize + 16
	swapped := bytes.Join([][]byte{data[:head], data[head+chunk : head+2*chunk], data[head : head+chunk], data[head+2*chunk:]}, nil)
	refused("chunks in another order", swapped, phrase, "backup-key")
	for n := 1; head+n*chunk < len(data); n++ {
		cut, err := newUnsealer(bytes.NewReader(data[:head+n*chunk]), phrase)
		if err == nil {
			_, err = io.Copy(io.Discard, cut)
		}
		if c := code(err); c != "backup-key-cut" && c != "backup-cut" {
			t.Errorf("cut behind chunk %d: %v", n, err)
		}
	}
}

func TestRestoreOverSomething(t *testing.T) {
	a := sample(t)
	data := backup(t, a, false)
	before := tree(t, a.Dir())
	if _, err := Restore(bytes.NewReader(data), phrase, a.Dir(), Opts{}); code(err) != "restore-over" {
		t.Error(err)
	}
	if after := tree(t, a.Dir()); len(after) != len(before) || after[stateFile] != before[stateFile] {
		t.Error("the authority that was there has changed")
	}
	empty := t.TempDir()
	if _, err := Restore(bytes.NewReader(data), phrase, empty, Opts{}); err != nil {
		t.Errorf("into an empty folder: %v", err)
	}
	late := func() time.Time { return time.Now().Add(-time.Hour) }
	if _, err := Restore(bytes.NewReader(data), phrase, filepath.Join(t.TempDir(), "x"), Opts{Now: late}); code(err) != "clock" {
		t.Errorf("with a clock that is an hour late: %v", err)
	}
}

// Whoever is killed while restoring has an authority or none.
func TestKilledRestore(t *testing.T) {
	if file := os.Getenv("LOA_RESTORE"); file != "" {
		f, err := os.Open(file)
		if err == nil {
			_, err = Restore(f, phrase, os.Getenv("LOA_INTO"), Opts{})
		}
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	a := sample(t)
	whole := len(tree(t, a.Dir()))
	file := filepath.Join(t.TempDir(), "backup")
	if err := os.WriteFile(file, backup(t, a, false), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "again")
	killed := 0
	for after := 4 * time.Millisecond; ; after += after / 3 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilledRestore$")
		cmd.Env = append(os.Environ(), "LOA_RESTORE="+file, "LOA_INTO="+dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		kill := time.AfterFunc(after, func() { cmd.Process.Kill() })
		err := cmd.Wait()
		kill.Stop()
		if _, serr := os.Stat(dir); errors.Is(serr, fs.ErrNotExist) {
			if err == nil || after > time.Minute {
				t.Fatal("it ended well and there is nothing")
			}
			killed++
			continue
		}
		// It may have been killed after the last step, too.
		b, err := Open(dir, Opts{Secret: pass})
		if err != nil || b.Restored() == nil || len(tree(t, dir)) != whole {
			t.Fatalf("half an authority after %v: %v, %d files of %d", after, err, len(tree(t, dir)), whole)
		}
		break
	}
	if killed == 0 {
		t.Skip("it was never killed in time")
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(dir), ".restoring-again")); err == nil {
		t.Error("what the killed ones left is still there")
	}
}

// A busy writer sees whether others could change the books while it is written to.
type busy struct {
	t    *testing.T
	lock string
	n    int
}

func (b *busy) Write(p []byte) (int, error) {
	b.n++
	f, err := os.Open(b.lock)
	if err != nil {
		b.t.Fatal(err)
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); !errors.Is(err, syscall.EWOULDBLOCK) {
		b.t.Fatalf("others may sign while books and documents are copied: %v", err)
	}
	return len(p), nil
}

// Books and documents of a backup are of one moment.
func TestBackupIsOfOneMoment(t *testing.T) {
	a := sample(t)
	b := &busy{t: t, lock: filepath.Join(a.Dir(), "lock")}
	if err := a.still(tar.NewWriter(b)); err != nil || b.n < 10 {
		t.Errorf("%d writes, %v", b.n, err)
	}
	if _, err := a.Seq(); err != nil { // and afterwards they may
		t.Error(err)
	}
}
