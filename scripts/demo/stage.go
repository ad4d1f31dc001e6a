package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"loa/agent/message"
	"loa/agent/mqtt"
	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/authority/archive"
	"loa/scripts/authority/dispatch"
	"loa/scripts/broker"
	"loa/scripts/mediaserver"
)

// The places of the sample, and who works there.
const (
	province   = "74"
	commune    = "25747"
	dispatcher = "dispatcher"
	tool       = "loactl" // init makes a certificate of this name
)

// A stage is everything around the box.
type stage struct {
	dir      string
	au       *authority.Authority
	archive  *archive.Archive
	device   string
	place    string
	signers  []string
	sender   *mqtt.Client
	mediaURL string
	own      bool // authority and broker are this program's
	secret   authority.Secret
	broker   *broker.Broker // our own

	sample []authority.Issued // what this program signed
	sent   []message.Topic    // on a real broker, to be taken back
	stops  []func()
}

func (s *stage) close() {
	for i := len(s.stops) - 1; i >= 0; i-- {
		s.stops[i]()
	}
}

// setStage makes or opens the authority, starts what is not there, and takes the
// box in.
func setStage(ctx context.Context, o options, dir string) (*stage, error) {
	s := &stage{dir: dir, archive: archive.Open(filepath.Join(dir, "ledgers"))}
	if err := s.set(ctx, o); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *stage) set(ctx context.Context, o options) error {
	var err error
	if o.authority == "" {
		err = s.throwAway(ctx)
	} else {
		err = s.open(o)
	}
	if err != nil {
		return err
	}
	if err := s.connect(ctx); err != nil {
		return err
	}
	if err := s.serveMedia(); err != nil {
		return err
	}
	return s.takeIn()
}

// throwAway makes an authority of two officers a place, and its broker.
func (s *stage) throwAway(ctx context.Context) error {
	phrase := []byte(rand.Text())
	s.secret = func(string) ([]byte, error) { return phrase, nil }
	au, err := authority.New(filepath.Join(s.dir, "authority"), authority.Setup{Name: "Tỉnh mẫu", ThrowAway: true}, authority.Opts{Secret: s.secret})
	if err != nil {
		return err
	}
	s.own = true
	s.au, s.place, s.signers = au, commune, []string{"an", "binh"}
	grants := []authority.Grant{
		{Person: dispatcher, Place: province, Kinds: []plan.Kind{plan.KindBeat}},
		{Person: dispatcher, Place: province, Kinds: []plan.Kind{plan.GrantService}},
	}
	for _, person := range s.signers {
		grants = append(grants,
			authority.Grant{
				Person: person, Place: province, Office: province,
				Kinds:   []plan.Kind{plan.KindBulletin, plan.KindSchedule, plan.KindPolicy, plan.KindAlert, plan.KindPlay, plan.KindStop},
				Classes: []plan.Class{plan.Emergency, plan.PriorityC, plan.Normal, plan.Filler},
			},
			authority.Grant{Person: person, Place: province, Kinds: []plan.Kind{plan.GrantAssign, plan.GrantSettings}})
	}
	err = errors.Join(
		au.AddOnline(dispatcher), au.AddPerson("an"), au.AddPerson("binh"),
		au.AddPlace(province, authority.Place{Name: "Tỉnh mẫu", Width: 1}),
		au.AddPlace(commune, authority.Place{Name: "Phường mẫu", Parent: province}),
	)
	for _, g := range grants {
		err = errors.Join(err, au.AddGrant(g))
	}
	if err != nil {
		return err
	}
	list, err := au.IssueList(plan.RootPlace)
	if err == nil {
		err = au.Keep(list)
	}
	if err != nil {
		return err
	}
	if _, _, err := au.IssueServer([]string{"localhost", "127.0.0.1"}); err != nil {
		return err
	}
	for _, name := range []string{dispatcher, tool} {
		if err := au.IssueClient(name); err != nil {
			return err
		}
	}
	conf, err := au.ServerTLS()
	if err != nil {
		return err
	}
	b, err := broker.Start(ctx, broker.Opts{TLS: conf, Senders: []string{dispatcher, tool}})
	if err != nil {
		return err
	}
	s.broker = b
	s.stops = append(s.stops, b.Close)
	_, port, err := net.SplitHostPort(b.Addr())
	if err != nil {
		return err
	}
	return au.SetAddresses([]string{"tls://localhost:" + port}, nil)
}

// serveMedia gives out recordings over HTTPS on this machine.
func (s *stage) serveMedia() error {
	conf, err := s.au.LocalTLS([]string{"localhost", "127.0.0.1"})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: mediaserver.Handler(s.au.MediaDir()), TLSConfig: conf,
		ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	var wg sync.WaitGroup
	wg.Go(func() { server.ServeTLS(l, "", "") })
	s.stops = append(s.stops, func() { server.Close(); wg.Wait() })
	s.mediaURL = fmt.Sprintf("https://localhost:%d", l.Addr().(*net.TCPAddr).Port)
	return s.au.SetAddresses(s.au.Brokers(), append([]string{s.mediaURL}, s.au.Media()...))
}

// connect joins the sender's tool to the broker, and a dispatcher to our own: a
// real one has its own, which a second of the same name would throw off. A real
// broker is looked at before anything is sent to it.
func (s *stage) connect(ctx context.Context) (err error) {
	seen := look{list: make(chan []byte, 1)}
	filters := []string{message.ListTopic(plan.RootPlace).String()}
	if s.sender, err = s.client(tool, func() []string { return filters }, seen.receive, seen.report); err != nil {
		return err
	}
	// What was sent has to be taken back also after Ctrl-C.
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	s.stops = append(s.stops, func() { cancel(); wg.Wait() })
	wg.Go(func() { s.sender.Run(running) })
	if !s.own {
		s.stops = append(s.stops, s.takeBack)
		return seen.check(ctx, s.au, s.sender.Connected)
	}
	d := dispatch.New(dispatch.Opts{Authority: s.au, Online: dispatcher, Archive: s.archive, Every: 20 * time.Second})
	online, err := s.client(dispatcher, d.Filters, d.Receive, nil)
	if err != nil {
		return err
	}
	wg.Go(func() { online.Run(running) })
	wg.Go(func() { d.Run(running, online) })
	return nil
}

func (s *stage) client(name string, filters func() []string, receive func(string, []byte), report func(string, error)) (*mqtt.Client, error) {
	conf, err := s.au.ClientTLS(name)
	if err != nil {
		return nil, err
	}
	return mqtt.New(mqtt.Opts{
		Device: name, Brokers: s.au.Brokers(), TLS: conf, Fresh: true, Subscriptions: filters, Receive: receive, Report: report,
		Window: func() time.Duration { return 200 * time.Millisecond },
	})
}

// samplePrefix begins the names of the boxes that this program takes in.
const samplePrefix = "demo-"

// takeIn makes the box's identity and says where it belongs.
func (s *stage) takeIn() error {
	s.device = samplePrefix + strings.ToLower(rand.Text()[:6])
	if err := s.au.AddBox(s.device, "desk", authority.Box{Place: s.place, Name: "Loa mẫu"}); err != nil {
		return err
	}
	want, err := s.au.Want(s.device, &plan.Settings{Commissioned: true}, s.signers...)
	if err != nil {
		return err
	}
	s.sample = append(s.sample, want)
	return s.au.Keep(want)
}
