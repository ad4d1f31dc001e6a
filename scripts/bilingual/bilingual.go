// Package bilingual has the error that says in Vietnamese and in English what is wrong.
package bilingual

import "fmt"

// An Error is one sentence in two languages.
type Error struct{ VI, EN string }

func (e *Error) Error() string { return e.EN }

// Vietnamese is e in that language.
func (e *Error) Vietnamese() string { return e.VI }

// Wrong makes an error; both texts have the same gaps.
func Wrong(vi, en string, args ...any) *Error {
	return &Error{fmt.Sprintf(vi, args...), fmt.Sprintf(en, args...)}
}
