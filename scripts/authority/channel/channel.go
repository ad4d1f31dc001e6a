// Package channel says on other ways what boxes say: short messages, Telegram, Zalo and
// Facebook. All of them are off until channels.toml turns one on. What goes out has been
// signed, and counts for boxes; every post is an entry of a ledger of its own.
//
// An alert is posted while it is active, once in each wording: that a set is signed again
// is no news. When it ends before its time whoever was told of it is told so, and of a
// false alarm that it was one. A bulletin is posted once, when it begins to be valid, and
// not in the channel's quiet hours.
package channel

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"loa/agent/plan"
	"loa/scripts/authority"
)

// An Item is something that boxes say, as a channel may say it.
type Item struct {
	Key         string // of the document; of an alert with its id
	Version     string // changes with what people read
	Class       plan.Class
	Place, Lang string
	Title, Text string
	Issued      time.Time
	From, Until time.Time
}

// Items are what is issued, and the keys of false alarms that were taken back.
func Items(all []authority.Issued) (items []Item, false_ map[string]bool) {
	false_ = make(map[string]bool)
	for _, is := range all {
		switch d := is.Doc.(type) {
		case plan.Bulletin:
			if d.Withdrawn {
				continue
			}
			items = append(items, Item{
				Key: is.Topic.String(), Class: d.Class, Place: d.Place, Lang: d.Lang, Title: d.Title, Text: d.Text,
				Issued: d.Issued, From: latest(d.ValidFrom, d.Issued), Until: d.ValidUntil,
			})
		case plan.AlertSet:
			for _, a := range d.Alerts {
				items = append(items, Item{
					Key: is.Topic.String() + " " + a.ID, Class: plan.Emergency, Place: d.Place, Lang: "vi", Title: a.Headline, Text: a.Instruction,
					Issued: d.Issued, From: latest(a.From, d.Issued), Until: a.Until,
				})
			}
			for _, r := range d.Retracted {
				false_[is.Topic.String()+" "+r.ID] = true
			}
		}
	}
	for i := range items {
		items[i].Version = items[i].version()
	}
	slices.SortStableFunc(items, func(a, b Item) int {
		return cmp.Or(a.Class.Rank()-b.Class.Rank(), a.From.Compare(b.From), strings.Compare(a.Key, b.Key))
	})
	return items, false_
}

func (i Item) version() string {
	sum := sha256.Sum256([]byte(i.Title + "\x00" + i.Text))
	return hex.EncodeToString(sum[:6])
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// What a post tells.
const (
	Said  = "said"  // what boxes say
	Over  = "over"  // that an alert has ended
	False = "false" // that it was a false alarm
)

// A Post is what goes out to one address on one channel.
type Post struct {
	Channel string // its name
	To      string // a telephone number; empty: whoever reads the channel
	What    string
	Class   plan.Class
	Key     string // of the item
	Version string
	Place   string
	Title   string
	Text    string
	Until   time.Time
}

// ID is the same for a post whenever it is made.
func (p Post) ID() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{p.Channel, p.To, p.What, p.Key, p.Version}, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// heads are what a post begins with.
var heads = map[string]string{Over: "HẾT BÁO ĐỘNG", False: "BÁO NHẦM"}

// Head is the first line of a post; place is the name of its place.
func (p Post) Head(place string) string {
	head := heads[p.What]
	if head == "" {
		switch p.Class {
		case plan.Emergency:
			head = "KHẨN CẤP"
		case plan.Drill:
			head = "DIỄN TẬP"
		default:
			return fmt.Sprintf("%s: %s", place, p.Title)
		}
	}
	return fmt.Sprintf("%s – %s: %s", head, place, p.Title)
}

// Body is the rest of it; may be empty.
func (p Post) Body() string {
	switch p.What {
	case Over:
		return "Cảnh báo này không còn hiệu lực."
	case False:
		return "Cảnh báo này phát nhầm, xin bỏ qua. Xin lỗi bà con."
	}
	return strings.TrimSpace(p.Text)
}

// Short cuts a text to so many letters, after a word.
func Short(s string, most int) string {
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	s = string(r[:most-1])
	if n := strings.LastIndexAny(s, " \n"); n > len(s)/2 {
		s = s[:n]
	}
	return strings.TrimSpace(s) + "…"
}
