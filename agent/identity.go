package main

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"crypto/tls"
	"fmt"
	"os"
	"slices"
	"strings"
	"unicode"

	"loa/agent/box"
	"loa/agent/config"
	"loa/agent/enrol"
)

// An identity is who this box is, and how it can become somebody.
type identity struct {
	device  string
	key     ed25519.PrivateKey
	brokers []string
	keeper  *enrol.Keeper // nil: its certificate stays as it is
	claim   *box.Claim    // nil: it has none
}

// identify reads who this box is. A box of a batch makes its key, and until it has a
// name it goes by the hash of that.
func identify(cfg config.Config) (who identity, err error) {
	who.device, who.brokers = cfg.Device, cfg.Broker.URLs
	if len(cfg.Broker.URLs) == 0 || !cfg.OneKey() {
		data, err := os.ReadFile(cfg.ReportKey)
		if err != nil {
			return who, fmt.Errorf("cannot read the box's key: %w", err)
		}
		who.key, err = enrol.ParseKey(cfg.ReportKey, data)
		return who, err
	}
	files := enrol.Files{Key: cfg.Broker.Key, Cert: cfg.Broker.Cert, CA: cfg.Broker.CA}
	if cfg.Broker.Claim == "" {
		// Nobody could give it another one.
		for _, file := range []string{files.Key, files.Cert} {
			if _, err := os.Stat(file); err != nil {
				return who, fmt.Errorf("cannot read the box's certificate and key: %w", err)
			}
		}
	}
	if who.keeper, err = enrol.Open(files); err != nil {
		return who, err
	}
	who.key = who.keeper.Key()
	who.device = cmp.Or(cfg.Device, who.keeper.Device(), enrol.ID(who.keeper.Public()))
	who.brokers = slices.Clone(who.keeper.Brokers())
	who.brokers = slices.DeleteFunc(who.brokers, func(u string) bool { return config.CheckBroker(u) != nil })
	for _, u := range cfg.Broker.URLs {
		if !slices.Contains(who.brokers, u) {
			who.brokers = append(who.brokers, u)
		}
	}
	if cfg.Broker.Claim != "" {
		who.claim, err = readClaim(cfg.Broker)
	}
	return who, err
}

// readClaim reads the certificate of the batch.
func readClaim(b config.Broker) (*box.Claim, error) {
	pair, err := tls.LoadX509KeyPair(b.Claim, b.ClaimKey)
	if err != nil {
		return nil, fmt.Errorf("cannot read the batch's certificate: %w", err)
	}
	key, ok := pair.PrivateKey.(ed25519.PrivateKey)
	batch, named := strings.CutPrefix(pair.Leaf.Subject.CommonName, enrol.ClaimPrefix)
	if !ok || !named {
		return nil, fmt.Errorf("%s: this is no certificate of a batch", b.Claim)
	}
	return &box.Claim{Batch: batch, Key: key, TLS: &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}}, nil
}

// modelOf and serialOf are what the kernel calls the hardware, for whoever looks for
// the box on a list.
func modelOf(cfg config.Config) string {
	return firstLine(cfg, "/proc/device-tree/model", "/sys/class/dmi/id/product_name")
}

func serialOf(cfg config.Config) string {
	return firstLine(cfg, "/proc/device-tree/serial-number", "/sys/class/dmi/id/product_serial")
}

// firstLine is what the first of these files says that there is, cut to what a request
// may say.
func firstLine(cfg config.Config, files ...string) string {
	for _, file := range files {
		data, err := os.ReadFile(cfg.Path(file))
		if err != nil {
			continue
		}
		data, _, _ = bytes.Cut(bytes.TrimRight(data, "\x00\n"), []byte("\n"))
		text := strings.Map(func(r rune) rune {
			if unicode.IsPrint(r) && r < unicode.MaxASCII {
				return r
			}
			return -1
		}, string(data))
		return text[:min(len(text), 64)]
	}
	return ""
}
