package console

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	"loa/agent/clock"
	"loa/agent/health"
	"loa/agent/ledger"
	"loa/agent/plan"
)

var verbs = regexp.MustCompile(`%(?:\[\d+\])?[a-z]|%%`)

func TestCataloguesAreAlike(t *testing.T) {
	for key, vi := range vietnamese {
		en, ok := english[key]
		if !ok {
			t.Errorf("%s has no English", key)
		}
		if a, b := strings.Join(verbs.FindAllString(vi, -1), " "), strings.Join(verbs.FindAllString(en, -1), " "); a != b {
			t.Errorf("%s takes %q in Vietnamese and %q in English", key, a, b)
		}
		if vi == "" || !norm.NFC.IsNormalString(vi) {
			t.Errorf("%s: %q is empty or not NFC", key, vi)
		}
	}
	for key := range english {
		if _, ok := vietnamese[key]; !ok {
			t.Errorf("%s has no Vietnamese", key)
		}
	}
}

// Every key that the code says is in the catalogues, and every text is said.
func TestCataloguesAreComplete(t *testing.T) {
	said := make(map[string]bool)
	var begun []string // keys that are put together: their beginnings
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name() == "vi.go" || f.Name() == "en.go" {
			continue
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				s, _ := strconv.Unquote(lit.Value)
				said[s] = true
				if strings.HasSuffix(s, ".") || strings.HasSuffix(s, ".%d") {
					begun = append(begun, strings.TrimSuffix(s, "%d"))
				}
			}
			if call, ok := n.(*ast.CallExpr); ok && len(call.Args) > 0 {
				sel, isSel := call.Fun.(*ast.SelectorExpr)
				lit, isLit := call.Args[0].(*ast.BasicLit)
				if isSel && isLit && sel.Sel.Name == "say" {
					if key, _ := strconv.Unquote(lit.Value); vietnamese[key] == "" {
						t.Errorf("%s says %s, which is in no catalogue", f.Name(), key)
					}
				}
			}
			return true
		})
	}
	for key := range vietnamese {
		ok := said[key]
		for _, b := range begun {
			ok = ok || b != "." && strings.HasPrefix(key, b)
		}
		if !ok {
			t.Errorf("%s is never said", key)
		}
	}
}

// What drivers say is found in it and said in Vietnamese, all of it.
func TestWhatDriversSay(t *testing.T) {
	s := &session{words: vietnamese}
	for said, want := range map[string]string{
		"TCP: BX-6W, address 1, 96×16; open: the card's own Wi-Fi: give it another password, or take its antenna off":             "TCP: BX-6W, địa chỉ 1, 96×16; CÒN LỐI VÀO: Wi-Fi riêng của card: hãy đổi mật khẩu hoặc tháo ăng-ten",
		"9600 baud: 3 bytes of noise (55 AA …): another speed, another protocol, or two cards at once":                            "9600 baud: 3 byte nhiễu (55 AA …): sai tốc độ, sai giao thức, hoặc hai card cùng trả lời",
		"bx: no answer from card 1 at /dev/ttyS1 after 3 tries: heard nothing":                                                    "bx: card 1 at /dev/ttyS1 không trả lời sau 3 lần hỏi: không nghe thấy gì",
		`the card calls the server "cloud.example:10001"; there is a SIM card in the card's modem`:                                `card tự gọi về máy chủ "cloud.example:10001"; trong modem của card có SIM`,
		"the network at 192.168.1.222:5200 obeys the factory's ID":                                                                "cổng mạng 192.168.1.222:5200 của card vẫn nhận ID xuất xưởng",
		"the card is reached by Wi-Fi (wlan0): whoever knows its password can write to it; give it a cable of its own to the box": "card nối qua Wi-Fi (wlan0): ai biết mật khẩu cũng ghi được lên bảng; hãy nối card thẳng vào thiết bị bằng dây riêng",
		"9600 baud: file does not exist": "9600 baud: file does not exist",
	} {
		if got := s.driver(said); got != want {
			t.Errorf("%q became\n%q, not\n%q", said, got, want)
		}
	}
}

// What the catalogue has of drivers is what they say.
func TestDriversSayIt(t *testing.T) {
	var source strings.Builder
	for _, dir := range []string{"../hardware", "../../drivers"} {
		err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
				return err
			}
			text, err := os.ReadFile(name)
			source.Write(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for key, text := range english {
		if !strings.HasPrefix(key, "driver.") {
			continue
		}
		for _, piece := range strings.Split(text, "%s") {
			if !strings.Contains(source.String(), piece) {
				t.Errorf("%s: nobody says %q", key, piece)
			}
		}
	}
}

// What the rest of the house may hand in has a text.
func TestEveryWordOfTheHouseHasAText(t *testing.T) {
	var want []string
	for l := clock.None; l <= clock.Signed; l++ {
		want = append(want, "level."+l.String(), "allows."+l.String())
	}
	for s := health.Info; s <= health.Fault; s++ {
		want = append(want, "severity."+s.String())
	}
	for _, c := range []plan.Class{plan.Emergency, plan.Live, plan.Drill, plan.PriorityC, plan.Normal, plan.Filler, plan.Test} {
		want = append(want, "class."+string(c))
	}
	for _, r := range []plan.Result{plan.Heard, plan.Silent, plan.Weak, plan.Partial, plan.Preempted, plan.Refused, plan.Missed} {
		want = append(want, "result."+string(r))
	}
	for _, k := range []ledger.Kind{
		ledger.Boot, ledger.Start, ledger.Pause, ledger.End, ledger.Refused, ledger.Alert, ledger.Mute, ledger.Clock, ledger.Fault, ledger.Console, ledger.Event,
	} {
		want = append(want, "kind."+string(k))
	}
	for _, s := range []string{InForce, Later, Expired, Withdrawn} {
		want = append(want, "state."+s)
	}
	for _, c := range builtIn {
		want = append(want, "chime."+c)
	}
	for _, key := range want {
		if vietnamese[key] == "" {
			t.Errorf("%s is in no catalogue", key)
		}
	}
}

// A time of day alone is only said of today: 05:30 tomorrow bears its date.
func TestClockTimeBearsADateUnlessToday(t *testing.T) {
	zone := time.FixedZone("+07:00", 7*3600)
	s := &session{Console: &Console{o: Opts{Zone: zone}}, words: vietnamese}
	now := time.Date(2026, 11, 23, 21, 0, 0, 0, zone)
	for _, c := range []struct {
		t    time.Time
		want string
	}{
		{now.Add(time.Hour), "22:00:00"},
		{now.Add(8*time.Hour + 30*time.Minute), "05:30:00 24/11/2026"},
		{now.UTC().Add(-time.Hour), "20:00:00"},
		{now.AddDate(1, 0, 0), "21:00:00 23/11/2027"},
	} {
		if got := s.clockTime(c.t, now); got != c.want {
			t.Errorf("at 21:00 %v is %q, want %q", c.t, got, c.want)
		}
	}
}
