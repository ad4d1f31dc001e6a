package broker

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The installer puts everything that the configuration names where it names it, does
// nothing the second time, and says what is missing before it touches anything.
func TestInstall(t *testing.T) {
	authority, root := t.TempDir(), t.TempDir()
	const etc = "/etc/mosquitto/loa"
	conf := Conf("8883", etc)
	files := map[string]string{"mosquitto/loa.conf": conf, "mosquitto/loa.acl": ACL("office"),
		"tls/ca.crt": "a", "tls/server.crt": "b", "tls/server.key": "c", "tls/ca.crl": "d"}
	for name, text := range files {
		if name == "tls/ca.crl" {
			continue
		}
		path := filepath.Join(authority, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	install := func() (string, error) {
		out, err := exec.Command("./install.sh", authority, root).CombinedOutput()
		return string(out), err
	}
	if out, err := install(); err == nil || !strings.Contains(out, "tls/ca.crl is missing") {
		t.Errorf("without a list of the revoked: %v, %s", err, out)
	}
	if there, err := os.ReadDir(root); err != nil || len(there) > 0 {
		t.Errorf("half installed: %v, %v", there, err)
	}
	list := filepath.Join(authority, "tls/ca.crl")
	if err := os.WriteFile(list, []byte("d"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := install(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for line := range strings.Lines(conf) {
		f := strings.Fields(line)
		if len(f) != 2 || !strings.HasPrefix(f[1], etc) {
			continue
		}
		info, err := os.Stat(filepath.Join(root, f[1]))
		if err != nil || info.Mode().Perm() != 0o640 {
			t.Errorf("%s: %v, %v", f[0], info, err)
		}
	}
	unit, err := os.ReadFile(filepath.Join(root, "/etc/systemd/system/mosquitto.service.d/loa.conf"))
	if err != nil || !strings.Contains(string(unit), "-c "+etc+"/loa.conf\n") {
		t.Errorf("the service does not read it: %s, %v", unit, err)
	}
	if out, err := install(); err != nil || strings.Contains(out, "wrote") {
		t.Errorf("again: %v, %s", err, out)
	}
	watch, err := os.ReadFile(filepath.Join(root, "/etc/systemd/system/loa-broker.path"))
	if err != nil || !strings.Contains(string(watch), "PathChanged="+list+"\n") {
		t.Errorf("nobody watches the list of the revoked: %s, %v", watch, err)
	}
	// What the unit runs is the installed copy.
	copied := filepath.Join(root, "/usr/local/lib/loa/broker-install")
	if out, err := exec.Command(copied, authority, root).CombinedOutput(); err != nil || strings.Contains(string(out), "wrote") {
		t.Errorf("the copy: %v, %s", err, out)
	}
	if _, err := os.Stat(filepath.Join(root, "/etc/systemd/system/loa-crl.timer")); err == nil {
		t.Error("a list is fetched, and nobody asked for it")
	}
	far := exec.Command("./install.sh", authority, root)
	far.Env = append(os.Environ(), "CRL=https://loa.example:8443/")
	if out, err := far.CombinedOutput(); err != nil {
		t.Errorf("from afar: %v, %s", err, out)
	}
	fetch, err := os.ReadFile(filepath.Join(root, "/etc/systemd/system/loa-crl.service"))
	if err != nil || !strings.Contains(string(fetch), `fetch-crl.sh "https://loa.example:8443/ca.crl" "`+filepath.Join(authority, "tls")+`"`) {
		t.Errorf("the list is not fetched: %s, %v", fetch, err)
	}
	if out, err := exec.Command(copied, authority, root).CombinedOutput(); err != nil || strings.Contains(string(out), "wrote") {
		t.Errorf("the copy, from afar: %v, %s", err, out)
	}
	if err := os.WriteFile(list, []byte("e"), 0o600); err != nil {
		t.Fatal(err)
	}
	due := filepath.Join(root, etc, "restart-due")
	if err := os.Remove(due); err != nil { // as when the broker was restarted
		t.Fatal(err)
	}
	if out, err := install(); err != nil || strings.Count(out, "wrote") != 1 {
		t.Errorf("with another list: %v, %s", err, out)
	}
	if _, err := os.Stat(due); err != nil {
		t.Errorf("an installer that dies now forgets to restart the broker: %v", err)
	}
	old := strings.ReplaceAll(conf, "crlfile", "#crlfile")
	if err := os.WriteFile(filepath.Join(authority, "mosquitto/loa.conf"), []byte(old), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := install(); err == nil || !strings.Contains(out, "crlfile") {
		t.Errorf("with a configuration that reads no list: %v, %s", err, out)
	}
}
