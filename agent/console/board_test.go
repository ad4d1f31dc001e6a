package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/term"

	"loa/agent/plan"
)

// A sign is a board that behaves: it shows its pages, a test picture for as long as it
// is told, and is as bright as it is told.
type sign struct {
	mu      sync.Mutex
	status  BoardStatus
	pattern string
	length  time.Duration
	bright  []int
	heard   []string // by a search for its card
	busy    error
}

func newSign() *sign {
	return &sign{
		status: BoardStatus{
			Driver: "bx", Width: 128, Height: 32, Brightness: 60, Taken: true, Agrees: "yes",
			Title: "Phòng sốt xuất huyết", Page: 2, Pages: 3, Since: noon.Add(-5 * time.Minute),
			Facts: map[string]string{"model": "BX-6E2", "width": "128", "on": "true"}, Probed: noon.Add(-time.Minute),
		},
		heard: []string{"9600 baud: nothing", "57600 baud: BX-6E2, address 1, 128×32"},
	}
}

func (s *sign) Board() BoardStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status
}

func (s *sign) Picture() []string { return []string{"▀▀▄ ▄▀▀", "█ █ █ █"} }
func (s *sign) PNG() []byte       { return []byte("\x89PNG") }

func (s *sign) Pattern(name string, d time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pattern, s.length = name, d
	s.status.Pattern = name != ""
	return s.busy
}

func (s *sign) Bright(percent int, d time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bright = append(s.bright, percent)
	return s.busy
}

func (s *sign) Sweep(context.Context) ([]string, error) { return s.heard, s.busy }

// A laptop is a technician's, at the other end of a serial line.
type laptop struct {
	t *testing.T
	m *os.File
}

// plug opens a console on a box with that board, at a port of the kernel.
func plug(t *testing.T, p *pole, b Board, lang string) *laptop {
	t.Helper()
	m, s, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := term.MakeRaw(int(s.Fd())); err != nil {
		t.Fatal(err)
	}
	box := p.box()
	box.Board = b
	over := make(chan error, 1)
	go func() { over <- New(box, Opts{Lang: lang}).Serve(context.Background(), s) }()
	l := &laptop{t, m}
	t.Cleanup(func() {
		if got := l.types("exit"); !strings.Contains(got, map[string]string{"vi": "Tạm biệt", "en": "Goodbye"}[lang]) {
			t.Errorf("exit says %q", got)
		}
		if err := <-over; err != nil {
			t.Error(err)
		}
		s.Close()
		m.Close()
	})
	l.until(prompt)
	return l
}

// until reads what appears, as far as the words.
func (l *laptop) until(words string) string {
	l.t.Helper()
	var seen strings.Builder
	for b := make([]byte, 4096); !strings.HasSuffix(seen.String(), words); {
		if err := l.m.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			l.t.Fatal(err)
		}
		n, err := l.m.Read(b)
		if seen.Write(b[:n]); err != nil {
			l.t.Fatalf("after %q: %v", seen.String(), err)
		}
	}
	return seen.String()
}

// types sends a line, and gives what appears below it.
func (l *laptop) types(line string) string {
	l.t.Helper()
	if _, err := io.WriteString(l.m, line+"\r"); err != nil {
		l.t.Fatal(err)
	}
	end := prompt
	if line == "exit" {
		end = ".\r\n"
	}
	seen := l.until(end)
	_, below, ok := strings.Cut(strings.TrimSuffix(seen, prompt), line+"\r\n")
	if !ok {
		l.t.Errorf("the line is not echoed: %q", seen)
	}
	return strings.TrimSpace(strings.ReplaceAll(below, "\r\n", "\n"))
}

