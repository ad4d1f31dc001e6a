// Package image holds no code: its tests see to it that what the scripts beside it say of
// a board is what the board's file says.
package image
