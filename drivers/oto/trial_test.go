package oto

import (
	"testing"

	"loa/agent/speaker/speakertest"
	"loa/drivers/oto/ototest"
)

func TestTrial(t *testing.T) {
	card := ototest.New(t, ototest.Opts{PPM: 80})
	speakertest.RunSink(t, func() (*Sink, error) {
		return Open(Opts{Command: sinkCommand, Buffer: buffer, Env: []string{"ALSA_CONFIG_PATH=" + card.Config}})
	})
}
