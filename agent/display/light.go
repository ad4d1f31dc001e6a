package display

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"loa/agent/sense"
)

// A Reading is what a light sensor said at a moment, in its own unit.
type Reading struct {
	At    time.Time
	Value float64
}

// A Level is a brightness in percent, and since when it holds. Zero: none.
type Level struct {
	Percent int
	Since   time.Time
}

// A Point is how bright a board should be at a reading of its light sensor.
type Point struct{ Reading, Percent float64 }

const (
	lightEvery = 5 * time.Second // between two readings

	// lightSpan is how much of the past counts. Its middle reading does: what lasts
	// less than half of it (headlights, lightning, a hand) changes nothing, and dusk
	// takes half an hour.
	lightSpan = 3 * time.Minute

	// lightStep is by how much, in percent of full brightness, the light must ask for
	// something else before the board follows, and lightPace how long a level holds at
	// least. They keep passing clouds from being seen on the board. Some cards keep
	// their brightness in flash, which wears: this is twenty writes on a clear day,
	// sixty under broken clouds, and never more than 144 while readings come.
	lightStep = 10
	lightPace = 10 * time.Minute

	// lightSure is how far back readings must go before the pace counts. Until then,
	// after a start or a fault, the board follows the middle reading: one wrong answer
	// of a chip that has just got its supply must not stay for ten minutes.
	lightSure = lightSpan - 30*time.Second

	// lightQuiet is for how long a sensor may give nothing that counts before it is
	// complained of: a bad joint loses a reading now and then.
	lightQuiet = 20 * time.Second

	// stuckAfter is how long a sensor in order may say the very same: all night long,
	// when it is dark. No night in Vietnam is longer than 14 hours.
	stuckAfter = 16 * time.Hour
)

// LevelAt is how bright a board should be at now by the readings of the last minutes,
// oldest first, and the points of the board file. before is what it was so far. ok is
// false where no reading is young enough.
func LevelAt(now time.Time, readings []Reading, points []Point, before Level) (l Level, ok bool) {
	var young []float64
	var oldest time.Duration
	for _, r := range readings {
		if age := now.Sub(r.At); age < lightSpan {
			young = append(young, r.Value)
			oldest = max(oldest, age)
		}
	}
	if len(young) == 0 {
		return Level{}, false
	}
	slices.Sort(young)
	want := int(math.Round(along(points, young[(len(young)-1)/2])))
	least, most := ends(points)
	follow := abs(want-before.Percent) >= lightStep || want == least || want == most
	early := oldest >= lightSure && now.Sub(before.Since) < lightPace
	if before.Percent != 0 && (want == before.Percent || !follow || early) {
		return before, true
	}
	return Level{want, now}, true
}

// along is the percentage at a reading: on a straight line between two points, and
// beyond the ends what it is there.
func along(points []Point, reading float64) float64 {
	at, _ := slices.BinarySearchFunc(points, reading, func(p Point, r float64) int { return cmp.Compare(p.Reading, r) })
	switch at {
	case 0:
		return points[0].Percent
	case len(points):
		return points[len(points)-1].Percent
	}
	a, b := points[at-1], points[at]
	return a.Percent + (b.Percent-a.Percent)*(reading-a.Reading)/(b.Reading-a.Reading)
}

// ends are the least and the most that points ask for.
func ends(points []Point) (least, most int) {
	byPercent := func(a, b Point) int { return cmp.Compare(a.Percent, b.Percent) }
	return int(math.Round(slices.MinFunc(points, byPercent).Percent)), int(math.Round(slices.MaxFunc(points, byPercent).Percent))
}

// LightOpts are a light sensor's settings. All but Report are needed.
type LightOpts struct {
	Read    func() (float64, error) // may hang; never called while it does
	Points  []Point                 // one at least, by rising readings
	Least   float64                 // what a sensor in order says at least
	Most    float64                 // and at most
	Default int                     // percent, while nobody knows how light it is

	Report func(code string, err error)
}

// A Light knows how bright a board should be by the light around it.
type Light struct {
	o LightOpts

	mu    sync.Mutex
	seen  []Reading // of the last lightSpan
	same  Reading   // the last, and when it was said first
	level Level     // zero: Default holds
	err   error     // why it does
}

// NewLight makes a Light. Nothing is read before Run.
func NewLight(o LightOpts) *Light {
	if o.Report == nil {
		o.Report = func(string, error) {}
	}
	return &Light{o: o, err: errors.New("it has not been read yet")}
}

// Run reads the sensor every few seconds until ctx ends. It waits for no reading.
func (l *Light) Run(ctx context.Context) error {
	sense.Poll(ctx, lightEvery, l.o.Read, func(value float64, err error) {
		l.o.Report(LightFault, l.take(value, err, time.Now()))
	})
	return nil
}

// take takes a reading, and says what is wrong with the sensor, sooner than the default
// holds: the board may follow the last minutes while somebody is sent for a part.
func (l *Light) take(value float64, err error, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		err = l.doubt(value, now)
	}
	l.seen = slices.DeleteFunc(l.seen, func(r Reading) bool { return now.Sub(r.At) >= lightSpan })
	if err == nil {
		l.seen = append(l.seen, Reading{now, value})
	}
	fault := err
	level, ok := LevelAt(now, l.seen, l.o.Points, l.level)
	if ok {
		err = nil // it answers often enough
	}
	if n := len(l.seen); n > 0 && now.Sub(l.seen[n-1].At) < lightQuiet {
		fault = nil
	}
	l.level, l.err = level, err
	return fault
}

// doubt says why a reading cannot be true.
func (l *Light) doubt(value float64, now time.Time) error {
	if l.same.At.IsZero() || value != l.same.Value {
		l.same = Reading{now, value}
	}
	if !(value >= l.o.Least && value <= l.o.Most) {
		return fmt.Errorf("it says %g; a sensor in order says %g to %g", value, l.o.Least, l.o.Most)
	}
	if same := now.Sub(l.same.At); same >= stuckAfter {
		return fmt.Errorf("it has said %g for %v, by day and by night", value, same.Truncate(time.Hour))
	}
	return nil
}

// silent reports whether no reading is young enough at now.
func (l *Light) silent(now time.Time) bool {
	return len(l.seen) == 0 || now.Sub(l.seen[len(l.seen)-1].At) >= lightSpan
}

// Percent is how bright the light around the board wants it.
func (l *Light) Percent() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.silent(time.Now()) {
		return l.o.Default
	}
	return cmp.Or(l.level.Percent, l.o.Default)
}

// Last is the sensor's last reading; an error says why it does not count.
func (l *Light) Last() (reading float64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil && l.silent(time.Now()) {
		return l.same.Value, sense.ErrHangs
	}
	return l.same.Value, l.err
}
