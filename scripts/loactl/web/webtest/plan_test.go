package webtest

import (
	"path/filepath"
	"testing"
)

// An officer plans the week by mouse, by keys and without scripts, sees who heard what, and
// signs with a key that is in no browser.
func TestWebPlan(t *testing.T) {
	s, env := opened(t)
	s.File(filepath.Base(s.Dir)+"/web.toml", "url = \"https://loa.example\"\n") // what slips lead to
	s.Loactl("box", "set", Box, "--at", "10.9804,106.6519")
	s.Browse("plan.test.mjs", env...)
}
