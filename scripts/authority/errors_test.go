package authority

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"loa/agent/plan"
)

// Every code that the package uses has its sentence in both languages, with the
// same gaps, and nothing else stands in the table.
func TestSentences(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	gaps := make(map[string]int)
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if id, ok := call.Fun.(*ast.Ident); ok && id.Name == "fail" {
				code, err := strconv.Unquote(call.Args[0].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				if s, ok := sentences[code]; !ok || verbs(s.EN) != len(call.Args)-2 {
					t.Errorf("%s: %q is called with %d arguments, its sentence is %q", name, code, len(call.Args)-2, s.EN)
				}
				gaps[code]++
			}
			return true
		})
	}
	for code, s := range sentences {
		if gaps[code] == 0 {
			t.Errorf("nobody says %q", code)
		}
		if s.VI == "" || s.VI == s.EN || verbs(s.VI) != verbs(s.EN) {
			t.Errorf("%q: %q, %q", code, s.VI, s.EN)
		}
	}
}

var verb = regexp.MustCompile(`%(\[\d\])?[sdqv]`)

func verbs(s string) int { return len(verb.FindAllString(s, -1)) }

func TestErrorsAreSaidInVietnamese(t *testing.T) {
	outside := errors.New("disk full")
	for _, c := range []struct {
		err    error
		en, vi string
	}{
		{fail("no-place", nil, "999"), "there is no place 999: see loactl place list", "không có địa bàn 999: xem loactl place list"},
		{fail("key", ErrPassphrase, "lan"), "the key of lan: wrong passphrase", "khóa của lan: sai mật khẩu"},
		{fail("keep", outside, "x"), "cannot keep x: disk full", "không lưu được x: disk full"},
		{fail("threshold", nil, 6, 5), "6 of 5 holders cannot sign for the root", "5 người giữ khóa gốc không thể cho 6 chữ ký"},
		{fail("approve", &plan.Error{Code: plan.Scope, Msg: "not below"}, "lan", "x"), "lan cannot approve x: scope: not below",
			"lan không duyệt được x: Người ký không có quyền ở địa bàn hoặc cơ quan này, hoặc quy định của địa bàn không cho phép nội dung này. [scope]"},
		{&plan.Error{Code: plan.Malformed, Field: "id", Msg: "a space"}, "malformed: id: a space",
			"Bản tin sai định dạng nên không đọc được. [malformed, id: a space]"},
		{outside, "disk full", "disk full"},
	} {
		if got := c.err.Error(); got != c.en {
			t.Errorf("%q, want %q", got, c.en)
		}
		if got := Vietnamese(c.err); got != c.vi {
			t.Errorf("%q, want %q", got, c.vi)
		}
	}
	if !errors.Is(fmt.Errorf("x: %w", fail("key", ErrPassphrase, "lan")), ErrPassphrase) {
		t.Error("the passphrase is not known any more")
	}
}
