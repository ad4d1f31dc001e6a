package authority

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"loa/agent/enrol"
	"loa/agent/message"
	"loa/agent/plan"
)

// A batch is boxes that carry its claim, before they have names.
type batch struct {
	t     *testing.T
	a     *Authority
	name  string
	claim ed25519.PrivateKey
	now   *time.Time
}

func newBatch(t *testing.T, name string) batch {
	t.Helper()
	a := sample(t)
	now := time.Now()
	a.o.Now = func() time.Time { return now }
	b := batch{t: t, a: a, name: name, now: &now}
	b.claim = b.of(name)
	return b
}

// of is the claim of another batch of the same authority.
func (b batch) of(name string) ed25519.PrivateKey {
	b.t.Helper()
	if err := b.a.NewClaim(name, "desk"); err != nil {
		b.t.Fatal(err)
	}
	file := filepath.Join(b.a.ClaimDir(name), "etc/loa/claim.key")
	data, err := os.ReadFile(file)
	if err != nil {
		b.t.Fatal(err)
	}
	key, err := enrol.ParseKey(file, data)
	if err != nil {
		b.t.Fatal(err)
	}
	return key
}

func boxKey(t *testing.T) (ed25519.PrivateKey, ed25519.PublicKey) {
	t.Helper()
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key, pub
}

// ask is what a box with this key asks by its claim.
func (b batch) ask(key ed25519.PrivateKey) (*enrol.Answer, error) {
	b.t.Helper()
	return b.a.Enrol(enrol.ID(key.Public().(ed25519.PublicKey)), b.request(key, b.name, b.claim))
}

func (b batch) request(key ed25519.PrivateKey, batch string, claim ed25519.PrivateKey) []byte {
	b.t.Helper()
	raw, err := enrol.Seal(enrol.Request{Batch: batch, Board: "desk"}, key, claim)
	if err != nil {
		b.t.Fatal(err)
	}
	return raw
}

// takeIn gives a box that waits its name, with both signatures.
func (b batch) takeIn(device string, key ed25519.PrivateKey) {
	b.t.Helper()
	w, err := b.a.Waiter(enrol.Code(key.Public().(ed25519.PublicKey)), "")
	if err == nil {
		err = b.a.TakeIn(device, w, Box{Place: "26734", Name: device})
	}
	if err != nil {
		b.t.Fatal(err)
	}
	b.assign(device)
}

