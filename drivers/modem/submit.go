package modem

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

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
