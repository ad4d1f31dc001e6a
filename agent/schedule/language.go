package schedule

import (
	"cmp"
	"slices"
	"strings"

	"loa/agent/plan"
)

// languages is the order of the nearest place that has one, of two the newer.
func (v *view) languages() []string {
	var best *plan.Policy
	for k := range v.p.Policies {
		p := v.p.Policies[k]
		if len(p.Languages) == 0 || !v.alive(p.Validity) {
			continue
		}
		if best == nil || cmp.Or(
			cmp.Compare(v.width(p.Place), v.width(best.Place)),
			best.Issued.Compare(p.Issued),
			cmp.Compare(p.ID, best.ID),
		) < 0 {
			best = &p
		}
	}
	if best == nil {
		return nil
	}
	return best.Languages
}

// inOrder puts what has a language into the order in which a place wants to have it: what
// the place does not name comes after, as it stood. A document that has one language is
// left as it is.
func inOrder[T any](v *view, all []T, lang func(T) string) []T {
	if len(all) < 2 {
		return all
	}
	order := v.languages()
	if len(order) == 0 {
		return all
	}
	rank := func(x T) int {
		i := slices.IndexFunc(order, func(l string) bool { return language(l) == language(lang(x)) })
		if i < 0 {
			return len(order)
		}
		return i
	}
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b T) int { return cmp.Compare(rank(a), rank(b)) })
	return all
}

// language is a tag without its region and script: who understands vi understands vi-VN.
func language(tag string) string {
	l, _, _ := strings.Cut(tag, "-")
	return l
}
