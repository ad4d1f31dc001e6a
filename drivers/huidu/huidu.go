package huidu

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Port is where cards listen.
const Port = "10001"

const (
	longest  = 30 * time.Second // for one picture, on a card that lives
	patience = 5 * time.Second  // with a card that is silent
	kept     = 64               // pictures that stay on the card
	prefix   = "loa-"           // of the names of our files
)

// Opts are the choices of a Panel.
type Opts struct {
	// Size is that of the screen, as HDPlayer set it up. Larger: a part is missing;
	// smaller: the rest stays dark.
	Size image.Point
}

// A Panel is the screen of a card.
type Panel struct {
	o        Opts
	address  string
	dial     func(context.Context) (net.Conn, error)
	patience time.Duration

	closed bool
	frame  *image.RGBA
	shown  string   // guid of the program that must be playing; "": nobody knows
	recent []string // names of our files, the newest last
}

// New shows pictures on the card at address, "192.168.6.1" or "board.lan:10001". It
// does not ask the card yet, which may come later.
func New(address string, o Opts) (*Panel, error) {
	if _, _, err := net.SplitHostPort(address); err != nil {
		address = net.JoinHostPort(address, Port)
	}
	dial := func(ctx context.Context) (net.Conn, error) {
		return (&net.Dialer{Timeout: patience}).DialContext(ctx, "tcp", address)
	}
	return newPanel(address, dial, o)
}

func newPanel(address string, dial func(context.Context) (net.Conn, error), o Opts) (*Panel, error) {
	if o.Size.X < 1 || o.Size.Y < 1 || o.Size.X > 8192 || o.Size.Y > 8192 {
		return nil, fmt.Errorf("huidu: a screen of %v pixels", o.Size)
	}
	return &Panel{o: o, address: address, dial: dial, patience: patience, frame: image.NewRGBA(image.Rectangle{Max: o.Size})}, nil
}

// Size is that of the screen.
func (p *Panel) Size() image.Point { return p.o.Size }

// Show returns once the card has the picture and plays the program that is made of it.
func (p *Panel) Show(ctx context.Context, picture image.Image) error {
	if picture.Bounds() != p.frame.Rect {
		return fmt.Errorf("huidu: a picture of %v on a screen of %v", picture.Bounds(), p.o.Size)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("huidu: cannot show a picture: %w", err)
	}
	draw.Draw(p.frame, p.frame.Rect, picture, image.Point{}, draw.Src)
	for i := 3; i < len(p.frame.Pix); i += 4 {
		p.frame.Pix[i] = 255
	}
	var content bytes.Buffer
	if err := png.Encode(&content, p.frame); err != nil {
		return fmt.Errorf("huidu: %w", err)
	}
	sum := md5.Sum(content.Bytes())
	id := hex.EncodeToString(sum[:])
	p.shown = ""
	err := p.with(ctx, func(s *session) error { return p.play(s, id, content.Bytes()) })
	if err != nil {
		return fmt.Errorf("huidu: cannot show a picture on %s: %w", p.address, err)
	}
	p.shown = guid(id)
	return nil
}

// with begins a session, does something in it, and ends it.
func (p *Panel) with(ctx context.Context, do func(*session) error) error {
	if p.closed {
		return os.ErrClosed
	}
	ctx, cancel := context.WithTimeoutCause(ctx, longest, fmt.Errorf("not done after %v", longest))
	defer cancel()
	conn, err := p.dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })() // ends every wait
	s, err := greet(conn, p.patience)
	if err == nil {
		err = do(s)
	}
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// play makes the card show a picture whose MD5 is id.
func (p *Panel) play(s *session, id string, content []byte) error {
	if _, err := s.try("OpenScreen", ""); err != nil { // whoever closed it
		return err
	}
	a, err := s.try("GetCurrentPlayProgramGUID", "")
	if err != nil || a != nil && a.Out.Program.GUID == guid(id) {
		return err
	}
	name := prefix + id + ".png"
	sent, err := s.upload(name, content)
	if err != nil {
		return err
	}
	if _, err := s.call("AddProgram", p.program(id, name)); err != nil {
		return err
	}
	p.recent = append(slices.DeleteFunc(p.recent, func(n string) bool { return n == name }), name)
	p.recent = p.recent[max(0, len(p.recent)-kept):]
	if sent {
		return p.tidy(s)
	}
	return nil
}

// guid is an MD5 in the form of a GUID.
func guid(id string) string {
	return id[:8] + "-" + id[8:12] + "-" + id[12:16] + "-" + id[16:20] + "-" + id[20:]
}

