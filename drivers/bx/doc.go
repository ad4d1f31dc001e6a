// Package bx drives the LED cards of Onbon: BX-5 and BX-6 graphics cards, and
// the bitmap area of BX-5K and BX-6K font cards.
package bx
