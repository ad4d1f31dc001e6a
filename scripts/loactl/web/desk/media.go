package desk

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	"loa/agent/plan"
)

var hash = regexp.MustCompile(`^[0-9a-f]{64}$`)

// media gives out a recording or a picture by its hash: what it is called by is what it is.
func (d *Desk) media(w http.ResponseWriter, r *http.Request, _ *visitor) error {
	sum := r.PathValue("sha256")
	if !hash.MatchString(sum) {
		return errNone
	}
	f, err := os.Open(filepath.Join(d.o.Authority.MediaDir(), sum))
	if err != nil {
		return errNone
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.IsDir() {
		return errNone
	}
	head := make([]byte, 512)
	n, _ := f.ReadAt(head, 0)
	kind := http.DetectContentType(head[:n])
	if kind != "image/png" && kind != "image/jpeg" && kind != "image/gif" && kind != "image/webp" {
		kind = "audio/mpeg" // a player looks for itself; a page of HTML it must not become
		if n > 4 && string(head[:4]) == "RIFF" {
			kind = "audio/wav"
		}
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "private, max-age=86400")
	http.ServeContent(w, r, "", info.ModTime(), f)
	return nil
}

// drawn gives one page of a board of a bulletin that is to be signed.
func (d *Desk) drawn(w http.ResponseWriter, r *http.Request, v *visitor) error {
	p, _, err := d.found(v, r.PathValue("sha256"))
	if err != nil {
		return err
	}
	b := shownOf(p.is.Doc)
	if b == nil {
		return errNone
	}
	return d.picture(w, v, r.PathValue("board"), b, r.PathValue("page"))
}

// picture draws a page of a bulletin, by its number from 0.
func (d *Desk) picture(w http.ResponseWriter, v *visitor, board string, b *plan.Bulletin, page string) error {
	n, err := strconv.Atoi(page)
	if err != nil {
		return errNone
	}
	pictures, _, err := d.o.Tools.Draw(v.lang, board, b)
	if err != nil {
		return err
	}
	if n < 0 || n >= len(pictures) {
		return errNone
	}
	w.Header().Set("Content-Type", pictures[n].Type)
	_, _ = w.Write(pictures[n].Data)
	return nil
}
