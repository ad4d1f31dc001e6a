package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority"
)

// TestMonthAway is a box that was away while its place's documents were replaced 3,000
// times (300 in a hurry) and orders came and went. Its session has ended meanwhile, as the broker's
// configuration says after an hour. What it is given is what stands, and nothing old
// is heard.
func TestMonthAway(t *testing.T) {
	s := &stage{dir: ram(t), have: map[string]message.Have{}}
	var err error
	s.Province, err = found(s.dir, 1)
	check(t, err)
	s.broker, err = plainMosquitto(s.Province, s.dir+"/mosquitto") // so that the messages can be counted
	check(t, err)
	check(t, s.broker.Start())
	t.Cleanup(s.broker.Kill)
	way := newTap(t, s.broker.Addr)
	s.url = way.url()
	s.plain = true
	s.open(t, 1)
	s.boxesRun(t, 0, 1)
	check(t, s.fleet.Stop())
	s.forget(t, name(0))

	newest := map[string]int64{}
	versions := 300
	if long() {
		versions = 3000
	}
	for i := range versions {
		is := s.bulletin(t, fmt.Sprintf("tin-%d", i%5), i)
		newest[is.Topic.String()] = is.Doc.(plan.Bulletin).Version()
		check(t, s.issue(t.Context(), is))
	}
	var old []authority.Issued
	for range 20 {
		act := plan.Act{Item: &plan.Item{Chime: "two-tone"}, Class: plan.Normal, Until: time.Now().Add(time.Second).UTC()}
		act.Kind, act.Device = plan.KindPlay, name(0)
		is, err := s.Act(act, signers...)
		check(t, err)
		old = append(old, is)
	}
	check(t, s.issue(t.Context(), old...))
	time.Sleep(1500 * time.Millisecond) // the orders are over
	s.settled, s.have = 0, map[string]message.Have{}
	way.clear()
	began := time.Now()
	s.boxesRun(t, 0, 1)
	until(t, "it has the newest of each", 5*time.Second, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		n := 0
		for topic, version := range newest {
			for key, v := range s.have[name(0)].Documents {
				if v == version && strings.HasSuffix(topic, key[strings.LastIndex(key, "/")+1:]) {
					n++
				}
			}
		}
		return n == len(newest)
	})
	took := time.Since(began)
	docs := way.count("/doc/")
	t.Logf("all %d newest in force after %v, by %d messages of documents", len(newest), took, docs)
	if docs > 10 {
		t.Errorf("%d messages of documents, more than 10", docs)
	}
	for _, is := range old { // and a broker that keeps orders for ever gives them late
		s.give(is)
	}
	time.Sleep(2 * time.Second)
	if n := s.sounded(began); n > 0 {
		t.Error("an order of then was heard")
	}
}

// bulletin is one version of a notice.
func (s *stage) bulletin(t *testing.T, id string, n int) authority.Issued {
	t.Helper()
	from := time.Now().UTC().Truncate(time.Second)
	b := &plan.Bulletin{
		Validity: plan.Validity{ValidFrom: from.Add(-time.Minute), ValidUntil: from.Add(24 * time.Hour)},
		Class:    plan.Normal, Origin: plan.Own, Lang: "vi", Title: fmt.Sprint("Bản tin ", n),
		Pages: []plan.Page{{Text: fmt.Sprint("Bản tin số ", n)}},
	}
	b.Place, b.ID = province, id
	is, err := s.Sign(b, signers...)
	check(t, err)
	return is
}

// forget ends a box's session at the broker, as time does.
func (s *stage) forget(t *testing.T, device string) {
	t.Helper()
	conn, err := net.Dial("tcp", s.broker.Addr)
	check(t, err)
	defer conn.Close()
	packet := append([]byte{0x10, 0, 0, 4, 'M', 'Q', 'T', 'T', 4, 0x82, 0, 60, 0, byte(len(device))}, device...)
	packet = append(packet, 0, byte(len(device)))
	packet = append(packet, device...)
	packet[1] = byte(len(packet) - 2)
	_, err = conn.Write(packet)
	check(t, err)
	answer := make([]byte, 4)
	_, err = conn.Read(answer)
	check(t, err)
	if !bytes.Equal(answer, []byte{0x20, 2, 0, 0}) {
		t.Fatalf("the broker answers % x", answer)
	}
	_, err = conn.Write([]byte{0xe0, 0})
	check(t, err)
}

// A tap is a way to a broker without TLS on which the messages down are counted.
type tap struct {
	*line
	mu     sync.Mutex
	topics []string
}

func newTap(t *testing.T, to string) *tap {
	w := &tap{}
	w.line = newLine(t, to)
	w.line.hear = func() func([]byte) { return (&frames{found: w.add}).put }
	return w
}

func (w *tap) url() string { return "tcp://" + w.Addr().String() }

func (w *tap) add(topic string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.topics = append(w.topics, topic)
}

func (w *tap) clear() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.topics = nil
}

// count is how many messages had a topic with this in it.
func (w *tap) count(part string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, topic := range w.topics {
		if strings.Contains(topic, part) {
			n++
		}
	}
	return n
}

// frames finds the topics of PUBLISH packets in a stream.
type frames struct {
	buf   []byte
	found func(topic string)
}

func (f *frames) put(p []byte) {
	f.buf = append(f.buf, p...)
	for len(f.buf) >= 2 {
		n, k := binary.Uvarint(f.buf[1:])
		if k <= 0 || len(f.buf) < 1+k+int(n) {
			return
		}
		body := f.buf[1+k : 1+k+int(n)]
		if f.buf[0]>>4 == 3 && len(body) >= 2 {
			if l := int(binary.BigEndian.Uint16(body)); 2+l <= len(body) {
				f.found(string(body[2 : 2+l]))
			}
		}
		f.buf = f.buf[1+k+int(n):]
	}
}
