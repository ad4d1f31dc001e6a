package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"loa/agent/ahead"
	"loa/agent/plan"
	"loa/agent/schedule"
	"loa/scripts/loactl/web/desk"
)

// What people upload becomes a recording as boxes play it, without the silence at its
// ends; what is none, or names other files, is refused.
func TestUploads(t *testing.T) {
	tools := makingTools(t)
	// A second of silence, one of sound, one of silence, as Opus in WebM: what a browser records.
	var webm bytes.Buffer
	cmd := exec.Command("ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", "aevalsrc='0.2*sin(880*t)*between(t,1,2)':d=3:s=48000", "-c:a", "libopus", "-f", "webm", "-")
	cmd.Stdout = &webm
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	rec, err := tools.Record(t.Context(), "vi", &webm)
	if err != nil {
		t.Fatal(err)
	}
	if rec.Audio.DurationMS < 1000 || rec.Audio.DurationMS > 1800 {
		t.Errorf("%d ms are left of one second of sound", rec.Audio.DurationMS)
	}
	if hasEncoder() && (rec.Audio.Type != "audio/mpeg" || rec.LUFS < -18 || rec.LUFS > -14) {
		t.Errorf("%s at %.1f LUFS", rec.Audio.Type, rec.LUFS)
	}
	if _, err := os.Stat(tools.au.MediaDir() + "/" + rec.Audio.SHA256); err != nil {
		t.Error(err)
	}
	secret := filepath.Join(t.TempDir(), "secret.mp3")
	if err := os.WriteFile(secret, []byte("none of yours"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]string{
		"nothing": "", "a text": "không phải âm thanh", "a playlist": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n" + secret + "\n#EXT-X-ENDLIST\n",
		"a list of files": "ffconcat version 1.0\nfile " + secret + "\n", "a page": "<html><script>alert(1)</script></html>",
	} {
		var told *desk.Told
		if _, err := tools.Record(t.Context(), "vi", strings.NewReader(data)); !errors.As(err, &told) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Who is about to speak at an hour at which nothing sounds is told before, for the reason
// that a box would give.
func TestTalkAhead(t *testing.T) {
	w := newWorld(t).sample()
	a := &app{ctx: context.Background(), lang: "vi", dir: w.env["LOA_AUTHORITY"], env: func(k string) string { return w.env[k] }, now: w.now, out: &w.out, err: &w.err}
	au, err := a.open()
	if err != nil {
		t.Fatal(err)
	}
	day := w.now().In(vietnam).AddDate(0, 0, 1)
	for hour, want := range map[int]plan.Code{9: "", 23: plan.QuietHours, 3: plan.QuietHours} {
		now := time.Date(day.Year(), day.Month(), day.Day(), hour, 0, 0, 0, vietnam)
		a.now = func() time.Time { return now }
		act := plan.Act{Head: plan.Head{Kind: plan.KindLive, Place: "26734", ID: "live", Issued: now}, Until: now.Add(2 * time.Minute), ForS: 300}
		lines, err := deskTools{a: a, au: au}.Ahead(plan.Head{Place: "26734"}, 1, act)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(lines, func(l ahead.Line) bool { return l.Occurrence.ID == schedule.ActID(&act.Head) })
		if i < 0 {
			t.Errorf("at %d nothing is said of it: %+v", hour, lines)
			continue
		}
		if l := lines[i]; l.Code != want || l.Sounds != (want == "") || want != "" && (l.Why == "" || l.VI == "") {
			t.Errorf("at %d: %q %q %v", hour, l.Code, l.VI, l.Sounds)
		}
	}
}
