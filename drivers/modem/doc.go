// Package modem asks a mobile modem by AT commands who it is, which card is in it and
// how well it hears its cell, reads and deletes the short messages that came, and gives it
// others to send. It changes nothing else: it neither dials nor unlocks a card.
//
// # Wiring
//
// A USB modem shows several serial ports; one of them takes AT commands beside the
// connection: /dev/ttyUSB2 on Quectel EC2x and EG2x, /dev/ttyUSB2 on SIMCom SIM7600. Name
// it by /dev/serial/by-id, because the numbers move. Where ModemManager runs, it holds all
// ports: leave it one out by udev (ID_MM_PORT_IGNORE).
//
// # Commands
//
// 3GPP TS 27.007: ATE0, AT+CGMM, AT+CGSN, AT+CPIN?, AT+COPS?, AT+CEREG?, AT+CREG?, AT+CSQ,
// AT+CESQ. 3GPP TS 27.005 for messages: AT+CMGF=0, AT+CNMI=2,1, AT+CPMS, AT+CMGL=4, AT+CMGR,
// AT+CMGD, AT+CMGS.
//
// What makers have of their own tells SINR, which CESQ does not:
//
//	AT+QCSQ   Quectel EC25 AT Commands Manual 1.3: "LTE",rssi,rsrp,sinr,rsrq, where
//	          sinr is 0 to 250 for −20 to 30 dB
//	AT+CPSI?  SIMCom SIM7500/7600 AT Command Manual 2.00: LTE,…,RSRQ,RSRP,RSSI,RSSNR,
//	          RSRQ, RSRP and RSSI in tenths
//	ICCID     AT+CCID (3GPP has none), AT+QCCID, AT+CICCID
//
// # Quirks
//
//   - A modem echoes until ATE0, and some echo again after a reset.
//   - Unsolicited lines (+CREG:, +CMTI:, RING) come between a command and its answer, and
//     with some between the lines of an answer.
//   - Messages come into one store (SM: the card, ME: the modem) and another one is listed:
//     which is which differs from maker to maker. A store that is full of what its last
//     owner wrote takes no more, and says nothing.
//   - A modem that is slow answers late what nobody waits for any more; it would pass for
//     the next answer. After "> " it takes everything for the message, until ESC.
//   - A digit that is lost on the line makes another message. Each says how long it is.
//   - AT+COPS? may take seconds while it searches.
//   - CESQ says 255 (and 99) for what it does not know.
//
// Tried on: modemtest only.
package modem
