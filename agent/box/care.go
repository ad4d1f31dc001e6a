package box

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"loa/agent/console"
	"loa/agent/enrol"
	"loa/agent/lastrun"
	"loa/agent/stick"
)

func (t technician) Last() lastrun.Last {
	if t.b.o.Last == nil {
		return lastrun.Last{Why: lastrun.First}
	}
	return t.b.o.Last()
}

func (t technician) CanReboot() bool { return t.b.o.Reboot != nil }

// Reboot begins the machine anew, once what is known of the ledger is on the disk.
func (t technician) Reboot(ctx context.Context, reason string) error {
	if err := t.b.ledger.Sync(); err != nil {
		t.b.o.Log.Warn("the ledger's last lines may be lost by the reboot", "err", err)
	}
	return t.b.o.Reboot(ctx, reason)
}

func (t technician) Factory(everything bool) error {
	if everything {
		poke(t.b.wipe)
		return nil
	}
	if err := t.b.looked.Forget(); err != nil {
		return err
	}
	poke(t.b.reset)
	return nil
}

// Keep writes a file beside the folder of a stick, or into a directory.
func (t technician) Keep(_ context.Context, dir, name string, data []byte) (string, error) {
	if dir == "" {
		switch found := stick.Find(t.b.o.Host); len(found) {
		case 0:
			return "", console.ErrNoStick
		case 1:
			dir = found[0]
		default:
			return "", console.ErrSeveralSticks
		}
	}
	if !filepath.IsAbs(dir) {
		return "", fmt.Errorf("%q is no absolute path", dir)
	}
	path := filepath.Join(dir, name)
	// Whoever mounts a stick must not make the box write through a link of his.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		os.Remove(path)
		return "", fmt.Errorf("cannot write %s: %w", path, err)
	}
	return path, nil
}

// Identity is who the box is.
func (t technician) Identity() console.Identity {
	o := t.b.o
	pub := o.Key.Public().(ed25519.PublicKey)
	sum := sha256.Sum256(pub)
	who := console.Identity{Model: o.Model, Serial: o.Serial, Key: hex.EncodeToString(sum[:]), Code: enrol.Code(pub)}
	var leaf *x509.Certificate
	switch {
	case o.Identity != nil:
		leaf = o.Identity.Leaf()
	case o.TLS != nil && len(o.TLS.Certificates) > 0:
		leaf = o.TLS.Certificates[0].Leaf
	}
	if leaf == nil {
		return who
	}
	c := &console.CertInfo{
		Subject: leaf.Subject.CommonName, Issuer: leaf.Issuer.CommonName, Serial: leaf.SerialNumber.String(),
		From: leaf.NotBefore, Until: leaf.NotAfter, Renews: o.Identity != nil && t.b.mqtt != nil,
	}
	if o.Identity != nil {
		c.Brokers = o.Identity.Brokers()
	}
	if c.Renews {
		c.RenewedAt = enrol.Half(leaf)
	}
	who.Certificate = c
	return who
}
