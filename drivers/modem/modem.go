package modem

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// A Signal is what the modem hears of its cell. Nil: it does not say.
type Signal struct {
	Access                 string // LTE, WCDMA, GSM; empty: not known
	RSSI, RSRP, RSRQ, SINR *float64
}

// Info is the modem and its card.
type Info struct {
	Model, IMEI string
	SIM         string // READY, SIM PIN, SIM PUK, …; "absent"
	ICCID       string
	Operator    string
	Registered  string // home, roaming, searching, denied, no
}

// prompt is how a modem asks for the bytes of a message: no end of a line follows it.
const prompt = "> "

// patience is how long one command may take; searching for a network takes seconds.
const patience = 8 * time.Second

// mostLines is how much of an answer is kept: a card has 20 to 50 messages, of two lines.
const mostLines = 128

// ErrSilent is a port at which nobody answers.
var ErrSilent = errors.New("modem: no answer to AT")

// errNo is ERROR, or an error with its number.
var errNo = errors.New("modem: the command was refused")

// A Modem is a port that takes AT commands. Close it: a goroutine reads until then.
type Modem struct {
	port  io.ReadWriteCloser
	lines chan string
	done  chan struct{} // closed by Close
	over  chan struct{} // closed when nothing reads any more
}

// New looks whether a modem answers at port, which is then its to close.
func New(ctx context.Context, port io.ReadWriteCloser) (*Modem, error) {
	m := &Modem{port: port, lines: make(chan string, 16), done: make(chan struct{}), over: make(chan struct{})}
	go m.read() // Close waits for it
	for i, patience := range []time.Duration{time.Second, time.Second, 2 * time.Second} {
		if i > 0 { // it may wait for the rest of a message that an agent before this one began
			_ = m.write("\x1b\r")
		}
		short, cancel := context.WithTimeout(ctx, patience)
		_, err := m.command(short, "ATE0")
		cancel()
		if err == nil || errors.Is(err, errNo) {
			if i > 0 {
				m.settle(ctx)
			}
			return m, nil
		}
	}
	m.Close()
	return nil, ErrSilent
}

// settle waits until nothing more comes. A modem that is slow answers every try, and what
// it says to the first would pass for the answer to the next command, and so on for ever.
func (m *Modem) settle(ctx context.Context) {
	for {
		select {
		case <-m.lines:
		case <-time.After(2 * time.Second):
			return
		case <-m.over:
			return
		case <-ctx.Done():
			return
		}
	}
}

func (m *Modem) read() {
	defer close(m.over)
	r := bufio.NewReader(m.port)
	line := make([]byte, 0, 4096)
	for {
		c, err := r.ReadByte()
		if err != nil {
			return
		}
		if line = append(line, c); c != '\n' && string(line) != prompt && len(line) < cap(line) {
			continue
		}
		if text := strings.TrimSpace(string(line)); text != "" {
			select {
			case m.lines <- text:
			case <-m.done:
				return
			}
		}
		line = line[:0]
	}
}

// Close ends it.
func (m *Modem) Close() error {
	close(m.done)
	err := m.port.Close()
	<-m.over
	return err
}

// command gives the lines between a command and its OK.
func (m *Modem) command(ctx context.Context, line string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for { // what came late belongs to an earlier command
		select {
		case <-m.lines:
			continue
		default:
		}
		break
	}
	if err := m.write(line + "\r"); err != nil {
		return nil, err
	}
	return m.answer(ctx, line, "OK")
}

func (m *Modem) write(text string) error {
	if _, err := io.WriteString(m.port, text); err != nil {
		return fmt.Errorf("modem: cannot write: %w", err)
	}
	return nil
}

// answer gives the lines between a command and the one that ends it.
func (m *Modem) answer(ctx context.Context, line, end string) ([]string, error) {
	var said []string
	for {
		select {
		case text := <-m.lines:
			switch {
			case text == line: // an echo
			case text == end:
				return said, nil
			case text == "ERROR", strings.HasPrefix(text, "+CME ERROR"), strings.HasPrefix(text, "+CMS ERROR"):
				return nil, fmt.Errorf("%w: %s: %s", errNo, line, text)
			case len(said) < mostLines:
				said = append(said, text)
			}
		case <-m.over:
			return nil, fmt.Errorf("modem: the port was closed at %s", line)
		case <-ctx.Done():
			return nil, fmt.Errorf("modem: no answer to %s: %w", line, ctx.Err())
		}
	}
}

