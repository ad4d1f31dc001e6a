package console

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"loa/agent/config"
	"loa/agent/settings"
)

const ownFile = `device = "tp-0421"
board = "orangepi-zero"
[broker]
urls = ["tls://broker.example:8883"]
[network]
pin = "4321"
`

// settled is a pole's box with settings of its own in dir.
func settled(t *testing.T, p *pole, dir string) (Box, *settings.Keeper) {
	t.Helper()
	file := filepath.Join(dir, "agent.toml")
	if err := os.WriteFile(file, []byte(ownFile), 0o600); err != nil {
		t.Fatal(err)
	}
	k := settings.New(settings.Opts{File: file, Check: func(c config.Config) error {
		if c.Board == "orangepi" {
			return config.NoBoard(c.Board, errors.New("there is orangepi-zero"))
		}
		return nil
	}})
	if _, err := k.Load(); err != nil {
		t.Fatal(err)
	}
	box := p.box()
	box.Config, box.Carry, box.NetworkIsOurs = k, &pocket{}, true
	box.Given = func() []Given {
		return []Given{{"volume_percent", "80", "board"}, {"volume_percent", "60", "signed"}, {"place", "26734", "signed"}}
	}
	box.Links = func() []Link {
		return []Link{{Name: "eth0", Up: true, Addresses: []string{"192.168.1.20/24"}, Gateway: "192.168.1.1"}, {Name: "wwan0"}}
	}
	return box, k
}

// A pocket holds one stick.
type pocket struct{ text []byte }

func (p *pocket) GiveSettings(dir string, text []byte) (string, error) {
	p.text = text
	return "/media/usb/loa", nil
}

func (p *pocket) TakeSettings(dir string) ([]byte, error) {
	if p.text == nil {
		return nil, fs.ErrNotExist
	}
	return p.text, nil
}

