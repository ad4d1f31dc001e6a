package modem

import (
	"context"
	"encoding/json"
	"errors"
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
	out, err := m.run(ctx, args...)
	if err != nil || into == nil {
		return err
	}
	if err := json.Unmarshal(out, into); err != nil {
		return fmt.Errorf("modem: mmcli: %w", err)
	}
	return nil
}

func (m *Manager) run(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, m.tool, args...)
	cmd.WaitDelay = time.Second
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		why, _, _ := strings.Cut(said.String(), "\n")
		return nil, fmt.Errorf("modem: mmcli: %s: %w", why, err)
	}
	return out, nil
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

// The rest of a message that came in parts comes soon or never; what lies there half
// takes up room, of which a card has for 20 or so.
const (
	restSoon = 10 * time.Minute
	halfMost = 16
)

// Messages are what ModemManager has. One of which parts are missing for ten minutes comes
// without its text, to be deleted; many such are an error beside what came.
func (m *Manager) Messages(ctx context.Context) ([]SMS, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if end, ok := ctx.Deadline(); ok { // the other half of the time is for deleting
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(end)/2)
		defer cancel()
	}
	var list struct {
		Paths []string `json:"modem.messaging.sms"`
	}
	if err := m.ask(ctx, &list, "-m", "any", "--messaging-list-sms", "-J"); err != nil {
		return nil, err
	}
	var all []SMS
	half, now := make(map[string]time.Time), time.Now()
	for _, path := range list.Paths {
		var of struct {
			SMS struct {
				Content struct {
					Number string `json:"number"`
					Text   string `json:"text"`
				} `json:"content"`
				Properties struct {
					Kind  string `json:"pdu-type"`
					State string `json:"state"`
					Sent  string `json:"timestamp"`
				} `json:"properties"`
			} `json:"sms"`
		}
		if err := m.ask(ctx, &of, "-s", path, "-J"); err != nil {
			return all, err
		}
		c, p := of.SMS.Content, of.SMS.Properties
		s := SMS{ID: path, From: known(c.Number)}
		switch {
		case p.Kind == "submit", p.State == "stored", p.State == "sending", p.State == "sent":
			continue // written here
		case p.Kind == "deliver" && p.State == "received":
			s.Text = known(c.Text)
			for _, layout := range []string{"2006-01-02T15:04:05Z07", time.RFC3339} {
				if t, err := time.Parse(layout, p.Sent); err == nil {
					s.Sent = t
				}
			}
		default:
			half[path] = now
			if since, before := m.half[path]; before {
				half[path] = since
			}
			if now.Sub(half[path]) < restSoon {
				continue
			}
		}
		all = append(all, s)
	}
	m.half = half
	if len(half) >= halfMost {
		return all, fmt.Errorf("modem: %d messages take up room of which parts are missing", len(half))
	}
	return all, nil
}

// Delete makes room.
func (m *Manager) Delete(ctx context.Context, id string) error {
	return m.ask(ctx, nil, "-m", "any", "--messaging-delete-sms="+id)
}

// Send sends a text to a number, as [Modem.Send] does. Its copy at ModemManager is deleted,
// sent or not: it would take up room.
func (m *Manager) Send(ctx context.Context, to, text string) error {
	if err := sendable(to, text); err != nil {
		return err
	}
	said, err := m.run(ctx, "-m", "any", "--messaging-create-sms=number='"+to+"',text='"+strings.ReplaceAll(text, "'", "’")+"'")
	if err != nil {
		return err
	}
	for _, word := range strings.Fields(string(said)) {
		if !strings.Contains(word, "/SMS/") {
			continue
		}
		_, err := m.run(ctx, "-s", word, "--send", "--timeout=60")
		return errors.Join(err, m.Delete(context.WithoutCancel(ctx), word))
	}
	return errors.New("modem: mmcli made no message")
}
