package desk

import (
	"io"
	"net/http"
	"slices"
	"strconv"

	"loa/agent/plan"
)

const (
	maxPicture  = 16 << 20 // bytes of an upload: what a phone takes has less
	maxPictures = 8        // of one draft
)

// addPicture takes a picture for boards in.
func (d *Desk) addPicture(w http.ResponseWriter, r *http.Request, v *visitor) error {
	dr, err := d.mine(r, v)
	if err != nil {
		return err
	}
	if len(dr.Pictures) >= maxPictures {
		return errPictures
	}
	var page plan.Page
	if err := d.sent(r, "picture", func(file io.Reader) (err error) {
		page, err = d.o.Tools.Picture(r.Context(), v.lang, dr.Place, file)
		return err
	}); err != nil {
		return err
	}
	return d.pictured(w, r, dr, func(dr *Draft) error {
		if len(dr.Pictures) >= maxPictures {
			return errPictures // others came meanwhile
		}
		dr.Pictures = append(dr.Pictures, page)
		return nil
	})
}

var errPictures = &fault{http.StatusConflict, "error.pictures"}

// changePicture takes a picture out, puts it before another, or says how long it is seen.
func (d *Desk) changePicture(w http.ResponseWriter, r *http.Request, v *visitor) error {
	dr, err := d.mine(r, v)
	if err != nil {
		return err
	}
	return d.pictured(w, r, dr, func(dr *Draft) error {
		i, err := strconv.Atoi(r.PostFormValue("n"))
		if err != nil || i < 0 || i >= len(dr.Pictures) || dr.Pictures[i].Image != r.PostFormValue("image") {
			return errChanged
		}
		switch r.PostFormValue("what") {
		case "remove":
			dr.Pictures = slices.Delete(dr.Pictures, i, i+1)
		case "earlier":
			if i > 0 {
				dr.Pictures[i-1], dr.Pictures[i] = dr.Pictures[i], dr.Pictures[i-1]
			}
		case "stay":
			s, err := strconv.Atoi(r.PostFormValue("stay"))
			if err != nil || s < 1 || s > 3600 {
				return errInput
			}
			dr.Pictures[i].StayS = s
		default:
			return errInput
		}
		return nil
	})
}

// pictured changes the pictures of a draft and leads back to them.
func (d *Desk) pictured(w http.ResponseWriter, r *http.Request, dr Draft, f func(*Draft) error) error {
	if err := d.drafts.change(dr.ID, func(dr *Draft) error {
		dr.Changed = d.o.Now().UTC()
		return f(dr)
	}); err != nil {
		return err
	}
	http.Redirect(w, r, "/desk/draft/"+dr.ID+"#pictures", http.StatusSeeOther)
	return nil
}
