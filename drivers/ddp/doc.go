// Package ddp sends pictures by the Distributed Display Protocol to controllers of
// addressable LEDs: WLED, Falcon controllers and players, xLights bridges.
//
// # Wiring
//
// Ethernet or Wi-Fi; the controller's address is set up in the box, and nothing is
// searched for or broadcast. Better a port or VLAN of their own: see Side doors.
//
// # Protocol
//
// UDP to port 4048. A picture is its pixels, three bytes red, green, blue each, row by
// row, cut into packets of at most 480 pixels (1440 bytes); the last one has push set,
// which makes the controller show what it has.
//
//	0    flags: 40 version 1, 01 push
//	1    sequence number 1 to 15, one more with each packet, so that a double is known
//	2    type of data: 0B, RGB of 8 bits (many senders say 01; most receivers ignore it)
//	3    destination: 1, the controller's own output
//	4-7  offset of the first byte in the picture, big endian
//	8-9  number of bytes, big endian
//	10   the bytes
//
// Nothing is answered. Controllers go back to their own effects when nothing has come
// for some seconds (WLED: 2.5 s), so the picture is sent again every second; that also
// mends what a lost packet left out.
//
// Sources: http://www.3waylabs.com/ddp/, the DDP output of Falcon Player, WLED's pages
// on its real-time modes (since 0.11).
//
// # Quirks
//
//   - Show cannot know whether anyone listens. It waits 5 ms for a machine at that
//     address to say that its port is closed; one that is off says nothing.
//   - A matrix that is wired back and forth shows every other row mirrored: see
//     [Opts].Serpentine. WLED can be told the same in its 2D settings; not both.
//   - Brightness is made by scaling the colours: the protocol has none. A colour that
//     is lit stays lit, at least at 1 of 255.
//
// # Side doors
//
// Whoever reaches UDP port 4048 paints the board, without a password. WLED also has a
// web page, an app, Wi-Fi access point "WLED-AP" with the well-known password wled1234,
// MQTT, Art-Net and E1.31: set passwords, turn off what is not used, and let nobody
// else into that network.
//
// Tried on: the emulator in ddptest, in memory and over loopback. No real controller
// yet.
package ddp
