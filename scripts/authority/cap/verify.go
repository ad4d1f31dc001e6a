package cap

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	_ "crypto/sha256" // by its crypto.Hash
	_ "crypto/sha512"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"strings"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

const dsNamespace = "http://www.w3.org/2000/09/xmldsig#"

// What a signature may be made of. SHA-1, HMAC, inclusive C14N, XPath, XSLT and
// whatever else XML-DSig knows are not in these tables, and so do not count.
var (
	c14n       = "http://www.w3.org/2001/10/xml-exc-c14n#"
	transforms = []string{"http://www.w3.org/2000/09/xmldsig#enveloped-signature", c14n}
	digests    = map[string]crypto.Hash{
		"http://www.w3.org/2001/04/xmlenc#sha256":       crypto.SHA256,
		"http://www.w3.org/2001/04/xmldsig-more#sha384": crypto.SHA384,
		"http://www.w3.org/2001/04/xmlenc#sha512":       crypto.SHA512,
	}
	methods = map[string]method{
		"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256":   {crypto.SHA256, false},
		"http://www.w3.org/2001/04/xmldsig-more#rsa-sha384":   {crypto.SHA384, false},
		"http://www.w3.org/2001/04/xmldsig-more#rsa-sha512":   {crypto.SHA512, false},
		"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256": {crypto.SHA256, true},
		"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384": {crypto.SHA384, true},
		"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512": {crypto.SHA512, true},
	}
)

type method struct {
	hash  crypto.Hash
	curve bool
}

// Verify reads a message that one of the sender's certificates has signed as a whole,
// with an enveloped signature. What it returns is read from the very bytes that were
// verified, so that nothing can be put around or beside them.
func (s *Sender) Verify(raw []byte, now time.Time) (*Message, []byte, error) {
	root, err := parse(raw)
	if err != nil {
		return nil, nil, err
	}
	sig, err := onlySignature(root)
	if err != nil {
		return nil, nil, err
	}
	signed, info, err := canonical(raw)
	if err != nil {
		return nil, nil, err
	}
	// What the signature says is read from the bytes that it was made of, too.
	said, err := parse(info)
	if err != nil {
		return nil, nil, err
	}
	m, err := signedInfo(said, signed)
	if err != nil {
		return nil, nil, err
	}
	value, err := decode64(sig.ds("SignatureValue"))
	if err != nil {
		return nil, nil, refuse(CodeSignature, "SignatureValue không phải base64", "SignatureValue is no base64").at(sig)
	}
	h := m.hash.New()
	h.Write(info)
	if err := s.fits(m, h.Sum(nil), value, now); err != nil {
		return nil, nil, err
	}
	top, err := parse(signed)
	if err != nil {
		return nil, nil, err
	}
	got, err := message(top)
	if err == nil && got.Sender != s.Sender {
		err = refuse(CodeSignature, "bản tin của %s lại do %s ký", "a message of %s is signed by %s", clip(got.Sender), s.Sender)
	}
	return got, signed, err
}

// onlySignature is the one signature of a message: the standard puts it right into the
// alert, and a second one anywhere is somebody's trick.
func onlySignature(root *node) (sig *node, err error) {
	var all []*node
	var walk func(*node)
	walk = func(n *node) {
		for _, c := range n.children {
			if c.name == "Signature" {
				all = append(all, c)
			}
			walk(c)
		}
	}
	walk(root)
	switch {
	case root.name == "Signature":
		return nil, refuse(CodeSignature, "chữ ký bọc ngoài bản tin: phải nằm trong <alert>", "the signature is around the message: it has to be in <alert>").at(root)
	case len(all) == 0:
		return nil, refuse(CodeUnsigned, "bản tin không có chữ ký", "the message is not signed")
	case len(all) > 1:
		return nil, refuse(CodeSignature, "có %d chữ ký; chỉ nhận một", "there are %d signatures; one is taken", len(all)).at(all[1])
	}
	sig = all[0]
	for _, c := range root.children {
		if c == sig && sig.space == dsNamespace {
			return sig, nil
		}
	}
	return nil, refuse(CodeSignature, "chữ ký không nằm ngay trong <alert>", "the signature is not right in <alert>").at(sig)
}

// canonical is what was signed: the alert without its signature, and the SignedInfo
// of that, in exclusive canonical form.
func canonical(raw []byte) (signed, info []byte, err error) {
	raw = bytes.TrimPrefix(raw, []byte{0xef, 0xbb, 0xbf})
	doc := etree.NewDocument()
	doc.ReadSettings.PreserveDuplicateAttrs = true
	if err := doc.ReadFromBytes(raw); err != nil || doc.Root() == nil {
		return nil, nil, refuse(CodeMalformed, "không đọc được: %v", "cannot be read: %v", err)
	}
	alert := doc.Root()
	exclusive := dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	for _, c := range alert.ChildElements() {
		if c.Tag != "Signature" {
			continue
		}
		alert.RemoveChild(c)
		for _, i := range c.ChildElements() {
			if i.Tag != "SignedInfo" {
				continue
			}
			if info != nil {
				return nil, nil, refuse(CodeSignature, "có hai SignedInfo", "there are two SignedInfo")
			}
			if info, err = exclusive.Canonicalize(inScope(i, c, alert)); err != nil {
				return nil, nil, refuse(CodeSignature, "%v", "%v", err)
			}
		}
	}
	if info == nil {
		return nil, nil, refuse(CodeSignature, "thiếu SignedInfo", "SignedInfo is missing")
	}
	if signed, err = exclusive.Canonicalize(alert); err != nil {
		return nil, nil, refuse(CodeSignature, "%v", "%v", err)
	}
	return signed, info, nil
}

