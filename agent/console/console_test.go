package console

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"loa/agent/health"
	"loa/agent/ledger"
)

func ask(t *testing.T, p *pole, line string) (string, int) {
	t.Helper()
	return New(p.box(), Opts{}).Do(t.Context(), line, Asker{})
}

// What a technician reads, word for word.
func TestAnswers(t *testing.T) {
	for line, want := range map[string]string{
		"status": `
Thiết bị       tp-0421, Ấp 3, orangepi-zero, 0.3.1
Địa bàn        26734
Đồng hồ        12:00:00 23/11/2026, theo đồng hồ pin
Đã chạy        2 ngày 2 giờ
Kết nối        đã nối tls://broker.example:8883, từ 1 giờ 30 phút trước
Âm thanh       OK, tăng âm BẬT, âm lượng 60 %
Mức            [==============...|..] -18 dBFS
Đang phát      Bản tin trưa (thông thường, đến 12:14, 80 %)
Sắp phát       17:00:00  Tiếp âm VOV1 (ưu tiên)
Tệp âm, hình   có 11/12, còn trống 3,0 GB
Sự cố          Thiết bị âm thanh ngừng hoạt động (và 1 sự cố khác)
`,
		"faults": `
HỎNG  Thiết bị âm thanh ngừng hoạt động (sink-lost)
    từ 3 phút trước, 4 lần
    Thiết bị tự mở lại; nếu lặp lại, kiểm tra dây và nguồn
    Cần: cạc âm thanh USB
    Chi tiết kỹ thuật: không có thiết bị đó
CHÚ Ý  Không liên lạc được với máy chủ tin nhắn (broker-unreachable)
    từ 1 giờ trước
    Kiểm tra mạng, SIM còn dung lượng, ăng-ten; lịch đã lưu vẫn phát
    Cần: bộ định tuyến 4G hoặc SIM
`,
		"next 24h": `
Thứ hai 23/11/2026
  17:00:00-17:30:00 phát   Bản tin chiều (thông thường, 80 %)
  17:00:00-20:00:00 bảng   Lịch tiêm chủng (thông thường, 540 lần)
  22:00:00-05:00:00 KHÔNG  Nhạc đêm (nhạc nền): giờ yên tĩnh 21:00–05:30
`,
		"why": `
11:00:00 23/11/2026  p/26734/act (quorum)
    Chưa đủ số người ký theo quy định.
    Chi tiết kỹ thuật: 1 of 2 holders
    3 lần
`,
		"ledger last 4": `
8 11:30:00 23/11/2026 kết thúc  Bản tin sáng (thông thường), nghe được 61,2 s
9 11:40:00 23/11/2026 kết thúc  Quảng cáo (nhạc nền), KHÔNG CÓ TIẾNG
10 11:50:00 23/11/2026 từ chối   Nhạc đêm (nhạc nền), bị từ chối: Đang trong giờ yên tĩnh. [quiet-hours: quiet hours 21:00–05:30]
11 11:51:00 23/11/2026 tại chỗ   console/volume [volume 30]
`,
		"ledger verify": `
Chuỗi nhật ký nguyên vẹn: 9 dòng (1 đến 9), trung tâm đã nhận đến 5, 4 kB.
`,
		"clock": `
Giờ            12:00:00 23/11/2026
Độ tin cậy     theo đồng hồ pin
Được phép      mọi việc
Giờ hệ thống   12:00:00 23/11/2026, NTP không
Đồng hồ pin    có
Không sớm hơn  12:00:00 22/11/2026
`,
		"doc list": `
hiệu lực     schedule  26734/morning  Chương trình sáng, đến 12:00:00 23/12/2026
chưa đến     bulletin  26734/dengue  Phòng sốt xuất huyết (ưu tiên), thiếu 1 tệp âm thanh, hình
`,
		"log 2": `
12:00:00 INFO broker connected
12:00:01 WARN title ·[2J·gnol
`,
		"volume":      "\nÂm lượng: 60 %.\n",
		"tone 40":     "\nBắt đầu: Âm thử, 3 s.\n",
		"stop":        "\nKhông có gì đang phát.\n",
		"amp on 10":   "\nGiữ tăng âm bật trong 10 giây.\n",
		"local":       "\nKhông làm tại chỗ: thiết bị phát theo trung tâm.\n",
		"local on 31": "\nLàm tại chỗ được từ 1 đến 30 phút; gõ lại local on để kéo dài.\n",
		"version":     "\nloa 0.3.1, orangepi-zero, tp-0421\n",
		"stauts":      "\nKhông có lệnh \"stauts\". Có phải là \"status\"?\n",
		"play siren":  "\nBị từ chối: \"siren\" chỉ phát theo lệnh có chữ ký của cơ quan, không phát tại thiết bị. Phát thử được: gong, two-tone, test.\n",
		"amp on 3600": "\nChỉ giữ được từ 1 đến 60 giây.\n",
	} {
		t.Run(line, func(t *testing.T) {
			got, _ := ask(t, &pole{level: 60}, line)
			if strings.TrimSpace(got) != strings.TrimSpace(want) {
				t.Errorf("got\n%s\nwant%s", got, want)
			}
		})
	}
}

