// Package colorlight drives LED walls on Colorlight 5A-75 receiving cards, which
// take pictures as raw Ethernet frames, without a sending box.
//
// # Wiring
//
// A gigabit port of the box, used for nothing else, to port A of the first card;
// port B goes on to the next card. The cards need 1 Gbit/s: a cable of two pairs gives
// a link of 100 Mbit/s, and a dark or stuttering wall. The agent needs CAP_NET_RAW. No
// address is set on the port, nothing listens on it.
//
// # Protocol
//
// Frames go to 11:22:33:44:55:66 from 22:22:33:44:55:66. The byte after the two is
// the type; there is no EtherType. Offsets count from the byte after the type.
//
//	0x0A brightness  64 bytes: red, green, blue, FF, zeros; many firmwares need none
//	0x55 row         row (2, big endian), x (2), count (2, ≤ 497), 08 88, 3 bytes a pixel
//	0x01 display     99 bytes: [0] 07, [22] brightness, [23] 05, [25..27] red, green, blue
//	0x07 discover    271 zeros
//	0x08 answer      [0] 05, [1] 04: a 5A; [2] [3] firmware; [21] [23] width and height
//	                 (2 each); [38] packets seen (4); [46] up for (4, ms); [85] card number
//
// A picture is: brightness, all rows, a pause of 5 ms, display. Nothing of it is
// acknowledged. What can be known is whether the link is up, before and after, and
// what the cards answer to discover; a card that has been up for less time than its
// picture is old has lost it.
//
// Sources: the protocol description of PanelPlayer (rows, display, brightness, pause,
// 50 Hz), the Colorlight output of Falcon Player (firmware 13, link speed, discover),
// the tool "detect" by H. Kubota (discover, size). The maker publishes nothing.
//
// # Quirks
//
//   - The card is set up once with the maker's LEDVISION (size, panels, colours, what
//     is shown without a signal: choose the last frame). Layout packets are left to it.
//   - Firmware 2 and 3 ignore brightness. Falcon Player sends brightness and
//     display twice to firmware 13 and newer, and its users still tell of flicker there;
//     11.09 and older are fine. See [Opts].Twice, which a Probe turns on by itself.
//   - Sources disagree on the order of colours: BGR here, see [Opts].Order.
//   - More than 50 pictures a second stutter; Show waits 20 ms from one to the next.
//   - A type below 06 looks to a network chip like the length of an 802.3 frame that
//     is too long for it. Linux sends it; some chips are said to drop it: the wall then
//     stays dark although Probe answers.
//   - AF_PACKET drops silently what it sends into a port without a cable, so the link
//     is asked for.
//
// # Side doors
//
// The card has none of its own: no address, no Wi-Fi, no app. But whoever reaches the
// cable, or the second port of the last card, paints the wall without a password.
// Keep both inside the cabinet.
//
// Tried on: the emulator in colorlighttest, in memory and over a veth pair. No real
// card yet.
package colorlight
