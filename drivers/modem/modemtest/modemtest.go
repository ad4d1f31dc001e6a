// Package modemtest is a mobile modem that behaves: it echoes until it is told not to,
// speaks out of turn, and can lose its card or fall silent.
package modemtest

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// The makers whose commands it knows beside those of the standard.
const (
	Plain   = ""
	Quectel = "quectel"
	SIMCom  = "simcom"
)

// A Modem answers AT commands.
type Modem struct {
	maker string

	mu     sync.Mutex
	silent bool
	absent bool // its card
	rsrp   int
	echo   bool
	deaf   string // what the network answers to messages; empty: it takes them
	sent   []string

	messages []message
	index    int
	text     bool // the mode for people
	keeps    bool // messages that come
}

// New makes a modem with a card, registered at home, that hears its cell at −97 dBm.
func New(maker string) *Modem { return &Modem{maker: maker, rsrp: -97, echo: true} }

// Silence makes it answer nothing any more.
func (m *Modem) Silence() { m.set(func() { m.silent = true }) }

// Eject takes its card out.
func (m *Modem) Eject() { m.set(func() { m.absent = true }) }

// Hear sets how well it hears its cell, RSRP in dBm.
func (m *Modem) Hear(dBm int) { m.set(func() { m.rsrp = dBm }) }

// Deny makes the network answer messages so: "+CMS ERROR: 38"; empty: it takes them.
func (m *Modem) Deny(how string) { m.set(func() { m.deaf = how }) }

// Sent are the messages that it took, as they were written: hex.
func (m *Modem) Sent() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.sent)
}

func (m *Modem) set(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
}

// Open plugs it into a new pseudo-terminal and gives the path of that; unplug pulls it.
func (m *Modem) Open() (path string, unplug func(), err error) {
	open, slave, err := pty.Open()
	if err != nil {
		return "", nil, err
	}
	// The package leaves it blocking, so that a Close would not end a Read.
	fd, err := unix.FcntlInt(open.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	open.Close()
	if err == nil {
		err = unix.SetNonblock(fd, true)
	}
	if err != nil {
		slave.Close()
		return "", nil, err
	}
	master := os.NewFile(uintptr(fd), "modem")
	over := make(chan struct{})
	go func() { // unplug waits for it
		defer close(over)
		m.Serve(master)
	}()
	return slave.Name(), func() { slave.Close(); master.Close(); <-over }, nil
}

// Serve answers at rw until it is closed.
func (m *Modem) Serve(rw io.ReadWriter) {
	in := bufio.NewReader(rw)
	for {
		line, err := in.ReadString('\r')
		if err != nil {
			return
		}
		line = strings.TrimSpace(line)
		if length, ok := strings.CutPrefix(line, "AT+CMGS="); ok {
			if !m.message(in, rw, length) {
				return
			}
			continue
		}
		m.mu.Lock()
		said := m.answer(line)
		if m.echo && !m.silent {
			said = line + "\r" + said
		}
		if line == "ATE0" {
			m.echo = false
		}
		silent := m.silent
		m.mu.Unlock()
		if !silent {
			io.WriteString(rw, said)
		}
	}
}

// message asks for one and takes it; false: the port is closed.
func (m *Modem) message(in *bufio.Reader, rw io.Writer, length string) bool {
	m.mu.Lock()
	silent, absent := m.silent, m.absent
	m.mu.Unlock()
	switch {
	case silent:
		return true
	case absent:
		io.WriteString(rw, "\r\n+CMS ERROR: 310\r\n")
		return true
	}
	io.WriteString(rw, "\r\n> ")
	var pdu []byte
	for {
		c, err := in.ReadByte()
		if err != nil {
			return false
		}
		if c == 0x1b {
			io.WriteString(rw, "\r\nOK\r\n")
			return true
		}
		if c == 0x1a {
			break
		}
		pdu = append(pdu, c)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	raw, err := hex.DecodeString(string(pdu))
	said := ""
	switch {
	case m.silent:
	case err != nil || len(raw) < 2 || length != strconv.Itoa(len(raw)-1-int(raw[0])):
		said = "+CMS ERROR: 304" // invalid PDU mode parameter
	case m.deaf != "":
		said = m.deaf
	default:
		m.sent = append(m.sent, string(pdu))
		said = fmt.Sprintf("+CMGS: %d\r\n\r\nOK", len(m.sent))
	}
	if said != "" {
		io.WriteString(rw, "\r\n+CEREG: 1\r\n\r\n"+said+"\r\n")
	}
	return true
}

func (m *Modem) answer(line string) string {
	ok := func(lines ...string) string {
		return "\r\n" + strings.Join(append(lines, "", "OK"), "\r\n") + "\r\n"
	}
	// A registration that changes is told at any time.
	const news = "+CEREG: 1,\"0333\",\"025C0A20\",7"
	const no = "\r\nERROR\r\n"
	if said, is := m.sms(line); is {
		return ok(said...)
	}
	switch line {
	case "ATE0", "AT":
		return ok()
	case "AT+CGMM":
		return ok(news, map[string]string{Plain: "MODEM", Quectel: "EC25", SIMCom: "SIMCOM_SIM7600E-H"}[m.maker])
	case "AT+CGSN":
		return ok("867584030000017")
	case "AT+CPIN?":
		if m.absent {
			return "\r\n+CME ERROR: 10\r\n"
		}
		return ok("+CPIN: READY")
	case "AT+CCID":
		if m.absent || m.maker == SIMCom {
			return no
		}
		return ok(`+CCID: "89840200012345678901"`)
	case "AT+CICCID":
		if m.absent || m.maker != SIMCom {
			return no
		}
		return ok("+ICCID: 89840200012345678901")
	case "AT+COPS?":
		if m.absent {
			return ok("+COPS: 0")
		}
		return ok(`+COPS: 0,0,"VIETTEL",7`)
	case "AT+CEREG?":
		if m.absent {
			return ok("+CEREG: 0,0")
		}
		return ok("+CEREG: 0,1")
	case "AT+QCSQ":
		if m.maker == Quectel {
			return ok(fmt.Sprintf(`+QCSQ: "LTE",%d,%d,165,-11`, m.rsrp+30, m.rsrp))
		}
	case "AT+CPSI?":
		if m.maker == SIMCom {
			return ok(fmt.Sprintf("+CPSI: LTE,Online,452-04,0x0333,39589632,180,EUTRAN-BAND3,1850,5,5,-110,%d,%d,13", m.rsrp*10, m.rsrp*10+300))
		}
	case "AT+CESQ":
		return ok(fmt.Sprintf("+CESQ: 99,99,255,255,18,%d", m.rsrp+141))
	case "AT+CSQ":
		return ok("+CSQ: 23,99")
	}
	return no
}
