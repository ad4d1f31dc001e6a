// Package term is a panel drawn in a terminal, two pixels in a character.
//
// The character is ▀, its foreground the upper pixel and its background the lower
// one; with odd heights the last row has no lower half. Colours are SGR 38;2 (24
// bit) or 38;5 (the 240 fixed colours of 256); without colour what has
// red, green or blue above half is drawn by ▀, ▄ and █. [DepthOf] chooses as https://no-color.org and the
// usual variables TERM and COLORTERM say.
//
// In a fixed place the cursor is saved (ESC 7), each line is put at its row and
// column, and the cursor goes back (ESC 8), so that a prompt or a log below goes on
// undisturbed. Otherwise frames follow one another as text, each only when it
// differs from the one before: that is what a log or a pipe can hold.
//
// A terminal that takes nothing, as after Ctrl-S or at the end of a dead line, makes
// a write wait for ever. Show gives up after two seconds and leaves that write
// behind; until it has ended the panel takes nothing else.
//
// Brightness does not change the picture: a terminal has its own, and a dark page
// should be told from a dimmed one. It is remembered, and Probe tells it.
//
// Quirks: the Linux console knows 16 colours and takes the nearest; fonts without ▀
// show boxes; a terminal that is narrower than the panel wraps the lines.
//
// Wiring: none. Side doors: whoever else writes to the terminal.
// Tried on: the emulator in termtest.
package term
