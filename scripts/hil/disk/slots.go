package disk

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
)

// Where the boot counters lie, twice, outside all partitions.
const (
	counters    = 15 << 20
	countersToo = counters + 512<<10
	counterSize = 4096
)

// Count writes the boot counters as an update does: the order in which the slots are
// tried, and how often.
func (d Disk) Count(order string, a, b int) error {
	blob := make([]byte, counterSize)
	copy(blob[4:], fmt.Sprintf("BOOT_A_LEFT=%x\x00BOOT_B_LEFT=%x\x00BOOT_ORDER=%s\x00", a, b, order))
	binary.LittleEndian.PutUint32(blob, crc32.ChecksumIEEE(blob[4:]))
	return d.write(blob, counters, countersToo)
}

// TearCounters spoils the first copy of the boot counters, as a power cut in the middle
// of its writing does.
func (d Disk) TearCounters() error {
	return d.write(make([]byte, 512), counters)
}

// LoseCounters spoils both.
func (d Disk) LoseCounters() error {
	return d.write(make([]byte, 512), counters, countersToo)
}

// BreakB spoils the kernel in slot B.
func (d Disk) BreakB(ctx context.Context) error {
	_, err := d.debugfs(ctx, slotA+1, true, "rm /boot/vmlinuz\nwrite /dev/null /boot/vmlinuz\n")
	return err
}

func (d Disk) write(data []byte, places ...int64) error {
	f, err := os.OpenFile(d.File, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	for _, at := range places {
		if _, err := f.WriteAt(data, at); err != nil {
			return err
		}
	}
	return f.Sync()
}
