package main

import (
	"context"
	"fmt"
	"regexp"
	"time"
)

var prompt = regexp.MustCompile(`loa> $`)

// technician asks something over the third line: also what the box's sandbox lets it see of
// the network.
func technician(ctx context.Context, r *rig) (string, error) {
	if err := r.ask(ctx, "status", device); err != nil {
		return "", err
	}
	address, err := r.answer(ctx, "net --json", `"addresses":\["([^"/]+)/`)
	return "its address is " + address, err
}

// door is what stands before the box's console: its prompt, or the question for its code.
var door = regexp.MustCompile(`(loa> |: )$`)

// ask puts a question at the third serial line, with the box's code if it wants it, and
// waits for words in the answer.
func (r *rig) ask(ctx context.Context, question, answer string) error {
	_, err := r.answer(ctx, question, answer)
	return err
}

// answer is what the first group of the expression matched in it.
func (r *rig) answer(ctx context.Context, question, expr string) (string, error) {
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
		return "", err
	}
	from = r.Tech.Len()
	fmt.Fprint(r.Tech, question+"\r")
	match, _, err := r.wait(ctx, r.Tech, from, regexp.MustCompile(`(?s)`+expr+`.*loa> $`))
	return match, err
}

// asks asks again and again until the answer is that one, or ctx ends.
func (r *rig) asks(ctx context.Context, question, expr string) error {
	for {
		one, cancel := context.WithTimeout(ctx, 20*time.Second)
		err := r.ask(one, question, expr)
		cancel()
		if err == nil || ctx.Err() != nil {
			return err
		}
		if sleep(ctx, 2*time.Second) != nil {
			return err
		}
	}
}
