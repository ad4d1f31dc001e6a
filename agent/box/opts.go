package box

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"image"
	"io"
	"log/slog"
	"time"

	"loa/agent/config"
	"loa/agent/console"
	"loa/agent/display"
	"loa/agent/enrol"
	"loa/agent/health"
	"loa/agent/lastrun"
	"loa/agent/settings"
	"loa/agent/speaker"
	"loa/agent/survey"
	"loa/boards"
)

// Opts is one box: who it is, where it keeps things, and its open devices.
type Opts struct {
	Device string
	Lang   string             // of the console: vi or en
	State  string             // directory of everything that survives
	Host   string             // moves /proc, /sys and /dev; "" moves nothing
	Root   []byte             // the root documents that the box carries
	Key    ed25519.PrivateKey // signs its reports

	Identity      *enrol.Keeper // nil: it cannot ask for another certificate
	Claim         *Claim        // nil: it cannot ask for its first one
	Model, Serial string        // what the kernel calls the hardware

	Brokers []string // none: the box works alone
	TLS     *tls.Config
	Web     func() *tls.Config // by which public stations are known, asked for with the first; nil: the system's roots

	Board    boards.Board
	OpenSink func() (speaker.Sink, error)
	Sound    string                          // where sound goes, for people
	Amp      speaker.Amp                     // nil: no line keys the amplifier
	Lamp     interface{ Set(on bool) error } // lit while an alarm stands; nil: there is none
	Devices  func(context.Context) error
	// Modem opens the mobile modem for a few questions; nil: there is none.
	Modem func(context.Context) (survey.Modem, error)
	// Messages hands every SMS that has come to take and deletes what was taken; its error
	// is [survey.ErrNone] where there is no modem. Nil: none can come.
	Messages func(ctx context.Context, take func(from, text string, sent time.Time) (taken bool)) error
	// Answer sends an SMS of at most 70 letters; nil: nobody is answered.
	Answer func(ctx context.Context, to, text string) error
	Wires  []Wire              // pins besides the amplifier's
	Last   func() lastrun.Last // how the run before this one ended
	// Port calls session on the technician's serial port, again and again until
	// ctx ends; nil: there is none.
	Port func(ctx context.Context, session func(context.Context, io.ReadWriter) error) error
	// Panel opens the board that people read; nil: there is none.
	Panel func(context.Context) (display.Panel, error)
	// Light is how light it is around the panel, in the unit of the board file;
	// Temperature how warm, in degrees Celsius. Either may hang. Nil: the board has no
	// such sensor.
	Light, Temperature func() (float64, error)

	// SetTime sets the machine's clock to t, and a battery clock such as /dev/rtc0 along
	// with it unless rtc is empty; nil: nobody may.
	SetTime func(ctx context.Context, t time.Time, rtc string) error
	// Measures are what the box measures of itself; nil readers: it has no such sensor.
	Measures Measures

	Door  func() error                   // who gets past the box to its card, by the network between them; nil: there is none
	Sweep func(context.Context) []string // looks for its card; nil: there is nothing to search
	Draw  func(image.Image) []string     // a picture in lines of text
	// OpenInput opens an input of the board for a relay of alsa:NAME; nil: none.
	OpenInput func(name string) (io.ReadCloser, error)

	Socket     string         // of the local console; empty: none
	Login      *console.Login // who may come in by the port; nil: everybody who has opened the box
	NoCode     bool           // the port asks for none
	PortName   string         // "port" or "stdin"
	Idle       time.Duration  // after which a session without commands ends; 0: never
	ConfigFile string         // the box's own settings, for people who ask where a value comes from
	BoardFile  string         // the board's name or file, for the same

	Own        *settings.Keeper                            // of the box's own file; nil: nobody changes it
	Network    func(context.Context, config.Network) error // hands it to whoever may set it; nil: nobody may
	MediaBytes int64                                       // room for recordings; 0: what the disk can spare

	// Start is this start of the agent among those before it, by which the box is in safe
	// mode; nil: nobody counts.
	Start *Start
	// Supervisor hears whether the box is well; nil: nobody does.
	Supervisor overseer
	Machine    *Machine // nil: its software is not the centre's to update
	// Reboot begins the machine anew; nil: nobody here may.
	Reboot func(ctx context.Context, reason string) error

	Version string
	Built   time.Time
	Health  *health.Health
	Log     *slog.Logger
	Recent  func(n int) []string // the last lines of the log, for the console
}
