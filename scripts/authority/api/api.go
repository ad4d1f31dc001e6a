// Package api answers over HTTP what a centre knows, and takes in what people have
// signed. It holds no key: nothing that it can be asked for makes a box speak.
package api

import (
	"context"
	_ "embed"
	"encoding/json"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"loa/agent/ahead"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/authority/archive"
	"loa/scripts/authority/index"
)

// broker is where documents go.
type broker interface {
	Connected() bool
	Publish(context.Context, authority.Issued) error
	Talk(topic string, packet []byte) // once, now or never
	Foreign() []string                // topics of which it keeps what the authority did not issue
}

// Opts are what the API answers from.
type Opts struct {
	Authority *authority.Authority
	Index     *index.Index
	Archive   *archive.Archive
	Tokens    *Tokens
	Broker    broker
	// Ahead tells what will sound at a place, or from one box, from now on.
	Ahead func(h plan.Head, hours int) ([]ahead.Line, error)
	Rate  rate.Limit   // questions a second of one identity, over time; 0: 20
	Burst int          // at once; 0: 60
	Log   *slog.Logger // nil: silent
}

// An API is an [http.Handler].
type API struct {
	o      Opts
	mux    *http.ServeMux
	known  limits // by identity
	others limits // by address, of who has not shown who it is
	fleet  fleet

	uploading chan struct{} // as many as there are uploads
	left      func(dir string) (int64, error)

	taking sync.Mutex      // one document at a time: judged, then kept
	unsure map[string]bool // under taking: SHA-256 of orders that a broker did not confirm
}

// A route is one line of the table below.
type route struct {
	method, path string
	open         bool  // to everybody
	body         int64 // bytes, at most
	answer       func(*API, http.ResponseWriter, *http.Request) (any, error)
}

// The largest bodies, in bytes.
const (
	maxSignature = 1 << 10
	maxMedia     = 256 << 20
)

// routes is everything that can be asked. openapi.json describes it; a test holds them
// to each other.
func routes() []route {
	return []route{
		{method: "GET", path: "/openapi.json", open: true, answer: (*API).describe},
		{method: "GET", path: "/status", answer: (*API).status},
		{method: "GET", path: "/places", answer: (*API).places},
		{method: "GET", path: "/boxes", answer: (*API).boxes},
		{method: "GET", path: "/boxes/{box}", answer: (*API).box},
		{method: "GET", path: "/boxes/{box}/acks", answer: (*API).acks},
		{method: "GET", path: "/boxes/{box}/ledger", answer: (*API).ledger},
		{method: "GET", path: "/documents", answer: (*API).documents},
		{method: "POST", path: "/documents", body: message.MaxEnvelope, answer: (*API).post},
		{method: "GET", path: "/documents/{sha256}", answer: (*API).document},
		{method: "GET", path: "/pending", answer: (*API).pending},
		{method: "POST", path: "/pending/{sha256}/signatures", body: maxSignature, answer: (*API).approve},
		{method: "GET", path: "/refusals", answer: (*API).refusals},
		{method: "GET", path: "/ahead", answer: (*API).ahead},
		{method: "PUT", path: "/media", body: maxMedia, answer: (*API).media},
	}
}

// New makes the API.
func New(o Opts) *API {
	if o.Rate == 0 {
		o.Rate = 20
	}
	if o.Burst == 0 {
		o.Burst = 60
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	a := &API{o: o, mux: http.NewServeMux(), known: limits{rate: o.Rate, burst: o.Burst}, others: limits{rate: o.Rate, burst: o.Burst}, unsure: make(map[string]bool),
		uploading: make(chan struct{}, uploads), left: left}
	paths := make(map[string]bool)
	for _, r := range routes() {
		a.mux.HandleFunc(r.method+" "+r.path, func(w http.ResponseWriter, req *http.Request) { a.serve(w, req, r) })
		paths[r.path] = true
	}
	for path := range paths {
		a.mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { a.fail(w, &Error{Code: "method"}) })
	}
	a.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { a.fail(w, &Error{Code: "not-found"}) })
	return a
}

// ServeHTTP answers one question.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	// A browser that holds a certificate shows it to us for every page it visits.
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		a.fail(w, &Error{Code: "cross-origin"})
		return
	}
	a.mux.ServeHTTP(w, r)
}

// serve lets a question through to its answer: who asks, how often, how much.
func (a *API) serve(w http.ResponseWriter, r *http.Request, to route) {
	limit, who := &a.others, address(r)
	var refused error
	if !to.open {
		name, err := a.identify(r)
		if refused = err; err == nil {
			limit, who = &a.known, name
		}
	}
	if wait := limit.wait(who, time.Now()); wait > 0 {
		a.fail(w, &Error{Code: "too-often", Wait: wait})
		return
	}
	if refused != nil {
		a.fail(w, refused)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, to.body)
	v, err := to.answer(a, w, r)
	if err != nil {
		a.fail(w, err)
		return
	}
	write(w, http.StatusOK, v)
}

// write sends v as JSON; what knows its own status says so.
func write(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if s, ok := v.(interface{ status() int }); ok {
		status = s.status()
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // whoever asked has gone
}

//go:embed openapi.json
var openapi []byte

func (a *API) describe(http.ResponseWriter, *http.Request) (any, error) {
	return json.RawMessage(openapi), nil
}
