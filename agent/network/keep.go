package network

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A Modem is how a mobile connection is made.
type Modem struct {
	Connect string   `json:"connect"` // for mmcli --simple-connect; it holds secrets
	Metric  int      `json:"metric"`  // of the way out
	DNS     []string `json:"dns,omitempty"`
}

// A Keeper makes the modem's connection through ModemManager and makes it again when it
// is lost. It is for root.
type Keeper struct {
	Modem Modem
	Dir   string // of systemd-networkd's files
	// Run runs one of the system's programs, and gives what it says.
	Run func(ctx context.Context, name string, args ...string) ([]byte, error)
	Log *slog.Logger

	said string // the last trouble, told once
	file string // what systemd-networkd has been told
}

const (
	// heldFile comes before the files that are made of the settings: the first that fits
	// an interface counts.
	heldFile = "09-loa-modem.network"

	lookEvery  = 20 * time.Second
	firstAgain = 10 * time.Second // after a connection that failed, doubled up to lastAgain
	lastAgain  = 5 * time.Minute

	// pinTries is how many tries a SIM card has as long as nobody has entered a wrong PIN.
	// The third wrong one locks it until somebody finds its PUK, so a box spends one.
	pinTries = 3
)

// Keep looks after the connection until ctx ends. What another one has connected before,
// perhaps by another APN, it ends first.
func (k *Keeper) Keep(ctx context.Context) {
	again := firstAgain
	_, _ = k.Run(ctx, "mmcli", "-m", "any", "--simple-disconnect") // none there: nothing to end
	if held, err := os.ReadFile(filepath.Join(k.Dir, heldFile)); err == nil {
		k.file = string(held) // of the one before
	}
	for {
		wait := lookEvery
		if err := k.look(ctx); err != nil {
			if text := err.Error(); text != k.said && ctx.Err() == nil {
				k.said = text
				k.Log.Warn("no mobile connection", "err", err)
			}
			wait, again = again, min(2*again, lastAgain)
		} else {
			if k.said != "" {
				k.Log.Info("the mobile connection is there again")
			}
			k.said, again = "", firstAgain
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// facts are what ModemManager says of a modem.
type facts struct {
	State   string   `json:"state"`
	Failed  string   `json:"state-failed-reason"`
	Locked  string   `json:"unlock-required"`
	Retries []string `json:"unlock-retries"` // as in "sim-pin (3)"
	Bearers []string `json:"bearers"`
}

func (k *Keeper) ask(ctx context.Context, into any, args ...string) error {
	out, err := k.Run(ctx, "mmcli", append(args, "-J")...)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(out, into); err != nil {
		return fmt.Errorf("mmcli: %w", err)
	}
	return nil
}

// look connects if there is no connection, and tells networkd of the one there is.
func (k *Keeper) look(ctx context.Context) error {
	var m struct{ Modem struct{ Generic facts } }
	if err := k.ask(ctx, &m, "-m", "any"); err != nil {
		return errors.Join(err, k.tell(ctx, ""))
	}
	f := m.Modem.Generic
	if f.State == "connected" {
		return k.hold(ctx, f)
	}
	if err := errors.Join(f.may(k.Modem.Connect), k.tell(ctx, "")); err != nil {
		return err
	}
	if _, err := k.Run(ctx, "mmcli", "-m", "any", "--simple-connect="+k.Modem.Connect); err != nil {
		return err
	}
	if err := k.ask(ctx, &m, "-m", "any"); err != nil {
		return err
	}
	return k.hold(ctx, m.Modem.Generic)
}

// may says why a modem is not to be connected now.
func (f facts) may(connect string) error {
	tries := -1 // not known
	for _, r := range f.Retries {
		if n, ok := strings.CutPrefix(r, "sim-pin ("); ok {
			tries, _ = strconv.Atoi(strings.TrimSuffix(n, ")"))
		}
	}
	switch {
	case f.State == "failed":
		return fmt.Errorf("the modem has failed: %.40q", f.Failed)
	case f.Locked == "sim-puk":
		return errors.New("the SIM card is locked: it wants its PUK, in a telephone")
	case f.Locked == "sim-pin" && !strings.Contains(connect, `pin="`):
		return errors.New("the SIM card wants a PIN: network.pin")
	case f.Locked == "sim-pin" && tries >= 0 && tries < pinTries:
		return fmt.Errorf("a wrong PIN was entered, and %d tries are left: enter the right one in a telephone, and write it into network.pin", tries)
	}
	return nil
}

// mobileName is a modem's network interface.
var mobileName = regexp.MustCompile(`^ww[a-z0-9]{1,13}$`)

// hold tells networkd the address of a connection.
func (k *Keeper) hold(ctx context.Context, f facts) error {
	for _, bearer := range f.Bearers {
		var b struct {
			Bearer struct {
				IP struct {
					Method, Address, Prefix, Gateway, MTU string
					DNS                                   []string
				} `json:"ipv4-config"`
				Status struct{ Connected, Interface string }
			}
		}
		if err := k.ask(ctx, &b, "-b", path.Base(bearer)); err != nil {
			return err
		}
		ip, status := b.Bearer.IP, b.Bearer.Status
		if status.Connected != "yes" {
			continue
		}
		if !mobileName.MatchString(status.Interface) {
			return fmt.Errorf("the modem connects through %.20q, by PPP: nothing here speaks that", status.Interface)
		}
		text := head(status.Interface)
		if ip.Method != "static" {
			return k.tell(ctx, text+fmt.Sprintf("DHCP=yes\n\n[DHCPv4]\nRouteMetric=%d\n", k.Modem.Metric))
		}
		address, err := netip.ParsePrefix(ip.Address + "/" + ip.Prefix)
		if err != nil {
			return fmt.Errorf("the modem's address: %w", err)
		}
		text += fmt.Sprintf("Address=%s\n", address)
		servers := k.Modem.DNS
		if len(servers) == 0 {
			servers = ip.DNS
		}
		for _, s := range servers {
			if a, err := netip.ParseAddr(s); err == nil {
				text += fmt.Sprintf("DNS=%s\n", a)
			}
		}
		to := "Destination=0.0.0.0/0" // a link with two ends
		if a, err := netip.ParseAddr(ip.Gateway); err == nil {
			to = fmt.Sprintf("Gateway=%s\nGatewayOnLink=yes", a)
		}
		return k.tell(ctx, fmt.Sprintf("%s\n[Route]\n%s\nMetric=%d\n", text, to, k.Modem.Metric))
	}
	return errors.New("the modem says that it is connected, and has no connection")
}

// tell gives networkd a file of this text; empty: none.
func (k *Keeper) tell(ctx context.Context, text string) error {
	if text == k.file {
		return nil
	}
	file := filepath.Join(k.Dir, heldFile)
	if text == "" {
		if err := os.Remove(file); err != nil && !os.IsNotExist(err) {
			return err
		}
	} else {
		draft := filepath.Join(k.Dir, "."+heldFile)
		if err := errors.Join(os.MkdirAll(k.Dir, 0o755), os.WriteFile(draft, []byte(text), 0o644), os.Rename(draft, file)); err != nil {
			return err
		}
	}
	if _, err := k.Run(ctx, reload[0], reload[1:]...); err != nil {
		return err
	}
	k.file = text
	return nil
}
