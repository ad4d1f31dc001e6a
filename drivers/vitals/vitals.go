package vitals

import (
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Vitals are the readings of one moment. What is nil is not known here.
type Vitals struct {
	Undervoltage *bool    // the board's supply is too low now
	CPUCelsius   *float64 // the hottest of its sensors
	Cards        []Card
	Filesystems  []Filesystem
}

// A Card is a memory that tells of its wear.
type Card struct {
	Name        string // mmcblk0
	LifePercent int    // used of its life, rounded up to ten, 110: more than that; 0: not told
	Spare       Spare
}

// Spare is how far the spare blocks of a memory are used up.
type Spare int

// What a memory says of its spare blocks.
const (
	SpareUnknown Spare = iota
	SpareGood
	SpareWarning // four fifths are used
	SpareUrgent  // nine tenths
)

// A Filesystem is one that counts its errors.
type Filesystem struct {
	Name   string // mmcblk0p2
	Errors int
}

// Read looks at everything once. root is a directory that stands for /; "" is / itself.
func Read(root string) Vitals {
	sys := filepath.Join("/", root, "sys")
	return Vitals{
		Undervoltage: undervoltage(sys), CPUCelsius: warmth(sys),
		Cards: cards(sys), Filesystems: filesystems(sys),
	}
}

func undervoltage(sys string) *bool {
	for _, name := range glob(sys, "class/hwmon/hwmon*/name") {
		if text, ok := read(name); ok && text == "rpi_volt" {
			if alarm, ok := number(filepath.Join(filepath.Dir(name), "in0_lcrit_alarm"), 10); ok {
				low := alarm != 0
				return &low
			}
		}
	}
	flags, ok := number(filepath.Join(sys, "devices/platform/soc/soc:firmware/get_throttled"), 16)
	if !ok {
		return nil
	}
	low := flags&1 != 0
	return &low
}

func warmth(sys string) (hottest *float64) {
	for _, file := range glob(sys, "class/thermal/thermal_zone*/temp") {
		if milli, ok := number(file, 10); ok {
			if c := float64(milli) / 1000; hottest == nil || c > *hottest {
				hottest = &c
			}
		}
	}
	return hottest
}

func cards(sys string) (all []Card) {
	for _, dir := range glob(sys, "block/mmcblk*/device") {
		c := Card{Name: filepath.Base(filepath.Dir(dir))}
		text, told := read(filepath.Join(dir, "life_time"))
		for _, f := range strings.Fields(text) {
			if n, err := strconv.ParseUint(f, 0, 8); err == nil && n <= 11 {
				c.LifePercent = max(c.LifePercent, int(n)*10)
			}
		}
		if n, ok := number(filepath.Join(dir, "pre_eol_info"), 16); ok && n <= int64(SpareUrgent) {
			c.Spare, told = Spare(n), true
		}
		if told {
			all = append(all, c)
		}
	}
	return all
}

func filesystems(sys string) (all []Filesystem) {
	for _, file := range glob(sys, "fs/ext4/*/errors_count") {
		if n, ok := number(file, 10); ok {
			all = append(all, Filesystem{Name: filepath.Base(filepath.Dir(file)), Errors: int(n)})
		}
	}
	return all
}

// glob are the files of a pattern under sys, in order.
func glob(sys, pattern string) []string {
	found, _ := filepath.Glob(filepath.Join(sys, pattern)) // the patterns are well formed
	return found
}

const mostText = 256 // bytes of a file; those that are read here have a few

func read(file string) (string, bool) {
	f, err := os.Open(file)
	if err != nil {
		return "", false
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, mostText))
	return strings.TrimSpace(string(b)), err == nil
}

func number(file string, base int) (int64, bool) {
	text, ok := read(file)
	if !ok {
		return 0, false
	}
	if base == 16 {
		text = strings.TrimPrefix(text, "0x")
	}
	n, err := strconv.ParseInt(text, base, 64)
	return n, err == nil
}
