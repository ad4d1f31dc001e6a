// Package sensortest makes directories that look as sysfs does with chips in it.
package sensortest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// A Chip is one sensor in a sysfs of its own making.
type Chip struct {
	t    testing.TB
	root string
	bus  string
	name string
	dir  string
	file map[string]string
}

// The buses.
const (
	IIO     = "sys/bus/iio/devices/iio:device%d"
	HWMon   = "sys/class/hwmon/hwmon%d"
	OneWire = "sys/bus/w1/devices/28-%012d"
)

// New plugs a chip in as number n of its bus, under the directory that stands for /.
func New(t testing.TB, root, bus string, n int, name string) *Chip {
	c := &Chip{t: t, root: root, bus: bus, name: name, file: map[string]string{}}
	c.Plug(n)
	return c
}

// Plug plugs the chip in, as number n of its bus, with the files that it had.
func (c *Chip) Plug(n int) {
	c.t.Helper()
	c.dir = filepath.Join(c.root, fmt.Sprintf(c.bus, n))
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		c.t.Fatal(err)
	}
	c.write("name", c.name+"\n")
	for file, text := range c.file {
		c.write(file, text)
	}
}

// Unplug takes the chip away.
func (c *Chip) Unplug() {
	c.t.Helper()
	if err := os.RemoveAll(c.dir); err != nil {
		c.t.Fatal(err)
	}
}

// Set lets a file say something, with a line's end as the kernel writes it.
func (c *Chip) Set(file string, value any) {
	c.t.Helper()
	c.file[file] = fmt.Sprintln(value)
	c.write(file, c.file[file])
}

// Fail makes a file unreadable, as one of a chip that does not answer on its bus.
func (c *Chip) Fail(file string) {
	c.t.Helper()
	path := filepath.Join(c.dir, file)
	if err := os.RemoveAll(path); err != nil {
		c.t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil { // it is there, and reading it is an error, for root too
		c.t.Fatal(err)
	}
}

// Dir is the chip's directory, as a board file names it.
func (c *Chip) Dir() string { return c.dir[len(c.root):] }

func (c *Chip) write(file, text string) {
	c.t.Helper()
	path := filepath.Join(c.dir, file)
	if info, err := os.Stat(path); err == nil && info.IsDir() { // it failed until now
		if err := os.Remove(path); err != nil {
			c.t.Fatal(err)
		}
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
}
