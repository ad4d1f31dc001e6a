package update

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"loa/agent/plan"
)

// Rauc is RAUC 1.8 on this machine, asked by its own program. A box has no other
// command lines than these:
//
//	rauc status --output-format=json
//	rauc install FILE
//	rauc status mark-good
//	rauc status mark-bad
//	rauc status mark-active other
//	rauc status mark-active booted
type Rauc struct {
	Program string // empty: rauc, wherever the machine has it
}

// ErrNoSlots says that this system was not installed by RAUC, so that there is nothing
// to update.
var ErrNoSlots = errors.New("this system has no second slot")

// errBusy says that RAUC still does what it was asked by somebody who has gone, such as an
// agent that was killed: it is a service, and tells everybody else just that.
var errBusy = errors.New("rauc is at work")

// prefix begins what system.conf calls compatible; the board's name follows.
const prefix = "loa-"

const (
	askTime     = 20 * time.Second // for what only asks or marks
	installTime = 30 * time.Minute // 512 MB to a bad card
	maxOutput   = 64 << 10
)

// Slots asks which slots there are.
func (r Rauc) Slots(ctx context.Context) (Slots, error) {
	out, err := r.run(ctx, askTime, "status", "--output-format=json")
	if err != nil {
		return Slots{}, err
	}
	return readSlots(out)
}

// readSlots reads RAUC's answer: each slot is an object of its own under its name.
func readSlots(out []byte) (s Slots, err error) {
	var is struct {
		Compatible string
		Booted     string
		Slots      []map[string]struct {
			Bootname   string
			State      string
			BootStatus string `json:"boot_status"`
		}
	}
	if err := json.Unmarshal(out, &is); err != nil {
		return s, fmt.Errorf("cannot read the answer of rauc: %w", err)
	}
	for _, named := range is.Slots {
		for _, slot := range named {
			switch {
			case slot.Bootname == "":
			case slot.State == "booted":
				s.Booted = slot.Bootname
			default:
				s.Other, s.Good = slot.Bootname, slot.BootStatus == "good"
			}
		}
	}
	if s.Booted == "" || s.Other == "" {
		return Slots{}, ErrNoSlots // such as one that was started from elsewhere
	}
	s.Board = strings.TrimPrefix(is.Compatible, prefix)
	return s, nil
}

// Install lets RAUC write a bundle to the other slot, which the loader then starts
// next. A bundle that is refused is a *plan.Error; nothing that could be started has
// been changed by it.
func (r Rauc) Install(ctx context.Context, file string) error {
	_, err := r.run(ctx, installTime, "install", file)
	return err
}

// MarkGood gives the running slot back all its tries.
func (r Rauc) MarkGood(ctx context.Context) error { return r.status(ctx, "mark-good") }

// MarkBad takes all tries from the running slot, so that the loader starts the other.
func (r Rauc) MarkBad(ctx context.Context) error { return r.status(ctx, "mark-bad") }

// UseOther makes the loader start the other slot next.
func (r Rauc) UseOther(ctx context.Context) error { return r.status(ctx, "mark-active", "other") }

// UseThis makes the loader start the running slot next, as if it were on trial.
func (r Rauc) UseThis(ctx context.Context) error { return r.status(ctx, "mark-active", "booted") }

func (r Rauc) status(ctx context.Context, args ...string) error {
	_, err := r.run(ctx, askTime, append([]string{"status"}, args...)...)
	return err
}

func (r Rauc) run(ctx context.Context, limit time.Duration, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	program := r.Program
	if program == "" {
		program = "rauc"
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	cmd.WaitDelay = time.Second
	out, told := &short{}, &short{}
	cmd.Stdout, cmd.Stderr = out, told
	err := cmd.Run()
	switch {
	case err == nil:
		return out.Bytes(), nil
	case errors.Is(err, exec.ErrNotFound):
		return nil, ErrNoSlots
	case ctx.Err() != nil:
		return nil, fmt.Errorf("rauc %s: %w", args[0], context.Cause(ctx))
	}
	return nil, refusal(args[0], err, out.String()+"\n"+told.String())
}

// short keeps the end of what a program says; RAUC gives its reason last.
type short struct{ bytes.Buffer }

func (s *short) Write(p []byte) (int, error) {
	if over := s.Len() + len(p) - maxOutput; over > 0 {
		s.Next(min(over, s.Len()))
	}
	_, err := s.Buffer.Write(p[max(0, len(p)-maxOutput):])
	return len(p), err
}

// reasons are words by which RAUC says what was wrong with a bundle.
var reasons = []struct {
	words string
	code  plan.Code
}{
	{"signature verification failed", plan.Signature},
	{"Verify error", plan.Signature},
	{"No signature", plan.Signature},
	{"Compatible mismatch", plan.Unsupported},
	{"Compatibility check failed", plan.Unsupported},
	{"Invalid bundle format", plan.Malformed},
	{"Invalid identifier", plan.Malformed},
	{"does not fit to slot size", plan.TooBig},
	{"No space left", plan.Storage},
}

// refusal makes of RAUC's failure an error with its own reason, and with a code where
// the bundle is to blame.
func refusal(verb string, err error, said string) error {
	why := strings.TrimSpace(said)
	if _, last, ok := strings.Cut(said, "LastError: "); ok {
		why, _, _ = strings.Cut(last, "\n")
	} else if i := strings.LastIndexByte(why, '\n'); i >= 0 {
		why = why[i+1:]
	}
	if len(why) > 300 {
		why = strings.ToValidUTF8(why[:300], "") + "…"
	}
	for _, r := range reasons {
		if verb == "install" && strings.Contains(said, r.words) {
			return &plan.Error{Code: r.code, Msg: why}
		}
	}
	if strings.Contains(said, "lready processing a different method") {
		return fmt.Errorf("rauc %s: %w", verb, errBusy)
	}
	if strings.Contains(said, "Failed to determine") && strings.Contains(said, "boot") {
		return fmt.Errorf("rauc %s: %s: %w", verb, why, ErrNoSlots)
	}
	return fmt.Errorf("rauc %s: %s: %w", verb, why, err)
}
