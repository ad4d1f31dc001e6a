package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"loa/agent/passcode"
	"loa/agent/plan"
	"loa/agent/standing"
	"loa/agent/trigger"
	"loa/scripts/authority"
	"loa/scripts/loactl/roster"
)

// trigger signs what may start a standing alert at boxes that nobody reaches: switches as
// a document that a person writes, codes as one that is made here.
func (a *app) trigger(args []string) error {
	if len(args) > 0 && args[0] == "codes" {
		return a.triggerCodes(args[1:])
	}
	return a.document(plan.KindTrigger, args)
}

// triggerCodes makes new codes for one box, signs their sums, and gives the codes on a
// sheet, once: nobody can make them again. Those of before are void.
func (a *app) triggerCodes(args []string) error {
	fs := a.flags("trigger codes")
	alerts := fs.String("for", "", "")
	each := fs.Int("each", 4, "")
	until := fs.String("until", "", "")
	lasts := fs.Duration("lasts", 15*time.Minute, "")
	senders := fs.String("from", "", "")
	out := fs.String("out", "", "")
	as := fs.String("as", "", "")
	send := fs.Bool("send", false, "")
	rest, err := a.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	if *as == "" {
		return &usageError{a.text("who-signs")}
	}
	if *alerts == "" || *out == "" || *each < 1 {
		return &usageError{a.text("trigger.needs")}
	}
	for _, name := range names(*alerts) {
		if _, ok := standing.Find(name); !ok {
			return &usageError{a.text("alert.standing", name, strings.Join(standingNames(), ", "))}
		}
	}
	end := a.now().AddDate(0, 6, 0).UTC().Truncate(time.Second)
	if *until != "" {
		day, ok := roster.Date(*until)
		if !ok {
			return &usageError{a.text("place.date", *until)}
		}
		end = day
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	device := rest[0]
	box, ok := au.Boxes()[device]
	if !ok {
		return errors.New(a.text("trigger.box", device))
	}
	doc := plan.Triggers{Box: device, ForS: int(*lasts / time.Second), Validity: plan.Validity{ValidUntil: end}}
	doc.Place, doc.ID = box.Place, device
	if *senders != "" {
		doc.Senders = names(*senders)
	}
	codes := make(map[string][]string)
	for _, name := range names(*alerts) {
		for range *each {
			code := passcode.Fresh()
			plain, _ := passcode.Parse(code)
			codes[name] = append(codes[name], code)
			doc.Codes = append(doc.Codes, plan.TriggerCode{Alert: name, Sum: trigger.Sum(plain, doc.Place, doc.ID, device)})
		}
	}
	is, err := au.Sign(&doc, names(*as)...)
	if err != nil {
		return err
	}
	if err := a.acceptAfter(au, is, func() error { return a.codeSheet(au, doc, codes, *out) }); err != nil {
		return err
	}
	if err := a.say(map[string]any{"box": device, "sheet": *out, "codes": len(doc.Codes), "valid_until": end}, "trigger.sheet", *out, len(doc.Codes), device); err != nil {
		return err
	}
	return a.finish(au, []authority.Issued{is}, *send)
}

// codeSheet writes the codes to be printed. A file that is there already is another sheet.
func (a *app) codeSheet(au *authority.Authority, doc plan.Triggers, codes map[string][]string, name string) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintln(&b, a.text("trigger.paper", doc.Box, a.placeName(au, doc.Place), a.moment(doc.ValidUntil)))
	for _, s := range standing.All() {
		if codes[s.ID] == nil {
			continue
		}
		fmt.Fprintf(&b, "\n%s (%s)\n", s.Headline, s.ID)
		for _, code := range codes[s.ID] {
			fmt.Fprintf(&b, "  [ ] %s\n", code)
		}
	}
	_, err = io.WriteString(f, b.String())
	return errors.Join(err, f.Close())
}
