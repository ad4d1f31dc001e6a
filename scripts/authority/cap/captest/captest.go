// Package captest makes messages in CAP and signs them, as an agency's software does.
package captest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"html"
	"math/big"
	"strings"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

// An Agency signs messages.
type Agency struct {
	Name string
	Cert []byte // PEM
	key  *ecdsa.PrivateKey
}

// New makes an agency with a key and a certificate of a year.
func New(name string) (*Agency, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	t := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return &Agency{Name: name, Cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), key: key}, nil
}

// An Alert is what a message says; what is empty is something usual.
type Alert struct {
	ID, Status, Type, Headline, Refers string // Refers is an identifier
	Urgency, Severity                  string
	Sent, RefersSent, Expires          time.Time
	Places                             []string
}

const stamp = "2006-01-02T15:04:05-07:00"

// Message is an alert as it is before it is signed.
func (a *Agency) Message(al Alert) string {
	or := func(s, usual string) string {
		if s == "" {
			s = usual
		}
		return html.EscapeString(s)
	}
	at := func(t time.Time) string { return t.In(time.FixedZone("", 7*3600)).Format(stamp) }
	if al.Sent.IsZero() {
		al.Sent = time.Now()
	}
	if al.Expires.IsZero() {
		al.Expires = al.Sent.Add(time.Hour)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\">\n<identifier>%s</identifier><sender>%s</sender><sent>%s</sent><status>%s</status><msgType>%s</msgType><scope>Public</scope>\n",
		html.EscapeString(al.ID), a.Name, at(al.Sent), or(al.Status, "Actual"), or(al.Type, "Alert"))
	if al.Refers != "" {
		fmt.Fprintf(&b, "<references>%s,%s,%s</references>\n", a.Name, html.EscapeString(al.Refers), at(al.RefersSent))
	}
	if al.Type != "Cancel" {
		fmt.Fprintf(&b, "<info><language>vi-VN</language><category>Met</category><event>Bão</event><urgency>%s</urgency><severity>%s</severity><certainty>Observed</certainty><expires>%s</expires><headline>%s</headline><instruction>Ở yên trong nhà.</instruction>\n<area><areaDesc>x</areaDesc>",
			or(al.Urgency, "Immediate"), or(al.Severity, "Extreme"), at(al.Expires), or(al.Headline, "Bão số 5 đang vào"))
		for _, p := range al.Places {
			fmt.Fprintf(&b, "<geocode><valueName>VN-ADM</valueName><value>%s</value></geocode>", html.EscapeString(p))
		}
		b.WriteString("</area></info>\n")
	}
	return b.String() + "</alert>\n"
}

const signature = `<SignedInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></CanonicalizationMethod><SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"></SignatureMethod><Reference URI=""><Transforms><Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"></Transform><Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></Transform></Transforms><DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></DigestMethod><DigestValue>%s</DigestValue></Reference></SignedInfo>`

// Sign puts an enveloped signature into a message.
func (a *Agency) Sign(message string) ([]byte, error) {
	doc := etree.NewDocument()
	if err := doc.ReadFromString(message); err != nil {
		return nil, err
	}
	plain, err := dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("").Canonicalize(doc.Root())
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(plain)
	// Written as its canonical form is.
	info := fmt.Sprintf(signature, base64.StdEncoding.EncodeToString(digest[:]))
	sum := sha256.Sum256([]byte(info))
	r, s, err := ecdsa.Sign(rand.Reader, a.key, sum[:])
	if err != nil {
		return nil, err
	}
	value := append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	sig := fmt.Sprintf(`<Signature xmlns="http://www.w3.org/2000/09/xmldsig#">%s<SignatureValue>%s</SignatureValue></Signature>`, info, base64.StdEncoding.EncodeToString(value))
	return bytes.Replace([]byte(message), []byte("</alert>"), []byte(sig+"</alert>"), 1), nil
}
