package gpioline

import (
	"errors"
	"path/filepath"
	"testing"

	"loa/agent/speaker/speakertest"
)

func TestTrial(t *testing.T) {
	speakertest.RunAmp(t, func() (a *Amp, power func() bool, err error) {
		path := filepath.Join(t.TempDir(), "amp.line")
		left, err := openEmulated(path)
		if err != nil {
			return nil, nil, err
		}
		if err := errors.Join(left.set(true), left.close()); err != nil {
			return nil, nil, err
		}
		well := make(chan error, 10)
		a, _ = run(t, Opts{Line: Line{Emulated: path}, Report: func(err error) { well <- err }})
		power = func() bool {
			edges, err := Edges(path)
			if err != nil || len(edges) == 0 {
				t.Fatalf("edges %v, %v", edges, err)
			}
			return edges[len(edges)-1].On
		}
		return a, power, <-well
	})
}
