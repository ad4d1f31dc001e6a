package main

import (
	"bytes"
	"context"
	"encoding/binary"
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

// The instructions of 64-bit ARM by which a program asks its kernel for something.
var (
	svc  = []byte{0x01, 0x00, 0x00, 0xd4}
	spin = []byte{0x00, 0x00, 0x00, 0x14} // a branch to itself
)

// call is the instruction that puts the number of a system call into register 8.
func call(number uint32) []byte {
	return binary.LittleEndian.AppendUint32(nil, 0xd280_0008|number<<5)
}

// The ways in which a program waits, by their numbers.
const (
	sysEpollPwait = 22
	sysFutex      = 98
	sysNanosleep  = 101
)

// waits finds where a program asks for one of those system calls: the offset of each
// svc that follows on its number within some instructions.
func waits(file []byte, numbers ...uint32) (at []int) {
	const near = 8 * 4
	for _, n := range numbers {
		number := call(n)
		for from := 0; ; from += 4 {
			i := bytes.Index(file[from:], number)
			if i < 0 {
				break
			}
			if from += i; from%4 != 0 {
				from = from / 4 * 4
				continue
			}
			for k := from + 4; k <= from+near && k+4 <= len(file); k += 4 {
				if bytes.Equal(file[k:k+4], svc) {
					at = append(at, k)
					break
				}
			}
		}
	}
	return at
}

// freeze makes every process of the program that file is stand still as soon as it waits for anything,
// as a deadlock or a swap storm would: nothing in the box helps with it. The code that
// it runs is changed where it lies in memory, once for all of them.
func (r *rig) freeze(ctx context.Context, file []byte) (patches []patch, err error) {
	if r.Surgeon == nil {
		return nil, errors.New("this target cannot be frozen")
	}
	at := waits(file, sysEpollPwait, sysFutex, sysNanosleep)
	if len(at) == 0 {
		return nil, errors.New("the program never waits")
	}
	ram, base, err := r.Surgeon.RAM(ctx)
	if err != nil {
		return nil, err
	}
	for _, offset := range at {
		begin := offset / page * page
		if begin+page > len(file) {
			continue
		}
		want := file[begin : begin+page]
		for i := 0; i+page <= len(ram); i += page {
			if ram[i+offset-begin] == svc[0] && bytes.Equal(ram[i:i+page], want) {
				patches = append(patches, patch{base + uint64(i+offset-begin), svc})
			}
		}
	}
	if len(patches) == 0 {
		return nil, errors.New("the program is not in the box's memory")
	}
	for _, p := range patches {
		if err := r.Surgeon.Poke(ctx, p.address, spin); err != nil {
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

// frozenAgent: what plays is cut off by the guard at once and by the watchdog for good,
// and the programme goes on where it stands.
func frozenAgent(ctx context.Context, r *rig) (string, error) {
	patience, err := r.patience(ctx)
	if err != nil {
		return "", err
	}
	before, _ := r.centre.online()
	p, err := r.centre.plan(ctx, "dai", time.Now().Add(headStart), patience+75*time.Second)
	if err != nil {
		return "", err
	}
	if err := sleep(ctx, time.Until(p.start)+5*time.Second); err != nil {
		return "", err
	}
	if len(r.ampOn()) == 0 {
		return "", errors.New("the programme has not begun")
	}
	program, err := r.disk.System(ctx, "/usr/bin/agent")
	if err != nil {
		return "", err
	}
	patches, err := r.freeze(ctx, program)
	if err != nil {
		return "", err
	}
	frozen := time.Now()
	// The new agent is made of the same code: it goes on when that is mended.
	if err := sleep(ctx, patience+3*time.Second); err != nil {
		return "", err
	}
	spans := r.ampOn()
	if err := r.thaw(ctx, patches); err != nil {
		return "", err
	}
	last := spans[len(spans)-1]
	if off := last.To.Sub(frozen); off > 2*time.Second {
		return "", fmt.Errorf("the amplifier was on for %.1f s after the agent froze", off.Seconds())
	}
	if _, err := r.online(ctx, before); err != nil {
		return "", fmt.Errorf("the watchdog has not started another agent: %w", err)
	}
	back := time.Now()
	err = until(ctx, "the programme goes on", func() bool {
		on := r.ampOn()
		return len(on) > 0 && on[len(on)-1].From.After(frozen.Add(patience))
	})
	if err != nil {
		return "", err
	}
	figure, err := r.tail(ctx, p, back)
	return fmt.Sprintf("amplifier off after %.1f s, another agent after %.0f s; %s", last.To.Sub(frozen).Seconds(), back.Sub(frozen).Seconds(), figure), err
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
	return tape.On(r.GPIO.Edges()[r.firstEdge:], *r.kind.Amp.Line, r.kind.Amp.Active != "low", time.Now())
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
