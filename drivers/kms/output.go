package kms

import (
	"errors"
	"fmt"
	"image"
	"runtime"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// errNoScreen is a connector without a screen, or a card without such a connector.
var errNoScreen = errors.New("no screen is connected")

// An output is the way to one screen.
type output struct {
	name      string
	connector uint32
	crtc      uint32
	mode      modeInfo
}

// kinds are the sockets, DRM_MODE_CONNECTOR_* in the order of drm_mode.h, with the
// names that the kernel gives them in sysfs.
var kinds = [...]string{"Unknown", "VGA", "DVI-I", "DVI-D", "DVI-A", "Composite", "SVIDEO", "LVDS", "Component", "DIN",
	"DP", "HDMI-A", "HDMI-B", "TV", "eDP", "Virtual", "DSI", "DPI", "Writeback", "SPI", "USB"}

func (s connectorState) name() string {
	kind := kinds[0]
	if s.kind < uint32(len(kinds)) {
		kind = kinds[s.kind]
	}
	return fmt.Sprintf("%s-%d", kind, s.number)
}

const (
	isConnected   = 1 // of connectorState.connection
	isPreferred   = 1 << 3
	isInterlaced  = 1 << 4
	writeback     = 18 // a connector that ends in memory
	mostOfAnyKind = 64
	mostModes     = 256
)

func (m modeInfo) size() image.Point { return image.Pt(int(m.width), int(m.height)) }

func (m modeInfo) String() string {
	return fmt.Sprintf("%dx%d@%d", m.width, m.height, m.refresh)
}

// findOutput finds a screen and a mode for it; a size of 0 is what the screen prefers.
func findOutput(d device, connector string, size image.Point) (output, error) {
	crtcs, connectors, err := list(d)
	if err != nil {
		return output{}, fmt.Errorf("it drives no screens: %w", err)
	}
	var there []string
	for _, id := range connectors {
		s, modes, encoders, err := look(d, id)
		if err != nil {
			return output{}, fmt.Errorf("cannot ask connector %d: %w", id, err)
		}
		if s.kind == writeback || connector != "" && s.name() != connector {
			there = append(there, s.name())
			continue
		}
		if s.connection != isConnected {
			there = append(there, s.name()+" (empty)")
			continue
		}
		o := output{name: s.name(), connector: id}
		if o.mode, err = choose(modes, size); err != nil {
			return output{}, fmt.Errorf("%s: %w", o.name, err)
		}
		if o.crtc, err = route(d, s, encoders, crtcs); err != nil {
			return output{}, fmt.Errorf("%s: %w", o.name, err)
		}
		return o, nil
	}
	if connector != "" {
		return output{}, fmt.Errorf("%w to %s; it has %s", errNoScreen, connector, strings.Join(there, ", "))
	}
	return output{}, fmt.Errorf("%w; it has %s", errNoScreen, strings.Join(there, ", "))
}

// list gives the ids of what the card has.
func list(d device) (crtcs, connectors []uint32, err error) {
	crtcs, connectors = make([]uint32, mostOfAnyKind), make([]uint32, mostOfAnyKind)
	r := resources{ncrtcs: mostOfAnyKind, nconnectors: mostOfAnyKind}
	var pins runtime.Pinner // the kernel writes through numbers
	defer pins.Unpin()
	r.crtcs, r.connectors = address(&pins, &crtcs[0]), address(&pins, &connectors[0])
	if err := d.ioctl(getResources, unsafe.Pointer(&r)); err != nil {
		return nil, nil, err
	}
	if r.ncrtcs > mostOfAnyKind || r.nconnectors > mostOfAnyKind {
		return nil, nil, fmt.Errorf("it says it has %d connectors", r.nconnectors)
	}
	return crtcs[:r.ncrtcs], connectors[:r.nconnectors], nil
}

// look asks a screen, which can take 100 ms, for what it can show.
func look(d device, id uint32) (s connectorState, modes []modeInfo, encoders []uint32, err error) {
	probe := connectorState{id: id} // with no room for modes it asks the screen itself
	if err := d.ioctl(getConnector, unsafe.Pointer(&probe)); err != nil {
		return s, nil, nil, err
	}
	modes, encoders = make([]modeInfo, mostModes), make([]uint32, mostOfAnyKind)
	s = connectorState{id: id, nmodes: mostModes, nencoders: mostOfAnyKind}
	var pins runtime.Pinner
	defer pins.Unpin()
	s.modes, s.encoders = address(&pins, &modes[0]), address(&pins, &encoders[0])
	if err := d.ioctl(getConnector, unsafe.Pointer(&s)); err != nil {
		return s, nil, nil, err
	}
	return s, modes[:min(s.nmodes, mostModes)], encoders[:min(s.nencoders, mostOfAnyKind)], nil
}

// connected is what the kernel knows already: it costs no time.
func connected(d device, id uint32) (bool, error) {
	mode := new(modeInfo)
	s := connectorState{id: id, nmodes: 1} // room for a mode: no asking
	var pins runtime.Pinner
	defer pins.Unpin()
	s.modes = address(&pins, mode)
	switch err := d.ioctl(getConnector, unsafe.Pointer(&s)); err {
	case nil:
		return s.connection == isConnected, nil
	case unix.ENOENT: // a connector of a dock that was unplugged
		return false, nil
	default:
		return false, err
	}
}

// choose takes the first mode of the size: the kernel sorts quicker ones first.
func choose(modes []modeInfo, size image.Point) (modeInfo, error) {
	var names []string
	best := -1
	for i, m := range modes {
		if m.flags&isInterlaced != 0 || m.width == 0 || m.height == 0 {
			continue
		}
		if size == (image.Point{}) && (best < 0 || m.kind&isPreferred != 0 && modes[best].kind&isPreferred == 0) {
			best = i
		}
		if m.size() == size {
			return m, nil
		}
		if len(names) < 8 {
			names = append(names, m.String())
		}
	}
	if best >= 0 {
		return modes[best], nil
	}
	if len(names) == 0 {
		return modeInfo{}, errors.New("the screen offers no mode")
	}
	return modeInfo{}, fmt.Errorf("the screen does not offer %dx%d, but %s", size.X, size.Y, strings.Join(names, ", "))
}

// route finds a CRTC, the part that sends pixels: the one in use, or any that fits.
func route(d device, s connectorState, encoders, crtcs []uint32) (uint32, error) {
	if s.encoder != 0 {
		encoders = append([]uint32{s.encoder}, encoders...)
	}
	for _, id := range encoders {
		e := encoderState{id: id}
		if err := d.ioctl(getEncoder, unsafe.Pointer(&e)); err != nil {
			continue
		}
		if e.crtc != 0 && id == s.encoder {
			return e.crtc, nil
		}
		for i, crtc := range crtcs {
			if i < 32 && e.possibleCRTCs&(1<<i) != 0 {
				return crtc, nil
			}
		}
	}
	return 0, errors.New("nothing can send to this connector")
}

// set makes the screen show a buffer; it takes some frames, or seconds on some walls.
func (o output) set(d device, fb uint32) error {
	var pins runtime.Pinner
	defer pins.Unpin()
	id := new(uint32)
	*id = o.connector
	s := crtcState{connectors: address(&pins, id), nconnectors: 1, id: o.crtc, fb: fb, modeValid: 1, mode: o.mode}
	return d.ioctl(setCRTC, unsafe.Pointer(&s))
}

// now is what is sent, whoever set it.
func (o output) now(d device) (crtcState, error) {
	s := crtcState{id: o.crtc}
	err := d.ioctl(getCRTC, unsafe.Pointer(&s))
	return s, err
}

// master tells whether changes are ours to make: who is not may not even ask for the
// authentication of a client that does not exist.
func master(d device) bool {
	magic := new(uint32)
	return d.ioctl(authMagic, unsafe.Pointer(magic)) != unix.EACCES
}

// address is where the kernel finds v, which stays there until the pins go.
func address[T any](pins *runtime.Pinner, v *T) uint64 {
	pins.Pin(v)
	return uint64(uintptr(unsafe.Pointer(v)))
}

// parseMode reads 1920x1080; an empty mode is 0x0.
func parseMode(mode string) (image.Point, error) {
	if mode == "" {
		return image.Point{}, nil
	}
	w, h, ok := strings.Cut(mode, "x")
	x, errX := strconv.ParseUint(w, 10, 14)
	y, errY := strconv.ParseUint(h, 10, 14)
	if !ok || errX != nil || errY != nil || x == 0 || y == 0 {
		return image.Point{}, fmt.Errorf("kms: mode %q is not like 1920x1080", mode)
	}
	return image.Pt(int(x), int(y)), nil
}
