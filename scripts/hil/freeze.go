package main

import (
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"loa/scripts/hil/tape"
)

// A patch is a place in a box's memory, as it was and as it was made.
type patch struct {
	address uint64
	was     []byte
}

const page = 4096

// The instruction of 64-bit ARM by which a program asks its kernel for something, and what
// can stand in its place.
var (
	svc  = []byte{0x01, 0x00, 0x00, 0xd4}
	spin = []byte{0x00, 0x00, 0x00, 0x14} // a branch to itself
	trap = []byte{0x00, 0x00, 0x20, 0xd4} // a breakpoint, which ends a program that nobody debugs
)

// calls finds where the code of a program asks its kernel for something, as offsets in
// its file.
func calls(file []byte) (at []int, err error) {
	program, err := elf.NewFile(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	for _, s := range program.Sections {
		if s.Flags&elf.SHF_EXECINSTR == 0 || s.Type == elf.SHT_NOBITS {
			continue
		}
		for i := s.Offset; i+4 <= min(s.Offset+s.Size, uint64(len(file))); i += 4 {
			if bytes.Equal(file[i:i+4], svc) {
				at = append(at, int(i))
			}
		}
	}
	return at, nil
}

// freeze makes every process of the program that file is stand still as soon as it waits for anything,
// as a deadlock or a swap storm would: nothing in the box helps with it.
func (r *rig) freeze(ctx context.Context, file []byte) (patches []patch, err error) {
	return r.plant(ctx, file, spin)
}

// plant puts an instruction in the place of every call of a program. The code that it runs
// is changed where it lies in memory, once for all its processes.
func (r *rig) plant(ctx context.Context, file, instruction []byte) (patches []patch, err error) {
	if r.Surgeon == nil {
		return nil, errors.New("this target cannot be frozen")
	}
	at, err := calls(file)
	if err != nil {
		return nil, err
	}
	ram, base, err := r.Surgeon.RAM(ctx)
	if err != nil {
		return nil, err
	}
	inPage := make(map[[page]byte][]int) // what the pages of its code look like → where in them
	for _, offset := range at {
		if begin := offset / page * page; begin+page <= len(file) {
			p := [page]byte(file[begin : begin+page])
			inPage[p] = append(inPage[p], offset-begin)
		}
	}
	for i := 0; i+page <= len(ram); i += page {
		for _, k := range inPage[[page]byte(ram[i:i+page])] {
			patches = append(patches, patch{base + uint64(i+k), svc})
		}
	}
	if len(patches) == 0 {
		return nil, errors.New("the program is not in the box's memory")
	}
	for _, p := range patches {
		if err := r.Surgeon.Poke(ctx, p.address, instruction); err != nil {
			return patches, err
		}
	}
	return patches, nil
}

func (r *rig) thaw(ctx context.Context, patches []patch) error {
	for _, p := range patches {
		if err := r.Surgeon.Poke(ctx, p.address, p.was); err != nil {
			return err
		}
	}
	return nil
}

// frozenAgent: agent and guard stand still together, which no pole has seen. The service's
// watchdog gets rid of both, and the programme goes on where it stands. (What the guard
// does when the agent alone is frozen is tried in drivers/gpioline.)
func frozenAgent(ctx context.Context, r *rig) (string, error) {
	patience, err := r.patience(ctx)
	if err != nil {
		return "", err
	}
	program, err := r.disk.System(ctx, "/usr/bin/agent")
	if err != nil {
		return "", err
	}
	before, _ := r.centre.online()
	p, err := r.centre.plan(ctx, r.id(), time.Now().Add(headStart), patience+100*time.Second)
	if err != nil {
		return "", err
	}
	if err := sleep(ctx, time.Until(p.start)+5*time.Second); err != nil {
		return "", err
	}
	if len(r.ampOn()) == 0 {
		return "", errors.New("the programme has not begun")
	}
	patches, err := r.freeze(ctx, program)
	if err != nil {
		return "", err
	}
	frozen := time.Now()
	// What comes after it is made of the same code, and goes on when that is mended.
	if err := sleep(ctx, patience+8*time.Second); err != nil {
		return "", err
	}
	if err := r.thaw(ctx, patches); err != nil {
		return "", err
	}
	off, back, figure, err := r.comesBack(ctx, p, before, time.Now())
	return fmt.Sprintf("amplifier off %.1f s after its guard could, another agent %.0f s after the freeze; %s", off.Seconds(), back.Sub(frozen).Seconds(), figure), err
}

// comesBack waits until the amplifier is off, another agent than before runs, and the
// programme goes on, all after a time.
func (r *rig) comesBack(ctx context.Context, p programme, before string, since time.Time) (off time.Duration, back time.Time, figure string, err error) {
	err = until(ctx, "the amplifier is off", func() bool {
		on := r.ampOn()
		return on[len(on)-1].To.Before(time.Now().Add(-100*time.Millisecond)) || on[len(on)-1].From.After(since)
	})
	if err != nil {
		return off, back, "", err
	}
	off = time.Since(since)
	if _, err := r.online(ctx, before); err != nil {
		return off, back, "", fmt.Errorf("no other agent was started: %w", err)
	}
	back = time.Now()
	err = until(ctx, "the programme goes on", func() bool {
		on := r.ampOn()
		return on[len(on)-1].From.After(since)
	})
	if err != nil {
		return off, back, "", err
	}
	figure, err = r.tail(ctx, p, back)
	return off, back, figure, err
}

// patience is the watchdog's time of the service.
func (r *rig) patience(ctx context.Context) (time.Duration, error) {
	for _, name := range []string{"/etc/systemd/system/loa.service", "/usr/lib/systemd/system/loa.service"} {
		unit, err := r.disk.System(ctx, name)
		if err != nil {
			continue // it is in the other folder
		}
		if m := regexp.MustCompile(`(?m)^WatchdogSec=(\d+)(s?)$`).FindSubmatch(unit); m != nil {
			n, err := strconv.Atoi(string(m[1]))
			return time.Duration(n) * time.Second, err
		}
	}
	return 0, errors.New("loa.service has no watchdog")
}

// ampOn is when the amplifier was on since power-on.
func (r *rig) ampOn() []tape.Span {
	return tape.On(r.edges(), *r.kind.Amp.Line, r.kind.Amp.Active != "low", time.Now())
}

// tail compares the last seconds of a programme with what was heard after a time.
func (r *rig) tail(ctx context.Context, p programme, after time.Time) (string, error) {
	const part = 5 * time.Second
	end := p
	end.sound = p.sound[len(p.sound)-int(part.Seconds()*masterRate):]
	end.start, end.length = p.end().Add(-part), part
	if end.start.Before(after) {
		return "", fmt.Errorf("the programme was over before it could go on")
	}
	return r.hear(ctx, end)
}

// frozenSystem: when even the first process stands still, the board is reset.
func frozenSystem(ctx context.Context, r *rig) (string, error) {
	from := r.Console.Len()
	began := time.Now()
	libc, err := r.disk.System(ctx, "/usr/lib/aarch64-linux-gnu/libc.so.6")
	if err != nil {
		return "", err
	}
	if _, err := r.freeze(ctx, libc); err != nil {
		return "", err
	}
	if err := r.Surgeon.Barked(ctx, began); err != nil {
		return "", fmt.Errorf("the watchdog did not reset the board: %w", err)
	}
	barked := time.Since(began)
	if _, _, err := r.wait(ctx, r.Console, from, ready); err != nil {
		return "", err
	}
	return fmt.Sprintf("reset after %.0f s, ready again after %.0f s", barked.Seconds(), time.Since(began).Seconds()), nil
}
