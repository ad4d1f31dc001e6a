package stick

import (
	"fmt"
	"io"
)

// settingsName is where the settings of a box lie, for the next one.
const settingsName = "settings.toml"

// maxSettings bounds them, in bytes.
const maxSettings = 64 << 10

// GiveSettings leaves the settings of a box on the stick, in place of those that were.
func (s *Stick) GiveSettings(text []byte) error { return s.Write(settingsName, text) }

// Settings are those that lie on the stick. The error is fs.ErrNotExist if none do.
func (s *Stick) Settings() ([]byte, error) {
	f, size, err := s.open(settingsName)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if size > maxSettings {
		return nil, fmt.Errorf("%s: %d bytes; at most %d", settingsName, size, maxSettings)
	}
	return io.ReadAll(io.LimitReader(f, maxSettings))
}
