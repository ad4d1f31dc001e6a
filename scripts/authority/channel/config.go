package channel

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"loa/agent/plan"
	"loa/scripts/authority/channel/sms"
	"loa/scripts/authority/quiet"
	"loa/scripts/bilingual"
)

// File is the name of the settings in an authority's folder.
const File = "channels.toml"

// The kinds of channels.
const (
	ESMS     = "esms"     // short messages by eSMS.vn
	Modem    = "modem"    // short messages by a modem at a serial port
	Telegram = "telegram" // a channel or group, by a bot
	Zalo     = "zalo"     // articles of an Official Account
	Facebook = "facebook" // posts of a page
	WebPush  = "webpush"  // telephones whose owners asked for it on the residents' pages
)

var kinds = []string{ESMS, Modem, Telegram, Zalo, Facebook, WebPush}

// A Config is channels.toml.
type Config struct {
	Channels []Channel `toml:"channel"`
}

// A Channel is one way out.
type Channel struct {
	Name    string       `toml:"name"`
	Kind    string       `toml:"kind"`
	On      bool         `toml:"on"`      // nothing goes out without it
	Places  []string     `toml:"places"`  // what is said there, below and above
	Classes []plan.Class `toml:"classes"` // none: emergency
	Langs   []string     `toml:"langs"`   // none: vi
	Quiet   string       `toml:"quiet"`   // "21:00-06:00", in Vietnam, but for emergencies; empty: the night for what rings, else never
	PerDay  int          `toml:"per_day"` // posts in 24 hours beside emergencies; 0: 20

	URL    string `toml:"url"`     // instead of the service's own
	CAFile string `toml:"ca_file"` // PEM; empty: the system's

	TokenFile  string `toml:"token_file"`  // telegram, facebook: the token; zalo: both tokens, which are renewed in it
	SecretFile string `toml:"secret_file"` // esms: SecretKey; zalo: the application's secret
	Chat       string `toml:"chat"`        // telegram: @name or a number
	Page       string `toml:"page"`        // facebook: the page's number
	App        string `toml:"app"`         // zalo: the application's number
	Author     string `toml:"author"`      // zalo
	Cover      string `toml:"cover"`       // zalo: https://… of a picture
	KeyFile    string `toml:"key_file"`    // esms: ApiKey
	Brand      string `toml:"brand"`       // esms: a registered brand name; empty: a fixed number
	Port       string `toml:"port"`        // modem: /dev/serial/by-id/…
	ToFile     string `toml:"to_file"`     // short messages: lines NUMBER or NUMBER,PLACE
	Plain      bool   `toml:"plain"`       // short messages: without marks, 160 letters instead of 70

	quiet quiet.Hours
	to    []recipient
}

// A recipient is told of a place, of what is above it and below; of all without one.
type recipient struct{ number, place string }

// Load reads the settings in an authority's folder, and the lists of numbers beside them.
// Without any it gives fs.ErrNotExist.
func Load(dir string) (Config, error) {
	name := filepath.Join(dir, File)
	data, err := os.ReadFile(name)
	if err != nil {
		return Config{}, err
	}
	c, err := Parse(data)
	for i := range c.Channels {
		ch := &c.Channels[i]
		for _, f := range []*string{&ch.CAFile, &ch.TokenFile, &ch.SecretFile, &ch.KeyFile, &ch.ToFile} {
			if *f != "" && !filepath.IsAbs(*f) {
				*f = filepath.Join(dir, *f)
			}
		}
		if err == nil && ch.SMS() {
			if ch.to, err = numbers(ch.ToFile); err != nil {
				err = fmt.Errorf("channel %s: %w", ch.Name, err)
			}
		}
	}
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
			return c, bilingual.Wrong("có mục không ai biết: %s", "unknown setting: %s", strict.String())
		}
		return c, err
	}
	seen := make(map[string]bool)
	for i := range c.Channels {
		ch := &c.Channels[i]
		if err := ch.check(); err != nil {
			return c, fmt.Errorf("channel[%d] (%s): %w", i, ch.Name, err)
		}
		if seen[ch.Name] {
			return c, bilingual.Wrong("channel[%d]: có hai kênh tên %s", "channel[%d]: there are two called %s", i, ch.Name)
		}
		seen[ch.Name] = true
	}
	return c, nil
}

// SMS reports a channel whose posts have addresses.
func (c Channel) SMS() bool { return c.Kind == ESMS || c.Kind == Modem }

