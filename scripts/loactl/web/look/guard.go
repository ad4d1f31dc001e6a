package look

import (
	"net/http"
	"strings"
)

// policy is what a page may do. Scripts, styles and sound are ours and in files;
// blob: is what a reader has just recorded or chosen.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; " +
	"connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors "

// Guard sets what every answer says to a browser, and refuses what another site makes
// a reader's browser send.
func Guard(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(self)")
		Frames(h, "'none'")
		if err := cross.Check(r); err != nil {
			http.Error(w, "cross-origin", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Frames says whose pages may put this one into theirs: origins, or 'none'.
func Frames(h http.Header, by ...string) {
	h.Set("Content-Security-Policy", policy+strings.Join(by, " "))
}