// What a technician reads of settings, word for word.
func TestConfigAnswers(t *testing.T) {
	box, _ := settled(t, &pole{}, t.TempDir())
	box.View = still{box.View}
	c := New(box, Opts{Now: func() time.Time { return noon }})
	for _, x := range []struct {
		line string
		code int
		want string
	}{
		{"config", OK, `
device                "tp-0421"                       agent.toml
board                 "orangepi-zero"                 agent.toml
lang                  "vi"                            mặc định
media_mb              0                               mặc định
volume_percent        60                              văn bản có chữ ký
broker.urls           ["tls://broker.example:8883"]   agent.toml
console.login         "code"                          mặc định
console.idle_min      15                              mặc định
network.pin           ***                             agent.toml
place                 26734                           văn bản có chữ ký
config show all: cả những khóa để trống.`},
		{"config show network.a", OK, `
network.address       ""                              mặc định
network.apn           ""                              mặc định
network.apn_user      ""                              mặc định
network.apn_password  ""                              mặc định`},
		{"config show netwrok", Usage, `Cấu hình sai: không có khóa "netwrok"; các khóa là `},
		{"config edit borker.urls tls://a:1", Usage, `Cấu hình sai: không có khóa "borker.urls"; có phải là "broker.urls"?`},
		{"config edit device d-2", Usage, `Cấu hình sai: device: khóa này nói thiết bị là ai, có sẵn từ khi ghi danh, không sửa tại đây`},
		{"config edit media_mb nhiều", Usage, `Cấu hình sai: media_mb: "nhiều" không phải là số`},
		{"config diff", OK, `Không có gì thay đổi.`},
		{"commit", Usage, `Không có gì thay đổi.`},
		{"net set gateway 192.168.1.1", OK, `
- network.gateway = ""
+ network.gateway = "192.168.1.1"
Dùng thử: commit confirmed 10. Ghi luôn: commit. Bỏ: rollback 0.
Chưa ghi được: network.gateway: khi dùng DHCP thì cổng ra cũng do DHCP cho: hãy ghi network.address, hoặc bỏ khóa này`},
		{"config check", Usage, `Cấu hình sai: network.gateway: khi dùng DHCP`},
		{"commit confirmed", Usage, `Cấu hình sai: network.gateway: khi dùng DHCP`},
		{"rollback 0", OK, `Đã bỏ mọi thay đổi chưa ghi; cấu hình trong tệp đang có hiệu lực.`},
		{"net set static 192.168.1.20/24 192.168.2.1", Usage, `Cấu hình sai: network.gateway: 192.168.2.1 không nằm trong 192.168.1.0/24`},
		{"config edit board orangepi", OK, `Chưa ghi được: board: không có bo mạch "orangepi" dùng được: there is orangepi-zero`},
		{"commit", Usage, `Cấu hình sai: board: không có bo mạch`},
		{"rollback 0", OK, ``},
		{"config edit network.pin 1234", OK, `
- network.pin = ***
+ network.pin = ***`},
		{"net set static 192.168.1.20/24 192.168.1.1", OK, `+ network.dns = ["192.168.1.1"]`},
		{"commit confirmed 61", Usage, `Dùng thử được từ 1 đến 60 phút.`},
		{"commit confirmed 10", OK, `Gõ commit trước giờ đó để giữ; nếu không, hoặc nếu thiết bị mất điện hay khởi động lại, cấu hình cũ tự trở lại.`},
		{"config show network.address", OK, `
network.address       "192.168.1.20/24"               ĐANG THỬ, agent.toml: ""
Đang dùng thử cấu hình đến `},
		{"net", OK, `
Địa chỉ        192.168.1.20/24
Cổng ra        192.168.1.1
DNS            192.168.1.1
Thứ tự         ethernet > mobile
APN            do SIM hoặc nhà mạng cho
PIN SIM        có
eth0           192.168.1.20/24, ra mạng qua 192.168.1.1
wwan0          không nối
Đang dùng thử cấu hình đến `},
		{"commit", OK, `Đã ghi cấu hình. Cấu hình trước đó: rollback 1.`},
		{"rollback", OK, ` network.address network.gateway network.dns…`},
		{"rollback 7", Usage, `Không có bản cấu hình đó; gõ rollback để xem.`},
		{"rollback 1", OK, `- network.address = "192.168.1.20/24"`},
		{"rollback 0", OK, ``},
		{"net set dhcp", OK, `
- network.address = "192.168.1.20/24"
+ network.address = ""
- network.gateway = "192.168.1.1"
+ network.gateway = ""
- network.dns = ["192.168.1.1"]
+ network.dns = []
Dùng thử`}, // the server that static has put there is of that network
		{"rollback 0", OK, ``},
		{"net set dns 1.1.1.1", OK, ``},
		{"net set dhcp", OK, `+ network.dns = ["1.1.1.1"]`}, // what a person has put there stays
		{"rollback 0", OK, ``},
		{"config import", Failed, `Không làm được: trên ổ USB không có tệp loa/settings.toml`},
		{"config export usb", OK, `Đã ghi cấu hình, không có bí mật, vào /media/usb/loa.`},
		{"config import usb", OK, `Không có gì thay đổi.`},
		{"config export", OK, `address = "192.168.1.20/24"`},
		{"config paste", Usage, `config paste cần một phiên làm việc`},
		{"config frobnicate", Usage, "Cách dùng:\n  config\n  config show [all|KEY]\n"},
		{"net set static", Usage, "Cách dùng:\n  net\n  net show\n  net set static ADDRESS [GATEWAY [DNS]]\n"},
	} {
		got, code := c.Do(t.Context(), x.line, Asker{})
		want := strings.TrimPrefix(x.want, "\n")
		if code != x.code || !strings.Contains(got, want) || x.want != want && !strings.HasPrefix(got, want) {
			t.Errorf("%s: %d\n%s\nwant %d\n%s", x.line, code, got, x.code, want)
		}
		if strings.Contains(got, "4321") || strings.Contains(got, "1234") {
			t.Errorf("%s tells the PIN:\n%s", x.line, got)
		}
	}
}

// still is a box at which nothing sounds.
type still struct{ Viewer }

func (s still) Status() Status {
	st := s.Viewer.Status()
	st.Now = nil
	return st
}

// The ledger says who touched what, and no secret.
func TestCommitIsWritten(t *testing.T) {
	p := new(pole)
	box, k := settled(t, p, t.TempDir())
	box.View = still{box.View}
	c := New(box, Opts{})
	for _, line := range []string{"config edit network.pin 9876", "net set apn v-internet user geheim", "commit confirmed 10", "config commit"} {
		if text, code := c.Do(t.Context(), line, Asker{}); code != OK {
			t.Errorf("%s: %d, %s", line, code, text)
		}
	}
	var said []string
	for _, e := range p.entries {
		said = append(said, e.ID+" "+e.Detail)
	}
	const keys = ": network.apn network.apn_user network.apn_password network.pin"
	if got, want := strings.Join(said, "\n"), "console/config commit confirmed 10"+keys+"\nconsole/config config commit"+keys; got != want {
		t.Errorf("the ledger says\n%s\nwant\n%s", got, want)
	}
	if k.Kept().Network.PIN != "9876" {
		t.Error("not kept")
	}
}

