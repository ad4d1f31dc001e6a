package store_test

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
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
	dir, total := t.TempDir(), 0
	acked := map[string]int{}
	for range *kills {
		cmd := powertest.Self(t)
		cmd.Env = append(os.Environ(), writerDir+"="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		r := bufio.NewReader(out)
		if _, err := r.Peek(1); err != nil { // it has begun to write
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rand.IntN(8000)) * time.Microsecond) // the instant of the kill
		_ = cmd.Process.Kill()
		said, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		for line := range strings.Lines(string(said)) {
			var name string
			var n int
			if _, err := fmt.Sscan(line, &name, &n); err != nil || !strings.HasSuffix(line, "\n") {
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
				t.Fatalf("%s = %d was acknowledged, there is %d, %v", name, n, have, err)
			}
			acked[name] = have // the writer may have died before it could say so
		}
		if d := s.Status().Damaged; len(d) > 0 {
			t.Fatalf("%+v", d)
		}
	}
	t.Logf("%d kills, %d values acknowledged, none lost", *kills, total)
}
