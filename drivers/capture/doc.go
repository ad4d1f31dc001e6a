// Package capture takes sound in: a line input, a microphone, the output of an
// FM tuner.
//
// What it is. ALSA's own arecord as a child process, which gives raw signed
// 16-bit little-endian stereo at 48 kHz on its standard output. oto plays only,
// and a child that hangs or dies on a broken USB card costs nothing but itself.
//
// Wiring. Line level into the card's line input; a microphone needs the card's
// own bias. A tuner's output goes through a 10 kΩ trimmer: set it so that speech
// peaks at −12 dBFS, or the box's limiter works all day.
//
// Quirks. An input never opens anything by itself: clusters on FM have sounded a
// foreign carrier at night. It is read only while an authorised schedule or act
// relays it, under the name that the board gives it.
//
// Needs the Debian package alsa-utils. Tried on alsa-lib 1.2.8 with its file
// plugin; not yet on a card.
package capture
