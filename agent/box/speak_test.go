package box

import (
	"io"
	"net"
	"strings"
	"testing"

	"loa/agent/console"
)

// The first line at the socket says what is wanted, and in which language.
func TestTheFirstLineAtTheSocket(t *testing.T) {
	b := &Box{console: console.New(console.Box{}, console.Opts{Lang: "vi"})}
	for _, c := range []struct{ sent, want string }{
		{"lang\n", "Ngôn ngữ: tiếng Việt.\x000"},
		{"--lang en lang\n", "Language: English.\x000"},
		{"--lang xx lang\n", "Ngôn ngữ: tiếng Việt.\x000"},
		{"--lang en nonsense\n", "There is no command \"nonsense\". Type help for the commands.\x002"},
		{"\nexit\r", "Tạm biệt."},
		{"--lang en \nexit\r", "Goodbye."},
		{"--lang en\nexit\r", "Goodbye."},
	} {
		here, there := net.Pipe()
		go func() { // ends with the connection, which is read to its end
			defer there.Close()
			b.speak(t.Context(), there)
		}()
		go io.WriteString(here, c.sent) // ends when here is closed
		got, err := io.ReadAll(here)
		here.Close()
		if err != nil || !strings.Contains(string(got), c.want) {
			t.Errorf("to %q the box says %q, %v; want %q", c.sent, got, err, c.want)
		}
	}
}

// A question from the centre may name its language as well.
func TestLanguageOfALine(t *testing.T) {
	for line, want := range map[string][2]string{
		"status":                  {"", "status"},
		"--lang en status --json": {"en", "status --json"},
		"--lang en":               {"en", ""},
		"status --lang en":        {"", "status --lang en"},
		"":                        {"", ""},
	} {
		if lang, rest := language(line); lang != want[0] || rest != want[1] {
			t.Errorf("%q: %q, %q", line, lang, rest)
		}
	}
}
