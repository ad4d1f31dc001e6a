package qemu

import (
	"context"
	"os"
	"path/filepath"
	"time"
)

// Plug puts a USB device into the box: its sound card, or the stick in file.
func (m *Machine) Plug(ctx context.Context, what, file string) error {
	r, err := m.now()
	if err != nil {
		return err
	}
	device := map[string]any{"driver": "usb-audio", "id": what, "audiodev": "a0", "bus": m.o.Kind.usb}
	if file != "" {
		err := r.qmp.Do(ctx, "blockdev-add", map[string]any{
			"node-name": what, "driver": "raw", "file": map[string]any{"driver": "file", "filename": file},
		}, nil)
		if err != nil {
			return err
		}
		device = map[string]any{"driver": "usb-storage", "id": what, "drive": what, "bus": m.o.Kind.usb, "removable": true}
	}
	return r.qmp.Do(ctx, "device_add", device, nil)
}

// Unplug pulls it out, without asking the box.
func (m *Machine) Unplug(ctx context.Context, what string) error {
	r, err := m.now()
	if err != nil {
		return err
	}
	began := time.Now()
	if err := r.qmp.Do(ctx, "device_del", map[string]string{"id": what}, nil); err != nil {
		return err
	}
	if _, err := r.qmp.Wait(ctx, "DEVICE_DELETED", began.Add(-time.Millisecond)); err != nil {
		return err
	}
	r.qmp.Do(ctx, "blockdev-del", map[string]string{"node-name": what}, nil) // a card has none
	return nil
}

// Barked waits until the box's watchdog has reset it, after since.
func (m *Machine) Barked(ctx context.Context, since time.Time) error {
	r, err := m.now()
	if err != nil {
		return err
	}
	_, err = r.qmp.Wait(ctx, "WATCHDOG", since)
	return err
}

// RAM is a copy of the box's memory as it is now, and the address at which it begins.
func (m *Machine) RAM(ctx context.Context) (ram []byte, at uint64, err error) {
	r, err := m.now()
	if err != nil {
		return nil, 0, err
	}
	const base, size = 0x4000_0000, 512 << 20 // of machine virt
	file := filepath.Join(m.o.Dir, "ram")
	defer os.Remove(file)
	if err := r.qmp.Do(ctx, "pmemsave", map[string]any{"val": base, "size": size, "filename": file}, nil); err != nil {
		return nil, 0, err
	}
	ram, err = os.ReadFile(file)
	return ram, base, err
}

// Poke writes into the box's memory.
func (m *Machine) Poke(ctx context.Context, address uint64, data []byte) error {
	r, err := m.now()
	if err != nil {
		return err
	}
	return r.qtest.Poke(ctx, address, data)
}
