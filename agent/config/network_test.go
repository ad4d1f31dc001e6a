package config

import (
	"strings"
	"testing"
)

func TestNetworkThatCannotBe(t *testing.T) {
	for text, want := range map[string]string{
		`order = ["wifi"]`:                                                       `a:3: network.order: "wifi" is no way out`,
		`order = ["mobile", "mobile"]`:                                           `stands here twice`,
		`gateway = "192.168.1.1"`:                                                `a:3: network.gateway: with DHCP`,
		`interface = "eth0"`:                                                     `network.interface: it says what`,
		`address = "192.168.1.20"`:                                               `a:3: network.address: "192.168.1.20" is no address with its length`,
		`address = "192.168.1.0/24"`:                                             `the network itself`,
		`address = "192.168.1.255/24"`:                                           `its broadcast`,
		`address = "127.0.0.1/8"`:                                                `no address with its length`,
		`address = "192.168.1.20/24"`:                                            `network.dns: with a fixed address`,
		"address = \"192.168.1.20/24\"\ngateway = \"192.168.2.1\"":               `a:4: network.gateway: 192.168.2.1 is not in 192.168.1.0/24`,
		"address = \"192.168.1.20/24\"\ngateway = \"192.168.1.20\"":              `the box itself`,
		"address = \"10.0.0.2/8\"\ngateway = \"10.0.0.1\"\norder = [\"mobile\"]": `no ethernet in it`,
		"address = \"10.0.0.2/8\"\ninterface = \"eth0/../x\"":                    `no name of a network interface`,
		`dns = ["dns.example"]`:                                                  `network.dns: "dns.example" is no address`,
		`dns = ["1.1.1.1", "1.0.0.1", "8.8.8.8", "8.8.4.4"]`:                     `3 at most`,
		`apn = "v internet"`:                                                     `network.apn: at most 100`,
		"apn = \"v\"\napn_password = \"\\\"geheim\"":                             `network.apn_password: at most 64`,
		`pin = "12"`:                          `network.pin: a SIM card's PIN has 4 to 8 digits`,
		`apn_user = "u"`:                      `it goes with network.apn`,
		"apn = \"v\"\norder = [\"ethernet\"]": `network.order has no mobile`,
		`adress = "10.0.0.2/8"`:               `unknown key "network.adress"; did you mean "network.address"?`,
		"pin = \"4321\"\naddress = \"10.0.0.2/8\"\ndns = [\"\\n[Match]\\nName=lo\\n\"]": `network.dns`,
	} {
		_, err := Parse("a", []byte("device = \"d-1\"\n[network]\n"+text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\ngives %v, want %s", text, err, want)
		} else if strings.Contains(err.Error(), "geheim") || strings.Contains(err.Error(), "4321") {
			t.Errorf("%v tells a secret", err)
		}
	}
}

func TestWhoMayReadASecret(t *testing.T) {
	root := t.TempDir()
	file := root + File
	write(t, file, "device = \"d-1\"\n[network]\npin = \"1234\"\n", 0o644)
	if _, err := Load(File, root); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a PIN that all may read: %v", err)
	}
	write(t, file, "device = \"d-1\"\n[network]\npin = \"1234\"\n", 0o600)
	if c, err := Load(File, root); err != nil || c.Network.PIN != "1234" {
		t.Errorf("%+v, %v", c.Network, err)
	}
}
