package config

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

// Whatever a problem says it says in Vietnamese as well, and nothing else is there.
func TestProblemsSpeakVietnamese(t *testing.T) {
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	literal := "(\"(?:[^\"\\\\]|\\\\.)*\"|`[^`]*`)"
	said := regexp.MustCompile(`bad\((?:"[^"]*"|[\w.\[\]]+), ` + literal + `|format: ` + literal + `|unreadable = ` + literal)
	verbs := regexp.MustCompile(`%[a-z]`)
	found := map[string]bool{}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		text, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range said.FindAllStringSubmatch(string(text), -1) {
			english, err := strconv.Unquote(m[1] + m[2] + m[3])
			if err != nil {
				t.Fatal(err)
			}
			found[english] = true
			vi := vietnamese[english]
			if strings.Join(verbs.FindAllString(vi, -1), "") != strings.Join(verbs.FindAllString(english, -1), "") || vi == "" {
				t.Errorf("%s: %q has no Vietnamese, or one with other holes: %q", f.Name(), english, vi)
			}
			if !norm.NFC.IsNormalString(vi) {
				t.Errorf("%q is not NFC", vi)
			}
		}
	}
	for english := range vietnamese {
		if !found[english] {
			t.Errorf("nobody says %q", english)
		}
	}
	if len(found) < 30 {
		t.Errorf("only %d found: does the expression still match?", len(found))
	}
}

func TestAProblemInVietnamese(t *testing.T) {
	_, err := Parse("agent.toml", []byte("device = \"d-1\"\n[network]\ngateway = \"10.0.0.1\"\n"))
	const want = "agent.toml:3: network.gateway: khi dùng DHCP thì cổng ra cũng do DHCP cho: hãy ghi network.address, hoặc bỏ khóa này"
	if p, ok := err.(*Problem); !ok || p.VI() != want {
		t.Errorf("%v", err)
	}
}
