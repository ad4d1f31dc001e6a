package config

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

func parsed(t *testing.T, text string) Config {
	t.Helper()
	c, err := Parse("a", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const whole = good + `
[console]
login = "none"
[network]
address = "192.168.1.20/24"
gateway = "192.168.1.1"
dns = ["192.168.1.1", "1.1.1.1"]
apn = "v\u002dinternet"
apn_password = "geheim"
pin = "4321"
`

// What is written is read as the same.
func TestTextIsReadAsTheSame(t *testing.T) {
	for _, text := range []string{good, whole, good + "ca = \"/etc/loa/ca \\\"\\u0007ở\\\\.pem\"\n"} {
		c := parsed(t, text)
		again := parsed(t, string(c.Text()))
		if !reflect.DeepEqual(again, c) || !bytes.Equal(again.Text(), c.Text()) {
			t.Errorf("%+v became\n%s%+v", c, c.Text(), again)
		}
	}
}

func TestWith(t *testing.T) {
	c := parsed(t, good)
	for _, x := range []struct{ key, value, want string }{
		{"lang", "en", `"en"`},
		{"LANG", `"en"`, `"en"`},
		{"broker.urls", "tls://a:1, tls://b:1", `["tls://a:1", "tls://b:1"]`},
		{"broker.urls", `["tls://a:1"]`, `["tls://a:1"]`},
		{"media_mb", "500", `500`},
		{"network.dns", "1.1.1.1 8.8.8.8", `["1.1.1.1", "8.8.8.8"]`},
		{"network.pin", "4321", `***`},
		{"board", "", `"desk"`},
	} {
		got, err := c.With(x.key, strings.Fields(x.value)...)
		if err != nil {
			t.Errorf("%s: %v", x.key, err)
		}
		for _, s := range got.Settings() {
			if s.Key == strings.ToLower(x.key) && s.Value != x.want {
				t.Errorf("%s %s gives %s, want %s", x.key, x.value, s.Value, x.want)
			}
		}
		if d := Diff(c, got); len(d) != 1 || d[0].To != x.want {
			t.Errorf("%s %s differs by %+v", x.key, x.value, d)
		}
	}
	for _, x := range []struct{ key, value, want string }{
		{"langg", "en", `did you mean "lang"?`},
		{"urls", "en", `did you mean "broker.urls"?`},
		{"device", "d-2", `device: it says who this box is`},
		{"broker.key", "/k", `broker.key: it says who this box is`},
		{"media_mb", "much", `media_mb: "much" is no number`},
		{"", "", `unknown key ""`},
		{"broker", "x", `unknown key "broker"`},
	} {
		if _, err := c.With(x.key, x.value); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s %s: %v, want %s", x.key, x.value, err, x.want)
		}
	}
}

func TestMerge(t *testing.T) {
	c := parsed(t, whole)
	got, err := c.Merge("paste", []byte("lang = \"en\"\n[network]\ndns = [ ]\n"))
	if err != nil || got.Lang != "en" || len(got.Network.DNS) != 0 || got.Network.PIN != "4321" || len(got.Broker.URLs) != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	if len(c.Network.DNS) != 2 {
		t.Error("what it was merged into has changed")
	}
	for text, want := range map[string]string{
		"lang = \"en\"\n[network]\nadress = \"1\"": `paste:3: unknown key "network.adress"; did you mean "network.address"?`,
		"lang = \"en\"\ndevice = \"d-7\"":          `paste:2: device: it says who this box is`,
		"lang = \"en":                              `paste:1: `,
		"lan\x00g = 3":                             `paste:1: `,
	} {
		same, err := c.Merge("paste", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || len(Diff(c, same)) != 0 {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// Another box can be given what is exported, and keeps its name and its secrets.
func TestExport(t *testing.T) {
	a := parsed(t, whole)
	text := a.Export()
	for _, secret := range []string{"geheim", "4321", "box.key", `device =`} {
		if strings.Contains(string(text), secret) {
			t.Errorf("the export tells %s:\n%s", secret, text)
		}
	}
	b := parsed(t, "device = \"d-2\"\nlang = \"en\"\n[network]\npin = \"0000\"\n")
	got, err := b.Merge("export", text)
	if err != nil || got.Device != "d-2" || got.Network.PIN != "0000" || got.Lang != "vi" || got.Network.APN != "v-internet" || got.Check() != nil {
		t.Errorf("%+v, %v, %v", got, err, got.Check())
	}
}
