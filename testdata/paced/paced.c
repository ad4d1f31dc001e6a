/*
 * An ALSA sound card for tests that exists only in memory: it takes frames at
 * the pace of its own clock, as a card does, and writes what it played to a
 * file. The program under test needs no change: it opens "default" of an ALSA
 * configuration that names this plugin.
 *
 *   pcm_type.paced { lib "/path/libasound_module_pcm_paced.so" }
 *   pcm.!default { type plug slave.pcm { type paced file "/out.raw" } }
 *
 * Fields of the configuration:
 *   file   raw interleaved frames in the format the program chose; appended to
 *   log    one line for each event, with CLOCK_MONOTONIC seconds and the frame
 *   gone   while this file exists the card is unplugged: open fails with
 *          ENODEV, and a card that plays is lost
 *   ppm    how much faster than true its clock runs (a real number)
 *   format the only sample format it takes, such as S16_LE; else any of three
 *   rate   the only rate it takes; else 8000 to 192000
 *
 * Two things alsa-lib does not say: without MMAP_INTERLEAVED a "plug" on top
 * cannot convert; and after a loss an ioplug's errors from transfer reach the
 * program as EPIPE, which it takes for an underrun and repairs for ever, unless
 * prepare fails with ENODEV.
 */
#define _GNU_SOURCE
#include <alsa/asoundlib.h>
#include <alsa/pcm_external.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

struct card {
	snd_pcm_ioplug_t io;
	int timer;		/* readable when a period may have passed */
	FILE *out, *log;
	char *gone;
	double speed;		/* frames per true frame */
	uint64_t written;	/* frames ever taken */
	uint64_t base;		/* frames played when the clock last began to run */
	uint64_t origin;	/* frames taken at the last prepare, from which ALSA counts */
	double started;		/* when that was */
	double looked;		/* when it was last seen to be there */
	int running, lost;
};

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

static void note(struct card *c, const char *event)
{
	if (!c->log)
		return;
	fprintf(c->log, "%.6f %s %llu\n", now(), event, (unsigned long long)c->written);
	fflush(c->log);
}

static double rate(struct card *c) { return c->io.rate * c->speed; }

static uint64_t played(struct card *c)
{
	if (!c->running)
		return c->base;
	return c->base + (uint64_t)((now() - c->started) * rate(c));
}

static uint64_t queued(struct card *c)
{
	uint64_t p = played(c);
	return c->written > p ? c->written - p : 0;
}

static int lost(struct card *c)
{
	double t = now();

	/* Not for every call: what the look costs a real card does not. */
	if (!c->lost && c->gone && t - c->looked > 0.005) {
		c->looked = t;
		if (access(c->gone, F_OK) == 0) {
			c->lost = 1;
			note(c, "lost");
		}
	}
	if (c->lost)
		snd_pcm_ioplug_set_state(&c->io, SND_PCM_STATE_DISCONNECTED);
	return c->lost;
}

/* arm wakes the program at the next boundary of a period, as an interrupt
 * would, or soon when the clock stands. */
static void arm(struct card *c)
{
	struct itimerspec it = {0};
	double t = now() + 0.002;

	if (c->running) {
		uint64_t done = played(c) - c->base;
		t = c->started + (done / c->io.period_size + 1) * c->io.period_size / rate(c) + 20e-6;
	}
	it.it_value.tv_sec = (time_t)t;
	it.it_value.tv_nsec = (long)((t - (time_t)t) * 1e9);
	timerfd_settime(c->timer, TFD_TIMER_ABSTIME, &it, NULL);
}

static int card_prepare(snd_pcm_ioplug_t *io)
{
	struct card *c = io->private_data;

	if (lost(c))
		return -ENODEV;
	c->running = 0;
	c->base = c->origin = c->written;
	arm(c);
	return 0;
}

static int card_start(snd_pcm_ioplug_t *io)
{
	struct card *c = io->private_data;

	c->started = now();
	c->running = 1;
	note(c, "start");
	arm(c);
	return 0;
}

static int card_stop(snd_pcm_ioplug_t *io)
{
	struct card *c = io->private_data;
	uint64_t p = played(c);

	if (c->running)
		note(c, "stop");
	c->base = p < c->written ? p : c->written;
	c->running = 0;
	return 0;
}

static snd_pcm_sframes_t card_pointer(snd_pcm_ioplug_t *io)
{
	struct card *c = io->private_data;
	uint64_t p;

	if (lost(c))
		return -ENODEV;
	p = played(c);
	if (p > c->written) {
		note(c, "xrun");
		c->base = c->written;
		c->running = 0;
		return -EPIPE;
	}
	return (p - c->origin) % io->buffer_size;
}

static snd_pcm_sframes_t card_transfer(snd_pcm_ioplug_t *io, const snd_pcm_channel_area_t *areas,
				       snd_pcm_uframes_t offset, snd_pcm_uframes_t frames)
{
	struct card *c = io->private_data;
	size_t size = snd_pcm_format_physical_width(io->format) / 8 * io->channels;

	if (lost(c))
		return -ENODEV;
	if (c->out) {
		char *from = (char *)areas[0].addr + (areas[0].first + areas[0].step * offset) / 8;
		if (fwrite(from, size, frames, c->out) != frames)
			return -EIO;
		fflush(c->out);
	}
	c->written += frames;
	return frames;
}

static int card_delay(snd_pcm_ioplug_t *io, snd_pcm_sframes_t *delay)
{
	*delay = queued(io->private_data);
	return 0;
}

