package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// A rig is the directories of a box, and a root that writes down what it does.
type rig struct {
	t    *testing.T
	dir  string
	root Server
	did  []string
	fail error
}

func newRig(t *testing.T) *rig {
	r := &rig{t: t, dir: t.TempDir()}
	for _, d := range []string{drafts, asks, answers, "seen"} {
		if err := os.Mkdir(filepath.Join(r.dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	do := func(what string) error {
		r.did = append(r.did, what)
		return r.fail
	}
	r.root = Server{
		Dir: r.dir, Seen: filepath.Join(r.dir, "seen"), Log: slog.New(slog.DiscardHandler),
		Machine: Machine{
			Reboot: func(reason string) error { return do("reboot " + reason) },
			Time: func(t time.Time, rtc string) error {
				return do("time " + t.UTC().Round(10*time.Second).Format("2006-01-02T15:04:05") + rtc)
			},
			Network: func(d []byte) error { return do("network " + string(d)) },
		},
	}
	return r
}

// serve lets root look, as the path unit does while there is something.
func (r *rig) serve() {
	r.t.Helper()
	for range 10 {
		if err := r.root.Serve(); err != nil {
			r.t.Fatal(err)
		}
	}
}

// asked is what one call of the client came to, with root awake.
func (r *rig) asked(f func(context.Context, *Client) error) (err error) {
	synctest.Test(r.t, func(t *testing.T) {
		done := make(chan error, 1)
		go func() { done <- f(t.Context(), NewClient(r.dir)) }()
		for {
			synctest.Wait()
			select {
			case err = <-done:
				return
			default:
			}
			r.serve()
			time.Sleep(answerEvery)
		}
	})
	return err
}

// put lays a request of this boot under its name, as an agent that was taken over can;
// the edit is by key.
func (r *rig) put(edit map[string]any) (id string) {
	r.t.Helper()
	now, up, err := boot()
	if err != nil {
		r.t.Fatal(err)
	}
	id = strings.Repeat("A", 26)
	q := map[string]any{"id": id, "boot": now, "uptime_ms": up.Milliseconds(), "verb": "reboot", "args": map[string]any{"reason": "x"}}
	for k, v := range edit {
		q[k] = v
	}
	data, err := json.Marshal(q)
	if err != nil {
		r.t.Fatal(err)
	}
	r.write(id+suffix, data)
	return id
}

func (r *rig) write(name string, data []byte) {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, asks, name), data, 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// empty says that nothing is left that the path unit would start root for again.
func (r *rig) empty() {
	r.t.Helper()
	left, err := os.ReadDir(filepath.Join(r.dir, asks))
	if err != nil || len(left) > 0 {
		r.t.Errorf("root left %v, %v", left, err)
	}
}

// told is the answer to id.
func (r *rig) told(id string) string {
	r.t.Helper()
	data, err := os.ReadFile(filepath.Join(r.dir, answers, id+suffix))
	var a answer
	if err := errors.Join(err, json.Unmarshal(data, &a)); err != nil {
		r.t.Fatal(err)
	}
	return a.Error
}

func TestVerbs(t *testing.T) {
	r := newRig(t)
	at := time.Date(2026, 11, 27, 4, 0, 0, 0, time.UTC)
	for _, f := range []func(context.Context, *Client) error{
		func(ctx context.Context, c *Client) error { return c.Reboot(ctx, "kỹ thuật viên") },
		func(ctx context.Context, c *Client) error { return c.SetTime(ctx, at, "/dev/rtc1") },
		func(ctx context.Context, c *Client) error {
			return c.SetNetwork(ctx, map[string]string{"apn": "v-internet"})
		},
	} {
		if err := r.asked(f); err != nil {
			t.Error(err)
		}
	}
	want := []string{"reboot kỹ thuật viên", "time 2026-11-27T04:00:00/dev/rtc1", `network {"apn":"v-internet"}`}
	if fmt.Sprint(r.did) != fmt.Sprint(want) {
		t.Errorf("did %q, want %q", r.did, want)
	}
	for _, d := range []string{drafts, asks, answers} {
		if left, _ := os.ReadDir(filepath.Join(r.dir, d)); len(left) > 0 {
			t.Errorf("%s is left in %s", left, d)
		}
	}
}

func TestFailureIsTold(t *testing.T) {
	r := newRig(t)
	r.fail = errors.New("no such device")
	if err := r.asked(func(ctx context.Context, c *Client) error { return c.Reboot(ctx, "x") }); err == nil || !strings.Contains(err.Error(), "no such device") {
		t.Errorf("told %v", err)
	}
	r.root.Machine.Network = nil
	if err := r.asked(func(ctx context.Context, c *Client) error { return c.SetNetwork(ctx, 1) }); err == nil {
		t.Error("a network was set by nobody")
	}
}

// Whoever gives up before root looked has asked for nothing.
func TestNobodyThere(t *testing.T) {
	r := newRig(t)
	synctest.Test(t, func(t *testing.T) {
		if err := NewClient(r.dir).Reboot(t.Context(), "x"); !errors.Is(err, errNobody) {
			t.Errorf("told %v", err)
		}
	})
	r.serve()
	if len(r.did) > 0 {
		t.Errorf("did %q for nobody", r.did)
	}
	if err := NewClient(filepath.Join(r.dir, "none")).Reboot(t.Context(), "x"); err == nil {
		t.Error("asked where there is no box")
	}
}

// What an agent that was taken over may leave in its directory: root does nothing, says
// why if it is asked by name, and takes it away.
func TestHostileRequests(t *testing.T) {
	now, up, err := boot()
	if err != nil {
		t.Fatal(err)
	}
	id := strings.Repeat("A", 26)
	for name, tt := range map[string]struct {
		put  func(r *rig)
		want string // in the answer; empty: nobody is told
	}{
		"unknown verb": {func(r *rig) { r.put(map[string]any{"verb": "exec"}) }, `nobody does "exec"`},
		"unknown key":  {func(r *rig) { r.put(map[string]any{"uid": 0}) }, "no request"},
		"unknown arg":  {func(r *rig) { r.put(map[string]any{"args": map[string]any{"reason": "x", "force": true}}) }, "unknown field"},
		"no args":      {func(r *rig) { r.put(map[string]any{"args": nil}) }, "reason"},
		"long reason":  {func(r *rig) { r.put(map[string]any{"args": map[string]any{"reason": strings.Repeat("x", 201)}}) }, "reason"},
		"two lines":    {func(r *rig) { r.put(map[string]any{"args": map[string]any{"reason": "a\nb"}}) }, "reason"},
		"1970":         {func(r *rig) { r.put(map[string]any{"verb": "time", "args": map[string]any{"unix_ms": 1}}) }, "no time"},
		"no clock": {func(r *rig) {
			r.put(map[string]any{"verb": "time", "args": map[string]any{"unix_ms": 1795752000000, "rtc": "/dev/sda"}})
		}, "battery clock"},
		"another's name":  {func(r *rig) { r.put(map[string]any{"id": strings.Repeat("B", 26)}) }, "another's name"},
		"before the boot": {func(r *rig) { r.put(map[string]any{"boot": "0" + now[1:] + "x"}) }, "last boot"},
		"long ago":        {func(r *rig) { r.put(map[string]any{"uptime_ms": (up - time.Minute).Milliseconds()}) }, "just now"},
		"from tomorrow":   {func(r *rig) { r.put(map[string]any{"uptime_ms": (up + 24*time.Hour).Milliseconds()}) }, "just now"},
		"before time":     {func(r *rig) { r.put(map[string]any{"uptime_ms": -1 << 62}) }, "just now"},
		"half written":    {func(r *rig) { r.write(id+suffix, []byte(`{"id":"`+id+`","verb":"reb`)) }, "no request"},
		"empty":           {func(r *rig) { r.write(id+suffix, nil) }, "no request"},
		"two in one":      {func(r *rig) { r.write(id+suffix, []byte(`{} {}`)) }, "no request"},
		"huge":            {func(r *rig) { r.write(id+suffix, make([]byte, 64<<20)) }, "more than 4096 bytes"},
		"other name":      {func(r *rig) { r.write("x.json", []byte("{}")) }, ""},
		"hidden":          {func(r *rig) { r.write(".x", nil) }, ""},
		"symlink": {func(r *rig) {
			secret := filepath.Join(r.dir, "secret")
			r.put(nil)
			os.Rename(filepath.Join(r.dir, asks, id+suffix), secret)
			os.Symlink(secret, filepath.Join(r.dir, asks, id+suffix))
		}, "cannot open"},
		"hard link": {func(r *rig) {
			r.put(nil)
			os.Link(filepath.Join(r.dir, asks, id+suffix), filepath.Join(r.dir, "other"))
		}, "somebody else's"},
		"pipe":      {func(r *rig) { syscall.Mkfifo(filepath.Join(r.dir, asks, id+suffix), 0o600) }, "no file"},
		"directory": {func(r *rig) { os.Mkdir(filepath.Join(r.dir, asks, id+suffix), 0o700) }, "no file"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			tt.put(r)
			r.serve()
			if len(r.did) > 0 {
				t.Errorf("did %q", r.did)
			}
			r.empty()
			if tt.want == "" {
				if left, _ := os.ReadDir(filepath.Join(r.dir, answers)); len(left) > 0 {
					t.Errorf("told %v", left)
				}
			} else if got := r.told(id); !strings.Contains(got, tt.want) {
				t.Errorf("told %q, want %q in it", got, tt.want)
			}
		})
	}
}

// A request that is laid there again, with or without its answer, does nothing more.
func TestReplay(t *testing.T) {
	r := newRig(t)
	for range 3 {
		id := r.put(nil)
		r.serve()
		os.Remove(filepath.Join(r.dir, answers, id+suffix))
	}
	if len(r.did) != 1 {
		t.Errorf("did %q, want it once", r.did)
	}
	r.empty()
}

// The clock is set to what it is by then, not to what it was when somebody asked.
func TestTimeGoesOn(t *testing.T) {
	r := newRig(t)
	_, up, err := boot()
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 27, 4, 0, 0, 0, time.UTC)
	id := r.put(map[string]any{"verb": "time", "uptime_ms": (up - 10*time.Second).Milliseconds(), "args": map[string]any{"unix_ms": at.UnixMilli()}})
	r.serve()
	if len(r.did) != 1 || !strings.HasPrefix(r.did[0], "time 2026-11-27T04:00:10") {
		t.Errorf("did %q: %s", r.did, r.told(id))
	}
}

// A directory that was replaced by a link to another leads root nowhere.
func TestLinkedDirectory(t *testing.T) {
	for _, d := range []string{asks, answers} {
		r := newRig(t)
		r.put(nil)
		os.Rename(filepath.Join(r.dir, d), filepath.Join(r.dir, "x"))
		os.Symlink(filepath.Join(r.dir, "x"), filepath.Join(r.dir, d))
		if err := r.root.Serve(); err == nil || len(r.did) > 0 {
			t.Errorf("%s: %v, did %q", d, err, r.did)
		}
		if d == answers {
			r.empty() // or systemd would start root for it again, and again
		}
	}
}

// A directory that somebody has deleted is there again with the next question.
func TestDeletedDirectories(t *testing.T) {
	for _, d := range []string{drafts, asks, answers} {
		r := newRig(t)
		r.put(nil)
		if err := os.RemoveAll(filepath.Join(r.dir, d)); err != nil {
			t.Fatal(err)
		}
		if err := r.root.Serve(); err == nil && d != drafts {
			t.Errorf("without %s nothing is said", d)
		}
		r.did = nil
		if err := r.asked(func(ctx context.Context, c *Client) error { return c.Reboot(ctx, "kỹ thuật viên") }); err != nil || len(r.did) != 1 {
			t.Errorf("%s was deleted: %v, did %q", d, err, r.did)
		}
	}
}

// A flood is done in turns, and each of them is short.
func TestFlood(t *testing.T) {
	r := newRig(t)
	for i := range 100 {
		r.write(fmt.Sprintf("%d.json", i), nil)
	}
	r.serve()
	r.empty()
}
