// Package novastar dims and watches a wall behind a sending box of NovaStar.
//
// The pictures go to the box by HDMI (see drivers/kms). This is the side channel:
// brightness, test patterns, and how box and wall are.
//
// # Wiring
//
// The USB socket of the box (a CP210x, /dev/serial/by-id/…) or its RS-232, at 115200
// baud, 8N1, no flow control; or its network socket, TCP port 5200, and 15200 on
// VX Pro. The box serves one connection at a time.
//
// # Protocol
//
//	offset  request            answer
//	0       55 AA              AA 55
//	2       0                  0 done, 1 the receiving card is silent, 2 and 3 wrong check sum, 4 unknown
//	3       serial number      the same
//	4       FE, a computer     whoever answers
//	5       box, FF: all       FE
//	6       0 the box itself, 1 a receiving card, 2 a function card
//	7       output of the box, from 0; FF: all
//	8       receiving card at it, from 0, 2 bytes; FFFF: all
//	10      0 read, 1 write
//	11      0
//	12      register, 4 bytes
//	16      length of the data, 2 bytes
//	18      data: in a write, and in the answer to a read
//	end     check sum, 2 bytes: 5555 and all bytes since offset 2
//
// Numbers are little-endian. Registers, of the box: 00000002 model, 02000017 whether
// a picture comes in, 04100004 version. Of a receiving card: 02000001 brightness,
// 02000101 test pattern, 0A000000 its temperature and supply.
//
// # Documents
//
// Frame, check sum, brightness, test patterns and the example that asks a card for
// 0A000000: "command layout" of the project Novastar_MCTRL300_basic_controller, which
// follows NovaStar's control protocol. Models, version, input, writes to all: the
// module novastar-controller of Bitfocus Companion. Temperature and supply: captures
// of a VX1000 in the project Novastar-Monitor; they begin with bit 7 "valid", bit 0
// "below zero" and half degrees, and in the fourth byte bit 7 "valid" and tenths of a
// volt. NovaStar publishes none of it for everybody.
//
// # Quirks
//
//   - Whether a write to all cards is answered depends on the model. It is not waited
//     for long; the value is read back from the first card instead.
//   - The documents disagree on what ends a test pattern, 1 or 0. 1 is written, and
//     both are understood.
//   - Brightness lies in the RAM of the receiving cards: after a power cut they
//     return to what was saved with the maker's program.
//   - Media players (Taurus) and the newer COEX controllers speak something else.
//
// # Side doors
//
// Nobody is asked for a password: whoever reaches port 5200 can dim the wall, switch
// the input or show a test pattern, and UDP port 5600 tells where it is. Use the
// serial line and leave the network socket empty, or run one cable from this box to
// that one. Some models have Wi-Fi: switch it off at the front panel. Fix the input to
// HDMI there, so that a lost signal does not show another one.
//
// Tried on: the emulator in novastartest only, no real box.
package novastar
