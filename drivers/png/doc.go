// Package png is a panel made of a file: the picture that would be seen, as PNG.
//
// For a desk without a board, for a preview in a browser and for tests. Each
// picture is written beside the file and renamed over it, so whoever reads the
// file finds a whole picture, the old one or the new one. A picture that is in
// the file already is not written again: the flash of a box dies of writes, and a
// viewer that looks at the time of change sees when the page really changed.
// Nothing is synced: after a power cut of the box the file may be the old one or
// gone, and the agent shows its page again anyway. A file on tmpfs costs no flash.
//
// With History the pictures are kept as well, the newest N of them, numbered in
// the order in which they were shown: panel.png, panel.000001.png, …
//
// Brightness does not change the picture. A dimmed preview could not be told from
// a dark page, and a test compares words, not lamps. It is remembered, and Probe
// tells it.
//
// Wiring: none. Side doors: whoever may write the directory may replace the file;
// Probe then says that the picture is lost, and the next Show puts it back.
//
// Tried on: ext4, tmpfs.
package png