static int card_revents(snd_pcm_ioplug_t *io, struct pollfd *fds, unsigned int n, unsigned short *revents)
{
	struct card *c = io->private_data;
	uint64_t ticks;

	(void)n;
	if (fds->revents & POLLIN) {
		if (read(c->timer, &ticks, sizeof ticks) < 0) {
			/* another reader was faster */
		}
		arm(c);
	}
	if (lost(c))
		*revents = POLLERR | POLLOUT;
	else
		*revents = io->buffer_size - queued(c) >= io->period_size ? POLLOUT : 0;
	return 0;
}

static int card_close(snd_pcm_ioplug_t *io)
{
	struct card *c = io->private_data;

	note(c, "close");
	if (c->out)
		fclose(c->out);
	if (c->log)
		fclose(c->log);
	close(c->timer);
	free(c->gone);
	free(c);
	return 0;
}

static const snd_pcm_ioplug_callback_t callbacks = {
	.start = card_start,
	.stop = card_stop,
	.pointer = card_pointer,
	.transfer = card_transfer,
	.prepare = card_prepare,
	.delay = card_delay,
	.poll_revents = card_revents,
	.close = card_close,
};

/* offer says what the card can do: a little, and that exactly. */
static int offer(struct card *c, const char *format, long fixed)
{
	static const unsigned int access[] = { SND_PCM_ACCESS_RW_INTERLEAVED, SND_PCM_ACCESS_MMAP_INTERLEAVED };
	unsigned int formats[] = { SND_PCM_FORMAT_S16_LE, SND_PCM_FORMAT_S32_LE, SND_PCM_FORMAT_FLOAT_LE };
	unsigned int count = 3;
	struct { int type; unsigned int min, max; } ranges[] = {
		{ SND_PCM_IOPLUG_HW_CHANNELS, 1, 2 },
		{ SND_PCM_IOPLUG_HW_RATE, fixed ? fixed : 8000, fixed ? fixed : 192000 },
		{ SND_PCM_IOPLUG_HW_PERIOD_BYTES, 64, 1 << 20 },
		{ SND_PCM_IOPLUG_HW_BUFFER_BYTES, 256, 1 << 22 },
		{ SND_PCM_IOPLUG_HW_PERIODS, 2, 64 },
	};
	int err;

	if (format) {
		formats[0] = snd_pcm_format_value(format);
		count = 1;
	}
	if ((err = snd_pcm_ioplug_set_param_list(&c->io, SND_PCM_IOPLUG_HW_ACCESS, 2, access)) < 0 ||
	    (err = snd_pcm_ioplug_set_param_list(&c->io, SND_PCM_IOPLUG_HW_FORMAT, count, formats)) < 0)
		return err;
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
		err = snd_pcm_ioplug_set_param_minmax(&c->io, ranges[i].type, ranges[i].min, ranges[i].max);
		if (err < 0)
			return err;
	}
	return 0;
}

SND_PCM_PLUGIN_DEFINE_FUNC(paced)
{
	const char *file = NULL, *log = NULL, *gone = NULL, *format = NULL;
	double ppm = 0;
	long fixed = 0;
	snd_config_iterator_t i, next;
	struct card *c;
	int err;

	(void)root;
	snd_config_for_each(i, next, conf) {
		snd_config_t *n = snd_config_iterator_entry(i);
		const char *id;

		if (snd_config_get_id(n, &id) < 0 || !strcmp(id, "comment") || !strcmp(id, "type") || !strcmp(id, "hint"))
			continue;
		if (!strcmp(id, "file"))
			err = snd_config_get_string(n, &file);
		else if (!strcmp(id, "log"))
			err = snd_config_get_string(n, &log);
		else if (!strcmp(id, "gone"))
			err = snd_config_get_string(n, &gone);
		else if (!strcmp(id, "format"))
			err = snd_config_get_string(n, &format);
		else if (!strcmp(id, "ppm"))
			err = snd_config_get_ireal(n, &ppm);
		else if (!strcmp(id, "rate"))
			err = snd_config_get_integer(n, &fixed);
		else
			err = -EINVAL;
		if (err < 0) {
			SNDERR("paced: bad field %s", id);
			return -EINVAL;
		}
	}
	if (stream != SND_PCM_STREAM_PLAYBACK)
		return -EINVAL;
	if (gone && access(gone, F_OK) == 0)
		return -ENODEV;
	if (!(c = calloc(1, sizeof *c)))
		return -ENOMEM;
	c->speed = 1 + ppm * 1e-6;
	c->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	c->gone = gone ? strdup(gone) : NULL;
	c->out = file ? fopen(file, "ae") : NULL;
	if (c->out)
		setvbuf(c->out, NULL, _IOFBF, 1 << 16);
	c->log = log ? fopen(log, "ae") : NULL;
	c->io.version = SND_PCM_IOPLUG_VERSION;
	c->io.name = "paced test card";
	c->io.callback = &callbacks;
	c->io.private_data = c;
	c->io.poll_fd = c->timer;
	c->io.poll_events = POLLIN;
	if ((file && !c->out) || (log && !c->log) || c->timer < 0) {
		card_close(&c->io);
		return -EIO;
	}
	if ((err = snd_pcm_ioplug_create(&c->io, name, stream, mode)) < 0) {
		card_close(&c->io);
		return err;
	}
	if ((err = offer(c, format, fixed)) < 0) {
		snd_pcm_ioplug_delete(&c->io); /* closes c too */
		return err;
	}
	note(c, "open");
	*pcmp = c->io.pcm;
	return 0;
}
SND_PCM_PLUGIN_SYMBOL(paced);
