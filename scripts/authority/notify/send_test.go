package notify

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A post office is a mail server that speaks SMTP with STARTTLS and asks for a password.
type office struct {
	addr   string
	ca     string // file
	plain  bool   // it offers no TLS
	config *tls.Config
	mail   chan string
}

func open(t *testing.T, plain bool) *office {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := &office{addr: l.Addr().String(), ca: filepath.Join(t.TempDir(), "ca.pem"), plain: plain, mail: make(chan string, 10)}
	o.config = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	if err := os.WriteFile(o.ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { // ends with the listener
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			o.serve(c)
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return o
}

func (o *office) serve(c net.Conn) {
	defer func() { c.Close() }()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	r := bufio.NewReader(c)
	say := func(s string) { fmt.Fprint(c, s+"\r\n") }
	say("220 office")
	secure, known := false, false
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch strings.ToUpper(verb) {
		case "EHLO":
			switch {
			case secure:
				say("250-office\r\n250 AUTH PLAIN")
			case o.plain:
				say("250 office")
			default:
				say("250-office\r\n250 STARTTLS")
			}
		case "STARTTLS":
			say("220 go on")
			s := tls.Server(c, o.config)
			if s.Handshake() != nil {
				return
			}
			c, r, secure = s, bufio.NewReader(s), true
		case "AUTH":
			_, text, _ := strings.Cut(rest, " ")
			plain, _ := base64.StdEncoding.DecodeString(text)
			if known = secure && string(plain) == "\x00loa\x00mật khẩu"; known {
				say("235 welcome")
			} else {
				say("535 no")
			}
		case "MAIL", "RCPT":
			if !known {
				say("530 who are you")
				continue
			}
			say("250 ok")
		case "DATA":
			say("354 go on")
			var b strings.Builder
			for {
				line, err := r.ReadString('\n')
				if err != nil {
					return
				}
				if line == ".\r\n" {
					break
				}
				b.WriteString(strings.TrimPrefix(line, "."))
			}
			o.mail <- b.String()
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("500 what")
		}
	}
}

func (o *office) settings(t *testing.T, password string) Config {
	t.Helper()
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return parse(t, fmt.Sprintf(`
[smtp]
server = %q
from = "Loa <loa@tinh.example>"
user = "loa"
password_file = %q
ca_file = %q
[[people]]
name = "Nguyễn Văn An"
places = ["74"]
email = "an@tinh.example"
`, o.addr, file, o.ca))
}

func sample() Message {
	since := time.Date(2026, 5, 1, 9, 0, 0, 0, vietnam)
	nasty := lost
	nasty.Detail = "no card\r\n.\r\nQUIT"
	m := Message{Person: "Nguyễn Văn An", At: since.Add(time.Hour), Troubles: []Known{{Trouble: nasty, Since: since}}, Recovered: []Known{{Trouble: hushed, Since: since}}}
	m.ID = m.digest()
	return m
}

func TestMail(t *testing.T) {
	o := open(t, false)
	if err := o.settings(t, "mật khẩu").Send(t.Context(), sample()); err != nil {
		t.Fatal(err)
	}
	m, err := mail.ReadMessage(strings.NewReader(<-o.mail))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != "Loa: 1 việc cần xem" {
		t.Errorf("subject %q, %v", subject, err)
	}
	to, err := m.Header.AddressList("To")
	if err != nil || len(to) != 1 || to[0].Name != "Nguyễn Văn An" || to[0].Address != "an@tinh.example" {
		t.Errorf("to %v, %v", to, err)
	}
	if m.Header.Get("Message-ID") != "<"+sample().ID+"@tinh.example>" {
		t.Errorf("id %s", m.Header.Get("Message-ID"))
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"d-1 (26734): Thiết bị âm thanh ngừng hoạt động, từ 09:00 01/05/2026", "Mang theo: cạc âm thanh USB", "Đã hết:", "d-9 (26737): không liên lạc được"} {
		if !strings.Contains(string(body), want) {
			t.Errorf("no %q in\n%s", want, body)
		}
	}
	if strings.Contains(string(body), "\r\n.\r\n") {
		t.Errorf("a box ends the letter:\n%s", body)
	}
}

func TestMailIsNotSent(t *testing.T) {
	for name, tt := range map[string]struct {
		plain    bool
		password string
		other    bool // another CA
		want     string
	}{
		"in the clear":     {plain: true, password: "mật khẩu", want: "STARTTLS"},
		"wrong password":   {password: "x", want: "535"},
		"another's server": {password: "mật khẩu", other: true, want: "certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			o := open(t, tt.plain)
			c := o.settings(t, tt.password)
			if tt.other {
				c.SMTP.CAFile = open(t, false).ca
			}
			if err := c.Send(t.Context(), sample()); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %s", err, tt.want)
			}
			if len(o.mail) != 0 {
				t.Error("it was sent")
			}
		})
	}
}

func TestWebhook(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("bí mật\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	status := http.StatusOK
	var got Message
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var at int64
		var sum string
		if n, err := fmt.Sscanf(r.Header.Get("Loa-Signature"), "t=%d,v1=%s", &at, &sum); n != 2 || err != nil || sum != sign([]byte("bí mật"), at, body) || sum == sign([]byte("x"), at, body) {
			t.Errorf("signature %q", r.Header.Get("Loa-Signature"))
		}
		if err := json.Unmarshal(body, &got); err != nil {
			t.Error(err)
		}
		w.Header().Set("Location", "https://elsewhere.example")
		w.WriteHeader(status)
	}))
	defer s.Close()
	p := Person{Name: "An", Webhook: s.URL, SecretFile: file}
	send := func() error { return post(context.Background(), s.Client().Transport, p, sample()) }
	if err := send(); err != nil || got.ID != sample().ID || len(got.Troubles) != 1 || got.Troubles[0].Device != "d-1" {
		t.Errorf("%+v, %v", got, err)
	}
	for _, status = range []int{http.StatusInternalServerError, http.StatusFound} {
		if err := send(); err == nil {
			t.Errorf("%d is no success", status)
		}
	}
}