// Every command, in every way it can be called, answers a program in JSON.
func TestEveryCommandAnswersJSON(t *testing.T) {
	lines := []string{"amp on 5", "local on 5", "local off", "local on 0", "ledger last 1", "ledger verify", "next 7d", "play gong 30", "volume 40", "lang en", "help status", "why 3", "doc list",
		"nonsense", "status extra words", "next 1y", "play siren", "amp on 61", "--weird status"}
	for _, cmd := range table() {
		lines = append(lines, cmd.name)
	}
	for name, box := range map[string]Box{"whole": (&pole{}).box(), "night": (&pole{night: true}).box(), "bare": {}} {
		for _, who := range []Asker{{}, {Lang: "en"}, {Remote: true}} {
			for _, line := range lines {
				got, code := New(box, Opts{}).Do(t.Context(), line+" --json", who)
				var r reply
				if err := json.Unmarshal([]byte(got), &r); err != nil || strings.Contains(got, "\n") {
					t.Errorf("%s box, %q answers %q: %v", name, line, got, err)
				}
				if r.Code != code || (r.Error == "") != (code == OK) {
					t.Errorf("%s box, %q: code %d, answer %q", name, line, code, got)
				}
			}
		}
	}
}

func TestEveryCommandHasHelp(t *testing.T) {
	names, _ := ask(t, new(pole), "help")
	text, _ := ask(t, new(pole), "help all")
	for _, cmd := range table() {
		if !slices.Contains(strings.Fields(names), cmd.name) {
			t.Errorf("help does not name %s", cmd.name)
		}
		if !strings.Contains("\n"+text, "\n"+cmd.name+" ") {
			t.Errorf("help all does not name %s", cmd.name)
		}
		for lang, words := range catalogues {
			if words["help."+cmd.name] == "" {
				t.Errorf("%s has no help in %s", cmd.name, lang)
			}
		}
	}
}

func TestShortenedCommands(t *testing.T) {
	for line, code := range map[string]int{"stat": OK, "fau": OK, "fa": Usage, "ver": OK, "?": OK, "STATUS": OK, "st": Usage, "l": Usage, "x": Usage, "": OK, "   ": OK} {
		if got, c := ask(t, new(pole), line); c != code {
			t.Errorf("%q ends with %d (%s), want %d", line, c, got, code)
		}
	}
}

