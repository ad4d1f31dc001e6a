package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
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

	stops []func()
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
	if o.authority == "" {
		if err := s.throwAway(ctx); err != nil {
			return err
		}
		return s.furnish(ctx)
	}
	if err := s.open(o); err != nil {
		return err
	}
	// The sample's addresses are for this box alone: what the authority tells its
	// other boxes has to stay.
	brokers, media := s.au.Brokers(), s.au.Media()
	err := s.au.SetAddresses([]string{o.broker}, media)
	if err == nil {
		err = s.furnish(ctx)
	}
	return errors.Join(err, s.au.SetAddresses(brokers, media))
}

func (s *stage) furnish(ctx context.Context) error {
	if err := s.serveMedia(); err != nil {
		return err
	}
	if err := s.connect(ctx); err != nil {
		return err
	}
	return s.takeIn()
}

// throwAway makes an authority of two officers a place, and its broker.
func (s *stage) throwAway(ctx context.Context) error {
	secret := []byte(rand.Text())
	au, err := authority.New(filepath.Join(s.dir, "authority"), authority.Setup{Name: "Tỉnh mẫu", ThrowAway: true},
		authority.Opts{Secret: func(string) ([]byte, error) { return secret, nil }})
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
		return passphrase(string(data), person), err
	}})
	if err != nil {
		return err
	}
	s.au = au
	if s.place = quietPlace(au); s.place == "" {
		return fmt.Errorf("every place in %s has boxes, and all of them would play the sample: add a place to try things at, such as "+
			"loactl place add thu --name \"Thử\" --parent CODE --as ROOT,ROOT,ROOT", o.authority)
	}
	s.signers = strings.Split(o.as, ",")
	if o.as == "" {
		s.signers = speakers(au)
	}
	return nil
}

// passphrase finds a person's line "name: passphrase" as loactl does; without one
// the whole first line is everybody's.
func passphrase(file, person string) []byte {
	lines := strings.Split(strings.ReplaceAll(file, "\r\n", "\n"), "\n")
	for _, line := range lines {
		if p, ok := strings.CutPrefix(line, person+": "); ok {
			return []byte(p)
		}
	}
	return []byte(lines[0])
}

// quietPlace is the narrowest place with nothing below it where no box stands but
// those of earlier runs: nobody in the street shall hear a sample.
func quietPlace(au *authority.Authority) string {
	places, taken := au.Places(), make(map[string]bool)
	for _, p := range places {
		taken[p.Parent] = true
	}
	for name, b := range au.Boxes() {
		taken[b.Place] = taken[b.Place] || !strings.HasPrefix(name, samplePrefix)
		for _, g := range b.Groups {
			taken[g] = true
		}
	}
	for _, code := range slices.Sorted(maps.Keys(places)) {
		if !taken[code] && places[code].Width == 0 {
			return code
		}
	}
	return ""
}

// samplePrefix begins the names of the boxes that this program takes in.
const samplePrefix = "demo-"

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
// real one has its own, which a second of the same name would throw off.
func (s *stage) connect(ctx context.Context) (err error) {
	if s.sender, err = s.client(tool, func() []string { return nil }, nil); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	s.stops = append(s.stops, func() { cancel(); wg.Wait() })
	wg.Go(func() { s.sender.Run(ctx) })
	if !s.own {
		return nil
	}
	d := dispatch.New(dispatch.Opts{Authority: s.au, Online: dispatcher, Archive: s.archive, Every: 20 * time.Second})
	online, err := s.client(dispatcher, d.Filters, d.Receive)
	if err != nil {
		return err
	}
	wg.Go(func() { online.Run(ctx) })
	wg.Go(func() { d.Run(ctx, online) })
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
	s.device = samplePrefix + strings.ToLower(rand.Text()[:6])
	if err := s.au.AddBox(s.device, "desk", authority.Box{Place: s.place, Name: "Loa mẫu"}); err != nil {
		return err
	}
	want, err := s.au.Want(s.device, &plan.Settings{Commissioned: true}, s.signers...)
	if err != nil {
		return err
	}
	return s.au.Keep(want)
}
