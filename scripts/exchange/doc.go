// Package exchange hands what a commune's system knows to the source system of its
// province: bulletins, boxes, what was heard, and the annual report.
//
// The national guidance (2455/BTTTT-TTCS, version 2.0, amended by 5616) says which fields
// a source system takes. Its text was not at hand when this was written: nothing here
// claims its names. A profile, one TOML file, says how our fields are called over there,
// in which form, and where they are sent. The example that lies here is made up, works
// with the source system of the contract test, and says of itself that it is not
// verified. Whoever has the official text writes a profile after it and sets verified.
//
// Each record is an upsert by its key: a record that is sent twice is one. What the other
// side has is remembered by hash, so that only what changed is sent again.
package exchange

// NotVerified is what a profile says of itself until somebody has held it against the
// official text.
const (
	NotVerifiedVI = "CHƯA ĐỐI CHIẾU với văn bản chính thức (2455/BTTTT-TTCS v2.0, 5616)"
	NotVerifiedEN = "NOT VERIFIED against the official text (2455/BTTTT-TTCS v2.0, 5616)"
)