func TestQuietHoursGuard(t *testing.T) {
	for _, c := range []struct {
		line   string
		stern  bool
		code   int
		played string
	}{
		{"tone", false, Refused, ""},
		{"tone --yes", false, OK, "test 0"},
		{"play gong 20 --yes", false, OK, "gong 20"},
		{"play gong", false, Refused, ""},
		{"tone --yes", true, Refused, ""}, // the law of the box has the last word
	} {
		p := &pole{night: true, stern: c.stern}
		text, code := ask(t, p, c.line)
		if code != c.code || strings.Join(p.played, ",") != c.played {
			t.Errorf("%q at night: code %d (%s), played %v", c.line, code, text, p.played)
		}
	}
}

// Who is not at the box may look, but not touch.
func TestFromAfar(t *testing.T) {
	p := new(pole)
	c := New(p.box(), Opts{})
	for _, line := range []string{"tone --yes", "play gong", "stop", "volume 100", "amp on 5", "amp off", "local on", "local off"} {
		if text, code := c.Do(t.Context(), line, Asker{Remote: true}); code != Refused {
			t.Errorf("%q from afar: %d, %s", line, code, text)
		}
	}
	for _, line := range []string{"status", "volume", "ledger", "next", "why"} {
		if text, code := c.Do(t.Context(), line, Asker{Remote: true}); code != OK {
			t.Errorf("%q from afar: %d, %s", line, code, text)
		}
	}
	if n := p.touched(); n != 0 {
		t.Errorf("the box was touched %d times", n)
	}
}

// A switch that starts an alarm is tried in local mode only, as the handbook says.
func TestASwitchIsTriedInLocalMode(t *testing.T) {
	book, err := os.ReadFile(handbook)
	if err != nil {
		t.Fatal(err)
	}
	const first = "`local on 30` trước khi thử bằng `gpio test key`"
	if !strings.Contains(string(book), first) {
		t.Errorf("the handbook does not say %s", first)
	}
	f := fit()
	f.wires = append(f.wires, Wire{Name: "key", Title: "Công tắc", Starts: true})
	f.inputs["key"] = []bool{false, true}
	for _, c := range []struct {
		line, want string
		code       int
	}{
		{"local", "Không làm tại chỗ", OK},
		{"gpio test key 1", "local on 30", Refused},
		{"gpio test door 1", "Cửa tủ", OK},
		{"local on 30", "Làm tại chỗ", OK},
		{"gpio test key 1", "Công tắc: BẬT, 1 lần đổi trong 1 giây", OK},
		{"local off", "Không", OK},
		{"gpio test key 1", "local on 30", Refused},
	} {
		if text, code := f.ask(t, c.line); code != c.code || !strings.Contains(text, c.want) {
			t.Errorf("%q: %d, %q; want %d with %q", c.line, code, text, c.code, c.want)
		}
	}
}

func TestLocalMode(t *testing.T) {
	p := new(pole)
	for _, c := range []struct {
		line, want string
		until      time.Duration // after noon; 0: off
	}{
		{"local on 10", "Làm tại chỗ đến 12:10: không có gì phát từ xa, kể cả tin khẩn cấp. Xong việc gõ local off.", 10 * time.Minute},
		{"local", "Làm tại chỗ đến 12:10: không có gì phát từ xa, kể cả tin khẩn cấp. Xong việc gõ local off.", 10 * time.Minute},
		{"local on", "Làm tại chỗ đến 12:30: không có gì phát từ xa, kể cả tin khẩn cấp. Xong việc gõ local off.", 30 * time.Minute},
		{"status", "\nLàm tại chỗ    đến 12:30:00\n", 30 * time.Minute},
		{"status --json", `"local_until":"2026-11-23T12:30:00+07:00"`, 30 * time.Minute},
		{"local --json", `"data":{"local_until":"2026-11-23T12:30:00+07:00"}`, 30 * time.Minute},
		{"local on 20 thay loa số 2", "Làm tại chỗ đến 12:20", 20 * time.Minute},
		{"status", "\nLàm tại chỗ    đến 12:20:00  thay loa số 2\n", 20 * time.Minute},
		{"status --json", `"local_reason":"thay loa số 2"`, 20 * time.Minute},
		{"local off", "Không làm tại chỗ", 0},
		{"local off --json", `{"command":"local","code":0,"data":{}}`, 0},
	} {
		text, code := ask(t, p, c.line)
		if code != OK || !strings.Contains(text, c.want) {
			t.Errorf("%q: %d, %q, want in it %q", c.line, code, text, c.want)
		}
		if c.until == 0 != p.local.IsZero() || c.until > 0 && !p.local.Equal(noon.Add(c.until)) {
			t.Errorf("after %q local mode is on until %v", c.line, p.local)
		}
	}
	if text, _ := ask(t, p, "status"); strings.Contains(text, "Làm tại chỗ") {
		t.Errorf("local mode is over and the status says\n%s", text)
	}
}

