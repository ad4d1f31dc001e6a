package modem

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf16"
)

// Send sends a text in one short message, which has room for 70 letters of Vietnamese.
func (m *Modem) Send(ctx context.Context, to, text string) error {
	if err := sendable(to, text); err != nil {
		return err
	}
	digits, kind := strings.TrimPrefix(to, "+"), byte(0x81)
	if digits != to {
		kind = 0x91
	}
	// 3GPP TS 23.040 section 9.2.2.2: the card's own service centre, no time to live, UCS-2.
	pdu := []byte{0x00, 0x01, 0x00, byte(len(digits)), kind}
	for i := 0; i < len(digits); i += 2 {
		half := byte(0xF0)
		if i+1 < len(digits) {
			half = digits[i+1] << 4
		}
		pdu = append(pdu, digits[i]&15|half)
	}
	words := utf16.Encode([]rune(text))
	pdu = append(pdu, 0x00, 0x08, byte(2*len(words)))
	for _, w := range words {
		pdu = append(pdu, byte(w>>8), byte(w))
	}
	_, err := m.Submit(ctx, strings.ToUpper(hex.EncodeToString(pdu)), len(pdu)-1)
	return err
}

// sendable says what is wrong with a number, or a text that is to fit into one message.
func sendable(to, text string) error {
	digits := strings.TrimPrefix(to, "+")
	if len(digits) < 3 || len(digits) > 15 || strings.Trim(digits, "0123456789") != "" {
		return fmt.Errorf("modem: %q is no telephone number", to)
	}
	if n := len(utf16.Encode([]rune(text))); n == 0 || n > 70 {
		return fmt.Errorf("modem: a text of %d letters; 1 to 70", n)
	}
	return nil
}

// sendPatience is how long the network may take for one message: makers say 40 to 60 s.
const sendPatience = time.Minute

// Submit sends one short message, an SMS-SUBMIT in hex with the length of its service
// centre in front; length is that of the rest. It gives the reference that the network
// has for it. After an error nobody knows whether it went out, unless that is ErrRefused.
func (m *Modem) Submit(ctx context.Context, pdu string, length int) (reference string, err error) {
	if _, err := m.command(ctx, "AT+CMGF=0"); err != nil {
		return "", refused(err)
	}
	line := fmt.Sprintf("AT+CMGS=%d", length)
	if err := m.write(line + "\r"); err != nil {
		return "", err
	}
	short, cancel := context.WithTimeout(ctx, patience)
	_, err = m.answer(short, line, strings.TrimSpace(prompt))
	cancel()
	if err != nil {
		_ = m.write("\x1b") // ends a message that was not begun
		return "", refused(err)
	}
	if err := m.write(pdu + "\x1a"); err != nil {
		return "", err
	}
	ctx, cancel = context.WithTimeout(ctx, sendPatience)
	defer cancel()
	said, err := m.answer(ctx, pdu, "OK")
	if err != nil {
		return "", refused(err)
	}
	for _, text := range said {
		if ref, ok := strings.CutPrefix(text, "+CMGS:"); ok {
			return strings.TrimSpace(ref), nil
		}
	}
	return "", errors.New("modem: OK, but no +CMGS")
}

// ErrRefused is a message that did not go out: the modem or the network said no.
var ErrRefused = errors.New("modem: the message was refused")

func refused(err error) error {
	if errors.Is(err, errNo) {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return err
}
