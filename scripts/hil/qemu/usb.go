package qemu

import (
	"context"
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
