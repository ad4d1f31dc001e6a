// Package disk prepares the disk of a box as somebody with a card reader would: it
// copies an image, puts files onto its data partition and reads them from it.
package disk

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A Disk is a raw image with the partition table of our boards.
type Disk struct{ File string }

// Copy writes the image to file, with holes where it has zeroes, and makes it as large
// as the medium that it is for, or as it is where that is smaller.
func Copy(ctx context.Context, image, file string, size int64) (Disk, error) {
	if err := run(ctx, "cp", "--sparse=always", "--reflink=auto", image, file); err != nil {
		return Disk{}, fmt.Errorf("cannot copy the image: %w", err)
	}
	info, err := os.Stat(file)
	if err == nil && info.Size() < size {
		err = os.Truncate(file, size)
	}
	return Disk{file}, err
}

// The partitions of our boards.
const (
	bootPartition = 1 // FAT: what a technician's computer can write
	slotA         = 2
	dataPartition = 4
)

// Hand copies a folder into the FAT partition, as a technician does who has flashed a
// card: the box takes its files from there when it starts.
func (d Disk) Hand(ctx context.Context, folder string) error {
	at, err := d.offset(bootPartition)
	if err != nil {
		return err
	}
	return run(ctx, "mcopy", "-s", "-o", "-Q", "-i", fmt.Sprintf("%s@@%d", d.File, at), folder, "::")
}

// offset is where a partition begins, in bytes.
func (d Disk) offset(partition int) (int64, error) {
	f, err := os.Open(d.File)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var mbr [512]byte
	if _, err := f.ReadAt(mbr[:], 0); err != nil {
		return 0, fmt.Errorf("%s: %w", d.File, err)
	}
	if mbr[510] != 0x55 || mbr[511] != 0xAA {
		return 0, fmt.Errorf("%s has no partition table", d.File)
	}
	start := binary.LittleEndian.Uint32(mbr[446+16*(partition-1)+8:])
	if start == 0 {
		return 0, fmt.Errorf("%s has no partition %d", d.File, partition)
	}
	return int64(start) * 512, nil
}

// debugfs runs its commands on a partition.
func (d Disk) debugfs(ctx context.Context, partition int, write bool, commands string) (out string, err error) {
	at, err := d.offset(partition)
	if err != nil {
		return "", err
	}
	return debugfs(ctx, fmt.Sprintf("%s?offset=%d", d.File, at), write, commands)
}

// debugfs runs its commands on a file system. It goes on after a command that fails, and
// says so on its errors.
func debugfs(ctx context.Context, system string, write bool, commands string) (out string, err error) {
	args := []string{"-f", "-"}
	if write {
		args = append(args, "-w")
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/sbin/debugfs", append(args, system)...)
	var said, wrong bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(commands), &said, &wrong
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("debugfs: %w: %s", err, wrong.String())
	}
	_, errs, _ := strings.Cut(strings.TrimSpace(wrong.String()), "\n") // the first line is its version
	if errs != "" {
		return said.String(), errors.New("debugfs: " + errs)
	}
	return said.String(), nil
}

// Put copies a folder to a folder of the data partition, owned by uid and gid, with
// the modes that it has here. What has the same name there is replaced.
func (d Disk) Put(ctx context.Context, folder, to string, uid, gid int) error {
	var commands strings.Builder
	err := filepath.WalkDir(folder, func(file string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(folder, file)
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		there := path.Join(to, filepath.ToSlash(rel))
		mode := 0o100000 | int(info.Mode().Perm())
		if e.IsDir() {
			mode = 0o040000 | int(info.Mode().Perm())
			// Made again, it would be one more that is nowhere.
			if _, err := d.debugfs(ctx, dataPartition, false, "stat "+there+"\n"); err != nil {
				fmt.Fprintf(&commands, "mkdir %s\n", there)
			}
		} else {
			fmt.Fprintf(&commands, "rm %s\nwrite %s %s\n", there, file, there)
		}
		fmt.Fprintf(&commands, "sif %s mode 0%o\nsif %s uid %d\nsif %s gid %d\n", there, mode, there, uid, there, gid)
		return nil
	})
	if err != nil {
		return err
	}
	if _, err := d.debugfs(ctx, dataPartition, true, commands.String()); err != nil && !harmless(err) {
		return err
	}
	return nil
}

