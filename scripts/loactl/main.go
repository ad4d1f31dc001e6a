// Command loactl is the sender's tool: it makes an authority, signs documents,
// sends them, and shows what the boxes made of them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"loa/agent/plan"
)

// A command is one line of the table below.
type command struct {
	name string
	run  func(*app, []string) error
}

// commands is everything loactl can do, in the order in which one needs it. What
// each does in one line is the text "cmd."+name, how it is called "use."+name.
func commands() []command {
	return []command{
		{"init", (*app).initAuthority},
		{"place", (*app).place},
		{"key", (*app).key},
		{"box", (*app).box},
		{"enrol", (*app).enrol},
		{"bulletin", (*app).bulletin},
		{"schedule", (*app).schedule},
		{"policy", (*app).policy},
		{"preview", (*app).preview},
		{"playlist", (*app).playlist},
		{"say", (*app).speak},
		{"send", (*app).send},
		{"carry", (*app).carry},
		{"alert", (*app).alert},
		{"trigger", (*app).trigger},
		{"play", (*app).play},
		{"live", (*app).live},
		{"drill", (*app).drill},
		{"stop", (*app).stop},
		{"mute", (*app).mute},
		{"unmute", (*app).unmute},
		{"ahead", (*app).ahead},
		{"watch", (*app).watch},
		{"fleet", (*app).fleet},
		{"ask", (*app).ask},
		{"console", (*app).console},
		{"shot", (*app).shot},
		{"ledger", (*app).ledger},
		{"report", (*app).report},
		{"channel", (*app).channels},
		{"exchange", (*app).exchanges},
		{"poll", (*app).polls},
		{"firmware", (*app).firmware},
		{"serve", (*app).serve},
		{"desk", (*app).desks},
		{"broker", (*app).brokers},
		{"backup", (*app).backup},
		{"restore", (*app).restore},
		{"version", (*app).version},
		{"help", (*app).help},
	}
}

// Exit codes.
const (
	exitOK       = 0
	exitFailed   = 1
	exitUsage    = 2
	exitNoBroker = 3 // it is signed and kept as far as that goes, and nothing went out
	exitNobody   = 4 // it went out, and no box took it; of a drill: not every box was heard
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	a := &app{ctx: ctx, in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.Getenv, now: time.Now, patience: 30 * time.Second}
	os.Exit(a.do(os.Args[1:]))
}

// do runs one command line and says how it ended.
func (a *app) do(args []string) int {
	args, wrong := a.global(args)
	if wrong != "" {
		fmt.Fprintln(a.err, "loactl: "+wrong)
		return exitUsage
	}
	if len(args) == 0 || args[0] == "-h" || args[0] == "-help" || args[0] == "--help" {
		args = []string{"help"}
	}
	i := slices.IndexFunc(commands(), func(c command) bool { return c.name == args[0] })
	if i < 0 {
		fmt.Fprintln(a.err, "loactl: "+a.unknown(args[0], commandNames()))
		return exitUsage
	}
	err := commands()[i].run(a, args[1:])
	if errors.Is(err, flag.ErrHelp) {
		err = a.help(args[:1])
	}
	var usage *usageError
	var bad *plan.Error
	var waits *waitsError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &bad) && bad.Code == plan.Malformed:
		// What comes from a file has its line; this came from the command line.
		fmt.Fprintln(a.err, "loactl: "+a.wrongOption(err, bad))
		return exitUsage
	case errors.As(err, &usage):
		if usage.msg != "" {
			fmt.Fprintln(a.err, "loactl: "+usage.msg)
		}
		fmt.Fprintf(a.err, "%s\n%s", a.text("usage"), a.lines(args[0]))
		return exitUsage
	case errors.As(err, &waits):
		if !a.json {
			fmt.Fprintln(a.err, "loactl: "+a.explain(err))
		} else if err := a.show(map[string]any{"pending": true, "why": a.explain(err)}, nil); err != nil {
			return exitFailed
		}
		return exitOK
	case errors.Is(err, errTold):
		return exitFailed
	case errors.Is(err, errNobody):
		return exitNobody
	case errors.Is(err, context.Canceled) && a.ctx.Err() != nil:
		return exitFailed
	}
	fmt.Fprintln(a.err, "loactl: "+a.explain(err))
	if noBroker := (*brokerError)(nil); errors.As(err, &noBroker) {
		return exitNoBroker
	}
	return exitFailed
}

// A waitsError ends a command that has kept what it made until others have signed it.
type waitsError struct{ msg string }

func (e *waitsError) Error() string { return e.msg }

// errTold ends a command whose failure has been shown already.
var errTold = errors.New("told")

// errNobody ends a command that has shown that no box took what it sent.
var errNobody = errors.New("no box took it")

// A usageError is a command line that cannot be understood.
type usageError struct{ msg string }

func (e *usageError) Error() string { return e.msg }

func (a *app) help(args []string) error {
	if len(args) > 0 {
		if !slices.ContainsFunc(commands(), func(c command) bool { return c.name == args[0] }) {
			return &usageError{a.unknown(args[0], commandNames())}
		}
		fmt.Fprintf(a.out, "%s\n\n%s", a.text("cmd."+args[0]), a.lines(args[0]))
		if more := word(a.text("more."+args[0]), args[0]); more != args[0] {
			fmt.Fprintf(a.out, "\n%s\n", more)
		}
		return nil
	}
	fmt.Fprintln(a.out, a.text("help.head"))
	for _, c := range commands() {
		fmt.Fprintf(a.out, "  %-10s %s\n", c.name, a.text("cmd."+c.name))
	}
	fmt.Fprintln(a.out, a.text("help.foot"))
	return nil
}

func commandNames() []string {
	var names []string
	for _, c := range commands() {
		names = append(names, c.name)
	}
	return names
}

// unknown says that there is no such command among names, and which may be meant.
func (a *app) unknown(name string, names []string) string {
	best, least := "", 3
	for _, n := range names {
		if d := plan.Distance(name, n, least); d < least {
			best, least = n, d
		}
	}
	if best != "" {
		return a.text("unknown-near", name, best)
	}
	return a.text("unknown-command", name)
}

// lines are the ways to call a command, one on each line.
func (a *app) lines(command string) string {
	var b strings.Builder
	for line := range strings.Lines(a.text("use." + command)) {
		fmt.Fprintf(&b, "  loactl %s\n", strings.TrimRight(line, "\n"))
	}
	return b.String()
}

func (a *app) version([]string) error {
	v := buildVersion()
	return a.show(map[string]string{"version": v}, func(w io.Writer) { fmt.Fprintln(w, "loactl "+v) })
}
