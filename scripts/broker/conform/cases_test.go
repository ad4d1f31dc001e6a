package conform

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"loa/scripts/broker"
)

// cases are what Loa asks of a broker, one after another on the same engine; what stops
// it comes last.
var cases = []struct {
	name string
	try  func(*world)
}{
	{"retained", retained},
	{"retained replaced", retainedReplaced},
	{"retained after reconnect", retainedAfterReconnect},
	{"retained emptied", retainedEmptied},
	{"trust and below", trustAndBelow},
	{"patterns", patterns},
	{"order", order},
	{"largest", largest},
	{"will", will},
	{"no will after goodbye", noWill},
	{"takeover", takeover},
	{"will at takeover", willAtTakeover},
	{"session keeps orders", sessionKeeps},
	{"denied subscription is told", deniedIsTold},
	{"denied will does not pass", deniedWill},
	{"denied retained is not kept", deniedRetained},
	{"restart", restart},
	{"kept across a power cut", keptAcrossKill},
}

// A document's topics at a place of the suite's own, so that cases do not meet.
func (w *world) doc(id string) string { return "p/" + commune + "/doc/bulletin/" + id }

func retained(w *world) {
	office, m := w.join("loactl", dial{}), mark("retained")
	defer office.leave()
	office.say(w.doc("retained"), m, true)
	box := w.join(w.fresh(), dial{})
	defer box.leave()
	box.awaits(w.doc("+"), w.doc("retained"), m)
	for _, s := range box.all() {
		if s.payload == m && !s.retained {
			w.t.Error("it does not say that it is retained")
		}
	}
}

// awaits subscribes again and again until a message is there: between two nodes, or
// over a bridge, what was acknowledged takes a moment.
func (c *client) awaits(filter, topic, payload string) {
	c.t.Helper()
	for deadline := time.Now().Add(patience); ; {
		c.listen(1, filter)
		for wait := time.Now().Add(300 * time.Millisecond); time.Now().Before(wait); time.Sleep(10 * time.Millisecond) {
			if c.heard(topic, payload) {
				return
			}
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("%.40q does not arrive on %s", payload, topic)
		}
	}
}

func retainedReplaced(w *world) {
	office := w.join("loactl", dial{})
	defer office.leave()
	old, young := mark("old"), mark("new")
	office.say(w.doc("replaced"), old, true)
	office.say(w.doc("replaced"), young, true)
	box := w.join(w.fresh(), dial{})
	defer box.leave()
	box.awaits(w.doc("replaced"), w.doc("replaced"), young)
	late := w.join(w.fresh(), dial{})
	defer late.leave()
	late.awaits(w.doc("replaced"), w.doc("replaced"), young)
	if late.heard(w.doc("replaced"), old) {
		w.t.Error("the old one comes as well")
	}
}

// A box subscribes anew at each connection and gets everything again.
func retainedAfterReconnect(w *world) {
	office := w.join("loactl", dial{})
	defer office.leave()
	first, second := mark("first"), mark("second")
	name := w.fresh()
	box := w.join(name, dial{session: true})
	box.listen(1, w.doc("again"))
	office.say(w.doc("again"), first, true)
	box.hears(w.doc("again"), first)
	box.drop()
	office.say(w.doc("again"), second, true)
	box = w.join(name, dial{session: true})
	defer box.leave()
	box.awaits(w.doc("again"), w.doc("again"), second)
	n := len(box.all())
	box.awaits(w.doc("again"), w.doc("again"), second)
	box.more(n)
}

// more waits until more than n messages have come: what is retained comes again.
func (c *client) more(n int) {
	c.t.Helper()
	for deadline := time.Now().Add(patience); len(c.all()) <= n; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			c.t.Fatal("a second subscription brings nothing")
		}
	}
}

func retainedEmptied(w *world) {
	office := w.join("loactl", dial{})
	defer office.leave()
	m, after := mark("emptied"), mark("after")
	office.say(w.doc("emptied"), m, true)
	office.say(w.doc("emptied"), "", true)
	office.say(w.doc("emptied-after"), after, true)
	box := w.join(w.fresh(), dial{})
	defer box.leave()
	box.awaits(w.doc("emptied-after"), w.doc("emptied-after"), after)
	box.listen(1, w.doc("emptied"), "p/"+commune+"/act")
	box.reached(office)
	if box.heard(w.doc("emptied"), m) {
		w.t.Error("it is still kept")
	}
}

