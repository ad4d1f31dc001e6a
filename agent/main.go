// Command agent is the daemon of one box: it takes signed programmes and alerts,
// plays them, and proves what was heard.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"syscall"
	"time"

	"loa/agent/box"
	"loa/agent/config"
	"loa/agent/console"
	"loa/agent/enrol"
	"loa/agent/hardware"
	"loa/agent/health"
	"loa/agent/host"
	"loa/agent/lastrun"
	"loa/agent/settings"
	"loa/agent/supervisor"
	"loa/boards"
)

// Set at build time.
var (
	version = "dev"
	built   = "" // Unix seconds of the commit
)

func main() {
	if handled, code := hardware.RunChild(os.Args[1:]); handled {
		os.Exit(code)
	}
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
	exitUnfit  = 78 // EX_CONFIG: loa.service makes no other start of it
)

// unfit is an error that no other start mends: somebody has to bring files. A panic ends
// with 2, and is worth another start.
type unfit struct{ error }

// unfitted makes err such an error, unless it is a file that is there and could not be
// read now: a card that stutters is worth another start.
func unfitted(err error) error {
	var file *fs.PathError
	if errors.As(err, &file) && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return unfit{err}
}

func run(args []string, in *os.File, out, errs io.Writer) int {
	if len(args) > 0 && args[0] == "console" {
		return askConsole(args[1:], in, out, errs)
	}
	if len(args) == 1 && args[0] == "host" {
		return serveHost(errs)
	}
	if len(args) == 1 && args[0] == "modem" {
		return keepModem(errs)
	}
	flags := flag.NewFlagSet("agent", flag.ContinueOnError)
	flags.SetOutput(errs)
	file := flags.String("config", config.File, "the box's own `file`")
	root := flags.String("root", "", "move /etc, /var, /run, /proc, /sys and /dev to `DIR`")
	board := flags.String("board", "", "a board's `name` or file, instead of the one in the config")
	stdin := flags.Bool("stdin", false, "a technician's console on standard input")
	debug := flags.Bool("debug", false, "log more")
	show := flags.Bool("version", false, "print the version and exit")
	flags.Usage = func() {
		fmt.Fprintln(errs, "usage: agent [flags]            run the box\n       agent console [COMMAND]  speak with the box that runs here")
		flags.PrintDefaults()
	}
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		return exitUsage
	case flags.NArg() > 0:
		fmt.Fprintf(errs, "agent: what is %q?\n", flags.Arg(0))
		flags.Usage()
		return exitUsage
	}
	if *show {
		fmt.Fprintln(out, "loa agent", version)
		return exitOK
	}
	level := slog.LevelInfo
	if *debug {
		level = slog.LevelDebug
	}
	recent := newRecent(errs)
	log := slog.New(slog.NewTextHandler(recent, &slog.HandlerOptions{Level: level}))

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	over, err := supervisor.New(os.Getenv, os.Getpid())
	if err != nil {
		fmt.Fprintln(errs, "agent: nobody supervises it:", err)
	}
	context.AfterFunc(ctx, over.Stopping)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends it at once, and the guard switches the amplifier off
	p := &process{file: *file, root: *root, stdin: *stdin, over: over, login: console.NewLogin(), log: log, recent: recent}
	p.own = settings.New(settings.Opts{File: *file, Root: *root, Check: func(c config.Config) error {
		if _, err := boards.Load(config.Move(*root, c.Board)); err != nil {
			return config.NoBoard(c.Board, err)
		}
		return nil
	}})
	for {
		cfg, err := p.own.Load()
		if err != nil {
			fmt.Fprintln(errs, "agent:", err)
			if !errors.As(unfitted(err), new(unfit)) {
				return exitFailed
			}
			return exitUnfit
		}
		b := boards.Salvage(cfg.Board) // a box on a pole works with what is right of it
		if *board != "" {
			if b, err = boards.Load(*board); err != nil { // who starts it by hand sees it fail
				fmt.Fprintln(errs, "agent:", err)
				return exitUsage
			}
			cfg.Board = *board
		}
		if cfg.Volume > 0 {
			b.Levels.VolumePercent = cfg.Volume
		}
		if p.start == nil && over != nil { // who starts it by hand sees it fail
			p.start = box.CountStart(cfg.State, version, box.ThisMachine(p.root).Boot, log)
		}
		if p.start.Safe() {
			b = box.Bare(b)
		}
		economise(b)
		switch err := p.serve(ctx, cfg, b); {
		case errors.Is(err, box.ErrSettings):
			log.Info("the box begins again with other settings")
		case errors.Is(err, box.ErrNamed):
			log.Info("the box begins again under its name")
		case errors.Is(err, box.ErrWell):
			p.start.Again()
			log.Info("the box leaves safe mode, and tries everything again")
		case errors.Is(err, box.ErrReset):
			if err := box.Forget(cfg.State); err != nil {
				fmt.Fprintln(errs, "agent:", err)
				return exitFailed
			}
			log.Info("the box has forgotten what it was sent, and begins again")
		case errors.Is(err, box.ErrFactory):
			if err := errors.Join(box.WipeAll(cfg), p.own.ForgetSecrets()); err != nil {
				fmt.Fprintln(errs, "agent:", err)
				return exitFailed
			}
			log.Info("the box has forgotten everything, and who it was")
			if cfg.Broker.Claim == "" {
				p.start.Withdraw()
				return exitUnfit
			}
		case errors.Is(err, box.ErrRetired):
			if err := errors.Join(box.Wipe(cfg), p.own.Forget()); err != nil {
				fmt.Fprintln(errs, "agent:", err)
				return exitFailed
			}
			log.Info("the box is taken out of service: it has no documents and no key any more")
			if cfg.Broker.Claim == "" {
				p.start.Withdraw()
				return exitUnfit // it could only say that it has no key
			}
		case errors.As(err, new(unfit)):
			p.start.Withdraw()
			fmt.Fprintln(errs, "agent:", err)
			return exitUnfit
		case err != nil && ctx.Err() == nil && p.own.Abandon(err):
			log.Error("the box does not work with the settings that were tried", "err", err)
		case err != nil:
			fmt.Fprintln(errs, "agent:", err)
			return exitFailed
		default:
			p.start.Withdraw()
			return exitOK
		}
	}
}

