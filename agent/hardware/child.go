package hardware

import (
	"loa/drivers/gpioline"
	"loa/drivers/oto"
)

// The processes this program also is: the first argument names which.
const (
	sinkProcess   = "sink"    // owns the sound card
	guardProcess  = "guard"   // owns the amplifier's line
	ampOffProcess = "amp-off" // switches it off once
)

// children is what each of them does; it returns the exit code.
var children = map[string]func(args []string) int{
	sinkProcess:  oto.Child,
	guardProcess: gpioline.Guard,
	ampOffProcess: func(args []string) int {
		if err := ampOff(args); err != nil {
			return fail(ampOffProcess, err)
		}
		return 0
	},
}

// RunChild does the work of a process that a device needs beside the agent, if
// args, which are os.Args[1:], say that this is one. main calls it before
// anything else.
func RunChild(args []string) (handled bool, code int) {
	if len(args) == 0 {
		return false, 0
	}
	run, ok := children[args[0]]
	if !ok {
		return false, 0
	}
	return true, run(args[1:])
}
