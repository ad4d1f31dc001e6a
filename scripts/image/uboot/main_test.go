package main

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
)

const env = "bootcmd=run distro_bootcmd\x00bootdelay=2\x00preboot=usb start\x00stdin=serial,usbkbd\x00\x00"

// image is a U-Boot with its environment in a legacy image, behind an SPL.
func image() []byte {
	body := "code\x00" + env + "more code"
	l := make(legacy, 64, 64+len(body))
	copy(l, magic)
	binary.BigEndian.PutUint32(l[12:], uint32(len(body)))
	l = append(l, body...)
	l.sum()
	return append([]byte("SPL, which has \x27\x05\x19\x56 in it as well, and more of its own"), l...)
}

func TestChange(t *testing.T) {
	data := image()
	before := bytes.Clone(data)
	if err := change(data, []string{"bootdelay=-2", "preboot=", "stdin=nulldev", "x=1"}); err != nil {
		t.Fatal(err)
	}
	want := "bootcmd=run distro_bootcmd\x00bootdelay=-2\x00stdin=nulldev\x00x=1\x00\x00"
	start := bytes.Index(data, []byte(first))
	if got := string(data[start : start+len(env)]); got != want+strings.Repeat("\x00", len(env)-len(want)) {
		t.Errorf("%q", got)
	}
	if len(data) != len(before) || !bytes.HasSuffix(data, []byte("more code")) || !bytes.HasPrefix(data, before[:58]) {
		t.Error("something else was changed")
	}
	l, err := around(data, start)
	if err != nil || l == nil {
		t.Fatalf("%v: the SPL would not take it", err)
	}
	if bytes.Equal(l[:64], before[len(before)-len(l):][:64]) {
		t.Error("the header is the old one")
	}
}

// Without a legacy image around it there are no sums to follow.
func TestBare(t *testing.T) {
	data := []byte("code\x00" + env + "code")
	if err := change(data, []string{"bootdelay=-2", "preboot="}); err != nil || !bytes.Contains(data, []byte("\x00bootdelay=-2\x00")) {
		t.Errorf("%v: %q", err, data)
	}
}

// What is not understood is not written.
func TestRefused(t *testing.T) {
	damaged := image()
	damaged[len(damaged)-1]++
	for name, tt := range map[string]struct {
		data []byte
		vars string
		want string
	}{
		"no environment":  {[]byte("code"), "bootdelay=-2", "not one environment"},
		"two":             {[]byte("\x00" + env + "\x00" + env), "bootdelay=-2", "not one environment"},
		"no end":          {[]byte("\x00bootcmd=x\x00y"), "bootdelay=-2", "no end"},
		"no variable":     {[]byte("\x00bootcmd=x\x00code\x00\x00"), "bootdelay=-2", "no variable"},
		"too long":        {image(), "bootdelay=-2000000", "room for"},
		"no value at all": {image(), "bootdelay", "no NAME=VALUE"},
		"damaged":         {damaged, "bootdelay=1", "damaged"},
	} {
		before := bytes.Clone(tt.data)
		if err := change(tt.data, []string{tt.vars}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
		if !bytes.Equal(tt.data, before) {
			t.Errorf("%s: changed all the same", name)
		}
	}
}