func TestStop(t *testing.T) {
	for _, c := range []struct {
		p    *pole
		line string
		want string
	}{
		{&pole{alarmed: true}, "stop", "mọi lượt: Bão số 12."},
		{&pole{played: []string{"gong"}}, "stop", "Đã dừng: gong."},
		{&pole{played: []string{"gong"}}, "stop --json", `"data":{"stopped":true,"id":"local/1","title":"gong","class":"test"}`},
		{&pole{}, "stop", "Không có gì đang phát."},
		{&pole{}, "stop --json", `"data":{"stopped":false}`},
	} {
		if text, code := ask(t, c.p, c.line); code != OK || !strings.Contains(text, c.want) {
			t.Errorf("%s: %d, %q, want in it %q", c.line, code, text, c.want)
		}
	}
}

func TestWhatATechnicianDoesIsInTheLedger(t *testing.T) {
	p := &pole{night: true}
	for _, line := range []string{"status", "volume", "next", "amp on 900", "play siren", "volume 30", "amp  on   5", "tone", "stop", "local on 5", "local"} {
		ask(t, p, line)
	}
	var got []string
	for _, e := range p.entries {
		if e.Kind != ledger.Console || !e.Time.Equal(noon) || e.ID == "" {
			t.Errorf("entry %+v", e)
		}
		got = append(got, strings.TrimSpace(e.Detail+" "+string(e.Code)))
	}
	if want := "volume 30|amp on 5|tone quiet-hours|stop|local on 5"; strings.Join(got, "|") != want {
		t.Errorf("the ledger has %q, want %q", strings.Join(got, "|"), want)
	}
	p.broken = errors.New("read-only file system")
	if text, code := ask(t, p, "stop"); code != OK {
		t.Errorf("stop with a broken ledger: %d, %s", code, text)
	}
	if text, code := ask(t, p, "ledger verify"); code != Failed || !strings.Contains(text, "chỉ đọc") {
		t.Errorf("verify of a broken ledger: %d, %s", code, text)
	}
}

func TestBounds(t *testing.T) {
	text, _ := ask(t, new(pole), "next 7d")
	if n := strings.Count(text, "\n"); n > maxLines+40 || !strings.Contains(text, "còn 203 dòng") {
		t.Errorf("%d lines:\n%.300s", n, text)
	}
	for _, line := range []string{"next 0h", "next 32d", "next -1h", "next 99999999999999999999h", "next 1h 2h", "ledger last 0", "ledger last 501", "ledger last x", "ledger first",
		"why 0", "why a b", "tone 0", "tone 101", "tone 5 5", "play", "play gong 0", "volume 101", "volume -1", "amp", "amp on", "amp on 0", "amp on x", "amp off 5",
		"local yes", "local on 0", "local on 31", "local on x", "local on 5 5", "local off 5", "log 0", "log x", "lang fr", "doc delete", "stop now", "help no", "status --force", strings.Repeat("x", 257), "status\xff", strings.Repeat("status ", 1<<17)} {
		p := new(pole)
		if text, code := ask(t, p, line); code != Usage || len(text) > 400 {
			t.Errorf("%.40q ends with %d: %.200s", line, code, text)
		}
		if p.touched() != 0 {
			t.Errorf("%.40q touched the box", line)
		}
	}
}

