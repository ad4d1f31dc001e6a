// Package kms shows pictures on what hangs at the HDMI, DVI, DP or DSI socket of the
// board: LCDs, and big walls behind a sending box that takes HDMI.
//
// Such a box maps pixels of the screen to lamps one to one, mostly a window at the top
// left; see Opts.Area. Its brightness is set on another way: drivers/novastar.
//
// # How
//
// DRM/KMS of the kernel by ioctls, without libdrm and without cgo:
//
//	find     GETRESOURCES, GETCONNECTOR, GETENCODER    who is connected, modes, the CRTC
//	memory   CREATE_DUMB, ADDFB, MAP_DUMB, mmap        twice
//	light    SET_MASTER, SETCRTC                       the mode and the first picture
//	show     paint the buffer that is not seen, PAGE_FLIP, read its event
//	look     GETCRTC: is it our buffer that is sent?
//
// A picture is seen from one refresh to the next, never half. Before each one the
// driver asks the kernel whether a screen is there and shows ours, so that a cable, a
// screen that was off, or a program that came between are mended by the next Show.
//
// Where /dev/dri is missing, on kernels of makers before 4.x, /dev/fb0 is written
// while it is seen: pictures tear, and nothing tells whether a screen is connected.
//
// # Setting up
//
// The user needs the group video. Nobody else may hold the screen: no desktop, no
// login screen, no video player; one panel a card. On the kernel's command line:
//
//	consoleblank=0                 or an old framebuffer goes dark after ten minutes
//	vt.global_cursor_default=0     or a cursor blinks in a picture on /dev/fb0
//	quiet                          or words of the kernel stand in it
//	video=HDMI-A-1:1920x1080@60e   for boxes that do not raise hot plug, or send no EDID
//
// # Quirks
//
//   - Close draws nothing, yet the picture may go: when the last descriptor is closed
//     the kernel shows its own console framebuffer again, and if it has none, kernels
//     before 6.8 make the screen dark.
//   - A cable that was out and in again between two Shows is not noticed when the
//     screen is the same; nearly all chips send on meanwhile.
//   - A screen that was switched off by its button is mostly still "connected".
//   - On a card that is hung a kernel call can last ten seconds, and no context ends it.
//   - Sound over HDMI, colour depth and HDR are left as they are.
//
// # Documents
//
// include/uapi/drm/drm.h, drm_mode.h and include/uapi/linux/fb.h of Linux; the kernel's
// "DRM Userland API"; VESA E-EDID standard, release A2, for the screen's name.
//
// # Side doors
//
// The screen's own: a second input, a USB socket that plays films, screen mirroring by
// Wi-Fi, a remote control. Lock the input and the buttons in its menu, switch Wi-Fi
// off, and leave nothing in its USB socket.
//
// Tried on: Linux 6.1 in QEMU 7.2 with virtio-gpu and vfb (scripts/kms), and on a fake
// kernel in the tests. No real screen or board yet.
package kms
