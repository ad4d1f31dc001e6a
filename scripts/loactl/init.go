package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"loa/agent/plan"
	"loa/scripts/authority"
	"loa/scripts/authority/durable"
	"loa/scripts/broker"
)

// The names under which the sender's programs connect.
const (
	dispatcherName = "dispatcher"
	toolName       = "loactl"
)

// placeFlag collects --place CODE[@PARENT]=NAME.
type placeFlag struct {
	codes  []string
	places map[string]authority.Place
	bad    string // what is no place
}

func (f *placeFlag) String() string { return strings.Join(f.codes, ",") }

func (f *placeFlag) Set(s string) error {
	code, name, _ := strings.Cut(s, "=")
	code, parent, _ := strings.Cut(code, "@")
	if name = strings.TrimSpace(name); !plan.ValidID(code) || name == "" {
		// Without its name a place would be called by its code for good.
		f.bad = s
		return errors.New("CODE[@PARENT]=NAME")
	}
	if f.places == nil {
		f.places = make(map[string]authority.Place)
	}
	f.codes = append(f.codes, code)
	f.places[code] = authority.Place{Name: name, Parent: parent}
	return nil
}

// initAuthority makes an authority that can work at once: a root, the places
// named, two officers for the widest place and two for each commune, a
// dispatcher, and the certificates.
func (a *app) initAuthority(args []string) error {
	flags := a.flags("init")
	name := flags.String("name", "", "")
	holders := flags.Int("holders", 5, "")
	threshold := flags.Int("threshold", 3, "")
	hosts := flags.String("hosts", "localhost,127.0.0.1", "")
	brokers := flags.String("brokers", "", "")
	media := flags.String("media", "", "")
	throwAway := flags.Bool("throw-away", false, "")
	var places placeFlag
	flags.Var(&places, "place", "")
	if _, err := a.parse(flags, args, 0, 0); places.bad != "" {
		return &usageError{a.text("init.place", places.bad)}
	} else if err != nil {
		return err
	}
	if len(places.codes) == 0 {
		return &usageError{a.text("init.no-place")}
	}
	setup := authority.Setup{Name: *name, Threshold: *threshold, ThrowAway: *throwAway}
	if *name == "" {
		setup.Name = places.places[places.codes[0]].Name
	}
	for i := range *holders {
		setup.Holders = append(setup.Holders, fmt.Sprintf("root-%d", i+1))
	}
	hostList := names(*hosts)
	if len(hostList) == 0 {
		return &usageError{a.text("init.no-host")}
	}
	if *brokers == "" {
		*brokers = "tls://" + hostList[0] + ":8883"
	}
	if *media == "" {
		*media = "https://" + hostList[0] + ":8443"
	}
	for _, u := range names(*brokers + "," + *media) {
		if p, err := url.Parse(u); err != nil || p.Host == "" {
			return &usageError{a.text("init.address", u)}
		}
	}
	// Half an authority would only be in the way of the next attempt.
	entries, err := os.ReadDir(a.dir)
	empty := len(entries) == 0 && (err == nil || errors.Is(err, fs.ErrNotExist))
	people, err := a.makeAuthority(setup, places, hostList, names(*brokers), names(*media))
	if err != nil {
		if empty {
			err = errors.Join(err, os.RemoveAll(a.dir))
		}
		return err
	}
	result := map[string]any{"authority": a.dir, "people": people, "places": places.codes, "threshold": *threshold, "holders": setup.Holders}
	return a.show(result, func(w io.Writer) {
		fmt.Fprintln(w, a.text("init.done", setup.Name, a.dir))
		fmt.Fprintln(w, a.text("init.root", *threshold, *holders))
		for _, code := range places.codes {
			p := places.places[code]
			roles := a.text("role.officer")
			if p.Parent == "" {
				roles += ", " + a.text("role.installer")
			}
			fmt.Fprintf(w, "  %s, %s: %s (%s)\n", code+"-1", code+"-2", p.Name, roles)
		}
		fmt.Fprintln(w, a.text("init.broker", filepath.Join(a.dir, "mosquitto")))
		fmt.Fprintln(w, a.text("init.next"))
	})
}

