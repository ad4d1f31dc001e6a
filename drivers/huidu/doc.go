// Package huidu shows pictures on Huidu full-colour cards (HD-A, HD-C, HD-D) by SDK
// 2.0 over TCP. EXPERIMENTAL: made from published descriptions and tried on the
// emulator only; ask for a card before it goes to a commune.
//
// # Wiring
//
// Ethernet to a port of the box that nothing else is on; cards come with the address
// 192.168.6.1 or by DHCP. The card's screen is set up with HDPlayer.
//
// # Protocol
//
// TCP port 10001. All numbers are little endian. A packet is its length with these two
// bytes (2), a command (2) and what belongs to it; at most 9216 bytes.
//
//	2001/2002  version 01000005 (4): the first thing to say, and the answer
//	2003/2004  total (4), offset (4), a piece of XML: what is asked, and the answer
//	005F/0060  heartbeat
//	8001/8002  file: MD5 as text and NUL (33), size (8), type (2), name, NUL
//	           answer: status (2), bytes that are there already (8)
//	8003/8004  the next bytes of it; its answer may be left out
//	8005/8006  end of the file; answer: status (2), 0 or 1 is good
//	2000       an error: status (2)
//
// The XML is <sdk guid="…"><in method="…">…</in></sdk>, its answer <out method="…"
// result="kSuccess">. GetIFVersion, with ##GUID for guid, gives the guid of the
// session. A picture is a PNG file and a program (AddProgram) that is this one image
// over the whole screen. Vietnamese text is never sent as text: nobody says which
// letters a card's fonts have.
//
// File and program are named by the picture's MD5, so a picture that is there is not
// sent again, and what plays now (GetCurrentPlayProgramGUID) says whether it is ours.
// Each Show and Probe has a connection of its own: none can be half dead. While an
// answer is waited for, heartbeats tell a slow card from a dead one.
//
// Sources: Huidu's published SDK and its demo in C# (github.com/huidutech/sdk,
// Apache-2.0: packets, luminance, files), its XML manual (GetFiles,
// GetCurrentPlayProgramGUID), and github.com/alparslanahmed/huidu-led (MIT: program
// XML, heartbeats, device information; its author has an HD-WF2).
//
// # Quirks
//
//   - Pictures go to the card's flash. The 64 last ones stay, so that pages by turns
//     are written once; older ones of ours are deleted. Cards that are full of files
//     answer kDownloadFileFailed.
//   - SetLuminancePloy without all four parts (mode, default, ploy, sensor) is answered
//     with kParseXmlFailed.
//   - The order of attributes changes from firmware to firmware.
//   - Older single and dual colour cards (HD-U, HD-W, HD-E) speak another, binary
//     protocol on the same port: they answer with "HR" and are refused here.
//   - Whether a program is there again after a power cut differs; Probe looks.
//
// # Side doors
//
// The card has many, all open as it comes: TCP 10001 and UDP discovery without a
// password for whoever reaches it, HDPlayer and the app, a Wi-Fi access point with
// a default password where there is a module, USB sticks that replace the programme, and
// a server in the Internet that it calls if one is set up. Probe asks for Wi-Fi
// (GetWifiInfo), modem (GetPppoeInfo) and server, and tells what is on as open_door; the
// answers' form is that of a C16L, firmware 7.10.78.1, printed in the maker's manual of
// its HTTP interface. Take the Wi-Fi module and the SIM card out, clear the server, turn
// updates by USB off where HDPlayer offers it, and let nothing but this box into its
// network.
//
// Tried on: the emulator in huidutest. No real card yet.
package huidu
