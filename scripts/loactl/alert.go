package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/standing"
	"loa/scripts/authority"
)

func (a *app) alert(args []string) error {
	if byCAP(args) {
		return a.alertCAP(args)
	}
	return a.sub(args, map[string]func([]string) error{
		"set":     a.alertSet,
		"clear":   a.alertClear,
		"undo":    a.alertUndo,
		"approve": a.alertApprove,
		"list":    a.alertList,
		"cap":     a.alertCAPList,
	})
}

// alertSet puts one alert into an office's set and sends the set at once. The
// alert takes the place of the one with its id; without an id, of the one for the
// same event, because whoever sets an event a second time means that one, and two
// alarms for one flood would sound in turn, and both have to be cleared.
func (a *app) alertSet(args []string) error {
	fs := a.flags("alert set")
	office := fs.String("office", "", "")
	id := fs.String("id", "", "")
	another := fs.Bool("another", false, "")
	event := fs.String("event", "", "")
	headline := fs.String("headline", "", "")
	instruction := fs.String("instruction", "", "")
	urgency := fs.String("urgency", "immediate", "")
	severity := fs.String("severity", "severe", "")
	certainty := fs.String("certainty", "observed", "")
	bulletin := fs.String("bulletin", "", "")
	tone := fs.String("tone", "", "")
	lies := fs.String("standing", "", "")
	repeat := fs.Int("repeat", 0, "")
	gap := fs.Duration("gap", 0, "")
	length := fs.Duration("for", 0, "")
	by := signedBy(fs)
	rest, err := a.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	if *lies != "" {
		std, ok := standing.Find(*lies)
		if !ok {
			return &usageError{a.text("alert.standing", *lies, strings.Join(standingNames(), ", "))}
		}
		*event, *headline = cmp.Or(*event, std.Event), cmp.Or(*headline, std.Headline)
		*instruction, *tone = cmp.Or(*instruction, std.Instruction), std.ID
	}
	if *event == "" || *headline == "" {
		return &usageError{a.text("alert.needs")}
	}
	return a.alertChange(rest[0], *office, by, nil, func(au *authority.Authority, set *plan.AlertSet) error {
		al := plan.Alert{
			ID: *id, Event: typed(*event), Headline: typed(*headline), Instruction: typed(*instruction),
			Urgency: *urgency, Severity: *severity, Certainty: *certainty,
			Tone: *tone, Repeat: *repeat, GapS: int(*gap / time.Second),
			Until: a.now().Add(cmp.Or(*length, time.Hour)).UTC().Truncate(time.Second),
		}
		before := sameEvent(set.Alerts, al.Event)
		if al.ID != "" || *another {
			before = nil
		}
		if before != nil {
			al.ID = before.ID
			if *length == 0 && before.Until.After(al.Until) {
				al.Until = before.Until // an alarm is cut short on purpose only
			}
		}
		if al.ID == "" {
			seq, err := au.Seq()
			if err != nil {
				return err
			}
			al.ID = fmt.Sprintf("alert-%d", seq)
		}
		if *bulletin != "" {
			item, err := a.item(au, set.Head, *bulletin)
			if err != nil {
				return err
			}
			al.Bulletin = item.Ref
		} else {
			words := &plan.Bulletin{Pages: al.Shown()}
			a.proofread(al.ID, words)
			a.misfits(au, al.ID, set.Place, words)
		}
		if before != nil {
			until := a.moment(before.Until)
			if heard(*before) == heard(al) {
				a.note("alert.renewed", al.ID, before.Event, until)
			} else {
				a.note("alert.reworded", al.ID, before.Event, until)
			}
		}
		set.Alerts = slices.DeleteFunc(set.Alerts, func(o plan.Alert) bool { return o.ID == al.ID })
		set.Alerts = append(set.Alerts, al)
		set.Retracted = slices.DeleteFunc(set.Retracted, func(r plan.Retraction) bool { return r.ID == al.ID })
		return nil
	})
}

func standingNames() (names []string) {
	for _, s := range standing.All() {
		names = append(names, s.ID)
	}
	return names
}

// typed is what a person wrote as boxes take it: some systems type letters and
// their marks apart, and an alarm must not fail for that.
func typed(s string) string { return norm.NFC.String(strings.TrimSpace(s)) }

// heard is what a box goes by to tell whether an alert sounds as it did before.
func heard(al plan.Alert) [4]string {
	h := [4]string{al.Headline, al.Instruction, cmp.Or(al.Tone, "siren")}
	if al.Bulletin != nil {
		h[3] = al.Bulletin.SHA256
	}
	return h
}

// sameEvent is the newest alert for an event, or nil.
func sameEvent(alerts []plan.Alert, event string) *plan.Alert {
	for i := range slices.Backward(alerts) {
		if strings.EqualFold(alerts[i].Event, event) {
			return &alerts[i]
		}
	}
	return nil
}

