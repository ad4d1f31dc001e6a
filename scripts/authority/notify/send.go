package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/mail"
	"net/smtp"
	"os"
	"strings"
	"time"
)

// sendTime bounds one sending.
const sendTime = 30 * time.Second

// Send sends a message to its person now, once.
func (c Config) Send(ctx context.Context, m Message) error {
	for _, p := range c.People {
		if p.Name != m.Person {
			continue
		}
		ctx, cancel := context.WithTimeout(ctx, sendTime)
		defer cancel()
		if p.Email != "" {
			return c.mail(ctx, p, m)
		}
		return post(ctx, http.DefaultTransport, p, m)
	}
	return wrong("không có ai tên %s", "notify: nobody is called %s", m.Person)
}

// mail hands a message to the mail server, over TLS or not at all.
func (c Config) mail(ctx context.Context, p Person, m Message) (err error) {
	defer func() {
		if err != nil {
			no := wrong("không gửi được thư tới %s qua %s", "notify: no mail to %s by %s", p.Email, c.SMTP.Server)
			no.Err, err = err, no
		}
	}()
	host, port, err := net.SplitHostPort(c.SMTP.Server)
	if err != nil {
		return err
	}
	conf := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if c.SMTP.CAFile != "" {
		pem, err := os.ReadFile(c.SMTP.CAFile)
		if err != nil {
			return err
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return wrong("trong %s không có chứng thư nào", "%s has no certificate", c.SMTP.CAFile)
		}
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", c.SMTP.Server)
	if err != nil {
		return err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return err
		}
	}
	if port == "465" {
		conn = tls.Client(conn, conf)
	}
	s, err := smtp.NewClient(conn, host)
	if err != nil {
		return err
	}
	defer s.Close()
	if port != "465" {
		if ok, _ := s.Extension("STARTTLS"); !ok {
			return wrong("máy chủ thư không có STARTTLS, mà thư thì không gửi khi chưa mã hóa", "it offers no STARTTLS, and nothing is sent in the clear")
		}
		if err := s.StartTLS(conf); err != nil {
			return err
		}
	}
	if c.SMTP.User != "" {
		password, err := secret(c.SMTP.PasswordFile)
		if err != nil {
			return err
		}
		if err := s.Auth(smtp.PlainAuth("", c.SMTP.User, string(password), host)); err != nil {
			return err
		}
	}
	from, err := mail.ParseAddress(c.SMTP.From)
	if err != nil {
		return err
	}
	if err := errors.Join(s.Mail(from.Address), s.Rcpt(p.Email)); err != nil {
		return err
	}
	w, err := s.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(letter(from, p, m)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	_ = s.Quit() // it has the message
	return nil
}

// letter is a message as mail.
func letter(from *mail.Address, p Person, m Message) []byte {
	_, domain, _ := strings.Cut(from.Address, "@")
	var b bytes.Buffer
	for _, h := range [][2]string{
		{"From", from.String()}, {"To", (&mail.Address{Name: printable(p.Name), Address: p.Email}).String()},
		{"Subject", mime.QEncoding.Encode("utf-8", m.subject(p.Lang))}, {"Date", m.At.Format(time.RFC1123Z)},
		{"Message-ID", "<" + m.ID + "@" + domain + ">"}, {"Auto-Submitted", "auto-generated"}, {"MIME-Version", "1.0"},
		{"Content-Type", `text/plain; charset="utf-8"`}, {"Content-Transfer-Encoding", "quoted-printable"},
	} {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
	}
	b.WriteString("\r\n")
	q := quotedprintable.NewWriter(&b)
	_, _ = io.WriteString(q, strings.ReplaceAll(m.body(p.Lang), "\n", "\r\n")) // into memory
	_ = q.Close()
	return b.Bytes()
}

// post sends a message as JSON. Its header Loa-Signature is t=UNIX,v1=HEX, the
// HMAC-SHA256 under the secret over t, a point and the body.
func post(ctx context.Context, by http.RoundTripper, p Person, m Message) error {
	key, err := secret(p.SecretFile)
	if err != nil {
		return err
	}
	body, err := json.Marshal(struct {
		Message
		Subject string `json:"subject"`
		Text    string `json:"text"`
	}{m, m.subject(p.Lang), m.body(p.Lang)})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.Webhook, bytes.NewReader(body))
	if err != nil {
		return err
	}
	at := time.Now().Unix()
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Loa-Signature", fmt.Sprintf("t=%d,v1=%s", at, sign(key, at, body)))
	// What is signed for one server is not carried to another.
	client := http.Client{Transport: by, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		no := wrong("webhook của %s không nhận", "notify: webhook of %s", p.Name)
		no.Err = err
		return no
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, 4<<10)
	if res.StatusCode/100 != 2 {
		return wrong("webhook của %s trả lời %s", "notify: webhook of %s: %s", p.Name, res.Status)
	}
	return nil
}

func sign(key []byte, at int64, body []byte) string {
	h := hmac.New(sha256.New, key)
	fmt.Fprintf(h, "%d.", at)
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

// secret reads the first line of a file.
func secret(name string) ([]byte, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	line, _, _ := bytes.Cut(data, []byte("\n"))
	if line = bytes.TrimSpace(line); len(line) == 0 {
		return nil, wrong("tệp %s trống", "notify: %s is empty", name)
	}
	return line, nil
}
