package conform

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"path/filepath"
	"testing"
	"time"

	"loa/scripts/authority"
	"loa/scripts/authority/pki"
	"loa/scripts/broker/check"
)

// batch is that of the boxes which have no name yet.
const batch = "lo1"

// attacks runs what loactl broker check does against where boxes connect; each attack
// is a case of the matrix.
func attacks(w *world) (map[string]string, error) {
	conf, err := w.au.ClientTLS("loactl")
	if err != nil {
		return nil, err
	}
	canary, err := w.au.ClientTLS(authority.Canary)
	if err != nil {
		return nil, err
	}
	image := filepath.Join(w.au.ClaimDir(batch), "etc", "loa")
	claim, err := tls.LoadX509KeyPair(filepath.Join(image, "claim.pem"), filepath.Join(image, "claim.key"))
	if err != nil {
		return nil, err
	}
	t := check.Target{URL: w.eng.box(), Roots: conf.RootCAs, Office: conf.Certificates[0], Box: w.au.PassingBox,
		OtherCA: stranger(w.t), Revoked: &canary.Certificates[0], Claim: &claim, Patience: 10 * time.Second}
	results, err := check.Run(context.Background(), t)
	got := make(map[string]string)
	for _, r := range results {
		switch {
		case !r.Tried:
			got["attack "+r.Attack] = "not tried: " + r.Detail
		case !r.Held:
			got["attack "+r.Attack] = "got through: " + r.Detail
		default:
			got["attack "+r.Attack] = ""
		}
	}
	return got, err
}

// stranger is a box of another authority.
func stranger(t testing.TB) tls.Certificate {
	t.Helper()
	ca, err := pki.NewCA("another", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	pub, priv, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := ca.Client("loa-check-third", pub, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	key, err := pki.KeyPEM(priv)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	return pair
}
