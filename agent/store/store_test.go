package store

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"loa/agent/plan"
)

func open(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t testing.TB, s *Store, name, data string) {
	t.Helper()
	if err := s.Put(name, []byte(data)); err != nil {
		t.Fatal(err)
	}
}

func want(t testing.TB, s *Store, name, data string) {
	t.Helper()
	got, err := s.Get(name)
	if err != nil || string(got) != data {
		t.Fatalf("Get(%s) = %.40q, %v, want %.40q", name, got, err, data)
	}
}

func TestPutGetSurvivesReopening(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "var", "lib", "loa")
	s := open(t, dir)
	for _, data := range []string{"one", "two", "three", "", "\x00\xff\n"} {
		put(t, s, "docs/26734/bulletin/x", data)
		want(t, s, "docs/26734/bulletin/x", data)
		want(t, open(t, dir), "docs/26734/bulletin/x", data)
	}
	if _, err := s.Get("docs/26734/bulletin/y"); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("a name never put: %v", err)
	}
}

func TestEqualDataWritesNothing(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	put(t, s, "a", "x")
	before := s.Status().Writes
	for range 100 {
		put(t, s, "a", "x")
	}
	s = open(t, dir)
	put(t, s, "a", "x")
	if n := s.Status().Writes; before != 1 || n != 0 {
		t.Fatalf("writes: %d, then %d after reopening", before, n)
	}
}

func TestNamesStayInside(t *testing.T) {
	dir := t.TempDir()
	inner := filepath.Join(dir, "store")
	s := open(t, inner)
	names := []string{"../x", "..", ".", "a/../../b", ".reserve", "a@0", "a@1/b", "a", "a/b", "a.tmp", "Tết", "a b", "a%2Fb", "\x00"}
	for _, n := range names {
		put(t, s, n, n)
	}
	s = open(t, inner)
	for _, n := range names {
		want(t, s, n, n)
	}
	slices.Sort(names)
	if got := s.List(""); !slices.Equal(got, names) {
		t.Fatalf("List = %q", got)
	}
	if out, _ := os.ReadDir(dir); len(out) != 1 {
		t.Fatalf("something was written beside the store: %v", out)
	}
	for _, n := range []string{"", "/", "a/", "/a", "a//b", strings.Repeat("x", 121), strings.Repeat("a/", 8) + "a"} {
		if err := s.Put(n, nil); err == nil {
			t.Errorf("Put(%q) was accepted", n)
		}
	}
	if err := s.Put("big", make([]byte, MaxSize+1)); err == nil {
		t.Error("a value beyond MaxSize was accepted")
	}
}

func TestListAndDelete(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	for _, n := range []string{"docs/1/bulletin/a", "docs/1/bulletin/b", "docs/2/bulletin/a", "trust"} {
		put(t, s, n, "1")
		put(t, s, n, "2")
	}
	if got := s.List("docs/1/"); !slices.Equal(got, []string{"docs/1/bulletin/a", "docs/1/bulletin/b"}) {
		t.Fatalf("List = %q", got)
	}
	for range 2 {
		if err := s.Delete("docs/1/bulletin/a"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := open(t, dir).Get("docs/1/bulletin/a"); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("after Delete: %v", err)
	}
	put(t, s, "docs/1/bulletin/a", "again")
	want(t, open(t, dir), "docs/1/bulletin/a", "again")
}

func TestDeleteCutShortNeverBringsBackTheOlder(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	put(t, s, "a", "old")
	put(t, s, "a", "new")
	// What Delete does before a cut: the older generation is gone, the newer is not.
	if err := os.Remove(filepath.Join(dir, "a@1")); err != nil {
		t.Fatal(err)
	}
	want(t, open(t, dir), "a", "new")
}

func TestDamagedGenerationFallsBack(t *testing.T) {
	for name, harm := range map[string]func([]byte) []byte{
		"torn":       func(b []byte) []byte { return b[:len(b)-1] },
		"empty":      func(b []byte) []byte { return nil },
		"zeros":      func(b []byte) []byte { return make([]byte, len(b)) },
		"bit":        func(b []byte) []byte { b[len(b)-1] ^= 1; return b },
		"longer":     func(b []byte) []byte { return append(b, 'x') },
		"generation": func(b []byte) []byte { return bytes.Replace(b, []byte("1 2 "), []byte("1 3 "), 1) },
		"header":     func(b []byte) []byte { return bytes.Replace(b, []byte("loa"), []byte("lao"), 1) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir)
			put(t, s, "a", "older")
			put(t, s, "a", "newer")
			file := filepath.Join(dir, "a@0")
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, harm(b), 0o600); err != nil {
				t.Fatal(err)
			}
			want(t, s, "a", "older") // found while running
			s = open(t, dir)         // found at boot
			want(t, s, "a", "older")
			var told string
			s.Watch(func(code string, err error) { told += fmt.Sprint(code, err != nil) })
			if told != CodeDamaged+"true" {
				t.Errorf("reported %q", told)
			}
			if d := s.Status().Damaged; len(d) != 1 || d[0].Name != "a" || d[0].Lost {
				t.Fatalf("Damaged = %+v", d)
			}
			put(t, s, "a", "older") // equal, and yet it must heal
			put(t, s, "a", "newest")
			s = open(t, dir)
			want(t, s, "a", "newest")
			if d := s.Status().Damaged; len(d) != 0 {
				t.Fatalf("not healed: %+v", d)
			}
		})
	}
}

