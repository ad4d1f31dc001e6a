package disk

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// card is a small one with a FAT and a data partition, as an image has them.
func card(t *testing.T) Disk {
	t.Helper()
	for _, tool := range []string{"/sbin/mke2fs", "/sbin/mkfs.vfat", "mcopy", "/sbin/debugfs"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("no ", tool, " here; runs with make hil")
		}
	}
	file := filepath.Join(t.TempDir(), "card.img")
	const fat, data, end = 2 << 20, 40 << 20, 48 << 20
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	os.Truncate(file, end)
	mbr := make([]byte, 512)
	mbr[510], mbr[511] = 0x55, 0xAA
	for partition, at := range map[int]uint32{1: fat, 4: data} {
		binary.LittleEndian.PutUint32(mbr[446+16*(partition-1)+8:], at/512)
	}
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	f.WriteAt(mbr, 0)
	for _, c := range [][]string{
		{"/sbin/mkfs.vfat", "--offset", fmt.Sprint(fat / 512), "-F", "32", file, fmt.Sprint((data - fat) >> 10)},
		{"/sbin/mke2fs", "-q", "-F", "-t", "ext4", "-E", fmt.Sprintf("offset=%d", data), file, fmt.Sprintf("%dk", (end-data)>>10)},
	} {
		if out, err := exec.Command(c[0], c[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", c, err, out)
		}
	}
	return Disk{file}
}

func TestDataPartition(t *testing.T) {
	d := card(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	folder := t.TempDir()
	os.Mkdir(filepath.Join(folder, "sub"), 0o755)
	os.WriteFile(filepath.Join(folder, "box.key"), []byte("secret"), 0o600)
	os.WriteFile(filepath.Join(folder, "sub", "agent.toml"), []byte("one"), 0o644)
	if err := d.Put(ctx, folder, "/etc", 960, 960); err != nil {
		t.Fatal(err)
	}
	os.WriteFile(filepath.Join(folder, "sub", "agent.toml"), []byte("two"), 0o644)
	if err := d.Put(ctx, folder, "/etc", 960, 960); err != nil { // again, over what is there
		t.Fatal(err)
	}
	said, err := d.debugfs(ctx, dataPartition, false, "stat /etc/box.key\n")
	if err != nil || !strings.Contains(said, "Mode:  0600") || !strings.Contains(said, "User:   960") {
		t.Errorf("%v\n%s", err, said)
	}
	back := filepath.Join(t.TempDir(), "back")
	if err := d.Check(ctx, back, "/etc"); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(back, "etc", "sub", "agent.toml")); err != nil || string(got) != "two" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := d.debugfs(ctx, dataPartition, true, "sif /etc/sub/agent.toml block[0] 7\nsif /etc/box.key block[0] 7\n"); err != nil {
		t.Fatal(err)
	}
	if err := d.Check(ctx, back, "/etc"); err == nil {
		t.Error("two files in one block are no damage")
	}
}