// reached sees that what office says now arrives; what it said before would have.
func (c *client) reached(office *client) {
	c.t.Helper()
	m := mark("now")
	office.say("p/"+commune+"/act", m, false)
	c.hears("p/"+commune+"/act", m)
}

// trust/# is also trust/26734 and trust/root/1.
func trustAndBelow(w *world) {
	office := w.join("loactl", dial{})
	defer office.leave()
	box := w.join(w.fresh(), dial{})
	defer box.leave()
	box.listen(1, "trust/#")
	for _, topic := range []string{"trust/conform", "trust/conform/1"} {
		m := mark(topic)
		office.say(topic, m, false)
		box.hears(topic, m)
	}
}

// One level is one level, and only that.
func patterns(w *world) {
	office := w.join("loactl", dial{})
	defer office.leave()
	box := w.join(w.fresh(), dial{})
	defer box.leave()
	box.listen(1, "p/+/doc/+/+", "p/"+commune+"/act")
	m := mark("pattern")
	for _, topic := range []string{"p/" + commune + "/doc/schedule/x", "p/" + province + "/doc/policy/y"} {
		office.say(topic, m, false)
		box.hears(topic, m)
	}
	for _, topic := range []string{"p/" + commune + "/doc/schedule", "p/" + commune + "/doc/schedule/x/y", "p/" + commune + "/alert/x"} {
		office.say(topic, m, false)
	}
	box.reached(office)
	if n := len(slices.DeleteFunc(box.all(), func(s said) bool { return s.payload != m })); n != 2 {
		w.t.Errorf("%d messages instead of 2", n)
	}
}

func order(w *world) {
	office := w.join("loactl", dial{})
	defer office.leave()
	box := w.join(w.fresh(), dial{})
	defer box.leave()
	box.listen(1, "p/"+commune+"/act")
	for i := range 100 {
		office.say("p/"+commune+"/act", fmt.Sprint("order ", i), false)
	}
	box.hears("p/"+commune+"/act", "order 99")
	next := 0
	for _, s := range box.all() {
		if s.payload == fmt.Sprint("order ", next) {
			next++
		}
	}
	if next != 100 {
		w.t.Errorf("in order only %d of 100", next)
	}
}

// A document may have 64 KiB, a packet of ours as much as 255.
func largest(w *world) {
	office := w.join("loactl", dial{})
	defer office.leave()
	big := mark("big") + strings.Repeat("x", 250<<10)
	office.say(w.doc("big"), big, true)
	box := w.join(w.fresh(), dial{})
	defer box.leave()
	box.awaits(w.doc("big"), w.doc("big"), big)
	office.say(w.doc("big"), "", true)
}

// Who vanishes is said to be lost, also to those who come later.
func will(w *world) {
	office := w.join("loactl", dial{})
	defer office.leave()
	office.listen(1, "d/+/state")
	name, m := w.fresh(), mark("lost")
	box := w.join(name, dial{will: "d/" + name + "/state " + m})
	box.say("d/"+name+"/state", "online", true)
	office.hears("d/"+name+"/state", "online")
	box.drop()
	office.hears("d/"+name+"/state", m)
	late := w.join("dispatcher", dial{})
	defer late.leave()
	late.awaits("d/+/state", "d/"+name+"/state", m)
}

func noWill(w *world) {
	office := w.join("loactl", dial{})
	defer office.leave()
	office.listen(1, "d/+/state")
	name, m := w.fresh(), mark("lost")
	box := w.join(name, dial{will: "d/" + name + "/state " + m})
	box.say("d/"+name+"/state", "offline", true)
	box.leave()
	other := w.fresh()
	second := w.join(other, dial{will: "d/" + other + "/state " + m})
	second.drop()
	office.hears("d/"+other+"/state", m)
	if office.heard("d/"+name+"/state", m) {
		w.t.Error("the will of one that has said good-bye is published")
	}
}

// A box whose old connection hangs comes in again under its name.
func takeover(w *world) {
	office := w.join("loactl", dial{})
	defer office.leave()
	name := w.fresh()
	first := w.join(name, dial{session: true})
	second := w.join(name, dial{session: true})
	defer second.leave()
	first.ends()
	second.listen(1, "p/"+commune+"/act")
	second.reached(office)
}

