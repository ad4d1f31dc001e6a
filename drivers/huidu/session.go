package huidu

import (
	"bufio"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"
)

// A session is one connection, after GetIFVersion.
type session struct {
	conn     net.Conn
	patience time.Duration // with silence: the card is dead
	r        *bufio.Reader
	guid     string
}

// An answer is what the XML of a card may hold of what is asked for here.
type answer struct {
	XMLName xml.Name `xml:"sdk"`
	GUID    string   `xml:"guid,attr"`
	Out     struct {
		Method string `xml:"method,attr"`
		Result string `xml:"result,attr"`
		Device struct {
			Model string `xml:"model,attr"`
			ID    string `xml:"id,attr"`
			Name  string `xml:"name,attr"`
		} `xml:"device"`
		Version struct {
			FPGA   string `xml:"fpga,attr"`
			App    string `xml:"app,attr"`
			Kernel string `xml:"kernel,attr"`
		} `xml:"version"`
		Screen struct {
			Width  string `xml:"width,attr"`
			Height string `xml:"height,attr"`
		} `xml:"screen"`
		Program struct {
			GUID string `xml:"guid,attr"`
		} `xml:"program"`
		Files []struct {
			Name string `xml:"name,attr"`
		} `xml:"files>file"`
		Default struct {
			Value string `xml:"value,attr"`
		} `xml:"default"`
		Server struct {
			Host string `xml:"host,attr"`
			Port string `xml:"port,attr"`
		} `xml:"server"`
		WiFi struct {
			Valid  string `xml:"valid,attr"` // the module is there
			Enable value  `xml:"enable"`
			Mode   value  `xml:"mode"`
			SSID   value  `xml:"ap>ssid"`
		} `xml:"wifi"`
		Modem struct {
			Valid  string `xml:"valid,attr"`
			Insert value  `xml:"insert"` // a SIM card is in
		} `xml:"pppoe"`
	} `xml:"out"`
}

// A value is the one attribute of most elements.
type value struct {
	Value string `xml:"value,attr"`
}

// The guid goes back to the card inside XML: nothing but letters, digits, - and _.
func guidForm(s string) bool {
	other := func(r rune) bool {
		return !('0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' || r == '_' || r == '-')
	}
	return 0 < len(s) && len(s) <= 64 && !strings.ContainsFunc(s, other)
}

// greet begins a session on a connection.
func greet(conn net.Conn, patience time.Duration) (*session, error) {
	s := &session{conn: conn, patience: patience, r: bufio.NewReaderSize(conn, maxPacket), guid: "##GUID"}
	if err := s.write(packet(serviceAsk, binary.LittleEndian.AppendUint32(nil, version)...)); err != nil {
		return nil, err
	}
	data, err := s.await("version", serviceAnswer)
	if err != nil {
		return nil, err
	}
	if len(data) < 4 {
		return nil, fmt.Errorf("version: an answer of %d bytes", len(data))
	}
	a, err := s.call("GetIFVersion", `<version value="1000000"/>`)
	if err != nil {
		return nil, err
	}
	if !guidForm(a.GUID) {
		return nil, fmt.Errorf("GetIFVersion: the session is called %q", a.GUID)
	}
	s.guid = a.GUID
	return s, nil
}

func (s *session) write(b []byte) error {
	if err := s.conn.SetWriteDeadline(time.Now().Add(s.patience)); err != nil {
		return err
	}
	_, err := s.conn.Write(b)
	return err
}

