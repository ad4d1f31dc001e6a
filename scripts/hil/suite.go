package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"loa/agent/plan"
	"loa/scripts/hil/qemu"
)

// A session is one box from its first power-on to the end, and what is tried with it.
// Its steps follow on each other.
type session struct {
	name  string
	short bool // is in the short path
	deaf  bool // hears nothing, so a board that plays too slowly here does
	wide  bool // knows the instructions of 64-bit ARM
	setup setup
	steps []step
}

// A step is tried within its time, and gives a figure worth printing.
type step struct {
	name  string
	bound time.Duration
	try   func(context.Context, *rig) (figure string, err error)
}

// suite is everything that is tried.
var suite = []session{
	{name: "starts", deaf: true, steps: []step{
		{"power-on to ready, through the boot loader that is flashed", 15 * time.Minute, powerOn},
		{"connects over the network", 5 * time.Minute, connects},
		{"a technician at the third serial line", 2 * time.Minute, technician},
	}},
	{name: "everyday", short: true, steps: []step{
		{"power-on to ready", 5 * time.Minute, powerOn},
		{"connects over the network", 2 * time.Minute, connects},
		{"a programme is heard as it was sent", 3 * time.Minute, hears},
		{"the amplifier is on around the sound and never else", time.Minute, amplifier},
		{"the board shows the programme's page", time.Minute, board},
		{"a technician at the third serial line", time.Minute, technician},
		{"broker away: the programme is heard, its proof comes later", 4 * time.Minute, brokerCut},
		{"cable pulled: the same", 5 * time.Minute, cableCut},
		{"the amplifier, over the whole session", time.Minute, amplifier},
		{"what was written to its card", time.Minute, writesSince},
	}},
	{name: "power cuts", short: true, steps: []step{
		{"cut at random instants: it boots, and nothing that it had is lost", 2 * time.Hour, powerCuts},
	}},
	{name: "storm", deaf: true, steps: []step{
		{"power-on to ready", 5 * time.Minute, powerOn},
		{"connects over the network", 2 * time.Minute, connects},
		{"power cut again and again while it starts: it is as it was", 15 * time.Minute, storm},
	}},
	{name: "resumes", steps: []step{
		{"power-on to ready", 5 * time.Minute, powerOn},
		{"connects over the network", 2 * time.Minute, connects},
		{"power cut in a programme: what is due sounds by itself", 6 * time.Minute, resumes},
	}},
	{name: "writes", steps: []step{
		{"power-on to ready", 5 * time.Minute, powerOn},
		{"connects over the network", 2 * time.Minute, connects},
		{"what is written by a box that has nothing to do", 20 * time.Minute, writesQuiet},
		{"what a programme costs", 4 * time.Minute, writesPlaying},
	}},
	{name: "frozen", wide: true, steps: []step{
		{"power-on to ready", 5 * time.Minute, powerOn},
		{"connects over the network", 2 * time.Minute, connects},
		{"the agent freezes: amplifier off, and the programme goes on", 6 * time.Minute, frozenAgent},
		{"the first process freezes: the board is reset", 6 * time.Minute, frozenSystem},
	}},
	{name: "ends", wide: true, steps: []step{
		{"power-on to ready", 5 * time.Minute, powerOn},
		{"connects over the network", 2 * time.Minute, connects},
		{"agent, guard and sound process crash: amplifier off, and the programme goes on", 6 * time.Minute, crashedAgent},
		{"started anew while something sounds: amplifier off, and the box is back", 6 * time.Minute, rebooted},
	}},
	{name: "line and board", deaf: true, steps: []step{
		{"power-on to ready", 5 * time.Minute, powerOn},
		{"connects over the network", 2 * time.Minute, connects},
		{"a programme: the amplifier is on as long as it lasts, and its ledger says heard", 4 * time.Minute, lineAlone},
		{"the board shows the programme's page", 2 * time.Minute, boardAlone},
		{"power cut in a programme: off with the power, and while it starts", 10 * time.Minute, lineCut},
	}},
	{name: "slots", deaf: true, setup: setup{disk: slotB}, steps: []step{
		{"a system that does not start: the old one returns", 10 * time.Minute, oldSystem},
		{"torn boot counters: their second copy serves", 5 * time.Minute, tornCounters},
		{"both copies of the boot counters destroyed: it starts", 5 * time.Minute, lostCounters},
	}},
	{name: "updates refused", deaf: true, steps: []step{
		{"power-on to ready", 5 * time.Minute, powerOn},
		{"connects over the network", 2 * time.Minute, connects},
		{"signed by another key", 5 * time.Minute, refused(strange, plan.Signature)},
		{"for another board", 5 * time.Minute, refused(foreign, plan.Unsupported)},
		{"its end is missing", 5 * time.Minute, refused(cutShort, plan.Malformed)},
	}},
	{name: "update that does not run", deaf: true, steps: []step{
		{"power-on to ready", 5 * time.Minute, powerOn},
		{"connects over the network", 2 * time.Minute, connects},
		{"its agent ends at once: the old system returns", 12 * time.Minute, returns(dead)},
	}},
	{name: "update", steps: []step{
		{"power-on to ready", 5 * time.Minute, powerOn},
		{"connects over the network", 2 * time.Minute, connects},
		{"fetched over HTTPS, installed after the programme that is due; power cut at each stage", 20 * time.Minute, updates},
		{"proven: it stays, and the box has what it had", 40 * time.Minute, proves},
	}},
	{name: "update from a stick", steps: []step{
		{"power-on to ready", 5 * time.Minute, powerOn},
		{"connects over the network", 2 * time.Minute, connects},
		{"brought on a stick, without a network", 10 * time.Minute, fromStick},
		{"proven: it stays, and the box has what it had", 40 * time.Minute, proves},
	}},
	{name: "update that cannot play", steps: []step{
		{"power-on to ready", 5 * time.Minute, powerOn},
		{"connects over the network", 2 * time.Minute, connects},
		{"it starts, and cannot play: the old system returns", 60 * time.Minute, returns(mute)},
		{"a programme is heard as it was sent", 3 * time.Minute, hears},
	}},
	{name: "usb card", setup: setup{usbSound: true, board: instead("sink", "card", `"Audio"`)}, steps: []step{
		{"power-on to ready", 5 * time.Minute, powerOn},
		{"connects over the network", 2 * time.Minute, connects},
		{"pulled while it plays, and back", 5 * time.Minute, cardPulled},
	}},
	{name: "1970", steps: []step{
		{"power-on to ready", 5 * time.Minute, powerOn},
		{"connects over the network", 3 * time.Minute, connects},
		{"battery dead, cable pulled: it says that it cannot know the time, and plays nothing", 8 * time.Minute, lostTime},
		{"cable back: it knows the time by a signature, and what is due is heard", 4 * time.Minute, timeBack},
	}},
	{name: "address", deaf: true, steps: []step{
		{"power-on to ready", 5 * time.Minute, powerOn},
		{"connects over the network", 3 * time.Minute, connects},
		{"a static address is tried and kept at the console", 4 * time.Minute, addressKept},
		{"one with which nobody is reached takes itself back", 5 * time.Minute, addressLost},
		{"power cut while one is tried: the one that was kept", 6 * time.Minute, addressAfterCut},
	}},
	{name: "second network", setup: setup{lan: true}, steps: []step{
		{"power-on to ready", 5 * time.Minute, powerOn},
		{"connects over the network", 3 * time.Minute, connects},
		{"knocked at from there: nobody listens at any TCP port", 4 * time.Minute, listensNowhere},
		{"battery dead, cable pulled, NTP alone: it takes that time, says so, and plays nothing", 10 * time.Minute, byServer},
		{"cable back: it knows the time by a signature, and what is due is heard", 4 * time.Minute, timeBack},
		{"the time server lies by three hours: nothing changes", 8 * time.Minute, byLiar},
	}},
	{name: "disk full", setup: setup{medium: 1536 << 20}, steps: []step{
		{"power-on to ready", 5 * time.Minute, powerOn},
		{"connects over the network", 3 * time.Minute, connects},
		{"says so; what it holds is heard, and an alarm sounds", 8 * time.Minute, diskFull},
		{"room again: nothing is lost, the fault goes, a programme is heard", 6 * time.Minute, roomAgain},
	}},
	wrongBoard("a pin that does not exist", "amp", "line", "63", boardAlone),
	wrongBoard("a serial line that is not there", "console", "tty", `"/dev/ttyS7"`, hears),
	wrongBoard("a serial line that is taken", "panel", "tty", `"/dev/ttyS1"`, hears),
	wrongBoard("a codec that is not there", "sink", "card", `"Codec"`, boardAlone),
	{name: "another board's settings", deaf: true, setup: setup{as: "orangepi-zero"}, steps: []step{
		{"power-on to ready", 5 * time.Minute, powerOn},
		{"connects over the network", 2 * time.Minute, connects},
		{"says so, and drives no pin", 2 * time.Minute, wrongImage},
	}},
}