func TestBothGenerationsDamaged(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	put(t, s, "a", "1")
	put(t, s, "a", "2")
	for _, g := range []string{"a@0", "a@1"} {
		if err := os.WriteFile(filepath.Join(dir, g), []byte("rubbish"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s = open(t, dir)
	_, err := s.Get("a")
	var code *plan.Error
	if !errors.As(err, &code) || code.Code != plan.Storage || errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("Get = %v", err)
	}
	if d := s.Status().Damaged; len(d) != 1 || !d[0].Lost {
		t.Fatalf("Damaged = %+v", d)
	}
	put(t, s, "a", "3")
	want(t, open(t, dir), "a", "3")
}

func TestLeftOverTemporaryFileIsRemoved(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	put(t, s, "docs/a", "x")
	tmp := filepath.Join(dir, "docs", "a.tmp")
	if err := os.WriteFile(tmp, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	want(t, open(t, dir), "docs/a", "x")
	if _, err := os.Stat(tmp); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal("the temporary file is still there")
	}
}

// A failed write leaves the value as it was, and says storage.
func TestFailedWriteLosesNothing(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	put(t, s, "a", "kept")
	// Where the next generation must go lies a directory: rename fails.
	if err := os.Mkdir(filepath.Join(dir, "a@0"), 0o700); err != nil {
		t.Fatal(err)
	}
	err := s.Put("a", []byte("lost"))
	var code *plan.Error
	if !errors.As(err, &code) || code.Code != plan.Storage {
		t.Fatalf("Put = %v", err)
	}
	if s.Status().Err == nil {
		t.Error("Status does not tell of the failed write")
	}
	want(t, s, "a", "kept")
	if err := os.Remove(filepath.Join(dir, "a@0")); err != nil {
		t.Fatal(err)
	}
	put(t, s, "a", "new")
	if s.Status().Err != nil {
		t.Error("Status still tells of the failed write")
	}
}

func TestConcurrentUse(t *testing.T) {
	s := open(t, t.TempDir())
	done := make(chan error)
	for i := range 8 {
		go func() { // waited for below
			var err error
			for j := range 50 {
				name := fmt.Sprintf("docs/%d", (i+j)%4)
				err = errors.Join(err, s.Put(name, fmt.Appendf(nil, "%d %d", i, j)))
				if _, e := s.Get(name); e != nil {
					err = errors.Join(err, e)
				}
				s.List("docs/")
				s.Status()
			}
			done <- err
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
}

// Whatever happens to the files, a value is one that was put, or an error.
func FuzzLoad(f *testing.F) {
	one := encode(1, sum("one"), []byte("one"))
	two := encode(2, sum("two"), []byte("two"))
	f.Add(one, two)
	f.Add(one[:10], []byte{})
	f.Add(two, one)
	f.Add([]byte("loa-store 1 99999999999999999999 1 0\nx"), one)
	f.Fuzz(func(t *testing.T, a, b []byte) {
		dir := t.TempDir()
		for i, data := range [][]byte{b, a} {
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("v@%d", i)), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Get("v")
		if err == nil {
			g := s.known["v"]
			if !bytes.Equal(encode(g.gen, g.sum, got), a) && !bytes.Equal(encode(g.gen, g.sum, got), b) {
				t.Fatalf("%q was never put", got)
			}
		}
		next := fmt.Sprint(rand.Int())
		if err := s.Put("v", []byte(next)); err != nil {
			if len(a) > 0 && errors.Is(err, syscall.ENOSPC) {
				t.Skip(err)
			}
			t.Fatal(err)
		}
		want(t, open(t, dir), "v", next)
	})
}

func sum(s string) [32]byte { return sha256.Sum256([]byte(s)) }
