package huidutest

import (
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	"time"
)

// A session is what one connection has come to.
type session struct {
	card  *Card
	say   func([]byte)
	guid  string
	xml   []byte
	file  *file // that is coming
	name  string
	count int
}

func (s *session) answer(cmd uint16, data []byte) {
	b := binary.LittleEndian.AppendUint16(nil, uint16(4+len(data)))
	s.say(append(binary.LittleEndian.AppendUint16(b, cmd), data...))
}

func (s *session) status(cmd uint16, n uint16, more ...byte) {
	s.answer(cmd, append(binary.LittleEndian.AppendUint16(nil, n), more...))
}

// packet takes one; false ends the connection.
func (s *session) packet(b []byte) bool {
	c := s.card
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.deaf {
		return true
	}
	if c.HR {
		s.say([]byte("HR\x00\x1b\x00\x04"))
		return true
	}
	if c.cut > 0 {
		if c.cut--; c.cut == 0 {
			return false
		}
	}
	if err := s.do(binary.LittleEndian.Uint16(b[2:]), b[4:]); err != nil {
		if c.problem == nil {
			c.problem = fmt.Errorf("huidutest: %w", err)
		}
		return false
	}
	return true
}

func (s *session) do(cmd uint16, data []byte) error {
	c := s.card
	switch cmd {
	case 0x5F:
		c.beats++
		s.answer(0x60, nil)
	case 0x60:
	case 0x2001:
		if len(data) != 4 || binary.LittleEndian.Uint32(data) != 0x01000005 {
			return fmt.Errorf("version % x", data)
		}
		if c.occupied {
			s.status(0x2000, 4)
			return nil
		}
		s.answer(0x2002, append(data, 0, 0))
	case 0x2003:
		if len(data) < 8 || int(binary.LittleEndian.Uint32(data[4:])) != len(s.xml) {
			return errors.New("a piece of XML at the wrong place")
		}
		s.xml = append(s.xml, data[8:]...)
		if len(s.xml) == int(binary.LittleEndian.Uint32(data)) {
			text := s.xml
			s.xml = nil
			return s.request(text)
		}
	case 0x8001:
		return s.fileStart(data)
	case 0x8003:
		if s.file == nil || len(s.file.data)+len(data) > s.file.size {
			return errors.New("content of no file")
		}
		s.file.data = append(s.file.data, data...)
		c.written += len(data)
		if s.count++; s.count%2 == 0 { // some firmware does, some does not
			s.status(0x8004, 0)
		}
	case 0x8005:
		if s.file == nil {
			return errors.New("the end of no file")
		}
		if s.file.whole() {
			s.status(0x8006, 0)
		} else {
			delete(c.files, s.name)
			s.status(0x8006, 14)
		}
		s.file = nil
	default:
		return fmt.Errorf("command %#x", cmd)
	}
	return nil
}

func (s *session) fileStart(data []byte) error {
	if len(data) < 45 || data[32] != 0 || data[len(data)-1] != 0 {
		return fmt.Errorf("a file starts with % x", data)
	}
	f := &file{md5: string(data[:32]), size: int(binary.LittleEndian.Uint64(data[33:]))}
	if kind := binary.LittleEndian.Uint16(data[41:]); kind != 0 {
		return fmt.Errorf("a file of type %d", kind)
	}
	name := string(data[43 : len(data)-1])
	c := s.card
	used := 0
	for _, f := range c.files {
		used += f.size
	}
	if old := c.files[name]; old != nil && old.md5 == f.md5 && old.size == f.size {
		f = old
	} else if c.Space > 0 && used+f.size > c.Space {
		s.status(0x8002, 9, make([]byte, 8)...)
		return nil
	}
	if c.files == nil {
		c.files = map[string]*file{}
	}
	c.files[name], s.file, s.name = f, f, name
	s.status(0x8002, 0, binary.LittleEndian.AppendUint64(nil, uint64(len(f.data)))...)
	return nil
}

type request struct {
	XMLName xml.Name `xml:"sdk"`
	GUID    string   `xml:"guid,attr"`
	In      struct {
		Method  string    `xml:"method,attr"`
		Version *struct{} `xml:"version"`
		Mode    *value    `xml:"mode"`
		Default *value    `xml:"default"`
		Ploy    *struct{} `xml:"ploy"`
		Sensor  *struct{} `xml:"sensor"`
		Files   []struct {
			Name string `xml:"name,attr"`
		} `xml:"files>file"`
		Programs []struct {
			GUID  string `xml:"guid,attr"`
			Type  string `xml:"type,attr"`
			Areas []struct {
				Rectangle struct {
					X      int `xml:"x,attr"`
					Y      int `xml:"y,attr"`
					Width  int `xml:"width,attr"`
					Height int `xml:"height,attr"`
				} `xml:"rectangle"`
				Images []struct {
					File struct {
						Name string `xml:"name,attr"`
					} `xml:"file"`
				} `xml:"resources>image"`
			} `xml:"area"`
		} `xml:"screen>program"`
	} `xml:"in"`
}

type value struct {
	Text string `xml:"value,attr"`
}