// What a technician sees of the board, word for word, in both languages.
func TestABoardAtTheConsole(t *testing.T) {
	const usage = `
  board
  board show
  board render
  board shot
  board probe
  board pattern (all|red|green|blue|grid|frame|off) [S]
  board bright (1..100|auto)`
	for _, c := range []struct{ line, vi, en string }{
		{"board", `
Bảng           bx, 128 × 32
Tình trạng     nhận trang bình thường
Đang hiện      Phòng sốt xuất huyết, trang 2 trong 3, từ 11:55
Đối chiếu      khớp với những gì bảng tự báo
Độ sáng        60 %
Bảng báo lúc   11:59
  model        BX-6E2
  on           true
  width        128`, `
Board          bx, 128 × 32
State          takes pages
Shows          Phòng sốt xuất huyết, page 2 of 3, since 11:55
Agrees         yes: what it says of itself fits
Brightness     60 %
It said at     11:59
  model        BX-6E2
  on           true
  width        128`},
		{"board render", "▀▀▄ ▄▀▀\n█ █ █ █", "▀▀▄ ▄▀▀\n█ █ █ █"},
		{"board probe", "9600 baud: không nghe thấy gì\n57600 baud: BX-6E2, địa chỉ 1, 128×32", "9600 baud: nothing\n57600 baud: BX-6E2, address 1, 128×32"},
		{"board pattern grid", `Hình thử "grid" trong 30 giây; tin khẩn cấp vẫn chiếm bảng.`, `Test picture "grid" for 30 s; an emergency still takes the board.`},
		{"board pattern red 90s", `Hình thử "red" trong 90 giây; tin khẩn cấp vẫn chiếm bảng.`, `Test picture "red" for 90 s; an emergency still takes the board.`},
		{"board pattern off", "Bảng hiện tiếp các trang của mình.", "The board goes on with its pages."},
		{"board bright 40%", "Độ sáng 40 % trong 10 phút.", "Brightness 40 % for 10 min."},
		{"board bright auto", "Độ sáng lại theo quy định.", "Brightness by the policies again."},

		{"board pattern plaid", "Cách dùng:" + usage, "Usage:" + usage},
		{"board pattern", "Cách dùng:" + usage, "Usage:" + usage},
		{"board pattern all 0", "Từ 1 đến 600 giây.", "1 to 600 seconds."},
		{"board pattern all 601", "Từ 1 đến 600 giây.", "1 to 600 seconds."},
		{"board pattern all soon", "Từ 1 đến 600 giây.", "1 to 600 seconds."},
		{"board pattern all 5 5", "Cách dùng:" + usage, "Usage:" + usage},
		{"board bright", "Cách dùng:" + usage, "Usage:" + usage},
		{"board bright 0", "Cách dùng:" + usage, "Usage:" + usage},
		{"board bright 101", "Cách dùng:" + usage, "Usage:" + usage},
		{"board bright dark", "Cách dùng:" + usage, "Usage:" + usage},
		{"board probe now", "Cách dùng:" + usage, "Usage:" + usage},
		{"board show all", "Cách dùng:" + usage, "Usage:" + usage},
		{"board dance", "Cách dùng:" + usage, "Usage:" + usage},
		{"board --fast", `Không có tùy chọn "--fast"; chỉ có --json và --yes.`, `There is no flag "--fast"; there are --json and --yes.`},
	} {
		for lang, want := range map[string]string{"vi": c.vi, "en": c.en} {
			t.Run(lang+" "+c.line, func(t *testing.T) {
				if got := plug(t, new(pole), newSign(), lang).types(c.line); got != strings.TrimSpace(want) {
					t.Errorf("got\n%s\nwant\n%s", got, want)
				}
			})
		}
	}
}

// While a test picture is on the board, what it hides is not what it shows.
func TestATestPictureIsCalledOne(t *testing.T) {
	l := plug(t, new(pole), newSign(), "vi")
	l.types("board pattern grid")
	if got := l.types("board"); !strings.Contains(got, "Đang hiện      hình thử của kỹ thuật viên (Phòng sốt xuất huyết, ") {
		t.Errorf("%s", got)
	}
}

