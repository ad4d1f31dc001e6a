package settings

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/config"
	"loa/agent/store/powertest"
)

const first = "# by hand\ndevice = \"d-1\"\nlang = \"vi\"\n"

// keeper is a Keeper of a box whose file says text.
func keeper(t *testing.T, dir, text string) *Keeper {
	t.Helper()
	file := filepath.Join(dir, "agent.toml")
	if text != "" {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return again(t, dir)
}

// again is the Keeper after a new start of the agent.
func again(t *testing.T, dir string) *Keeper {
	t.Helper()
	k := New(Opts{File: filepath.Join(dir, "agent.toml"), Check: func(c config.Config) error {
		if c.Board == "nowhere" {
			return errors.New("board: there is no board nowhere")
		}
		return nil
	}})
	if _, err := k.Load(); err != nil {
		t.Fatal(err)
	}
	return k
}

func set(key string, words ...string) func(config.Config) (config.Config, error) {
	return func(c config.Config) (config.Config, error) { return c.With(key, words...) }
}

func lang(t *testing.T, k *Keeper) string {
	t.Helper()
	c, err := k.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c.Lang
}

func TestCommit(t *testing.T) {
	dir := t.TempDir()
	k := keeper(t, dir, first)
	me := &Seat{Name: "me"}
	if err := k.Commit(me); !errors.Is(err, ErrUnchanged) {
		t.Errorf("a commit of nothing: %v", err)
	}
	if err := k.Edit(me, set("lang", "en")); err != nil {
		t.Fatal(err)
	}
	if lang(t, k) != "vi" {
		t.Error("a candidate is in force")
	}
	if err := k.Commit(me); err != nil || lang(t, k) != "en" || lang(t, again(t, dir)) != "en" {
		t.Errorf("%v, %s", err, lang(t, k))
	}
	select {
	case <-k.Changed():
	default:
		t.Error("nobody is told")
	}
	// What was written by hand comes back with what stood in it.
	if err := k.Rollback(me, 1); err != nil || k.Commit(me) != nil || lang(t, again(t, dir)) != "vi" {
		t.Error(err)
	}
	old, err := os.ReadFile(filepath.Join(dir, "settings-before", "000001.toml"))
	if err != nil || string(old) != first {
		t.Errorf("%q, %v", old, err)
	}
	for _, n := range []int{-1, 3} {
		if err := k.Rollback(me, n); !errors.Is(err, ErrNotThere) {
			t.Errorf("rollback %d: %v", n, err)
		}
	}
}

func TestFilesOfBeforeAreFew(t *testing.T) {
	dir := t.TempDir()
	k := keeper(t, dir, first)
	me := &Seat{}
	for i := range Kept + 5 {
		if err := errors.Join(k.Edit(me, set("media_mb", string(rune('1'+i%9)))), k.Commit(me)); err != nil {
			t.Fatal(i, err)
		}
	}
	all := k.Before()
	defer func() {
		if err := k.Forget(); err != nil || len(k.Before()) > 0 {
			t.Error("they are not forgotten", err)
		}
	}()
	if len(all) != Kept || all[0].Config.MediaMB != 5 || all[Kept-1].Config.MediaMB != 5 {
		t.Errorf("%d, from %d to %d", len(all), all[0].Config.MediaMB, all[len(all)-1].Config.MediaMB)
	}
}

// A box that goes to somebody else takes no secret along, not even one that is on trial.
func TestForgetSecrets(t *testing.T) {
	dir := t.TempDir()
	k := keeper(t, dir, first)
	me := &Seat{Name: "me"}
	for _, kv := range [][2]string{{"network.apn", "v-internet"}, {"network.apn_password", "hunter22"}, {"network.pin", "4321"}} {
		if err := k.Edit(me, set(kv[0], kv[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(k.Commit(me), k.Edit(me, set("network.pin", "8765"))); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Try(me, time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := k.ForgetSecrets(); err != nil {
		t.Fatal(err)
	}
	if _, trial := k.Trial(); trial || k.Running().Network.Secret() || k.Running().Network.APN != "v-internet" {
		t.Errorf("in force is %+v", k.Running().Network)
	}
	filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		text, _ := os.ReadFile(name)
		for _, secret := range []string{"hunter22", "4321", "8765"} {
			if strings.Contains(string(text), secret) {
				t.Errorf("%s holds %s", name, secret)
			}
		}
		return err
	})
	if c := again(t, dir).Kept(); c.Network.Secret() || c.Device != k.Kept().Device {
		t.Errorf("the file holds %+v", c)
	}
}

// A trial ends by its time, by the end of the agent, or by a commit.
func TestTrial(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		k := keeper(t, dir, first)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go k.Run(ctx)
		me := &Seat{Name: "me"}
		try := func() {
			t.Helper()
			if err := k.Edit(me, set("lang", "en")); err != nil {
				t.Fatal(err)
			}
			if _, err := k.Try(me, 10*time.Minute); err != nil || lang(t, k) != "en" {
				t.Fatalf("tried: %v, %s", err, lang(t, k))
			}
		}
		try()
		if lang(t, again(t, dir)) != "vi" {
			t.Error("a trial outlives the agent")
		}
		time.Sleep(9 * time.Minute)
		if lang(t, k) != "en" {
			t.Error("over before its time")
		}
		time.Sleep(2 * time.Minute)
		if lang(t, k) != "vi" || k.Ended() == "" || k.Ended() != "" {
			t.Error("it goes on after its time, or nobody is told why it ended")
		}
		try()
		if err := k.Commit(me); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if lang(t, k) != "en" || lang(t, again(t, dir)) != "en" || k.Ended() != "" {
			t.Error("a commit was not kept")
		}
		if err := errors.Join(k.Edit(me, set("lang", "vi")), ignore(k.Try(me, time.Minute))); err != nil || lang(t, k) != "vi" {
			t.Error(err)
		}
		if err := k.Rollback(me, 0); err != nil || lang(t, k) != "en" {
			t.Error("rollback 0 does not end a trial", err)
		}
		try2 := k.Edit(me, set("lang", "vi"))
		if _, err := k.Try(me, time.Minute); err != nil || try2 != nil || !k.Abandon(errors.New("no CA")) || lang(t, k) != "en" || k.Abandon(nil) {
			t.Error("settings that do not work stay", err)
		}
	})
}

func ignore(_ time.Time, err error) error { return err }

func TestWhatCannotBeIsNotInForce(t *testing.T) {
	k := keeper(t, t.TempDir(), first)
	me := &Seat{}
	for _, c := range [][]string{{"board", "nowhere"}, {"network.address", "10.0.0.2/8"}, {"lang", "fr"}} {
		if err := k.Edit(me, set(c[0], c[1:]...)); err != nil {
			t.Fatal(err)
		}
		_, tried := k.Try(me, time.Minute)
		if err := k.Commit(me); err == nil || tried == nil || k.Check() == nil || !strings.Contains(err.Error(), "board: ") && !strings.Contains(err.Error(), "lang: ") && !strings.Contains(err.Error(), "network.dns: ") {
			t.Errorf("%q: %v, %v", c, err, tried)
		}
		if err := k.Rollback(me, 0); err != nil {
			t.Error(err)
		}
	}
	if len(k.Before()) > 0 || lang(t, k) != "vi" {
		t.Error("something was written")
	}
}

func TestTwoTechnicians(t *testing.T) {
	k := keeper(t, t.TempDir(), first)
	a, b := &Seat{Name: "a"}, &Seat{Name: "b"}
	if err := k.Edit(a, set("lang", "en")); err != nil {
		t.Fatal(err)
	}
	var held *Held
	_, tried := k.Try(b, time.Minute)
	for _, err := range []error{k.Edit(b, set("lang", "vi")), k.Commit(b), tried, k.Rollback(b, 0)} {
		if !errors.As(err, &held) || held.By.Name != "a" {
			t.Errorf("%v", err)
		}
	}
	k.Leave(b)
	if err := k.Commit(b); err == nil {
		t.Error("who leaves takes the other's lock along")
	}
	k.Leave(a)
	if c, by := k.Candidate(); c.Lang != "en" || by != "a" {
		t.Errorf("%s by %q", c.Lang, by)
	}
	if err := k.Commit(b); err != nil || lang(t, k) != "en" {
		t.Error(err)
	}
}

// A file that a dying card has spoilt does not silence the box.
func TestBrokenFile(t *testing.T) {
	dir := t.TempDir()
	k := keeper(t, dir, first)
	me := &Seat{}
	if err := errors.Join(k.Edit(me, set("lang", "en")), k.Commit(me)); err != nil {
		t.Fatal(err)
	}
	k = keeper(t, dir, "device = \"d-\x00\x00\x00")
	if lang(t, k) != "vi" || k.Broken() == nil {
		t.Errorf("%s, %v", lang(t, k), k.Broken())
	}
	if err := errors.Join(k.Edit(me, set("media_mb", "7")), k.Commit(me)); err != nil || k.Broken() != nil {
		t.Error(err, k.Broken())
	}
	if k := again(t, dir); k.Broken() != nil || k.Running().MediaMB != 7 {
		t.Error(k.Broken())
	}
	// With nothing before it there is nothing to fall back on.
	bad := New(Opts{File: filepath.Join(t.TempDir(), "agent.toml")})
	if _, err := bad.Load(); err == nil {
		t.Error("no file, and no error")
	}
}

// The agent ends, or the power goes, between any two steps of a commit: the file is the
// old one or the new one, and after the commit has returned it is the new one.
func TestCutInACommit(t *testing.T) {
	t.Run("killed", func(t *testing.T) {
		for n := 0; ; n++ {
			dir := t.TempDir()
			k := keeper(t, dir, first)
			if cutAt(t, k, n, func() {}) == 0 {
				break
			}
			whole(t, dir, "after "+k.o.File)
		}
	})
	t.Run("power", func(t *testing.T) {
		if testing.Short() {
			t.Skip("a file system is mounted anew for every step")
		}
		disk := powertest.New(t, 8)
		for n := 0; ; n++ {
			dir := filepath.Join(disk.Dir(), "etc")
			os.RemoveAll(dir)
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			k := keeper(t, dir, first)
			syncFile(t, k.o.File)
			cut := cutAt(t, k, n, disk.Cut)
			if cut == 0 {
				disk.Cut()
			}
			disk.Boot()
			got := whole(t, dir, "power")
			if cut == 0 && got != "en" {
				t.Errorf("what was committed is lost")
			}
			if cut == 0 {
				break
			}
		}
	})
}

// cutAt commits, and ends at step n; 0: the commit came to its end first.
func cutAt(t *testing.T, k *Keeper, n int, cut func()) (steps int) {
	t.Helper()
	me := &Seat{}
	if err := k.Edit(me, set("lang", "en")); err != nil {
		t.Fatal(err)
	}
	steps = -1
	k.step = func(string) {
		if steps++; steps == n {
			cut()
			runtime.Goexit()
		}
	}
	done := make(chan bool, 1)
	go func() {
		finished := false
		defer func() { done <- finished }()
		err := k.Commit(me)
		finished = err == nil
	}()
	if <-done {
		return 0
	}
	return n + 1
}

// whole checks that a box starts after a cut, and can commit again.
func whole(t *testing.T, dir, when string) string {
	t.Helper()
	k := again(t, dir)
	got := lang(t, k)
	if k.Broken() != nil || got != "vi" && got != "en" || k.Running().Device != "d-1" {
		t.Errorf("%s: %v, %q", when, k.Broken(), got)
	}
	me := &Seat{}
	if err := errors.Join(k.Edit(me, set("media_mb", "9")), k.Commit(me)); err != nil {
		t.Errorf("%s: %v", when, err)
	}
	for i, b := range k.Before() {
		if b.Config.Device != "d-1" {
			t.Errorf("%s: the file %d before is %+v", when, i+1, b.Config)
		}
	}
	return got
}

func syncFile(t *testing.T, name string) {
	t.Helper()
	for _, n := range []string{name, filepath.Dir(name), filepath.Dir(filepath.Dir(name))} {
		f, err := os.Open(n)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
}