// Whether the old connection's will is published then; MQTT 3.1.1 wants it.
func willAtTakeover(w *world) {
	office := w.join("loactl", dial{})
	defer office.leave()
	office.listen(1, "d/+/state")
	name, m := w.fresh(), mark("lost")
	first := w.join(name, dial{will: "d/" + name + "/state " + m})
	second := w.join(name, dial{})
	defer second.leave()
	first.ends()
	second.say("d/"+name+"/state", "online", true)
	office.hears("d/"+name+"/state", "online")
	time.Sleep(500 * time.Millisecond) // it is published by the side
	if !office.heard("d/"+name+"/state", m) {
		w.t.Error("the will is not published")
	}
}

// An order that comes while the box is away for a moment is not lost.
func sessionKeeps(w *world) {
	office := w.join("loactl", dial{})
	defer office.leave()
	name, m := w.fresh(), mark("while away")
	box := w.join(name, dial{session: true})
	box.listen(1, "d/"+name+"/cmd", "p/"+commune+"/act")
	box.reached(office)
	box.drop()
	office.listen(1, "p/"+commune+"/act")
	office.say("d/"+name+"/cmd", m, false)
	time.Sleep(500 * time.Millisecond) // over the bridge
	box = w.join(name, dial{session: true})
	defer box.leave()
	box.hears("d/"+name+"/cmd", m)
}

// Whether a broker says 0x80. A box does not depend on it.
func deniedIsTold(w *world) {
	box := w.join(w.fresh(), dial{})
	defer box.leave()
	if got := box.listen(1, "d/other/cmd"); got[0] != 128 {
		w.t.Errorf("granted in words, with QoS %d", got[0])
	}
}

// The will of a thief who names another box's topic, retained.
func deniedWill(w *world) {
	office := w.join("loactl", dial{})
	defer office.leave()
	victim, thief, m := w.fresh(), w.fresh(), mark("forged")
	if c, err := w.try(thief, w.eng.box(), dial{will: "d/" + victim + "/state " + m}); err == nil {
		c.drop()
	}
	w.notKept(office, "d/"+victim+"/state", m)
}

// What may not be said is not kept for later either.
func deniedRetained(w *world) {
	office := w.join("loactl", dial{})
	defer office.leave()
	for _, topic := range []string{w.doc("forged"), "trust/forged", "d/another/have", "p/" + commune + "/alert/forged"} {
		m := mark("forged")
		thief := w.join(w.fresh(), dial{})
		_ = thief.trySay(topic, m, true)
		thief.leave()
		w.notKept(office, topic, m)
	}
}

func (w *world) notKept(office *client, topic, payload string) {
	w.t.Helper()
	name := w.fresh()
	box := w.join(name, dial{})
	defer box.leave()
	m := mark("after")
	box.say("d/"+name+"/have", m, true)
	office.listen(1, topic)
	office.awaits("d/"+name+"/have", "d/"+name+"/have", m)
	if office.heard(topic, payload) {
		w.t.Errorf("%s was taken", topic)
	}
}

// After a power cut of the broker everybody comes back and is reached.
func restart(w *world) {
	w.eng.kill()
	w.start()
	office := w.join("loactl", dial{})
	defer office.leave()
	box := w.join(w.fresh(), dial{})
	defer box.leave()
	box.listen(1, "p/"+commune+"/act")
	box.reached(office)
}

// Whether what was acknowledged is there after a power cut right away. Nothing in Loa
// depends on it: the dispatcher mends.
func keptAcrossKill(w *world) {
	office, m := w.join("loactl", dial{}), mark("kept")
	office.say(w.doc("kept"), m, true)
	w.eng.kill()
	w.start()
	box := w.join(w.fresh(), dial{})
	defer box.leave()
	box.listen(1, w.doc("kept"))
	for deadline := time.Now().Add(3 * time.Second); !box.heard(w.doc("kept"), m); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatal("it is forgotten")
		}
	}
}

// loactl broker status has something to show, the bridge with it.
func saysHowItIs(w *world) {
	var st broker.Status
	for range 4 { // mosquitto says it every 10 s
		out := w.loactl("broker", "status", "--json")
		if err := json.Unmarshal([]byte(out), &st); err != nil {
			w.t.Fatalf("%v: %s", err, out)
		}
		if st.Silent {
			if _, never := w.eng.(*nats); never {
				break
			}
			continue
		}
		if st.Connected < 2 || st.MemoryBytes == 0 { // the tool, the dispatcher
			w.t.Errorf("it says %s", out)
		}
		if _, is := w.eng.(*bridged); is && (len(st.Bridges) != 1 || !st.Bridges[0].Up) {
			w.t.Errorf("the bridge: %s", out)
		}
		return
	}
	w.t.Fatal("it says nothing")
}
