package message_test

import (
	"strings"
	"testing"

	"loa/agent/message"
	"loa/agent/plan"
)

func TestTopics(t *testing.T) {
	for s, want := range map[string]message.Topic{
		"loa/v1/trust/root/12":                 message.RootTopic(12),
		"loa/v1/trust/root":                    message.ListTopic(plan.RootPlace),
		"loa/v1/trust/74":                      message.ListTopic("74"),
		"loa/v1/trust/clock":                   message.ClockTopic(),
		"loa/v1/p/26734/doc/bulletin/storm-12": message.DocTopic("26734", plan.KindBulletin, "storm-12"),
		"loa/v1/p/26734/doc/policy/p":          message.DocTopic("26734", plan.KindPolicy, "p"),
		"loa/v1/p/26734/alert/ubnd":            message.AlertTopic("26734", "ubnd"),
		"loa/v1/p/26734/act":                   message.ActTopic("26734"),
		"loa/v1/p/26734/live/s1":               message.LiveTopic("26734", "s1"),
		"loa/v1/p/26734/beat":                  message.BeatTopic("26734"),
		"loa/v1/d/box-1/want":                  message.DeviceTopic("box-1", message.LeafWant),
		"loa/v1/d/box-1/cmd":                   message.DeviceTopic("box-1", message.LeafCmd),
		"loa/v1/d/box-1/state":                 message.DeviceTopic("box-1", message.LeafState),
		"loa/v1/d/box-1/answer":                message.DeviceTopic("box-1", message.LeafAnswer),
		"loa/v1/enrol/e1/csr":                  {Dir: message.DirEnrol, ID: "e1", Leaf: message.LeafCSR},
	} {
		got, err := message.ParseTopic(s)
		if err != nil || got != want || got.String() != s {
			t.Errorf("%s: %+v, %v; want %+v", s, got, err, want)
		}
	}
}

func TestNoTopics(t *testing.T) {
	for _, s := range []string{
		"", "loa", "loa/v1", "loa/v1/", "loa/v2/p/26734/act", "/loa/v1/p/26734/act", "loa/v1/p/26734/act/", "loa/v1//26734/act",
		"loa/v1/p//act", "loa/v1/p/26734", "loa/v1/p/26734/Act", "loa/v1/p/+/act", "loa/v1/p/#", "loa/v1/p/26734/doc/bulletin",
		"loa/v1/p/26734/doc/alert/a", "loa/v1/p/26734/doc/bulletin/A", "loa/v1/p/26734/alert/", "loa/v1/p/root/act", "loa/v1/p/clock/beat",
		"loa/v1/trust/root/0", "loa/v1/trust/root/01", "loa/v1/trust/root/-1", "loa/v1/trust/root/9007199254740992", "loa/v1/trust/root/x",
		"loa/v1/trust/", "loa/v1/trust", "loa/v1/d/box-1/gpio", "loa/v1/d/Box/cmd", "loa/v1/d/box-1/want/x", "loa/v1/enrol/e/key",
		"loa/v1/p/" + strings.Repeat("a", 65) + "/act", "loa/v1/p/" + strings.Repeat("a/", 200),
	} {
		if got, err := message.ParseTopic(s); err == nil {
			t.Errorf("%q is taken as %+v", s, got)
		}
	}
}

// Every document knows where it belongs, and whether the broker keeps it.
func TestTopicOf(t *testing.T) {
	kept := map[plan.Kind]bool{
		plan.KindRoot: true, plan.KindList: true, plan.KindClock: true, plan.KindBulletin: true, plan.KindSchedule: true,
		plan.KindPolicy: true, plan.KindAlert: true, plan.KindTrigger: true, plan.KindWant: true, plan.KindBeat: true,
	}
	for kind, raw := range examples(t) {
		doc, err := message.Decode(kind, raw)
		if err != nil {
			t.Fatal(err)
		}
		topic, err := message.TopicOf(doc)
		if err != nil {
			t.Fatal(err)
		}
		back, err := message.ParseTopic(topic.String())
		if err != nil || back != topic {
			t.Errorf("%s: %+v, %v; want %+v", kind, back, err, topic)
		}
		if topic.Retained() != kept[kind] {
			t.Errorf("%s kept: %v", kind, topic.Retained())
		}
		if q := topic.QoS(); (q == 0) != (kind == plan.KindBeat) {
			t.Errorf("%s goes out with QoS %d", kind, q)
		}
	}
}

func FuzzTopic(f *testing.F) {
	for _, s := range []string{"loa/v1/trust/root/12", "loa/v1/trust/74", "loa/v1/p/26734/doc/bulletin/storm-12", "loa/v1/d/box-1/cmd", "loa/v1/enrol/e1/crt"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		topic, err := message.ParseTopic(s)
		if err != nil {
			return
		}
		if topic.String() != s {
			t.Fatalf("%q came out as %q", s, topic)
		}
		if strings.ContainsAny(s, "+#\x00") {
			t.Fatalf("%q has a wildcard", s)
		}
	})
}
