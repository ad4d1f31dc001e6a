package notify

import "fmt"

// An Error says in two languages what is wrong.
type Error struct {
	VI, EN string
	Err    error // may be nil
}

func (e *Error) Error() string { return tail(e.EN, e.Err) }
func (e *Error) Unwrap() error { return e.Err }

// Vietnamese is e as far as it is known in that language.
func (e *Error) Vietnamese() string {
	if own, ok := e.Err.(*Error); ok {
		return e.VI + ": " + own.Vietnamese()
	}
	return tail(e.VI, e.Err)
}

func tail(s string, err error) string {
	if err == nil {
		return s
	}
	return s + ": " + err.Error()
}

// wrong makes an error; both texts have the same gaps.
func wrong(vi, en string, args ...any) *Error {
	return &Error{VI: fmt.Sprintf(vi, args...), EN: fmt.Sprintf(en, args...)}
}
