package broker

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestReadStatus(t *testing.T) {
	for name, c := range map[string]struct {
		said map[string]string
		want Status
	}{
		"mosquitto": {map[string]string{
			"$SYS/broker/version": "mosquitto version 2.0.11", "$SYS/broker/uptime": "7200 seconds",
			"$SYS/broker/clients/connected": "12", "$SYS/broker/clients/maximum": "14",
			"$SYS/broker/messages/received": "999", "$SYS/broker/publish/messages/received": "100", "$SYS/broker/publish/messages/sent": "200",
			"$SYS/broker/publish/messages/dropped": "0", "$SYS/broker/retained messages/count": "30", "$SYS/broker/heap/current": "1048576",
			"bridge/74/state": "1",
		}, Status{Version: "mosquitto version 2.0.11", UptimeS: 7200, Connected: 12, MostConnected: 14, Received: 100, Sent: 200, Retained: 30,
			MemoryBytes: 1 << 20, Bridges: []BridgeStatus{{"74", true}}}},
		"embedded": {map[string]string{
			"$SYS/broker/version": "2.7.9", "$SYS/broker/uptime": "59", "$SYS/broker/messages/dropped": "3", "$SYS/broker/system/memory": "2147483648",
		}, Status{Version: "2.7.9", UptimeS: 59, Dropped: 3, MemoryBytes: 2 << 30, Warnings: []string{"restarted", "dropped", "memory"}}},
		"nothing":       {nil, Status{Silent: true}},
		"a bridge down": {map[string]string{"bridge/74/state": "0", "bridge/75/state": "1"}, Status{Silent: true, Bridges: []BridgeStatus{{"74", false}, {"75", true}}, Warnings: []string{"bridge"}}},
	} {
		if got := ReadStatus(c.said); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// A bridge brings down its own places alone, may say nothing but reports, and has no
// line for a box.
func TestBridge(t *testing.T) {
	b := Bridge{Place: "74", Centre: "loa.example:8883", Places: []string{"26734", "74"}}
	conf := b.Conf("/etc/mosquitto/loa")
	for _, line := range []string{
		"connection bridge-74", "address loa.example:8883", "notification_topic loa/v1/bridge/74/state",
		"topic trust/# in 1 loa/v1/ loa/v1/", "topic p/26734/# in 1 loa/v1/ loa/v1/", "topic p/74/# in 1 loa/v1/ loa/v1/",
		"topic d/+/want in 1 loa/v1/ loa/v1/", "topic d/+/ack out 1 loa/v1/ loa/v1/", "topic d/+/tele out 0 loa/v1/ loa/v1/",
	} {
		if !strings.Contains(conf, "\n"+line+"\n") {
			t.Errorf("no line %q in\n%s", line, conf)
		}
	}
	var writes []string
	for line := range strings.Lines(b.ACL()) {
		if w, ok := strings.CutPrefix(strings.TrimSpace(line), "topic write loa/v1/"); ok {
			writes = append(writes, w)
		}
		if strings.Contains(line, "readwrite") || strings.Contains(line, "read loa/v1/p/+") {
			t.Errorf("too much: %s", line)
		}
	}
	if want := append(named(deviceWrites, "+"), "bridge/74/state"); !slices.Equal(writes, want) {
		t.Errorf("it may say %v, want %v", writes, want)
	}
}
