package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/authority/index"
	"loa/scripts/authority/rollout"
)

// How often it is looked whether a person has stopped a release, and how far it may go:
// for that all wants and reports of a province are read.
const (
	stopEvery    = 5 * time.Second
	rolloutEvery = 3 * time.Minute
)

// reports is what is known of boxes, an *index.Index.
type reports interface {
	Since(n int64) ([]index.Report, error)
}

// rollOut opens one ring of a release after the other, and stops it when boxes fail,
// until ctx ends. tell is called when the signs of life say something else.
func (a *app) rollOut(ctx context.Context, au *authority.Authority, x reports, tell func(), log *slog.Logger) error {
	tick := time.NewTicker(stopEvery)
	defer tick.Stop()
	told, known := au.Rollout(), newBoxes(x)
	var looked time.Time
	for {
		is := au.Rollout()
		if time.Since(looked) >= rolloutEvery {
			looked = time.Now()
			var err error
			if is, err = a.lookAtRollout(au, known); err != nil {
				log.Error("serve: how far the release is cannot be told", "err", err)
				is = told
			}
		}
		if is != told {
			if is.Stopped != "" && told.Stopped == "" {
				log.Warn("serve: the release is stopped", "version", is.Version, "by", is.Stopped, "percent", is.Percent)
			}
			told = is
			tell()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// lookAtRollout decides anew, and writes down what is different.
func (a *app) lookAtRollout(au *authority.Authority, known *knownBoxes) (is rollout.State, err error) {
	newest, wants, err := au.Release()
	if err != nil || newest.Version == "" {
		return au.Rollout(), err
	}
	boxes, err := known.of(wants)
	if err != nil {
		return is, err
	}
	return au.ChangeRollout(func(s rollout.State) rollout.State {
		return rollout.Next(s, newest, boxes, a.now().UTC().Truncate(time.Second))
	})
}

// knownBoxes is the newest of what boxes have reported of their software.
type knownBoxes struct {
	from  reports
	n     int64
	boxes map[string]rollout.Box
}

func newBoxes(x reports) *knownBoxes {
	return &knownBoxes{from: x, boxes: make(map[string]rollout.Box)}
}

// of is what is known of the boxes that should run a release.
func (k *knownBoxes) of(wants map[string]plan.Firmware) ([]rollout.Box, error) {
	fresh, err := k.from.Since(k.n)
	if err != nil {
		return nil, err
	}
	for _, r := range fresh {
		k.n = max(k.n, r.N)
		body, ok := r.Body.(json.RawMessage)
		if !ok {
			continue
		}
		k.boxes[r.Device] = softwareOf(k.boxes[r.Device], r.Leaf, body, r.Came)
	}
	boxes := make([]rollout.Box, 0, len(wants))
	for _, device := range slices.Sorted(maps.Keys(wants)) {
		b := k.boxes[device]
		b.Device, b.Want = device, wants[device]
		boxes = append(boxes, b)
	}
	return boxes, nil
}

// softwareOf is b after one more of its reports.
func softwareOf(b rollout.Box, leaf string, body []byte, came time.Time) rollout.Box {
	switch leaf {
	case message.LeafState:
		var s message.State
		if json.Unmarshal(body, &s) == nil {
			b.Lost = s.State != "online"
		}
	case message.LeafHave:
		var h message.Have
		if json.Unmarshal(body, &h) == nil && h.Software != nil {
			b.Report, b.Heard = true, came
			b.Runs, b.Wanted, b.Is, b.Code = h.Software.Version, h.Software.Wanted, h.Software.State, h.Software.Code
		}
	}
	return b
}