// economise makes the runtime fit a box: little memory, and few wake-ups. With more
// than one processor every event wakes a second thread that looks for work and finds
// none. Only a panel that is given pictures at their own pace has some: a loop of
// pixels then leaves the other processor to the sound.
func economise(b boards.Board) {
	debug.SetGCPercent(50)
	processors := 1
	switch b.Panel.Driver {
	case "kms", "colorlight", "ddp", "e131":
		processors = 2
	}
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(min(processors, runtime.NumCPU()))
	}
}

// A process is what all the boxes of one run of the program share: a box begins anew when
// it gets a name, other settings, or forgets what it was sent.
type process struct {
	file, root string
	stdin      bool
	start      *box.Start
	over       *supervisor.Supervisor
	own        *settings.Keeper
	login      *console.Login
	log        *slog.Logger
	recent     *recent
}

// serve makes one box of the files and devices here and lets it work until ctx
// ends.
func (p *process) serve(ctx context.Context, cfg config.Config, b boards.Board) error {
	rootDocs, err := os.ReadFile(cfg.RootFile)
	if err != nil {
		return unfitted(fmt.Errorf("cannot read the root keys: %w", err))
	}
	who, err := identify(cfg)
	if err != nil {
		return unfitted(err)
	}
	h := health.New(p.log.With("room", "health"), nil)
	var centre *tls.Config
	var web func() *tls.Config
	if len(cfg.Broker.URLs) > 0 {
		if centre, web, err = readTLS(cfg.Broker, who); err != nil {
			return unfitted(err)
		}
	}
	if err := os.MkdirAll(cfg.State, 0o750); err != nil {
		return fmt.Errorf("cannot use the state directory: %w", err)
	}
	devices := hardware.Open(b, hardware.Opts{Device: who.device, Root: p.root, State: cfg.State, Report: h.Report, Log: p.log.With("room", "hardware")})
	o := box.Opts{
		Device: who.device, Lang: cfg.Lang, State: cfg.State, Host: p.root, Root: rootDocs, Key: who.key,
		Identity: who.keeper, Claim: who.claim, Model: modelOf(cfg), Serial: serialOf(cfg),
		Brokers: who.brokers, TLS: centre, Web: web,
		Board: b, OpenSink: devices.OpenSink, Sound: devices.Sound, Amp: devices.Amp, Panel: devices.Panel, Sweep: devices.Sweep, Draw: devices.Draw,
		Door: devices.Door, Light: devices.Light, Temperature: devices.Temperature, Devices: devices.Run, OpenInput: devices.OpenInput, Modem: devices.Modem, Messages: devices.Messages, Answer: devices.Answer, Port: devices.Console,
		Measures: box.Measures(devices.Measures),
		Login:    p.login, NoCode: cfg.Console.Login == "none", Idle: time.Duration(cfg.Console.IdleMin) * time.Minute,
		Own: p.own, ConfigFile: config.Move(p.root, p.file), BoardFile: cfg.Board,
		Socket: cfg.Socket, MediaBytes: int64(cfg.MediaMB) * 1_000_000,
		Machine: box.ThisMachine(p.root), Start: p.start, Version: version, Built: buildTime(), Health: h, Log: p.log, Recent: p.recent.Last,
	}
	if p.over != nil { // it was started as a service
		o.Supervisor = p.over
	}
	if p.root == "" { // a box in a directory is no machine of its own
		root := host.NewClient(host.Dir)
		o.Reboot, o.SetTime = root.Reboot, root.SetTime
		if p.over != nil { // where a person starts it, others set the network
			o.Network = func(ctx context.Context, n config.Network) error { return root.SetNetwork(ctx, n) }
		}
	}
	if p.stdin {
		o.PortName, o.NoCode = "stdin", true
		o.Port = func(ctx context.Context, session func(context.Context, io.ReadWriter) error) error {
			go session(ctx, standard{}) // ends with the process: a read of a terminal cannot be ended
			<-ctx.Done()
			return nil
		}
	}
	var last lastrun.Last
	o.Last = func() lastrun.Last { return last }
	if devices.Lamp != nil {
		o.Lamp = devices.Lamp
	}
	for _, w := range devices.Wires {
		o.Wires = append(o.Wires, box.Wire(w))
	}
	made, err := box.New(o)
	if err != nil {
		return err
	}
	var run *lastrun.Run // not before New, which keeps a second agent away
	if run, last, err = lastrun.Begin(cfg.Dir("run"), p.root, version, time.Now()); err != nil {
		p.log.Warn("why the agent ends is not kept", "err", err)
	}
	p.log.Info("box", "device", who.device, "board", b.Name, "version", version, "sound", devices.Sound, "last", last.Why)
	err = made.Run(ctx)
	why, code, said := lastrun.Ended, exitOK, "told to end"
	switch {
	case errors.Is(err, box.ErrNamed), errors.Is(err, box.ErrSettings), errors.Is(err, box.ErrWell), errors.Is(err, box.ErrReset), errors.Is(err, box.ErrFactory), errors.Is(err, box.ErrRetired):
		said = err.Error()
	case err != nil:
		why, code, said = lastrun.Failed, exitFailed, err.Error()
	}
	if ended := run.End(why, code, said, time.Now()); ended != nil {
		p.log.Warn("why the agent ends is not kept", "err", ended)
	}
	return err
}

