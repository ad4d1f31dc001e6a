package residents

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"loa/scripts/authority/requests"
)

// Ten thousand residents who have a page open ask every 20 s, and one in twenty of them
// opens it anew; a hundred report each second, from all over a province and through the
// networks of a few mobile operators. One network is hostile meanwhile: it may have its
// burst, and no more.
const (
	asks     = 10_000 / 20
	opens    = 25
	reports  = 100
	floods   = 100
	lasts    = 10 * time.Second
	networks = 150 // of reporting residents: a report each 1.5 s from one
	communes = 100
)

// TestLoad prints what they wait for, beside nginx that gives the same page from a file.
// scripts/bench.sh runs it.
func TestLoad(t *testing.T) {
	if os.Getenv("LOA_BENCH") == "" {
		t.Skip("for scripts/bench.sh")
	}
	s := newSite(t)
	s.o.Now = time.Now
	s.o.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")} // as behind nginx: it says who asks
	for i := range communes {
		t := s.book.told["26737"]
		t.Place = commune(i)
		s.book.told[t.Place] = t
	}
	ours := httptest.NewServer(s.Site)
	defer ours.Close()
	tag := s.get("/p/26734/now.json").Header().Get("ETag")
	page := s.get("/p/26734").Body.Bytes()
	theirs := nginx(t, page)

	before := cpu()
	var all sync.WaitGroup
	var feed, whole, report, flood, file []time.Duration
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
		report = load(t, reports, func(i int) *http.Request { return reported(ours.URL, i, network(i%networks), "gió") }, 200)
	})
	all.Go(func() {
		flood = load(t, floods, func(i int) *http.Request { return reported(ours.URL, i, network(networks), spam) }, 200, 429)
	})
	all.Wait()
	used := cpu() - before
	which := requests.Which{Limit: 1 << 20}
	for i := range communes {
		which.Places = append(which.Places, commune(i))
	}
	kept, err := s.store.List(which)
	if err != nil {
		t.Fatal(err)
	}
	bad := 0
	for _, one := range kept {
		if strings.HasPrefix(one.Text, spam) {
			bad++
		}
	}
	if good := len(kept) - bad; good != reports*int(lasts/time.Second) || bad > fromOneNet.Burst+int(lasts/fromOneNet.Every)+1 {
		t.Errorf("%d reports are kept of %d, and %d of the flood", good, reports*int(lasts/time.Second), bad)
	}
	file = load(t, asks+opens, func(int) *http.Request { r, _ := http.NewRequest("GET", theirs, nil); return r }, 200)
	p := func(all []time.Duration) float64 {
		slices.Sort(all)
		return all[len(all)*95/100].Seconds() * 1000
	}
	peer := p(file)
	fmt.Printf("bench web-now-p95 %.2f ms peer nginx %.2f ratio %.2f\n", p(feed), peer, p(feed)/peer)
	fmt.Printf("bench web-page-p95 %.2f ms peer nginx %.2f ratio %.2f\n", p(whole), peer, p(whole)/peer)
	fmt.Printf("bench web-report-p95 %.2f ms\n", p(report))
	fmt.Printf("bench web-flood-p95 %.2f ms\n", p(flood))
	// Of those who ask, too: they are in the same process.
	fmt.Printf("bench web-load %.0f %% of a core\n", 100*used.Seconds()/lasts.Seconds())
	if late := p(report); late > 1000 {
		t.Errorf("a report takes %.0f ms", late)
	}
}

const spam = "mua ngay"

func commune(i int) string { return fmt.Sprint(20000 + i) }

// network is somebody of the i-th network.
func network(i int) string { return fmt.Sprintf("10.%d.%d.%d", i/256, i%256, 1+rand.IntN(250)) }

// reported is a report of about 400 letters to one of the communes.
func reported(url string, i int, from, text string) *http.Request {
	form := fmt.Sprintf("place=%s&kind=other&text=%s", commune(i%communes), strings.Repeat(text+"+", 60)+fmt.Sprint(i))
	r, _ := http.NewRequest("POST", url+"/report", strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Forwarded-For", from)
	return r
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
