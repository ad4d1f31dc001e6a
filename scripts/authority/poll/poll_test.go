package poll

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const asked = `
id = "cho-moi"
place = "26734"
title = "Chợ mới đặt ở đâu?"
by = "slip"
until = 2026-12-10T00:00:00Z

[[question]]
text = "Chỗ nào?"
options = ["Bến phà", "Ngã ba"]

[[question]]
text = "Bán gì?"
options = ["Cá", "Rau", "Vải"]
most = 2
`

var now = time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)

// A hall has a poll that runs.
type hall struct {
	*Store
	t   *testing.T
	now time.Time
	dir string
}

func newHall(t *testing.T, by string) *hall {
	t.Helper()
	h := &hall{t: t, now: now, dir: t.TempDir()}
	s, err := Open(h.dir, func() time.Time { return h.now })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	h.Store = s
	p, err := Parse([]byte(strings.Replace(asked, "slip", by, 1)), now)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Begin(p); err != nil {
		t.Fatal(err)
	}
	if err := s.Begin(p); !errors.Is(err, ErrThere) {
		t.Errorf("twice: %v", err)
	}
	return h
}

func (h *hall) counts(want string) {
	h.t.Helper()
	r, err := h.Result("cho-moi")
	if got := fmt.Sprint(r.Given, r.Answers, r.Counts); err != nil || got != want {
		h.t.Errorf("result %s, %v; want %s", got, err, want)
	}
}

