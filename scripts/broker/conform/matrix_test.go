package conform

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
)

// differences are what engines are known to do otherwise, by case and engine, and why it
// does not matter to Loa. What differs and is not here fails, and so does what is here
// and differs no more.
var differences = map[string]map[string]string{
	"will at takeover": {
		"nats":   noWillAtTakeover,
		"nats-3": noWillAtTakeover,
	},
	"denied subscription is told": {
		"mosquitto": inWords,
		"bridged":   inWords,
	},
	"says how it is": {
		"nats":   silent,
		"nats-3": silent,
	},
	"kept across a power cut": {
		"embedded":  "it keeps everything in memory; the dispatcher mends it",
		"mosquitto": autosave,
		"bridged":   autosave,
	},
}

const (
	noWillAtTakeover = "the same box is there again and says so itself; its old will would say that it is lost"
	inWords          = "with an access list mosquitto grants in words and delivers nothing; a box goes by what comes, and documents are acknowledged by boxes"
	silent           = "NATS has no $SYS topics for MQTT clients; its log and loactl watch are what there is"
	autosave         = "it saves every 10 s, because saving at each change leaves 36 messages a second; the dispatcher mends it"
)

// A trial is what a case sees of the test: a failure is noted, and may be known.
type trial struct {
	testing.TB
	why []string
}

// given is what ends a case that cannot go on.
type given struct{}

func (t *trial) Helper()           {}
func (t *trial) Error(args ...any) { t.why = append(t.why, fmt.Sprint(args...)) }
func (t *trial) Errorf(format string, args ...any) {
	t.why = append(t.why, fmt.Sprintf(format, args...))
}
func (t *trial) Fatal(args ...any)                 { t.Error(args...); panic(given{}) }
func (t *trial) Fatalf(format string, args ...any) { t.Errorf(format, args...); panic(given{}) }

// tries runs one case and says why it failed, or "".
func (w *world) tries(try func(*world)) string {
	outer := w.t
	t := &trial{TB: outer}
	w.t = t
	defer func() { w.t = outer }()
	func() {
		defer func() {
			if r := recover(); r != nil && r != (given{}) {
				panic(r)
			}
		}()
		try(w)
	}()
	return strings.Join(t.why, "; ")
}

// A matrix is what came out, by case and engine.
type matrix struct {
	mu    sync.Mutex
	cases []string
	got   map[string]map[string]string
}

func (m *matrix) note(kase, engine, why string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.got[kase] == nil {
		m.got[kase] = make(map[string]string)
		m.cases = append(m.cases, kase)
	}
	m.got[kase][engine] = why
}

func (m *matrix) failed(kase, engine string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.got[kase][engine] != ""
}

// TestMatrix puts every engine through every case, all engines at the same time: they
// mostly wait. With -short there is no real box.
func TestMatrix(t *testing.T) {
	m := &matrix{got: make(map[string]map[string]string)}
	var names []string
	t.Run("engines", func(t *testing.T) {
		for _, kind := range engines {
			name := kind().name()
			names = append(names, name)
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				m.through(t, name, newWorld(t, kind))
			})
		}
	})
	m.print(names)
}

// through puts one engine through all cases.
func (m *matrix) through(t *testing.T, engine string, w *world) {
	judge := func(kase, why string) {
		m.note(kase, engine, why)
		reason, known := differences[kase][engine]
		switch {
		case why != "" && !known:
			t.Errorf("%s: %s", kase, why)
		case why == "" && known:
			t.Errorf("%s differs no more: %s", kase, reason)
		}
	}
	results, err := attacks(w)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(results)) {
		judge(name, results[name])
	}
	for _, c := range cases {
		judge(c.name, w.tries(c.try))
	}
	if testing.Short() {
		return // boxes wait for slots and reconnect by chance: scripts/test.sh runs them as well
	}
	var b *box
	judge("a box gets its programme", w.tries(func(w *world) { b = newBox(w); b.programme() }))
	if m.failed("a box gets its programme", engine) {
		return
	}
	judge("a box takes act, alert, all-clear", w.tries(func(*world) { b.orders() }))
	judge("says how it is", w.tries(saysHowItIs))
	judge("wiped, the dispatcher mends", w.tries(func(*world) { b.mended() }))
	judge("wiped, the box is reached again", w.tries(func(*world) { b.comesBack() }))
}

// print shows the matrix; "differs" is explained below it.
func (m *matrix) print(engines []string) {
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(out, "case\t%s\n", strings.Join(engines, "\t"))
	var why []string
	for _, kase := range m.cases {
		row := []string{kase}
		for _, e := range engines {
			said, ran := m.got[kase][e]
			reason, known := differences[kase][e]
			word := "pass"
			switch {
			case !ran:
				word = "-"
			case said != "" && known:
				word = "differs"
				why = append(why, fmt.Sprintf("%s, %s: %s", kase, e, reason))
			case said != "":
				word = "FAILS"
			}
			row = append(row, word)
		}
		fmt.Fprintln(out, strings.Join(row, "\t"))
	}
	out.Flush()
	for _, line := range why {
		fmt.Println(line)
	}
}
