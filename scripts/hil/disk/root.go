package disk

import (
	"context"
	"fmt"
	"strings"
)

// A Root is the file system of a slot in a file of its own, as a bundle holds it.
type Root struct{ File string }

// Root copies slot A to a file.
func (d Disk) Root(ctx context.Context, file string) (Root, error) {
	at, err := d.offset(slotA)
	if err != nil {
		return Root{}, err
	}
	const size = 512 << 20
	return Root{file}, run(ctx, "dd", "if="+d.File, "of="+file, "bs=1M", "iflag=skip_bytes,count_bytes",
		fmt.Sprintf("skip=%d", at), fmt.Sprintf("count=%d", size), "conv=sparse", "status=none")
}

// Program puts a program of this machine in the place of one that is there.
func (r Root) Program(ctx context.Context, from, to string) error {
	_, err := debugfs(ctx, r.File, true, fmt.Sprintf("rm %s\nwrite %s %s\nsif %s mode 0100755\n", to, from, to, to))
	return err
}

// Remove takes away the files of a folder whose names hold a word.
func (r Root) Remove(ctx context.Context, folder, word string) error {
	list, err := debugfs(ctx, r.File, false, "ls -p "+folder+"\n")
	if err != nil {
		return err
	}
	gone := 0
	for line := range strings.Lines(list) { // /inode/mode/uid/gid/name/size/
		f := strings.Split(line, "/")
		if len(f) < 6 || !strings.Contains(f[5], word) {
			continue
		}
		if _, err := debugfs(ctx, r.File, true, "rm "+folder+"/"+f[5]+"\n"); err != nil {
			return err
		}
		gone++
	}
	if gone == 0 {
		return fmt.Errorf("there is no %s in %s", word, folder)
	}
	return nil
}

// Folders are the names in a folder.
func (r Root) Folders(ctx context.Context, folder string) (names []string, err error) {
	list, err := debugfs(ctx, r.File, false, "ls -p "+folder+"\n")
	for line := range strings.Lines(list) {
		if f := strings.Split(line, "/"); len(f) > 5 && strings.HasPrefix(f[2], "04") && !strings.HasPrefix(f[5], ".") {
			names = append(names, f[5])
		}
	}
	return names, err
}
