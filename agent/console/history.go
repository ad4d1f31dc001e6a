package console

// A history keeps the last lines of a session, short ones only.
type history struct{ lines []string }

const historyLines = 50

// Add keeps a line that differs from the one before; q ends the page of a long answer.
func (h *history) Add(line string) {
	if line == "" || line == "q" || len(line) > maxLine || len(h.lines) > 0 && h.lines[len(h.lines)-1] == line {
		return
	}
	if len(h.lines) == historyLines {
		h.lines = append(h.lines[:0], h.lines[1:]...)
	}
	h.lines = append(h.lines, line)
}

// Len is how many there are.
func (h *history) Len() int { return len(h.lines) }

// At gives the idx-th newest.
func (h *history) At(idx int) string { return h.lines[len(h.lines)-1-idx] }
