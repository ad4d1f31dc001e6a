// Package kms proves drivers/kms on a real kernel: a virtual machine shows pictures
// on a virtual screen, and what its monitor sees is compared pixel by pixel.
//
// guest is the only program in that machine. The test builds and boots it, once
// kernel.sh has fetched a kernel and qemu-system-x86 is installed.
package kms

import (
	"image"
	"image/color"

	"loa/drivers/kms"
)

// Screen is how big the virtual screen is.
var Screen = image.Pt(640, 360)

// A Scene is one picture on a panel.
type Scene struct {
	Name   string
	Opts   kms.Opts
	Before int         // pictures that are shown at full speed before
	Screen image.Point // what the monitor sees
	Size   image.Point // of the panel
}

// Scenes are shown one after another, each by a panel of its own.
var Scenes = []Scene{
	{Name: "whole", Screen: Screen, Size: Screen},
	{Name: "flips", Before: 30, Screen: Screen, Size: Screen},
	{Name: "area", Opts: kms.Opts{Area: image.Rect(101, 33, 101+192, 33+64)}, Before: 2, Screen: Screen, Size: image.Pt(192, 64)},
	{Name: "turned by 90", Opts: kms.Opts{Area: image.Rect(7, 9, 307, 209), Rotate: 90}, Before: 1, Screen: Screen, Size: image.Pt(200, 300)},
	{Name: "turned by 180", Opts: kms.Opts{Rotate: 180}, Screen: Screen, Size: Screen},
	{Name: "turned by 270", Opts: kms.Opts{Area: image.Rect(7, 9, 307, 209), Rotate: 270}, Screen: Screen, Size: image.Pt(200, 300)},
	{Name: "mode", Opts: kms.Opts{Connector: "Virtual-1", Mode: "800x600"}, Before: 3, Screen: image.Pt(800, 600), Size: image.Pt(800, 600)},
	{Name: "framebuffer", Opts: kms.Opts{Device: "/dev/fb0"}, Screen: Screen, Size: Screen},
}

// Picture is different at every pixel and for every n.
func Picture(size image.Point, n int) *image.RGBA {
	p := image.NewRGBA(image.Rectangle{Max: size})
	for y := range size.Y {
		for x := range size.X {
			p.SetRGBA(x, y, color.RGBA{uint8(x + n), uint8(y + 3*n), uint8(x ^ y ^ n), 255})
		}
	}
	return p
}

// Want is what the monitor sees of a picture: straight on the screen, dark around it.
func (s Scene) Want(p image.Image) *image.RGBA {
	area := s.Opts.Area
	if area.Empty() {
		area.Max = s.Screen
	}
	want := image.NewRGBA(image.Rectangle{Max: s.Screen})
	for i := range want.Pix {
		if i%4 == 3 {
			want.Pix[i] = 255
		}
	}
	w, h := s.Size.X, s.Size.Y
	for y := range h {
		for x := range w {
			at := map[int]image.Point{ // where the pixel goes, turning clockwise
				0: {X: x, Y: y}, 90: {X: h - 1 - y, Y: x}, 180: {X: w - 1 - x, Y: h - 1 - y}, 270: {X: y, Y: w - 1 - x},
			}[s.Opts.Rotate]
			want.Set(area.Min.X+at.X, area.Min.Y+at.Y, p.At(x, y))
		}
	}
	return want
}
