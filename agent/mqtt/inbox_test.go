package mqtt

import (
	"fmt"
	"slices"
	"testing"
)

func TestUrgentMessagesGoFirst(t *testing.T) {
	b := newInbox()
	order := []string{
		"loa/v1/trust/root", "loa/v1/trust/26734",
		"loa/v1/p/74/alert/pctt",
		"loa/v1/p/26734/act", "loa/v1/d/box-1/want",
		"loa/v1/p/26734/doc/schedule/morning", "loa/v1/p/26734/doc/bulletin/b1",
	}
	for _, i := range []int{5, 3, 0, 6, 2, 4, 1} {
		b.put(order[i], nil)
	}
	var got []string
	for {
		m, ok, _ := b.take()
		if !ok {
			break
		}
		got = append(got, m.topic)
	}
	if !slices.Equal(got, order) {
		t.Errorf("delivered %q", got)
	}
}

// A flood costs bounded memory, never an alarm, and ends in a call for
// everything once more.
func TestFloodIsBounded(t *testing.T) {
	b := newInbox()
	for i := range 5000 {
		b.put(fmt.Sprint("loa/v1/p/26734/doc/bulletin/b", i), make([]byte, 64<<10))
		if b.bytes > inboxBytes || b.messages > inboxMessages {
			t.Fatalf("holds %d messages of %d bytes", b.messages, b.bytes)
		}
	}
	b.put("loa/v1/p/74/alert/pctt", []byte("storm"))
	m, ok, lost := b.take()
	if !ok || lost || string(m.payload) != "storm" {
		t.Fatalf("first came %q", m.topic)
	}
	for ok {
		if _, ok, lost = b.take(); lost && ok {
			t.Fatal("asked for everything again before the inbox was empty")
		}
	}
	if !lost {
		t.Error("nothing says that messages were lost")
	}
	if _, _, lost = b.take(); lost {
		t.Error("said twice that messages were lost")
	}
	if b.bytes != 0 || b.messages != 0 {
		t.Errorf("empty, and holds %d messages of %d bytes", b.messages, b.bytes)
	}
}

// A flood of live talk is bounded by itself, pushes out no order, and is no reason to
// ask for everything again.
func TestFloodOfTalk(t *testing.T) {
	b := newInbox()
	for range 5000 {
		b.put("loa/v1/p/26734/live/s1", make([]byte, 300))
	}
	b.put("loa/v1/p/26734/act", []byte("stop"))
	b.put("loa/v1/p/26734/doc/bulletin/b1", nil)
	if m, ok, _ := b.take(); !ok || string(m.payload) != "stop" {
		t.Errorf("first came %q", m.topic)
	}
	n := 0
	for {
		m, ok, lost := b.take()
		if lost {
			t.Error("it asks for everything again")
		}
		if !ok {
			break
		}
		if n++; m.topic != "loa/v1/p/26734/live/s1" && n != inboxTalk+1 {
			t.Errorf("%s came as number %d", m.topic, n)
		}
	}
	if n != inboxTalk+1 {
		t.Errorf("%d messages were kept, want %d of talk and a bulletin", n, inboxTalk)
	}
}

func TestQoSByTopic(t *testing.T) {
	for topic, want := range map[string]byte{
		"loa/v1/trust/root/3":         1,
		"loa/v1/p/26734/doc/policy/x": 1,
		"loa/v1/p/26734/alert/pctt":   1,
		"loa/v1/p/26734/act":          1,
		"loa/v1/p/26734/live/s1":      0,
		"loa/v1/p/26734/live/+":       0,
		"loa/v1/p/26734/beat":         0,
		"loa/v1/d/box-1/state":        1,
		"loa/v1/d/box-1/ack":          1,
		"loa/v1/d/box-1/tele":         0,
		"loa/v1/d/box-1/log":          0,
		"enrol":                       1,
	} {
		if got := qos(topic); got != want {
			t.Errorf("qos(%s) = %d, want %d", topic, got, want)
		}
	}
}

// Behind the address of a broker to which subscriptions are dear only a box's own topics
// are asked for at least once.
func TestSparing(t *testing.T) {
	for filter, want := range map[string]byte{
		"loa/v1/trust/#":         0,
		"loa/v1/p/26734/doc/+/+": 0,
		"loa/v1/p/26734/alert/+": 0,
		"loa/v1/p/26734/act":     0,
		"loa/v1/p/26734/beat":    0,
		"loa/v1/d/box-1/want":    1,
		"loa/v1/d/box-1/cmd":     1,
	} {
		if got := asked(filter, true); got != want {
			t.Errorf("asked(%s) = %d, want %d", filter, got, want)
		}
		if got := asked(filter, false); got != qos(filter) {
			t.Errorf("asked(%s) = %d elsewhere", filter, got)
		}
	}
	if u, err := brokerURL("tcp://loa.example?qos=0", nil); err != nil || u.Host != "loa.example:1883" || u.RawQuery != sparing {
		t.Errorf("%v, %v", u, err)
	}
	if _, err := brokerURL("tcp://loa.example?qos=1", nil); err == nil {
		t.Error("anything may stand behind ?")
	}
}
