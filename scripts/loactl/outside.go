package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"loa/agent/message"
	"loa/scripts/authority"
)

// deskSign signs what was downloaded at the desk with a key in a file, after showing what
// it is. It needs no authority's folder and no network: the key never comes near either.
func (a *app) deskSign(args []string) error {
	fs := a.flags("desk sign")
	keyFile := fs.String("key", "", "")
	out := fs.String("out", "", "")
	rest, err := a.parse(fs, args, 1, 1)
	if err != nil {
		return err
	}
	if *keyFile == "" {
		return &usageError{a.text("outside.needs")}
	}
	file := rest[0]
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	e, doc, err := unsigned(raw)
	if err != nil {
		return errors.New(a.text("outside.none", file, err))
	}
	sum := sha256.Sum256(e.Payload)
	if !a.json {
		fmt.Fprintln(a.out, a.text("outside.what", string(head(doc).Kind), head(doc).Place+head(doc).Device, hex.EncodeToString(sum[:])))
		fmt.Fprintln(a.out, pretty(e.Payload))
	}
	data, err := os.ReadFile(*keyFile)
	if err != nil {
		return err
	}
	person, key, err := authority.FileKey(data, a.secret)
	if err != nil {
		return err
	}
	if *out == "" {
		*out = strings.TrimSuffix(file, ".json") + "." + person + ".json"
	}
	f, err := os.OpenFile(*out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err = f.Write(message.Sign(e.PayloadType, e.Payload, key).Encode()); err != nil {
		return errors.Join(err, f.Close(), os.Remove(*out))
	}
	if err := f.Close(); err != nil {
		return errors.Join(err, os.Remove(*out))
	}
	return a.say(map[string]string{"person": person, "sha256": hex.EncodeToString(sum[:]), "file": *out}, "outside.signed", person, *out)
}

// unsigned reads what is to be signed; whoever has signed it before does not matter.
func unsigned(raw []byte) (e message.Envelope, doc any, err error) {
	var w struct {
		PayloadType string `json:"payloadType"`
		Payload     []byte `json:"payload"`
		Signatures  []any  `json:"signatures"`
	}
	if len(raw) > message.MaxEnvelope {
		return e, nil, errors.New("too large")
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&w); err != nil {
		return e, nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return e, nil, errors.New("there is more behind it")
	}
	kind, _, err := message.ParsePayloadType(w.PayloadType)
	if err != nil {
		return e, nil, err
	}
	if doc, err = message.Decode(kind, w.Payload); err != nil {
		return e, nil, err
	}
	return message.Envelope{PayloadType: w.PayloadType, Payload: w.Payload}, doc, nil
}
