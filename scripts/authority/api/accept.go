package api

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/authority/index"
	"loa/scripts/mediaserver"
)

// said are the kinds that people say to boxes. Trust is changed with loactl, where the
// books are; what an online key says is the dispatcher's to say, and such a key may hold
// none of these.
var said = []plan.Kind{
	plan.KindBulletin, plan.KindSchedule, plan.KindPolicy, plan.KindAlert, plan.KindTrigger, plan.KindWant,
	plan.KindPlay, plan.KindStop, plan.KindLive, plan.KindDrill, plan.KindMute,
}

// Taken is what became of a document.
type Taken struct {
	State string `json:"state"` // sent; kept: it goes out as soon as there is a broker; pending: it lacks a signature; known
	index.Document
	VI string `json:"vi,omitempty"` // what is missing
	EN string `json:"en,omitempty"`
}

func (t Taken) status() int {
	switch t.State {
	case "known":
		return http.StatusOK
	case "sent":
		return http.StatusCreated
	}
	return http.StatusAccepted
}

func (a *API) post(_ http.ResponseWriter, r *http.Request) (any, error) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	is, err := authority.Read(raw)
	if err != nil {
		return nil, err
	}
	return a.take(r.Context(), is, Terms{})
}

// approve adds one person's signature to a document that lacks it. The body is one
// entry of an envelope's signatures, and is read as strictly as an envelope.
func (a *API) approve(_ http.ResponseWriter, r *http.Request) (any, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	is, err := a.waiting(r.PathValue("sha256"))
	if err != nil {
		return nil, err
	}
	e, err := message.Open(is.Raw)
	if err != nil {
		return nil, err
	}
	raw := slices.Concat([]byte(`{"payloadType":"`+e.PayloadType+`","payload":"`+base64.StdEncoding.EncodeToString(e.Payload)+`","signatures":[`), body, []byte(`]}`))
	if is, err = authority.Read(raw); err != nil {
		return nil, err
	}
	return a.take(r.Context(), is, Terms{})
}

