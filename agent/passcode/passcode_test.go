package passcode

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"strings"
	"testing"
)

func TestCode(t *testing.T) {
	code := Make([]byte("secret"), "d-0001")
	if len(code) != 14 || code[4] != '-' || code == Make([]byte("secret"), "d-0002") || code == Make([]byte("Secret"), "d-0001") || code != Make([]byte("secret"), "d-0001") {
		t.Errorf("%s", code)
	}
	sealed, err := Seal(code)
	if err != nil || strings.Contains(sealed, code[:5]) {
		t.Fatal(sealed, err)
	}
	other, _ := Seal(code)
	if other == sealed {
		t.Error("no salt")
	}
	for typed, want := range map[string]bool{
		code: true, strings.ToLower(code): true, strings.ReplaceAll(code, "-", ""): true, " " + code + " ": true,
		code[:13]: false, code + "0": false, "": false, "0000-0000-0000": false,
	} {
		if Matches(sealed, typed) != want {
			t.Errorf("%q: %v", typed, !want)
		}
	}
	if got, ok := Parse("oil0-0abc-defg"); !ok || got != "01100ABCDEFG" {
		t.Errorf("%q, %v", got, ok)
	}
	if _, ok := Parse("\xff\x00~~~###aabb"); ok {
		t.Error("noise is a code")
	}
}

// A sum that is none, or that would take a small box for ever, is nobody's.
func TestSumsThatAreNone(t *testing.T) {
	code := Make([]byte("secret"), "d-0001")
	sealed, err := Seal(code)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"", "$", "$argon2id$$$$", strings.Replace(sealed, "m=4096", "m=4000000000", 1), strings.Replace(sealed, "t=1", "t=99999", 1),
		strings.Replace(sealed, "p=1", "p=0", 1), strings.Replace(sealed, "argon2id", "argon2i", 1), strings.Replace(sealed, "v=19", "v=16", 1), sealed[:len(sealed)-40]} {
		if Matches(bad, code) {
			t.Errorf("%s matches", bad)
		}
	}
}

func TestACertificateCarriesIt(t *testing.T) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := Seal("0000-0000-0000")
	if err != nil {
		t.Fatal(err)
	}
	ext, err := Extension(sealed)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{SerialNumber: big.NewInt(1), ExtraExtensions: []pkix.Extension{ext}}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	read, err := x509.ParseCertificate(der)
	if err != nil || Of(read) != sealed || Of(nil) != "" || Of(&x509.Certificate{}) != "" || len(read.UnhandledCriticalExtensions) > 0 {
		t.Errorf("%q, %v", Of(read), err)
	}
}
