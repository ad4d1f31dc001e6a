package sms

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"
)

// A PDU is one SMS-SUBMIT as AT+CMGS takes it: in front of it stands one byte 00, so that
// the card's own service centre is used.
type PDU struct {
	Bytes []byte // with that byte
	TPDU  int    // what AT+CMGS=… says: the length without it
}

// Fields of the first byte and of the scheme of coding.
const (
	submit     = 0x01
	withHeader = 0x40
	unicode16  = 0x08
	concat     = 0x00 // of an element: reference, how many, which
)

// PDUs are the messages for one number. The reference is the same in all parts and should
// differ from that of the message before to the same number.
func (m Message) PDUs(number string, reference byte) ([]PDU, error) {
	to, err := address(number)
	if err != nil {
		return nil, err
	}
	var all []PDU
	for i, part := range m.Parts {
		first, coding := byte(submit), byte(0)
		var header []byte
		if len(m.Parts) > 1 {
			first |= withHeader
			header = []byte{5, concat, 3, reference, byte(len(m.Parts)), byte(i + 1)}
		}
		var length int
		var data []byte
		switch m.Coding {
		case GSM7:
			length, data = pack(part, header)
		default:
			coding = unicode16
			data = header
			for _, u := range utf16.Encode([]rune(part)) {
				data = binary.BigEndian.AppendUint16(data, u)
			}
			length = len(data)
		}
		tpdu := append([]byte{first, 0}, to...)
		tpdu = append(tpdu, 0, coding, byte(length))
		tpdu = append(tpdu, data...)
		all = append(all, PDU{Bytes: append([]byte{0}, tpdu...), TPDU: len(tpdu)})
	}
	return all, nil
}

// pack puts septets behind a header, from a septet's boundary on.
func pack(part string, header []byte) (length int, data []byte) {
	fill := (7 - 8*len(header)%7) % 7
	length = (8*len(header) + fill) / 7
	data = append(data, header...)
	at := 8*len(header) + fill
	for _, r := range part {
		for _, s := range septets(r) {
			for len(data)*8 < at+7 {
				data = append(data, 0)
			}
			data[at/8] |= s << (at % 8)
			if at%8 > 1 {
				data[at/8+1] |= s >> (8 - at%8)
			}
			at += 7
			length++
		}
	}
	return length, data
}

// Number is a telephone number as it is sent: +84912345678. A leading 0 is Vietnam's.
func Number(text string) (string, error) {
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" .-()", r) {
			return -1
		}
		return r
	}, text)
	if rest, ok := strings.CutPrefix(digits, "0"); ok {
		digits = "+84" + rest
	}
	bare, ok := strings.CutPrefix(digits, "+")
	if !ok || len(bare) < 8 || len(bare) > 15 || strings.Trim(bare, "0123456789") != "" || bare[0] == '0' {
		return "", fmt.Errorf("sms: %q is no telephone number; write 0912345678 or +84912345678", text)
	}
	return digits, nil
}

// address is a number as SMS-SUBMIT has it: how many digits, that it is an international
// one, and the digits in pairs the wrong way round.
func address(number string) ([]byte, error) {
	number, err := Number(number)
	if err != nil {
		return nil, err
	}
	digits := number[1:]
	a := []byte{byte(len(digits)), 0x91}
	if len(digits)%2 == 1 {
		digits += "?" // its low four bits are the filler 1111
	}
	for i := 0; i < len(digits); i += 2 {
		a = append(a, digits[i+1]<<4|digits[i]&0x0f)
	}
	return a, nil
}
