package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

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
	tool       = "tool"
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

	stops []func()
}

func (s *stage) close() {
	for i := len(s.stops) - 1; i >= 0; i-- {
		s.stops[i]()
	}
}

// setStage makes or opens the authority, starts what is not there, and takes the
// box in.
func setStage(ctx context.Context, o options, dir string) (s *stage, err error) {
	s = &stage{dir: dir, archive: archive.Open(filepath.Join(dir, "ledgers"))}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if o.authority == "" {
		err = s.throwAway(ctx)
	} else {
		err = s.open(o)
	}
	if err != nil {
		return nil, err
	}
	if err := s.serveMedia(ctx); err != nil {
		return nil, err
	}
	if err := s.connect(ctx); err != nil {
		return nil, err
	}
	return s, s.takeIn()
}

// throwAway makes an authority of two officers a place, and its broker.
func (s *stage) throwAway(ctx context.Context) error {
	secret := []byte(rand.Text())
	au, err := authority.New(filepath.Join(s.dir, "authority"), authority.Setup{Name: "Tỉnh mẫu", ThrowAway: true},
		authority.Opts{Secret: func(string) ([]byte, error) { return secret, nil }})
	if err != nil {
		return err
	}
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
	s.stops = append(s.stops, b.Close)
	_, port, err := net.SplitHostPort(b.Addr())
	if err != nil {
		return err
	}
	return au.SetAddresses([]string{"tls://localhost:" + port}, nil)
}

// open uses a real authority. Its passphrases come from LOA_PASSPHRASE_FILE.
func (s *stage) open(o options) error {
	au, err := authority.Open(o.authority, authority.Opts{Secret: func(person string) ([]byte, error) {
		file := os.Getenv("LOA_PASSPHRASE_FILE")
		if file == "" {
			return nil, fmt.Errorf("the passphrase of %s: set LOA_PASSPHRASE_FILE", person)
		}
		data, err := os.ReadFile(file)
		return []byte(strings.TrimRight(string(data), "\r\n")), err
	}})
	if err != nil {
		return err
	}
	s.au = au
	for code := range au.Places() {
		if s.place == "" || au.Places()[s.place].Width > au.Places()[code].Width {
			s.place = code // the narrowest: nobody else should hear this
		}
	}
	if s.place == "" {
		return fmt.Errorf("the authority in %s has no place", o.authority)
	}
	s.signers = strings.Split(o.as, ",")
	if o.as == "" {
		s.signers = speakers(au)
	}
	return au.SetAddresses([]string{o.broker}, au.Media())
}

// speakers are two people of an authority who may assign boxes and speak.
func speakers(au *authority.Authority) []string {
	has := make(map[string]map[plan.Kind]bool)
	var all []string
	for _, g := range au.Grants() {
		if has[g.Person] == nil {
			has[g.Person] = make(map[plan.Kind]bool)
		}
		for _, k := range g.Kinds {
			has[g.Person][k] = true
		}
		if k := has[g.Person]; k[plan.GrantAssign] && k[plan.KindSchedule] && len(all) < 2 && (len(all) == 0 || all[0] != g.Person) {
			all = append(all, g.Person)
		}
	}
	return all
}

// serveMedia gives out recordings over HTTPS on this machine.
func (s *stage) serveMedia(ctx context.Context) error {
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

// connect joins the dispatcher and the sender's tool to the broker.
func (s *stage) connect(ctx context.Context) error {
	d := dispatch.New(dispatch.Opts{Authority: s.au, Online: dispatcher, Archive: s.archive, Every: 20 * time.Second})
	online, err := s.client(dispatcher, d.Filters, d.Receive)
	if err != nil {
		return err
	}
	if s.sender, err = s.client(tool, func() []string { return nil }, nil); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { online.Run(ctx) })
	wg.Go(func() { s.sender.Run(ctx) })
	wg.Go(func() { d.Run(ctx, online) })
	s.stops = append(s.stops, func() { cancel(); wg.Wait() })
	return nil
}

func (s *stage) client(name string, filters func() []string, receive func(string, []byte)) (*mqtt.Client, error) {
	conf, err := s.au.ClientTLS(name)
	if err != nil {
		return nil, err
	}
	return mqtt.New(mqtt.Opts{
		Device: name, Brokers: s.au.Brokers(), TLS: conf, Fresh: true, Subscriptions: filters, Receive: receive,
		Window: func() time.Duration { return 200 * time.Millisecond },
	})
}

// takeIn makes the box's identity and says where it belongs.
func (s *stage) takeIn() error {
	s.device = "demo-" + strings.ToLower(rand.Text()[:6])
	if err := s.au.AddBox(s.device, "desk", authority.Box{Place: s.place, Name: "Loa mẫu"}); err != nil {
		return err
	}
	want, err := s.au.Want(s.device, &plan.Settings{Commissioned: true}, s.signers...)
	if err != nil {
		return err
	}
	return s.au.Keep(want)
}
