package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"loa/agent/message"
	"loa/scripts/broker"
)

// statusWait is how long a broker has to say what it is: mosquitto repeats it every
// 10 s and keeps it, the embedded one every second.
const statusWait = 3 * time.Second

// brokerStatus shows what a broker says of itself.
func (a *app) brokerStatus(args []string) error {
	if _, err := a.parse(a.flags("broker status"), args, 0, 0); err != nil {
		return err
	}
	au, err := a.open()
	if err != nil {
		return err
	}
	told := make(chan [2]string, 1024)
	bridges := message.Prefix + "bridge/+/state"
	l, err := a.connect(au, []string{"$SYS/#", bridges}, func(topic string, payload []byte) {
		select {
		case told <- [2]string{topic, string(payload)}:
		default:
		}
	})
	if err != nil {
		return err
	}
	defer l.stop()
	said := make(map[string]string)
	for late := time.After(statusWait); late != nil; {
		select {
		case m := <-told:
			said[strings.TrimPrefix(m[0], message.Prefix)] = m[1]
		case <-late:
			late = nil
		case <-a.ctx.Done():
			return a.ctx.Err()
		}
	}
	st := broker.ReadStatus(said)
	return a.show(st, func(w io.Writer) { a.printStatus(w, st) })
}

func (a *app) printStatus(w io.Writer, st broker.Status) {
	if st.Silent {
		fmt.Fprintln(w, a.text("status.silent"))
	} else {
		rows := [][]string{
			{a.text("status.version"), st.Version},
			{a.text("status.uptime"), (time.Duration(st.UptimeS) * time.Second).String()},
			{a.text("status.clients"), fmt.Sprintf("%d (%s %d)", st.Connected, a.text("status.most"), st.MostConnected)},
			{a.text("status.messages"), fmt.Sprintf("%d / %d", st.Received, st.Sent)},
			{a.text("status.dropped"), fmt.Sprint(st.Dropped)},
			{a.text("status.retained"), fmt.Sprint(st.Retained)},
			{a.text("status.memory"), fmt.Sprintf("%d MiB", st.MemoryBytes>>20)},
		}
		for _, r := range rows {
			fmt.Fprintf(w, "%-28s %s\n", r[0], r[1])
		}
	}
	for _, b := range st.Bridges {
		word := a.text("status.up")
		if !b.Up {
			word = a.text("status.down")
		}
		fmt.Fprintf(w, "%-28s %s\n", a.text("status.bridge", b.Place), word)
	}
	for _, code := range st.Warnings {
		fmt.Fprintf(w, "%s: %s\n", a.text("status.warning"), a.text("warn."+code))
	}
}
