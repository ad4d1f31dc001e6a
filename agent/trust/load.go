package trust

import (
	"slices"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
)

// Load takes back the documents that were stored before a reboot, in any order,
// and gives a verdict on each. Time does not count against them, nor that a
// grant has ended since, but a revoked signer does. Refused ones can be deleted.
func (t *Trust) Load(raw [][]byte) []Verdict {
	t.mu.Lock()
	defer t.mu.Unlock()
	verdicts := make([]Verdict, len(raw))
	now, _ := t.o.Now()
	order := make([]int, 0, len(raw))
	js := make([]judgement, len(raw))
	for i, b := range raw {
		js[i] = judgement{t: t, raw: b, now: now}
		js[i].v.Raw = b
		if err := js[i].unseal(); err != nil {
			verdicts[i] = js[i].verdict(err)
			continue
		}
		order = append(order, i)
	}
	// The want says which places are mine, and bulletins which class a schedule has.
	rank := map[plan.Kind]int{plan.KindWant: 0, plan.KindBulletin: 1}
	slices.SortStableFunc(order, func(a, b int) int {
		return at(rank, js[a].v.Kind) - at(rank, js[b].v.Kind)
	})
	for _, i := range order {
		verdicts[i] = js[i].verdict(js[i].reload())
		if verdicts[i].apply != nil {
			verdicts[i].apply(t)
			verdicts[i].apply = nil
		}
	}
	return verdicts
}

func at(rank map[plan.Kind]int, k plan.Kind) int {
	if r, ok := rank[k]; ok {
		return r
	}
	return 2
}

// unseal reads a stored envelope, whose topic follows from the document.
func (j *judgement) unseal() error {
	e, err := message.Open(j.raw)
	if err != nil {
		return err
	}
	kind, _, err := message.ParsePayloadType(e.PayloadType)
	if err != nil {
		return err
	}
	doc, err := message.Decode(kind, e.Payload)
	if err != nil {
		return err
	}
	topic, err := message.TopicOf(doc)
	if err != nil {
		return err
	}
	return j.open(topic.String())
}

// reload believes a document that the snapshot remembers by its digest. Without
// a memory of it everything but time is judged as if it were new.
func (j *judgement) reload() error {
	topic := j.v.Topic.String()
	if j.v.Topic.Dir == message.DirTrust || !j.v.Topic.Retained() || j.v.Kind == plan.KindBeat {
		return refuse(plan.Unsupported, "kind", "a %s is not stored with the documents", j.v.Kind)
	}
	rec, known := j.t.s.Records[topic]
	// The power may have failed between storing the document and its memory.
	known = known && rec.Version >= j.head.Version()
	if !known {
		rec = record{Old: rec.Old, Version: j.head.Version(), SHA256: j.v.SHA256, At: j.now, Forget: j.head.Issued.Add(plan.MaxLife + time.Hour)}
		if err := j.signatures(j.t.x.pub); err != nil {
			return err
		}
		rec.Keys = j.keys
		if _, ok := j.doc.(plan.Policy); ok {
			rec.Old = j.olderPolicies()
		}
		if w, ok := j.doc.(plan.Want); ok {
			if err := j.mayAssign(w); err != nil {
				return err
			}
		}
	}
	if rec.SHA256 != j.v.SHA256 {
		return refuse(plan.Replay, "issued", "another version is in force")
	}
	if withdrawn(j.doc) && j.v.Kind != plan.KindPolicy {
		return refuse(plan.Expired, "withdrawn", "nothing of it is needed any more")
	}
	p, err := j.t.stillHolds(j.doc, rec.Keys, j.now)
	if err != nil {
		return err
	}
	if !known {
		rec.Holders = p.holders()
		rec.Signer, _ = j.t.x.widest(p, j.head.Place, j.now)
		if len(rec.Holders) >= 2 {
			rec.Old = nil
		}
	}
	proof := plan.Proof{SHA256: rec.SHA256, Holders: rec.Holders, Signer: rec.Signer}
	doc, size := message.WithProof(approved(j.doc, rec.Holders), proof), len(j.e.Payload)
	j.doc = doc
	j.accept(proof, func(t *Trust) {
		t.s.Records[topic] = rec
		t.bodies[topic] = body{doc: doc, size: size}
	})
	return nil
}
