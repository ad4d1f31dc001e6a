package system

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"loa/agent/host"
	"loa/agent/network"
)

// units are those that run something, and how exposed each may be at most, from 0 to 10.
var units = map[string]float64{
	"loa.service":       2.0,
	"loa-host.service":  2.0, // root, and sets the clock
	"loa-modem.service": 2.0,
}

func TestExposure(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("no systemd-analyze here")
	}
	level := regexp.MustCompile(`exposure level for \S+: ([0-9.]+)`)
	for unit, most := range units {
		path := filepath.Join("usr/lib/systemd/system", unit)
		out, err := exec.Command("systemd-analyze", "security", "--offline=yes", "--no-pager", path).CombinedOutput()
		found := level.FindSubmatch(out)
		if err != nil || found == nil {
			t.Fatalf("%s: %v\n%s", unit, err, out)
		}
		if got, _ := strconv.ParseFloat(string(found[1]), 64); got > most {
			t.Errorf("%s: exposed to %.1f, at most %.1f\n%s", unit, got, most, out)
		}
		// It says nothing of what it does not understand.
		if bad := regexp.MustCompile(`(?m)^.*(Unknown|Failed to parse|Invalid).*$`).Find(out); bad != nil {
			t.Errorf("%s", bad)
		}
	}
}

// What the units rely on must be in them: a sandbox that is tight and does not play is
// no use, and one that plays and is not restarted is silent.
func TestTheAgentsUnit(t *testing.T) {
	data, err := os.ReadFile("usr/lib/systemd/system/loa.service")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"Type=notify", "User=loa", "Restart=always", "WatchdogSec=20", "StartLimitAction=reboot",
		"ExecStopPost=-/usr/bin/agent amp-off", // SIGKILL takes the guard along
		"KillMode=mixed",                       // the sound process must not go before the fade
		"CapabilityBoundingSet=",               // none
		"LimitNICE=-15",                        // as drivers/gpioline asks for
	} {
		if !strings.Contains("\n"+string(data), "\n"+line+"\n") {
			t.Errorf("loa.service lacks %q", line)
		}
	}
	for _, wrong := range []string{"ProtectClock=yes", "DeviceAllow=", "PrivateDevices=yes", "PrivateUsers=yes"} {
		if strings.Contains(string(data), "\n"+wrong) {
			t.Errorf("loa.service has %q, under which a sound card that is plugged in later cannot be opened", wrong)
		}
	}
}

// The agent says which address it has, aloud and on the console.
func TestAgentSeesItsAddresses(t *testing.T) {
	data, err := os.ReadFile("usr/lib/systemd/system/loa.service")
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`(?m)^RestrictAddressFamilies=.*\bAF_NETLINK\b`).Match(data) {
		t.Error("the kernel tells of interfaces over netlink alone")
	}
}

// Both units of root have no network, and networkctl refuses from there: whatever they ask
// of networkd goes over the bus.
func TestRootAsksOverTheBus(t *testing.T) {
	for _, unit := range []string{"loa-host.service", "loa-modem.service"} {
		data, err := os.ReadFile(filepath.Join("usr/lib/systemd/system", unit))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(data), "\nPrivateNetwork=yes\n") {
			t.Errorf("%s has a network", unit)
		}
	}
	out, err := exec.Command("git", "grep", "-n", `"networkctl"`, "--", "../../agent", ":!*_test.go").CombinedOutput()
	if err == nil {
		t.Errorf("it is asked by networkctl: %s", out)
	}
}

// The modem's unit waits for the file that the agent's root writes, and that file lies
// where it stays: of /run/loa-host root forgets what is a minute old.
func TestTheModemsFileStays(t *testing.T) {
	data, err := os.ReadFile("usr/lib/systemd/system/loa-modem.service")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), "\nConditionPathExists="+network.ModemFile+"\n") {
		t.Errorf("loa-modem.service does not wait for %s", network.ModemFile)
	}
	if strings.HasPrefix(network.ModemFile, host.Seen+"/") || strings.HasPrefix(network.ModemFile, host.Dir+"/") {
		t.Errorf("%s is forgotten, or the agent's to change", network.ModemFile)
	}
}
