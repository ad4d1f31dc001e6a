package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// shot fetches what a box's board was last given, and what the board says of itself.
func (a *app) shot(args []string) error {
	fs := a.flags("shot")
	wait := fs.Duration("wait", 20*time.Second, "")
	out := fs.String("out", "", "")
	rest, err := a.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	device := rest[0]
	if *out == "" {
		*out = device + ".png"
	}
	text, _, err := a.question(device, "board shot --json", *wait)
	if err != nil {
		return err
	}
	var reply struct {
		Error string          `json:"error"`
		Data  json.RawMessage `json:"data"`
	}
	var board struct {
		PNG    []byte            `json:"png"`
		Agrees string            `json:"agrees"`
		Title  string            `json:"title"`
		Test   bool              `json:"pattern"`
		Fault  string            `json:"fault"`
		Facts  map[string]string `json:"facts"`
	}
	if err := json.Unmarshal([]byte(text), &reply); err != nil {
		return errors.New(text)
	}
	if reply.Error != "" {
		return errors.New(reply.Error)
	}
	if err := json.Unmarshal(reply.Data, &board); err != nil {
		return err
	}
	if len(board.PNG) == 0 {
		return errors.New(a.text("shot.none", device))
	}
	if err := os.WriteFile(*out, board.PNG, 0o644); err != nil {
		return err
	}
	return a.show(map[string]any{
		"box": device, "file": *out, "agrees": board.Agrees, "title": board.Title, "pattern": board.Test, "fault": board.Fault, "facts": board.Facts,
	}, func(w io.Writer) {
		if board.Test {
			fmt.Fprintln(w, a.text("shot.pattern", device, *out))
		} else {
			fmt.Fprintln(w, a.text("shot.file", device, *out, cmp.Or(board.Title, a.text("shot.default"))))
		}
		switch board.Agrees {
		case "yes":
			fmt.Fprintln(w, a.text("shot.yes"))
		case "no":
			fmt.Fprintln(w, a.text("shot.no", cmp.Or(board.Fault, fmt.Sprint(board.Facts))))
		default:
			fmt.Fprintln(w, a.text("shot.unknown"))
		}
	})
}