func TestFill(t *testing.T) {
	d := card(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	const leave = 256 << 10
	if _, err := d.debugfs(ctx, dataPartition, true, "ssv free_blocks_count 2300\n"); err != nil { // as after a power cut
		t.Fatal(err)
	}
	if err := d.Fill(ctx, leave); err != nil {
		t.Fatal(err)
	}
	said, err := d.debugfs(ctx, dataPartition, false, "stats\n")
	number := func(name string) (n int) {
		_, rest, _ := strings.Cut(said, name)
		fmt.Sscan(rest, &n)
		return n
	}
	left := 0
	for _, group := range groupFree.FindAllStringSubmatch(said, -1) {
		var n int
		fmt.Sscan(group[1], &n)
		left += n
	}
	free := (left - number("Block count:")/50) * number("Block size:") // what the kernel keeps aside
	if err != nil || free < leave/2 || free > 2*leave {
		t.Errorf("%d bytes are free, want about %d; %v", free, leave, err)
	}
	if err := d.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	back := filepath.Join(t.TempDir(), "back")
	if err := d.Check(ctx, back, "/log", "/nowhere"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(back, "log", "filled")); err != nil {
		t.Error(err)
	}
	if err := d.Empty(ctx); err != nil {
		t.Fatal(err)
	}
	if said, err := d.debugfs(ctx, dataPartition, false, "stat /log/filled\n"); err == nil {
		t.Errorf("it is still there: %s", said)
	}
}

// What an update is made of: a program in another's place, a driver that is gone.
func TestRoot(t *testing.T) {
	card(t) // or it is skipped
	dir := t.TempDir()
	folder, file := filepath.Join(dir, "root"), filepath.Join(dir, "root.ext4")
	drivers := filepath.Join(folder, "modules", "6.12", "sound")
	if err := os.MkdirAll(drivers, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"agent", "modules/6.12/sound/virtio_snd.ko.xz", "modules/6.12/sound/snd.ko.xz", "new"} {
		os.WriteFile(filepath.Join(folder, name), []byte(name), 0o644)
	}
	if out, err := exec.Command("/sbin/mke2fs", "-q", "-t", "ext4", "-d", folder, file, "4M").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	r := Root{file}
	if err := r.Program(t.Context(), filepath.Join(folder, "new"), "/agent"); err != nil {
		t.Fatal(err)
	}
	said, err := debugfs(t.Context(), file, false, "cat /agent\nstat /agent\n")
	if err != nil || !strings.Contains(said, "new") || !strings.Contains(said, "Mode:  0755") {
		t.Errorf("%v\n%s", err, said)
	}
	if names, err := r.Folders(t.Context(), "/modules"); err != nil || len(names) != 1 || names[0] != "6.12" {
		t.Errorf("%q, %v", names, err)
	}
	if err := r.Remove(t.Context(), "/modules/6.12/sound", "virtio_snd"); err != nil {
		t.Fatal(err)
	}
	if err := r.Remove(t.Context(), "/modules/6.12/sound", "virtio_snd"); err == nil {
		t.Error("what is gone was removed")
	}
	if said, _ := debugfs(t.Context(), file, false, "ls -p /modules/6.12/sound\n"); !strings.Contains(said, "/snd.ko.xz/") {
		t.Errorf("the other one is gone as well:\n%s", said)
	}
	if out, err := exec.Command("/sbin/e2fsck", "-f", "-n", file).CombinedOutput(); err != nil {
		t.Errorf("it is damaged: %v\n%s", err, out)
	}
}

func TestHand(t *testing.T) {
	d := card(t)
	folder := filepath.Join(t.TempDir(), "etc")
	os.MkdirAll(filepath.Join(folder, "loa"), 0o755)
	os.WriteFile(filepath.Join(folder, "loa", "agent.toml"), []byte("here"), 0o644)
	for range 2 {
		if err := d.Hand(t.Context(), folder); err != nil {
			t.Fatal(err)
		}
	}
	at, err := d.offset(bootPartition)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("mtype", "-i", fmt.Sprintf("%s@@%d", d.File, at), "::etc/loa/agent.toml").CombinedOutput()
	if err != nil || string(out) != "here" {
		t.Errorf("%q, %v", out, err)
	}
}

func TestNoCard(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x")
	os.WriteFile(file, make([]byte, 4096), 0o644)
	if _, err := (Disk{file}).offset(4); err == nil || !strings.Contains(err.Error(), "no partition table") {
		t.Error(err)
	}
}

func TestCopyData(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	const mib = 1 << 20
	f, err := os.Create(from)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	f.Truncate(300 * mib)
	for _, at := range []int64{10 * mib, 20*mib + 4096, 250 * mib} {
		f.WriteAt([]byte(fmt.Sprintf("data of %d", at)), at)
	}
	if err := copyData(from, 20*mib, to, 0); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(to); err != nil || info.Size() != 280*mib {
		t.Errorf("%v, %v", info, err)
	}
	back := filepath.Join(dir, "back")
	if err := os.WriteFile(back, []byte("table"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := copyData(to, 0, back, 20*mib); err != nil {
		t.Fatal(err)
	}
	b, err := os.Open(back)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for at, want := range map[int64]string{0: "table", 10 * mib: "\x00\x00", 20*mib + 4096: "data of 20975616", 250 * mib: "data of 262144000"} {
		got := make([]byte, len(want))
		if _, err := b.ReadAt(got, at); err != nil || string(got) != want {
			t.Errorf("at %d: %q, %v", at, got, err)
		}
	}
}
