package webtest

import (
	"net"
	"testing"
	"time"
)

// opened is a stage with a desk, in a commune that may be spoken to at any hour; env is
// for its scripts.
func opened(t *testing.T) (s *Stage, env []string) {
	at := free(t)
	_, port, err := net.SplitHostPort(at)
	if err != nil {
		t.Fatal(err)
	}
	s = Start(t, "--desk", port)
	until := time.Now().Add(24 * time.Hour).UTC().Format(time.RFC3339)
	s.Loactl("policy", "sign", s.File("quiet.toml", "id = \"quiet\"\nplace = \""+Commune+"\"\nzone = \"+07:00\"\nquiet_hours = []\nvalid_until = "+until+"\n"), "--as", Commune+"-1,"+Commune+"-2", "--send")
	return s, []string{"LOA_DESK=https://localhost:" + port, "LOA_BIN=" + s.bin, "LOA_BOX=" + Box, "LOA_TONE=" + s.Tone("tone.wav", 4)}
}

// From a bulletin through a resident's report to the answer that a box says.
func TestWebChain(t *testing.T) {
	s, env := opened(t)
	for _, size := range []string{"phone", "desk"} {
		s.Browse("chain.test.mjs", append(env, "LOA_SIZE="+size)...)
	}
}

// What goes wrong around whoever writes, signs or reads loses nothing.
func TestWebStays(t *testing.T) {
	s, env := opened(t)
	s.Browse("stay.test.mjs", env...)
	s.Browse("worker.test.mjs")
}