// request does what the XML asks for.
func (s *session) request(text []byte) error {
	var r request
	if err := xml.Unmarshal(text, &r); err != nil {
		return fmt.Errorf("%w in %s", err, text)
	}
	c := s.card
	method, result, out := r.In.Method, "kSuccess", ""
	switch {
	case method == "GetIFVersion":
		if r.GUID != "##GUID" || r.In.Version == nil {
			return fmt.Errorf("GetIFVersion: %s", text)
		}
		s.guid, out = "41f8d777a9d83984e49fce04ea4c77d0", `<version value="1000000"/>`
	case s.guid == "" || r.GUID != s.guid:
		result = "kInvalidGUID"
	case c.Old && method != "GetDeviceInfo" && method != "AddProgram" && method != "SetLuminancePloy":
		result = "kUnsupportMethod"
	case method == "OpenScreen":
		c.dark = false
	case method == "AddProgram" && c.Slow > 0:
		go func() { // it answers, or finds that nobody is there any more
			time.Sleep(c.Slow)
			c.mu.Lock()
			defer c.mu.Unlock()
			if !c.deaf {
				s.reply(method, s.addProgram(&r), "")
			}
		}()
		return nil
	case method == "AddProgram":
		result = s.addProgram(&r)
	case method == "GetCurrentPlayProgramGUID":
		out = fmt.Sprintf(`<program guid="%s"/>`, c.playing.guid)
	case method == "GetFiles":
		out = "<files>"
		for name, f := range c.files {
			out += fmt.Sprintf(`<file existSize="%d" name="%s" md5="%s" type="image" size="%d"/>`, len(f.data), name, f.md5, f.size)
		}
		out += "</files>"
	case method == "DeleteFiles":
		for _, f := range r.In.Files {
			delete(c.files, f.Name)
		}
	case method == "SetLuminancePloy":
		if r.In.Mode == nil || r.In.Default == nil || r.In.Ploy == nil || r.In.Sensor == nil || r.In.Mode.Text != "default" {
			result = "kParseXmlFailed"
		} else if n, err := fmt.Sscan(r.In.Default.Text, &c.dim); n != 1 || err != nil || c.dim < 1 || c.dim > 100 {
			return fmt.Errorf("a brightness of %q", r.In.Default.Text)
		}
	case method == "GetLuminancePloy":
		dim := c.dim
		if dim == 0 {
			dim = 100
		}
		out = fmt.Sprintf(`<mode value="default"/><default value="%d"/><ploy/><sensor min="1" max="100" time="5"/>`, dim)
	case method == "GetSDKTcpServer":
		out = fmt.Sprintf(`<server port="10001" host="%s"/>`, c.Server)
	case method == "GetWifiInfo":
		// As a C16L with firmware 7.10.78.1 says it, shortened: one network in its list.
		out = fmt.Sprintf(`<wifi valid="%t"><enable value="%t"/><mode value="%s"/><ap><ssid value="C16L-D00-A000F"/><passwd value="hd12345678"/>`+
			`<channel value="5"/><encryption value="WPA-PSK"/><dhcp auto="true"/><address netmask="0.0.0.0" gateway="0.0.0.0" dns="0.0.0.0" ip="192.168.9.1"/></ap>`+
			`<station><current index="0"/><list><item><ssid value="TP-LINK_9CA7"/><passwd value="x"/></item></list></station></wifi><isopen value=""/>`,
			c.WiFi != "", !c.WiFiOff, c.WiFi)
	case method == "GetPppoeInfo":
		out = fmt.Sprintf(`<pppoe valid="true"><enable value="true"/><apn value="3gnet"/><insert value="%t"/><status value="init"/></pppoe>`, c.SIM)
	case method == "GetDeviceInfo":
		model := c.Model
		if model == "" {
			model = "C16L"
		}
		out = fmt.Sprintf(`<device cpu="RK.px30" model="%s" name="BoxPlayer" id="%[1]s-D24-000A2"/>`+
			`<version fpga="7.4.13" app="7.10.48" kernel="4.4"/><screen width="%d" height="%d" rotation="0"/>`, model, c.Size.X, c.Size.Y)
	default:
		result = "kInvalidMethod"
	}
	s.reply(method, result, out)
	return nil
}

// addProgram plays the first image of the first program.
func (s *session) addProgram(r *request) string {
	c := s.card
	if len(r.In.Programs) != 1 || len(r.In.Programs[0].Areas) != 1 || len(r.In.Programs[0].Areas[0].Images) != 1 {
		return "kParseXmlFailed"
	}
	p := r.In.Programs[0]
	name := p.Areas[0].Images[0].File.Name
	if f := c.files[name]; f == nil || !f.whole() {
		return "kDownloadFileFailed"
	}
	q := p.Areas[0].Rectangle
	c.playing = program{p.GUID, name, image.Rect(q.X, q.Y, q.X+q.Width, q.Y+q.Height)}
	return "kSuccess"
}

// reply says it in pieces, with a heartbeat between them.
func (s *session) reply(method, result, out string) {
	text := fmt.Sprintf("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<sdk guid=\"%s\">\n    <out result=\"%s\" method=\"%s\">\n%s    </out>\n</sdk>\n\x00",
		s.guid, result, method, out)
	for at := 0; at < len(text); at += 100 {
		piece := text[at:min(at+100, len(text))]
		head := binary.LittleEndian.AppendUint32(nil, uint32(len(text)))
		head = binary.LittleEndian.AppendUint32(head, uint32(at))
		s.answer(0x2004, append(head, piece...))
		if at == 0 {
			s.answer(0x5F, nil)
		}
	}
}