// inScope is a copy of an element with the names of namespaces that the elements
// around it declare, the nearest first.
func inScope(el *etree.Element, around ...*etree.Element) *etree.Element {
	el = el.Copy()
	for _, up := range around {
		for _, a := range up.Attr {
			named := a.Space == "xmlns" || a.Space == "" && a.Key == "xmlns"
			if named && el.SelectAttr(a.FullKey()) == nil {
				el.CreateAttr(a.FullKey(), a.Value)
			}
		}
	}
	return el
}

// signedInfo checks what a signature is made of and that it is of these bytes.
func signedInfo(n *node, signed []byte) (m method, err error) {
	if n.name != "SignedInfo" || n.space != dsNamespace {
		return m, refuse(CodeSignature, "thiếu SignedInfo", "SignedInfo is missing")
	}
	refs := n.allDS("Reference")
	if len(refs) != 1 || len(n.allDS("CanonicalizationMethod")) != 1 || len(n.allDS("SignatureMethod")) != 1 || len(n.children) != 3 {
		return m, refuse(CodeSignature, "SignedInfo phải có đúng một cách chuẩn hóa, một cách ký và một tham chiếu", "SignedInfo has to have one way of canonical form, one of signing and one reference")
	}
	if a := n.allDS("CanonicalizationMethod")[0]; a.algorithm() != c14n || len(a.children) > 0 {
		return m, refuse(CodeAlgorithm, "chuẩn hóa bằng %s; chỉ nhận exclusive C14N", "canonical form by %s; only exclusive C14N is taken", clip(a.algorithm()))
	}
	sign := n.allDS("SignatureMethod")[0]
	m, ok := methods[sign.algorithm()]
	if !ok || len(sign.children) > 0 {
		return m, refuse(CodeAlgorithm, "ký bằng %s; chỉ nhận RSA hoặc ECDSA với SHA-256 trở lên", "signed by %s; only RSA or ECDSA with SHA-256 and up are taken", clip(sign.algorithm()))
	}
	ref := refs[0]
	for _, a := range ref.attr {
		if a.Name.Local == "URI" && a.Value != "" {
			return m, refuse(CodeSignature, "chữ ký của một phần (%s), không phải của cả bản tin", "the signature is of a part (%s), not of the whole message", clip(a.Value))
		}
	}
	var chain []string
	for _, t := range ref.allDS("Transforms") {
		for _, x := range t.children {
			if len(x.children) > 0 || x.name != "Transform" {
				return m, refuse(CodeAlgorithm, "phép biến đổi lạ", "an unknown transform")
			}
			chain = append(chain, x.algorithm())
		}
	}
	if strings.Join(chain, " ") != strings.Join(transforms, " ") {
		return m, refuse(CodeAlgorithm, "các phép biến đổi phải là enveloped-signature rồi exclusive C14N", "the transforms have to be enveloped-signature, then exclusive C14N")
	}
	if len(ref.allDS("DigestMethod")) != 1 || len(ref.allDS("DigestValue")) != 1 {
		return m, refuse(CodeSignature, "thiếu DigestValue", "DigestValue is missing")
	}
	hash, ok := digests[ref.allDS("DigestMethod")[0].algorithm()]
	if !ok {
		return m, refuse(CodeAlgorithm, "băm bằng %s; chỉ nhận SHA-256 trở lên", "a digest by %s; only SHA-256 and up are taken", clip(ref.allDS("DigestMethod")[0].algorithm()))
	}
	h := hash.New()
	h.Write(signed)
	want, err := decode64(ref.ds("DigestValue"))
	if err != nil || subtle.ConstantTimeCompare(want, h.Sum(nil)) != 1 {
		return m, refuse(CodeSignature, "bản tin đã bị sửa sau khi ký", "the message was changed after it was signed")
	}
	return m, nil
}

// fits asks whether one of the sender's certificates made a signature.
func (s *Sender) fits(m method, sum, value []byte, now time.Time) error {
	var over *x509.Certificate
	for _, c := range s.certs {
		if !made(c, m, sum, value) {
			continue
		}
		if now.Before(c.NotBefore) || now.After(c.NotAfter) {
			over = c
			continue
		}
		return nil
	}
	if over != nil {
		return refuse(CodeCertificate, "chứng thư của %s chỉ có giá trị từ %s đến %s", "the certificate of %s is good from %s to %s only", s.Sender, over.NotBefore.Format(time.DateOnly), over.NotAfter.Format(time.DateOnly))
	}
	return refuse(CodeSignature, "không phải chữ ký của %s", "it is no signature of %s", s.Sender)
}

func made(c *x509.Certificate, m method, sum, value []byte) bool {
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return !m.curve && rsa.VerifyPKCS1v15(key, m.hash, sum, value) == nil
	case *ecdsa.PublicKey:
		// XML-DSig writes r and s one after the other, each as long as the curve.
		n := (key.Curve.Params().BitSize + 7) / 8
		return m.curve && len(value) == 2*n && ecdsa.Verify(key, sum, new(big.Int).SetBytes(value[:n]), new(big.Int).SetBytes(value[n:]))
	}
	return false
}

func (n *node) allDS(name string) (all []*node) {
	for _, c := range n.children {
		if c.name == name && c.space == dsNamespace {
			all = append(all, c)
		}
	}
	return all
}

func (n *node) ds(name string) string {
	if all := n.allDS(name); len(all) == 1 {
		return all[0].text
	}
	return ""
}

func (n *node) algorithm() string {
	for _, a := range n.attr {
		if a.Name.Local == "Algorithm" && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}

func decode64(s string) ([]byte, error) {
	return base64.StdEncoding.DecodeString(strings.Join(strings.Fields(s), ""))
}
