package plan

import (
	"slices"
	"strings"
)

// Validate says what is wrong with the office's set of alerts.
func (s AlertSet) Validate() error {
	var c check
	c.broadcast(s.Head, KindAlert)
	c.id("office", s.Office)
	if s.Office != s.ID {
		c.fail("office", "%q in the slot of %q: an office writes only its own", s.Office, s.ID)
	}
	if strings.HasPrefix(s.Office, TriggerOffice) {
		c.fail("office", "names that begin with %s are the boxes' own", TriggerOffice)
	}
	if s.Alerts == nil {
		c.fail("alerts", "missing: write [] for all clear")
	}
	c.count("alerts", len(s.Alerts), 0, 16)
	for i, a := range s.Alerts {
		at := index("alerts", i)
		c.alert(at, s.Head, a)
		if slices.ContainsFunc(s.Alerts[:i], func(o Alert) bool { return o.ID == a.ID }) {
			c.fail(at+".id", "%q stands here twice", a.ID)
		}
	}
	c.count("cancel", len(s.Cancel), 0, 16)
	for i, x := range s.Cancel {
		at := index("cancel", i)
		c.id(at+".place", x.Place)
		c.id(at+".office", x.Office)
		c.id(at+".id", x.ID)
		if x.Place == s.Place && x.Office == s.Office {
			c.fail(at, "an alert of one's own: leave it out of alerts")
		}
	}
	c.count("retracted", len(s.Retracted), 0, 16)
	for i, r := range s.Retracted {
		at := index("retracted", i)
		c.id(at+".id", r.ID)
		if slices.ContainsFunc(s.Alerts, func(a Alert) bool { return a.ID == r.ID }) {
			c.fail(at+".id", "%q stands among the alerts as well", r.ID)
		}
		if slices.ContainsFunc(s.Retracted[:i], func(o Retraction) bool { return o.ID == r.ID }) {
			c.fail(at+".id", "%q stands here twice", r.ID)
		}
		c.when(at+".until", r.Until)
		c.life(at+".until", s.Issued, r.Until, MaxRetractionLife)
	}
	return c.result()
}

func (c *check) alert(at string, h Head, a Alert) {
	c.id(at+".id", a.ID)
	c.required(at+".event", a.Event, 100)
	// The words of CAP 1.2, section 3.2.2, in lower case.
	enum(c, at+".urgency", a.Urgency, "immediate", "expected", "future", "past", "unknown")
	enum(c, at+".severity", a.Severity, "extreme", "severe", "moderate", "minor", "unknown")
	enum(c, at+".certainty", a.Certainty, "observed", "likely", "possible", "unlikely", "unknown")
	c.ids(at+".references", a.References, 8)
	c.required(at+".headline", a.Headline, 300)
	c.text(at+".instruction", a.Instruction, 4000)
	if a.Bulletin != nil {
		c.ref(at+".bulletin", *a.Bulletin, KindBulletin)
	}
	if a.Tone != "" {
		c.id(at+".tone", a.Tone)
	}
	c.between(at+".repeat", int64(a.Repeat), 0, 20)
	c.between(at+".gap_s", int64(a.GapS), 0, 3600)
	if !a.From.IsZero() {
		c.when(at+".from", a.From)
	}
	c.when(at+".until", a.Until)
	if !a.From.IsZero() && !a.Until.After(a.From) { // one that is over already may stay in the set
		c.fail(at+".until", "it ends before it begins")
	}
	c.life(at+".until", h.Issued, a.Until, MaxAlertLife)
}
