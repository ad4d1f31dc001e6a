package hardware

import (
	"context"
	"fmt"

	"loa/agent/config"
	"loa/agent/survey"
	"loa/boards"
	"loa/drivers/modem"
	"loa/drivers/tty"
)

// modemOf opens the modem at the board's port, or else whatever ModemManager has.
func modemOf(m boards.Modem, o Opts) func(context.Context) (survey.Modem, error) {
	if m.TTY == "" {
		return func(context.Context) (survey.Modem, error) {
			managed, err := modem.Managed()
			if err != nil {
				return nil, survey.ErrNone
			}
			return mobile{managed}, nil
		}
	}
	path := config.Move(o.Root, m.TTY)
	return func(ctx context.Context) (survey.Modem, error) {
		port, err := tty.Open(path, m.Baud)
		if err != nil {
			return nil, err
		}
		at, err := modem.New(ctx, port)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return mobile{at}, nil
	}
}

// asked is what both kinds of modem answer.
type asked interface {
	Info(context.Context) (modem.Info, error)
	Signal(context.Context) (modem.Signal, error)
	Close() error
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
