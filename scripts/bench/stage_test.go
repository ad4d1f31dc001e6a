package bench

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
	"testing"
	"time"

	"loa/agent/decode"
	"loa/agent/mqtt"
	"loa/agent/plan"
	"loa/agent/sound"
	"loa/boards"
	"loa/scripts/authority"
	"loa/scripts/broker"
	"loa/scripts/mediaserver"
)

// Who there is.
const (
	province = "74"
	commune  = "25747"
	tool     = "tool"
	device   = "bench-1"
)

var signers = []string{"an", "binh"}

// A stage is everything around one box: its authority, its broker, its media
// server, and a sender.
type stage struct {
	au        *authority.Authority
	agent     string   // the binary
	root      string   // the box's own files
	inside    []string // the command that runs another where the box is; none: here
	board     boards.Board
	sender    *mqtt.Client
	bulletins map[string]plan.Ref
}

// newStage sets it and hands the box its identity; recordings become bulletins of
// the commune and of the province, by their names.
func newStage(t *testing.T, agent string, recordings map[string]string) *stage {
	t.Helper()
	s := &stage{agent: agent, root: filepath.Join(t.TempDir(), "box"), bulletins: make(map[string]plan.Ref)}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	secret := []byte(rand.Text())
	var err error
	s.au, err = authority.New(filepath.Join(t.TempDir(), "authority"), authority.Setup{Name: "Tỉnh đo", ThrowAway: true},
		authority.Opts{Secret: func(string) ([]byte, error) { return secret, nil }})
	check(err)
	check(s.people())

	serve, err := s.au.ServerTLS()
	check(err)
	ctx, cancel := context.WithCancel(t.Context())
	b, err := broker.Start(ctx, broker.Opts{TLS: serve, Senders: []string{tool}})
	check(err)
	t.Cleanup(b.Close)
	media, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	_, port, err := net.SplitHostPort(b.Addr())
	check(err)
	check(s.au.SetAddresses([]string{"tls://localhost:" + port}, []string{fmt.Sprintf("https://localhost:%d", media.Addr().(*net.TCPAddr).Port)}))
	local, err := s.au.LocalTLS([]string{"localhost"})
	check(err)
	web := &http.Server{Handler: mediaserver.Handler(s.au.MediaDir()), TLSConfig: local, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	conf, err := s.au.ClientTLS(tool)
	check(err)
	s.sender, err = mqtt.New(mqtt.Opts{
		Device: tool, Brokers: s.au.Brokers(), TLS: conf, Fresh: true, Subscriptions: func() []string { return nil },
		Window: func() time.Duration { return 100 * time.Millisecond },
	})
	check(err)
	var wg sync.WaitGroup
	wg.Go(func() { _ = web.ServeTLS(media, "", "") }) // it ends with an error
	wg.Go(func() { _ = s.sender.Run(ctx) })
	t.Cleanup(func() { cancel(); web.Close(); wg.Wait() })
	until(t, "the sender is connected", 10*time.Second, s.sender.Connected)

	check(s.au.AddBox(device, "desk", authority.Box{Place: commune}))
	want, err := s.au.Want(device, &plan.Settings{Commissioned: true}, signers...)
	check(err)
	check(s.au.Keep(want))
	check(s.documents(recordings))
	all, err := s.au.Issued()
	check(err)
	for _, is := range all {
		s.send(t, is)
	}
	s.board, err = boards.Load(pole)
	check(err)
	s.flash(t)
	return s
}

// flash makes the box one that was never switched on.
func (s *stage) flash(t *testing.T) {
	t.Helper()
	err := os.RemoveAll(s.root)
	if err == nil {
		err = os.CopyFS(s.root, os.DirFS(s.au.BoxDir(device)))
	}
	if err == nil {
		err = os.Chmod(filepath.Join(s.root, "etc/loa/box.key"), 0o600) // CopyFS gives 0666 before umask
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(s.root, "board.toml"), boardFile(s.board), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// people are two officers who may say everything, in the province and its commune.
func (s *stage) people() error {
	err := errors.Join(
		s.au.AddPerson(signers[0]), s.au.AddPerson(signers[1]),
		s.au.AddPlace(province, authority.Place{Name: "Tỉnh đo", Width: 1}),
		s.au.AddPlace(commune, authority.Place{Name: "Xã đo", Parent: province}),
	)
	for _, person := range signers {
		err = errors.Join(err,
			s.au.AddGrant(authority.Grant{
				Person: person, Place: province, Office: province,
				Kinds:   []plan.Kind{plan.KindBulletin, plan.KindSchedule, plan.KindPolicy, plan.KindAlert, plan.KindPlay, plan.KindLive, plan.KindStop},
				Classes: []plan.Class{plan.Emergency, plan.Live, plan.PriorityC, plan.Normal, plan.Filler},
			}),
			s.au.AddGrant(authority.Grant{Person: person, Place: province, Kinds: []plan.Kind{plan.GrantAssign, plan.GrantSettings}}))
	}
	if err != nil {
		return err
	}
	list, err := s.au.IssueList(plan.RootPlace)
	if err != nil {
		return err
	}
	_, _, server := s.au.IssueServer([]string{"localhost", "127.0.0.1", nearEnd})
	return errors.Join(s.au.Keep(list), server, s.au.IssueClient(tool))
}

// documents are a policy without quiet hours, and a bulletin for each recording.
func (s *stage) documents(recordings map[string]string) error {
	from := time.Now().UTC().Truncate(time.Second)
	day := plan.Validity{ValidFrom: from.Add(-time.Minute), ValidUntil: from.Add(24 * time.Hour)}
	policy := &plan.Policy{Validity: day, Zone: "+07:00", QuietHours: []plan.Span{}}
	policy.Place, policy.ID = commune, "bench"
	if _, err := s.keep(policy); err != nil {
		return err
	}
	for id, file := range recordings {
		audio, lufs, err := s.addMedia(file)
		if err != nil {
			return err
		}
		b := &plan.Bulletin{Validity: day, Class: plan.Normal, Origin: plan.Own, Lang: "vi", Title: id, Audio: []plan.Audio{audio}, LoudnessLUFS: lufs}
		b.Place, b.ID = commune, id
		if id == "words" {
			b.Place, b.Class = province, plan.Emergency
		}
		is, err := s.keep(b)
		if err != nil {
			return err
		}
		s.bulletins[id] = plan.Ref{Place: b.Place, Kind: plan.KindBulletin, ID: id, SHA256: is.SHA256}
	}
	return nil
}

func (s *stage) keep(doc any) (authority.Issued, error) {
	is, err := s.au.Sign(doc, signers...)
	if err != nil {
		return is, err
	}
	return is, s.au.Keep(is)
}

func (s *stage) addMedia(file string) (plan.Audio, float64, error) {
	f, err := os.Open(file)
	if err != nil {
		return plan.Audio{}, 0, err
	}
	defer f.Close()
	sum, size, err := mediaserver.Add(s.au.MediaDir(), f)
	if err != nil {
		return plan.Audio{}, 0, err
	}
	if _, err := f.Seek(0, 0); err != nil {
		return plan.Audio{}, 0, err
	}
	var loudness sound.Loudness
	info, err := decode.Walk(context.Background(), f, "", func(pcm []float32) error { loudness.Add(pcm); return nil })
	if err != nil {
		return plan.Audio{}, 0, fmt.Errorf("%s: %w", file, err)
	}
	return plan.Audio{SHA256: sum, Bytes: size, Type: info.Type, DurationMS: info.Duration.Milliseconds(), Lang: "vi"}, loudness.Integrated(), nil
}

// send publishes and says when it began to.
func (s *stage) send(t *testing.T, is authority.Issued) (at float64) {
	t.Helper()
	at = now()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := s.sender.Send(ctx, mqtt.Message{Topic: is.Topic.String(), Payload: is.Raw, Retain: is.Topic.Retained()}); err != nil {
		t.Fatalf("no broker took %s: %v", is.Topic, err)
	}
	return at
}

// act signs and sends one.
func (s *stage) act(t *testing.T, act plan.Act) (at float64) {
	t.Helper()
	act.Place = commune
	is, err := s.au.Act(act, signers...)
	if err != nil {
		t.Fatal(err)
	}
	return s.send(t, is)
}

// play lets the box play a bulletin.
func (s *stage) play(t *testing.T, id string) (at float64) {
	t.Helper()
	ref := s.bulletins[id]
	act := plan.Act{Item: &plan.Item{Ref: &ref}}
	act.Kind = plan.KindPlay
	return s.act(t, act)
}

// stop silences what play began.
func (s *stage) stop(t *testing.T) (at float64) {
	t.Helper()
	act := plan.Act{Classes: []plan.Class{plan.Normal}, Reason: "đo"}
	act.Kind = plan.KindStop
	return s.act(t, act)
}

// alert raises one; with an empty name it gives the all-clear.
func (s *stage) alert(t *testing.T, name string) (at float64) {
	t.Helper()
	set := plan.AlertSet{Office: province, Alerts: []plan.Alert{}}
	set.Place = province
	if name != "" {
		words := s.bulletins["words"]
		set.Alerts = append(set.Alerts, plan.Alert{
			ID: strings.ToLower(name), Event: "lũ quét", Headline: "Lũ quét", Urgency: "immediate", Severity: "extreme", Certainty: "observed",
			Bulletin: &words, Until: time.Now().Add(time.Hour).UTC().Truncate(time.Second),
		})
	}
	is, err := s.au.Sign(&set, signers...)
	if err != nil {
		t.Fatal(err)
	}
	return s.send(t, is)
}
