package ledger

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The phrases are those that the box writes: one that was changed there would be
// read in English again.
func TestPhrasesAreWritten(t *testing.T) {
	files, err := filepath.Glob("../station/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	var source strings.Builder
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		source.Write(text)
	}
	for phrase := range phrases {
		if !strings.Contains(source.String(), `"`+phrase+`"`) {
			t.Errorf("nobody writes %q", phrase)
		}
	}
	if s := (Entry{Detail: "all clear"}).Says(); s.VI != "hết báo động" || s.EN != "all clear" {
		t.Errorf("%+v", s)
	}
	if s := (Entry{Detail: "volume 30"}).Says(); s.VI != "volume 30" {
		t.Errorf("%+v", s)
	}
}
