package trust

import (
	"encoding/json"
	"slices"
	"time"

	"loa/agent/clock"
	"loa/agent/plan"
)

// want takes what the box should be. Its signers need assign for a place that
// changes, settings for how it works and firmware for what it runs; what is as
// before needs nobody's leave.
func (j *judgement) want(w plan.Want) error {
	claims, err := j.changes(j.t.want(), w)
	if err != nil {
		return err
	}
	if _, err := j.all(claims, time.Time{}); err != nil {
		return err
	}
	if err := j.issuedInTime(clock.RTC); err != nil {
		return err
	}
	proof, err := j.all(claims, j.now)
	if err != nil {
		return err
	}
	topic := j.v.Topic.String()
	rec := j.t.s.Records[topic]
	if err := j.newer(rec, plan.Replay); err != nil {
		return err
	}
	if w.Firmware != nil && w.Firmware.Security < j.t.s.Security {
		return refuse(plan.Rollback, "firmware.security", "%d; this box never goes below %d", w.Firmware.Security, j.t.s.Security)
	}
	if old := j.t.want().Firmware; old != nil && w.Firmware != nil && !w.Firmware.Downgrade && plan.CompareReleases(w.Firmware.Version, old.Version) < 0 {
		return refuse(plan.Rollback, "firmware.version", "%s; before it was %s, and nobody has signed that the older one is meant", w.Firmware.Version, old.Version)
	}
	for _, c := range claims {
		if err := j.fresh(proof, c); err != nil {
			return err
		}
	}
	signer, _ := j.t.x.widest(proof, w.OwnPlace, j.now)
	next := record{
		Version: w.Version(), SHA256: j.v.SHA256, Keys: j.keys, Holders: proof.holders(), Signer: signer,
		At: j.now, Forget: j.now.AddDate(100, 0, 0), // an older want must never come back
	}
	j.keepAs(topic, next)
	return nil
}

// changes are the claims that lie in the difference between two wants. A move
// needs leave from where the box leaves and from where it arrives.
func (j *judgement) changes(old, w plan.Want) ([]claim, error) {
	var claims []claim
	ask := func(kind plan.Kind, place string) {
		c := claim{place: place, kind: kind}
		if !slices.Contains(claims, c) {
			claims = append(claims, c)
		}
	}
	if w.OwnPlace != old.OwnPlace {
		for _, p := range []string{old.OwnPlace, w.OwnPlace} {
			if p != "" {
				ask(plan.GrantAssign, p)
			}
		}
	}
	for _, g := range slices.Concat(old.Groups, w.Groups) {
		if slices.Contains(old.Groups, g) != slices.Contains(w.Groups, g) {
			ask(plan.GrantAssign, g)
		}
	}
	home := w.OwnPlace
	if home == "" {
		home = old.OwnPlace
	}
	if !equal(old.Settings, w.Settings) || !slices.Equal(old.Media, w.Media) || old.Name != w.Name {
		ask(plan.GrantSettings, home)
	}
	if !equal(old.Firmware, w.Firmware) && w.Firmware != nil {
		ask(plan.GrantFirmware, home)
	}
	if len(claims) == 0 {
		ask(plan.GrantSettings, home) // nothing changes, but somebody must have said so
	}
	for _, p := range append([]string{w.OwnPlace}, w.Groups...) {
		if _, ok := j.t.x.above(p, j.now); p != "" && !ok {
			return nil, refuse(plan.Scope, "own_place", "no list registers the place %s", p)
		}
	}
	return claims, nil
}

// mayAssign judges a stored want that nothing remembers as if it were the first.
func (j *judgement) mayAssign(w plan.Want) error {
	claims, err := j.changes(plan.Want{}, w)
	if err == nil {
		_, err = j.all(claims, time.Time{})
	}
	return err
}

func equal[T any](a, b *T) bool {
	x, err := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err == nil && err2 == nil && string(x) == string(y)
}

// Security is the firmware floor: nothing with a lower security number is to run here.
func (t *Trust) Security() int64 {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.s.Security
}

// SetSecurity raises the firmware floor: after an update has proven itself,
// nothing older in security comes back. It never falls.
func (t *Trust) SetSecurity(n int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.s.Security = max(t.s.Security, n)
}
