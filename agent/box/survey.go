package box

import (
	"context"
	"errors"
	"fmt"
	"time"

	"loa/agent/console"
	"loa/agent/survey"
)

// A Wire is a pin besides the amplifier's, as the hardware gives it.
type Wire struct {
	Name, Title string
	Where       string // chip and offset, for people
	Output      bool

	Read  func() (bool, error)                             // nil at outputs
	Pulse func(ctx context.Context, d time.Duration) error // nil at inputs
}

func (t technician) Net(context.Context) survey.Net { return survey.Look(t.b.o.Host) }

// Ping reaches for every broker, one after another.
func (t technician) Ping(ctx context.Context) []survey.Ping {
	conf := t.b.timed(t.b.o.TLS)
	all := make([]survey.Ping, 0, len(t.b.o.Brokers))
	for _, u := range t.b.o.Brokers {
		short, cancel := context.WithTimeout(ctx, 10*time.Second)
		all = append(all, survey.Reach(short, u, conf))
		cancel()
	}
	return all
}

// modem opens the modem, as long as nobody else asks it.
func (t technician) modem(ctx context.Context) (survey.Modem, error) {
	if t.b.o.Modem == nil {
		return nil, console.ErrNoModem
	}
	m, err := t.b.o.Modem(ctx)
	if errors.Is(err, survey.ErrNone) {
		return nil, console.ErrNoModem
	}
	return m, err
}

func (t technician) SIM(ctx context.Context) (survey.SIM, error) {
	m, err := t.modem(ctx)
	if err != nil {
		return survey.SIM{}, err
	}
	defer m.Close()
	return m.SIM(ctx)
}

// listenEvery is how often the modem is asked; it measures about once a second.
const listenEvery = 2 * time.Second

func (t technician) Listen(ctx context.Context, d time.Duration) (survey.Reception, error) {
	m, err := t.modem(ctx)
	if err != nil {
		return survey.Reception{}, err
	}
	defer m.Close()
	return survey.Listen(ctx, m.Signal, d, listenEvery)
}

func (t technician) Wires() []console.Wire {
	all, holds := []console.Wire{}, t.b.holds()
	for _, w := range t.b.o.Wires {
		all = append(all, console.Wire{Name: w.Name, Title: w.Title, Where: w.Where, Output: w.Output, Starts: w.Read != nil && holds[w.Name] != nil})
	}
	return all
}

func (t technician) Read(name string) (bool, error) {
	for _, w := range t.b.o.Wires {
		if w.Name == name && w.Read != nil {
			return w.Read()
		}
	}
	return false, fmt.Errorf("%w: %q", console.ErrNoWire, name)
}

func (t technician) Pulse(ctx context.Context, name string, d time.Duration) error {
	for _, w := range t.b.o.Wires {
		if w.Name == name && w.Pulse != nil {
			return w.Pulse(ctx, d)
		}
	}
	return fmt.Errorf("%w: %q", console.ErrNoWire, name)
}
