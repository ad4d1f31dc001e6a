package sense

import (
	"context"
	"errors"
	"time"
)

// ErrHangs is why there is no reading when the last one has not come back.
var ErrHangs = errors.New("it does not answer, and does not fail either: its bus hangs")

// Poll reads at once and then every so often until ctx ends, and takes what was read
// or why nothing was. A reading that is not there when the next is due has failed, at
// that tick and at every one until it ends; what it says then is of another time and
// is dropped. There is never more than one: a bus that hangs gets no second reader.
func Poll[T any](ctx context.Context, every time.Duration, read func() (T, error), take func(T, error)) {
	type answer struct {
		value T
		err   error
	}
	answers := make(chan answer, 1) // the last may come after ctx has ended
	ask := func() {
		value, err := read()
		answers <- answer{value, err}
	}
	go ask() // ends with the reading, of which there is one
	asked, late := true, false
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case a := <-answers:
			if !late {
				take(a.value, a.err)
			}
			asked, late = false, false
		case <-tick.C:
			if asked {
				late = true
				var none T
				take(none, ErrHangs)
				continue
			}
			asked = true
			go ask() // as above
		}
	}
}
