// Package system is the files that make a Debian machine a box, as they lie on it,
// and the tests that hold them: see README.md.
package system
