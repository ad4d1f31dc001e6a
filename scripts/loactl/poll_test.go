package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestPolls(t *testing.T) {
	w := newWorld(t).sample()
	w.file("authority/web.toml", "url = \"https://loa.example\"\n")
	draft := w.must("poll", "new", "cho-moi", "--place", "26734")
	if code := w.run("poll", "open", w.file("p.toml", draft)); code != exitOK {
		t.Fatalf("what new prints cannot be opened: %s\n%s", w.err.String(), draft)
	}
	w.fails(exitFailed, "there already is a poll cho-moi", "poll", "open", filepath.Join(w.dir, "p.toml"))
	w.fails(exitFailed, "there is no poll x", "poll", "result", "x")
	w.fails(exitFailed, "place 9", "poll", "open", w.file("q.toml", strings.NewReplacer("cho-moi", "b", "26734", "9").Replace(draft)))
	w.fails(exitFailed, "no channel of short messages", "poll", "open", w.file("r.toml", strings.NewReplacer("cho-moi", "c", `"slip"`, `"phone"`).Replace(draft)))
	w.fails(exitUsage, "--count", "poll", "slips", "cho-moi")

	sheet := filepath.Join(w.dir, "slips.html")
	w.must("poll", "slips", "cho-moi", "--count", "3", "--out", sheet)
	page, err := os.ReadFile(sheet)
	if err != nil {
		t.Fatal(err)
	}
	codes := regexp.MustCompile(`<code>([a-z2-7]{4}(-[a-z2-7]{4}){3})</code>`).FindAllString(string(page), -1)
	if len(codes) != 3 || codes[0] == codes[1] || strings.Count(string(page), "<svg") != 3 || !strings.Contains(string(page), "https://loa.example/poll/cho-moi") {
		t.Errorf("the sheet has %q", codes)
	}
	w.fails(exitFailed, "exist", "poll", "slips", "cho-moi", "--count", "3", "--out", sheet)
	var r struct {
		Given, Answers int
		VI             string
	}
	if w.json(&r, "poll", "result", "cho-moi"); r.Given != 3 || r.Answers != 0 || !strings.Contains(r.VI, "không chứng minh") {
		t.Errorf("%+v", r)
	}
	if out := w.must("poll", "result", "cho-moi"); !strings.Contains(out, "does not prove who has answered") || !strings.Contains(out, "not over yet") {
		t.Error(out)
	}
	w.must("poll", "close", "cho-moi")
	if out := w.must("poll", "list"); !strings.Contains(out, "over") {
		t.Error(out)
	}
	w.fails(exitFailed, "poll cho-moi is over", "poll", "slips", "cho-moi", "--count", "1", "--out", filepath.Join(w.dir, "more.html"))
	if _, err := os.Stat(filepath.Join(w.dir, "more.html")); err == nil {
		t.Error("an empty sheet is left")
	}
}
