package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

var gap = regexp.MustCompile(`%(\[\d\])?[-+#0]*[0-9.]*[a-zA-Z]`)

func TestCataloguesAgree(t *testing.T) {
	for key, text := range en {
		other, ok := vi[key]
		if !ok {
			t.Errorf("%s: no Vietnamese text", key)
			continue
		}
		if g, h := gap.FindAllString(text, -1), gap.FindAllString(other, -1); !slices.Equal(g, h) {
			t.Errorf("%s: gaps %v in English, %v in Vietnamese", key, g, h)
		}
	}
	for key, text := range vi {
		if en[key] == "" {
			t.Errorf("%s: no English text", key)
		}
		if text == "" || !norm.NFC.IsNormalString(text) {
			t.Errorf("%s: empty or not NFC", key)
		}
		accents := strings.ContainsFunc(text, func(r rune) bool { return r > 0x7f && unicode.IsLetter(r) })
		if strings.Count(text, " ") > 5 && !accents {
			t.Errorf("%s: is this Vietnamese? %q", key, text)
		}
	}
}

// Every text that the program asks for is there, and no text is there for nothing.
func TestTextsAreUsed(t *testing.T) {
	used := make(map[string]bool)
	for _, c := range commands() {
		used["cmd."+c.name], used["use."+c.name] = true, true
	}
	prefixes := map[string]bool{"cmd.": true, "use.": true}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || sel.Sel.Name != "text" && sel.Sel.Name != "say" && sel.Sel.Name != "note" {
				return true
			}
			if len(call.Args) == 0 {
				return true // another method of that name
			}
			key := call.Args[0]
			if sel.Sel.Name == "say" {
				key = call.Args[1]
			}
			switch k := key.(type) {
			case *ast.BasicLit:
				s, _ := strconv.Unquote(k.Value)
				used[s] = true
			case *ast.BinaryExpr: // "state."+x
				if lit, ok := k.X.(*ast.BasicLit); ok {
					s, _ := strconv.Unquote(lit.Value)
					prefixes[s] = true
				}
			}
			return true
		})
	}
	for key := range used {
		if _, ok := en[key]; !ok {
			t.Errorf("the text %q is missing", key)
		}
	}
	for key := range en {
		prefix, _, _ := strings.Cut(key, ".")
		if !used[key] && !prefixes[prefix+"."] {
			t.Errorf("nobody asks for the text %q", key)
		}
	}
}

// Each command explains itself.
func TestHelp(t *testing.T) {
	for _, c := range commands() {
		for lang := range catalogues {
			w := newWorld(t)
			if code := w.run("help", c.name, "--lang", lang); code != exitOK || !strings.Contains(w.out.String(), c.name) {
				t.Errorf("help %s in %s: exit %d, %q", c.name, lang, code, w.out.String())
			}
		}
	}
	w := newWorld(t)
	if code := w.run("nonsense"); code != exitUsage || !strings.Contains(w.err.String(), "nonsense") {
		t.Errorf("exit %d, %q", code, w.err.String())
	}
	if code := w.run(); code != exitOK {
		t.Errorf("no command: exit %d", code)
	}
}
