package plan

// A Scene is what a board should show: what is due on it, or why nothing is.
type Scene struct {
	// Shown is what has the board: one occurrence, or all alerts that are active,
	// in the order of their precedence; empty: a default page.
	Shown []Occurrence

	Standing Standing // why a default page is shown
	Defaults []DefaultPage
	// BrightnessPercent is the most that policy allows; 0: it says nothing.
	BrightnessPercent int
}

// A Standing is why a board has nothing to show, and so which default page it shows.
type Standing string

// The standings. What a sign controller of NTCIP 1203 distinguishes, as far as it
// makes a difference to a reader.
const (
	Idle     Standing = "idle"      // nothing is due: the end of an item
	PowerUp  Standing = "power-up"  // the box has just started
	LinkLost Standing = "link-lost" // no word from the centre for a while
	Outdated Standing = "expired"   // everything that it was given has ended
	Failed   Standing = "error"     // what is due cannot be shown
	Reset    Standing = "reset"     // nobody has told the box where it belongs
)

// A DefaultPage is what a place wants to be seen when nothing else is.
type DefaultPage struct {
	Page
	When Standing `json:"when,omitempty"` // empty: idle, and whatever has no page of its own
}
