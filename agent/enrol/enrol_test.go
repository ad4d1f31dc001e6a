package enrol

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"loa/agent/message"
	"loa/agent/plan"
	"loa/scripts/authority/pki"
)

// now is when certificates are made here.
var now = time.Date(2026, 11, 27, 8, 0, 0, 0, time.UTC)

func newKey(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func public(key ed25519.PrivateKey) ed25519.PublicKey { return key.Public().(ed25519.PublicKey) }

func codeOf(err error) plan.Code {
	var bad *plan.Error
	if errors.As(err, &bad) {
		return bad.Code
	}
	return ""
}

func TestCode(t *testing.T) {
	pub, err := hex.DecodeString("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
	if err != nil {
		t.Fatal(err)
	}
	// Its SHA-256 begins with 39 f7 13 d0 a6: 00111 00111 11011 10001 00111 10100 00101 00110.
	if code := Code(pub); code != "77VH-7M56" {
		t.Errorf("%s, the sum is %s", code, message.KeyID(pub))
	}
	if id := ID(pub); !plan.ValidID(id) || !IsID(id) || IsID("e-1") || IsID("d-0001") {
		t.Errorf("%s is no id", id)
	}
	for typed, want := range map[string]string{"77ve-jjjz": "77VE-JJJZ", "77vejjjz": "77VE-JJJZ", " 7oil ABCD": "7011-ABCD", "77VE-JJJ": "", "77VE-JJJU": "", "": "", "77VE-JJJZZ": "", "Ằ7VE-JJ": ""} {
		if got, ok := ParseCode(typed); got != want || ok != (want != "") {
			t.Errorf("%q is read as %q, %v", typed, got, ok)
		}
	}
}

func TestRequest(t *testing.T) {
	key, claim := newKey(t), newKey(t)
	raw, err := Seal(Request{Batch: "lo1", Board: "desk", Model: "Orange Pi Zero"}, key, claim)
	if err != nil {
		t.Fatal(err)
	}
	a, err := Read(raw)
	if err != nil || !a.Key.Equal(public(key)) || a.Model != "Orange Pi Zero" || !a.By(public(claim)) || a.By(public(newKey(t))) {
		t.Fatalf("%+v, %v", a, err)
	}

	other := newKey(t)
	swapped := func() []byte { // another's request, signed by who has no such key
		e, err := message.Open(raw)
		if err != nil {
			t.Fatal(err)
		}
		return message.Sign(e.PayloadType, e.Payload, other, claim).Encode()
	}
	with := func(change func(*Request)) []byte {
		r := a.Request
		change(&r)
		return message.Sign(message.PayloadType(KindEnrol, 1), message.EncodeReport(r), key, claim).Encode()
	}
	for _, c := range []struct {
		name string
		raw  []byte
		want plan.Code
	}{
		{"nothing", nil, plan.Malformed},
		{"too long", bytes.Repeat([]byte("x"), MaxRequest+1), plan.TooLarge},
		{"a report of another kind", message.SealReport(message.ReportAck, a.Request, key), plan.Malformed},
		{"another's key", swapped(), plan.Signature},
		{"by the claim alone", message.Sign(message.PayloadType(KindEnrol, 1), message.EncodeReport(a.Request), claim).Encode(), plan.Signature},
		{"a broken request", with(func(r *Request) { r.CSR = r.CSR[:20] }), plan.Malformed},
		{"a forged request", with(func(r *Request) { r.CSR = slices.Clone(r.CSR); r.CSR[len(r.CSR)-1] ^= 1 }), plan.Signature},
		{"a text that turns", with(func(r *Request) { r.Model = "a\u202eb" }), plan.Malformed},
		{"a line end", with(func(r *Request) { r.Serial = "a\nb" }), plan.Malformed},
		{"a long text", with(func(r *Request) { r.Board = strings.Repeat("a", 65) }), plan.Malformed},
		{"a file for a board", with(func(r *Request) { r.Board = "/dev/zero" }), plan.Malformed},
		{"a file beside it", with(func(r *Request) { r.Board = "my.toml" }), plan.Malformed},
		{"no name", with(func(r *Request) { r.Device = "A/b" }), plan.Malformed},
	} {
		if _, err := Read(c.raw); codeOf(err) != c.want {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

// A centre is what gives certificates.
type centre struct{ ca, issuer *pki.CA }

func newCentre(t *testing.T) centre {
	t.Helper()
	ca, err := pki.NewCA("test", now)
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := ca.Issuer("issuer", now)
	if err != nil {
		t.Fatal(err)
	}
	return centre{ca, issuer}
}

func (c centre) answer(t *testing.T, device string, pub ed25519.PublicKey, at time.Time) Answer {
	t.Helper()
	cert, err := c.issuer.Client(device, pub, at)
	if err != nil {
		t.Fatal(err)
	}
	return Answer{Device: device, Key: message.KeyID(pub), Chain: string(cert) + string(c.issuer.CertPEM()), Brokers: []string{"tls://b.example:8883", "x y"}}
}

func files(t *testing.T, c centre) Files {
	t.Helper()
	dir := t.TempDir()
	f := Files{Key: filepath.Join(dir, "id", "box.key"), Cert: filepath.Join(dir, "id", "box.pem"), CA: filepath.Join(dir, "ca.pem")}
	if err := os.WriteFile(f.CA, c.ca.CertPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	return f
}

func open(t *testing.T, f Files) *Keeper {
	t.Helper()
	k, err := Open(f)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestABoxGetsItsNameOnce(t *testing.T) {
	c, foreign := newCentre(t), newCentre(t)
	f := files(t, c)
	k := open(t, f)
	if k.Device() != "" || !open(t, f).Public().Equal(k.Public()) {
		t.Fatal("a box without a name makes one key, and keeps it")
	}
	if info, err := os.Stat(f.Key); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal(info.Mode(), err)
	}
	good := c.answer(t, "d-0002", k.Public(), now.Add(time.Minute))
	with := func(a Answer, change func(*Answer)) []byte { change(&a); return a.Encode() }
	stranger := public(newKey(t))
	server, _, err := c.ca.Server([]string{"d-0002"}, now)
	if err != nil {
		t.Fatal(err)
	}
	refuse := func(when, name string, raw []byte, want plan.Code) {
		t.Helper()
		before, _ := os.ReadFile(f.Cert)
		if err := k.Take(raw); codeOf(err) != want {
			t.Errorf("%s, %s: %v, want %s", when, name, err, want)
		}
		if after, _ := os.ReadFile(f.Cert); !bytes.Equal(before, after) {
			t.Errorf("%s, %s changed the certificate", when, name)
		}
	}
	bad := func(when string) {
		refuse(when, "another box's answer", c.answer(t, "d-0003", stranger, now.Add(time.Hour)).Encode(), plan.Signature)
		refuse(when, "another box's certificate", with(c.answer(t, "d-0002", stranger, now.Add(time.Hour)), func(a *Answer) { a.Key = message.KeyID(k.Public()) }), plan.Signature)
		refuse(when, "another CA's", foreign.answer(t, "d-0002", k.Public(), now.Add(time.Hour)).Encode(), plan.UnknownKey)
		refuse(when, "without the issuer", with(good, func(a *Answer) {
			a.Chain = a.Chain[:strings.Index(a.Chain, "-----END")] + "-----END CERTIFICATE-----\n"
		}), plan.UnknownKey)
		refuse(when, "a server's", with(good, func(a *Answer) { a.Chain = string(server) }), plan.Signature)
		refuse(when, "no certificate", with(good, func(a *Answer) { a.Chain = "" }), plan.Malformed)
		refuse(when, "five certificates", with(good, func(a *Answer) { a.Chain += strings.Repeat(string(c.ca.CertPEM()), 3) }), plan.Malformed)
		refuse(when, "another name beside it", with(good, func(a *Answer) { a.Device = "d-0009" }), plan.Malformed)
		refuse(when, "no name of a box", with(c.answer(t, "a/b", k.Public(), now), func(*Answer) {}), plan.Malformed)
		refuse(when, "what is no answer", []byte("{"), plan.Malformed)
		refuse(when, "too much", bytes.Repeat([]byte(" "), MaxAnswer+1), plan.TooLarge)
	}
	bad("before")
	if err := k.Take(good.Encode()); err != nil {
		t.Fatal(err)
	}
	bad("after")
	refuse("after", "the same once more", good.Encode(), plan.Replay)
	refuse("after", "an older one", c.answer(t, "d-0002", k.Public(), now).Encode(), plan.Replay)
	refuse("after", "another name", c.answer(t, "d-0003", k.Public(), now.Add(time.Hour)).Encode(), plan.Conflict)
	if err := k.Take(c.answer(t, "d-0002", k.Public(), now.Add(time.Hour)).Encode()); err != nil {
		t.Error("the next certificate: ", err)
	}
	again := open(t, f)
	if again.Device() != "d-0002" || !again.Leaf().Equal(k.Leaf()) || !slices.Equal(again.Brokers(), []string{"tls://b.example:8883"}) {
		t.Errorf("read back: %s, %v", again.Device(), again.Brokers())
	}
	if pair, err := again.Certificate(nil); err != nil || len(pair.Certificate) != 2 {
		t.Errorf("it shows %v, %v", pair, err)
	}
}

// Whenever the power goes, the box waits or has its name, and can go on from there: of
// each file there is nothing, a part under another name, or the whole.
func TestPowerCuts(t *testing.T) {
	c := newCentre(t)
	sample := files(t, c)
	k := open(t, sample)
	raw := c.answer(t, "d-0002", k.Public(), now).Encode()
	if err := k.Take(raw); err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(sample.Key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := os.ReadFile(sample.Cert)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, data []byte) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for n := 0; n <= len(key); n += 7 { // while the key is written
		f := files(t, c)
		write(f.Key+".new", key[:n])
		if k := open(t, f); k.Device() != "" || !open(t, f).Public().Equal(k.Public()) {
			t.Errorf("after %d bytes of the key: %q", n, k.Device())
		}
	}
	for n := 0; n <= len(cert); n += 101 { // while the certificate is
		f := files(t, c)
		write(f.Key, key)
		write(f.Cert+".new", cert[:n])
		k := open(t, f)
		if k.Device() != "" {
			t.Fatalf("after %d bytes of the certificate it has a name", n)
		}
		if err := k.Take(raw); err != nil || open(t, f).Device() != "d-0002" {
			t.Errorf("after %d bytes of the certificate: %v", n, err)
		}
	}
	f := files(t, c) // a disk that lied about the key, before anybody knew it
	write(f.Key, key[:20])
	if k := open(t, f); k.Device() != "" || k.Public().Equal(public(k.Key())) == false {
		t.Error("no new key for one that cannot be read")
	}
	write(f.Key, key[:20]) // and afterwards: nobody but a person can help
	write(f.Cert, cert)
	if _, err := Open(f); err == nil {
		t.Error("a box with a name makes itself another key")
	}
}

// What cannot be written beside the certificate does not touch it.
func TestACertificateIsNotWrittenOver(t *testing.T) {
	c := newCentre(t)
	f := files(t, c)
	f.Cert = filepath.Join(filepath.Dir(f.Cert), strings.Repeat("c", 252)) // a longer name cannot be
	k := open(t, f)
	raw := c.answer(t, "d-0002", k.Public(), now)
	if err := os.WriteFile(f.Cert, []byte(raw.Chain), 0o600); err != nil {
		t.Fatal(err)
	}
	k = open(t, f)
	if err := k.Take(c.answer(t, "d-0002", k.Public(), now.Add(time.Hour)).Encode()); err == nil {
		t.Error("it was written all the same")
	}
	if data, err := os.ReadFile(f.Cert); err != nil || string(data) != raw.Chain {
		t.Error("the certificate that there was is gone: ", err)
	}
}

func TestWhen(t *testing.T) {
	for _, c := range []struct {
		visits int
		at     float64
		want   time.Duration
	}{{0, 0, 5 * time.Second}, {0, 1, 15 * time.Second}, {60, 0.5, 10 * time.Second}, {61, 0.5, 20 * time.Second}, {62, 0.5, 40 * time.Second}, {67, 0.5, 15 * time.Minute}, {1 << 30, 1, 22*time.Minute + 30*time.Second}} {
		if got := Wait(c.visits, c.at); got != c.want {
			t.Errorf("after %d visits: %v, want %v", c.visits, got, c.want)
		}
	}
	if got := Half(&x509.Certificate{NotBefore: now, NotAfter: now.Add(10 * time.Hour)}); !got.Equal(now.Add(5 * time.Hour)) {
		t.Error(got)
	}
}

func FuzzRead(f *testing.F) {
	_, key, _ := ed25519.GenerateKey(rand.Reader)
	raw, err := Seal(Request{Board: "desk"}, key, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(t *testing.T, raw []byte) {
		if a, err := Read(raw); err == nil && len(a.Key) != ed25519.PublicKeySize || err != nil && codeOf(err) == "" {
			t.Error(a, err)
		}
	})
}

func FuzzJudge(f *testing.F) {
	ca, err := pki.NewCA("x", now)
	if err != nil {
		f.Fatal(err)
	}
	pub, _, _ := ed25519.GenerateKey(rand.Reader)
	cert, err := ca.Client("d-1", pub, now)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(Answer{Device: "d-1", Key: message.KeyID(pub), Chain: string(cert)}.Encode())
	f.Fuzz(func(t *testing.T, raw []byte) {
		if n, err := judge(raw, pub, ca.Pool(), nil); err == nil && n.leaf == nil || err != nil && codeOf(err) == "" {
			t.Error(err)
		}
	})
}
