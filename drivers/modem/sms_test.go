package modem

import (
	"bytes"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"loa/drivers/modem/modemtest"
)

// Messages come as they were sent, whatever their alphabet, and go when they are deleted;
// what makes none is there to be deleted.
func TestMessages(t *testing.T) {
	at := time.Date(2026, 11, 27, 3, 15, 42, 0, time.FixedZone("", 7*3600))
	for _, maker := range []string{modemtest.SIMCom, modemtest.Quectel, modemtest.Plain} {
		fake := modemtest.New(maker)
		m, err := New(t.Context(), plug(t, fake))
		if err != nil {
			t.Fatal(err)
		}
		if all, err := m.Messages(t.Context()); err != nil || len(all) != 0 { // from now on it keeps them
			t.Fatal(all, err)
		}
		fake.Send("+84912345678", "K7QX-39MP-AT5C", at)
		fake.Send("0912345", "ok: Lũ đang lên", at.Add(time.Minute)) // not in seven bits
		fake.Send("VIETTEL", "OK\r\n+CMGL: 9,1,,3\r\n00", at)
		fake.Store("07914889000000F00")
		all, err := m.Messages(t.Context())
		if err != nil || len(all) != 4 {
			t.Fatalf("%+v, %v", all, err)
		}
		want := []SMS{
			{"1", "+84912345678", "K7QX-39MP-AT5C", at},
			{"2", "0912345", "ok: Lũ đang lên", at.Add(time.Minute)},
			{"3", "VIETTEL", "OK\r\n+CMGL: 9,1,,3\r\n00", at},
			{ID: "4"},
		}
		for i, w := range want {
			if g := all[i]; g.ID != w.ID || g.From != w.From || g.Text != w.Text || !g.Sent.Equal(w.Sent) {
				t.Errorf("%d: %+v, want %+v", i, g, w)
			}
		}
		for _, s := range all[:3] {
			if err := m.Delete(t.Context(), s.ID); err != nil {
				t.Error(err)
			}
		}
		if all, err := m.Messages(t.Context()); err != nil || len(all) != 1 || all[0].ID != "4" {
			t.Errorf("after deleting: %+v, %v", all, err)
		}
		m.Close()
	}
}

// A line takes what is written whether or not the modem hears it, as a UART does.
type line struct {
	net.Conn
	out  chan []byte
	once sync.Once
}

func uart(c net.Conn) *line {
	l := &line{Conn: c, out: make(chan []byte, 256)}
	go func() { // ends with Close
		for b := range l.out {
			c.Write(b)
		}
	}()
	return l
}

func (l *line) Write(p []byte) (int, error) {
	l.out <- bytes.Clone(p)
	return len(p), nil
}

func (l *line) Close() error {
	l.once.Do(func() { close(l.out) })
	return l.Conn.Close()
}

