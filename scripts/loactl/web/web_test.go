package web

import (
	"os"
	"path/filepath"
	"testing"
)

func TestSettings(t *testing.T) {
	for text, good := range map[string]bool{
		"":                              true,
		`url = "https://loa.example"`:   true,
		`url = "https://loa.example/x"`: false,
		`url = "javascript:alert(1)"`:   false,
		`frames = ["https://xa.example; script-src *"]`: false,
		`frames = ["https://xa.example"]`:               true,
		`certificate = "a.pem"`:                         false,
		`unknown = 1`:                                   false,
		`proxies = ["127.0.0.1", "10.0.0.0/24"]`:        true,
		`proxies = ["everybody"]`:                       false,
	} {
		if _, err := Parse([]byte(text)); (err == nil) != good {
			t.Errorf("%s: %v", text, err)
		}
	}
	dir := t.TempDir()
	if _, err := Load(dir); err != nil {
		t.Errorf("without a file: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, File), []byte("url = 1"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(dir); err == nil {
		t.Error("a number was taken for an address")
	}
}
