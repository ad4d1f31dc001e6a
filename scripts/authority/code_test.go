package authority

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"

	"loa/agent/passcode"
)

// The certificate that a box gets knows the code that the centre says, and no other's.
func TestABoxKnowsItsCode(t *testing.T) {
	a := sample(t)
	for _, device := range []string{"tp-0421", "tp-0422"} {
		if err := a.AddBox(device, "desk", Box{Place: "26734"}); err != nil {
			t.Fatal(err)
		}
	}
	code, err := a.ConsoleCode("tp-0421")
	if err != nil {
		t.Fatal(err)
	}
	other, _ := a.ConsoleCode("tp-0422")
	again, _ := a.ConsoleCode("tp-0421")
	if code == other || code != again {
		t.Errorf("codes %s, %s, %s", code, again, other)
	}
	data, err := os.ReadFile(filepath.Join(a.BoxDir("tp-0421"), "etc", "loa", "box.pem"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if sum := passcode.Of(cert); !passcode.Matches(sum, code) || passcode.Matches(sum, other) {
		t.Errorf("the certificate has %q", sum)
	}
	if _, err := a.ConsoleCode("tp-9999"); err == nil {
		t.Error("a box that there is not has a code")
	}
}
