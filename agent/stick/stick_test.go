package stick

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"loa/agent/message"
)

// put writes a file of a stick as anybody could.
func put(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, Folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, dir string) *Stick {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func read(s *Stick, name string) (all []string, err error) {
	for line, e := range s.Lines(name) {
		if err = e; e == nil {
			all = append(all, string(line))
		}
	}
	return all, err
}

func TestLinesComeInOrder(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, Documents, "one\r\n\n\ntwo\nthree") // as an editor on Windows may leave it
	all, err := read(open(t, dir), Documents)
	if err != nil || strings.Join(all, " ") != "one two three" {
		t.Errorf("%q, %v", all, err)
	}
}

// Whatever has been put where a file should be, nobody waits for it, follows it off
// the stick, or opens it.
func TestWhatIsNoFile(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, make := range map[string]func(path string) error{
		"a link off the stick":       func(p string) error { return os.Symlink(outside, p) },
		"a link upwards":             func(p string) error { return os.Symlink("../../../../../../../etc/passwd", p) },
		"a link to itself":           func(p string) error { return os.Symlink(filepath.Base(p), p) },
		"a link to a file beside it": func(p string) error { return os.Symlink("other", p) },
		"a folder":                   func(p string) error { return os.Mkdir(p, 0o755) },
		"a pipe":                     func(p string) error { return syscall.Mkfifo(p, 0o644) },
		"a device":                   func(p string) error { return syscall.Mknod(p, syscall.S_IFCHR|0o666, 1<<8|5) }, // zeros for ever
		"a socket":                   func(p string) error { return syscall.Mknod(p, syscall.S_IFSOCK|0o666, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			sha := strings.Repeat("a", 64)
			for _, file := range []string{Documents, "media/" + sha, "back/d-0001/0001.seg", "back/d-0001/" + Have} {
				dir := t.TempDir()
				put(t, dir, "other", "other\n")
				path := filepath.Join(dir, Folder, file)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := make(path); errors.Is(err, syscall.EPERM) {
					t.Skip("only root makes devices")
				} else if err != nil {
					t.Fatal(err)
				}
				s := open(t, dir)
				all, err1 := read(s, Documents)
				_, _, err2 := s.Media(sha)
				_, err3 := s.GivenSegment("d-0001", 1)
				_, err4 := s.Given("d-0001", Have)
				if len(all) > 0 || err1 == nil || err2 == nil || err3 == nil || err4 == nil {
					t.Errorf("%s was read: %q, %v, %v, %v, %v", file, all, err1, err2, err3, err4)
				}
			}
		})
	}
}

