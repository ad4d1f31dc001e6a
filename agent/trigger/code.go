package trigger

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"time"

	"loa/agent/clock"
	"loa/agent/passcode"
	"loa/agent/plan"
)

// A Message is an SMS.
type Message struct {
	From, Text string
	Sent       time.Time // by the clock of the network
}

// maxAge is how late an SMS may be, or how far ahead of the box's clock: one that waited
// for a box that was off asks for an alarm of another day.
const maxAge = 15 * time.Minute

// Sum is what triggers hold of a code. It is another one in other triggers and at another
// box, so that a code which was overheard starts nothing elsewhere.
func Sum(code, place, doc, device string) string {
	salt := sha256.Sum256([]byte("loa trigger\x00" + place + "\x00" + doc + "\x00" + device))
	return hex.EncodeToString(passcode.Stretch(code, salt[:16])[:16])
}

// Sums is what an SMS comes to in each of the triggers that take codes from its sender, by
// which [Coded] knows it. It takes some hundredths of a second for each. An error says why
// it is not even looked at; repeat-limit: not yet.
func Sums(p *plan.Plan, m Message, g *Guard, now time.Time) (map[plan.Key]string, *plan.Error) {
	code, ok := passcode.Parse(strings.TrimSpace(m.Text))
	if !ok {
		return nil, refuse(plan.Malformed, "an SMS that is no code", "tin nhắn không phải mã")
	}
	var docs []plan.Triggers
	for _, doc := range inForce(p, now) {
		if len(doc.Codes) > 0 && (len(doc.Senders) == 0 || slices.Contains(doc.Senders, number(m.From))) {
			docs = append(docs, doc)
		}
	}
	if len(docs) == 0 {
		return nil, refuse(plan.Scope, "a code from a number that may send none", "mã từ số điện thoại không được phép")
	}
	if !g.allows(time.Now()) { // whatever the box's clock does
		return nil, refuse(plan.RepeatLimit, "too many codes at once", "quá nhiều mã cùng một lúc")
	}
	sums := make(map[plan.Key]string, len(docs))
	for _, doc := range docs {
		sums[doc.Key()] = Sum(code, doc.Place, doc.ID, p.Device)
	}
	return sums, nil
}

// Coded is what a code starts, or why it starts nothing: it was used, it came too late, the
// box does not know the time, or it is none of its codes (unknown-key).
func Coded(p *plan.Plan, starts []Start, sums map[plan.Key]string, sent time.Time, level clock.Level, now time.Time) (Start, *plan.Error) {
	for _, doc := range inForce(p, now) {
		i := slices.IndexFunc(doc.Codes, func(c plan.TriggerCode) bool { return c.Sum == sums[doc.Key()] })
		if i < 0 {
			continue
		}
		s, known := start(doc, doc.Codes[i].Alert, doc.Codes[i].Sum, now)
		switch {
		case slices.ContainsFunc(starts, func(o Start) bool { return o.By == s.By }):
			return s, refuse(plan.Replay, "the code was used before", "mã đã dùng rồi")
		case level < clock.NTP:
			return s, refuse(plan.ClockCode, "the box does not know the time, and so not how old the SMS is", "thiết bị chưa biết giờ nên không biết tin nhắn gửi từ lúc nào")
		case now.Sub(sent).Abs() > maxAge:
			return s, refuse(plan.Expired, "the SMS was sent at "+plan.Moment(sent), "tin nhắn gửi lúc "+plan.Moment(sent))
		case !known:
			return s, refuse(plan.Unsupported, "no alert that lies here is called "+s.Alert, "ở đây không có báo động tên "+s.Alert)
		}
		return s, nil
	}
	return Start{}, refuse(plan.UnknownKey, "a wrong code", "sai mã")
}

func refuse(code plan.Code, en, vi string) *plan.Error {
	return &plan.Error{Code: code, Msg: en, VI: vi}
}

// number is a sender as signed triggers write it: with the country, which is Vietnam where
// it is missing.
func number(from string) string {
	from = strings.NewReplacer(" ", "", "-", "", ".", "").Replace(from)
	if national, ok := strings.CutPrefix(from, "0"); ok && !strings.HasPrefix(national, "0") {
		return "+84" + national
	}
	return from
}

// A Guard keeps codes from costing the box more than it has: whatever is sent to it, some
// are looked at in a while and the rest waits where it lies. It asks nobody who he is,
// since a sender is easily forged, and so nobody can keep out who has the right code. The
// codes stand against guessing by themselves.
type Guard struct {
	looks, answers bucket
	waits          map[Message]time.Time // for the box to know the time, and since when
}

const (
	lookEvery = 2 * time.Second
	lookBurst = 8
)

// allows takes a look out of what is there.
func (g *Guard) allows(now time.Time) bool { return g.looks.take(now, lookEvery, lookBurst) }

// A bucket has so many of something, and one more from time to time.
type bucket struct{ whole time.Time } // when all are there again

// take takes one, if there is one; now never goes back.
func (b *bucket) take(now time.Time, every time.Duration, burst int) bool {
	if b.whole.Before(now) {
		b.whole = now
	}
	whole := b.whole.Add(every)
	if whole.Sub(now) > time.Duration(burst)*every {
		return false
	}
	b.whole = whole
	return true
}

// Wait notes a right code of which the box does not know how old it is: most likely it
// knows soon.
func (g *Guard) Wait(m Message) {
	if g.waits == nil {
		g.waits = make(map[Message]time.Time)
	}
	maps.DeleteFunc(g.waits, func(_ Message, since time.Time) bool { return time.Since(since) > 2*maxAge })
	if _, before := g.waits[m]; !before {
		g.waits[m] = time.Now()
	}
}

// Waiting reports whether a message waits for the box to know the time, and whether it has
// done so for longer than it is good for.
func (g *Guard) Waiting(m Message) (waits, over bool) {
	since, waits := g.waits[m]
	return waits, waits && time.Since(since) > maxAge
}
