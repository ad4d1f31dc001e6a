package oto

import (
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// System is the card that means: whatever the host's ALSA calls default.
const System = "system"

// asound is an ALSA configuration with one card in it and nothing to fall back to.
func asound(card string, device int) string {
	return fmt.Sprintf(`pcm.!default {
	type plug
	slave {
		pcm { type hw card %[1]s device %[2]d }
		rate 48000
		format S16_LE
		channels 2
	}
}
ctl.!default { type hw card %[1]s }
`, card, device)
}

// useCard makes alsa-lib see only this card. It has to come before alsa-lib is
// first used. The configuration lies in memory: a box with a read-only or full
// disk still speaks.
func useCard(card string, device int) error {
	fd, err := unix.MemfdCreate("asound.conf", 0)
	if err != nil {
		return fmt.Errorf("cannot make an ALSA configuration: %w", err)
	}
	// A bare descriptor, which no finalizer closes: alsa-lib looks at it again.
	if _, err := unix.Write(fd, []byte(asound(card, device))); err != nil {
		return fmt.Errorf("cannot make an ALSA configuration: %w", err)
	}
	return os.Setenv("ALSA_CONFIG_PATH", "/proc/self/fd/"+strconv.Itoa(fd))
}