// What real modems do between and instead of their answers loses no message and deletes
// none that came damaged.
func TestMessagesOfAnAwkwardModem(t *testing.T) {
	const code = "K7QX-39MP-AT5C"
	at := time.Date(2026, 11, 27, 3, 15, 42, 0, time.FixedZone("", 7*3600))
	for what, c := range map[string]struct {
		with func(*modemtest.Modem)
		want []string // the texts of what came
		bad  bool     // the first look is told to be no good
		then []string // what the next look has, through a fresh port
	}{
		"news in the middle of a list": {with: func(m *modemtest.Modem) {
			m.Interrupt(`+CMTI: "ME",7`)
			m.Send("+84912345678", code, at)
		}, want: []string{code}},
		"a call in the middle of a list": {with: func(m *modemtest.Modem) {
			m.Interrupt("RING")
			m.Send("+84912345678", code, at)
		}, want: []string{code}},
		"messages come into another store than is read": {with: func(m *modemtest.Modem) {
			m.Stores("ME", "SM")
			m.Send("+84912345678", code, at)
		}, want: []string{code}},
		"one that names only the store that is read": {with: func(m *modemtest.Modem) {
			m.Name(1)
			m.Send("+84912345678", code, at)
		}, want: []string{code}},
		"one that names no store": {with: func(m *modemtest.Modem) {
			m.Name(0)
			m.Send("+84912345678", code, at)
		}, want: []string{code}},
		"a full store": {with: func(m *modemtest.Modem) {
			for range 25 {
				m.Send("VIETTEL", "Quý khách còn 12.000đ", at)
			}
		}, want: slices.Repeat([]string{"Quý khách còn 12.000đ"}, 20)},
		"a store that others have filled": {with: func(m *modemtest.Modem) { m.Write("ME", 20) }, bad: true, then: []string{}},
		"one that others have filled but for one": {with: func(m *modemtest.Modem) {
			m.Write("ME", 19)
			m.Send("+84912345678", code, at)
		}, want: []string{code}},
		"a digit is lost on the line": {with: func(m *modemtest.Modem) {
			m.Damage(1)
			m.Send("+84912345678", code, at)
		}, want: []string{code}},
		"its power goes in the middle of a list": {with: func(m *modemtest.Modem) {
			m.Send("+84912345678", code, at)
			m.CutPower()
		}, bad: true, then: []string{code}},
		"it is slow": {with: func(m *modemtest.Modem) {
			m.Send("+84912345678", code, at)
			m.Lag(1500 * time.Millisecond)
		}, want: []string{code}},
		"it is slower than a code may take": {with: func(m *modemtest.Modem) {
			m.Send("+84912345678", code, at)
			m.Lag(20 * time.Second)
		}, bad: true},
		"a text in parts, the last first": {with: func(m *modemtest.Modem) {
			m.SendPart("+84912345678", code, at, 2, 2)
			m.SendPart("+84912345678", "Khi có lũ thì gửi", at, 1, 2)
		}, want: []string{"", ""}},
	} {
		synctest.Test(t, func(t *testing.T) {
			fake := modemtest.New(modemtest.SIMCom)
			look := func() ([]SMS, error) {
				here, there := net.Pipe()
				over := make(chan struct{})
				go func() { defer close(over); fake.Serve(there) }()
				port := uart(here)
				defer func() { port.Close(); <-over }()
				m, err := New(t.Context(), port)
				if err != nil {
					return nil, err
				}
				defer m.Close()
				return m.Messages(t.Context())
			}
			texts := func(all []SMS) (texts []string) {
				for _, s := range all {
					texts = append(texts, s.Text)
				}
				return texts
			}
			if all, err := look(); err != nil || len(all) != 0 { // from now on it keeps them
				t.Fatal(all, err)
			}
			c.with(fake)
			all, err := look()
			if got := texts(all); !slices.Equal(got, c.want) || (err != nil) != c.bad {
				t.Errorf("%s: %q, %v; want %q", what, got, err, c.want)
			}
			if c.then == nil {
				return
			}
			all, _ = look()
			if got := texts(all); !slices.Equal(got, c.then) {
				t.Errorf("%s, the next time: %q, want %q", what, got, c.then)
			}
		})
	}
}

// A message of a real network, as AT+CMGL gives it, and with a header before its text.
func TestPDUs(t *testing.T) {
	// The example of 3GPP's alphabet that every description of PDUs has: "hellohello".
	s, err := parseDeliver("07917283010010F5040BC87238880900F10000993092516195800AE8329BFD4697D9EC37")
	if err != nil || s.From != "27838890001" || s.Text != "hellohello" || s.Sent.Format(time.RFC3339) != "1999-03-29T15:16:59+02:00" && s.Sent.Format(time.RFC3339) != "2099-03-29T15:16:59+02:00" {
		t.Errorf("%+v, %v", s, err)
	}
	for _, broken := range []string{"", "0", "zz", "00", "FF", "07917283010010F504", "07917283010010F5040BC87238880900F10000993092516195800A", strings.Repeat("FF", 160)} {
		if s, err := parseDeliver(broken); err == nil {
			t.Errorf("%q is %+v", broken, s)
		}
	}
}