// makeAuthority makes all that initAuthority was asked for.
func (a *app) makeAuthority(setup authority.Setup, places placeFlag, hosts, brokers, media []string) (people []string, err error) {
	a.fresh = true
	au, err := authority.New(a.dir, setup, a.opts())
	if err != nil {
		return nil, err
	}
	if err := au.SetAddresses(brokers, media); err != nil {
		return nil, err
	}
	if people, err = a.furnish(au, places); err != nil {
		return nil, err
	}
	list, err := au.IssueList(plan.RootPlace)
	if err != nil {
		return nil, err
	}
	if err := au.Keep(list); err != nil {
		return nil, err
	}
	if _, _, err := au.IssueServer(hosts); err != nil {
		return nil, err
	}
	for _, n := range senderNames {
		if err := au.IssueClient(n); err != nil {
			return nil, err
		}
	}
	if err := au.WriteRevocations(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(au.MediaDir(), 0o755); err != nil {
		return nil, err
	}
	_, port := hostPort(brokers[0])
	return people, errors.Join(writeAccess(au, ""), durable.Write(filepath.Join(a.dir, "mosquitto", "loa.conf"), []byte(broker.Conf(port, mosquittoDir))))
}

// mosquittoDir is where make broker-install puts what a broker needs.
const mosquittoDir = "/etc/mosquitto/loa"

// hostPort is where a broker listens, by its address.
func hostPort(address string) (host, port string) {
	u, err := url.Parse(address)
	if err != nil {
		return "", "8883"
	}
	return u.Hostname(), cmp.Or(u.Port(), "8883")
}

// onlineLife is how long the dispatcher may say the time. No clock floor goes
// past it.
const onlineLife = 365 * 24 * time.Hour

// furnish registers places and gives officers what they need.
func (a *app) furnish(au *authority.Authority, f placeFlag) (people []string, err error) {
	if err := au.AddOnline(dispatcherName); err != nil {
		return nil, err
	}
	now := a.now().Truncate(time.Second)
	parents := make(map[string]bool)
	for _, code := range f.codes {
		parents[f.places[code].Parent] = true
	}
	for _, code := range f.codes {
		p := f.places[code]
		wide := parents[code]
		if wide {
			p.Width = 1
		}
		if err := au.AddPlace(code, p); err != nil {
			return nil, err
		}
		if p.Parent == "" {
			// Whatever stands at the top needs the time and the signs of life.
			if err := au.AddGrant(authority.Grant{Person: dispatcherName, Place: code, Kinds: []plan.Kind{plan.KindBeat}, NotBefore: now, NotAfter: now.Add(onlineLife)}); err != nil {
				return nil, err
			}
			if err := au.AddGrant(authority.Grant{Person: dispatcherName, Place: code, Kinds: []plan.Kind{plan.GrantService}, NotBefore: now, NotAfter: now.Add(onlineLife)}); err != nil {
				return nil, err
			}
		}
		for i := range 2 {
			person := fmt.Sprintf("%s-%d", code, i+1)
			if err := au.AddPerson(person); err != nil {
				return nil, err
			}
			people = append(people, person)
			if err := a.giveRole(au, person, code, "officer", ""); err != nil {
				return nil, err
			}
			if p.Parent == "" {
				if err := a.giveRole(au, person, code, "installer", ""); err != nil {
					return nil, err
				}
			}
		}
	}
	return people, nil
}

// A role is a handful of grants with a name.
type role struct {
	kinds   []plan.Kind
	classes []plan.Class
	quorum  int           // people who have to sign together; 0: as the table says
	life    time.Duration // 0: as long as a grant to speak may last
}

var roles = map[string]role{
	"author": {
		kinds:   []plan.Kind{plan.KindBulletin, plan.KindSchedule},
		classes: []plan.Class{plan.Normal, plan.PriorityC, plan.Filler},
	},
	// writer and approver are two halves of an author: what the one writes counts once
	// the other has signed it as well.
	"writer": {
		kinds:   []plan.Kind{plan.KindBulletin, plan.KindSchedule},
		classes: []plan.Class{plan.Normal, plan.PriorityC, plan.Filler},
		quorum:  2,
	},
	"approver": {
		kinds:   []plan.Kind{plan.KindBulletin, plan.KindSchedule, plan.KindPlay, plan.KindStop, plan.KindLive, plan.KindMute},
		classes: []plan.Class{plan.Live, plan.PriorityC, plan.Normal, plan.Filler, plan.Test},
	},
	"officer": {
		kinds: []plan.Kind{plan.KindBulletin, plan.KindSchedule, plan.KindPolicy, plan.KindAlert,
			plan.KindPlay, plan.KindStop, plan.KindLive, plan.KindDrill, plan.KindMute},
		classes: []plan.Class{plan.Emergency, plan.Live, plan.Drill, plan.PriorityC, plan.Normal, plan.Filler, plan.Test},
	},
	"installer": {
		kinds: []plan.Kind{plan.GrantAssign, plan.GrantSettings, plan.GrantFirmware},
		life:  365 * 24 * time.Hour,
	},
	"registrar": {
		kinds: []plan.Kind{plan.GrantDelegate},
		life:  365 * 24 * time.Hour,
	},
}

func (a *app) giveRole(au *authority.Authority, person, place, name, office string) error {
	r, ok := roles[name]
	if !ok {
		return &usageError{a.text("grant.role", name)}
	}
	g := authority.Grant{Person: person, Place: place, Kinds: r.kinds, Classes: r.classes, Quorum: r.quorum}
	if r.life > 0 {
		g.NotBefore = a.now().Truncate(time.Second)
		g.NotAfter = g.NotBefore.Add(r.life)
	}
	if name == "officer" {
		// The office whose alert slot the person may write; by default the place's own.
		g.Office = office
		if office == "" {
			g.Office = place
		}
	}
	for _, old := range au.Grants() {
		if old.Person == g.Person && old.Place == g.Place && old.Office == g.Office && slices.Equal(old.Kinds, g.Kinds) && a.now().Before(old.NotAfter) {
			return nil // given before, by a list that too few had signed
		}
	}
	return au.AddGrant(g)
}
