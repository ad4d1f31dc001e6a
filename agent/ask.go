package main

import (
	"bufio"
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"golang.org/x/term"

	"loa/agent/config"
	"loa/agent/console"
)

// askConsole connects the terminal to the console of the box that runs here, or
// asks it one question.
func askConsole(args []string, in *os.File, out, errs io.Writer) int {
	flags := flag.NewFlagSet("agent console", flag.ContinueOnError)
	flags.SetOutput(errs)
	file := flags.String("config", config.File, "the box's own `file`")
	root := flags.String("root", "", "as the agent was given")
	lang := flags.String("lang", os.Getenv("LOA_LANG"), "the answers' language: `vi|en|ascii`; without it that of LOA_LANG, or the box's")
	socket := flags.String("socket", "", "the console's `socket`, instead of the one in the config")
	flags.Usage = func() {
		fmt.Fprintln(errs, "usage: agent console [--lang vi|en|ascii] [flags]            a session with the box that runs here;\n"+
			"                                                   from a pipe, one question a line\n"+
			"       agent console [--lang vi|en|ascii] [flags] COMMAND    one question; help lists the commands")
		flags.PrintDefaults()
	}
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		return exitUsage
	}
	opening := ""
	switch *lang {
	case "":
	case "vi", "en", "ascii":
		opening = "--lang " + *lang + " "
	default:
		fmt.Fprintf(errs, "agent: there is no language %q: want vi, en or ascii\n", *lang)
		return exitUsage
	}
	if *socket == "" {
		*socket = socketOf(*file, *root)
	}
	switch {
	case flags.NArg() > 0:
		return askOnce(*socket, opening+strings.Join(flags.Args(), " "), out, errs)
	case !term.IsTerminal(int(in.Fd())):
		return askLines(*socket, opening, in, out, errs)
	}
	conn, err := reach(*socket, errs)
	if err != nil {
		return exitFailed
	}
	defer conn.Close()
	if old, err := term.MakeRaw(int(in.Fd())); err == nil {
		defer term.Restore(int(in.Fd()), old)
	}
	fmt.Fprintln(conn, opening) // without a command: it asks for the line editor
	go io.Copy(conn, in)        // ends with the process
	io.Copy(out, conn)
	return exitOK
}

// asWide is an answer for people with its lines broken between words, where out is a
// terminal that would break them anywhere.
func asWide(text string, out io.Writer) string {
	f, ok := out.(*os.File)
	if !ok || strings.HasPrefix(text, "{") { // which is for a program
		return text
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width < 40 {
		return text
	}
	return console.Wrap(text, width)
}

// reach connects to the box and tells if that cannot be done.
func reach(socket string, errs io.Writer) (net.Conn, error) {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		fmt.Fprintln(errs, "agent: no box answers here:", err)
	}
	return conn, err
}

// askLines asks each line of a file or a pipe as a question of its own, up to the
// end or the word exit, and ends as the last of them did.
func askLines(socket, opening string, in io.Reader, out, errs io.Writer) (code int) {
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		switch line := strings.TrimSpace(lines.Text()); line {
		case "":
		case "exit":
			return code
		default:
			code = askOnce(socket, opening+line, out, errs)
		}
	}
	if err := lines.Err(); err != nil {
		fmt.Fprintln(errs, "agent: cannot read the questions:", err)
		return exitFailed
	}
	return code
}

// askOnce sends one line and prints the answer. The box ends its answer with a
// zero byte and the exit code as a digit.
func askOnce(socket, line string, out, errs io.Writer) int {
	conn, err := reach(socket, errs)
	if err != nil {
		return exitFailed
	}
	defer conn.Close()
	fmt.Fprintf(conn, "%s\n", line)
	answer, err := io.ReadAll(conn)
	text, code, ok := strings.Cut(string(answer), "\x00")
	if err == nil && len(answer) == 0 {
		err = errors.New("it said nothing; four sessions at once are the most")
	}
	if err != nil || !ok || len(code) != 1 {
		fmt.Fprintln(errs, "agent: the box broke off:", cmp.Or(err, io.ErrUnexpectedEOF))
		return exitFailed
	}
	if text = strings.TrimRight(text, "\n"); text != "" {
		fmt.Fprintln(out, asWide(text, out))
	}
	return int(code[0] - '0')
}
