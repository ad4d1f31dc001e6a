package residents

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Ten thousand residents who have a page open ask every 20 s, and one in twenty of them
// opens it anew; a hundred report each second.
const (
	asks    = 10_000 / 20
	opens   = 25
	reports = 100
	lasts   = 10 * time.Second
)

// TestLoad prints what they wait for, beside nginx that gives the same page from a file.
// scripts/bench.sh runs it.
func TestLoad(t *testing.T) {
	if os.Getenv("LOA_BENCH") == "" {
		t.Skip("for scripts/bench.sh")
	}
	s := newSite(t)
	s.nets.of, s.places.of = Flood{time.Microsecond, 1 << 30}, Flood{time.Microsecond, 1 << 30}
	s.o.Now = time.Now
	ours := httptest.NewServer(s.Site)
	defer ours.Close()
	tag := s.get("/p/26734/now.json").Header().Get("ETag")
	page := s.get("/p/26734").Body.Bytes()
	theirs := nginx(t, page)

	before := cpu()
	var all sync.WaitGroup
	var feed, whole, report, file []time.Duration
	all.Go(func() {
		feed = load(t, asks, func(int) *http.Request {
			r, _ := http.NewRequest("GET", ours.URL+"/p/26734/now.json", nil)
			r.Header.Set("If-None-Match", tag)
			return r
		}, 304, 200)
	})
	all.Go(func() {
		whole = load(t, opens, func(int) *http.Request { r, _ := http.NewRequest("GET", ours.URL+"/p/26734", nil); return r }, 200)
	})
	all.Go(func() {
		report = load(t, reports, func(i int) *http.Request {
			r, _ := http.NewRequest("POST", ours.URL+"/report", strings.NewReader(fmt.Sprintf("place=26734&kind=other&text=%d", i)))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			return r
		}, 200)
	})
	all.Wait()
	used := cpu() - before
	file = load(t, asks+opens, func(int) *http.Request { r, _ := http.NewRequest("GET", theirs, nil); return r }, 200)
	p := func(all []time.Duration) float64 {
		slices.Sort(all)
		return all[len(all)*95/100].Seconds() * 1000
	}
	peer := p(file)
	fmt.Printf("bench web-now-p95 %.2f ms peer nginx %.2f ratio %.2f\n", p(feed), peer, p(feed)/peer)
	fmt.Printf("bench web-page-p95 %.2f ms peer nginx %.2f ratio %.2f\n", p(whole), peer, p(whole)/peer)
	fmt.Printf("bench web-report-p95 %.2f ms\n", p(report))
	// Of those who ask, too: they are in the same process.
	fmt.Printf("bench web-load %.0f %% of a core\n", 100*used.Seconds()/lasts.Seconds())
	if late := p(report); late > 1000 {
		t.Errorf("a report takes %.0f ms", late)
	}
}

// cpu is what this process has used of processors.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// load asks so often a second, whether or not answers have come, and gives how long each
// took from when it was due.
func load(t *testing.T, perSecond int, make func(i int) *http.Request, good ...int) []time.Duration {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1000}, Timeout: 30 * time.Second}
	defer client.CloseIdleConnections()
	n := perSecond * int(lasts/time.Second)
	took := slices.Repeat([]time.Duration{0}, n)
	began := time.Now()
	var all sync.WaitGroup
	for i := range n {
		due := began.Add(time.Duration(i) * time.Second / time.Duration(perSecond))
		time.Sleep(time.Until(due))
		all.Go(func() {
			res, err := client.Do(make(i))
			if err != nil {
				t.Error(err)
				return
			}
			io.Copy(io.Discard, res.Body)
			res.Body.Close()
			if !slices.Contains(good, res.StatusCode) {
				t.Errorf("%d", res.StatusCode)
			}
			took[i] = time.Since(due)
		})
	}
	all.Wait()
	return took
}

// nginx gives out a page from a file.
func nginx(t *testing.T, page []byte) string {
	name, err := exec.LookPath("nginx")
	if err != nil {
		t.Skip("no nginx")
	}
	dir := t.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	for file, text := range map[string]string{
		"page.html": string(page),
		"conf": "worker_processes 2;\npid pid;\nerror_log stderr;\nevents {}\nhttp { access_log off; default_type text/html; server { listen " + addr +
			"; root " + dir + "; } client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s; }\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for up := dir; up != os.TempDir() && up != "/"; up = filepath.Dir(up) {
		os.Chmod(up, 0o755) // its workers are somebody else
	}
	cmd := exec.Command(name, "-p", dir, "-c", "conf", "-g", "daemon off;")
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
	})
	url := "http://" + addr + "/page.html"
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if res, err := http.Get(url); err == nil {
			res.Body.Close()
			return url
		}
		if time.Now().After(end) {
			t.Fatal("nginx does not answer")
		}
	}
}
