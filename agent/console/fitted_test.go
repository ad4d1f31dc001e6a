package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"loa/agent/commission"
	"loa/agent/lastrun"
	"loa/agent/survey"
)

// A fitted box has everything that a technician may look at: a modem, pins, a record to
// make, a stick to write on.
type fitted struct {
	*pole
	lit   bool // the amplifier follows its line
	held  bool
	book  Commission
	signs error

	net   survey.Net
	pings []survey.Ping
	sim   survey.SIM
	modem error
	heard survey.Reception

	wires  []Wire
	inputs map[string][]bool // what each says, one reading after another
	pulses []string

	last    lastrun.Last
	kept    map[string][]byte
	keeps   error
	reboots []string
	wiped   []bool
}

func fit() *fitted {
	return &fitted{
		pole: &pole{level: 60}, lit: true, book: Commission{QuieterDB: 12},
		net: survey.Net{
			Interfaces: []survey.Interface{
				{Name: "eth0", MAC: "02:00:00:00:00:01", Up: true, Carrier: true, Addresses: []string{"192.168.1.7/24"}},
				{Name: "wwan0", Up: true, Addresses: []string{}},
			},
			Via: "eth0", Gateway: "192.168.1.1", DNS: []string{"203.113.131.1"},
		},
		pings: []survey.Ping{
			{URL: "tls://broker.example:8883", Address: "203.0.113.5", NameMS: 1.25, TCPMS: 21.5, TLSMS: 60.25},
			{URL: "tls://second.example:8883", NameMS: 5000, Error: "lookup second.example: no such host"},
		},
		sim: survey.SIM{Model: "EC25", IMEI: "867584030000017", State: "READY", ICCID: "89840200012345678901", Operator: "VIETTEL", Registered: "home"},
		heard: survey.Reception{
			Access: "LTE", ForS: 60, RSRP: survey.Spread{Least: -101, Mean: -97.25, Most: -95, N: 30},
			RSRQ: survey.Spread{Least: -12, Mean: -11, Most: -10, N: 30}, SINR: survey.Spread{Least: 8, Mean: 13.1, Most: 15, N: 30},
		},
		wires: []Wire{
			{Name: "door", Where: "1c20800.pinctrl line 7"},
			{Name: "lamp", Title: "Đèn báo", Where: "1c20800.pinctrl line 10", Output: true},
		},
		inputs: map[string][]bool{"door": {false, true}},
		last:   lastrun.Last{Why: lastrun.Panicked, Version: "0.3.0", Began: noon.Add(-51 * time.Hour), Code: 2, Text: "panic: the horn fell down\n\ngoroutine 1 [running]:\nmain.main()", Runs: 7},
		kept:   map[string][]byte{},
	}
}

func (f *fitted) box() Box {
	b := f.pole.box()
	b.View, b.Sound = f, f
	b.Commission, b.Survey, b.Wires, b.Care = f, f, f, f
	b.Settings = func() []Setting {
		return []Setting{
			{"volume", "60 %", FromConsole, "volume"},
			{"broker.urls", "[tls://broker.example:8883]", FromFile, "agent.toml:7"},
			{"levels.volume_percent", "80", FromFile, "boards/orangepi-zero.toml:53"},
			{"console.baud", "115200", FromDefault, ""},
		}
	}
	b.Identity = func() Identity {
		return Identity{
			Model: "Xunlong Orange Pi Zero", Serial: "02c00042deadbeef", Code: "K7QX-3MPA", Key: strings.Repeat("ab", 32),
			Certificate: &CertInfo{Subject: "tp-0421", Issuer: "Loa CA", Serial: "42", From: noon.Add(-24 * time.Hour), Until: noon.Add(364 * 24 * time.Hour), Renews: true, RenewedAt: noon.Add(180 * 24 * time.Hour)},
		}
	}
	b.Reset = func() {}
	return b
}

func (f *fitted) Status() Status {
	st := f.pole.Status()
	st.Keyed, st.Amp = true, f.held && f.lit
	return st
}

func (f *fitted) HoldAmp(d time.Duration) error {
	f.held = d > 0
	return f.pole.HoldAmp(d)
}

func (f *fitted) Commission() Commission { return f.book }

func (f *fitted) Mark(m commission.Mark) error {
	f.book.Draft = slices.DeleteFunc(slices.Clone(f.book.Draft), func(n commission.Mark) bool { return n.Step == m.Step })
	f.book.Draft = append(f.book.Draft, m)
	return nil
}