func TestSlowBox(t *testing.T) {
	p := new(pole)
	b := p.box()
	b.Plan = stuck{}
	text, code := New(b, Opts{Limit: time.Millisecond}).Do(t.Context(), "next", Asker{Lang: "en"})
	if code != Failed || text != "The box did not answer in time." {
		t.Errorf("%d, %q", code, text)
	}
}

// Confirmations that are not clearly a yes are a no.
func TestYes(t *testing.T) {
	for s, want := range map[string]bool{"có": true, "CÓ": true, " co ": true, "y": true, "yes": true, "": false, "không": false, "n": false, "yesno": false, "1": false} {
		if yes(s) != want {
			t.Errorf("%q counts as %v", s, !want)
		}
	}
}

// A clock without a battery is not called one.
func TestAHostsClock(t *testing.T) {
	p := &pole{desk: true}
	for _, line := range []string{"clock", "status"} {
		if out, _ := ask(t, p, line); strings.Contains(out, "theo đồng hồ pin") || !strings.Contains(out, "theo giờ của máy") {
			t.Errorf("%s: %s", line, out)
		}
	}
}

// A box without a name visits its broker and leaves: that is no lost connection.
func TestABoxThatWaitsForApproval(t *testing.T) {
	c := &call{session: &session{Console: New(Box{}, Opts{}), words: vietnamese}}
	st := Status{Code: "1234-5678", Broker: "tls://broker.example:8883", Asks: noon.Add(40 * time.Second)}
	if got := c.link(st, noon, nil); got != "đang chờ duyệt, hỏi lại sau 40 giây" {
		t.Error(got)
	}
	gone, _ := health.Lookup("broker-unreachable")
	if got := c.link(st, noon, []health.Active{{Condition: gone, Since: noon}}); !strings.Contains(got, "chưa nối từ") {
		t.Error(got)
	}
	if got := c.link(st, noon.Add(time.Minute), nil); !strings.Contains(got, "chưa nối") {
		t.Error(got)
	}
}

// Why there is no broker is said at once, and not when patience ends: somebody
// stands at the box and waits.
func TestWhyThereIsNoBroker(t *testing.T) {
	holds := func(code string, ago time.Duration) health.Active {
		c, _ := health.Lookup(code)
		return health.Active{Condition: c, Since: noon.Add(-ago), Count: 2, Detail: "x509: unknown"}
	}
	for _, c := range []struct {
		holds []health.Active
		want  string
	}{
		{nil, "chưa nối, tls://broker.example:8883\n"},
		{[]health.Active{holds("broker-unreachable", 20*time.Second)}, "chưa nối từ 11:59: không liên lạc được với máy chủ tin nhắn\n"},
		{[]health.Active{holds("broker-unreachable", time.Hour), holds("tls-ca", time.Minute)}, "chưa nối từ 11:00: chứng thư của máy chủ không do cơ quan của ta ký\n"},
		{[]health.Active{holds("tls-expired", 30*time.Hour)}, "chưa nối từ 06:00:00 22/11/2026: chứng thư"},
		{[]health.Active{holds("muted", time.Hour)}, "chưa nối, tls"},
	} {
		p := &pole{offline: true, fresh: c.holds}
		out, _ := ask(t, p, "status")
		if out = strings.ReplaceAll(out, "\n               ", " "); !strings.Contains(out, "\nKết nối        "+c.want) {
			t.Errorf("want %q in\n%s", c.want, out)
		}
		for _, a := range c.holds {
			if out, _ := ask(t, p, "faults"); !strings.Contains(out, "MỚI  "+a.VI) || !strings.Contains(out, "x509") {
				t.Errorf("faults: %s", out)
			}
			if out, _ := ask(t, p, "faults --json"); !strings.Contains(out, `"code":"`+a.Code+`"`) || !strings.Contains(out, `"fresh":true`) {
				t.Errorf("faults --json: %s", out)
			}
		}
	}
}
