// Package mediaserver gives out audio and pictures by their SHA-256 over HTTP:
// /m/{sha256}, with ranges, so that a box on a bad line goes on where it stopped.
package mediaserver

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"loa/scripts/authority/durable"
)

// Path is where a file is found below the server's base URL.
func Path(sha256 string) string { return "/m/" + sha256 }

var digest = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Handler serves the files of dir whose name is the SHA-256 of their content.
// It gives out nothing else, lists nothing and follows no link.
func Handler(dir string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /m/{sha256}", func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("sha256")
		if !digest.MatchString(name) {
			http.NotFound(w, r)
			return
		}
		path := filepath.Join(dir, name)
		if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
			http.NotFound(w, r)
			return
		}
		f, err := os.Open(path)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		defer f.Close()
		// The content never changes: the name is its hash. If-Range with this
		// tag is what makes a resumed download safe.
		w.Header().Set("ETag", `"`+name+`"`)
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		http.ServeContent(w, r, "", time.Time{}, f)
	})
	return mux
}

// Add copies r into dir under its SHA-256, whole or not at all, and says what
// it has become. What is there already is not written again.
func Add(dir string, r io.Reader) (sum string, size int64, err error) {
	if err := durable.Folder(dir, 0o755); err != nil {
		return "", 0, fmt.Errorf("mediaserver: %w", err)
	}
	tmp, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return "", 0, fmt.Errorf("mediaserver: %w", err)
	}
	defer os.Remove(tmp.Name())
	h := sha256.New()
	size, err = io.Copy(io.MultiWriter(tmp, h), r)
	err = errors.Join(err, tmp.Chmod(0o644), tmp.Sync(), tmp.Close())
	if err != nil {
		return "", 0, fmt.Errorf("mediaserver: cannot keep a file in %s: %w", dir, err)
	}
	sum = hex.EncodeToString(h.Sum(nil))
	if err := durable.Rename(tmp.Name(), filepath.Join(dir, sum)); err != nil {
		return "", 0, fmt.Errorf("mediaserver: %w", err)
	}
	return sum, size, nil
}
