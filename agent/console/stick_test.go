package console

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"loa/agent/plan"
)

// A slot is where a stick is put in.
type slot struct {
	is  Imported
	err error
	dir []string // that were asked for
}

func (s *slot) Import(_ context.Context, dir string) (Imported, error) {
	s.dir = append(s.dir, dir)
	return s.is, s.err
}

func TestImport(t *testing.T) {
	refused := Imported{
		Dir: "/mnt", Taken: 1, Refused: 1, Documents: []Carried{{Name: "p/26734/doc/bulletin/tin"}, {Name: "p/26734/doc/schedule/sang", Code: plan.Stale, Why: "x\x1b[2J"}},
		Copied: 2, Present: 4, Missing: 1, Segments: 1, From: 3, To: 9,
	}
	for _, c := range []struct {
		name, line string
		slot       slot
		code       int
		want       []string
	}{
		{"taken", "import", slot{is: Imported{Dir: "/mnt", Taken: 1, Documents: []Carried{{Name: "p/26734/doc/bulletin/tin"}}}}, OK,
			[]string{"nhận     p/26734/doc/bulletin/tin", "Văn bản: nhận 1, đã có 0, từ chối 0", "Văn phòng đã có đủ nhật ký"}},
		{"refused", "import /media/THẺ NHỚ", slot{is: refused}, Refused,
			[]string{"từ chối  p/26734/doc/schedule/sang: stale. " + plan.Stale.Sentence().VI, "x·[2J", "từ mục 3 đến mục 9", "đã chép 2, máy đã có sẵn 4, ổ USB còn thiếu 1"}},
		{"too old", "import", slot{is: Imported{Refused: 1, Documents: []Carried{{Name: "p/74/beat", Code: plan.Expired, Old: true}}}}, Refused, []string{"quá 7 ngày"}},
		{"no clock", "import", slot{is: Imported{Refused: 1, Documents: []Carried{{Name: "x", Code: plan.ClockCode}}}}, Refused, []string{"lắp pin cho đồng hồ"}},
		{"spoilt file", "import", slot{is: Imported{Bad: []Carried{{Name: "abc", Code: plan.MediaDigest}}}}, Refused, []string{"media-digest"}},
		{"pulled out", "import", slot{is: Imported{Taken: 3, Broken: "input/output error"}}, Failed, []string{"CHƯA XONG: lỗi đọc ghi", "nguyên vẹn"}},
		{"none", "import", slot{err: ErrNoStick}, Failed, []string{"không thấy ổ USB nào"}},
		{"several", "import", slot{err: ErrSeveralSticks}, Failed, []string{"có nhiều ổ USB"}},
		{"in use", "import", slot{err: ErrStickInUse}, Failed, []string{"xin chờ"}},
		{"broken", "import /x", slot{err: errors.New("no such file")}, Failed, []string{"no such file"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			text, code := New(Box{Stick: &c.slot}, Opts{}).Do(t.Context(), c.line, Asker{})
			if code != c.code {
				t.Errorf("code %d, want %d", code, c.code)
			}
			for _, want := range c.want {
				if !strings.Contains(text, want) {
					t.Errorf("%q is not in\n%s", want, text)
				}
			}
			if dir := strings.TrimSpace(strings.TrimPrefix(c.line, "import")); len(c.slot.dir) != 1 || c.slot.dir[0] != dir {
				t.Errorf("asked for %q", c.slot.dir)
			}
		})
	}
}

// From afar nobody imports anything.
func TestImportOnlyAtTheBox(t *testing.T) {
	var s slot
	text, code := New(Box{Stick: &s}, Opts{}).Do(t.Context(), "import /mnt", Asker{Remote: true})
	if code != Refused || len(s.dir) > 0 {
		t.Errorf("%d, %q, %v", code, text, s.dir)
	}
}

// Reading a stick may take longer than an answer; what is told by name is bounded.
func TestImportTakesItsTime(t *testing.T) {
	var s slot
	c := New(Box{Stick: timed{&s}}, Opts{})
	if _, code := c.Do(t.Context(), "import", Asker{}); code != OK {
		t.Error("it has no more time than another command")
	}
	s.is.Documents = make([]Carried, 1000)
	text, _ := c.Do(t.Context(), "import", Asker{})
	if lines := strings.Count(text, "\n"); lines > mostRows+10 || !strings.Contains(text, "940") {
		t.Errorf("%d lines", lines)
	}
}

type timed struct{ *slot }

func (s timed) Import(ctx context.Context, dir string) (Imported, error) {
	if at, ok := ctx.Deadline(); !ok || at.Before(time.Now().Add(longestImport/2)) {
		return Imported{Broken: "too little time"}, nil
	}
	return s.slot.Import(ctx, dir)
}