// await waits for the answer to what was asked. After a while of silence it asks for
// a heartbeat: a card that is only slow gives one.
func (s *session) await(what string, want command) ([]byte, error) {
	for heard := time.Now(); ; {
		if err := s.conn.SetReadDeadline(time.Now().Add(s.patience * 2 / 5)); err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		c, data, err := readPacket(s.r)
		if errors.Is(err, os.ErrDeadlineExceeded) && time.Since(heard) < s.patience {
			if err := s.write(packet(heartbeatAsk)); err != nil {
				return nil, fmt.Errorf("%s: %w", what, err)
			}
			continue
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil, fmt.Errorf("%s: no answer for %v", what, s.patience)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		heard = time.Now()
		switch c {
		case want:
			return data, nil
		case heartbeatAsk:
			if err := s.write(packet(heartbeatAnswer)); err != nil {
				return nil, fmt.Errorf("%s: %w", what, err)
			}
		case heartbeatAnswer:
		case contentAnswer:
			if err := check(what, data); err != nil {
				return nil, err
			}
		case errorAnswer:
			if err := check(what, data); err != nil {
				return nil, err
			}
			return nil, &refusal{what, "an error without a reason"}
		default:
			return nil, fmt.Errorf("%s: the card answers with %#x", what, uint16(c))
		}
	}
}

// call asks for a method, whose parameters are XML.
func (s *session) call(method, parameters string) (*answer, error) {
	request := `<?xml version="1.0" encoding="utf-8"?><sdk guid="` + s.guid + `"><in method="` + method + `">` + parameters + `</in></sdk>`
	if err := s.write(xmlPackets(request)); err != nil {
		return nil, fmt.Errorf("%s: %w", method, err)
	}
	var text []byte
	for {
		data, err := s.await(method, xmlAnswer)
		if err != nil {
			return nil, err
		}
		if len(data) < 8 {
			return nil, fmt.Errorf("%s: an answer of %d bytes", method, len(data))
		}
		total, at := binary.LittleEndian.Uint32(data), binary.LittleEndian.Uint32(data[4:])
		piece := data[8:]
		if total > maxXML || uint64(at) != uint64(len(text)) || uint64(len(text)+len(piece)) > uint64(total) || len(piece) == 0 && total > 0 {
			return nil, fmt.Errorf("%s: bytes %d to %d of %d of an answer, after %d", method, at, uint64(at)+uint64(len(piece)), total, len(text))
		}
		if text = append(text, piece...); len(text) == int(total) {
			break
		}
	}
	a := new(answer)
	if err := xml.Unmarshal([]byte(strings.TrimRight(string(text), "\x00")), a); err != nil {
		return nil, fmt.Errorf("%s: %w", method, err)
	}
	if a.Out.Method != method {
		return nil, fmt.Errorf("%s: the card answers to %q", method, a.Out.Method)
	}
	if a.Out.Result != "kSuccess" {
		return nil, &refusal{method, a.Out.Result}
	}
	return a, nil
}

// try is call for what not every firmware knows, and what can be done without: nil when
// the card refuses it.
func (s *session) try(method, parameters string) (*answer, error) {
	a, err := s.call(method, parameters)
	var r *refusal
	if errors.As(err, &r) {
		return nil, nil
	}
	return a, err
}

// upload puts a file onto the card, or the rest of it that is missing, and tells
// whether something was.
func (s *session) upload(name string, content []byte) (sent bool, err error) {
	what := "file " + name
	sum := md5.Sum(content)
	if err := s.write(fileStart(hex.EncodeToString(sum[:]), len(content), name)); err != nil {
		return false, fmt.Errorf("%s: %w", what, err)
	}
	data, err := s.await(what, fileStartAnswer)
	if err != nil {
		return false, err
	}
	if err := check(what, data); err != nil {
		return false, err
	}
	if len(data) < 10 {
		return false, fmt.Errorf("%s: an answer of %d bytes", what, len(data))
	}
	there := binary.LittleEndian.Uint64(data[2:])
	if there > uint64(len(content)) {
		return false, fmt.Errorf("%s: the card has %d bytes of %d", what, there, len(content))
	}
	rest := content[there:]
	sent = len(rest) > 0
	for len(rest) > 0 {
		n := min(maxPiece, len(rest))
		if err := s.write(packet(contentAsk, rest[:n]...)); err != nil {
			return sent, fmt.Errorf("%s: %w", what, err)
		}
		rest = rest[n:]
	}
	if err := s.write(packet(fileEndAsk)); err != nil {
		return sent, fmt.Errorf("%s: %w", what, err)
	}
	data, err = s.await(what, fileEndAnswer)
	if err != nil {
		return sent, err
	}
	return sent, check(what, data)
}
