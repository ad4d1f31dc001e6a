package trust

import (
	"errors"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
)

// A Verdict is what trust makes of one message.
type Verdict struct {
	Code     plan.Code   // empty: accepted
	Err      *plan.Error // what was wrong, with the field; nil when accepted
	Same     bool        // nothing new: known already and in force, or a kept topic that was emptied
	Verified bool        // a known key signed it: a refusal is acknowledged
	Persist  bool        // Commit changes the snapshot: store it before acting on the document
	Rejudge  bool        // Commit may change what older documents are worth: call Rejudge, subscribe again

	Topic  message.Topic
	Kind   plan.Kind
	Doc    any       // by value, with its Proof, such as plan.Bulletin; nil when refused or emptied
	Head   plan.Head // of what was read, also when refused; zero when nothing could be
	SHA256 string    // of the payload
	Raw    []byte    // the envelope, to be kept with the documents

	VI, EN string // a sentence for people

	NotAfter  time.Time     // of a time answer: the end of the grant behind it
	RoundTrip time.Duration // of a time answer

	apply func(*Trust)
}

// Accepted reports whether the message counts.
func (v Verdict) Accepted() bool { return v.Code == plan.Accepted }

// verdict makes the judgement's result one.
func (j *judgement) verdict(err error) Verdict {
	v := j.v
	if err != nil {
		if !errors.As(err, &v.Err) {
			v.Err = &plan.Error{Code: plan.Malformed, Msg: err.Error()}
		}
		v.Code = v.Err.Code
		v.Doc, v.apply, v.Same, v.Persist, v.Rejudge = nil, nil, false, false, false
	}
	s := v.Code.Sentence()
	v.VI, v.EN = s.VI, s.EN
	return v
}