// take judges a document as a box would, keeps what boxes accept, and publishes it.
// What only lacks a signature waits for it. Nothing else leaves a trace.
func (a *API) take(ctx context.Context, is authority.Issued, t Terms) (any, error) {
	h, err := message.HeadOf(is.Doc)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(said, h.Kind) {
		return nil, &plan.Error{Code: plan.Unsupported, Field: "kind", Msg: string(h.Kind) + " is not taken here"}
	}
	a.taking.Lock()
	defer a.taking.Unlock()
	if t.Still != nil {
		issued, _ := a.o.Authority.Find(is.Topic)
		waiting, _ := a.o.Authority.Waiting(is.Topic)
		if err := t.Still(issued, waiting); err != nil {
			return nil, err
		}
	}
	if is, err = a.joined(is, h.Version()); err != nil {
		return nil, err
	}
	au := a.o.Authority
	was, err := au.Recorded(authority.Past{Topic: is.Topic.String(), Version: h.Version()})
	switch {
	case err == nil && was.SHA256 == is.SHA256 && a.unsure[is.SHA256]: // once more: boxes take it once
	case err == nil && was.SHA256 == is.SHA256:
		return Taken{State: "known", Document: index.Describe(was, au.Signers(was.Raw))}, nil
	case err == nil:
		return nil, &plan.Error{Code: plan.Conflict, Msg: "another document has this topic and this version"}
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	// It is judged by lists of the day of the backup, and a broker may keep what is newer.
	// An alarm does not wait for that: boxes judge it.
	if au.Restored() != nil && h.Kind != plan.KindAlert {
		return nil, &Error{Code: "restored"}
	}
	v, err := au.Judge(is)
	if err != nil {
		return nil, err
	}
	if v.Code == plan.Accepted && au.Restored() == nil && !au.Sendable(is) {
		return nil, &plan.Error{Code: plan.Replay, Msg: "boxes have a newer one"}
	}
	out := Taken{Document: index.Describe(is, au.Signers(is.Raw))}
	if t.Two && v.Code == plan.Accepted && len(out.Signers) < 2 {
		err := &plan.Error{Code: plan.Quorum, Msg: "a second person has to sign"}
		v.Code, v.Err, v.EN = plan.Quorum, err, err.Error()
	}
	if v.Code == plan.Quorum && is.Topic.Retained() {
		out.State, out.VI, out.EN = "pending", authority.Vietnamese(v.Err), v.EN
		return out, au.KeepPending(is)
	}
	if v.Code != plan.Accepted {
		return nil, v.Err
	}
	if err := a.hasMedia(is); err != nil {
		return nil, err
	}
	return a.keep(ctx, is, out)
}

// keep puts what boxes accept into the books and then says it.
func (a *API) keep(ctx context.Context, is authority.Issued, out Taken) (any, error) {
	stays, there := is.Topic.Retained(), a.o.Broker.Connected()
	if !stays && !there {
		return nil, &Error{Code: "no-broker"}
	}
	if err := a.o.Authority.Keep(is); err != nil {
		return nil, err
	}
	out.State = "kept"
	if there {
		// Whoever asked may hang up; that takes nothing back.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), publishTime)
		defer cancel()
		switch err := a.o.Broker.Publish(ctx, is); {
		case err == nil:
			out.State = "sent"
		case !stays:
			// It may have gone out all the same, so it stays in the history.
			a.unsure[is.SHA256] = true
			return nil, &Error{Code: "no-broker"}
		}
		delete(a.unsure, is.SHA256)
	}
	if err := a.o.Index.Put(is, out.Signers); err != nil { // it finds the document by itself, later
		a.o.Log.Error("api: a document is not in the index yet", "topic", is.Topic, "err", err)
	}
	return out, nil
}

// Talk passes a packet of live talk on. What does not go out now is too late.
func (a *API) Talk(topic message.Topic, packet []byte) error {
	if !a.o.Broker.Connected() {
		return &Error{Code: "no-broker"}
	}
	a.o.Broker.Talk(topic.String(), packet)
	return nil
}

// publishTime is how long a broker may take over one document.
const publishTime = 10 * time.Second

// joined gives a document the signatures that it has gathered here already.
func (a *API) joined(is authority.Issued, version int64) (authority.Issued, error) {
	w, ok := a.o.Authority.Waiting(is.Topic)
	if !ok || !is.Topic.Retained() {
		return is, nil
	}
	if w.SHA256 == is.SHA256 {
		e, err := message.Open(is.Raw)
		if err != nil {
			return is, err
		}
		return a.o.Authority.Join(w, e.Signatures)
	}
	h, err := message.HeadOf(w.Doc)
	if err == nil && h.Version() > version {
		err = &plan.Error{Code: plan.Replay, Msg: "a newer version waits for a signature"}
	}
	return is, err
}

// hasMedia refuses a bulletin whose recordings and pictures nobody could fetch.
func (a *API) hasMedia(is authority.Issued) error {
	b, ok := is.Doc.(plan.Bulletin)
	if !ok || b.Withdrawn {
		return nil
	}
	var sums []string
	for _, f := range b.Audio {
		sums = append(sums, f.SHA256)
	}
	for _, p := range b.Pages {
		if p.Image != "" {
			sums = append(sums, p.Image)
		}
	}
	for _, sum := range sums {
		if _, err := os.Stat(filepath.Join(a.o.Authority.MediaDir(), sum)); err != nil {
			return &plan.Error{Code: plan.MediaMissing, Msg: sum + " was not uploaded"}
		}
	}
	return nil
}

// A Media is a file that boxes can fetch.
type Media struct {
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
}

// mediaTime is how long one upload may take, uploads how many there may be at once, and
// spare what they leave of the disk: ledgers and what is signed are written there too.
const (
	mediaTime = 15 * time.Minute
	uploads   = 4
	spare     = 1 << 30
)

// left is how many bytes are free where dir lies.
func left(dir string) (int64, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return 0, fmt.Errorf("%s: %w", dir, err)
	}
	return int64(fs.Bavail) * fs.Bsize, nil
}

func (a *API) media(w http.ResponseWriter, r *http.Request) (any, error) {
	select {
	case a.uploading <- struct{}{}:
		defer func() { <-a.uploading }()
	default:
		return nil, &Error{Code: "too-often", Wait: 10 * time.Second}
	}
	if err := a.Room(); err != nil {
		return nil, err
	}
	c := http.NewResponseController(w)
	until := time.Now().Add(mediaTime)
	if err := errors.Join(c.SetReadDeadline(until), c.SetWriteDeadline(until)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return nil, err
	}
	sum, size, err := mediaserver.Add(a.o.Authority.MediaDir(), r.Body)
	if err == nil && size == 0 {
		err = &plan.Error{Code: plan.MediaFormat, Msg: "it is empty"}
	}
	return Media{sum, size}, err
}
