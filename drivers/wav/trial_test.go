package wav

import (
	"path/filepath"
	"testing"

	"loa/agent/speaker/speakertest"
)

func TestTrial(t *testing.T) {
	speakertest.RunSink(t, func() (*Sink, error) {
		return Open(Opts{Path: filepath.Join(t.TempDir(), "heard.wav")})
	})
}
