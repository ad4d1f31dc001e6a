package qemu

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"loa/scripts/hil/tape"
)

// A QTest is the emulator's test port. It tells each change of the lines that a chip
// drives as it happens, drives those that a chip reads, and writes the guest's memory;
// the guest knows nothing of it.
type QTest struct {
	conn   net.Conn
	asking sync.Mutex
	answer chan string
	edge   func(tape.Edge)
}

// DialQTest joins the test port whose socket is path. edge is called with every change
// of an intercepted line, in their order.
func DialQTest(ctx context.Context, path string, edge func(tape.Edge)) (*QTest, error) {
	conn, err := dial(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("qtest: %w", err)
	}
	q := &QTest{conn: conn, answer: make(chan string), edge: edge}
	go q.read() // ends with the connection
	return q, nil
}

// Close ends the connection.
func (q *QTest) Close() error { return q.conn.Close() }

func (q *QTest) read() {
	defer close(q.answer)
	in := bufio.NewScanner(q.conn)
	for in.Scan() {
		f := strings.Fields(in.Text())
		if len(f) == 3 && f[0] == "IRQ" {
			if line, err := strconv.Atoi(f[2]); err == nil {
				q.edge(tape.Edge{At: time.Now(), Line: line, High: f[1] == "raise"})
			}
			continue
		}
		q.answer <- in.Text()
	}
}

func (q *QTest) do(ctx context.Context, command string) error {
	q.asking.Lock()
	defer q.asking.Unlock()
	short := command[:min(len(command), 60)]
	if _, err := fmt.Fprintln(q.conn, command); err != nil {
		return fmt.Errorf("qtest: %s: %w", short, err)
	}
	select {
	case <-ctx.Done():
		q.conn.Close()
		return fmt.Errorf("qtest: %s: no answer: %w", short, ctx.Err())
	case a, ok := <-q.answer:
		if !ok || !strings.HasPrefix(a, "OK") {
			return fmt.Errorf("qtest: %s: %q", short, a)
		}
		return nil
	}
}

// Intercept tells of the outputs of the device at an object path from now on.
func (q *QTest) Intercept(ctx context.Context, path string) error {
	return q.do(ctx, "irq_intercept_out "+path)
}

// Drive puts an input line of the device at a level.
func (q *QTest) Drive(ctx context.Context, path string, line int, high bool) error {
	level := 0
	if high {
		level = 1
	}
	return q.do(ctx, fmt.Sprintf("set_irq_in %s unnamed-gpio-in %d %d", path, line, level))
}

// Poke writes into the guest's memory at a physical address.
func (q *QTest) Poke(ctx context.Context, address uint64, data []byte) error {
	return q.do(ctx, fmt.Sprintf("write %#x %#x %#x", address, len(data), data))
}
