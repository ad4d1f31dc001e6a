package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"loa/agent/clock"
	"loa/agent/message"
	"loa/agent/plan"
	"loa/agent/trust"
	"loa/scripts/authority"
)

func (a *app) bulletin(args []string) error { return a.document(plan.KindBulletin, args) }
func (a *app) schedule(args []string) error { return a.document(plan.KindSchedule, args) }
func (a *app) policy(args []string) error   { return a.document(plan.KindPolicy, args) }

// document is what bulletins, schedules, policies and triggers have in common.
func (a *app) document(kind plan.Kind, args []string) error {
	with := func(f func(plan.Kind, []string) error) func([]string) error {
		return func(args []string) error { return f(kind, args) }
	}
	return a.sub(args, map[string]func([]string) error{
		"new":      with(a.documentNew),
		"check":    with(a.documentCheck),
		"sign":     with(a.documentSign),
		"approve":  with(a.documentApprove),
		"withdraw": with(a.documentWithdraw),
		"list":     with(a.documentList),
		"show":     with(a.documentShow),
	})
}

// documentNew prints a document to begin from.
func (a *app) documentNew(kind plan.Kind, args []string) error {
	fs := a.flags("new")
	place := fs.String("place", "26734", "")
	rest, err := a.parse(fs, args, 0, 1)
	if err != nil {
		return err
	}
	id := "moi"
	if len(rest) == 1 {
		id = rest[0]
	}
	if !plan.ValidID(id) {
		return &usageError{a.text("bad-id", id)}
	}
	until := a.now().AddDate(0, 1, 0).Format("2006-01-02") + "T00:00:00+07:00"
	_, err = fmt.Fprintln(a.out, a.text("template."+string(kind), id, *place, until))
	return err
}

func (a *app) documentCheck(kind plan.Kind, args []string) error {
	rest, err := a.parse(a.flags("check"), args, 1, -1)
	if err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	var ids []string
	warned := make(map[string][]*foreseen)
	for _, name := range rest {
		doc, err := a.compose(au, kind, name)
		if err != nil {
			return err
		}
		id := head(doc).Key().String()
		ids = append(ids, id)
		if s, ok := doc.(*plan.Schedule); ok {
			if warned[id], err = a.foresee(au, s); err != nil {
				return err
			}
			if !a.json {
				a.warn(a.err, au, s, warned[id])
			}
		}
	}
	return a.say(map[string]any{"good": ids, "unheard": warned}, "document.good", strings.Join(ids, ", "))
}

