package main

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"loa/agent/health"
)

// tells waits until the box has told of a condition whose words hold all of these.
func (r *rig) tells(ctx context.Context, words ...string) (c health.Active, err error) {
	err = until(ctx, fmt.Sprintf("the box tells of %q", words), func() bool {
		for _, c = range r.centre.faults() {
			text := fmt.Sprint(c)
			if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) }) {
				return true
			}
		}
		return false
	})
	if err != nil {
		err = fmt.Errorf("%w; it tells of %v", err, r.centre.faults())
	}
	return c, err
}

// door is what stands before the box's console: its prompt, or the question for its code.
var door = regexp.MustCompile(`(loa> |: )$`)

// ask puts a question at the third serial line, with the box's code if it wants it, and
// waits for words in the answer.
func (r *rig) ask(ctx context.Context, question, answer string) error {
	from := r.Tech.Len()
	fmt.Fprint(r.Tech, "\r")
	stands, _, err := r.wait(ctx, r.Tech, from, door)
	if err == nil && !prompt.MatchString(stands) {
		var code string
		if code, err = r.centre.au.ConsoleCode(device); err == nil {
			from = r.Tech.Len()
			fmt.Fprint(r.Tech, code+"\r")
			_, _, err = r.wait(ctx, r.Tech, from, prompt)
		}
	}
	if err != nil {
		return err
	}
	from = r.Tech.Len()
	fmt.Fprint(r.Tech, question+"\r")
	_, _, err = r.wait(ctx, r.Tech, from, regexp.MustCompile(`(?s)`+answer+`.*loa> $`))
	return err
}

// cardPulled: the sound card is pulled while it plays, and comes back.
func cardPulled(ctx context.Context, r *rig) (string, error) {
	p, err := r.centre.plan(ctx, r.id(), time.Now().Add(headStart), 20*time.Second)
	if err != nil {
		return "", err
	}
	if err := sleep(ctx, time.Until(p.start)+5*time.Second); err != nil {
		return "", err
	}
	boot, _ := r.centre.online()
	pulled := time.Now()
	if err := r.USB.Unplug(ctx, "card"); err != nil {
		return "", err
	}
	if _, err := r.tells(ctx, "sink"); err != nil {
		return "", err
	}
	told := time.Since(pulled)
	if err := r.USB.Plug(ctx, "card", ""); err != nil {
		return "", err
	}
	err = until(ctx, "the condition goes", func() bool {
		return !slices.ContainsFunc(r.centre.faults(), func(a health.Active) bool { return strings.Contains(fmt.Sprint(a), "sink") })
	})
	if err != nil {
		return "", err
	}
	well := time.Since(pulled) - told
	if now, _ := r.centre.online(); now != boot {
		return "", fmt.Errorf("the agent was started again")
	}
	figure, err := hears(ctx, r)
	return fmt.Sprintf("told after %.1f s, well %.1f s after it was back; %s", told.Seconds(), well.Seconds(), figure), err
}

// instead puts a value into a board file.
func instead(table, key, value string) func(string) string {
	return func(text string) string {
		expr := regexp.MustCompile(`(?ms)(^\[` + table + `\].*?^` + key + ` *= )[^\n#]*`)
		return expr.ReplaceAllString(text, "${1}"+value+" ")
	}
}

// named: the wrong key of a board file is named on the console and at the centre.
func named(table, key string, rest ...func(context.Context, *rig) (string, error)) func(context.Context, *rig) (string, error) {
	return func(ctx context.Context, r *rig) (string, error) {
		name := table + "." + key
		if _, err := r.tells(ctx, name); err != nil {
			return "", err
		}
		if table != "console" { // it is the technician's line that is wrong
			if err := r.ask(ctx, "faults", regexp.QuoteMeta(name)); err != nil {
				return "", err
			}
		}
		for _, try := range rest {
			if _, err := try(ctx, r); err != nil {
				return "", fmt.Errorf("the rest does not work: %w", err)
			}
		}
		return name, nil
	}
}

// wrongImage: the settings are for another board than this machine. It says so, and
// drives no pin.
func wrongImage(ctx context.Context, r *rig) (string, error) {
	if _, err := r.tells(ctx, "board-wrong", "orangepi-zero"); err != nil {
		return "", err
	}
	if err := sleep(ctx, 10*time.Second); err != nil {
		return "", err
	}
	if n := len(r.GPIO.Edges()); n > 0 {
		return "", fmt.Errorf("%d edges were seen on its pins", n)
	}
	return "no edge on any pin", nil
}

// full leaves no room on the data partition but for what the box has to take in first.
func full(ctx context.Context, r *rig) error { return r.disk.Fill(ctx, 96<<10) }

func diskFull(ctx context.Context, r *rig) (string, error) {
	c, err := r.tells(ctx, "disk")
	if err != nil {
		return "", err
	}
	if err := r.centre.alarm(ctx, true); err != nil {
		return "", err
	}
	began := time.Now()
	if err := until(ctx, "the alarm sounds", func() bool { return len(r.ampOn()) > 0 }); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s; an alarm sounds after %.1f s", c.Code, time.Since(began).Seconds()), r.ask(ctx, "status", device)
}