// A folder that is a link off the stick is no folder of the stick, for reading and
// for writing.
func TestFolderElsewhere(t *testing.T) {
	elsewhere := t.TempDir()
	if err := os.WriteFile(filepath.Join(elsewhere, Documents), []byte("x\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(elsewhere, filepath.Join(dir, Folder)); err != nil {
		t.Fatal(err)
	}
	if s, err := Open(dir); err == nil {
		s.Close()
		t.Error("a folder elsewhere was opened")
	}
	if got := find(dir, 0); got != nil {
		t.Errorf("it was found: %v", got)
	}
	for _, link := range []string{"back", "back/d-0001", "back/d-0001/0001.seg.new", "back/d-0001/0001.seg"} {
		dir := t.TempDir()
		path := filepath.Join(dir, Folder, link)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		target := elsewhere
		if strings.Contains(link, ".seg") {
			target = filepath.Join(elsewhere, "victim")
			if err := os.WriteFile(target, []byte("whole"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Symlink(target, path); err != nil {
			t.Fatal(err)
		}
		err := open(t, dir).GiveSegment("d-0001", 1, []byte("ledger"))
		if strings.Contains(link, ".seg") != (err == nil) {
			t.Errorf("%s: %v", link, err)
		}
		files, _ := os.ReadDir(elsewhere)
		if victim, _ := os.ReadFile(filepath.Join(elsewhere, "victim")); len(files) > 2 || len(victim) > 0 && string(victim) != "whole" {
			t.Errorf("%s: something was written off the stick", link)
		}
	}
}

func TestHugeFilesAndLines(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, Documents, "one\n"+strings.Repeat("x", message.MaxEnvelope*3)+"\ntwo\n")
	s := open(t, dir)
	all, err := read(s, Documents)
	if err != nil || len(all) != 3 || len(all[1]) != message.MaxEnvelope+1 || all[2] != "two" {
		t.Errorf("%d lines, %v", len(all), err)
	}
	// A hole of a terabyte takes no room on a stick; it ends with the bound.
	hole := filepath.Join(dir, Folder, Acks)
	if err := os.WriteFile(hole, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(hole, 1<<40); err != nil {
		t.Skip(err)
	}
	if all, err := read(s, Acks); !errors.Is(err, errTooMuch) || len(all) > 1 {
		t.Errorf("%d lines, %v", len(all), err)
	}
	put(t, dir, Acks, strings.Repeat("x\n", MaxLines+1))
	if all, err := read(s, Acks); !errors.Is(err, errTooMuch) || len(all) != MaxLines {
		t.Errorf("%d lines, %v", len(all), err)
	}
	put(t, dir, "back/d-0001/0001.seg", strings.Repeat("x", maxGiven+1))
	if _, err := s.GivenSegment("d-0001", 1); err == nil {
		t.Error("a huge segment was read")
	}
}

// A folder of anything, as full as it may be, is not looked at.
func TestOtherFilesDoNotMatter(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, Documents, "one\n")
	if err := os.Symlink("..", filepath.Join(dir, Folder, "loop")); err != nil {
		t.Fatal(err)
	}
	for i := range 20_000 {
		name := fmt.Sprintf("%d\xff\xfe\n.json", i) // no UTF-8
		f, err := os.Create(filepath.Join(dir, Folder, name))
		if err != nil {
			t.Skip(err)
		}
		f.Close()
	}
	if got := find(filepath.Dir(dir), 1); len(got) == 0 {
		t.Error("the stick was not found")
	}
	if all, err := read(open(t, dir), Documents); err != nil || len(all) != 1 {
		t.Errorf("%q, %v", all, err)
	}
}

// A stick that is pulled out gives whole lines and then says so.
func TestPulledOut(t *testing.T) {
	gone := errors.New("input/output error")
	whole := "one\ntwo\nthr"
	var got []string
	var err error
	for line, e := range lines(io.MultiReader(strings.NewReader(whole), iotest.ErrReader(gone))) {
		if err = e; e == nil {
			got = append(got, string(line))
		}
	}
	if strings.Join(got, " ") != "one two" || !errors.Is(err, gone) {
		t.Errorf("%q, %v", got, err)
	}
}

// A file is written whole or is as it was.
func TestPutWhole(t *testing.T) {
	dir := t.TempDir()
	s, err := Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Write(Documents, []byte("one\n")); err != nil {
		t.Fatal(err)
	}
	gone := errors.New("no space left")
	if err := s.Put(Documents, io.MultiReader(strings.NewReader("tw"), iotest.ErrReader(gone))); !errors.Is(err, gone) {
		t.Errorf("%v", err)
	}
	if all, err := read(s, Documents); err != nil || len(all) != 1 || all[0] != "one" {
		t.Errorf("%q, %v", all, err)
	}
	files, err := os.ReadDir(filepath.Join(dir, Folder))
	if err != nil || len(files) != 1 {
		t.Errorf("left behind: %v, %v", files, err)
	}
}

func TestSegmentsOfAnEarlierVisitGo(t *testing.T) {
	s, err := Create(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for n := 1; n <= 5; n++ {
		if err := s.GiveSegment("d-0001", n, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.EndSegments("d-0001", 2); err != nil {
		t.Fatal(err)
	}
	_, err2 := s.GivenSegment("d-0001", 2)
	_, err3 := s.GivenSegment("d-0001", 3)
	if err2 != nil || !errors.Is(err3, fs.ErrNotExist) || !s.Gave("d-0001") || s.Gave("d-0002") {
		t.Errorf("%v, %v", err2, err3)
	}
}

func TestFind(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{"media/usb0", "media/lan/THẺ NHỚ/loa", "run/media/lan/A/loa", "mnt/loa", "var/lib/loa", "media/x/y/z/loa"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"media/lan/THẺ NHỚ", "run/media/lan/A", "mnt"}
	got := Find(root)
	for i := range want {
		want[i] = filepath.Join(root, want[i])
	}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("%q, want %q", got, want)
	}
}

func FuzzLines(f *testing.F) {
	f.Add([]byte("one\n\r\ntwo"))
	f.Add(bytes.Repeat([]byte("x"), message.MaxEnvelope+5))
	f.Fuzz(func(t *testing.T, data []byte) {
		var total int
		for line, err := range lines(iotest.HalfReader(bytes.NewReader(data))) {
			if err != nil {
				t.Fatal(err)
			}
			if total += len(line); len(line) == 0 || len(line) > message.MaxEnvelope+1 || bytes.ContainsRune(line, '\n') {
				t.Fatalf("a line of %d bytes", len(line))
			}
		}
		if total > len(data) {
			t.Fatalf("%d bytes of %d", total, len(data))
		}
	})
}