func (b batch) assign(device string) {
	b.t.Helper()
	is, err := b.a.Want(device, nil, "tinh-1", "tinh-2")
	if err == nil {
		err = b.a.Keep(is)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b batch) refused(what, code string, err error) {
	b.t.Helper()
	var own *Error
	var bad *plan.Error
	if errors.As(err, &own) && own.Code == code || errors.As(err, &bad) && string(bad.Code) == code {
		return
	}
	b.t.Errorf("%s: %v, want %s", what, err, code)
}

func leafOf(t *testing.T, a *enrol.Answer) *x509.Certificate {
	t.Helper()
	if a == nil {
		t.Fatal("no certificate")
	}
	block, _ := pem.Decode([]byte(a.Chain))
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestABoxIsTakenIn(t *testing.T) {
	b := newBatch(t, "lo1")
	key, pub := boxKey(t)
	for range 3 {
		if answer, err := b.ask(key); answer != nil || err != nil {
			t.Fatal(answer, err)
		}
	}
	if all, err := b.a.Waiters(); err != nil || len(all) != 1 || all[0].Code != enrol.Code(pub) || all[0].Batch != "lo1" {
		t.Fatal(all, err)
	}
	_, err := b.a.Waiter("0000-0000", "")
	b.refused("a code that nobody shows", "code-unknown", err)
	_, err = b.a.Waiter("000", "")
	b.refused("no code", "code-bad", err)
	_, err = b.a.Waiter(enrol.Code(pub), "lo2")
	b.refused("another batch", "code-batch", err)
	w, err := b.a.Waiter(enrol.Code(pub), "lo1")
	if err != nil {
		t.Fatal(err)
	}
	b.refused("a name in use", "box-exists", b.a.TakeIn("box-1", w, Box{Place: "26734"}))
	b.refused("a claim's name", "program-name", b.a.TakeIn("claim-lo1", w, Box{Place: "26734"}))
	b.refused("the name of a key", "program-name", b.a.TakeIn(enrol.ID(pub), w, Box{Place: "26734"}))
	b.refused("no place", "no-place", b.a.TakeIn("d-0002", w, Box{Place: "9"}))
	if err := b.a.TakeIn("d-0002", w, Box{Place: "26734"}); err != nil {
		t.Fatal(err)
	}
	b.refused("twice", "code-known", b.a.TakeIn("d-0003", w, Box{Place: "26734"}))
	_, err = b.a.Waiter(enrol.Code(pub), "")
	b.refused("its code afterwards", "code-known", err)
	if answer, err := b.ask(key); answer != nil || err != nil {
		t.Error("a certificate before both have signed: ", answer, err)
	}
	b.assign("d-0002")
	answer, err := b.ask(key)
	if err != nil || answer.Device != "d-0002" || answer.Key != message.KeyID(pub) {
		t.Fatal(answer, err)
	}
	leaf := leafOf(t, answer)
	if leaf.Subject.CommonName != "d-0002" || !pub.Equal(leaf.PublicKey) {
		t.Error(leaf.Subject)
	}
	again, err := b.ask(key)
	if err != nil || again.Chain != answer.Chain {
		t.Error("another certificate for the same question: ", err)
	}
}

func TestStolenClaim(t *testing.T) {
	b := newBatch(t, "lo1")
	owner, _ := boxKey(t)
	b.ask(owner)
	b.takeIn("d-0002", owner)
	thief, thiefPub := boxKey(t)
	for _, c := range []struct {
		what, id string
		raw      []byte
		code     string
	}{
		{"under another's name", "d-0002", b.request(thief, "lo1", b.claim), "enrol-name"},
		{"under the hash of another's key", enrol.ID(owner.Public().(ed25519.PublicKey)), b.request(thief, "lo1", b.claim), "enrol-name"},
		{"a box with a name, under another one", "d-0009", b.request(owner, "lo1", b.claim), "enrol-name"},
		{"under a name that nobody has", "d-0009", b.request(thief, "lo1", b.claim), "enrol-name"},
		{"without the claim", enrol.ID(thiefPub), b.request(thief, "lo1", nil), "claim-unsigned"},
		{"by a claim that there is none of", enrol.ID(thiefPub), b.request(thief, "lo9", b.claim), "no-claim"},
		{"without a batch", enrol.ID(thiefPub), b.request(thief, "", b.claim), "no-claim"},
		{"by another's claim", enrol.ID(thiefPub), b.request(thief, "lo1", thief), "claim-unsigned"},
		{"noise", enrol.ID(thiefPub), []byte("{}"), "malformed"},
	} {
		answer, err := b.a.Enrol(c.id, c.raw)
		b.refused(c.what, c.code, err)
		if answer != nil {
			t.Error(c.what, "brings a certificate")
		}
	}
	if all, _ := b.a.Waiters(); len(all) != 0 {
		t.Error("one of them waits now: ", all)
	}
	// He has no key of the box, so what was sent to it helps him no more than what he
	// sends again.
	old := b.request(owner, "lo1", b.claim)
	first, err := b.a.Enrol(enrol.ID(owner.Public().(ed25519.PublicKey)), old)
	if err != nil {
		t.Fatal(err)
	}
	again, err := b.a.Enrol(enrol.ID(owner.Public().(ed25519.PublicKey)), old)
	if err != nil || again.Chain != first.Chain {
		t.Error("a request played back brings something new: ", err)
	}

	// Closed: no new box. Stolen: nobody.
	waits, waitsPub := boxKey(t)
	b.ask(waits)
	if err := b.a.CloseClaim("lo1", false); err != nil {
		t.Fatal(err)
	}
	_, err = b.a.Waiter(enrol.Code(waitsPub), "")
	b.refused("one that waited before it was closed", "claim-closed", err)
	_, err = b.ask(thief)
	b.refused("a new box by a closed claim", "claim-closed", err)
	if answer, err := b.ask(owner); answer == nil || err != nil {
		t.Error("a box with a name does not come back by a closed claim: ", err)
	}
	if all, err := b.a.Waiters(); len(all) != 1 || err != nil {
		t.Error("nobody waits any more for a claim that is only closed: ", all, err)
	}
	if err := b.a.CloseClaim("lo1", true); err != nil {
		t.Fatal(err)
	}
	if all, err := b.a.Waiters(); len(all) != 0 || err != nil {
		t.Error("a box waits by a stolen claim: ", all, err)
	}
	_, err = b.a.Waiter(enrol.Code(waitsPub), "")
	b.refused("one that waited before it was stolen", "claim-closed", err)
	_, err = b.ask(owner)
	b.refused("by a stolen claim", "claim-closed", err)
	if !b.a.Revoked(b.claim.Public().(ed25519.PublicKey)) || !b.listed(b.a.Claims()["lo1"].Serial) {
		t.Error("brokers do not know it")
	}
	b.refused("the same batch again", "claim-exists", b.a.NewClaim("lo1", "desk"))
	b.refused("a batch that there is none of", "no-claim", b.a.CloseClaim("lo9", true))
}

// Two boxes that show one code: one of them was made to.
func TestTwoBoxesWithOneCode(t *testing.T) {
	b := newBatch(t, "lo1")
	key, pub := boxKey(t)
	b.ask(key)
	w, err := b.a.Waiter(enrol.Code(pub), "")
	if err != nil {
		t.Fatal(err)
	}
	forger, forgerPub := boxKey(t)
	b.ask(forger)
	file := filepath.Join(b.a.waitingDir(), enrol.ID(forgerPub)+".json")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	os.WriteFile(file, bytes.ReplaceAll(data, []byte(enrol.Code(forgerPub)), []byte(w.Code)), 0o600)
	_, err = b.a.Waiter(w.Code, "")
	b.refused("either of them", "code-two", err)
}

func TestWaitingIsBounded(t *testing.T) {
	b := newBatch(t, "lo1")
	first, _ := boxKey(t)
	b.ask(first)
	old := filepath.Join(b.a.waitingDir(), enrol.ID(first.Public().(ed25519.PublicKey))+".json")
	then := time.Now().Add(-time.Hour)
	if err := os.Chtimes(old, then, then); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(old)
	if err != nil {
		t.Fatal(err)
	}
	for range maxWaiting - 1 { // without the disk's time for each
		_, pub := boxKey(t)
		os.WriteFile(filepath.Join(b.a.waitingDir(), enrol.ID(pub)+".json"), bytes.ReplaceAll(data, []byte(filepath.Base(old)[:34]), []byte(enrol.ID(pub))), 0o600)
	}
	for range 3 {
		key, _ := boxKey(t)
		if _, err := b.ask(key); err != nil {
			t.Fatal(err)
		}
	}
	all, err := b.a.Waiters()
	if err != nil || len(all) != maxWaiting {
		t.Fatal(len(all), err)
	}
	if slices.ContainsFunc(all, func(w Waiting) bool { return w.ID == enrol.ID(first.Public().(ed25519.PublicKey)) }) {
		t.Error("the one that was not seen for longest is still there")
	}
	b.ask(first)
	if all, err = b.a.Waiters(); err != nil || len(all) != maxWaiting {
		t.Error(len(all), err)
	}
}

// listed reports whether a certificate is on the list of each signer.
func (b batch) listed(serial string) bool {
	b.t.Helper()
	data, err := os.ReadFile(b.a.RevocationFile())
	if err != nil {
		b.t.Fatal(err)
	}
	lists := 0
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		l, err := x509.ParseRevocationList(block.Bytes)
		if err != nil {
			b.t.Fatal(err)
		}
		lists++
		if !slices.ContainsFunc(l.RevokedCertificateEntries, func(e x509.RevocationListEntry) bool { return e.SerialNumber.Text(16) == serial }) {
			return false
		}
	}
	return lists >= 2 // the CA's and the issuer's
}

func TestRenewedCertificate(t *testing.T) {
	b := newBatch(t, "lo1")
	key, pub := boxKey(t)
	b.ask(key)
	b.takeIn("d-0002", key)
	own := func() *enrol.Answer {
		t.Helper()
		raw, err := enrol.Seal(enrol.Request{Device: "d-0002", At: b.now.AddDate(50, 0, 0)}, key, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := b.a.Enrol("d-0002", raw)
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	serials := map[string]bool{}
	first := own()
	serials[leafOf(t, first).SerialNumber.Text(16)] = true
	*b.now = b.now.AddDate(1, 0, 0)
	if own().Chain != first.Chain {
		t.Error("a new certificate before half of the old one's life is over by the centre's clock")
	}
	*b.now = b.now.AddDate(0, 2, 0)
	second := own()
	serials[leafOf(t, second).SerialNumber.Text(16)] = true
	if second.Chain == first.Chain || !leafOf(t, second).NotAfter.After(leafOf(t, first).NotAfter) {
		t.Error("no new certificate after half of its life")
	}

	// A power cut of the centre between file and books: what was not written down does
	// not go out.
	b.a.change(func(s *state) error {
		box := s.Boxes["d-0002"]
		box.Issued = box.Issued[:1]
		s.Boxes["d-0002"] = box
		return nil
	})
	*b.now = b.now.Add(time.Second)
	third := own()
	if third.Chain == second.Chain {
		t.Error("a certificate goes out whose number is not in the books")
	}
	delete(serials, leafOf(t, second).SerialNumber.Text(16))
	serials[leafOf(t, third).SerialNumber.Text(16)] = true

	// Off until it has ended, then by the claim; a new issuer meanwhile.
	*b.now = b.now.AddDate(1, 0, 0)
	if err := b.a.NewIssuer(0); err != nil {
		t.Fatal(err)
	}
	*b.now = b.now.AddDate(1, 6, 0)
	if !b.now.After(leafOf(t, third).NotAfter) {
		t.Fatal("it has not ended")
	}
	fourth, err := b.ask(key)
	if err != nil || !leafOf(t, fourth).NotAfter.After(*b.now) {
		t.Fatal(err)
	}
	serials = map[string]bool{leafOf(t, fourth).SerialNumber.Text(16): true} // the others have ended

	if listed, err := b.a.RevokeBox("d-0002", "bị mất"); !listed || err != nil {
		t.Fatal(listed, err)
	}
	for s := range serials {
		if !b.listed(s) {
			t.Errorf("certificate %s is not on the list", s)
		}
	}
	if !b.a.Revoked(pub) {
		t.Error("its key is not revoked")
	}
	*b.now = b.now.AddDate(2, 0, 0)
	_, err = b.ask(key)
	b.refused("revoked, by the claim", "enrol-revoked", err)
	raw, _ := enrol.Seal(enrol.Request{Device: "d-0002"}, key, nil)
	_, err = b.a.Enrol("d-0002", raw)
	b.refused("revoked, under its name", "enrol-revoked", err)
}

// What two issuers have signed is revoked at once, for brokers that see either.
func TestAllCertificatesOfAKeyAreRevoked(t *testing.T) {
	b := newBatch(t, "lo1")
	key, _ := boxKey(t)
	b.ask(key)
	b.takeIn("d-0002", key)
	var serials []string
	for range 2 {
		answer, err := b.ask(key)
		if err != nil {
			t.Fatal(err)
		}
		serials = append(serials, leafOf(t, answer).SerialNumber.Text(16))
		*b.now = b.now.AddDate(1, 3, 0)
		if err := b.a.NewIssuer(0); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.a.RevokeBox("d-0002", ""); err != nil {
		t.Fatal(err)
	}
	for _, s := range serials {
		if !b.listed(s) {
			t.Errorf("%s of %v is not on every list", s, serials)
		}
	}
	if all, err := b.a.issuers(); err != nil || len(all) != 3 {
		t.Error(len(all), err)
	}
}

func TestIssuerNearItsEnd(t *testing.T) {
	b := newBatch(t, "lo1")
	key, _ := boxKey(t)
	b.ask(key)
	b.takeIn("d-0002", key)
	*b.now = b.now.AddDate(2, 0, 0)
	answer, err := b.ask(key)
	if err != nil || !leafOf(t, answer).NotAfter.Equal(b.a.IssuerEnds()) {
		t.Fatal(err)
	}
	*b.now = b.now.AddDate(0, 10, 0)
	_, err = b.ask(key)
	b.refused("a certificate that ends when the old one does", "issuer-ends", err)
	if err := b.a.NewIssuer(0); err != nil {
		t.Fatal(err)
	}
	if next, err := b.ask(key); err != nil || next.Chain == answer.Chain {
		t.Error(err)
	}
}

func TestReplacement(t *testing.T) {
	b := newBatch(t, "lo1")
	key, pub := boxKey(t)
	b.ask(key)
	w, err := b.a.Waiter(enrol.Code(pub), "")
	if err != nil {
		t.Fatal(err)
	}
	b.refused("in place of nobody", "no-box", b.a.TakeIn("d-0002", w, Box{Place: "26734", Replaces: "d-0009"}))
	if err := b.a.TakeIn("d-0002", w, Box{Place: "26734", Replaces: "box-1"}); err != nil {
		t.Fatal(err)
	}
	all := b.a.EveryBox()
	if all["box-1"].ReplacedBy != "d-0002" || all["d-0002"].Replaces != "box-1" {
		t.Error(fmt.Sprint(slices.Sorted(maps.Keys(all))), all)
	}
	other, otherPub := boxKey(t)
	b.ask(other)
	if w, err = b.a.Waiter(enrol.Code(otherPub), ""); err != nil {
		t.Fatal(err)
	}
	b.refused("twice", "replaced", b.a.TakeIn("d-0003", w, Box{Place: "26734", Replaces: "box-1"}))
}

// A box that was off while the CA rolled over knows the old one alone, and goes on: the
// servers show what leads to it, and its next certificate brings the new one along.
func TestRollover(t *testing.T) {
	b := newBatch(t, "lo1")
	key, _ := boxKey(t)
	b.ask(key)
	b.takeIn("d-0002", key)
	before, err := b.ask(key)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.a.IssueServer([]string{"loa.example", "127.0.0.1"}); err != nil {
		t.Fatal(err)
	}
	oldPool := x509.NewCertPool()
	ca, _ := b.a.CACert()
	oldPool.AppendCertsFromPEM(ca)
	_, err = b.a.OfOldCA()
	b.refused("the state of what has not begun", "rollover-off", err)
	b.refused("the end of what has not begun", "rollover-off", b.a.FinishRollover(true))

	for range 2 { // begun again, it goes on
		*b.now = b.now.Add(time.Minute)
		if err := b.a.BeginRollover("loactl"); err != nil {
			t.Fatal(err)
		}
	}
	conf, err := b.a.ServerTLS()
	if err != nil {
		t.Fatal(err)
	}
	shown := func(roots *x509.CertPool) error {
		between := x509.NewCertPool()
		for _, der := range conf.Certificates[0].Certificate[1:] {
			c, err := x509.ParseCertificate(der)
			if err != nil {
				t.Fatal(err)
			}
			between.AddCert(c)
		}
		_, err := conf.Certificates[0].Leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, DNSName: "loa.example", CurrentTime: *b.now})
		return err
	}
	newPool := x509.NewCertPool()
	ca, _ = b.a.CACert()
	block, _ := pem.Decode(ca)
	newCA, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	newPool.AddCert(newCA)
	if err := errors.Join(shown(oldPool), shown(newPool)); err != nil {
		t.Error("who knows one CA does not know the servers: ", err)
	}
	// What a box has shown so far is still taken, and what it shows next.
	admits := func(a *enrol.Answer) error {
		between := x509.NewCertPool()
		between.AppendCertsFromPEM([]byte(a.Chain))
		_, err := leafOf(t, a).Verify(x509.VerifyOptions{Roots: conf.ClientCAs, Intermediates: between, CurrentTime: *b.now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
		return err
	}
	if left, err := b.a.OfOldCA(); err != nil || !slices.Equal(left, []string{"box-1", "d-0002"}) {
		t.Error(left, err)
	}
	after, err := b.ask(key)
	if err != nil || after.Chain == before.Chain {
		t.Fatal("no certificate of the new CA: ", err)
	}
	if err := errors.Join(admits(before), admits(after)); err != nil {
		t.Error(err)
	}
	if left, err := b.a.OfOldCA(); err != nil || !slices.Equal(left, []string{"box-1"}) {
		t.Error(left, err)
	}

	// The box takes it with the old CA alone, and knows the new one from then on.
	dir := t.TempDir()
	f := enrol.Files{Key: filepath.Join(dir, "box.key"), Cert: filepath.Join(dir, "box.pem"), CA: filepath.Join(dir, "ca.pem")}
	k, err := enrol.Open(f)
	if err != nil {
		t.Fatal(err)
	}
	b.ask(k.Key())
	b.takeIn("d-0003", k.Key())
	answer, err := b.ask(k.Key())
	if err != nil {
		t.Fatal(err)
	}
	old, err := b.a.oldCA()
	if err != nil {
		t.Fatal(err)
	}
	os.WriteFile(f.CA, old.CertPEM(), 0o600)
	forged := *answer // a CA that nobody vouches for
	stranger := sample(t)
	strange, _ := stranger.CACert()
	second := answer.NextCA[bytes.LastIndex([]byte(answer.NextCA), []byte("-----BEGIN")):]
	forged.NextCA = string(strange) + second
	if err := k.Take(forged.Encode()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "next-ca.pem")); err == nil {
		t.Fatal("it takes a CA that its own does not vouch for")
	}
	os.Remove(f.Cert)
	if k, err = enrol.Open(f); err != nil {
		t.Fatal(err)
	}
	if err := k.Take(answer.Encode()); err != nil {
		t.Fatal("a box that knows the old CA does not take what the new one signed: ", err)
	}
	pool, err := f.Pool()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newCA.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: *b.now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
		t.Error("it does not know the new CA: ", err)
	}

	// What is revoked now is on lists of all that may have signed it.
	if _, err := b.a.RevokeBox("d-0002", ""); err != nil {
		t.Fatal(err)
	}
	for _, a := range []*enrol.Answer{before, after} {
		if !b.listed(leafOf(t, a).SerialNumber.Text(16)) {
			t.Error("a certificate is not on every list")
		}
	}
	b.refused("the end, with a box left", "rollover-left", b.a.FinishRollover(false))
	if err := b.a.FinishRollover(true); err != nil {
		t.Fatal(err)
	}
	if conf, err = b.a.ServerTLS(); err != nil {
		t.Fatal(err)
	}
	if admits(before) == nil || admits(after) != nil {
		t.Error("after the end: ", admits(before), admits(after))
	}
	if err := shown(oldPool); err != nil {
		t.Error("a box that comes late does not know the servers: ", err)
	}
}
