package notify

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Proposed is what a person writes into severities to be told of alerts that other
// agencies ask for and that wait for somebody to sign them.
const Proposed = "alert"

// A Proposal is an alert that waits.
type Proposal struct {
	ID       string    `json:"id"`
	From     string    `json:"from"`
	Headline string    `json:"headline"`
	Places   []string  `json:"places"`
	Until    time.Time `json:"until,omitzero"`
	Urgent   bool      `json:"urgent"` // it disturbs people in their quiet hours
	Command  string    `json:"command"`
}

// Propose are the messages about a proposal to whoever minds, without those who were
// told.
func Propose(c Config, p Proposal, told []string, covers func(place, top string) bool, now time.Time) (all []Message) {
	for _, who := range c.People {
		minds := slices.Contains(who.Severities, Proposed) && slices.ContainsFunc(p.Places, func(place string) bool {
			// Who signs for a part of it has to know, and who signs for what it is a part of.
			return slices.ContainsFunc(who.Places, func(top string) bool { return covers(place, top) || covers(top, place) })
		})
		if !minds || slices.Contains(told, who.Name) || who.rests(now) && !p.Urgent {
			continue
		}
		all = append(all, Message{
			ID: p.ID + "-" + now.In(vietnam).Format("20060102"), Person: who.Name, At: now,
			Troubles: []Known{}, Recovered: []Known{}, Proposal: &p,
		})
	}
	return all
}

func (p Proposal) subject(lang string) string {
	return fmt.Sprintf(pick(lang, "Loa: chờ duyệt: %s", "Loa: to approve: %s"), printable(p.Headline))
}

func (p Proposal) body(lang string) string {
	s := fmt.Sprintf(pick(lang, "%s đề nghị:\n\n  %s\n\nNơi: %s\n", "%s asks for:\n\n  %s\n\nPlaces: %s\n"), printable(p.From), printable(p.Headline), strings.Join(p.Places, ", "))
	if !p.Until.IsZero() {
		s += fmt.Sprintf(pick(lang, "Đến: %s\n", "Until: %s\n"), p.Until.In(vietnam).Format("15:04 02/01/2006"))
	}
	return s + fmt.Sprintf(pick(lang, "\nXem và ký: %s\n", "\nRead it and sign: %s\n"), p.Command)
}
