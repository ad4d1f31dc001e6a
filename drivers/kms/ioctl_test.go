package kms

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"
)

// The requests as strace shows them; their sizes are those of C on all boards.
func TestRequests(t *testing.T) {
	for _, c := range []struct {
		name      string
		got, want uint
	}{
		{"DRM_IOCTL_SET_MASTER", setMaster, 0x641e},
		{"DRM_IOCTL_AUTH_MAGIC", authMagic, 0x40046411},
		{"DRM_IOCTL_MODE_GETRESOURCES", getResources, 0xc04064a0},
		{"DRM_IOCTL_MODE_GETCRTC", getCRTC, 0xc06864a1},
		{"DRM_IOCTL_MODE_SETCRTC", setCRTC, 0xc06864a2},
		{"DRM_IOCTL_MODE_GETENCODER", getEncoder, 0xc01464a6},
		{"DRM_IOCTL_MODE_GETCONNECTOR", getConnector, 0xc05064a7},
		{"DRM_IOCTL_MODE_ADDFB", addFB, 0xc01c64ae},
		{"DRM_IOCTL_MODE_RMFB", rmFB, 0xc00464af},
		{"DRM_IOCTL_MODE_PAGE_FLIP", pageFlip, 0xc01864b0},
		{"DRM_IOCTL_MODE_CREATE_DUMB", createDumb, 0xc02064b2},
		{"DRM_IOCTL_MODE_MAP_DUMB", mapDumb, 0xc01064b3},
		{"DRM_IOCTL_MODE_DESTROY_DUMB", destroyDumb, 0xc00464b4},
		{"DRM_IOCTL_MODE_CLOSEFB", closeFB, 0xc00864d0},
	} {
		if c.got != c.want {
			t.Errorf("%s is %#x, not %#x", c.name, c.got, c.want)
		}
	}
	if size := unsafe.Sizeof(variable{}); size != 160 {
		t.Errorf("fb_var_screeninfo has %d bytes", size)
	}
	want := map[uintptr]uintptr{4: 68, 8: 80}[unsafe.Sizeof(uintptr(0))]
	if size := unsafe.Sizeof(fixed{}); size != want {
		t.Errorf("fb_fix_screeninfo has %d bytes, not %d", size, want)
	}
}

// nonsense spoils one answer in some, as a driver with a fault does.
type nonsense struct {
	device
	r *rand.Rand
}

var sizes = map[uint]uintptr{
	getResources: unsafe.Sizeof(resources{}), getCRTC: unsafe.Sizeof(crtcState{}), getEncoder: unsafe.Sizeof(encoderState{}),
	getConnector: unsafe.Sizeof(connectorState{}), addFB: unsafe.Sizeof(framebufferState{}), createDumb: unsafe.Sizeof(dumbState{}),
	mapDumb: unsafe.Sizeof(dumbMap{}),
}

func (n nonsense) ioctl(request uint, arg unsafe.Pointer) error {
	err := n.device.ioctl(request, arg)
	if size := sizes[request]; size > 0 && n.r.IntN(4) == 0 {
		answer := unsafe.Slice((*byte)(arg), size)
		for range 1 + n.r.IntN(3) {
			answer[n.r.IntN(len(answer))] = byte(n.r.Uint32())
		}
	}
	return err
}

func (n nonsense) read(b []byte, wait time.Duration) (int, error) {
	got, err := n.device.read(b, wait)
	if got > 0 && n.r.IntN(2) == 0 {
		b[n.r.IntN(got)] ^= byte(n.r.Uint32())
	}
	return got, err
}

type nonsenseKernel struct {
	*fakeKernel
	r *rand.Rand
}

func (k nonsenseKernel) open(path string) (device, error) {
	d, err := k.fakeKernel.open(path)
	if err != nil {
		return nil, err
	}
	return nonsense{d, k.r}, nil
}

// Whatever a card says, nothing panics, nothing is kept, and it can be tried again.
func TestNonsense(t *testing.T) {
	rounds := 10000
	if testing.Short() {
		rounds = 500
	}
	shown := 0
	for seed := range rounds {
		synctest.Test(t, func(t *testing.T) { // a flip that is lost in nonsense takes a second
			k := nonsenseKernel{newKernel(), rand.New(rand.NewPCG(uint64(seed), 1))}
			k.refresh = 400 * time.Millisecond
			k.screen().modes = []modeInfo{fakeMode(4, 3, 60, true)}
			p, err := open(Opts{Mode: "4x3"}, k)
			if err != nil {
				return
			}
			picture := plain(p.Size(), 7)
			for range 3 {
				if p.Show(t.Context(), picture) == nil {
					shown++
				}
				_, _ = p.Probe(t.Context())
			}
			p.Close()
			if k.mapped != 0 || len(k.files) != 0 {
				t.Fatalf("seed %d: %d mappings, %d descriptors are left", seed, k.mapped, len(k.files))
			}
		})
	}
	if shown < rounds/10 {
		t.Errorf("only %d pictures were ever shown", shown)
	}
}

func TestFlipped(t *testing.T) {
	vblank := []byte{1, 0, 0, 0, 32, 0, 0, 0, 31: 0}
	flip := []byte{2, 0, 0, 0, 32, 0, 0, 0, 31: 0}
	for name, c := range map[string]struct {
		events []byte
		want   bool
	}{
		"a flip":             {flip, true},
		"after a vblank":     {append(vblank[:32:32], flip...), true},
		"a vblank":           {vblank, false},
		"nothing":            {nil, false},
		"half a head":        {flip[:7], false},
		"a length of 0":      {[]byte{1, 0, 0, 0, 0, 0, 0, 0}, false},
		"a length of others": {[]byte{1, 0, 0, 0, 255, 255, 255, 255, 2, 0, 0, 0, 8, 0, 0, 0}, false},
	} {
		if got := flipped(c.events); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func FuzzFlipped(f *testing.F) {
	f.Add([]byte{2, 0, 0, 0, 32, 0, 0, 0, 31: 0})
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if flipped(b) && len(b) < 8 {
			t.Errorf("a flip in %d bytes", len(b))
		}
	})
}