// program is a screen with one program that shows one image, without effects.
func (p *Panel) program(id, name string) string {
	return fmt.Sprintf(`<screen timeStamps="%d"><program type="normal" id="0" guid="%s" name="loa">`+
		`<playControl count="1" disabled="false"/><area guid="area-%s" name="" alpha="255">`+
		`<rectangle x="0" y="0" width="%d" height="%d"/><resources><image guid="image-%s" name="" fit="stretch">`+
		`<effect in="0" inSpeed="0" out="0" outSpeed="0" duration="36000"/><file name="%s"/>`+
		`</image></resources></area></program></screen>`,
		time.Now().UnixMilli(), guid(id), id, p.o.Size.X, p.o.Size.Y, id, name)
}

// tidy deletes pictures of ours that have not been shown for long. The picture is shown
// already; a card that keeps all of them says one day that it is full.
func (p *Panel) tidy(s *session) error {
	a, err := s.try("GetFiles", "")
	if err != nil || a == nil {
		return err
	}
	var old strings.Builder
	for _, f := range a.Out.Files {
		id, ours := strings.CutPrefix(f.Name, prefix)
		if ours && guidForm(strings.TrimSuffix(id, ".png")) && !slices.Contains(p.recent, f.Name) {
			fmt.Fprintf(&old, `<file name="%s"/>`, f.Name)
		}
	}
	if old.Len() == 0 {
		return nil
	}
	_, err = s.try("DeleteFiles", "<files>"+old.String()+"</files>")
	return err
}

// SetBrightness makes the card shine with a fixed brightness, without its sensor and
// its own times.
func (p *Panel) SetBrightness(percent int) error {
	if percent < 0 || percent > 100 {
		return fmt.Errorf("huidu: a brightness of %d %%", percent)
	}
	err := p.with(context.Background(), func(s *session) error {
		_, err := s.call("SetLuminancePloy", fmt.Sprintf(
			`<mode value="default"/><default value="%d"/><ploy/><sensor min="1" max="100" time="10"/>`, max(1, percent)))
		return err
	})
	if err != nil {
		return fmt.Errorf("huidu: cannot set the brightness of %s: %w", p.address, err)
	}
	return nil
}

// Probe asks the card what it is, what it plays, and whom it calls.
func (p *Panel) Probe(ctx context.Context) (map[string]string, error) {
	facts := map[string]string{}
	var doors []string
	err := p.with(ctx, func(s *session) error {
		a, err := s.call("GetDeviceInfo", "")
		if err != nil {
			return err
		}
		facts["model"], facts["id"], facts["name"] = "Huidu "+a.Out.Device.Model, a.Out.Device.ID, a.Out.Device.Name
		facts["firmware"] = a.Out.Version.App
		facts["width"], facts["height"] = a.Out.Screen.Width, a.Out.Screen.Height
		for _, more := range []struct {
			method string
			learn  func(*answer)
		}{
			{"GetLuminancePloy", func(a *answer) {
				if n, err := strconv.Atoi(a.Out.Default.Value); err == nil && n >= 0 && n <= 100 {
					facts["brightness_percent"] = strconv.Itoa(n)
				}
			}},
			{"GetSDKTcpServer", func(a *answer) {
				if h := a.Out.Server.Host; h != "" && h != "0.0.0.0" {
					doors = append(doors, fmt.Sprintf("the card calls the server %q", net.JoinHostPort(h, a.Out.Server.Port)))
				}
			}},
			{"GetWifiInfo", func(a *answer) {
				switch w := a.Out.WiFi; {
				case w.Valid != "true" || w.Enable.Value == "false":
				case w.Mode.Value == "ap":
					doors = append(doors, fmt.Sprintf("the card's own Wi-Fi %q is on", w.SSID.Value))
				default:
					doors = append(doors, "the card is in somebody's Wi-Fi")
				}
			}},
			{"GetPppoeInfo", func(a *answer) {
				if m := a.Out.Modem; m.Valid == "true" && m.Insert.Value == "true" {
					doors = append(doors, "there is a SIM card in the card's modem")
				}
			}},
			{"GetCurrentPlayProgramGUID", func(a *answer) {
				if p.shown != "" && a.Out.Program.GUID != p.shown {
					facts["lost"] = "true" // forgotten, or something else is shown
				}
			}},
		} {
			a, err := s.try(more.method, "")
			if err != nil {
				return err
			}
			if a != nil {
				more.learn(a)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("huidu: cannot probe %s: %w", p.address, err)
	}
	if len(doors) > 0 {
		facts["open_door"] = strings.Join(doors, "; ")
	}
	return facts, nil
}

// Close ends the panel; the card goes on showing its picture.
func (p *Panel) Close() error {
	p.closed = true
	return nil
}