// value is what a command says after prefix; empty: nothing, or the modem does not know
// the command. An error is a modem that does not answer.
func (m *Modem) value(ctx context.Context, line, prefix string) (string, error) {
	said, err := m.command(ctx, line)
	if errors.Is(err, errNo) {
		return "", nil
	}
	for _, text := range said {
		if rest, ok := strings.CutPrefix(text, prefix); ok && (prefix != "" || !strings.HasPrefix(text, "+")) {
			return strings.TrimSpace(rest), err
		}
	}
	return "", err
}

// Info asks who it is.
func (m *Modem) Info(ctx context.Context) (i Info, err error) {
	pin, err := m.command(ctx, "AT+CPIN?")
	switch {
	case errors.Is(err, errNo):
		i.SIM, err = "absent", nil
	case err != nil:
		return i, err
	default:
		for _, text := range pin {
			if s, ok := strings.CutPrefix(text, "+CPIN:"); ok {
				i.SIM = strings.TrimSpace(s)
			}
		}
	}
	ask := func(to *string, prefix string, lines ...string) {
		for _, line := range lines {
			if *to != "" || err != nil {
				return
			}
			*to, err = m.value(ctx, line, prefix)
		}
	}
	ask(&i.Model, "", "AT+CGMM")
	ask(&i.IMEI, "", "AT+CGSN")
	ask(&i.ICCID, "+CCID:", "AT+CCID")
	ask(&i.ICCID, "+QCCID:", "AT+QCCID")
	ask(&i.ICCID, "+ICCID:", "AT+CICCID")
	i.ICCID = strings.Trim(i.ICCID, `"`)
	var reg, cops string
	ask(&reg, "+CEREG:", "AT+CEREG?")
	i.Registered = registered(reg)
	if i.Registered == "no" { // one without LTE
		reg = ""
		ask(&reg, "+CREG:", "AT+CREG?")
		i.Registered = registered(reg)
	}
	ask(&cops, "+COPS:", "AT+COPS?")
	if f := fields(cops); len(f) > 2 {
		i.Operator = f[2]
	}
	return i, err
}

// registered is the word for a state of 27.007 section 7.2.
func registered(reg string) string {
	if f := fields(reg); len(f) > 1 {
		if said, ok := map[string]string{"1": "home", "2": "searching", "3": "denied", "5": "roaming"}[f[1]]; ok {
			return said
		}
	}
	return "no"
}

// Signal asks how well it hears, in the words of its maker where it has any.
func (m *Modem) Signal(ctx context.Context) (s Signal, err error) {
	text, err := m.value(ctx, "AT+QCSQ", "+QCSQ:")
	if err != nil {
		return s, err
	}
	if f := fields(text); len(f) == 5 && f[0] == "LTE" {
		s = Signal{Access: f[0], RSSI: number(f[1], 1, 0), RSRP: number(f[2], 1, 0), SINR: number(f[3], 0.2, -20), RSRQ: number(f[4], 1, 0)}
		return s, nil
	}
	if text, err = m.value(ctx, "AT+CPSI?", "+CPSI:"); err != nil {
		return s, err
	}
	if f := fields(text); len(f) == 14 && f[0] == "LTE" {
		s = Signal{Access: f[0], RSRQ: number(f[10], 0.1, 0), RSRP: number(f[11], 0.1, 0), RSSI: number(f[12], 0.1, 0), SINR: number(f[13], 1, 0)}
		return s, nil
	}
	if text, err = m.value(ctx, "AT+CESQ", "+CESQ:"); err != nil {
		return s, err
	}
	// rxlev, ber, rscp, ecno, rsrq, rsrp; 27.007 section 8.69
	if f := fields(text); len(f) == 6 {
		if f[4] != "255" && f[5] != "255" {
			s.Access, s.RSRQ, s.RSRP = "LTE", number(f[4], 0.5, -20), number(f[5], 1, -141)
		}
	}
	if text, err = m.value(ctx, "AT+CSQ", "+CSQ:"); err != nil {
		return s, err
	}
	if f := fields(text); len(f) == 2 && f[0] != "99" {
		s.RSSI = number(f[0], 2, -113)
	}
	return s, nil
}

func fields(s string) []string {
	if s == "" {
		return nil
	}
	f := strings.Split(s, ",")
	for i := range f {
		f[i] = strings.Trim(strings.TrimSpace(f[i]), `"`)
	}
	return f
}

// number is text × by + plus; nil where that is no number.
func number(text string, by, plus float64) *float64 {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil
	}
	n = n*by + plus
	return &n
}
