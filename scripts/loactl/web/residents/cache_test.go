package residents

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
)

// What is remembered is bounded by what it weighs, too.
func TestAnswersAreBoundedInBytes(t *testing.T) {
	var c cache
	holds := func() (n int) {
		for _, a := range c.by {
			n += len(a.plain) + len(a.tiny)
		}
		return n
	}
	get := func(key string, size int, err error) {
		if a := c.get(key, "", html, noon, func() ([]byte, error) { return bytes.Repeat([]byte("a"), size), err }); err == nil && len(a.plain) != size {
			t.Fatalf("%s: %d bytes of %d", key, len(a.plain), size)
		}
		if n := holds(); n > maxBytes || n != c.bytes {
			t.Fatalf("after %s the answers are %d bytes, counted %d, of %d", key, n, c.bytes, maxBytes)
		}
	}
	for i := range 100 {
		get(fmt.Sprint("n", i), 1<<20, nil)
	}
	if n := holds(); n < maxBytes/2 {
		t.Errorf("%d bytes are kept of %d", n, maxBytes)
	}
	get("whole", maxBytes+1, nil) // given, and not kept
	get("none", 10, errNone)
	get("fault", 10, errors.New("no book"))
	get("", 10, nil)
	for i := range maxAnswers + 100 { // by number as before, and counted
		get(fmt.Sprint("m", i), 1, nil)
	}
}