func (f *fitted) Sign(_ context.Context, by string) (commission.Record, error) {
	if len(f.book.Draft) < len(commission.Steps()) {
		return commission.Record{}, commission.ErrOpen
	}
	r := commission.Record{Device: "tp-0421", Board: "orangepi-zero", Version: "0.3.1", By: by, At: noon, Marks: f.book.Draft}
	f.book.Record, f.book.Draft, f.book.SHA256 = &r, nil, strings.Repeat("0f", 32)
	return r, f.signs
}

func (f *fitted) Restart() error { f.book.Draft = nil; return nil }

func (f *fitted) Net(context.Context) survey.Net          { return f.net }
func (f *fitted) Ping(context.Context) []survey.Ping      { return f.pings }
func (f *fitted) SIM(context.Context) (survey.SIM, error) { return f.sim, f.modem }
func (f *fitted) Listen(context.Context, time.Duration) (survey.Reception, error) {
	return f.heard, nil
}

func (f *fitted) Wires() []Wire { return f.wires }

func (f *fitted) Read(name string) (bool, error) {
	said := f.inputs[name]
	if len(said) == 0 {
		return false, errors.New("no such chip here")
	}
	if len(said) > 1 {
		f.inputs[name] = said[1:]
	}
	return said[0], nil
}

func (f *fitted) Pulse(_ context.Context, name string, d time.Duration) error {
	f.pulses = append(f.pulses, fmt.Sprint(name, " ", d))
	return nil
}

func (f *fitted) Last() lastrun.Last { return f.last }

func (f *fitted) Keep(_ context.Context, dir, name string, data []byte) (string, error) {
	f.kept[name] = data
	return or(dir, "/media/STICK") + "/" + name, f.keeps
}

func (f *fitted) Reboot(_ context.Context, reason string) error {
	f.reboots = append(f.reboots, reason)
	return nil
}

func (f *fitted) CanReboot() bool { return true }

func (f *fitted) Factory(everything bool) error {
	f.wiped = append(f.wiped, everything)
	return nil
}

func (f *fitted) ask(t *testing.T, line string) (string, int) {
	t.Helper()
	return New(f.box(), Opts{}).Do(t.Context(), line, Asker{})
}

