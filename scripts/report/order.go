package report

import (
	"slices"

	"loa/agent/plan"
)

var (
	classes = []string{
		string(plan.Emergency), string(plan.Live), string(plan.PriorityC), string(plan.Normal), string(plan.Filler),
		string(plan.Drill), string(plan.Test),
	}
	origins = []string{
		string(plan.Own), string(plan.Higher), string(plan.Central), string(plan.Provincial), string(plan.Notice), string(plan.Answer),
	}
	results = []string{
		string(plan.Heard), string(plan.Weak), string(plan.Partial), string(plan.Preempted), string(plan.Silent), string(plan.Missed), string(plan.Refused), string(plan.Proven),
	}
	codes      = codeNames()
	indicators = append([]string{"places-with-boxes", "places-speaking", "boards-showing"}, pending...)
)

// order is where a row stands in its table before the alphabet counts.
func order(table, key string) int {
	known := map[string][]string{
		"air-class": classes, "apart": classes, "board-class": classes, "air-origin": origins, "result": results, "refused": codes, "indicator": indicators,
	}[table]
	if i := slices.Index(known, key); i >= 0 {
		return i
	}
	if key == nothing || key == other {
		return len(known) + 1
	}
	return len(known)
}

func codeNames() (names []string) {
	for _, c := range plan.Codes() {
		names = append(names, string(c))
	}
	return names
}
