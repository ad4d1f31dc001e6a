package main

import (
	"strings"
	"testing"
)

// Lists have headings, and columns as wide as they need to be.
func TestListsAreTables(t *testing.T) {
	w := newWorld(t).sample()
	w.must("box", "add", "a-box-with-a-rather-long-name", "--board", "desk", "--place", "74", "--name", "Hộp", "--as", "74-1,74-2")
	w.must("box", "revoke", "box-1", "--why", "bị mất")
	out := w.must("box", "list", "--lang", "vi")
	want := `
THIẾT BỊ                       ĐỊA BÀN  NHÓM  TÊN    TÌNH TRẠNG  ĐÃ THU HỒI
a-box-with-a-rather-long-name  74             Hộp
box-1                          26734          box-1              TODAY bị mất
`[1:]
	want = strings.Replace(want, "TODAY", w.now().In(vietnam).Format("02/01/2006"), 1)
	if out != want {
		t.Errorf("%s\nwant\n%s", out, want)
	}
	for args, heading := range map[string]string{"key list": "PERSON ", "place list": "CODE "} {
		if out := w.must(strings.Fields(args)...); !strings.HasPrefix(out, heading) {
			t.Errorf("%s: %s", args, out)
		}
	}
	for args, want := range map[string]string{"bulletin list": "There is nothing yet.\n", "serve token list": "There are no tokens: loactl serve token new NAME.\n"} {
		if out := w.must(strings.Fields(args)...); out != want {
			t.Errorf("%s, with nothing to list: %q", args, out)
		}
	}
}
