package cpower

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
)

// factoryID is the network ID of the vendor's example, which we take for that of
// cards that nobody has set up.
const factoryID = 0xFFFFFFFF

// Probe asks for the card's versions, whether it is on, its brightness, its clock
// and its network settings, some 150 bytes in all. Then it shows the last page
// again, since the card cannot say whether it still has it: after a power cut
// it shows programs of its own. So "lost" is never among the facts.
func (p *Panel) Probe(ctx context.Context) (map[string]string, error) {
	facts := map[string]string{}
	for _, read := range []func(context.Context, map[string]string) error{
		p.probeVersion, p.probePower, p.probeBrightness, p.probeClock, p.probeDoors,
	} {
		if err := read(ctx, facts); err != nil {
			return nil, fmt.Errorf("cpower: cannot probe: %w", err)
		}
	}
	if p.shown != nil {
		if err := p.show(ctx, p.shown); err != nil {
			return nil, err
		}
	}
	return facts, nil
}

// read asks for a value that follows the byte first in an answer of at least n
// more bytes.
func (p *Panel) read(ctx context.Context, cmd byte, question []byte, first byte, n int) ([]byte, error) {
	a, err := p.ask(ctx, cmd, question)
	if err != nil {
		return nil, err
	}
	if len(a.data) < 1+n || a.data[0] != first {
		return nil, fmt.Errorf("%s answers command %#02x with % x", p.name, cmd, a.data)
	}
	return a.data[1:], nil
}

func (p *Panel) probeVersion(ctx context.Context, facts map[string]string) error {
	v, err := p.read(ctx, cmdVersion, []byte{0}, 0, 7)
	if err != nil {
		return err
	}
	version := func(b byte) string { return fmt.Sprintf("%d.%d", b>>4, b&0x0F) }
	facts["model"] = fmt.Sprintf("C-Power, type %#02x", v[0])
	facts["version"] = fmt.Sprintf("app %s, BIOS %s, logic %s", version(v[6]), version(v[2]), version(v[1]))
	return nil
}

func (p *Panel) probePower(ctx context.Context, facts map[string]string) error {
	v, err := p.read(ctx, cmdPower, []byte{1}, 1, 1)
	if err != nil {
		return err
	}
	facts["on"] = strconv.FormatBool(v[0] != 0)
	return nil
}

// brightness is the card's table, a level for each hour.
func (p *Panel) brightness(ctx context.Context) (levels [24]byte, err error) {
	v, err := p.read(ctx, cmdBrightness, []byte{1}, 1, len(levels))
	copy(levels[:], v)
	return levels, err
}

func (p *Panel) probeBrightness(ctx context.Context, facts map[string]string) error {
	levels, err := p.brightness(ctx)
	if err != nil {
		return err
	}
	switch low, high := slices.Min(levels[:]), slices.Max(levels[:]); {
	case high > 31:
		facts["brightness"] = "by its own sensor"
	case low != high:
		facts["brightness"] = "by the hour"
	default:
		facts["brightness_percent"] = strconv.Itoa(max(0, int(low)-1) * 100 / 30)
	}
	return nil
}

func (p *Panel) probeClock(ctx context.Context, facts map[string]string) error {
	v, err := p.read(ctx, cmdTime, []byte{1}, 1, 7)
	if err != nil {
		return err
	}
	facts["clock"] = fmt.Sprintf("20%02d-%02d-%02d %02d:%02d:%02d", v[6], v[5], v[4], v[2], v[1], v[0])
	return nil
}

// probeDoors looks for a network that obeys everyone. A card without one may be
// silent: it is asked no more.
func (p *Panel) probeDoors(ctx context.Context, facts map[string]string) error {
	if p.noDoors {
		return nil
	}
	const reply = 1 + 4 + 4 + 4 + 2 + 4 // done, address, gateway, mask, port, network ID
	a, err := p.askTimes(ctx, 2, cmdNetwork, []byte{1})
	if err != nil {
		if _, err := p.ask(ctx, cmdVersion, []byte{0}); err != nil {
			return err // it is silent to everything
		}
	}
	if err != nil || len(a.data) < reply || a.data[0] != 1 {
		p.noDoors = true
		return nil
	}
	address, _ := netip.AddrFromSlice(a.data[1:5])
	port := binary.BigEndian.Uint16(a.data[13:])
	if !address.IsUnspecified() && binary.BigEndian.Uint32(a.data[15:]) == factoryID {
		facts["open_door"] = fmt.Sprintf("the network at %s obeys the factory's ID", netip.AddrPortFrom(address, port))
	}
	return nil
}
