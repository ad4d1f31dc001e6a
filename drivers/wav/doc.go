// Package wav is a sound card made of a file: it takes frames at the pace of
// real time and leaves a WAV of what would have been heard.
//
// For a desk without a sound card, for demonstrations and for tests. Like a
// card it keeps a short queue that has been taken but not yet sounded; only
// what has sounded is in the file, so after Drop, or after the process was
// killed, the file ends where a listener would have stopped hearing. Unlike a
// card it does not record the silence between two sounds.
//
// The file is RIFF/WAVE, PCM, 48000 Hz, 2 channels, 16 bit little endian, with
// the plain 44-byte header. The header's two sizes are rewritten after the
// frames they count, so that a reader never finds less than the header says.
// An existing file of this form is continued. At the size limit the file is
// renamed (heard.wav becomes heard.1.wav, replacing an older one) and a new
// one begins: together at most twice the limit.
//
// Wiring: none. Tried on: ext4, tmpfs.
package wav
