package notify

import (
	"bytes"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/pelletier/go-toml/v2"

	"loa/scripts/authority/quiet"
)

// File is the name of the settings in an authority's folder.
const File = "notify.toml"

// What somebody may be told of: a box that says nothing, and the severities of
// conditions worth telling.
const (
	Silent  = "silent"
	Fault   = "fault"
	Warning = "warning"
)

// A Config is notify.toml.
type Config struct {
	SMTP     SMTP              `toml:"smtp"`
	Patience map[string]string `toml:"patience"` // by what: how long it may last before anybody is told
	People   []Person          `toml:"people"`

	patience map[string]time.Duration
}

// SMTP is the mail server that takes messages. Port 465 is TLS from the start, any
// other has to offer STARTTLS.
type SMTP struct {
	Server       string `toml:"server"` // host:port
	From         string `toml:"from"`
	User         string `toml:"user"`
	PasswordFile string `toml:"password_file"`
	CAFile       string `toml:"ca_file"` // PEM; empty: the system's
}

// A Person is told of places, by mail or by webhook.
type Person struct {
	Name       string   `toml:"name"`
	Places     []string `toml:"places"`     // with all below them
	Severities []string `toml:"severities"` // none: silent and fault
	Email      string   `toml:"email"`
	Webhook    string   `toml:"webhook"` // https://…
	SecretFile string   `toml:"secret_file"`
	Quiet      string   `toml:"quiet"` // "21:00-06:00", in Vietnam; empty: never
	Lang       string   `toml:"lang"`  // vi or en; empty: vi

	rest quiet.Hours
}

// Load reads the settings in an authority's folder. Without any it gives
// fs.ErrNotExist.
func Load(dir string) (Config, error) {
	name := filepath.Join(dir, File)
	data, err := os.ReadFile(name)
	if err != nil {
		return Config{}, err
	}
	c, err := Parse(data)
	if err != nil {
		return c, fmt.Errorf("%s: %w", name, err)
	}
	return c, nil
}

// Parse reads settings and says what is wrong with them.
func Parse(data []byte) (Config, error) {
	var c Config
	d := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		var strict *toml.StrictMissingError
		if errors.As(err, &strict) {
			return c, &Error{VI: "có mục không ai biết", EN: "unknown setting", Err: errors.New(strict.String())}
		}
		return c, err
	}
	return c, c.check()
}

func (c *Config) check() error {
	c.patience = map[string]time.Duration{Silent: time.Hour, Fault: 30 * time.Minute, Warning: 24 * time.Hour}
	for what, text := range c.Patience {
		d, err := time.ParseDuration(text)
		if _, known := c.patience[what]; !known || err != nil || d < 0 {
			return wrong("patience.%s = %q: ghi silent, fault hoặc warning, và một khoảng thời gian như 30m", "patience.%s = %q: write silent, fault or warning, and a time such as 30m", what, text)
		}
		c.patience[what] = d
	}
	seen := make(map[string]bool)
	mailed := false
	for i := range c.People {
		p := &c.People[i]
		if err := p.check(); err != nil {
			return fmt.Errorf("people[%d] (%s): %w", i, p.Name, err)
		}
		if seen[p.Name] {
			return wrong("people[%d]: có hai người tên %s", "people[%d]: there are two called %s", i, p.Name)
		}
		seen[p.Name] = true
		mailed = mailed || p.Email != ""
	}
	if mailed && (c.SMTP.Server == "" || c.SMTP.From == "") {
		return wrong("smtp: ghi server và from, không thì không ai nhận được thư", "smtp: write server and from, or nobody gets mail")
	}
	if _, err := mail.ParseAddress(c.SMTP.From); mailed && err != nil {
		return wrong("smtp.from = %q không phải địa chỉ thư", "smtp.from = %q is no address", c.SMTP.From)
	}
	if (c.SMTP.User == "") != (c.SMTP.PasswordFile == "") {
		return wrong("smtp: user và password_file phải đi cùng nhau", "smtp: user and password_file go together")
	}
	return nil
}

func (p *Person) check() error {
	if p.Name == "" || len(p.Places) == 0 {
		return wrong("ghi name và places", "write name and places")
	}
	if len(p.Severities) == 0 {
		p.Severities = []string{Silent, Fault}
	}
	for _, s := range p.Severities {
		if !slices.Contains([]string{Silent, Fault, Warning, Proposed}, s) {
			return wrong("severities: %q; ghi silent, fault, warning hoặc alert", "severities: %q; write silent, fault, warning or alert", s)
		}
	}
	switch {
	case (p.Email == "") == (p.Webhook == ""):
		return wrong("chỉ ghi một trong hai: email hoặc webhook", "write either email or webhook")
	case p.Email != "":
		if a, err := mail.ParseAddress(p.Email); err != nil || a.Address != p.Email {
			return wrong("email = %q không phải địa chỉ thư", "email = %q is no address", p.Email)
		}
	default:
		if u, err := url.Parse(p.Webhook); err != nil || u.Scheme != "https" || u.Host == "" {
			return wrong("webhook = %q: ghi https://…", "webhook = %q: write https://…", p.Webhook)
		}
		if p.SecretFile == "" {
			return wrong("webhook cần secret_file để ký những gì gửi đi", "a webhook needs secret_file, which signs what is sent")
		}
	}
	if p.Lang != "" && p.Lang != "vi" && p.Lang != "en" {
		return wrong("lang = %q: ghi vi hoặc en", "lang = %q: write vi or en", p.Lang)
	}
	var ok bool
	if p.rest, ok = quiet.Parse(p.Quiet); !ok {
		return wrong("quiet = %q: ghi 21:00-06:00", "quiet = %q: write 21:00-06:00", p.Quiet)
	}
	return nil
}

// vietnam is the time that people are told.
var vietnam = quiet.Vietnam

// rests reports whether a person is not to be disturbed at t.
func (p Person) rests(t time.Time) bool { return p.rest.At(t) }
