package gpioline

/*
#include <errno.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

static long long now_ms(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

// eat takes bytes from in until one is no meal, and returns that; one meal in every
// is answered. -ETIMEDOUT: for starve ms, if that is not negative, none came. -EPIPE:
// in has ended. Else: -errno.
static int eat(int in, int answers, int meal, unsigned every, int starve) {
	long long last = now_ms();
	for (unsigned meals = 0;;) {
		struct pollfd p = {.fd = in, .events = POLLIN};
		long long left = starve < 0 ? -1 : last + starve - now_ms();
		int n = poll(&p, 1, starve >= 0 && left < 0 ? 0 : (int)left);
		if (n == 0)
			return -ETIMEDOUT;
		if (n < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (p.revents & POLLHUP)
			return -EPIPE; // orders the dead left in the pipe do not count
		unsigned char order;
		ssize_t got = read(in, &order, 1);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got <= 0)
			return -EPIPE;
		if (order != meal)
			return order;
		last = now_ms();
		if (++meals % every == 0 && write(answers, "fed\n", 4) < 0)
			continue; // who is not there to read it has no use for it
	}
}
*/
import "C"

import (
	"fmt"
	"syscall"
	"time"
)

// answerEvery is how many meals one answer is for while the line is on: to wake the
// agent for each would cost it more than the rest of the amplifier.
const answerEvery = 4

// next waits for an order and eats meanwhile. It returns ETIMEDOUT when the line is on
// and no food comes, and errGone at the end of the pipe. Five times a second C does
// this, because a return to Go wakes the runtime's scheduler and its watcher for a
// hundred times the work.
func next(in, answers int, on bool) (order byte, err error) {
	every, starve := 1, -1 // for ever
	if on {
		every, starve = answerEvery, int(starveIn/time.Millisecond)
	}
	switch n := C.eat(C.int(in), C.int(answers), cmdFeed, C.uint(every), C.int(starve)); {
	case n >= 0:
		return byte(n), nil
	case n == -C.EPIPE:
		return 0, errGone
	case n == -C.ETIMEDOUT:
		return 0, syscall.ETIMEDOUT
	default:
		return 0, fmt.Errorf("cannot hear the agent: %w", syscall.Errno(-n))
	}
}
