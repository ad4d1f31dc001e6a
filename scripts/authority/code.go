package authority

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509/pkix"
	"errors"
	"io/fs"
	"os"

	"loa/agent/passcode"
	"loa/scripts/authority/durable"
	"loa/scripts/authority/pki"
)

// consoleSecret is what the codes of all boxes are made of. Whoever has it still has to
// stand at a box.
const consoleSecret = "console.secret"

// ConsoleCode is the code by which a technician gets into the console of a registered box.
func (a *Authority) ConsoleCode(device string) (string, error) {
	if _, ok := a.read().Boxes[device]; !ok {
		return "", fail("no-box", nil, device)
	}
	return a.code(device)
}

func (a *Authority) code(device string) (string, error) {
	release, err := a.lock() // two at once would make two secrets
	if err != nil {
		return "", err
	}
	defer release()
	secret, err := os.ReadFile(a.tlsFile(consoleSecret))
	if errors.Is(err, fs.ErrNotExist) {
		secret = make([]byte, 32)
		rand.Read(secret)
		err = durable.Write(a.tlsFile(consoleSecret), secret)
	}
	if err != nil {
		return "", fail("box-files", err, device)
	}
	return passcode.Make(secret, device), nil
}

// sealedCode is what a box's certificate carries of its code.
func (a *Authority) sealedCode(device string) (pkix.Extension, error) {
	code, err := a.code(device)
	if err != nil {
		return pkix.Extension{}, err
	}
	sealed, err := passcode.Seal(code)
	if err != nil {
		return pkix.Extension{}, err
	}
	return passcode.Extension(sealed)
}

// boxPair is the certificate of a box, with its code in it, and its key, as files.
func (a *Authority) boxPair(ca *pki.CA, device string, pub ed25519.PublicKey, priv ed25519.PrivateKey) (cert, key []byte, err error) {
	code, err := a.sealedCode(device)
	if err != nil {
		return nil, nil, err
	}
	if cert, err = ca.ClientFor(device, pub, a.o.Now(), 0, code); err != nil {
		return nil, nil, err
	}
	key, err = pki.KeyPEM(priv)
	return cert, key, err
}
