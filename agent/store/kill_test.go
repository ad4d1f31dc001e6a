package store_test

import (
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"loa/agent/store"
	"loa/agent/store/powertest"
)

var kills = flag.Int("kills", 20, "how often TestKill kills the writer")

// writerDir makes the test binary a writer that is to be killed.
const writerDir = "LOA_STORE_TEST_WRITER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerDir); dir != "" {
		write(dir)
	}
	os.Exit(m.Run())
}

// write puts growing numbers under five names until it is killed, and says
// each once Put has returned.
func write(dir string) {
	s, err := store.Open(dir)
	for n := 1; err == nil; n++ {
		name := fmt.Sprintf("docs/%d", n%5)
		var was int
		if b, gerr := s.Get(name); gerr == nil {
			fmt.Sscan(string(b), &was)
		}
		if err = s.Put(name, append(fmt.Appendf(nil, "%d ", was+1), make([]byte, 3000)...)); err == nil {
			fmt.Println(name, was+1)
		}
	}
	fmt.Println("error", err)
	os.Exit(1)
}

// The process is killed at random instants: every value that Put acknowledged
// is there, or the one that followed it.
func TestKill(t *testing.T) {
	dir, total, lost, damaged := t.TempDir(), 0, 0, 0
	acked := map[string]int{}
	for range *kills {
		for _, line := range powertest.Life(t, writerDir+"="+dir, 8*time.Millisecond) {
			var name string
			var n int
			if _, err := fmt.Sscan(line, &name, &n); err != nil {
				t.Fatalf("the writer said %q", line)
			}
			acked[name] = n
			total++
		}
		s, err := store.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		for name, n := range acked {
			b, err := s.Get(name)
			var have int
			fmt.Sscan(string(b), &have)
			if err != nil || have != n && have != n+1 {
				lost++
				t.Errorf("%s = %d was acknowledged, there is %d, %v", name, n, have, err)
			}
			acked[name] = have // the writer may have died before it could say so
		}
		if d := s.Status().Damaged; len(d) > 0 {
			damaged += len(d)
			t.Errorf("%+v", d)
		}
	}
	t.Logf("%d kills, %d values acknowledged, %d lost, %d damaged", *kills, total, lost, damaged)
}
