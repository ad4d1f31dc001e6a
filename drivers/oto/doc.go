// Package oto is the sound card: ALSA through github.com/hajimehoshi/oto/v2, in
// a process of its own.
//
// # Why a process of its own
//
// oto v2.4.3 never closes a PCM. When a card is lost (a USB plug, a crashed
// driver) its goroutine ends, and the handle, its file descriptors and a mutex
// stay behind; on an exclusive hw device the handle that is left makes the next
// open fail with EBUSY. After a loss only a new process is clean, and the agent
// cannot restart in the middle of an alarm. So the process that is lost with the
// card is a small child: the agent keeps two pipes and one goroutine, both of
// which end with it. A hung ioctl, an alsa-lib that aborts and a priority that
// only sound should have stay in the child, too. We would reconsider if an oto
// with a context that can be closed still spoke ALSA.
//
//	agent: Sink ──── pipe ─────> child: Child → ring → oto player → ALSA → card
//	              write, drain, drop
//	       <──────────────────── ready, clock, drained, dropped, error
//
// The child ends at the end of the pipe, and by SIGKILL with the thread that
// started it: it cannot outlive the agent.
//
// # What is done about oto
//
//   - It is opened once, at 48000 Hz and 2 channels; other rates fail on some
//     cards. It asks ALSA for floats, so a "plug" is on top of every card.
//   - When "default" fails it walks to any other device, and plays a commune's
//     alarm to an HDMI socket. The child reads its own ALSA configuration, from
//     memory, in which there is one card and nothing else. Card "system" is the
//     exception: a desk plays where the desk plays.
//   - A missing or lost card shows only in Context.Err. The child asks it, and
//     reports a card that takes nothing for 2 s as lost.
//   - It plays silence for ever. When nothing is left the player is closed and
//     the context suspended: no wake-ups, no current in the amplifier's input.
//   - It takes periods of half a buffer, and one more while the card is full:
//     up to 1.5 buffers are on their way and cannot be taken back, and up to half
//     a buffer passes before it takes the next. So an alarm over running sound
//     starts after 1.5 to 2 × Opts.Buffer, and from silence at once.
//   - It asks for a whole buffer when little is missing, and would hold twice as
//     much as it should, which a drop could not take back. It gets no more than
//     what is missing; 200 to 240 ms more lie ready in the child.
//   - It starts to play with the first period. Two are kept ready before, or the
//     second would be silence.
//   - A source that has nothing is filled up with silence without a word. The
//     child sees it in the count of frames and reports it.
//
// # Quirks of ALSA
//
// Cards are named, not numbered: numbers move when a USB card appears. An
// underrun is repaired silently; Sink.Xruns counts those that moved the clock by
// more than half a period. Buffers below 100 ms run dry on a busy box.
//
// Tried on: Linux 6.1 x86-64 with the plugin in testdata/paced (alsa-lib 1.2.8),
// in 16 bit and float, also as armhf and arm64 under qemu-user 7.2.
package oto
