// Package cpower shows pictures on a LED panel behind a C-Power card (CP5200 and
// its relatives, by Lumen of Shenzhen), over a serial line or TCP.
//
// # Wiring
//
// RS-232 at the card's COM port (TX, RX, ground), or RS-485 A and B, 8N1 at the
// baud the card was set to with the vendor's tool: 115200, 57600, 38400, 19200,
// 9600, 4800 or 2400. Cards with Ethernet listen on a TCP port, in the vendor's
// example 5200.
//
// # Protocol
//
//	serial   A5 body AE, and in the body A5 → AA 05, AA → AA 0A, AE → AA 0E
//	network  network ID (4, high byte first), length of the body (2, low byte
//	         first), 00 00, body; no escapes
//	body     68 32 card command mark data… sum(2, low byte first)
//	sum      of all bytes from 68 to the last of data, 16 bits
//	answer   E8 (apps before 3.3: 68) 32 card command result data… sum
//
// Command 7B is an external call, in up to 256 packets: length (2, low byte
// first), number of this packet, number of the last, piece of the call. Its
// results are 0 done, 1 sum wrong, 2 packet missing. Two calls are in use:
//
//	01 n, then x y w h (2 bytes each, high first) of n windows
//	03 window effect speed stay(2) 04 x(2) y(2) "I1" w(2) h(2) planes 00 red… green… blue…
//
// The picture's own w and h have the low byte first; planes is a bit for each of
// red, green and blue, plus 70 when a pixel has 8 bits instead of 1. Text is left
// aside: the card's fonts have no Vietnamese. Beside that: 2E version, 3C network
// settings, 46 brightness, 47 clock, 76 on and off.
//
// # Documents
//
// Vendor: "C-Power External Calls Communication Protocol", "Basic Protocol LED
// Display Controller" and "The Communication Protocol for Setting the Controller
// ID, Baud Rate, and Network Parameters". Where they are wrong or silent:
//
//   - Example 1 of the pure text call says 15 bytes and has 14, and its sum is
//     not that of its bytes. Example 2 is right.
//   - The examples for on and off fill 7 bytes where the table says 8. We send
//     what the examples send.
//   - The order of the length in the network's header is not told; low byte
//     first is what programs written for these cards send.
//   - The byte after the command in an answer is 1 in the example for a basic
//     command that succeeded, though the text calls it an error code. Only that
//     of 7B is taken for one.
//   - Packets of at most 512 bytes are asked for when files are written; of an
//     external call nothing is said. We keep to 512.
//
// # Quirks
//
//   - Nothing tells whether the card still shows what it was given: after a
//     power cut it plays its stored programs, and has forgotten its windows. So
//     every Show makes the window again, and every Probe shows the last page
//     again. If a card blinks when a window is made, it blinks then.
//   - Nothing tells the size that the card was set up with: versions, free space,
//     temperature, brightness, clock and network settings can be asked for, and no
//     more. A board file with another size is seen only by who looks at the panel,
//     best at "board pattern frame": a side of the frame is missing, or stands inside.
//   - Answers carry no number. After one that did not come, something else is
//     asked first: what comes before its answer is old.
//   - The brightness is a table of 24 hours, maybe in flash: it is read before it
//     is written. Level 0 may be dark, so the darkest is 1 of 31.
//
// Not done: scrolling (a picture can only be drawn), pictures that the card
// keeps or blanks by itself (its programs' format is not published).
//
// # The card's own doors
//
// Whoever reaches the card's TCP or UDP port, or its serial line, and knows its
// network ID shows what he likes, and can replace its programs: nothing else is
// asked for, nothing is encrypted, and FFFFFFFF, as in the vendor's example, is what we take
// for the factory's.
// Leave Ethernet unplugged where the serial line does; else put the card on a
// wire of its own to the box, with no route to it, and set another ID. Probe
// reports a network with the factory's ID as an open door. A Wi-Fi or 4G module on
// the card is the same door: take it out.
//
// Tried on: the emulator in cpowertest only, no real card.
package cpower
