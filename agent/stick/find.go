package stick

import (
	"os"
	"path/filepath"
)

// mounts is where systems mount sticks: the folder, and how many levels below it.
var mounts = []struct {
	dir   string
	below int
}{{"/media", 2}, {"/run/media", 2}, {"/mnt", 1}}

// maxMounts bounds the entries of a folder that are looked at. It may be a stick.
const maxMounts = 64

// Find gives the mounted sticks that have the folder, on the machine below root.
func Find(root string) (found []string) {
	for _, m := range mounts {
		found = append(found, find(filepath.Join("/", root, m.dir), m.below)...)
	}
	return found
}

func find(dir string, below int) (found []string) {
	if fi, err := os.Lstat(filepath.Join(dir, Folder)); err == nil && fi.IsDir() {
		return []string{dir}
	}
	d, err := os.Open(dir)
	if err != nil || below == 0 {
		return nil
	}
	defer d.Close()
	entries, _ := d.ReadDir(maxMounts)
	for _, e := range entries {
		if e.IsDir() {
			found = append(found, find(filepath.Join(dir, e.Name()), below-1)...)
		}
	}
	return found
}
