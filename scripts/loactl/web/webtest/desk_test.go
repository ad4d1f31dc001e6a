package webtest

import (
	"net"
	"testing"
	"time"
)

// Two people make and approve a bulletin in their browsers, and a box says it.
func TestWebDesk(t *testing.T) {
	at := free(t)
	_, port, err := net.SplitHostPort(at)
	if err != nil {
		t.Fatal(err)
	}
	s := Start(t, "--desk", port)
	until := time.Now().Add(24 * time.Hour).UTC().Format(time.RFC3339)
	s.Loactl("policy", "sign", s.File("quiet.toml", "id = \"quiet\"\nplace = \""+Commune+"\"\nzone = \"+07:00\"\nquiet_hours = []\nvalid_until = "+until+"\n"), "--as", Commune+"-1,"+Commune+"-2", "--send")
	env := []string{"LOA_DESK=https://localhost:" + port, "LOA_BIN=" + s.bin, "LOA_TONE=" + s.Tone("tone.wav", 4)}
	s.Browse("desk.test.mjs", append(env, "LOA_SIZE=phone")...)
	s.Browse("desk.test.mjs", append(env, "LOA_SIZE=desk")...)
	s.Browse("officers.test.mjs", env...)
	s.Browse("making.test.mjs", env...)
}
