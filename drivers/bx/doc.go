// Package bx drives the LED cards of Onbon (仰邦): BX-5 and BX-6 graphics cards
// with [New], and BX-5K and BX-6K font cards, through their bitmap area, with
// [NewK]. All pictures go as bitmaps, so any letter of any language does.
//
// # Wiring
//
//   - RS-232 or RS-485, 9600 or 57600 baud, 8N1, no flow control. On RS-485 several
//     cards may share a line: each then needs its own [Opts].Address. A line that
//     gives our own bytes back is no harm.
//   - Ethernet: TCP port 5005 (UDP 5007 is not used). A power cut of the card breaks
//     the connection: every question fails from then on. Close the panel and make
//     another one of a new connection.
//
// # Protocol
//
// Frames are eight A5, an escaped payload, one 5A. The payload is a header, a
// command and a checksum; the header comes in four dialects. Lengths and checksums
// are taken before escaping; numbers are little-endian, times BCD.
//
//	          header   who                      what for
//	fonts     14       BX-5K, 6K                everything; CRC-16 at the end
//	fifth     27       BX-5                     state, clock, power, files
//	sixth     28       BX-6                     the same
//	dynamic   16       BX-5E, 5Q, 6E, 6Q        areas in RAM; CRC-16 at the end
//
// A command is "want-reply group number length data", on K cards "group number
// want-reply reserved data". The card answers with data, with an acknowledgement
// (A0 00), or with a refusal (A0 01 and an error number). One request is under way
// at a time. It is repeated after a lost or broken reply and after a wrong
// checksum, three tries in all, and after "busy" with longer and longer pauses.
// Replies of the common dialects bear the number of their request. Those of areas
// and of K cards do not: after any reply that was late or missing, a question with
// an unmistakable answer goes first, so that an old acknowledgement is never taken
// for that of a new picture.
//
// Documents: "BX-5K/6K protocol, user version" 1.4 of 2021-02-28; "5th" and "6th
// dynamic area user manual", 1.5 of 2018 and 2.0 of 2019; the message tables and
// headers of the maker's SDKs for the common dialects.
//
// # RAM and flash
//
// BX-5E, 5Q, 6E and 6Q have dynamic areas in RAM. [Panel.Show] fills one, which
// stops the programs in flash as long as it is there: the override for alarms.
// [AreaPanel.ShowFor] adds the dead man's timeout. [Panel.Keep] writes programs:
// they show when no area does, so also after a power cut.
// Nobody notices a visitor who overwrites the kept page, P000, over the card's own
// Ethernet or line: the card tells how many programs it holds and which plays, and that
// stays the same; no question that we know asks for what is in one. So Keep writes a page
// again that it wrote a week ago, and until then it is the visitor's that shows when the
// box is away. On a card without dynamic areas, below, it is so with what Show wrote, and
// that is not mended before another picture comes.
// Programs of others take turns with it then; Probe counts them as strangers. They are
// not deleted, since no document says for sure how, and ours is not locked, since none
// says what a lock does to an area: take them off with the maker's tool.
//
// All others (BX-5A, 5M, 5C, 5U, 6A, 6M, 6W) have programs only. There Show and
// Scroll write flash, which stands about 100,000 erasures, says the maker. So what
// is there already is not written again, also by the next agent if it finds
// [Opts].FlashLog, and after [Opts].FlashWrites pages in a day there are no more
// but 16 for alarms ([Panel.Urgent]), of which the last is left to take one off. Such a
// board wants few pages. The screen is dark while it is
// written. Where the card holds other programs, ours is locked, or they would take
// turns.
//
// # What a power cut looks like
//
// The status of a graphics card does not tell whether an area is still there. So
// [Panel.Probe] says lost when the card was out of reach between Show and now:
// some question went unanswered three times, or the connection broke. A cut that
// is over before anybody asks cannot be seen that way. With [Opts].Witness it can:
// Show then locks the card on the program that it plays, in the way that "is not
// kept over a power cut", and status tells when that lock is gone. It is off by
// default, for no document says what a locked program does beside an area that
// plays alone; try it on your card. It needs a program in flash (Keep one). K cards
// do say whether the area is there.
//
// # Quirks
//
//   - The CRC-32 of files begins with 0 and is not inverted; it is not zlib's.
//   - "no encryption" is 0x96, not 0.
//   - Two examples in the K protocol have wrong checksums (8.3.6, 8.29).
//   - The clock's example there (8.10) has its length in the reserved word.
//   - The 6th manual says that a BX-6Q pixel has two bytes and 24 bits; it has three.
//   - Speeds of moving strips are levels without a unit; see [Opts].ScrollStep.
//   - A strip to the left tells how many columns of its last page count; of a column
//     upwards nothing tells how many rows do, so dark ones fill its last page up.
//   - A K card's area lies on whole bytes of 8 pixels, has 16 KB, and must not
//     overlap programs. Which polarity lights is not written down; see
//     [Opts].Negative. A BX-5K1 has no such area.
//   - Cards for seven colours are refused: nobody says how their bitmaps look.
//
// # Side doors of the card
//
// The protocol has no password that the maker recommends; whoever reaches the line
// or the network may write. BX-6W and other W models are Wi-Fi access points with a
// password that everybody knows, and a telephone app: change it with the maker's
// LedshowTW, or unscrew the antenna. Do not give an Ethernet card a route: a cable
// to the box and nothing else: port 5005 asks nobody who he is. Models with 4G (6K1&4G,
// 6K2&4G) or "server mode" call the maker's cloud: take the SIM card out, and switch that
// off there, too. Probe and Sweep tell of the Wi-Fi and 4G models by their type; that an
// Ethernet plug is in use a card does not say on its serial line. USB models (5U) show what a stick brings.
//
// # Tried on
//
// The emulator in bxtest only, which was written from the same documents; no real
// card. Bytes checked against the printed examples of the documents, and for the
// common and dynamic dialects against the heads that the maker's SDK sends, are in
// the tests. Not checked against anything: the area inside a BX-6 program file, the
// lock command's "mode" byte, deleting a file, the K polarity, ValidLen on the last
// page of a strip, what it means upwards, and how long a real card is dark while it stores a page.
package bx
