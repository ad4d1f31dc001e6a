package webtest

import (
	"net"
	"path/filepath"
	"testing"
	"time"
)

// An officer plans the week by mouse, by keys and without scripts, sees who heard what, and
// signs with a key that is in no browser.
func TestWebPlan(t *testing.T) {
	at := free(t)
	_, port, err := net.SplitHostPort(at)
	if err != nil {
		t.Fatal(err)
	}
	s := Start(t, "--desk", port)
	until := time.Now().Add(24 * time.Hour).UTC().Format(time.RFC3339)
	s.Loactl("policy", "sign", s.File("quiet.toml", "id = \"quiet\"\nplace = \""+Commune+"\"\nzone = \"+07:00\"\nquiet_hours = []\nvalid_until = "+until+"\n"), "--as", Commune+"-1,"+Commune+"-2", "--send")
	s.File(filepath.Base(s.Dir)+"/web.toml", "url = \"https://loa.example\"\n") // what slips lead to
	s.Loactl("box", "set", Box, "--at", "10.9804,106.6519")
	s.Browse("plan.test.mjs", "LOA_DESK=https://localhost:"+port, "LOA_BIN="+s.bin, "LOA_TONE="+s.Tone("tone.wav", 4))
}
