// Command guest is the first and only program of a virtual machine: it shows the
// scenes of scripts/kms, and tries on a real kernel what a fake one cannot prove.
//
// Each line that begins with "@" is for the test; after "@show" it waits for a line.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	driver "loa/drivers/kms"
	"loa/scripts/kms"
)

const (
	card   = "/dev/dri/card0"
	memory = "/dev/fb1" // which nobody sees
)

var answers = bufio.NewReader(os.Stdin)

func main() {
	if err := run(); err != nil {
		fmt.Println("@fail", err)
	}
	fmt.Println("@end")
	time.Sleep(200 * time.Millisecond) // the serial line is slow
	_ = unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
	select {}
}

func run() error {
	for _, fs := range []string{"devtmpfs /dev", "proc /proc", "sysfs /sys"} {
		kind, dir, _ := strings.Cut(fs, " ")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if err := unix.Mount(kind, dir, kind, 0, ""); err != nil && !errors.Is(err, unix.EBUSY) {
			return fmt.Errorf("mount %s: %w", dir, err)
		}
	}
	loadModules("/modules/*")
	for _, path := range []string{card, "/dev/fb0"} {
		if err := appears(path); err != nil {
			return err
		}
	}
	loadModules("/late/*")
	if err := appears(memory); err != nil {
		return err
	}
	for _, s := range kms.Scenes {
		if err := play(s); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	for _, c := range []struct {
		name string
		try  func() error
	}{{"probe", probe}, {"another master", anotherMaster}, {"unplugged", unplugged}, {"done context", doneContext}, {"16 bits", sixteenBits}, {"closed", closed}} {
		if err := c.try(); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		fmt.Println("@ok", c.name)
	}
	return nil
}

// loadModules loads them in any order: those that need another one come again.
func loadModules(pattern string) {
	todo, _ := filepath.Glob(pattern)
	for range 10 {
		var again []string
		for _, path := range todo {
			f, err := os.Open(path)
			if err != nil {
				fmt.Println("module", err)
				continue
			}
			args, flags := "", 0
			if strings.Contains(path, "/vfb.") {
				args = "vfb_enable=1 videomemorysize=4194304 mode_option=320x200-16@60"
			}
			if strings.HasSuffix(path, ".xz") {
				flags = 4 // MODULE_INIT_COMPRESSED_FILE
			}
			err = unix.FinitModule(int(f.Fd()), args, flags)
			f.Close()
			if errors.Is(err, unix.ENOENT) {
				again = append(again, path)
			} else if err != nil && !errors.Is(err, unix.EEXIST) {
				fmt.Println("module", path, err)
			}
		}
		todo = again
	}
	for _, path := range todo {
		fmt.Println("module", path, "lacks another one")
	}
}

func appears(path string) error {
	for range 500 {
		if _, err := os.Stat(path); err == nil {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("%s does not appear", path)
}

// look lets the test look at the screen.
func look(name string) {
	fmt.Println("@show", name)
	_, _ = answers.ReadString('\n')
}

func play(s kms.Scene) error {
	began := time.Now()
	p, err := driver.Open(s.Opts)
	if err != nil {
		return err
	}
	defer p.Close()
	pictures := make([]*image.RGBA, 4)
	for i := range pictures {
		pictures[i] = kms.Picture(s.Size, i)
	}
	opened := time.Now()
	for i := range s.Before {
		if err := p.Show(context.Background(), pictures[1+i%3]); err != nil {
			return fmt.Errorf("picture %d: %w", i, err)
		}
	}
	if s.Before > 0 {
		took := time.Since(opened)
		fmt.Printf("@info %s: %d pictures in %v, %.0f a second\n", s.Name, s.Before, took.Round(time.Millisecond), float64(s.Before)/took.Seconds())
	}
	if err := p.Show(context.Background(), pictures[0]); err != nil {
		return err
	}
	fmt.Printf("@info %s: open %v\n", s.Name, opened.Sub(began).Round(time.Millisecond))
	if s.Opts.Device == "/dev/fb0" {
		time.Sleep(time.Second) // a card that plays framebuffer looks for changes 20 times a second
	}
	look(s.Name)
	return nil
}

// panel shows something on the whole screen.
func panel() (*driver.Panel, func() error, error) {
	p, err := driver.Open(driver.Opts{})
	if err != nil {
		return nil, nil, err
	}
	n := 0
	show := func() error {
		n++
		return p.Show(context.Background(), kms.Picture(p.Size(), n))
	}
	return p, show, show()
}

func probe() error {
	p, _, err := panel()
	if err != nil {
		return err
	}
	defer p.Close()
	facts, err := p.Probe(context.Background())
	fmt.Println("@info facts", facts)
	if err == nil && (facts["lost"] != "false" || facts["on"] != "true" || facts["master"] != "true") {
		err = errors.New("these are not the facts of a panel that shows")
	}
	return err
}

func anotherMaster() error {
	other, err := os.OpenFile(card, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer other.Close()
	p, show, err := panel()
	if err == nil || !strings.Contains(err.Error(), "another program") {
		return fmt.Errorf("the screen belongs to another, and Show says: %v", err)
	}
	defer p.Close()
	fmt.Println("@info", err)
	facts, err := p.Probe(context.Background())
	if err != nil || facts["master"] != "false" {
		return fmt.Errorf("the screen belongs to another, and Probe says: %v, %v", facts, err)
	}
	other.Close()
	return show()
}

func unplugged() error {
	p, show, err := panel()
	if err != nil {
		return err
	}
	defer p.Close()
	const status = "/sys/class/drm/card0-Virtual-1/status"
	if err := os.WriteFile(status, []byte("off"), 0o644); err != nil {
		return err
	}
	err = show()
	if err == nil {
		return errors.New("a Show without a screen succeeded")
	}
	fmt.Println("@info", err)
	if _, err := p.Probe(context.Background()); err == nil {
		return errors.New("a Probe without a screen succeeded")
	}
	if err := os.WriteFile(status, []byte("on"), 0o644); err != nil {
		return err
	}
	return show()
}

// doneContext leaves a flip on its way; the next Show waits for it.
func doneContext() error {
	p, show, err := panel()
	if err != nil {
		return err
	}
	defer p.Close()
	for i := range 20 {
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i)*time.Millisecond)
		_ = p.Show(ctx, kms.Picture(p.Size(), i))
		cancel()
		if err := show(); err != nil {
			return err
		}
	}
	return nil
}

// sixteenBits reads from a memory framebuffer what was shown on it.
func sixteenBits() error {
	p, err := driver.Open(driver.Opts{Device: memory})
	if err != nil {
		return err
	}
	defer p.Close()
	picture := kms.Picture(p.Size(), 5)
	if err := p.Show(context.Background(), picture); err != nil {
		return err
	}
	mem, err := os.ReadFile(memory)
	if err != nil {
		return err
	}
	bad, w := 0, p.Size().X
	for y := range p.Size().Y {
		for x := range w {
			i := 2 * (y*w + x)
			v := int(mem[i]) | int(mem[i+1])<<8
			want := picture.RGBAAt(x, y)
			if off(v&31, 31, want.R) || off(v>>5&63, 63, want.G) || off(v>>11, 31, want.B) { // vfb has red below
				bad++
			}
		}
	}
	fmt.Printf("@info %s, 16 bits: %d of %d pixels differ by more than the half of a step\n", memory, bad, w*p.Size().Y)
	if bad > 0 {
		return errors.New("the memory has another picture")
	}
	return nil
}

func off(got, most int, want uint8) bool {
	d := got*255 - int(want)*most
	return max(d, -d)*2 > 255+most
}

// closed looks at what Linux leaves of a picture.
func closed() error {
	p, _, err := panel()
	if err != nil {
		return err
	}
	p.Close()
	time.Sleep(100 * time.Millisecond)
	look("closed")
	return nil
}