// night is quiet on channels that ring in a pocket, unless they say otherwise
// ("00:00-00:00" is never): the same hours as those of loudspeakers.
const night = "21:00-05:30"

// rings reports a channel that makes telephones ring.
func (c Channel) rings() bool { return c.SMS() || c.Kind == WebPush }

// defaults are where the services are.
var defaults = map[string]string{
	ESMS: "https://rest.esms.vn", Telegram: "https://api.telegram.org", Zalo: "https://openapi.zalo.me", Facebook: "https://graph.facebook.com",
}

func (c *Channel) check() error {
	if c.Name == "" || len(c.Places) == 0 || !slices.Contains(kinds, c.Kind) {
		return bilingual.Wrong("ghi name, places và kind (%s)", "write name, places and kind (%s)", strings.Join(kinds, ", "))
	}
	if len(c.Classes) == 0 {
		c.Classes = []plan.Class{plan.Emergency}
	}
	for _, k := range c.Classes {
		if !slices.Contains([]plan.Class{plan.Emergency, plan.PriorityC, plan.Normal, plan.Drill}, k) {
			return bilingual.Wrong("classes: %q; ghi emergency, priority, normal hoặc drill", "classes: %q; write emergency, priority, normal or drill", k)
		}
	}
	if len(c.Langs) == 0 {
		c.Langs = []string{"vi"}
	}
	if c.PerDay == 0 {
		c.PerDay = 20
	}
	if c.PerDay < 0 || c.PerDay > 200 {
		return bilingual.Wrong("per_day = %d: từ 1 đến 200", "per_day = %d: 1 to 200", c.PerDay)
	}
	if c.URL == "" {
		c.URL = defaults[c.Kind]
	}
	if u, err := url.Parse(c.URL); c.Kind != Modem && c.Kind != WebPush && (err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "") {
		return bilingual.Wrong("url = %q: ghi https://…", "url = %q: write https://…", c.URL)
	}
	for _, need := range map[string][]struct{ name, is string }{
		ESMS:     {{"key_file", c.KeyFile}, {"secret_file", c.SecretFile}, {"to_file", c.ToFile}},
		Modem:    {{"port", c.Port}, {"to_file", c.ToFile}},
		Telegram: {{"token_file", c.TokenFile}, {"chat", c.Chat}},
		Zalo:     {{"token_file", c.TokenFile}, {"secret_file", c.SecretFile}, {"app", c.App}, {"author", c.Author}, {"cover", c.Cover}},
		Facebook: {{"token_file", c.TokenFile}, {"page", c.Page}},
	}[c.Kind] {
		if need.is == "" {
			return bilingual.Wrong("%s cần %s", "%s needs %s", c.Kind, need.name)
		}
	}
	if strings.Trim(c.Page, "0123456789") != "" {
		return bilingual.Wrong("page = %q: ghi số của trang", "page = %q: write the page's number", c.Page)
	}
	if c.Quiet == "" && c.rings() {
		c.Quiet = night
	}
	var ok bool
	if c.quiet, ok = quiet.Parse(c.Quiet); !ok {
		return bilingual.Wrong("quiet = %q: ghi 21:00-06:00", "quiet = %q: write 21:00-06:00", c.Quiet)
	}
	return nil
}

// mostNumbers bounds a list: a commune's village heads, not its people.
const mostNumbers = 2000

// numbers reads a list of telephone numbers. Empty lines and what begins with # count for
// nothing.
func numbers(file string) (all []recipient, err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	in := bufio.NewScanner(bytes.NewReader(data))
	seen := make(map[string]bool)
	for n := 1; in.Scan(); n++ {
		text := strings.TrimSpace(in.Text())
		if text == "" || text[0] == '#' {
			continue
		}
		number, place, _ := strings.Cut(text, ",")
		number, err := sms.Number(strings.TrimSpace(number))
		if err != nil {
			return nil, bilingual.Wrong("%s:%d: không phải số điện thoại; ghi 0912345678 hoặc 0912345678,26734", "%s:%d: no telephone number; write 0912345678 or 0912345678,26734", file, n)
		}
		if !seen[number] {
			all = append(all, recipient{number, strings.TrimSpace(place)})
		}
		seen[number] = true
	}
	if len(all) > mostNumbers {
		return nil, bilingual.Wrong("%s có %d số; nhiều nhất %d", "%s has %d numbers; at most %d", file, len(all), mostNumbers)
	}
	return all, in.Err()
}
