package media

import (
	"bytes"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"loa/agent/plan"
)

// begin judges a response's head: where its body begins, or why it is of no use.
func begin(resp *http.Response, at, size int64) (int64, *failure) {
	switch resp.StatusCode {
	case http.StatusOK:
		at = 0
	case http.StatusPartialContent:
		from, total, ok := contentRange(resp.Header.Get("Content-Range"))
		if !ok || from != at {
			return 0, missing("asked for bytes from %d on, it sends %.60q", at, resp.Header.Get("Content-Range"))
		}
		if total != size {
			return 0, wrong("it has %d bytes, the document says %d", total, size)
		}
	default:
		return 0, missing("it answers %s", resp.Status)
	}
	if t, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";"); strings.EqualFold(strings.TrimSpace(t), "text/html") {
		return 0, &failure{cond: CodeFormat, code: plan.MediaFormat, err: errors.New("it sends a web page")}
	}
	if n := resp.ContentLength; n >= 0 && n != size-at {
		if n < size-at {
			return 0, missing("it has %d bytes, the document says %d", at+n, size)
		}
		return 0, wrong("it has %d bytes, the document says %d", at+n, size)
	}
	return at, nil
}

// contentRange reads "bytes 500-999/1000".
func contentRange(s string) (from, total int64, ok bool) {
	rest, ok := strings.CutPrefix(s, "bytes ")
	span, size, ok2 := strings.Cut(rest, "/")
	first, _, ok3 := strings.Cut(span, "-")
	from, err := strconv.ParseInt(first, 10, 64)
	total, err2 := strconv.ParseInt(size, 10, 64)
	return from, total, ok && ok2 && ok3 && err == nil && err2 == nil && from >= 0
}

// looksLikeHTML recognises a page that calls itself audio, as a network's
// welcome page does that answers in the server's place.
func looksLikeHTML(b []byte) bool {
	return strings.HasPrefix(http.DetectContentType(b), "text/html") ||
		bytes.HasPrefix(bytes.ToLower(bytes.TrimSpace(b)), []byte("<!doctype"))
}