// What a technician reads of a fitted box, word for word.
func TestAnswersOfAFittedBox(t *testing.T) {
	for line, want := range map[string]string{
		"status": `
Thiết bị       tp-0421, Ấp 3, orangepi-zero, 0.3.1
Địa bàn        26734
Đồng hồ        12:00:00 23/11/2026, theo đồng hồ pin
Đã chạy        2 ngày 2 giờ
Kết nối        đã nối tls://broker.example:8883, từ 1 giờ 30 phút trước
Âm thanh       OK, tăng âm tắt, âm lượng 60 %
Mức            [==============...|..] -18 dBFS
Đang phát      Bản tin trưa (thông thường, đến 12:14, 80 %)
Sắp phát       17:00:00  Tiếp âm VOV1 (ưu tiên)
Tệp âm, hình   có 11/12, còn trống 3,0 GB
Nghiệm thu     chưa: phát nhỏ hơn 12 dB; gõ commission
Sự cố          Thiết bị âm thanh ngừng hoạt động (và 1 sự cố khác)
`,
		"survey net": `
eth0           nối, 192.168.1.7/24, 02:00:00:00:00:01
wwan0          không có tín hiệu dây
Cổng ra        192.168.1.1 qua eth0
DNS            203.113.131.1
Modem 4G       EC25, SIM READY, VIETTEL, đã đăng ký
Sóng           LTE, 60 giây, 0 lần đo hỏng: thấp nhất, trung bình, cao nhất
  RSRP          -101,0   -97,2   -95,0 dBm
  RSRQ           -12,0   -11,0   -10,0 dB
  SINR             8,0    13,1    15,0 dB
  Sóng tốt.
`,
		"sim": `
Modem 4G       EC25
SIM            READY
Nhà mạng       VIETTEL, đã đăng ký
ICCID          89840200012345678901
IMEI           867584030000017
`,
		"ping broker": `
tls://broker.example:8883 203.0.113.5
    tên 1,2 ms, TCP 21,5 ms, TLS 60,2 ms
tls://second.example:8883
    KHÔNG ĐƯỢC: lookup second.example: không có máy tên đó
`,
		"why volume": `
volume = 60 %
    kỹ thuật viên đặt: volume
levels.volume_percent = 80
    tệp: boards/orangepi-zero.toml:53
`,
		"why baud":        "\nconsole.baud = 115200\n    mặc định\n",
		"why not playing": "\nĐang phát: Bản tin trưa (thông thường, đến 12:14, 80 %)\nNếu loa im:\n- tăng âm chưa bật.\n- chưa nghiệm thu nên phát nhỏ hơn 12 dB.\n",
		"why refused 1":   "\n11:00:00 23/11/2026  p/26734/act (quorum)\n    Chưa đủ số người ký theo quy định.\n    Chi tiết kỹ thuật: 1 of 2 holders\n    3 lần\n",
		"say ip":          "\nBắt đầu: Địa chỉ 192.168.1.7, 5,8 s.\n",
		"sweep 30":        "\nBắt đầu: Âm quét 200 đến 8000 Hz, 8 s.\n",
		"chime gong 20":   "\nBắt đầu: Tiếng cồng, 4 s.\n",
		"level": `
Mức            [==============...|..] -18 dBFS
Âm thanh       OK, tăng âm tắt, âm lượng 60 %
Hụt tiếng      0 lần ở cạc, 0 lần ở nguồn
`,
		"gpio": `
door       Cửa tủ, vào, đóng
lamp       Đèn báo, ra
`,
		"gpio map": `
door       Cửa tủ, 1c20800.pinctrl line 7, vào
lamp       Đèn báo, 1c20800.pinctrl line 10, ra
`,
		"lamp 3":         "\nĐèn báo: đã bật 3 giây rồi tắt.\n",
		"door":           "\nCửa tủ: đóng\n",
		"gpio test horn": "\nBo mạch này không có chân \"horn\"; có: door, lamp.\n",
		"relay":          "\nBo mạch này không có chân \"relay\"; có: door, lamp.\n",
		"id": `
Thiết bị       tp-0421, Ấp 3
Địa bàn        26734
Bo mạch        orangepi-zero, Xunlong Orange Pi Zero
Số máy         02c00042deadbeef
Phiên bản      0.3.1
Địa chỉ        192.168.1.7
Mã khóa        K7QX-3MPA
Khóa SHA-256   abababababababababababababababababababababababababababababababab
Hết hạn        12:00:00 22/11/2027
`,
		"cert": `
Cấp cho        tp-0421
Người cấp      Loa CA
Số             42
Từ             12:00:00 22/11/2026
Hết hạn        12:00:00 22/11/2027, còn 364 ngày
Gia hạn        tự xin từ 12:00:00 22/05/2027
`,
		"crash last": `
Lần trước      HỎNG PHẦN MỀM: tiến trình sụp
Chạy từ        09:00:00 21/11/2026
Mã kết thúc    2
Phiên bản      0.3.0
Số lần chạy    7
  panic: the horn fell down
  
  goroutine 1 [running]:
  main.main()
`,
		"commission show":               "\nchưa: phát nhỏ hơn 12 dB; gõ commission\n",
		"factory reset all":             "\nCách dùng: factory reset [everything DEVICE]\n",
		"factory reset everything tp-1": "\nĐể xóa cả danh tính, gõ đúng mã thiết bị: factory reset everything tp-0421\n",
		"factory reset":                 "\nBị từ chối: chưa xóa gì; thêm --yes nếu đã chắc\n",
		"reboot":                        "\nCách dùng: reboot --reason TEXT\n",
		"reboot --reason thay thẻ nhớ":  "\nBị từ chối: không khởi động lại; thêm --yes nếu đã chắc\n",
	} {
		t.Run(line, func(t *testing.T) {
			got, _ := fit().ask(t, line)
			if strings.TrimSpace(got) != strings.TrimSpace(want) {
				t.Errorf("got\n%s\nwant%s", got, want)
			}
		})
	}
}

// narrow are lines that a fitted box answers with no more than the screen is wide.
var narrow = []string{
	"status", "survey net", "sim", "ping broker", "why not playing", "why volume", "why broker", "say ip", "sweep", "chime gong", "level",
	"gpio", "gpio map", "lamp", "door", "relay", "id", "label", "cert", "crash last", "bundle", "commission show", "commission", "commission 3",
	"commission 1 pass", "commission sign Nguyễn Văn An", "factory reset", "factory reset everything tp-0421", "reboot --reason x", "reboot --reason x --yes",
}