func (a *app) documentSign(kind plan.Kind, args []string) error {
	fs := a.flags("sign")
	as := fs.String("as", "", "")
	send := fs.Bool("send", false, "")
	sure := fs.Bool("yes", false, "")
	rest, err := a.parse(fs, args, 1, -1)
	if err != nil {
		return err
	}
	if *as == "" {
		return &usageError{a.text("who-signs")}
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	var signed []authority.Issued
	for _, name := range rest {
		doc, err := a.compose(au, kind, name)
		if err != nil {
			return err
		}
		if s, ok := doc.(*plan.Schedule); ok {
			if err := a.mayRefuse(au, s, *sure); err != nil {
				return err
			}
		}
		is, err := au.Sign(doc, names(*as)...)
		if err != nil {
			return err
		}
		if err := a.accept(au, is); err != nil {
			return err
		}
		signed = append(signed, is)
	}
	return a.finish(au, signed, *send)
}

// documentApprove adds a second person's signature to the same bytes, after
// showing what is being approved.
func (a *app) documentApprove(kind plan.Kind, args []string) error {
	fs := a.flags("approve")
	as := fs.String("as", "", "")
	send := fs.Bool("send", false, "")
	rest, err := a.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	if *as == "" {
		return &usageError{a.text("who-signs")}
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	is, err := a.findSigned(au, kind, rest[0])
	if err != nil {
		return err
	}
	if !a.json {
		if err := a.display(au, is); err != nil {
			return err
		}
	}
	for _, person := range names(*as) {
		if is, err = au.Approve(is.Raw, person); err != nil {
			return err
		}
	}
	if err := a.accept(au, is); err != nil {
		return err
	}
	return a.finish(au, []authority.Issued{is}, *send)
}

// documentWithdraw ends a document everywhere by a newer version of it: taking
// it off the broker would end nothing.
func (a *app) documentWithdraw(kind plan.Kind, args []string) error {
	fs := a.flags("withdraw")
	as := fs.String("as", "", "")
	send := fs.Bool("send", false, "")
	rest, err := a.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	if *as == "" {
		return &usageError{a.text("who-signs")}
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	is, err := a.findSigned(au, kind, rest[0])
	if err != nil {
		return err
	}
	var doc any
	switch d := is.Doc.(type) {
	case plan.Bulletin:
		d.Withdrawn = true
		doc = &d
	case plan.Schedule:
		d.Withdrawn = true
		doc = &d
	case plan.Policy:
		d.Withdrawn = true
		doc = &d
	case plan.Triggers:
		d.Withdrawn = true
		doc = &d
	}
	is, err = au.Sign(doc, names(*as)...)
	if err != nil {
		return err
	}
	if err := a.accept(au, is); err != nil {
		return err
	}
	return a.finish(au, []authority.Issued{is}, *send)
}

func (a *app) documentList(kind plan.Kind, args []string) error {
	if _, err := a.parse(a.flags("list"), args, 0, 0); err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	type line struct {
		Key     string    `json:"key"`
		Title   string    `json:"title,omitempty"`
		Issued  time.Time `json:"issued"`
		Until   time.Time `json:"valid_until"`
		Signers []string  `json:"signers"`
		State   string    `json:"state"`
	}
	lines := []line{}
	boxes := make(map[string]*trust.Trust) // by place: what a box there knows
	counts := func(is authority.Issued) bool {
		place := is.Topic.Place
		if _, ok := boxes[place]; !ok {
			boxes[place], _ = au.Rehearse(place, nil) // nil: the place is gone, and no box can stand there
		}
		t := boxes[place]
		return t != nil && t.Judge(is.Topic.String(), is.Raw, a.now(), clock.Signed).Accepted()
	}
	add := func(all []authority.Issued, state string) {
		for _, is := range all {
			h := head(is.Doc)
			if h.Kind != kind {
				continue
			}
			l := line{Key: h.Place + "/" + h.ID, Issued: h.Issued, Signers: au.Signers(is.Raw), State: state}
			v := validity(is.Doc)
			l.Until = v.ValidUntil
			switch {
			case v.Withdrawn:
				l.State = "withdrawn"
			case !a.now().Before(v.ValidUntil):
				l.State = "over"
			case state == "signed" && !counts(is):
				l.State = "void" // whoever signed it may not any more
			}
			if b, ok := is.Doc.(plan.Bulletin); ok {
				l.Title = b.Title
			}
			lines = append(lines, l)
		}
	}
	issued, err := au.Issued()
	if err != nil {
		return err
	}
	pending, err := au.Pending()
	if err != nil {
		return err
	}
	add(issued, "signed")
	add(pending, "pending")
	return a.show(lines, func(w io.Writer) {
		if len(lines) == 0 {
			fmt.Fprintln(w, a.text("document.empty"))
		}
		var rows [][]string
		for _, l := range lines {
			rows = append(rows, []string{l.Key, a.text("state." + l.State), strings.Join(l.Signers, ","), a.moment(l.Until), l.Title})
		}
		a.table(w, rows, "document", "state", "signers", "until", "title")
	})
}

func (a *app) documentShow(kind plan.Kind, args []string) error {
	rest, err := a.parse(a.flags("show"), args, 1, 1)
	if err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	is, err := a.findSigned(au, kind, rest[0])
	if err != nil {
		return err
	}
	return a.display(au, is)
}

func (a *app) display(au *authority.Authority, is authority.Issued) error {
	return a.show(map[string]any{"topic": is.Topic.String(), "sha256": is.SHA256, "signers": au.Signers(is.Raw), "document": is.Doc},
		func(w io.Writer) {
			fmt.Fprintln(w, a.text("document.head", capital(a.named(au, is.Topic)), strings.Join(au.Signers(is.Raw), ", ")))
			payload, err := message.Open(is.Raw)
			if err == nil {
				fmt.Fprintln(w, pretty(payload.Payload))
			}
			if b, ok := is.Doc.(plan.Bulletin); ok {
				a.readBack(w, au, b)
			}
		})
}

// findSigned finds a document by id, place/id, or the name of a file with its
// envelope; one that waits for a signature goes before one that is out already.
func (a *app) findSigned(au *authority.Authority, kind plan.Kind, name string) (authority.Issued, error) {
	if raw, err := os.ReadFile(name); err == nil {
		is, err := authority.Read(raw)
		if err != nil {
			return is, fmt.Errorf("%s: %w", name, err)
		}
		if head(is.Doc).Kind != kind {
			return is, fmt.Errorf("%s: %s", name, a.text("document.other", string(head(is.Doc).Kind)))
		}
		return is, nil
	}
	pending, err := au.Pending()
	if err != nil {
		return authority.Issued{}, err
	}
	issued, err := au.Issued()
	if err != nil {
		return authority.Issued{}, err
	}
	for _, all := range [][]authority.Issued{pending, issued} {
		var found []authority.Issued
		for _, is := range all {
			h := head(is.Doc)
			if h.Kind == kind && (h.ID == name || h.Place+"/"+h.ID == name) {
				found = append(found, is)
			}
		}
		switch len(found) {
		case 0:
		case 1:
			return found[0], nil
		default:
			return authority.Issued{}, errors.New(a.text("document.several", name))
		}
	}
	return authority.Issued{}, errors.New(a.text("document.none", string(kind), name))
}

// finish tells what has been signed and sends it when asked to.
func (a *app) finish(au *authority.Authority, signed []authority.Issued, send bool) error {
	pending, err := au.Pending()
	if err != nil {
		return err
	}
	type line struct {
		Topic   string   `json:"topic"`
		SHA256  string   `json:"sha256"`
		Signers []string `json:"signers"`
		Pending bool     `json:"pending"`
	}
	var lines []line
	var ready []authority.Issued
	for _, is := range signed {
		l := line{is.Topic.String(), is.SHA256, au.Signers(is.Raw), false}
		l.Pending = slices.ContainsFunc(pending, func(p authority.Issued) bool { return p.SHA256 == is.SHA256 })
		if !l.Pending {
			ready = append(ready, is)
		}
		lines = append(lines, l)
	}
	if send && len(ready) > 0 {
		if err := a.publish(au, ready); err != nil {
			return err
		}
	}
	return a.show(lines, func(w io.Writer) {
		for i, l := range lines {
			name := capital(a.named(au, signed[i].Topic))
			switch {
			case l.Pending:
				fmt.Fprintln(w, a.text("document.pending", name, strings.Join(l.Signers, ", ")))
			case send:
				fmt.Fprintln(w, a.text("document.sent", a.named(au, signed[i].Topic)))
			default:
				fmt.Fprintln(w, a.text("document.signed", name, strings.Join(l.Signers, ", ")))
			}
			if !l.Pending {
				a.ripens(w, au, signed[i])
			}
		}
	})
}

// ripens says of a policy that one person has signed what boxes do not take from it
// yet.
func (a *app) ripens(w io.Writer, au *authority.Authority, is authority.Issued) {
	if p, ok := is.Doc.(plan.Policy); ok && len(au.Signers(is.Raw)) == 1 {
		fmt.Fprintln(w, a.text("policy.ripens", p.Place+"/"+p.ID))
	}
}

// head is the head of a document by value.
func head(doc any) plan.Head {
	h, err := message.HeadOf(doc)
	if err != nil {
		return plan.Head{} // only documents come here
	}
	return h
}

func validity(doc any) plan.Validity {
	switch d := doc.(type) {
	case plan.Bulletin:
		return d.Validity
	case plan.Schedule:
		return d.Validity
	case plan.Policy:
		return d.Validity
	case plan.Triggers:
		return d.Validity
	}
	return plan.Validity{}
}
