package authority

import "time"

// Restored says that an authority comes from a backup.
type Restored struct {
	At   time.Time `json:"at"`
	Made time.Time `json:"made"` // the backup
}