func TestAScreenIsWideEnough(t *testing.T) {
	for _, lang := range []string{"vi", "en"} {
		f := fit()
		f.last.Text = strings.Repeat("goroutine ", 100)
		for _, line := range narrow {
			text, _ := New(f.box(), Opts{}).Do(t.Context(), line, Asker{Lang: lang})
			for row := range strings.Lines(text) {
				if n := utf8.RuneCountInString(strings.TrimRight(row, "\n")); n > 80 {
					t.Errorf("%s, %s: %d letters: %s", lang, line, n, row)
				}
			}
		}
	}
}

// With everything at once the first look fits a screen of 80 by 24, prompt and question
// included.
func TestTheFirstLookFitsOneScreen(t *testing.T) {
	f := fit()
	f.local = noon.Add(10 * time.Minute)
	b := f.box()
	b.View = crowded{f}
	b.Board = &sign{status: BoardStatus{Title: strings.Repeat("Lịch tiêm chủng ", 10)}}
	for _, lang := range []string{"vi", "en"} {
		text, code := New(b, Opts{}).Do(t.Context(), "status", Asker{Lang: lang})
		if n := strings.Count(strings.TrimSpace(text), "\n") + 1; code != OK || n > 22 {
			t.Errorf("%s: %d lines:\n%s", lang, n, text)
		}
		for row := range strings.Lines(text) {
			if utf8.RuneCountInString(strings.TrimSpace(row)) > 80 {
				t.Errorf("too wide: %s", row)
			}
		}
	}
}

// A crowded box has something to say in every line of the status.
type crowded struct{ *fitted }

func (c crowded) Status() Status {
	st := c.fitted.Status()
	st.Code, st.Name, st.Sink = "K7QX-3MPA", strings.Repeat("Ấp Bàu Bàng ", 9), strings.Repeat("no such device ", 9)
	st.MutedUntil = noon.Add(time.Hour)
	st.Broker = strings.Repeat("tls://broker.example:8883 ", 3)
	for range 9 {
		st.Waiting = append(st.Waiting, Item{Title: strings.Repeat("Bản tin ", 20), Class: "priority"})
	}
	return st
}

func TestEveryCommandOfAFittedBoxAnswersJSON(t *testing.T) {
	for _, who := range []Asker{{}, {Lang: "en"}, {Remote: true}} {
		for _, line := range append(narrow, "commission speaker pass nghe rõ", "commission restart", "commission 13", "commission 1 maybe", "survey net 0", "survey", "level 99", "say", "say time", "ping x", "gpio test lamp 11") {
			got, code := New(fit().box(), Opts{}).Do(t.Context(), line+" --json", who)
			var r reply
			if err := json.Unmarshal([]byte(got), &r); err != nil || strings.Contains(got, "\n") || r.Code != code || r.Error != "" && code == OK {
				t.Errorf("%q: %d, %q, %v", line, code, got, err)
			}
		}
	}
}

// Who is not at the box may look at all of it, and touch nothing.
func TestAFittedBoxFromAfar(t *testing.T) {
	f := fit()
	c := New(f.box(), Opts{})
	for _, line := range []string{
		"say ip --yes", "sweep --yes", "chime gong --yes", "speaker test --yes", "lamp", "gpio test lamp", "commission", "commission 1 pass", "commission sign An",
		"commission restart --yes", "reboot --reason x --yes", "factory reset --yes", "factory reset everything tp-0421 --yes", "bundle",
	} {
		if text, code := c.Do(t.Context(), line, Asker{Remote: true}); code != Refused {
			t.Errorf("%q from afar: %d, %s", line, code, text)
		}
	}
	for _, line := range []string{"status", "survey net", "sim", "why not playing", "why volume", "gpio", "gpio map", "door", "id", "label", "cert", "crash last", "commission show", "level"} {
		if text, code := c.Do(t.Context(), line, Asker{Remote: true}); code != OK {
			t.Errorf("%q from afar: %d, %s", line, code, text)
		}
	}
	if f.touched()+len(f.pulses)+len(f.kept)+len(f.reboots)+len(f.wiped)+len(f.book.Draft) > 0 {
		t.Error("it was touched")
	}
}
