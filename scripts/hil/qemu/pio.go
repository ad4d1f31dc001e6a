package qemu

import (
	"bufio"
	"io"
	"regexp"
	"strconv"
	"time"

	"loa/scripts/hil/tape"
)

// QEMU has no pins for an Allwinner chip: it notes each access in its log ("-d unimp") and
// lets all of them read 0. So a write of the data register of a bank has the bit of the line
// that is meant, and no others: of PA6, which the amplifier hangs on, every "on" is told, and
// an "off" also when another line of bank A is written. (H3 datasheet 4.22.2: PIO, PA_DAT.)
var dataOfA = regexp.MustCompile(`^pio: unimplemented device write \(size 4, offset 0x010, value (0x[0-9a-f]+)\)$`)

const pa6 = 6

// follow tells of the changes of PA6 in an emulator's log, until its end.
func follow(log io.Reader, edge func(tape.Edge)) {
	was := false
	for in := bufio.NewScanner(log); in.Scan(); {
		m := dataOfA.FindStringSubmatch(in.Text())
		if m == nil {
			continue
		}
		value, _ := strconv.ParseUint(m[1], 0, 32)
		if high := value>>pa6&1 == 1; high != was {
			was = high
			edge(tape.Edge{At: time.Now(), Line: pa6, High: high})
		}
	}
}
