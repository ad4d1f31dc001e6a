package box

import (
	"context"
	"crypto/tls"
	"fmt"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"loa/agent/console"
	"loa/agent/message"
	"loa/agent/mqtt"
	"loa/agent/plan"
	"loa/agent/station"
)

// link is what the box asks of its connection, an *mqtt.Client.
type link interface {
	Run(context.Context) error
	Connected() bool
	Since() time.Time // of Connected, by the machine's clock
	Publish(topic string, payload []byte, retain bool)
	Queue(topic string, payload []byte, id string) error
	Send(context.Context, mqtt.Message) error
	Waiting() int
	Resubscribe()
	NextBroker()
}

// connection is the box's way to its brokers.
func (b *Box) connection() (*mqtt.Client, error) {
	topic := func(leaf string) string { return message.DeviceTopic(b.o.Device, leaf).String() }
	return mqtt.New(mqtt.Opts{
		Device: b.o.Device, Brokers: b.o.Brokers, TLS: b.o.TLS, Clock: b.clock.TLSTime,
		Subscriptions: func() []string {
			filters := b.trust.Subscriptions()
			if b.o.Identity != nil {
				filters = append(filters, crt(b.o.Device))
			}
			return filters
		},
		Receive: func(topic string, raw []byte) {
			if b.o.Identity != nil && topic == crt(b.o.Device) {
				b.take(raw)
				return
			}
			if at, err := message.ParseTopic(topic); err == nil && at.Leaf == message.LeafLive {
				b.live.Receive(topic, raw) // 25 a second: the station does not decide anew for each
				return
			}
			b.station.Receive(context.Background(), topic, raw)
		},
		Will: func() (mqtt.Message, bool) {
			return mqtt.Message{Topic: topic(message.LeafState), Payload: message.EncodeReport(message.State{State: "lost", Boot: b.boot}), Retain: true}, true
		},
		Birth: func() []mqtt.Message {
			b.births.Add(1)
			b.media.Retry()
			b.nudge()
			birth := []mqtt.Message{{Topic: topic(message.LeafState), Payload: message.EncodeReport(b.state("online")), Retain: true}}
			if len(b.trust.Epochs()) > 0 { // else the box cannot tell yet whose answer counts
				birth = append(birth, mqtt.Message{Topic: topic(message.LeafAsk), Payload: b.question()})
			}
			return birth
		},
		Leave: func() []mqtt.Message {
			return []mqtt.Message{{Topic: topic(message.LeafState), Payload: message.EncodeReport(b.state(b.leaving())), Retain: true}}
		},
		Window: b.trust.ReconnectWindow,
		Outbox: filepath.Join(b.o.State, "outbox"),
		Report: b.o.Health.Report, Log: b.o.Log.With("room", "mqtt"),
	})
}

// state is the box's sign of life.
func (b *Box) state(s string) message.State {
	return message.State{State: s, Boot: b.boot, At: b.now(), Version: b.o.Version, Board: b.o.Board.Name, Formats: message.Formats()}
}

// timed is conf by the box's clock, which is never before what it knows for sure.
func (b *Box) timed(conf *tls.Config) *tls.Config {
	if conf == nil {
		conf = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	conf = conf.Clone()
	conf.Time = b.clock.TLSTime
	return conf
}

func (b *Box) mediaBases() []string { return b.plan.Load().Want.Media }

// dayBytes is what may be fetched over a metered line in one day; 0: no limit.
func (b *Box) dayBytes() int64 {
	p := b.plan.Load()
	if s := p.Want.Settings; s == nil || !s.Metered {
		return 0
	}
	var least int64
	for _, x := range p.Policies {
		if n := x.MeteredDayBytes; n > 0 && (least == 0 || n < least) {
			least = n
		}
	}
	return least
}

// mostWaiting is how many acknowledgements may wait for a broker before the
// refusals of slots, which come by themselves every day, are left to the ledger.
const mostWaiting = 2000

// ack signs an acknowledgement and puts it into the outbox.
func (b *Box) ack(a station.Ack) {
	if a.State == "refused" {
		b.refused.Store(&message.Refused{At: b.now(), Kind: a.Doc.Kind, ID: a.Doc.ID, Code: a.Code})
	}
	b.nudge()
	if b.mqtt == nil || a.Doc.Kind == plan.KindSchedule && b.mqtt.Waiting() >= mostWaiting {
		return
	}
	m := message.Ack{
		Device: b.o.Device, At: b.now(), Place: a.Doc.Place, Kind: a.Doc.Kind, ID: a.Doc.ID, SHA256: a.SHA256,
		Occurrence: a.ID, State: a.State, Result: a.Result, Code: a.Code, Why: a.Why, VI: a.VI, HeardS: a.HeardS,
	}
	id := fmt.Sprintf("%s-%d", b.boot, b.acks.Add(1))
	topic := message.DeviceTopic(b.o.Device, message.LeafAck).String()
	if err := b.mqtt.Queue(topic, message.SealReport(message.ReportAck, m, b.o.Key), id); err != nil {
		b.o.Log.Error("an acknowledgement may be lost", "err", err)
	}
}

// answer answers a question from the centre as the console would.
func (b *Box) answer(a plan.Act) {
	line := a.Command
	if a.Kind == plan.KindIdentify {
		line = "status"
	}
	lang, line := language(line)
	// The station must not wait for it; the watch on relays waits for its end.
	b.relay.start(func(ctx context.Context) {
		text, code := b.console.Do(ctx, line, console.Asker{Lang: lang, Remote: true})
		pieces := cut(text, message.MaxAnswer)
		for part, piece := range pieces {
			b.mqtt.Publish(message.DeviceTopic(b.o.Device, message.LeafAnswer).String(), message.EncodeReport(message.Answer{
				ID: a.ID, Part: part, Of: len(pieces), Code: code, Text: piece,
			}), false)
		}
	})
}

// language takes the language that is wanted off the beginning of a line, as in
// "--lang en status".
func language(line string) (lang, rest string) {
	after, ok := strings.CutPrefix(line, "--lang ")
	if !ok {
		return "", line
	}
	lang, rest, _ = strings.Cut(after, " ")
	return lang, rest
}

// cut parts text into pieces of at most n bytes, between letters; at least one.
func cut(text string, n int) (pieces []string) {
	for len(text) > n {
		at := n
		for at > 0 && !utf8.RuneStart(text[at]) {
			at--
		}
		pieces, text = append(pieces, text[:at]), text[at:]
	}
	return append(pieces, text)
}