// What a technician has done is done, for as long as was said, and written down; what
// was said wrongly is not.
func TestWhatATechnicianDoesAtTheBoard(t *testing.T) {
	p, s := new(pole), newSign()
	l := plug(t, p, s, "vi")
	for _, line := range []string{
		"board", "board show", "board render", "board shot", // these only look
		"board pattern plaid", "board pattern all 601", "board bright 0", "board bright 101", "board dance",
	} {
		l.types(line)
	}
	if p.touched() != 0 || s.pattern != "" || s.bright != nil {
		t.Errorf("entries %v, pattern %q, brightness %v", p.entries, s.pattern, s.bright)
	}
	l.types("board pattern frame 7")
	if s.pattern != "frame" || s.length != 7*time.Second {
		t.Errorf("pattern %q for %v", s.pattern, s.length)
	}
	l.types("board pattern off")
	l.types("board bright 35")
	l.types("board bright auto")
	l.types("board probe")
	if s.pattern != "" || !slices.Equal(s.bright, []int{35, 0}) {
		t.Errorf("pattern %q, brightness %v", s.pattern, s.bright)
	}
	var did []string
	for _, e := range p.entries {
		did = append(did, e.ID+" "+e.Detail)
	}
	want := []string{"console/board board pattern frame 7", "console/board board pattern off", "console/board board bright 35",
		"console/board board bright auto", "console/board board probe"}
	if !slices.Equal(did, want) {
		t.Errorf("the ledger says\n%q\nnot\n%q", did, want)
	}
}

// How a board is that is not well.
func TestABoardThatIsNotWell(t *testing.T) {
	silent := func(s *sign) {
		s.status.Fault, s.status.Taken, s.status.Agrees = "bx: no answer from /dev/ttyS1 after 3 tries: heard 48 bytes of noise (24 47 …)", false, "no"
	}
	for _, c := range []struct {
		name, line string
		harm       func(*sign)
		vi, en     []string
	}{
		{"silent", "board", silent,
			[]string{"Tình trạng     SỰ CỐ: bx: /dev/ttyS1 không trả lời sau 3 lần hỏi: nghe thấy 48 byte nhiễu (24 47 …)", "Đối chiếu      KHÔNG KHỚP"},
			[]string{"State          FAULT: bx: no answer from /dev/ttyS1", "Agrees         NO: it does not show"}},
		{"waits", "board", func(s *sign) { s.status.Taken = false },
			[]string{"Tình trạng     đang chờ nhận trang"}, []string{"State          waits for its page"}},
		{"never answers", "board", func(s *sign) { s.status.Agrees, s.status.Facts, s.status.Probed = "unknown", nil, time.Time{} },
			[]string{"Đối chiếu      không rõ: bảng không bao giờ trả lời"}, []string{"Agrees         not known: it never answers"}},
		{"a default page", "board", func(s *sign) { s.status.Title, s.status.Pages = "", 1 },
			[]string{"Đang hiện      trang mặc định, từ 11:55"}, []string{"Shows          a default page, since 11:55"}},
		{"nothing to search", "board probe", func(s *sign) { s.heard = nil },
			[]string{"Loại bảng này không có tốc độ hay địa chỉ để dò.\nBảng           bx"}, []string{"A board of this kind has no speeds or addresses to search.\nBoard          bx"}},
		{"a size that it does not tell", "board probe", func(s *sign) { s.heard, s.status.Facts = nil, map[string]string{"model": "C-Power"} },
			[]string{"để dò.\nCard loại này không báo kích thước"}, []string{"to search.\nA card of this kind does not tell its size"}},
		{"nothing found", "board probe", func(s *sign) { s.heard = []string{"9600 baud: nothing", "57600 baud: nothing"} },
			[]string{"9600 baud: không nghe thấy gì\n57600 baud: không nghe thấy gì"}, []string{"9600 baud: nothing\n57600 baud: nothing"}},
		{"busy", "board probe", func(s *sign) { s.busy = errors.New("the display is busy with the panel") },
			[]string{"Không làm được: the display is busy with the panel"}, []string{"It could not be done: the display is busy with the panel"}},
		{"a name of tricks", "board", func(s *sign) { s.status.Facts["model"] = "BX\x1b[2J\u202e6" },
			[]string{"model        BX·[2J·6"}, []string{"model        BX·[2J·6"}},
	} {
		for lang, want := range map[string][]string{"vi": c.vi, "en": c.en} {
			t.Run(lang+" "+c.name, func(t *testing.T) {
				s := newSign()
				c.harm(s)
				got := plug(t, new(pole), s, lang).types(c.line)
				for _, w := range want {
					if !strings.Contains(got, w) {
						t.Errorf("want %q in\n%s", w, got)
					}
				}
			})
		}
	}
}

