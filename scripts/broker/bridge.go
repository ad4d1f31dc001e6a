package broker

import (
	"fmt"
	"strings"
)

// A Bridge joins the mosquitto of a province to the one of the centre: what is signed
// at the centre goes down, what boxes report goes up. Its certificate is of the
// province's machine alone.
type Bridge struct {
	Place  string   // the province's code
	Centre string   // host:port of the centre's broker, named in that one's certificate
	Places []string // what comes down: the province's own places and those above it
}

// Name is who the province's broker is at the centre: the CN of its certificate.
func (b Bridge) Name() string { return "bridge-" + b.Place }

// State is where the centre's broker is told 1 or 0: the bridge is there, or is not;
// without loa/v1/.
func (b Bridge) State() string { return "bridge/" + b.Place + "/state" }

// What of all boxes comes down. A line for a box would have to be written at each
// change of the fleet, so a province's broker keeps every box's; they are small.
var ordersDown = []string{"d/+/want", "d/+/cmd", "enrol/+/crt"}

// down is what the province's broker listens to at the centre.
func (b Bridge) down() []string {
	filters := []string{"trust/#"}
	for _, p := range b.Places {
		filters = append(filters, "p/"+p+"/#")
	}
	return append(filters, ordersDown...)
}

// ups is what it says there: whatever any box may report.
func ups() []string { return named(deviceWrites, "+") }

// Conf is what has to stand at the end of the province's mosquitto configuration, with
// the certificates in dir.
func (b Bridge) Conf(dir string) string {
	var s strings.Builder
	s.WriteString(strings.NewReplacer("NAME", b.Name(), "ADDRESS", b.Centre, "STATE", prefix+b.State(), "DIR", strings.TrimSuffix(dir, "/")).Replace(`
# The bridge to the centre.
connection NAME
address ADDRESS
remote_clientid NAME
local_clientid local.NAME
local_username local.NAME
bridge_protocol_version mqttv311
# The centre keeps what came while the line was down, within its own limits.
cleansession false
# Between two mosquittos the marks of what is retained, and of loops, are kept.
try_private true
# 1 while it is up, 0 by its will: loactl broker status shows it.
notifications true
notification_topic STATE
bridge_cafile DIR/ca.crt
bridge_certfile DIR/bridge.crt
bridge_keyfile DIR/bridge.key
bridge_tls_version tlsv1.2
bridge_max_packet_size 262144
keepalive_interval 30
# From 5 s to 60 s, by chance in between: provinces do not come back all at once.
restart_timeout 5 60
# Down: trust, this province's places and those above it, and orders to single boxes.
`))
	for _, f := range b.down() {
		fmt.Fprintf(&s, "topic %s in 1 %s %[2]s\n", f, prefix)
	}
	s.WriteString("# Up: what boxes report.\n")
	for _, f := range ups() {
		qos := 1
		if strings.HasSuffix(f, "/tele") || strings.HasSuffix(f, "/log") {
			qos = 0
		}
		fmt.Fprintf(&s, "topic %s out %d %s %[3]s\n", f, qos, prefix)
	}
	return s.String()
}

// LocalACL is what the bridge may do at the province's own broker.
func (b Bridge) LocalACL() string { return "user local." + b.Name() + "\n" + lines(b.down(), ups()) }

// ACL is what the bridge may do at the centre, and no more than that: it hears what it
// hands down, and says what boxes of any province report, each under the box's own
// signature.
func (b Bridge) ACL() string {
	return "user " + b.Name() + "\n" + lines(append(ups(), b.State()), b.down())
}

func lines(writes, reads []string) string {
	var s strings.Builder
	for _, f := range writes {
		fmt.Fprintf(&s, "topic write %s%s\n", prefix, f)
	}
	for _, f := range reads {
		fmt.Fprintf(&s, "topic read %s%s\n", prefix, f)
	}
	return s.String()
}
