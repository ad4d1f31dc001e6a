package desk

import (
	"bytes"
	"io"
	"net/http"
	"slices"

	"loa/agent/message"
	"loa/agent/plan"
)

// Not every key is in a browser: some lie in a file on a stick. What is signed with such a
// one goes out as a file, and comes back as one.

// envelope gives the exact bytes that are to be signed, for loactl desk sign.
func (d *Desk) envelope(w http.ResponseWriter, r *http.Request, v *visitor) error {
	p, _, err := d.found(v, r.PathValue("sha256"))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Disposition", `attachment; filename="`+p.is.SHA256[:12]+`.json"`)
	_, _ = w.Write(p.paper.Encode())
	return nil
}

var (
	errOtherBytes = &fault{http.StatusConflict, "error.other-bytes"}
	errNoSig      = &fault{http.StatusBadRequest, "error.no-signature"}
)

// signedElsewhere takes in a file that loactl desk sign has made. It counts as what a
// browser signs does: the same person, the same bytes, the same judge.
func (d *Desk) signedElsewhere(w http.ResponseWriter, r *http.Request, v *visitor) error {
	p, waits, err := d.found(v, r.PathValue("sha256"))
	if err != nil {
		return err
	}
	f, _, err := r.FormFile("signature")
	if err != nil {
		return errNoSig
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, message.MaxEnvelope+1))
	if err != nil {
		return errNoSig
	}
	e, err := message.Open(raw)
	if err != nil {
		return errNoSig
	}
	if e.PayloadType != p.paper.PayloadType || !bytes.Equal(e.Payload, p.paper.Payload) {
		return errOtherBytes
	}
	pub, err := plan.ParseKey(d.o.Authority.People()[v.person].Key)
	if err != nil {
		return errKey
	}
	i := slices.IndexFunc(e.Signatures, func(s message.Sig) bool { return s.KeyID == message.KeyID(pub) })
	if i < 0 {
		return errKey
	}
	done, err := d.takes(r.Context(), v, p, waits, e.Signatures[i])
	if err != nil {
		return err
	}
	d.show(w, r, v, http.StatusOK, "signed", done)
	return nil
}
