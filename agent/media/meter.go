package media

import (
	"encoding/json"
	"os"
	"time"
)

// A meter counts a day's bytes. It writes down what it will have counted a step
// ahead, so that a power cut never lets a box forget what it has spent, and
// costs at most one step.
type meter struct {
	path string
	kept kept
	used int64 // of the day; at most kept.Charged
}

type kept struct {
	Day     string `json:"day"`
	Charged int64  `json:"charged"`
}

// meterStep spares the flash: one small write for each MiB fetched.
const meterStep = 1 << 20

func (m *meter) load(path string) {
	m.path = path
	b, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(b, &m.kept) != nil || m.kept.Charged < 0 {
		m.kept = kept{}
	}
	m.used = m.kept.Charged
}

// today is what was counted on the day of now.
func (m *meter) today(now time.Time) int64 {
	if m.kept.Day != now.Format(time.DateOnly) {
		return 0
	}
	return m.used
}

// charge counts n bytes on the day of now.
func (m *meter) charge(n int64, now time.Time) {
	if day := now.Format(time.DateOnly); m.kept.Day != day {
		m.kept, m.used = kept{Day: day}, 0
	}
	m.used += n
	if m.used <= m.kept.Charged {
		return
	}
	m.kept.Charged = (m.used/meterStep + 1) * meterStep
	b, err := json.Marshal(m.kept)
	if err == nil && os.WriteFile(m.path+".tmp", b, 0o600) == nil {
		_ = os.Rename(m.path+".tmp", m.path) // where that fails the disk is the trouble, not the count
	}
}

// midnight is when the day of now is over.
func midnight(now time.Time) time.Time {
	y, m, d := now.Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, now.Location())
}
