package trust

import (
	"time"

	"loa/agent/message"
	"loa/agent/plan"
)

// A Question is a time question that the box has asked.
type Question struct {
	Nonce string    // base64 of plan.NonceBytes fresh random bytes
	Asked time.Time // by the clock that Judge is given
}

// Asked opens a time question; the one before it is closed.
func (t *Trust) Asked(q Question) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.question = q
}

// JudgeTime judges a time answer to q. Its Doc is a [plan.TimeAnswer] and its
// NotAfter the end of the grant that answered: no clock floor goes past it.
func (t *Trust) JudgeTime(topic string, raw []byte, q Question, now time.Time) Verdict {
	t.mu.RLock()
	defer t.mu.RUnlock()
	j := judgement{t: t, raw: raw, now: now}
	j.v.Raw = raw
	return j.verdict(j.answerTo(topic, q))
}

func (j *judgement) answerTo(topic string, q Question) error {
	if err := j.open(topic); err != nil {
		return err
	}
	answer, ok := j.doc.(plan.TimeAnswer)
	if !ok {
		return refuse(plan.Malformed, "kind", "a %s is no time answer", j.v.Kind)
	}
	if err := j.addressed(); err != nil {
		return err
	}
	if err := j.signatures(j.t.x.pub); err != nil {
		return err
	}
	return j.timeAnswer(answer, q)
}

// timeAnswer believes a time that was signed over our own nonce a moment ago.
// The box's clock has no say in it, only the course of time since the question.
func (j *judgement) timeAnswer(a plan.TimeAnswer, q Question) error {
	c := claim{place: j.t.want().OwnPlace, kind: plan.KindBeat}
	if _, err := j.t.x.authorise(j.keys, c, a.Time, time.Time{}); err != nil {
		return err
	}
	proof, err := j.t.x.authorise(j.keys, c, a.Time, a.Time)
	if err != nil {
		return err
	}
	trip := j.now.Sub(q.Asked)
	switch {
	case q.Nonce == "":
		return refuse(plan.ClockCode, "nonce", "this box has asked nothing")
	case a.Nonce != q.Nonce:
		return refuse(plan.ClockCode, "nonce", "not the one that this box asked with")
	case trip < 0 || trip > roundTrip:
		return refuse(plan.ClockCode, "time", "the answer took %s; at most %s", trip.Round(time.Millisecond), roundTrip)
	case a.Time.Before(j.t.o.Built):
		return refuse(plan.ClockCode, "time", "before the software was built, %s", j.t.o.Built.Format(time.DateOnly))
	}
	for issuer, epoch := range a.Epochs {
		if time.UnixMilli(epoch).After(a.Time.Add(maxAhead)) {
			return refuse(plan.NotYet, "epochs."+issuer, "an epoch ahead of the answer's own time")
		}
	}
	for _, h := range proof.grants {
		if j.v.NotAfter.IsZero() || h.NotAfter.After(j.v.NotAfter) {
			j.v.NotAfter = h.NotAfter
		}
	}
	j.v.RoundTrip = trip
	now := j.now
	j.accept(plan.Proof{SHA256: j.v.SHA256, Holders: proof.holders()}, func(t *Trust) {
		t.tell(a.Root, a.Epochs, now)
		if t.question == q {
			t.question = Question{}
		}
	})
	return nil
}

func alertTopic(place, office string) string { return message.AlertTopic(place, office).String() }
