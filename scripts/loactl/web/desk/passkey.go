package desk

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// A holder is a person as package webauthn sees one.
type holder struct {
	name string
	a    Account
}

func (h holder) WebAuthnID() []byte                         { return h.a.Handle }
func (h holder) WebAuthnName() string                       { return h.name }
func (h holder) WebAuthnDisplayName() string                { return h.name }
func (h holder) WebAuthnCredentials() []webauthn.Credential { return h.a.Passkeys }

var (
	errTries = &fault{http.StatusTooManyRequests, "error.tries"}
	errCode  = &fault{http.StatusForbidden, "error.code"}
	errPass  = &fault{http.StatusForbidden, "error.passkey"}
)

func (d *Desk) signIn(w http.ResponseWriter, r *http.Request, v *visitor) error {
	person, _ := d.certified(r)
	d.show(w, r, v, http.StatusOK, "sign-in", person)
	return nil
}

// certified is the person of the certificate that a browser has shown.
func (d *Desk) certified(r *http.Request) (person string, ok bool) {
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
		return "", false
	}
	name, ok := d.o.Authority.Client(r.TLS.PeerCertificates[0])
	p, known := d.o.Authority.People()[name]
	if !ok || !known || p.Online {
		return "", false
	}
	return name, true
}

func (d *Desk) signInCertificate(w http.ResponseWriter, r *http.Request, _ *visitor) error {
	person, ok := d.certified(r)
	if !ok {
		return errPass
	}
	d.enter(w, r, session{person: person, cert: true})
	http.Redirect(w, r, "/desk/", http.StatusSeeOther)
	return nil
}

// enter signs a person in, and whoever it was before out.
func (d *Desk) enter(w http.ResponseWriter, r *http.Request, of session) {
	d.sessions.end(w, r)
	w.Header().Del("Set-Cookie")
	d.sessions.begin(w, of, d.o.Now())
}

func (d *Desk) signOut(w http.ResponseWriter, r *http.Request, _ *visitor) error {
	d.sessions.end(w, r)
	http.Redirect(w, r, "/desk/sign-in", http.StatusSeeOther)
	return nil
}

// begun answers a script with what the authenticator has to be asked.
func (d *Desk) begun(w http.ResponseWriter, r *http.Request, c ceremony, options any) error {
	c.net = network(r)
	id := d.ceremony.begin(c, d.o.Now())
	answer(w, http.StatusOK, map[string]any{"ceremony": id, "options": options})
	return nil
}

// A finished is what a script sends back.
type finished struct {
	Ceremony   string          `json:"ceremony"`
	Credential json.RawMessage `json:"credential"`
}

func (d *Desk) finish(r *http.Request) (c ceremony, credential []byte, err error) {
	var f finished
	if err := json.NewDecoder(r.Body).Decode(&f); err != nil {
		return c, nil, errInput
	}
	c, ok := d.ceremony.take(f.Ceremony, d.o.Now())
	if !ok {
		return c, nil, errPass
	}
	return c, f.Credential, nil
}

func (d *Desk) signInBegin(w http.ResponseWriter, r *http.Request, _ *visitor) error {
	if !d.tries.ok(r, d.o.Now()) {
		return errTries
	}
	options, data, err := d.passkeys.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return err
	}
	return d.begun(w, r, ceremony{data: *data}, options.Response)
}

func (d *Desk) signInFinish(w http.ResponseWriter, r *http.Request, _ *visitor) error {
	c, raw, err := d.finish(r)
	if err != nil {
		return err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(raw)
	if err != nil {
		return errPass
	}
	all, err := d.people.All()
	if err != nil {
		return err
	}
	user, credential, err := d.passkeys.ValidatePasskeyLogin(func(_, handle []byte) (webauthn.User, error) {
		for name, a := range all {
			if bytes.Equal(a.Handle, handle) {
				return holder{name, a}, nil
			}
		}
		return nil, ErrNobody
	}, c.data, parsed)
	if err != nil || credential.Authenticator.CloneWarning {
		return errPass
	}
	person := user.WebAuthnName()
	if err := d.people.Used(person, *credential); err != nil {
		return errPass
	}
	d.enter(w, r, session{person: person, handle: user.WebAuthnID()})
	answer(w, http.StatusOK, map[string]string{"to": "/desk/"})
	return nil
}

func (d *Desk) register(w http.ResponseWriter, r *http.Request, v *visitor) error {
	d.show(w, r, v, http.StatusOK, "register", nil)
	return nil
}

func (d *Desk) registerBegin(w http.ResponseWriter, r *http.Request, _ *visitor) error {
	if !d.tries.ok(r, d.o.Now()) {
		return errTries
	}
	var who struct{ Name, Code string }
	if err := json.NewDecoder(r.Body).Decode(&who); err != nil {
		return errInput
	}
	a, err := d.people.Invited(who.Name, who.Code, d.o.Now())
	if err != nil {
		return errCode
	}
	var have []protocol.CredentialDescriptor
	for _, c := range a.Passkeys {
		have = append(have, c.Descriptor())
	}
	options, data, err := d.passkeys.BeginRegistration(holder{who.Name, a}, webauthn.WithExclusions(have))
	if err != nil {
		return err
	}
	return d.begun(w, r, ceremony{data: *data, name: who.Name, code: who.Code}, options.Response)
}

func (d *Desk) registerFinish(w http.ResponseWriter, r *http.Request, _ *visitor) error {
	c, raw, err := d.finish(r)
	if err != nil {
		return err
	}
	a, err := d.people.Invited(c.name, c.code, d.o.Now())
	if err != nil {
		return errCode
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(raw)
	if err != nil {
		return errPass
	}
	credential, err := d.passkeys.CreateCredential(holder{c.name, a}, c.data, parsed)
	if err != nil {
		return errPass
	}
	if err := d.people.Register(c.name, c.code, *credential, d.o.Now()); err != nil {
		return errCode
	}
	d.enter(w, r, session{person: c.name, handle: a.Handle})
	answer(w, http.StatusOK, map[string]string{"to": "/desk/key"})
	return nil
}
