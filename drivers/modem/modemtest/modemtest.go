// Package modemtest is a mobile modem that behaves: it echoes until it is told not to,
// speaks out of turn, also in the middle of an answer, takes its time, spoils a line, has
// stores for messages that fill up, waits for the rest of a message whatever else is asked,
// and can lose its card, its network and its power or fall silent.
package modemtest

import (
	"bufio"
	"cmp"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

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

	lag      time.Duration // before each answer
	typing   string        // how long the message is that it waits for; empty: none
	typed    []byte        // of it
	away     bool          // from any network
	sim      string        // what its card says; empty: READY
	dies     bool          // in the middle of the next list
	messages []message
	index    int
	text     bool // the mode for people
	keeps    bool // messages that come
	read     string
	come     string // the stores that are read, and into which messages come
	names    int    // how many of its stores it names
	say      string // between the lines of a list
	noise    int    // how many lists come damaged
}

// New makes a modem with a card, registered at home, that hears its cell at −97 dBm.
func New(maker string) *Modem {
	return &Modem{maker: maker, rsrp: -97, echo: true, read: "ME", come: "ME", names: 3}
}

// Silence makes it answer nothing any more.
func (m *Modem) Silence() { m.set(func() { m.silent = true }) }

// Eject takes its card out.
func (m *Modem) Eject() { m.set(func() { m.absent = true }) }

// Lock makes its card say what it lacks: "SIM PIN".
func (m *Modem) Lock(what string) { m.set(func() { m.sim = what }) }

// Leave takes it out of any network.
func (m *Modem) Leave() { m.set(func() { m.away = true }) }

// Lag makes it answer so much later, in its turn.
func (m *Modem) Lag(d time.Duration) { m.set(func() { m.lag = d }) }

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
		m.mu.Lock()
		typing := m.typing != ""
		m.mu.Unlock()
		var said string
		if typing { // it hears nothing else
			if !m.take(in) {
				return
			}
			said = m.taken()
		} else {
			line, err := in.ReadString('\r')
			if err != nil {
				return
			}
			said = m.says(strings.TrimSpace(line))
		}
		m.mu.Lock()
		lag, silent := m.lag, m.silent
		m.mu.Unlock()
		if time.Sleep(lag); !silent {
			io.WriteString(rw, said)
		}
	}
}

// says is all that a line brings.
func (m *Modem) says(line string) (said string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	length, sends := strings.CutPrefix(line, "AT+CMGS=")
	switch {
	case m.silent:
		return ""
	case sends && m.absent:
		said = "\r\n+CMS ERROR: 310\r\n"
	case sends:
		m.typing, said = length, "\r\n> "
	case m.dies && strings.HasPrefix(line, "AT+CMGL"):
		whole := m.answer(line)
		said = whole[:len(whole)/2] + "\r\nRDY\r\n"
		m.echo, m.keeps, m.text, m.dies = true, false, false, false
		return said
	default:
		said = m.answer(line)
	}
	if m.echo {
		said = line + "\r" + said
	}
	if line == "ATE0" {
		m.echo = false
	}
	return said
}

// take reads the rest of a message; false: the port is closed, and it still waits.
func (m *Modem) take(in *bufio.Reader) bool {
	for {
		c, err := in.ReadByte()
		if err != nil {
			return false
		}
		m.mu.Lock()
		m.typed = append(m.typed, c)
		m.mu.Unlock()
		if c == 0x1b || c == 0x1a {
			return true
		}
	}
}

// taken is what becomes of the message.
func (m *Modem) taken() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	end := len(m.typed) - 1
	pdu, length, sent := string(m.typed[:end]), m.typing, m.typed[end] == 0x1a
	m.typing, m.typed = "", nil
	if !sent {
		return "\r\nOK\r\n"
	}
	raw, err := hex.DecodeString(pdu)
	var said string
	switch {
	case err != nil || len(raw) < 2 || length != strconv.Itoa(len(raw)-1-int(raw[0])):
		said = "+CMS ERROR: 304" // invalid PDU mode parameter
	case m.deaf != "":
		said = m.deaf
	default:
		m.sent = append(m.sent, pdu)
		said = fmt.Sprintf("+CMGS: %d\r\n\r\nOK", len(m.sent))
	}
	return "\r\n+CEREG: 1\r\n\r\n" + said + "\r\n"
}

func (m *Modem) answer(line string) string {
	ok := func(lines ...string) string {
		return "\r\n" + strings.Join(append(lines, "", "OK"), "\r\n") + "\r\n"
	}
	// A registration that changes is told at any time.
	const news = "+CEREG: 1,\"0333\",\"025C0A20\",7"
	const no = "\r\nERROR\r\n"
	switch said, is := m.sms(line); {
	case is && len(said) == 1 && strings.HasPrefix(said[0], "+CMS ERROR"):
		return "\r\n" + said[0] + "\r\n"
	case is:
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
		return ok("+CPIN: " + cmp.Or(m.sim, "READY"))
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
	case "AT+CEREG?", "AT+CREG?":
		state := "1"
		if m.absent {
			state = "0"
		} else if m.away {
			state = "3" // the network does not want it
		}
		return ok(strings.TrimPrefix(strings.TrimSuffix(line, "?"), "AT") + ": 0," + state)
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
