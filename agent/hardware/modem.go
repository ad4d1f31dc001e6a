package hardware

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"loa/agent/config"
	"loa/agent/survey"
	"loa/boards"
	"loa/drivers/modem"
	"loa/drivers/tty"
)

// asked is what both kinds of modem answer.
type asked interface {
	Info(context.Context) (modem.Info, error)
	Signal(context.Context) (modem.Signal, error)
	Messages(context.Context) ([]modem.SMS, error)
	Delete(ctx context.Context, id string) error
	Send(ctx context.Context, to, text string) error
	Close() error
}

// modemOf opens the modem at the board's port, or else whatever ModemManager has.
func modemOf(m boards.Modem, o Opts) func(context.Context) (asked, error) {
	if m.TTY == "" {
		var mu sync.Mutex
		var managed *modem.Manager // one, which remembers what it saw
		return func(context.Context) (asked, error) {
			mu.Lock()
			defer mu.Unlock()
			if managed == nil {
				var err error
				if managed, err = modem.Managed(); err != nil {
					return nil, survey.ErrNone
				}
			}
			return managed, nil
		}
	}
	path := config.Move(o.Root, m.TTY)
	turn := make(chan struct{}, 1) // a technician and the reader of messages have one port
	return func(ctx context.Context) (asked, error) {
		if err := o.free("modem.tty"); err != nil {
			return nil, err
		}
		select {
		case turn <- struct{}{}:
		case <-ctx.Done():
			return nil, fmt.Errorf("%s: somebody else asks the modem: %w", path, ctx.Err())
		}
		port, err := tty.Open(path, m.Baud)
		if err != nil {
			<-turn
			return nil, err
		}
		at, err := modem.New(ctx, port)
		if err != nil {
			<-turn
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return aPort{at, turn}, nil
	}
}

// aPort lets the next one have it when it is closed.
type aPort struct {
	*modem.Modem
	turn chan struct{}
}

func (s aPort) Close() error {
	defer func() { <-s.turn }()
	return s.Modem.Close()
}

// surveyed is a modem for a technician's questions.
func surveyed(open func(context.Context) (asked, error)) func(context.Context) (survey.Modem, error) {
	return func(ctx context.Context) (survey.Modem, error) {
		m, err := open(ctx)
		if err != nil {
			return nil, err
		}
		return mobile{m}, nil
	}
}

// askEvery is how often is asked whether messages can come at all.
const askEvery = time.Minute

// messages hands on what has come by SMS and lets go of what was taken. That none can come,
// because the card is locked or no network wants it, is an error.
func messages(open func(context.Context) (asked, error)) func(context.Context, func(from, text string, sent time.Time) bool) error {
	var at time.Time
	var deaf error
	return func(ctx context.Context, take func(from, text string, sent time.Time) bool) error {
		m, err := open(ctx)
		if err != nil {
			return err
		}
		defer m.Close()
		all, err := m.Messages(ctx)
		for _, s := range all {
			if take(s.From, s.Text, s.Sent) {
				err = errors.Join(err, m.Delete(ctx, s.ID))
			}
		}
		if err == nil && (at.IsZero() || time.Since(at) >= askEvery) {
			at = time.Now()
			deaf = reached(ctx, m)
		}
		return errors.Join(err, deaf)
	}
}

// reached says why no message can come; nil: one can.
func reached(ctx context.Context, m asked) error {
	i, err := m.Info(ctx)
	switch {
	case err != nil:
		return err
	case i.SIM != "READY":
		return fmt.Errorf("no SMS can come: the SIM card is %s", i.SIM)
	case i.Registered != "home" && i.Registered != "roaming":
		return fmt.Errorf("no SMS can come: the modem is in no network (%s)", i.Registered)
	}
	return nil
}

// answers sends an SMS.
func answers(open func(context.Context) (asked, error)) func(ctx context.Context, to, text string) error {
	return func(ctx context.Context, to, text string) error {
		m, err := open(ctx)
		if err != nil {
			return err
		}
		defer m.Close()
		return m.Send(ctx, to, text)
	}
}

// mobile is a modem in the words of a survey.
type mobile struct{ asked }

func (m mobile) SIM(ctx context.Context) (survey.SIM, error) {
	i, err := m.Info(ctx)
	return survey.SIM{Model: i.Model, IMEI: i.IMEI, State: i.SIM, ICCID: i.ICCID, Operator: i.Operator, Registered: i.Registered}, err
}

func (m mobile) Signal(ctx context.Context) (survey.Signal, error) {
	s, err := m.asked.Signal(ctx)
	return survey.Signal{Access: s.Access, RSSI: s.RSSI, RSRP: s.RSRP, RSRQ: s.RSRQ, SINR: s.SINR}, err
}
