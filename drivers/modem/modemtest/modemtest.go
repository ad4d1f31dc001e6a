// Package modemtest is a mobile modem that behaves: it echoes until it is told not to,
// speaks out of turn, and can lose its card or fall silent.
package modemtest

import (
	"bufio"
	"fmt"
	"io"
	"os"
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
}

// New makes a modem with a card, registered at home, that hears its cell at −97 dBm.
func New(maker string) *Modem { return &Modem{maker: maker, rsrp: -97, echo: true} }

// Silence makes it answer nothing any more.
func (m *Modem) Silence() { m.set(func() { m.silent = true }) }

// Eject takes its card out.
func (m *Modem) Eject() { m.set(func() { m.absent = true }) }

// Hear sets how well it hears its cell, RSRP in dBm.
func (m *Modem) Hear(dBm int) { m.set(func() { m.rsrp = dBm }) }

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

func (m *Modem) answer(line string) string {
	ok := func(lines ...string) string {
		return "\r\n" + strings.Join(append(lines, "", "OK"), "\r\n") + "\r\n"
	}
	// A registration that changes is told at any time.
	const news = "+CEREG: 1,\"0333\",\"025C0A20\",7"
	const no = "\r\nERROR\r\n"
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