// harmless reports that debugfs only did not remove what is not there.
func harmless(err error) bool {
	for line := range strings.Lines(strings.TrimPrefix(err.Error(), "debugfs: ")) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.Contains(line, "File not found") {
			return false
		}
	}
	return true
}

// System is a file of the system in slot A.
func (d Disk) System(ctx context.Context, name string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "hil")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "file")
	if _, err := d.debugfs(ctx, slotA, false, fmt.Sprintf("dump %s %s\n", name, out)); err != nil {
		return nil, err
	}
	return os.ReadFile(out)
}

// Fill writes a file into the data partition that leaves programs that many bytes, as far
// as they can be counted.
func (d Disk) Fill(ctx context.Context, leave int64) error {
	said, err := d.debugfs(ctx, dataPartition, false, "stats\n")
	if err != nil {
		return err
	}
	number := func(name string) (n int64) {
		_, rest, _ := strings.Cut(said, name)
		fmt.Sscan(rest, &n)
		return n
	}
	// Those of the groups, summed up: of the number in the superblock Linux is behind until
	// it unmounts.
	free, block := int64(0), number("Block size:")
	for _, group := range groupFree.FindAllStringSubmatch(said, -1) {
		n, _ := strconv.ParseInt(group[1], 10, 64)
		free += n
	}
	// With so little left the kernel tells programs that nothing is: it keeps a fiftieth, 4096
	// blocks at most, for its own lists (ext4_set_resv_clusters).
	leave += min(number("Block count:")/50, 4096) * block
	if free <= 0 || block <= 0 {
		return fmt.Errorf("debugfs does not say how much is free: %.200q", said)
	}
	dir, err := os.MkdirTemp("", "hil")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	size := max(0, free*block-leave) // what is written has to be no hole
	if err := os.WriteFile(filepath.Join(dir, "filled"), bytes.Repeat([]byte("full "), int(size/5)), 0o600); err != nil {
		return err
	}
	return d.Put(ctx, dir, "/log", 0, 0)
}

var groupFree = regexp.MustCompile(`(\d+) free blocks?,`)

// Empty takes away what Fill wrote.
func (d Disk) Empty(ctx context.Context) error {
	_, err := d.debugfs(ctx, dataPartition, true, "rm /log/filled\n")
	return err
}

// Check says what is wrong with the data partition once its journal has been played
// back, as the box does when it starts, and copies folders of it into the folder to, which
// is made. One that is not there is left out. The disk stays as it is.
func (d Disk) Check(ctx context.Context, to string, folders ...string) error {
	dir, err := os.MkdirTemp(filepath.Dir(d.File), "check")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	data := filepath.Join(dir, "data")
	if _, err := d.replayed(ctx, data); err != nil {
		return err
	}
	if err := run(ctx, "/sbin/e2fsck", "-f", "-n", data); err != nil {
		return fmt.Errorf("the data partition is damaged: %w", err)
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	for _, f := range folders {
		if err := run(ctx, "/sbin/debugfs", "-R", fmt.Sprintf("rdump %s \"%s\"", f, to), data); err != nil {
			return err
		}
	}
	return nil
}

// Settle plays the journal of the data partition back, after a power cut: what is written
// onto the disk before that would be lost at the next start.
func (d Disk) Settle(ctx context.Context) error {
	dir, err := os.MkdirTemp(filepath.Dir(d.File), "settle")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	data := filepath.Join(dir, "data")
	at, err := d.replayed(ctx, data)
	if err != nil {
		return err
	}
	return copyData(data, 0, d.File, at)
}

// replayed copies the data partition to a file, and plays its journal back there: e2fsck
// and debugfs take an offset, too, but not after that. It tells where the partition begins.
func (d Disk) replayed(ctx context.Context, file string) (at int64, err error) {
	if at, err = d.offset(dataPartition); err != nil {
		return 0, err
	}
	if err := copyData(d.File, at, file, 0); err != nil {
		return at, err
	}
	var exit *exec.ExitError
	if err := run(ctx, "/sbin/e2fsck", "-p", file); errors.As(err, &exit) && exit.ExitCode() > 1 {
		return at, fmt.Errorf("the data partition is damaged: %w", err)
	}
	return at, nil
}

func run(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	return nil
}
