package look

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

// Files are small files under names that change with their content: a browser keeps
// them for good and asks for none of them twice.
type Files struct {
	prefix string
	url    map[string]string // by name
	file   map[string]file   // by URL
}

type file struct {
	kind        string
	plain, tiny []byte // tiny: by gzip; nil where that makes it no smaller
}

// NewFiles reads all files of fsys, which will be asked for below prefix.
func NewFiles(prefix string, fsys fs.FS) (*Files, error) {
	f := &Files{prefix: prefix, url: make(map[string]string), file: make(map[string]file)}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) == ".html" {
			return err
		}
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		ext := path.Ext(name)
		url := prefix + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext
		f.url[name] = url
		f.file[url] = file{kindOf(ext), data, Gzip(data)}
		return nil
	})
	return f, err
}

func kindOf(ext string) string {
	switch ext { // a Debian without mime.types knows few of them
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".webmanifest":
		return "application/manifest+json"
	}
	return mime.TypeByExtension(ext)
}

// URL is where a file is found. A name that is none has no address.
func (f *Files) URL(name string) string { return f.url[name] }

// ServeHTTP gives out one file.
func (f *Files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	one, ok := f.file[r.URL.Path]
	if !ok || r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	Send(w, r, one.kind, one.plain, one.tiny)
}

// Send writes a body of that type, by gzip where there is one and the reader takes it.
func Send(w http.ResponseWriter, r *http.Request, kind string, plain, tiny []byte) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Add("Vary", "Accept-Encoding")
	body := plain
	if tiny != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = tiny
	}
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // whoever asked has gone
	}
}

// Gzip is data packed, or nil where that gains nothing.
func Gzip(data []byte) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level exists
	if _, err := z.Write(data); err != nil || z.Close() != nil || b.Len() >= len(data) {
		return nil
	}
	return b.Bytes()
}
