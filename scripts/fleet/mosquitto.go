package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"loa/scripts/broker"
)

// A mosquitto is the broker that a province has, as a process of its own that can be
// killed and started again on its port.
type mosquitto struct {
	Addr  string // host:port
	conf  string
	space []string // command before it, to run it elsewhere
	cmd   *exec.Cmd
	log   *os.File
}

// newMosquitto writes the configuration that loactl writes, but for where its files
// lie, into dir. It starts nothing.
func newMosquitto(p *Province, dir, host string, space ...string) (*mosquitto, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	conf := broker.Conf(port, dir)
	return writeMosquitto(p, dir, host, port, conf, space)
}

// plainMosquitto is one without TLS, for comparison: names are taken on trust.
func plainMosquitto(p *Province, dir string) (*mosquitto, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	var kept []string
	for line := range strings.Lines(broker.Conf(port, dir)) {
		switch key, _, _ := strings.Cut(strings.TrimSpace(line), " "); key {
		case "cafile", "certfile", "keyfile", "crlfile", "require_certificate", "use_identity_as_username", "tls_version":
		default:
			kept = append(kept, line)
		}
	}
	return writeMosquitto(p, dir, "127.0.0.1", port, strings.Join(kept, "")+"allow_anonymous true\n", nil)
}

func writeMosquitto(p *Province, dir, host, port, conf string, space []string) (*mosquitto, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	conf = strings.ReplaceAll(conf, "/var/lib/mosquitto/", dir+"/")
	if os.Getuid() == 0 {
		conf = "user root\n" + conf // it could not read its files as somebody else
	}
	m := &mosquitto{Addr: net.JoinHostPort(host, port), conf: filepath.Join(dir, "loa.conf"), space: space}
	err := errors.Join(
		os.WriteFile(m.conf, []byte(conf), 0o600),
		os.WriteFile(filepath.Join(dir, "loa.acl"), []byte(broker.ACL(tool, dispatcher)), 0o600))
	for _, name := range []string{"ca.crt", "server.crt", "server.key", "ca.crl"} {
		data, e := os.ReadFile(filepath.Join(p.Dir(), "tls", name))
		err = errors.Join(err, e, os.WriteFile(filepath.Join(dir, name), data, 0o600))
	}
	if err != nil {
		return nil, err
	}
	m.log, err = os.Create(filepath.Join(dir, "log"))
	return m, err
}

// Start starts it and waits until it listens.
func (m *mosquitto) Start() error {
	path, err := exec.LookPath("mosquitto")
	if err != nil {
		path = "/usr/sbin/mosquitto" // not in everybody's PATH
	}
	line := append(append([]string{}, m.space...), path, "-c", m.conf)
	m.cmd = exec.Command(line[0], line[1:]...)
	m.cmd.Stdout, m.cmd.Stderr = m.log, m.log
	if err := m.cmd.Start(); err != nil {
		return err
	}
	for range 200 {
		if conn, err := net.Dial("tcp", m.Addr); err == nil {
			conn.Close()
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	m.Kill()
	said, _ := os.ReadFile(m.log.Name())
	return fmt.Errorf("mosquitto does not listen:\n%s", said)
}

// Kill is kill -9.
func (m *mosquitto) Kill() {
	if m.cmd == nil {
		return
	}
	_ = m.cmd.Process.Kill() // it may have gone already
	_ = m.cmd.Wait()         // says by a signal what it died of
	m.cmd = nil
}

// Wipe makes a broker that does not run forget everything.
func (m *mosquitto) Wipe() error {
	err := os.Remove(filepath.Join(filepath.Dir(m.conf), "mosquitto.db"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

func (m *mosquitto) URL() string { return "tls://" + m.Addr }

// freePort is a port of this machine that nobody has now.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}
