package config

import (
	"slices"
	"testing"
)

func TestOrigins(t *testing.T) {
	text := []byte("device = \"tp-1\"\n# board = \"x\"\n[broker]\nurls = [\"tls://a:8883\"]\n")
	c, err := Parse("agent.toml", text)
	if err != nil {
		t.Fatal(err)
	}
	all := Origins(c, text)
	for _, want := range []Origin{
		{"device", "tp-1", 1}, {"board", "desk", 0}, {"lang", "vi", 0}, {"broker.urls", "[tls://a:8883]", 4}, {"broker.ca", "/etc/loa/ca.pem", 0},
	} {
		if !slices.Contains(all, want) {
			t.Errorf("%+v is not in %+v", want, all)
		}
	}
	if slices.ContainsFunc(all, func(o Origin) bool { return o.Key == "broker.claim" }) {
		t.Error("what is neither said nor has a default is listed")
	}
	line := 3
	secret := struct {
		SIM struct {
			PIN  string `toml:"sim_pin"`
			Line *int   `toml:"line"`
			None *int   `toml:"none"`
		} `toml:"net"`
	}{}
	secret.SIM.PIN, secret.SIM.Line = "1234", &line
	if got := Origins(secret, []byte("[net]\nsim_pin = \"1234\"\nline = 3\n")); len(got) != 2 || got[0] != (Origin{"net.sim_pin", "***", 2}) || got[1] != (Origin{"net.line", "3", 3}) {
		t.Errorf("%+v", got)
	}
}