func TestSettingsFromAfar(t *testing.T) {
	box, k := settled(t, &pole{}, t.TempDir())
	c := New(box, Opts{})
	for _, line := range []string{"config edit lang en", "net set dhcp", "commit", "commit confirmed 5 --yes", "rollback 0", "rollback 1", "config import usb", "config export usb", "config paste"} {
		if text, code := c.Do(t.Context(), line, Asker{Remote: true}); code == OK {
			t.Errorf("%q from afar: %s", line, text)
		}
	}
	for _, line := range []string{"config", "config show", "config diff", "config check", "config export", "rollback", "net"} {
		if text, code := c.Do(t.Context(), line, Asker{Remote: true}); code != OK {
			t.Errorf("%q from afar: %d, %s", line, code, text)
		}
	}
	if _, by := k.Candidate(); by != "" {
		t.Error("the candidate was touched")
	}
}

// What sounds is not cut off by a typing error; a network alone cuts nothing off.
func TestACommitAsksWhileSomethingSounds(t *testing.T) {
	box, k := settled(t, &pole{}, t.TempDir())
	c := New(box, Opts{})
	for _, x := range []struct {
		line string
		code int
	}{{"net set dns 1.1.1.1", OK}, {"commit", OK}, {"config edit lang en", OK}, {"commit", Refused}, {"commit confirmed 10", Refused}, {"commit --yes", OK}} {
		if text, code := c.Do(t.Context(), x.line, Asker{}); code != x.code {
			t.Errorf("%s: %d, %s", x.line, code, text)
		}
	}
	if k.Kept().Lang != "en" {
		t.Error("not kept")
	}
}

// Pasted lines are taken all or not at all, and noise among them is seen.
func TestPaste(t *testing.T) {
	for name, x := range map[string]struct {
		keys string
		want string
		lang string
	}{
		"up to a dot":     {"lang = \"en\"\r[network]\rdns = [\"1.1.1.1\"]\r.\r", `+ network.dns = ["1.1.1.1"]`, "en"},
		"up to Ctrl-D":    {"lang = \"en\"\r\x04", `+ lang = "en"`, "en"},
		"CRLF and tabs":   {"\tlang\t= \"en\"\r\n\r\n# ghi chú\r\n.\r\n", `+ lang = "en"`, "en"},
		"LF alone":        {"lang = \"en\"\n.\n", `+ lang = "en"`, "en"},
		"bracketed":       {"\x1b[200~lang = \"en\"\r\x1b[201~.\r", `+ lang = "en"`, "en"},
		"a byte dropped":  {"media_mb = 7\rlng = \"en\"\r.\r", `phần dán:2: không có khóa "lng"; có phải là "lang"?`, "vi"},
		"noise":           {"lang = \xff\xfe\"en\r.\r", `phần dán:1: không đọc được: `, "vi"},
		"a line too long": {"lang = \"en\"\r# " + strings.Repeat("x", 300) + "\r.\r", `Không nhận dòng nào`, "vi"},
		"too many lines":  {strings.Repeat("\r", maxPaste) + "lang = \"en\"\r.\r", `Không nhận dòng nào`, "vi"},
		"nothing":         {".\r", `Không có gì thay đổi.`, "vi"},
	} {
		t.Run(name, func(t *testing.T) {
			box, k := settled(t, &pole{}, t.TempDir())
			sitAt(t, New(box, Opts{}), func(d *desk) {
				d.sees("config paste\r", "Dán các dòng")
				d.sees(x.keys, x.want)
				d.sees("version\r", "0.3.1") // the session goes on as before
			})
			if c, _ := k.Candidate(); c.Lang != x.lang || c.Device != "tp-0421" {
				t.Errorf("lang %s", c.Lang)
			}
		})
	}
}

// The second of two technicians sees who edits, and may go on when the first has left.
func TestTwoTechnicians(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		box, k := settled(t, &pole{}, dir)
		box.View = still{box.View}
		c := New(box, Opts{Now: func() time.Time { return noon }})
		port, local := open(t, c.At(Line{Name: "port", Stays: true})), open(t, c)
		if got := local.screen(); !strings.Contains(got, "Đang có thêm người ở cổng nối tiếp, từ 12:00.") {
			t.Errorf("the greeting is %q", got)
		}
		port.sees("config edit lang en\r", `+ lang = "en"`)
		for _, line := range []string{"config edit media_mb 7\r", "commit\r", "rollback 0\r"} {
			local.sees(line, "người ở cổng nối tiếp đang sửa cấu hình từ 12:00; chờ người đó thoát")
		}
		local.sees("config diff\r", `+ lang = "en"`)
		port.sees("exit\r", "Tạm biệt.")
		local.sees("config edit media_mb 7\r", `+ media_mb = 7`)
		port.sees("commit\r", "người ở chính máy này đang sửa cấu hình")
		local.conn.Close() // a cable that is pulled frees it as well
		synctest.Wait()
		port.sees("commit\r", "Đã ghi cấu hình.")
		port.conn.Close()
		synctest.Wait()
		if is := k.Kept(); is.Lang != "en" || is.MediaMB != 7 {
			t.Errorf("%+v", is)
		}
	})
}