// alertClear takes one alert, or all, out of an office's set, or cancels another
// office's.
func (a *app) alertClear(args []string) error {
	fs := a.flags("alert clear")
	office := fs.String("office", "", "")
	id := fs.String("id", "", "")
	cancel := fs.String("cancel", "", "")
	by := signedBy(fs)
	rest, err := a.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	return a.alertChange(rest[0], *office, by, nil, func(_ *authority.Authority, set *plan.AlertSet) error {
		if *cancel != "" {
			l := strings.Split(*cancel, "/")
			if len(l) != 3 {
				return &usageError{a.text("alert.cancel")}
			}
			set.Cancel = append(set.Cancel, plan.Cancel{Place: l[0], Office: l[1], ID: l[2]})
			return nil
		}
		before := len(set.Alerts)
		set.Alerts = slices.DeleteFunc(set.Alerts, func(o plan.Alert) bool { return *id == "" || o.ID == *id })
		if *id != "" && len(set.Alerts) == before {
			return errors.New(a.text("alert.none", *id))
		}
		return nil
	})
}

// alertChange signs the next version of an office's slot and sends it. What first gives,
// if it is not nil, goes out before the set.
func (a *app) alertChange(place, office string, by signing, first func(*authority.Authority) ([]authority.Issued, error), change func(*authority.Authority, *plan.AlertSet) error) error {
	if *by.as == "" {
		return &usageError{a.text("who-signs")}
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	if office == "" {
		office = place
	}
	set := plan.AlertSet{Office: office}
	set.Place = place
	if is, ok := au.Find(message.AlertTopic(place, office)); ok {
		old := is.Doc.(plan.AlertSet)
		set.Alerts, set.Cancel, set.Retracted = old.Alerts, old.Cancel, old.Retracted
	}
	set.Alerts = slices.DeleteFunc(set.Alerts, func(o plan.Alert) bool { return !a.now().Before(o.Until) })
	set.Retracted = slices.DeleteFunc(set.Retracted, func(r plan.Retraction) bool { return !a.now().Before(r.Until) })
	if set.Alerts == nil {
		set.Alerts = []plan.Alert{}
	}
	if err := change(au, &set); err != nil {
		return err
	}
	if lost := a.waitsElse(au, set); lost != nil {
		if raises(au, set) {
			return errors.New(a.text("alert.waits", lost.Headline, place, officeFlag(place, office)))
		}
		a.note("alert.waited", lost.Headline) // an end is never kept waiting
	}
	var before []authority.Issued
	if first != nil {
		if before, err = first(au); err != nil {
			return err
		}
	}
	is, err := au.Sign(&set, names(*by.as)...)
	if err != nil {
		return err
	}
	v, err := au.Judge(is)
	if err != nil {
		return err
	}
	if v.Code == plan.Quorum {
		// Nothing sounds yet, so this is a failure, whoever waits beside it.
		if err := au.KeepPending(is); err != nil {
			return err
		}
		return errors.New(a.refusal(au, is, v) + "\n" + a.text("alert.second", place, officeFlag(place, office)))
	}
	if v.Code != plan.Accepted {
		return errors.New(a.refusal(au, is, v))
	}
	return a.alertSend(au, is, by, before...)
}

// waitsElse is an alert that waits for its second signature in the same office and is not
// in a set, nor is another wording of its event: with the set it would be gone unheard.
func (a *app) waitsElse(au *authority.Authority, set plan.AlertSet) *plan.Alert {
	is, ok := au.Waiting(message.AlertTopic(set.Place, set.Office))
	if !ok {
		return nil
	}
	waits := is.Doc.(plan.AlertSet)
	if a.now().Sub(waits.Issued) > secondWithin {
		return nil
	}
	was := alertsOf(au, set)
	for i, al := range waits.Alerts {
		there := slices.ContainsFunc(set.Alerts, func(o plan.Alert) bool { return o.ID == al.ID || strings.EqualFold(o.Event, al.Event) })
		if !there && a.now().Before(al.Until) && !slices.ContainsFunc(was, func(o plan.Alert) bool { return o.ID == al.ID }) {
			return &waits.Alerts[i]
		}
	}
	return nil
}

// raises reports whether a set has an alert that its office has not now.
func raises(au *authority.Authority, set plan.AlertSet) bool {
	was := alertsOf(au, set)
	return slices.ContainsFunc(set.Alerts, func(al plan.Alert) bool {
		return !slices.ContainsFunc(was, func(o plan.Alert) bool { return o.ID == al.ID })
	})
}

// alertsOf are those that the office of a set has now.
func alertsOf(au *authority.Authority, set plan.AlertSet) []plan.Alert {
	is, ok := au.Find(message.AlertTopic(set.Place, set.Office))
	if !ok {
		return nil
	}
	return is.Doc.(plan.AlertSet).Alerts
}

// officeFlag is how a command names an office that is not the place's own.
func officeFlag(place, office string) string {
	if office == place {
		return ""
	}
	return " --office " + office
}

// secondWithin is how long an alarm waits for its second signature: later it may be
// about something that is over.
const secondWithin = 15 * time.Minute

// alertApprove adds a second person's signature, at another terminal, to the set that
// waits for it, after showing what will sound, and sends it.
func (a *app) alertApprove(args []string) error {
	fs := a.flags("alert approve")
	office := fs.String("office", "", "")
	by := signedBy(fs)
	rest, err := a.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	if *by.as == "" {
		return &usageError{a.text("who-signs")}
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	topic := message.AlertTopic(rest[0], cmp.Or(*office, rest[0]))
	is, ok := au.Waiting(topic)
	if !ok {
		return errors.New(a.text("alert.no-pending", rest[0]))
	}
	set := is.Doc.(plan.AlertSet)
	if a.now().Sub(set.Issued) > secondWithin {
		if err := au.Drop(topic); err != nil {
			return err
		}
		return errors.New(a.text("alert.pending-old", rest[0], int(secondWithin/time.Minute)))
	}
	if !a.json {
		fmt.Fprintln(a.out, a.text("alert.approving", strings.Join(au.Signers(is.Raw), ", "), a.named(au, topic)))
		a.alertWhole(set)
	}
	for _, person := range names(*by.as) {
		if is, err = au.Approve(is.Raw, person); err != nil {
			return err
		}
	}
	v, err := au.Judge(is)
	if err != nil {
		return err
	}
	if v.Code != plan.Accepted {
		return errors.New(a.refusal(au, is, v))
	}
	return a.alertSend(au, is, by)
}

// alertWhole shows all that a set does, to whoever is to sign it.
func (a *app) alertWhole(set plan.AlertSet) {
	for _, al := range set.Alerts {
		said := cmp.Or(al.Tone, "siren")
		if al.Bulletin != nil {
			said += " + " + cmp.Or(al.Bulletin.Place, set.Place) + "/" + al.Bulletin.ID
		}
		fmt.Fprintf(a.out, "  %s  %s  %s  %s\n", al.ID, al.Event, a.text("until", al.Until.In(vietnam).Format("15:04 02/01")), said)
		for _, line := range []string{al.Headline, al.Instruction} {
			if line != "" {
				fmt.Fprintln(a.out, "    "+line)
			}
		}
	}
	for _, c := range set.Cancel {
		fmt.Fprintln(a.out, "  "+a.text("alert.cancels", c.Place, c.Office, c.ID))
	}
}

// alertSend keeps an office's set and sends it, behind what goes before it.
func (a *app) alertSend(au *authority.Authority, is authority.Issued, by signing, before ...authority.Issued) error {
	set := is.Doc.(plan.AlertSet)
	place, office := set.Place, set.Office
	if err := au.Keep(is); err != nil {
		return err
	}
	answers, err := a.deliver(au, is, *by.wait, before...)
	if err != nil {
		return a.unsent(a.text("alert.unsent"), err)
	}
	return a.show(map[string]any{"topic": is.Topic.String(), "version": set.Version(), "alerts": set.Alerts, "retracted": set.Retracted, "boxes": answers}, func(w io.Writer) {
		if len(set.Alerts) == 0 {
			fmt.Fprintln(w, a.text("alert.clear", place, office))
		} else {
			fmt.Fprintln(w, a.text("alert.sent", place, office))
			a.alerts(w, set)
		}
		for _, r := range set.Retracted {
			fmt.Fprintln(w, a.text("alert.retracted", r.ID, r.Until.In(vietnam).Format("15:04 02/01")))
		}
		a.tally(w, answers)
		if len(set.Alerts) > 0 {
			fmt.Fprintln(w, a.text("receipt.heard"))
		}
	})
}

func (a *app) alerts(w io.Writer, set plan.AlertSet) {
	for _, al := range set.Alerts {
		fmt.Fprintf(w, "  %-14s %-20s %s  %s\n", al.ID, al.Event, a.text("until", a.moment(al.Until)), al.Headline)
	}
}

func (a *app) alertList(args []string) error {
	if _, err := a.parse(a.flags("alert list"), args, 0, 0); err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	all, err := au.Issued()
	if err != nil {
		return err
	}
	sets := []standingSet{}
	for _, is := range all {
		if s, ok := is.Doc.(plan.AlertSet); ok && len(s.Alerts) > 0 {
			sets = append(sets, standingSet{AlertSet: s})
		}
	}
	here, err := a.startedAtBoxes(au)
	if err != nil {
		return err
	}
	sets = append(sets, here...)
	return a.show(sets, func(w io.Writer) {
		for _, s := range sets {
			if s.Box != "" {
				a.startedList(w, s)
				continue
			}
			fmt.Fprintf(w, "%s/%s\n", s.Place, s.Office)
			a.alerts(w, s.AlertSet)
		}
		if len(sets) == 0 {
			fmt.Fprintln(w, a.text("alert.quiet"))
		}
	})
}