func FuzzDeliver(f *testing.F) {
	f.Add("07917283010010F5040BC87238880900F10000993092516195800AE8329BFD4697D9EC37")
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := parseDeliver(text); err == nil && (len(s.From) > 41 || len(s.Text) > 1200) {
			t.Errorf("%+v", s)
		}
	})
}

func TestMessagesOfModemManager(t *testing.T) {
	m := manager(t, `
gone=$(dirname "$0")/gone
case "$*" in
"-m any --messaging-list-sms -J")
	if [ -e "$gone" ]; then echo '{"modem.messaging.sms":[]}'
	else echo '{"modem.messaging.sms":["/org/freedesktop/ModemManager1/SMS/3","/org/freedesktop/ModemManager1/SMS/4"]}'; fi ;;
"-s /org/freedesktop/ModemManager1/SMS/3 -J") echo '{"sms":{"content":{"data":"--","number":"+84912345678","text":"K7QX-39MP-AT5C"},"properties":{"pdu-type":"deliver","state":"received","timestamp":"2026-11-27T03:15:42+07"}}}' ;;
"-s /org/freedesktop/ModemManager1/SMS/4 -J") echo '{"sms":{"content":{"number":"+84912345678","text":"--"},"properties":{"pdu-type":"deliver","state":"receiving","timestamp":"--"}}}' ;;
"-m any --messaging-delete-sms=/org/freedesktop/ModemManager1/SMS/3") : >"$gone" ;;
*) echo "error: what is $*?" >&2; exit 1 ;;
esac
`)
	all, err := m.Messages(t.Context())
	if err != nil || len(all) != 1 || all[0].Text != "K7QX-39MP-AT5C" || all[0].From != "+84912345678" ||
		!all[0].Sent.Equal(time.Date(2026, 11, 26, 20, 15, 42, 0, time.UTC)) {
		t.Fatalf("%+v, %v", all, err)
	}
	if err := m.Delete(t.Context(), all[0].ID); err != nil {
		t.Error(err)
	}
	if all, err := m.Messages(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("%+v, %v", all, err)
	}
}

// However many messages lie there of which parts never come, the whole one behind them is
// found, and they can be deleted when they have had their time.
func TestHalfMessagesOfModemManager(t *testing.T) {
	m := manager(t, `
case "$*" in
"-m any --messaging-list-sms -J") echo '{"modem.messaging.sms":["/a/1","/a/2","/a/3","/a/4","/a/5","/a/6","/a/7","/a/8","/a/9","/a/10","/a/11","/a/12","/a/13","/a/14","/a/15","/a/16","/a/17","/a/18","/a/0"]}' ;;
"-s /a/0 -J") echo '{"sms":{"content":{"number":"+84912345678","text":"K7QX-39MP-AT5C"},"properties":{"pdu-type":"deliver","state":"received","timestamp":"2026-11-27T03:15:42+07"}}}' ;;
"-s /a/17 -J") echo '{"sms":{"content":{"number":"+84912345678","text":"ours"},"properties":{"pdu-type":"submit","state":"sent","timestamp":"--"}}}' ;;
"-s /a/18 -J") echo '{"sms":{"content":{"number":"+84912345678","text":"ours"},"properties":{"pdu-type":"submit","state":"stored","timestamp":"--"}}}' ;;
"-s "*) echo '{"sms":{"content":{"number":"+84912345679","text":"K7QX"},"properties":{"pdu-type":"deliver","state":"receiving","timestamp":"--"}}}' ;;
*) echo "error: what is $*?" >&2; exit 1 ;;
esac
`)
	all, err := m.Messages(t.Context())
	if len(all) != 1 || all[0].ID != "/a/0" || err == nil {
		t.Fatalf("behind sixteen halves, of which nobody says anything: %+v, %v", all, err)
	}
	for path, since := range m.half {
		m.half[path] = since.Add(-restSoon)
	}
	all, _ = m.Messages(t.Context())
	if len(all) != 17 || all[0].ID != "/a/1" || all[0].Text != "" || all[16].Text == "" {
		t.Errorf("after ten minutes: %+v", all)
	}
}
