package main_test

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

	"golang.org/x/text/unicode/norm"
)

var verb = regexp.MustCompile(`%[0-9.]*[a-zA-Z]`)

// What is said of a person's mistake is said in Vietnamese too, with the same
// particulars, and the tables hold nothing that nobody says.
func TestMistakesAreSaidInVietnamese(t *testing.T) {
	format := map[string]int{"fail": 1, "failAs": 2, "malformed": 1, "say": 0, "refuse": 1} // where it stands among the arguments
	for room, programs := range map[string][]string{
		"plan":     nil,
		"schedule": nil,
		"message":  {"envelope.go", "report.go", "live.go"}, // what no person writes
	} {
		files, err := filepath.Glob(room + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatal(room, err)
		}
		table, said := make(map[string]string), make(map[string]bool)
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") || slices.Contains(programs, filepath.Base(name)) {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(f, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.KeyValueExpr:
					if filepath.Base(name) == "vietnamese.go" {
						table[quoted(n.Key)] = quoted(n.Value)
					}
				case *ast.CallExpr:
					if i, ok := format[called(n)]; ok && i < len(n.Args) {
						if s := quoted(n.Args[i]); s != "" {
							said[s] = true
						}
					}
				}
				return true
			})
		}
		for s := range said {
			vi, ok := table[s]
			if !ok || !slices.Equal(verb.FindAllString(vi, -1), verb.FindAllString(s, -1)) || !norm.NFC.IsNormalString(vi) {
				t.Errorf("%s: %q is in Vietnamese %q", room, s, vi)
			}
			delete(table, s)
		}
		for s := range table {
			t.Errorf("%s: nobody says %q", room, s)
		}
	}
}

func quoted(e ast.Expr) string {
	lit, ok := e.(*ast.BasicLit)
	if !ok {
		return ""
	}
	s, _ := strconv.Unquote(lit.Value)
	return s
}

func called(c *ast.CallExpr) string {
	switch f := c.Fun.(type) {
	case *ast.SelectorExpr:
		return f.Sel.Name
	case *ast.Ident:
		return f.Name
	}
	return ""
}
