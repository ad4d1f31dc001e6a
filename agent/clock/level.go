package clock

import "fmt"

// A Level says how far a time can be trusted. Levels are ordered: what one
// level allows, every higher level allows too.
type Level int

// The levels. Emergency alerts need NTP; wall-clock slots, new documents and
// acts need RTC.
const (
	None   Level = iota // nothing is known but what the host says
	Floor               // no earlier than the floor, perhaps much later
	NTP                 // the kernel follows NTP servers, whose answers nobody signed
	RTC                 // a battery kept it since it was last known to be right
	Signed              // a signed answer to our own nonce, or its later course
)

var levelNames = [...]string{None: "none", Floor: "floor", NTP: "ntp", RTC: "rtc", Signed: "signed"}

func (l Level) String() string {
	if l < None || l > Signed {
		return fmt.Sprintf("Level(%d)", int(l))
	}
	return levelNames[l]
}

// ParseLevel is the inverse of [Level.String].
func ParseLevel(s string) (Level, error) {
	for i, n := range levelNames {
		if n == s {
			return Level(i), nil
		}
	}
	return None, fmt.Errorf("clock: no level %q: want none, floor, ntp, rtc or signed", s)
}

// MarshalText gives the word that ledger and reports use.
func (l Level) MarshalText() ([]byte, error) {
	if l < None || l > Signed {
		return nil, fmt.Errorf("clock: no level %d", int(l))
	}
	return []byte(levelNames[l]), nil
}

// UnmarshalText reads the word that MarshalText wrote.
func (l *Level) UnmarshalText(b []byte) error {
	got, err := ParseLevel(string(b))
	if err != nil {
		return err
	}
	*l = got
	return nil
}
