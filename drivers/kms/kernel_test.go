package kms

import (
	"encoding/binary"
	"image"
	"image/color"
	"slices"
	"sync"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A fakeKernel behaves as Linux with one graphics card.
type fakeKernel struct {
	mu sync.Mutex

	sockets []*socket
	paths   []string // of the card; more than one: the others have no connectors
	refresh time.Duration
	stuck   bool // flips do not happen
	gone    bool // the card was unplugged
	silent  bool // the kernel has not noticed yet what hangs at the sockets
	old     bool // it knows no closeFB

	files map[*fakeFile]bool
	owner *fakeFile // the master
	mem   map[uint32]*dumb
	fbs   map[uint32]*fb
	last  uint32 // id

	// What the only CRTC sends.
	shown uint32
	mode  modeInfo
	flip  *flipOrder // on its way
	due   time.Time
	from  *fakeFile // who gets the event

	mapped int // mappings
	asked  int // how often a screen was asked for its modes
	sets   int // modesets
	torn   int // pictures that were changed while they were seen
	saved  []byte
}

type socket struct {
	kind, number uint32
	plugged      bool
	modes        []modeInfo
	edid         []byte
}

type dumb struct {
	mem           []byte
	width, height int
	pitch         int
	file          *fakeFile
}

type fb struct {
	*dumb
	file *fakeFile // nil: closed, and shown on
}

type fakeFile struct {
	k      *fakeKernel
	card   bool // false: a render engine without connectors
	master bool
	events []byte
}

const theCRTC = 31

func fakeMode(w, h, refresh int, preferred bool) modeInfo {
	m := modeInfo{width: uint16(w), height: uint16(h), refresh: uint32(refresh)}
	if preferred {
		m.kind = isPreferred
	}
	return m
}

// newKernel has a card with a small screen at its second socket.
func newKernel() *fakeKernel {
	return &fakeKernel{
		paths: []string{"/dev/dri/card0"}, refresh: time.Millisecond,
		sockets: []*socket{
			{kind: 11, number: 1},
			{kind: 11, number: 2, plugged: true, modes: []modeInfo{
				fakeMode(64, 48, 60, false), fakeMode(40, 30, 60, true), fakeMode(40, 30, 50, false)}},
			{kind: writeback, number: 1, plugged: true, modes: []modeInfo{fakeMode(40, 30, 60, true)}},
		},
		files: map[*fakeFile]bool{}, mem: map[uint32]*dumb{}, fbs: map[uint32]*fb{},
	}
}

func (k *fakeKernel) screen() *socket { return k.sockets[1] }

// do changes something of the kernel.
func (k *fakeKernel) do(change func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	change()
}

func (k *fakeKernel) cards() []string { return k.paths }

func (k *fakeKernel) edid(card, connector string) []byte {
	for _, s := range k.sockets {
		if (connectorState{kind: s.kind, number: s.number}).name() == connector {
			return s.edid
		}
	}
	return nil
}

func (k *fakeKernel) open(path string) (device, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !slices.Contains(k.paths, path) || k.gone {
		return nil, unix.ENOENT
	}
	f := &fakeFile{k: k, card: path == k.paths[len(k.paths)-1]}
	if f.card && k.owner == nil {
		k.owner, f.master = f, true
	}
	k.files[f] = true
	return f, nil
}

// other opens the card as another program.
func (k *fakeKernel) other(t *testing.T) *fakeFile {
	d, err := k.open(k.paths[0])
	if err != nil {
		t.Fatal(err)
	}
	return d.(*fakeFile)
}

func (k *fakeKernel) id() uint32 { k.last++; return 100 + k.last }

// tick lets happen what was due.
func (k *fakeKernel) tick() {
	if k.saved != nil && k.shown != 0 && string(k.fbs[k.shown].mem) != string(k.saved) {
		k.torn++
		k.saved = nil
	}
	if k.flip == nil || k.stuck || time.Now().Before(k.due) {
		return
	}
	k.scan(k.flip.fb)
	if k.from != nil && k.flip.flags&sendEvent != 0 {
		e := make([]byte, 32) // struct drm_event_vblank
		binary.LittleEndian.PutUint32(e, 2)
		binary.LittleEndian.PutUint32(e[4:], 32)
		k.from.events = append(k.from.events, e...)
	}
	k.flip = nil
}

// scan begins to send a buffer.
func (k *fakeKernel) scan(id uint32) {
	k.shown, k.saved = id, nil
	if id != 0 {
		k.saved = slices.Clone(k.fbs[id].mem)
	}
}

// picture is what a person sees: the rows of the mode, dark where there is nothing.
func (k *fakeKernel) picture() image.Image {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tick()
	p := image.NewRGBA(image.Rect(0, 0, int(k.mode.width), int(k.mode.height)))
	if p.Rect.Empty() {
		p = image.NewRGBA(image.Rect(0, 0, 40, 30))
	}
	for y := range p.Rect.Dy() {
		for x := range p.Rect.Dx() {
			c := color.RGBA{A: 255}
			if f := k.fbs[k.shown]; f != nil && k.screen().plugged {
				blue := f.mem[y*f.pitch+4*x:]
				c = color.RGBA{blue[2], blue[1], blue[0], 255}
			}
			p.SetRGBA(x, y, c)
		}
	}
	return p
}

func (f *fakeFile) close() error {
	k := f.k
	k.mu.Lock()
	defer k.mu.Unlock()
	for id, b := range k.fbs {
		if b.file == f {
			if k.shown == id {
				k.shown, k.mode, k.saved = 0, modeInfo{}, nil // dark
			}
			delete(k.fbs, id)
		}
	}
	for id, m := range k.mem {
		if m.file == f {
			delete(k.mem, id)
		}
	}
	if k.owner == f {
		k.owner = nil
	}
	if k.from == f {
		k.from = nil
	}
	delete(k.files, f)
	return nil
}

func (f *fakeFile) read(b []byte, wait time.Duration) (int, error) {
	for end := time.Now().Add(wait); ; time.Sleep(min(f.k.refresh, time.Until(end))) {
		f.k.mu.Lock()
		f.k.tick()
		n := copy(b, f.events)
		f.events = f.events[n:]
		f.k.mu.Unlock()
		if n > 0 || !time.Now().Before(end) {
			return n, nil
		}
	}
}

func (f *fakeFile) mmap(offset int64, length int) ([]byte, error) {
	f.k.mu.Lock()
	defer f.k.mu.Unlock()
	m := f.k.mem[uint32(offset>>12)]
	if m == nil || m.file != f || length > len(m.mem) {
		return nil, unix.EINVAL
	}
	f.k.mapped++
	return m.mem[:length], nil
}

func (f *fakeFile) munmap([]byte) error {
	f.k.do(func() { f.k.mapped-- })
	return nil
}

// user follows an address that the driver gave, as the kernel does.
func user[T any](address uint64, n uint32) []T {
	if n == 0 {
		return nil
	}
	return unsafe.Slice(*(**T)(unsafe.Pointer(&address)), n)
}

func (f *fakeFile) ioctl(request uint, arg unsafe.Pointer) error {
	k := f.k
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tick()
	switch {
	case k.gone:
		return unix.ENODEV
	case !f.card:
		return unix.EOPNOTSUPP
	}
	switch request {
	case authMagic:
		if !f.master {
			return unix.EACCES
		}
		return unix.EINVAL
	case setMaster:
		if k.owner != nil && k.owner != f {
			return unix.EBUSY
		}
		k.owner, f.master = f, true
		return nil
	case getResources:
		return k.resources((*resources)(arg))
	case getConnector:
		return k.connector((*connectorState)(arg), f.master)
	case getEncoder:
		e := (*encoderState)(arg)
		e.possibleCRTCs = 1 << 1 // the second
		return nil
	case getCRTC:
		s := (*crtcState)(arg)
		s.fb, s.mode, s.modeValid = k.shown, k.mode, 0
		if k.mode.width != 0 {
			s.modeValid = 1
		}
		return nil
	case createDumb:
		d := (*dumbState)(arg)
		d.pitch = (d.width*d.bpp/8+63)&^63 + 64
		d.size = uint64(d.pitch)*uint64(d.height) + 512
		d.handle = k.id()
		k.mem[d.handle] = &dumb{mem: make([]byte, d.size), width: int(d.width), height: int(d.height), pitch: int(d.pitch), file: f}
		return nil
	case mapDumb:
		m := (*dumbMap)(arg)
		m.offset = uint64(m.handle) << 12
		return nil
	case destroyDumb:
		delete(k.mem, *(*uint32)(arg))
		return nil
	case addFB:
		s := (*framebufferState)(arg)
		m := k.mem[s.handle]
		if m == nil || s.bpp != 32 || s.depth != 24 || int(s.pitch) != m.pitch {
			return unix.EINVAL
		}
		s.id = k.id()
		k.fbs[s.id] = &fb{dumb: m, file: f}
		return nil
	case rmFB:
		delete(k.fbs, *(*uint32)(arg))
		return nil
	case closeFB:
		if k.old {
			return unix.EINVAL
		}
		if b := k.fbs[*(*uint32)(arg)]; b != nil {
			b.file = nil
		}
		return nil
	}
	if !f.master {
		return unix.EACCES
	}
	switch request {
	case setCRTC:
		return k.setCRTC((*crtcState)(arg))
	case pageFlip:
		order := *(*flipOrder)(arg)
		if k.flip != nil {
			return unix.EBUSY
		}
		if b := k.fbs[order.fb]; b == nil || order.crtc != theCRTC || k.mode.width == 0 {
			return unix.EINVAL
		}
		k.flip, k.due, k.from = &order, time.Now().Add(k.refresh), f
		return nil
	}
	return unix.ENOTTY
}

func (k *fakeKernel) resources(r *resources) error {
	ids := make([]uint32, len(k.sockets))
	for i := range ids {
		ids[i] = uint32(50 + i)
	}
	copy(user[uint32](r.connectors, r.nconnectors), ids)
	copy(user[uint32](r.crtcs, r.ncrtcs), []uint32{30, theCRTC})
	r.nconnectors, r.ncrtcs = uint32(len(ids)), 2
	return nil
}

func (k *fakeKernel) connector(s *connectorState, master bool) error {
	i := int(s.id) - 50
	if i < 0 || i >= len(k.sockets) {
		return unix.ENOENT
	}
	c := k.sockets[i]
	if s.nmodes == 0 && master {
		k.asked++
	}
	s.kind, s.number, s.connection = c.kind, c.number, 2
	var modes []modeInfo
	if c.plugged && !k.silent {
		s.connection, modes = isConnected, c.modes
	}
	if int(s.nmodes) >= len(modes) {
		copy(user[modeInfo](s.modes, s.nmodes), modes)
	}
	if s.nencoders > 0 {
		user[uint32](s.encoders, s.nencoders)[0] = 7
	}
	s.nmodes, s.nencoders = uint32(len(modes)), 1
	return nil
}

func (k *fakeKernel) setCRTC(s *crtcState) error {
	b := k.fbs[s.fb]
	if b == nil || s.id != theCRTC || s.nconnectors != 1 || user[uint32](s.connectors, 1)[0] != 51 {
		return unix.EINVAL
	}
	if b.width < int(s.mode.width) || b.height < int(s.mode.height) {
		return unix.ENOSPC
	}
	k.mode = s.mode
	k.sets++
	k.scan(s.fb)
	return nil
}