// standard is standard input and output as a technician's terminal.
type standard struct{}

func (standard) Read(p []byte) (int, error)  { return os.Stdin.Read(p) }
func (standard) Write(p []byte) (int, error) { return os.Stdout.Write(p) }

// buildTime is when the source was committed; it bounds what time it can be.
func buildTime() time.Time {
	s, err := strconv.ParseInt(built, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(s, 0)
}

// readTLS reads what the box shows to the centre's servers and by what it knows
// them; and by what it knows public stations: the system's roots, and our CA for
// those that the province runs itself. To those it shows nothing, and most boxes
// never ask for them.
func readTLS(b config.Broker, who identity) (centre *tls.Config, web func() *tls.Config, err error) {
	ca, err := os.ReadFile(b.CA)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot read the CA of the brokers: %w", err)
	}
	pool, err := enrol.Files{CA: b.CA, Cert: b.Cert}.Pool()
	if err != nil {
		return nil, nil, err
	}
	centre = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	if who.keeper != nil {
		centre.GetClientCertificate = who.keeper.Certificate // it is renewed while the box runs
	} else {
		pair, err := tls.LoadX509KeyPair(b.Cert, b.Key)
		if err != nil {
			return nil, nil, fmt.Errorf("cannot read the box's certificate: %w", err)
		}
		centre.Certificates = []tls.Certificate{pair}
	}
	if who.claim != nil {
		who.claim.TLS.RootCAs = pool
	}
	web = sync.OnceValue(func() *tls.Config {
		public, err := x509.SystemCertPool()
		if err != nil {
			public = x509.NewCertPool()
		}
		public.AppendCertsFromPEM(ca)
		return &tls.Config{RootCAs: public, MinVersion: tls.VersionTLS12}
	})
	return centre, web, nil
}

// socketOf is where the console of the box that runs here listens.
func socketOf(file, root string) string {
	if cfg, err := config.Load(file, root); err == nil {
		return cfg.Socket
	}
	return filepath.Join(root, config.Socket)
}
