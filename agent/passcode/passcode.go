// Package passcode is the code by which a technician gets into a box's console: how it
// is made, how the box's certificate carries it, and how the box knows it again.
//
// The centre makes it of a secret of its own, so that it can say it again, and the box
// has no more than an Argon2id sum, in its certificate, where the CA vouches for it.
package passcode

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// letters are Crockford's: none is taken for another one when it is read aloud.
const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// length is how many a code has: 60 bits. Certificates are no secret, so the sum has to
// stand against somebody with many processors: at 3 ms each they are 50 million years.
const length = 12

// The cost of a sum: some hundredths of a second on a Cortex-A7, memory that a box of
// 256 MB has to spare for that long, and half a minute for a province of 10,000 boxes.
const (
	passes  = 1
	memory  = 4 << 10 // KiB
	threads = 1
)

// Most of what a box takes on for a sum that it finds.
const (
	maxPasses = 8
	maxMemory = 32 << 10 // KiB
)

// Make is the code of a device, as people read it: K7QX-39MP-AT5C.
func Make(secret []byte, device string) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("loa console\x00" + device))
	var b strings.Builder
	var bits, have uint
	for _, x := range mac.Sum(nil) {
		bits, have = bits<<8|uint(x), have+8
		for have >= 5 && b.Len() < length {
			b.WriteByte(letters[bits>>(have-5)&31])
			have -= 5
		}
	}
	return grouped(b.String())
}

// Fresh is a code that nobody can make again.
func Fresh() string {
	random := make([]byte, length)
	rand.Read(random)
	for i, x := range random {
		random[i] = letters[x&31]
	}
	return grouped(string(random))
}

func grouped(code string) string { return code[:4] + "-" + code[4:8] + "-" + code[8:] }

// Parse reads a code as people type it: in small letters, without the dash, with O for 0
// and I or L for 1. ok is false for what is no code at all, such as noise on a line.
func Parse(typed string) (code string, ok bool) {
	code = strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(typed))
	return code, len(code) == length && strings.Trim(code, letters) == ""
}

// Seal is the sum of a code, with fresh salt, in the PHC format.
func Seal(code string) (string, error) {
	plain, ok := Parse(code)
	if !ok {
		return "", fmt.Errorf("passcode: %d letters make no code; it has %d", len(plain), length)
	}
	salt := make([]byte, 16)
	rand.Read(salt)
	sum := Stretch(plain, salt)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memory, passes, threads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(sum)), nil
}

// Stretch is the sum of a code that Parse has read, with a salt that is known: so one sum
// is enough to look for it among many.
func Stretch(code string, salt []byte) []byte {
	return argon2.IDKey([]byte(code), salt, passes, memory, threads, sha256.Size)
}

// Matches reports whether typed is the code of which sealed is the sum.
func Matches(sealed, typed string) bool {
	code, ok := Parse(typed)
	if !ok {
		return false
	}
	var version, m, t, p uint32
	parts := strings.Split(sealed, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false
	}
	if _, err := fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &m, &t, &p); err != nil ||
		version != argon2.Version || m < 8 || m > maxMemory || t < 1 || t > maxPasses || p < 1 || p > 4 {
		return false
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil || len(salt) < 8 {
		return false
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(want) < 16 || len(want) > 64 {
		return false
	}
	got := argon2.IDKey([]byte(code), salt, t, m, uint8(p), uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1
}

// oid is ours, of the arc for which a UUID is enough: 41b8f2f0-5d7c-4c37-9d7b-0c6f1f0a6c10
// would not fit into Go's integers, so the first 31 bits stand for it.
var oid = asn1.ObjectIdentifier{2, 25, 1102639856, 1, 1}

// Extension is how a certificate carries a sum.
func Extension(sealed string) (pkix.Extension, error) {
	value, err := asn1.MarshalWithParams(sealed, "utf8")
	return pkix.Extension{Id: oid, Value: value}, err
}

// Of is the sum that a certificate carries; empty: none.
func Of(cert *x509.Certificate) string {
	if cert == nil {
		return ""
	}
	for _, e := range cert.Extensions {
		var sealed string
		if e.Id.Equal(oid) {
			if rest, err := asn1.Unmarshal(e.Value, &sealed); err == nil && len(rest) == 0 {
				return sealed
			}
		}
	}
	return ""
}
