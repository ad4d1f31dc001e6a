// Package scripts is the workshop: what builds, tests and feeds a box, and is
// never a part of one. The code lies in the folders; the scripts lie here.
package scripts