// wrongBoard is a session of a box whose board file is wrong in one key.
func wrongBoard(name, table, key, value string, rest ...func(context.Context, *rig) (string, error)) session {
	return session{name: name, setup: setup{board: instead(table, key, value)}, steps: []step{
		{"power-on to ready", 5 * time.Minute, powerOn},
		{"connects over the network", 2 * time.Minute, connects},
		{"the key is named on the console and at the centre; the rest works", 5 * time.Minute, named(table, key, rest...)},
	}}
}

// takes reports whether a session was asked for.
func (o options) takes(s session) bool {
	return (s.short || o.all || o.only.String() != "") && o.only.MatchString(s.name)
}

// lacks is why a session cannot be tried on a board; empty: it can.
func (s session) lacks(kind qemu.Kind) string {
	switch {
	case !s.deaf && kind.Slow() > 1:
		return "the emulator of this board is too slow to play without gaps"
	case s.setup.as == kind.Name:
		return "those settings are its own"
	case s.wide && kind.Name != "virt-arm64":
		return "it knows the instructions of 64-bit ARM only"
	}
	return ""
}

// walk tries the suite and prints it.
func walk(ctx context.Context, o options, out io.Writer) error {
	kind, _ := qemu.KindOf(o.board)
	failed, tried := 0, 0
	fmt.Fprintf(out, "%-80s %7s\n", "step", "seconds")
	for _, s := range suite {
		if !o.takes(s) {
			continue
		}
		if why := s.lacks(kind); why != "" {
			row(out, s.name, 0, "left out: "+why)
			continue
		}
		began := time.Now()
		r, err := newRig(ctx, o, s.name, s.setup)
		if err != nil {
			row(out, s.name, time.Since(began), "FAILED: "+err.Error())
			failed++
			continue
		}
		done, wrong := climb(ctx, s.name, s.steps, r, out)
		tried += done
		began = time.Now()
		figure, err := r.stray(began)
		if tried++; err != nil {
			wrong, figure = wrong+1, "FAILED: "+err.Error()
		} else {
			figure = "pass  " + figure
		}
		row(out, s.name+": the amplifier's line is on within what was meant, and never else", time.Since(began), figure)
		failed += wrong
		r.close()
		if wrong == 0 {
			r.tidy()
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	switch {
	case failed > 0:
		return fmt.Errorf("%d steps failed", failed)
	case tried == 0:
		return errors.New("no step was tried")
	}
	return nil
}

// climb tries a session's steps one after another, until one fails.
func climb(ctx context.Context, session string, steps []step, r *rig, out io.Writer) (tried, failed int) {
	for _, st := range steps {
		name := session + ": " + st.name
		if failed > 0 {
			row(out, name, 0, "not tried")
			continue
		}
		began := time.Now()
		bounded, cancel := context.WithTimeout(ctx, st.bound*r.pace())
		figure, err := st.try(bounded, r)
		cancel()
		tried++
		if err != nil {
			failed++
			row(out, name, time.Since(began), "FAILED")
			fmt.Fprintf(out, "    %v\n    see %s\n", err, r.dir)
			continue
		}
		row(out, name, time.Since(began), "pass  "+figure)
	}
	return tried, failed
}

func row(out io.Writer, name string, took time.Duration, what string) {
	fmt.Fprintf(out, "%-80s %7.1f  %s\n", name, took.Seconds(), what)
}
