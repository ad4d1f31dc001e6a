package trust_test

import (
	"bytes"
	"testing"

	"loa/agent/clock"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/trust"
	"loa/agent/trust/trusttest"
)

// Whatever the bytes: no panic, and nothing is accepted that did not come out of
// the authority's own hands, payload for payload.
func FuzzJudge(f *testing.F) {
	w := trusttest.New(start)
	ours := map[string]bool{message.Digest(payloadOf(w.RootFile())): true}
	for _, c := range w.Cases() {
		if c.Live {
			continue
		}
		f.Add(c.Topic, c.Raw, int8(c.Level))
		// Cases that nobody may accept are signed by the fuzzer's people too: what
		// counts is that no new payload gets through.
		ours[message.Digest(payloadOf(c.Raw))] = true
	}
	box, err := w.Box()
	if err != nil {
		f.Fatal(err)
	}
	box.Asked(trust.Question{Nonce: trusttest.Nonce, Asked: start})
	before := box.Snapshot()
	f.Fuzz(func(t *testing.T, topic string, raw []byte, level int8) {
		v := box.Judge(topic, raw, start, clock.Level(level))
		if v.Accepted() && len(raw) > 0 && !ours[v.SHA256] {
			t.Errorf("accepted a payload that nobody has signed: %s", payloadOf(raw))
		}
		if v.Accepted() != (v.Err == nil) || v.Accepted() == (v.Doc == nil) && len(raw) > 0 {
			t.Errorf("accepted %v, error %v, document %v", v.Accepted(), v.Err, v.Doc)
		}
		if v.Code != plan.Accepted && v.Code.Sentence().VI == "" {
			t.Errorf("no sentence for %q", v.Code)
		}
		if !bytes.Equal(before, box.Snapshot()) {
			t.Fatal("judging has changed something")
		}
		box.JudgeLive(topic, raw, start, nil)
		box.JudgeTime(topic, raw, trust.Question{Nonce: trusttest.Nonce, Asked: start}, start)
	})
}

func payloadOf(raw []byte) []byte {
	e, err := message.Open(raw)
	if err != nil {
		return nil
	}
	return e.Payload
}

// A snapshot may be torn by anything: it is refused or it works.
func FuzzRestore(f *testing.F) {
	w := trusttest.New(start)
	full, err := w.Box()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(full.Snapshot())
	bare, err := w.Bare()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(bare.Snapshot())
	messages := w.Setup()
	f.Fuzz(func(t *testing.T, snapshot []byte) {
		box, err := w.Bare()
		if err != nil {
			t.Fatal(err)
		}
		if box.Restore(snapshot) != nil {
			return
		}
		for _, m := range messages {
			box.Commit(box.Judge(m.Topic, m.Raw, start, clock.Signed))
		}
		box.Rejudge()
		box.Plan(start)
		box.Subscriptions()
		if err := box.Restore(box.Snapshot()); err != nil {
			t.Errorf("its own snapshot: %v", err)
		}
	})
}

func BenchmarkJudge(b *testing.B) {
	w := trusttest.New(start)
	box, err := w.Box()
	if err != nil {
		b.Fatal(err)
	}
	note := trusttest.Seal(w.Bulletin(trusttest.Commune, "note", plan.Normal), trusttest.Author1)
	for _, c := range []struct {
		name string
		m    trusttest.Message
	}{
		{"bulletin", note},
		{"act", trusttest.Seal(w.Gong(trusttest.Commune, "gong-1"), trusttest.Author1)},
		{"alert-by-two", trusttest.Seal(w.Alerts(trusttest.Commune, trusttest.Office, "a1"), trusttest.Warner1, trusttest.Warner2)},
		{"known-again", w.Setup()[2]},
		{"stranger", trusttest.Seal(w.Gong(trusttest.Commune, "gong-1"), trusttest.Stranger)},
		{"garbage", trusttest.Message{Topic: note.Topic, Raw: bytes.Repeat([]byte("["), message.MaxEnvelope)}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				box.Judge(c.m.Topic, c.m.Raw, start, clock.Signed)
			}
		})
	}
}
