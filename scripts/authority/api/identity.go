package api

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"loa/scripts/authority/durable"
)

// identify says who asks: the program whose certificate the connection has shown, or
// who holds the token. A box's certificate is of the same CA, and opens nothing here.
func (a *API) identify(r *http.Request) (string, error) {
	if secret, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		name, ok, err := a.o.Tokens.Holder(secret)
		if err != nil {
			return "", err
		}
		if !ok {
			return "", &Error{Code: "unauthorized"}
		}
		return "token " + name, nil
	}
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
		return "", &Error{Code: "unauthorized"}
	}
	name, ok := a.o.Authority.Client(r.TLS.PeerCertificates[0])
	if p, person := a.o.Authority.People()[name]; !ok || person && !p.Online {
		return "", &Error{Code: "forbidden"} // a person's opens the desk, and there what that person may see
	}
	return "certificate " + name, nil
}

// address is where a question comes from.
func address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// Tokens are the secrets by which programs without a certificate are known, in a file
// that has only their SHA-256.
type Tokens struct{ file string }

// A Token is one of them, without the secret.
type Token struct {
	Name   string    `json:"name"`
	SHA256 string    `json:"sha256"`
	Made   time.Time `json:"made"`
}

// OpenTokens uses file, which need not exist yet. It is read anew each time: a token
// that another process has revoked counts no more.
func OpenTokens(file string) *Tokens { return &Tokens{file} }

// ErrTokenExists says that a name is taken.
var ErrTokenExists = errors.New("there already is a token of this name")

// tokenBytes is how long a secret is; nobody guesses one, so a plain hash is enough.
const tokenBytes = 32

// New makes a token and gives its secret, which is kept nowhere.
func (t *Tokens) New(name string, now time.Time) (secret string, err error) {
	b := make([]byte, tokenBytes)
	if _, err := rand.Read(b); err != nil {
		return "", err
	}
	secret = "loa_" + base64.RawURLEncoding.EncodeToString(b)
	return secret, t.change(func(all []Token) ([]Token, error) {
		if slices.ContainsFunc(all, func(o Token) bool { return o.Name == name }) {
			return nil, fmt.Errorf("%w: %s", ErrTokenExists, name)
		}
		return append(all, Token{name, digest(secret), now.UTC().Truncate(time.Second)}), nil
	})
}

// Revoke ends a token. It reports whether there was one.
func (t *Tokens) Revoke(name string) (found bool, err error) {
	err = t.change(func(all []Token) ([]Token, error) {
		return slices.DeleteFunc(all, func(o Token) bool {
			found = found || o.Name == name
			return o.Name == name
		}), nil
	})
	return found, err
}

// All are the tokens that count.
func (t *Tokens) All() ([]Token, error) {
	data, err := os.ReadFile(t.file)
	if errors.Is(err, fs.ErrNotExist) {
		return []Token{}, nil
	}
	if err != nil {
		return nil, err
	}
	var all []Token
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, fmt.Errorf("%s: %w", t.file, err)
	}
	return all, nil
}

// Holder is the name of the token with this secret, if there is one.
func (t *Tokens) Holder(secret string) (name string, ok bool, err error) {
	all, err := t.All()
	if err != nil {
		return "", false, err
	}
	sum := digest(secret)
	for _, o := range all {
		if subtle.ConstantTimeCompare([]byte(sum), []byte(o.SHA256)) == 1 {
			name, ok = o.Name, true
		}
	}
	return name, ok, nil
}

// change writes what f makes of the tokens, one process at a time.
func (t *Tokens) change(f func([]Token) ([]Token, error)) error {
	lock, err := os.OpenFile(t.file+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	all, err := t.All()
	if err != nil {
		return err
	}
	if all, err = f(all); err != nil {
		return err
	}
	data, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	return durable.Write(t.file, append(data, '\n'))
}

func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
