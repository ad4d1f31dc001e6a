// Package e131 sends pictures by streaming ACN (ANSI E1.31) to controllers of
// addressable LEDs and to lighting gateways.
//
// # Wiring
//
// Ethernet or Wi-Fi; each packet goes to the one address that is set up in the box.
// Multicast (239.255.x.y) is not used: a switch without IGMP snooping floods it to all
// ports, and Wi-Fi sends it at its slowest rate.
//
// # Protocol
//
// UDP to port 5568. A picture is its pixels, three bytes red, green, blue each, row by
// row, cut into universes of at most 170 pixels (510 of 512 slots), numbered from the
// first one on. Each universe is a packet of its own; numbers are big endian:
//
//	0    0010 0000, "ASC-E1.17" 00 00 00: the preamble of ACN
//	16   7000 | length from here to the end; 00000004: a packet of E1.31 data
//	22   CID: 16 bytes that are the sender's own, always the same
//	38   7000 | length; 00000002: data
//	44   name of the source, 64 bytes of UTF-8, zeros at the end
//	108  priority 0 to 200; 109 synchronisation universe (2): none
//	111  sequence number, of each universe for itself
//	112  options: none; 113 universe (2), 1 to 63999
//	115  7000 | length; 02 A1 0000 0001: set properties from 0, one apart
//	123  number of properties (2): slots + 1; 125 start code 00; 126 the slots
//
// Nothing is answered. A receiver gives a source up after 2.5 s (network data loss), so
// the picture is sent again every 900 ms; the standard asks for 800 to 1000 ms. Where
// several sources send, the highest priority is shown.
//
// Sources: ANSI E1.31-2018, sections 4 to 7; the 170 pixels and the order of universes
// as WLED and Falcon Player have them.
//
// # Quirks
//
//   - Universes are shown as they come: a picture that changes may be seen torn for a
//     moment. Universe synchronisation exists, few controllers know it.
//   - Two sources of the same priority are mixed, light over light, by many receivers.
//     The CID is made of [Opts].Source, so that an agent that starts again is the same
//     source and not a second one.
//   - Show cannot know whether anyone listens; see package ddp, which is also the
//     better choice where the controller knows both: fewer packets, shown together.
//   - Brightness is made by scaling the colours: a colour that is lit stays lit.
//   - WLED takes at most 9 universes; others have limits of their own.
//
// # Side doors
//
// Whoever reaches UDP port 5568 paints the board, without a password, and with a
// higher priority over this agent. Give the controller a network of its own, and close
// its web page, app and access point as its maker describes.
//
// Tried on: the emulator in e131test, in memory and over loopback. No real controller
// yet.
package e131
