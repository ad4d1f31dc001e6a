// Command standing records the alerts that lie on every box, with espeak-ng and opusenc,
// into agent/standing. What it has written is in the repository; run it again only to
// change words or voice, and then correct what the test of agent/standing says of length
// and loudness.
//
//	go run ./scripts/standing
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"loa/agent/standing"
)

func main() {
	for _, a := range standing.All() {
		if err := record(a, filepath.Join("agent/standing/vi", a.ID+".opus")); err != nil {
			fmt.Fprintln(os.Stderr, "standing:", a.ID, err)
			os.Exit(1)
		}
	}
}

func record(a standing.Alert, file string) error {
	wave, err := exec.Command("espeak-ng", "-v", "vi-vn-x-south", "-s", "135", "-a", "90", "--stdout", a.Speech).Output()
	if err != nil {
		return fmt.Errorf("espeak-ng: %w", err)
	}
	enc := exec.Command("opusenc", "--quiet", "--ignorelength", "--serial", "1", "--speech", "--bitrate", "16", "--framesize", "60", "-", file)
	enc.Stdin, enc.Stderr = bytes.NewReader(wave), os.Stderr
	return enc.Run()
}
