package modem

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"path"
	"strings"
	"sync"
	"time"
)

// A Manager is the modem that ModemManager has, asked through its own tool. It has a tool
// rather than D-Bus from here: it is there with ModemManager, and its JSON is stable
// since 1.10.
type Manager struct {
	tool string

	mu   sync.Mutex
	half map[string]time.Time // messages that are not whole, and since when
}

// Managed finds mmcli. It starts nothing.
func Managed() (*Manager, error) {
	tool, err := exec.LookPath("mmcli")
	if err != nil {
		return nil, fmt.Errorf("modem: no ModemManager: %w", err)
	}
	return &Manager{tool: tool}, nil
}

// Close ends nothing: each question is a process of its own.
func (m *Manager) Close() error { return nil }

func (m *Manager) ask(ctx context.Context, into any, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, m.tool, args...)
	cmd.WaitDelay = time.Second
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		why, _, _ := strings.Cut(said.String(), "\n")
		return fmt.Errorf("modem: mmcli: %s: %w", why, err)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(out, into); err != nil {
		return fmt.Errorf("modem: mmcli: %w", err)
	}
	return nil
}

// known is what mmcli says where it knows; it writes -- where it does not.
func known(s string) string {
	if s == "--" {
		return ""
	}
	return s
}

// Info asks who it is.
func (m *Manager) Info(ctx context.Context) (i Info, err error) {
	var of struct {
		Modem struct {
			Generic struct {
				Model  string `json:"model"`
				SIM    string `json:"sim"`
				Locked string `json:"unlock-required"`
			} `json:"generic"`
			Net struct {
				IMEI       string `json:"imei"`
				Operator   string `json:"operator-name"`
				Registered string `json:"registration-state"`
			} `json:"3gpp"`
		} `json:"modem"`
	}
	if err := m.ask(ctx, &of, "-m", "any", "-J"); err != nil {
		return i, err
	}
	g, n := of.Modem.Generic, of.Modem.Net
	i = Info{Model: known(g.Model), IMEI: known(n.IMEI), Operator: known(n.Operator), SIM: "READY", Registered: "no"}
	if r := known(n.Registered); r == "home" || r == "roaming" || r == "searching" || r == "denied" {
		i.Registered = r
	}
	if lock := known(g.Locked); strings.HasPrefix(lock, "sim-") && lock != "sim-pin2" && lock != "sim-puk2" {
		i.SIM = strings.ToUpper(strings.ReplaceAll(lock, "-", " "))
	}
	if known(g.SIM) == "" {
		i.SIM = "absent"
		return i, nil
	}
	var sim struct {
		SIM struct {
			Properties struct {
				ICCID string `json:"iccid"`
			} `json:"properties"`
		} `json:"sim"`
	}
	if m.ask(ctx, &sim, "-i", path.Base(g.SIM), "-J") == nil { // without: the rest is told all the same
		i.ICCID = known(sim.SIM.Properties.ICCID)
	}
	return i, nil
}

// Signal asks how well it hears. ModemManager measures only once it is told how often.
func (m *Manager) Signal(ctx context.Context) (s Signal, err error) {
	var of struct {
		Modem struct {
			Signal struct {
				LTE struct {
					RSSI string `json:"rssi"`
					RSRP string `json:"rsrp"`
					RSRQ string `json:"rsrq"`
					SNR  string `json:"snr"`
				} `json:"lte"`
				Refresh struct {
					Rate string `json:"rate"`
				} `json:"refresh"`
			} `json:"signal"`
		} `json:"modem"`
	}
	if err := m.ask(ctx, &of, "-m", "any", "--signal-get", "-J"); err != nil {
		return s, err
	}
	if rate := of.Modem.Signal.Refresh.Rate; rate == "0" || known(rate) == "" {
		if err := m.ask(ctx, nil, "-m", "any", "--signal-setup=2"); err != nil {
			return s, err
		}
	}
	l := of.Modem.Signal.LTE
	s = Signal{RSSI: number(l.RSSI, 1, 0), RSRP: number(l.RSRP, 1, 0), RSRQ: number(l.RSRQ, 1, 0), SINR: number(l.SNR, 1, 0)}
	if s.RSRP != nil {
		s.Access = "LTE"
	}
	return s, nil
}
