package mediaserver

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func get(t *testing.T, h http.Handler, method, path, ranges string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	if ranges != "" {
		r.Header.Set("Range", ranges)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func TestGivesOutByHashAndRange(t *testing.T) {
	dir := t.TempDir()
	content := bytes.Repeat([]byte("loa "), 1000)
	sum, size, err := Add(dir, bytes.NewReader(content))
	if err != nil || size != int64(len(content)) {
		t.Fatal(sum, size, err)
	}
	h := Handler(dir)
	resp := get(t, h, "GET", Path(sum), "")
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != 200 || !bytes.Equal(body, content) {
		t.Errorf("whole: %s, %d bytes", resp.Status, len(body))
	}
	if resp.Header.Get("Etag") != `"`+sum+`"` {
		t.Errorf("no tag to resume by: %v", resp.Header)
	}
	resp = get(t, h, "GET", Path(sum), "bytes=3990-")
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != 206 || !bytes.Equal(body, content[3990:]) {
		t.Errorf("range: %s, %q", resp.Status, body)
	}
	if resp = get(t, h, "GET", Path(sum), "bytes=4000-"); resp.StatusCode != 416 {
		t.Errorf("range past the end: %s", resp.Status)
	}
}

func TestGivesOutNothingElse(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(t.TempDir(), "secret")
	os.WriteFile(secret, []byte("x"), 0o644)
	os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("x"), 0o644)
	hash := strings.Repeat("ab", 32)
	os.Symlink(secret, filepath.Join(dir, hash))
	h := Handler(dir)
	for _, path := range []string{"/", "/m/", "/m/notes.txt", "/m/..%2fsecret", "/m/" + hash, "/m/" + strings.Repeat("AB", 32), "/m/" + strings.Repeat("cd", 32)} {
		if resp := get(t, h, "GET", path, ""); resp.StatusCode != 404 {
			t.Errorf("%s: %s", path, resp.Status)
		}
	}
	if resp := get(t, h, "PUT", "/m/"+hash, ""); resp.StatusCode != 405 {
		t.Errorf("PUT: %s", resp.Status)
	}
}

type broken struct{}

func (broken) Read(p []byte) (int, error) { return copy(p, "half"), errors.New("cut") }

func TestAddLeavesNothingHalfWritten(t *testing.T) {
	dir := t.TempDir()
	if _, _, err := Add(dir, broken{}); err == nil {
		t.Fatal("no error")
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}
