package broker

import (
	"strings"
	"testing"
)

func TestAccess(t *testing.T) {
	for _, c := range []struct {
		user, topic string
		write, ok   bool
	}{
		{"box-1", "loa/v1/trust/root", false, true},
		{"box-1", "loa/v1/trust/root/+", false, true},
		{"box-1", "loa/v1/trust/#", false, true},
		{"box-1", "loa/v1/trust/26734", true, false},
		{"box-1", "loa/v1/p/26734/doc/schedule/morning", false, true},
		{"box-1", "loa/v1/p/26734/doc/#", false, false},
		{"box-1", "loa/v1/p/26734/doc/+/+", false, true},
		{"box-1", "loa/v1/p/26734/alert/pctt", true, false},
		{"box-1", "loa/v1/p/26734/act", false, true},
		{"box-1", "loa/v1/p/26734/act", true, false},
		{"box-1", "loa/v1/d/box-1/want", false, true},
		{"box-1", "loa/v1/d/box-1/want", true, false},
		{"box-1", "loa/v1/d/box-1/cmd", false, true},
		{"box-1", "loa/v1/d/box-1/+", false, false},
		{"box-1", "loa/v1/d/+/want", false, false},
		{"box-1", "loa/v1/d/box-2/want", false, false},
		{"box-1", "loa/v1/d/box-1/state", true, true},
		{"box-1", "loa/v1/d/box-1/state", false, false},
		{"box-1", "loa/v1/d/box-2/state", true, false},
		{"box-1", "loa/v1/d/box-1/state/x", true, false},
		{"box-1", "loa/v1/d/box-1", true, false},
		{"box-1", "#", false, false},
		{"box-1", "loa/v1/#", false, false},
		{"box-1", "$SYS/#", false, false},
		{"claim-lo1", "loa/v1/enrol/e-12/csr", true, true},
		{"claim-lo1", "loa/v1/enrol/e-12/crt", false, true},
		{"claim-lo1", "loa/v1/enrol/+/crt", false, true},
		{"claim-lo1", "loa/v1/enrol/e-12/crt", true, false},
		{"claim-lo1", "loa/v1/enrol/e-12/csr", false, false},
		{"claim-lo1", "loa/v1/enrol/#", false, false},
		{"claim-lo1", "loa/v1/trust/root", false, false},
		{"claim-lo1", "loa/v1/p/26734/doc/+/+", false, false},
		{"claim-lo1", "loa/v1/d/claim-lo1/state", true, false},
		{"claim-lo1", "loa/v1/d/claim-lo1/want", false, false},
		{"box-1", "loa/v1/enrol/e-12/csr", true, false},
		{"box-1", "loa/v1/enrol/e-12/crt", false, false},
		{"box-1", "loa/v1/enrol/box-1/csr", true, true},
		{"box-1", "loa/v1/enrol/box-1/crt", false, true},
		{"sender", "loa/v1/#", false, true},
		{"sender", "loa/v1/p/26734/act", true, true},
		{"sender", "other/topic", true, false},
		{"sender", "#", false, false},
		{"sender", "$SYS/#", false, true},
		{"sender", "$SYS/broker/uptime", true, false},
	} {
		if got := may([]string{"sender"}, c.user, c.topic, c.write); got != c.ok {
			t.Errorf("%s, %s, write %v: %v, want %v", c.user, c.topic, c.write, got, c.ok)
		}
	}
}

func TestMosquittoListHasNoLineForADevice(t *testing.T) {
	acl := ACL("sender", "op-lan")
	for line := range strings.Lines(acl) {
		first, _, _ := strings.Cut(line, " ")
		if first != "pattern" && first != "user" && first != "topic" {
			t.Errorf("strange line %q", line)
		}
		if first == "pattern" && strings.Contains(line, "d/") && !strings.Contains(line, "/%u/") {
			t.Errorf("any device may do this to any other: %q", line)
		}
	}
	if !strings.Contains(acl, "user op-lan\ntopic readwrite loa/v1/#\ntopic read $SYS/#\n") {
		t.Error("a sender is missing")
	}
}
