package survey

import (
	"context"
	"errors"
	"time"
)

// A Signal is what a modem hears of its cell. Nil: it does not say.
type Signal struct {
	Access string   `json:"access,omitempty"` // LTE, …
	RSSI   *float64 `json:"rssi_dbm,omitempty"`
	RSRP   *float64 `json:"rsrp_dbm,omitempty"`
	RSRQ   *float64 `json:"rsrq_db,omitempty"`
	SINR   *float64 `json:"sinr_db,omitempty"`
}

// A SIM is a modem and the card in it.
type SIM struct {
	Model      string `json:"model,omitempty"`
	IMEI       string `json:"imei,omitempty"`
	State      string `json:"state"` // READY, SIM PIN, …, or "absent"
	ICCID      string `json:"iccid,omitempty"`
	Operator   string `json:"operator,omitempty"`
	Registered string `json:"registered,omitempty"` // home, roaming, searching, denied, no
}

// A Modem answers until it is closed.
type Modem interface {
	SIM(ctx context.Context) (SIM, error)
	Signal(ctx context.Context) (Signal, error)
	Close() error
}

// ErrNone is a box without a modem.
var ErrNone = errors.New("survey: no modem")

// A Spread is what a value did over a while.
type Spread struct {
	Least float64 `json:"min"`
	Mean  float64 `json:"avg"`
	Most  float64 `json:"max"`
	N     int     `json:"n"` // readings
}

func (s *Spread) add(v *float64) {
	if v == nil {
		return
	}
	if s.N == 0 {
		s.Least, s.Most = *v, *v
	}
	s.Least, s.Most = min(s.Least, *v), max(s.Most, *v)
	s.Mean += (*v - s.Mean) / float64(s.N+1)
	s.N++
}

// A Reception is a signal over a while.
type Reception struct {
	Access string  `json:"access,omitempty"`
	RSSI   Spread  `json:"rssi_dbm"`
	RSRP   Spread  `json:"rsrp_dbm"`
	RSRQ   Spread  `json:"rsrq_db"`
	SINR   Spread  `json:"sinr_db"`
	ForS   float64 `json:"for_s"`
	Failed int     `json:"failed,omitempty"` // readings that did not come
}

// Listen reads a signal every so often for d, or until ctx ends. The error is that of a
// modem which never answered.
func Listen(ctx context.Context, read func(context.Context) (Signal, error), d, every time.Duration) (r Reception, err error) {
	began := time.Now()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for n := 0; ; n++ {
		var s Signal
		var failed error
		if s, failed = read(ctx); failed != nil {
			r.Failed++
			err = failed
		} else {
			r.RSSI.add(s.RSSI)
			r.RSRP.add(s.RSRP)
			r.RSRQ.add(s.RSRQ)
			r.SINR.add(s.SINR)
			if s.Access != "" {
				r.Access = s.Access
			}
		}
		r.ForS = time.Since(began).Seconds()
		if n+1 > r.Failed {
			err = nil
		}
		if time.Since(began)+every > d {
			return r, err
		}
		select {
		case <-ctx.Done():
			return r, err
		case <-tick.C:
		}
	}
}
