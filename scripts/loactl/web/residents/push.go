package residents

import (
	"encoding/json"
	"errors"
	"net/http"

	"loa/scripts/authority/push"
)

// readers are those who want to be told.
type readers interface {
	Key() string
	Add(push.Reader) error
	Remove(endpoint string) error
}

// pushKey is what a browser needs before it can ask to be told; empty: nobody is told.
func (s *Site) pushKey() string {
	if s.o.Push == nil {
		return ""
	}
	return s.o.Push.Key()
}

// A subscription is what a browser's script sends: as PushSubscription writes itself.
type subscription struct {
	Endpoint string `json:"endpoint"`
	Keys     struct {
		P256dh string `json:"p256dh"`
		Auth   string `json:"auth"`
	} `json:"keys"`
}

// tell notes that a browser wants to be told of a place, or does not any more.
func (s *Site) tell(w http.ResponseWriter, r *http.Request) {
	if s.o.Push == nil {
		s.missing(w, r)
		return
	}
	if !s.codes.take(s.network(r), s.o.Now()) {
		w.WriteHeader(http.StatusTooManyRequests)
		return
	}
	var in subscription
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 8<<10)).Decode(&in); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if r.Method == http.MethodDelete {
		if err := s.o.Push.Remove(in.Endpoint); err != nil {
			s.o.Log.Error("residents: a reader", "err", err)
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusNoContent)
		return
	}
	place := r.PathValue("place")
	if _, err := s.told(place, false); err != nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	err := s.o.Push.Add(push.Reader{Endpoint: in.Endpoint, Place: place, P256dh: in.Keys.P256dh, Auth: in.Keys.Auth, Lang: lang(r)})
	switch {
	case errors.Is(err, push.ErrReader):
		w.WriteHeader(http.StatusUnprocessableEntity)
	case errors.Is(err, push.ErrFull):
		w.WriteHeader(http.StatusServiceUnavailable)
	case err != nil:
		s.o.Log.Error("residents: a reader", "err", err)
		w.WriteHeader(http.StatusInternalServerError)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}