// Programs get the same as one line of JSON with the exit code, over the same line.
func TestABoardInJSON(t *testing.T) {
	for _, c := range []struct {
		line string
		code int
		data string // in it
	}{
		{"board", OK, `"driver":"bx","width":128,"height":32,"facts":{"model":"BX-6E2","on":"true","width":"128"}`},
		{"board show", OK, `"brightness_percent":60,"title":"Phòng sốt xuất huyết","page":2,"pages":3,`},
		{"board shot", OK, `"agrees":"yes","png":"iVBORw=="}`},
		{"board render", OK, `{"lines":["▀▀▄ ▄▀▀","█ █ █ █"]}`},
		{"board probe", OK, `{"heard":["9600 baud: nothing","57600 baud: BX-6E2, address 1, 128×32"]}`},
		{"board pattern grid 5", OK, `{"for_s":5,"pattern":"grid"}`},
		{"board bright 40", OK, `{"brightness_percent":40}`},
		{"board bright 400", Usage, ""},
		{"board pattern all 9999", Usage, ""},
		{"board nonsense", Usage, ""},
	} {
		t.Run(c.line, func(t *testing.T) {
			got := plug(t, new(pole), newSign(), "en").types(c.line + " --json")
			var r struct {
				reply
				Data json.RawMessage `json:"data"`
			}
			if err := json.Unmarshal([]byte(got), &r); err != nil || strings.Contains(got, "\n") {
				t.Fatalf("%v: %s", err, got)
			}
			if r.Command != "board" || r.Code != c.code || (r.Error == "") != (c.code == OK) || !strings.Contains(string(r.Data), c.data) {
				t.Errorf("%s", got)
			}
		})
	}
}

// A box without a board says so, and who asks from afar may only look.
func TestNoBoardAndFromAfar(t *testing.T) {
	for _, line := range []string{"board", "board probe", "board pattern all", "board bright 10", "board render"} {
		if got := plug(t, new(pole), nil, "vi").types(line); got != "Thiết bị này không có phần cần cho lệnh board." {
			t.Errorf("%s: %s", line, got)
		}
	}
	s := newSign()
	b := new(pole).box()
	b.Board = s
	for line, code := range map[string]int{
		"board": OK, "board show": OK, "board shot": OK, "board render": OK,
		"board probe": Refused, "board pattern all": Refused, "board bright 10": Refused,
	} {
		got, c := New(b, Opts{}).Do(t.Context(), line, Asker{Remote: true, Lang: "en"})
		if c != code || code == Refused && !strings.Contains(got, "works at the box only") {
			t.Errorf("%s ends with %d: %s", line, c, got)
		}
		js, _ := New(b, Opts{}).Do(t.Context(), line+" --json", Asker{Remote: true})
		if want := fmt.Sprintf(`"refusal":%q`, plan.Scope); strings.Contains(js, want) != (code == Refused) {
			t.Errorf("%s --json: %s", line, js)
		}
	}
	if s.pattern != "" || s.bright != nil {
		t.Errorf("from afar it shows %q at %v", s.pattern, s.bright)
	}
}
