package bench

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// tree is a process and its children, theirs as well.
func tree(t *testing.T, pid int) []int {
	t.Helper()
	parent := make(map[int]int)
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range stats {
		data, err := os.ReadFile(path)
		if err != nil {
			continue // it has just ended
		}
		// The name, in brackets, may hold anything.
		f := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
		id, _ := strconv.Atoi(strings.Split(path, "/")[2])
		parent[id], _ = strconv.Atoi(f[1])
	}
	all := []int{pid}
	for i := 0; i < len(all); i++ {
		for id, p := range parent {
			if p == all[i] {
				all = append(all, id)
			}
		}
	}
	return all
}

// cpu is the processor time that a process and its children have used, in
// seconds, to the nanosecond: of ticks of 10 ms a player uses too few.
func cpu(t *testing.T, pid int) float64 {
	t.Helper()
	sum := 0.0
	for _, id := range tree(t, pid) {
		var ts unix.Timespec
		// The clock of a process: its number inverted, and 2 for the scheduler's account.
		if err := unix.ClockGettime(int32(^id<<3|2), &ts); err != nil {
			t.Fatalf("no clock of process %d: %v", id, err)
		}
		sum += float64(ts.Sec) + float64(ts.Nsec)/1e9
	}
	return sum
}

// Memory of a process and its children, each in MiB. Resident and Highs, the sum
// of what each had at most, count the program's pages once for every process that
// runs it; Share counts them once.
type memory struct {
	Main, Resident, Highs, Share float64
}

// shareWithin is the most Share that is seen within d.
func shareWithin(t *testing.T, pid int, d time.Duration) (most float64) {
	t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		most = max(most, memoryOf(t, pid).Share)
	}
	return most
}

func memoryOf(t *testing.T, pid int) (m memory) {
	t.Helper()
	for _, id := range tree(t, pid) {
		resident := field(t, fmt.Sprintf("/proc/%d/status", id), "VmRSS:")
		if id == pid {
			m.Main = resident
		}
		m.Resident += resident
		m.Highs += field(t, fmt.Sprintf("/proc/%d/status", id), "VmHWM:")
		m.Share += field(t, fmt.Sprintf("/proc/%d/smaps_rollup", id), "Pss:")
	}
	return m
}

// field reads a line "Name: 123 kB", in MiB.
func field(t *testing.T, path, name string) float64 {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			kb, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				t.Fatal(err)
			}
			return float64(kb) / 1024
		}
	}
	t.Fatalf("%s: no %s", path, name)
	return 0
}