func TestASlipAnswersOnce(t *testing.T) {
	h := newHall(t, BySlip)
	codes, err := h.Slips("cho-moi", 3)
	if err != nil || len(codes) != 3 {
		t.Fatal(codes, err)
	}
	good := Answer{{1}, {0, 2}}
	for name, c := range map[string]struct {
		code string
		a    Answer
		want error
	}{
		"nobody's code":      {"aaaa-aaaa-aaaa-aaaa", good, ErrCode},
		"too many":           {codes[0], Answer{{0, 1}, nil}, ErrAnswer},
		"twice the same":     {codes[0], Answer{{0}, {1, 1}}, ErrAnswer},
		"none there is":      {codes[0], Answer{{2}, nil}, ErrAnswer},
		"nothing":            {codes[0], Answer{nil, nil}, ErrAnswer},
		"a question missing": {codes[0], Answer{{0}}, ErrAnswer},
	} {
		if err := h.Answer("cho-moi", "", c.code, c.a); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	h.counts("3 0 [[0 0] [0 0 0]]")
	if err := h.Answer("cho-moi", "", " "+strings.ToUpper(strings.ReplaceAll(codes[0], "-", ""))+" ", good); err != nil {
		t.Fatal(err)
	}
	if err := h.Answer("cho-moi", "", codes[0], good); !errors.Is(err, ErrCode) {
		t.Errorf("a second time: %v", err)
	}
	if err := h.Answer("cho-moi", "", codes[1], Answer{{0}, nil}); err != nil {
		t.Fatal(err)
	}
	h.counts("3 2 [[1 1] [1 0 1]]")
	h.now = now.Add(20 * 24 * time.Hour)
	if err := h.Answer("cho-moi", "", codes[2], good); !errors.Is(err, ErrOver) {
		t.Errorf("too late: %v", err)
	}
}

func TestASlipIsUsedByOneOfMany(t *testing.T) {
	h := newHall(t, BySlip)
	codes, err := h.Slips("cho-moi", 1)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	taken := 0
	for range 20 {
		wg.Go(func() {
			if err := h.Answer("cho-moi", "", codes[0], Answer{{0}, nil}); err == nil {
				mu.Lock()
				taken++
				mu.Unlock()
			} else if !errors.Is(err, ErrCode) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if taken != 1 {
		t.Errorf("%d answers for one slip", taken)
	}
	h.counts("1 1 [[1 0] [0 0 0]]")
}

func TestANumberAnswersOnce(t *testing.T) {
	h := newHall(t, ByPhone)
	const phone = "+84912345678"
	good := Answer{{0}, nil}
	code := func() string {
		t.Helper()
		c, err := h.Code("cho-moi", phone)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if err := h.Answer("cho-moi", phone, "123456", good); !errors.Is(err, ErrCode) {
		t.Errorf("without a code: %v", err)
	}
	old := code()
	h.now = h.now.Add(11 * time.Minute)
	if err := h.Answer("cho-moi", phone, old, good); !errors.Is(err, ErrCode) {
		t.Errorf("an old code: %v", err)
	}
	c := code()
	if err := h.Answer("cho-moi", "+84900000000", c, good); !errors.Is(err, ErrCode) {
		t.Errorf("another's code: %v", err)
	}
	if err := h.Answer("cho-moi", phone, c, good); err != nil {
		t.Fatal(err)
	}
	if err := h.Answer("cho-moi", phone, c, good); !errors.Is(err, ErrCode) {
		t.Errorf("twice: %v", err)
	}
	if _, err := h.Code("cho-moi", phone); !errors.Is(err, ErrCode) {
		t.Errorf("a code for who has answered: %v", err)
	}
	h.counts("1 1 [[1 0] [0 0 0]]")
}

func TestCodesCannotBeGuessedOrAskedForWithoutEnd(t *testing.T) {
	h := newHall(t, ByPhone)
	const phone = "+84912345678"
	c, err := h.Code("cho-moi", phone)
	if err != nil {
		t.Fatal(err)
	}
	guess := "000000"
	if c == guess {
		guess = "000001"
	}
	for range mostWrong {
		if err := h.Answer("cho-moi", phone, guess, Answer{{0}, nil}); !errors.Is(err, ErrCode) {
			t.Fatal(err)
		}
	}
	if err := h.Answer("cho-moi", phone, c, Answer{{0}, nil}); !errors.Is(err, ErrCode) {
		t.Errorf("after %d guesses the right one counts: %v", mostWrong, err)
	}
	for range mostAsked - 1 {
		if _, err := h.Code("cho-moi", phone); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.Code("cho-moi", phone); !errors.Is(err, ErrOften) {
		t.Errorf("a code without end: %v", err)
	}
}

// What is kept does not tell who has answered, nor what anybody has.
func TestNothingLeadsFromAnAnswerToWhoGaveIt(t *testing.T) {
	h := newHall(t, ByPhone)
	const phone = "+84912345678"
	c, err := h.Code("cho-moi", phone)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Answer("cho-moi", phone, c, Answer{{1}, nil}); err != nil {
		t.Fatal(err)
	}
	if err := h.End("cho-moi"); err != nil {
		t.Fatal(err)
	}
	if err := h.End("cho-moi"); err != nil {
		t.Errorf("closed twice: %v", err)
	}
	if _, err := h.Code("cho-moi", "+84987654321"); !errors.Is(err, ErrOver) {
		t.Errorf("after its end: %v", err)
	}
	h.counts("1 1 [[0 1] [0 0 0]]")
	if _, err := h.db.Exec("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(h.dir, Folder, "polls.db"))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{phone, phone[1:], c} {
		if strings.Contains(string(data), secret) {
			t.Errorf("the file has %s", secret)
		}
	}
	var secrets int
	if err := h.db.QueryRow("SELECT count(*) FROM poll WHERE secret IS NOT NULL").Scan(&secrets); err != nil || secrets != 0 {
		t.Errorf("the key to the numbers is kept: %d, %v", secrets, err)
	}
}

func TestParse(t *testing.T) {
	for name, c := range map[string][2]string{
		"no id":           {`id = "cho-moi"`, `id = "Chợ"`},
		"no title":        {"Chợ mới đặt ở đâu?", ""},
		"by":              {"slip", "face"},
		"over":            {"2026-12-10", "2026-11-01"},
		"too long":        {"2026-12-10", "2027-12-10"},
		"one option":      {`"Bến phà", `, ``},
		"twice":           {`"Bến phà", "Ngã ba"`, `"Ngã ba", "Ngã ba"`},
		"more than there": {"most = 2", "most = 4"},
		"unknown":         {"most = 2", "least = 2"},
	} {
		if _, err := Parse([]byte(strings.Replace(asked, c[0], c[1], 1)), now); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
