package modem

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// manager puts a ModemManager with one modem into the path, as mmcli 1.20 speaks.
func manager(t *testing.T, script string) *Manager {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mmcli"), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	m, err := Managed()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

const oneModem = `
state=$(dirname "$0")/rate
case "$*" in
"-m any -J") echo '{"modem":{"3gpp":{"imei":"867584030000017","operator-name":"Viettel","registration-state":"home"},"generic":{"model":"EC25","sim":"/org/freedesktop/ModemManager1/SIM/0","unlock-required":"sim-pin2"}}}' ;;
"-i 0 -J") echo '{"sim":{"properties":{"iccid":"89840200012345678901"}}}' ;;
"-m any --signal-setup=2") echo 2 >"$state" ;;
"-m any --signal-get -J")
	if [ -e "$state" ]; then echo '{"modem":{"signal":{"lte":{"rssi":"-64.00","rsrp":"-95.00","rsrq":"-11.00","snr":"13.00"},"refresh":{"rate":"2"}}}}'
	else echo '{"modem":{"signal":{"lte":{"rssi":"--","rsrp":"--","rsrq":"--","snr":"--"},"refresh":{"rate":"0"}}}}'; fi ;;
*) echo "error: what is $*?" >&2; exit 1 ;;
esac
`

func TestModemManager(t *testing.T) {
	m := manager(t, oneModem)
	i, err := m.Info(t.Context())
	if want := (Info{"EC25", "867584030000017", "READY", "89840200012345678901", "Viettel", "home"}); err != nil || i != want {
		t.Errorf("%+v, %v", i, err)
	}
	if s, err := m.Signal(t.Context()); err != nil || s.RSRP != nil || s.Access != "" {
		t.Errorf("before it measures: %+v, %v", s, err)
	}
	if s, err := m.Signal(t.Context()); err != nil || s.RSRP == nil || *s.RSRP != -95 || *s.SINR != 13 || s.Access != "LTE" {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestNoModemAtModemManager(t *testing.T) {
	m := manager(t, "echo \"error: couldn't find modem\" >&2\nexit 1\n")
	if _, err := m.Info(t.Context()); err == nil || !strings.Contains(err.Error(), "couldn't find modem") {
		t.Error(err)
	}
	m = manager(t, "echo nonsense\n")
	if _, err := m.Signal(t.Context()); err == nil {
		t.Error("nonsense is a signal")
	}
}
