package plan

// A Code says in one word why something was refused. One list serves sound and
// board, ledger and wire; a code is never renamed.
type Code string

// The refusal codes. Accepted is the absence of one.
const (
	Accepted     Code = ""
	TooLarge     Code = "too-large"
	Malformed    Code = "malformed"
	Unsigned     Code = "unsigned"
	NotAddressed Code = "not-addressed"
	UnknownKey   Code = "unknown-key"
	Signature    Code = "signature"
	Scope        Code = "scope"
	WrongKind    Code = "kind"
	WrongClass   Code = "class"
	Quorum       Code = "quorum"
	Expired      Code = "expired"
	NotYet       Code = "not-yet"
	Lifetime     Code = "lifetime"
	ClockCode    Code = "clock"
	Replay       Code = "replay"
	Conflict     Code = "conflict"
	Rollback     Code = "rollback"
	Revoked      Code = "revoked"
	Stale        Code = "stale"
	QuietHours   Code = "quiet-hours"
	Airtime      Code = "airtime"
	RepeatLimit  Code = "repeat-limit"
	Priority     Code = "priority"
	Muted        Code = "muted"
	LocalMode    Code = "local-mode"
	SafeMode     Code = "safe-mode"
	DrillPreface Code = "drill-preface"
	MediaMissing Code = "media-missing"
	MediaDigest  Code = "media-digest"
	MediaFormat  Code = "media-format"
	GlyphMissing Code = "glyph-missing"
	TooBig       Code = "too-big"
	Storage      Code = "storage"
	Unsupported  Code = "unsupported"
)

// An Error is a refusal with what was wrong in it, for the ledger and for the
// author. Field is a JSON path such as "slots[2].at"; it may be empty.
type Error struct {
	Code  Code
	Field string
	Msg   string
	VI    string   // Msg in Vietnamese; empty: nobody has said it
	More  []*Error // what else is wrong with the same document, for its author
}

func (e *Error) Error() string {
	if e.Field == "" {
		return string(e.Code) + ": " + e.Msg
	}
	return string(e.Code) + ": " + e.Field + ": " + e.Msg
}
