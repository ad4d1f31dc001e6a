#include "loops.h"
#include <string.h>

typedef float quad __attribute__((vector_size(16)));
typedef int lanes __attribute__((vector_size(16)));
typedef double pair __attribute__((vector_size(16)));

static inline quad four(const float *p) {
	quad q;
	memcpy(&q, p, sizeof q); // of any alignment
	return q;
}

// A comparison of vectors gives all ones where it holds.
static inline quad pick(lanes where, quad a, quad b) {
	return (quad)(((lanes)a & where) | ((lanes)b & ~where));
}

// Two frames at a time lie side by side: left, right, left, right. So must the taps.
static const lanes first = {0, 0, 1, 1}, second = {2, 2, 3, 3};

static inline void put(float *out, quad even, quad odd) {
	quad s = even + odd;
	out[0] = s[0] + s[2];
	out[1] = s[1] + s[3];
}

place loops_step(float *out, long room, const float *in, long end, const float *rows, long taps, long n, long step, long at, long row) {
	place p = {0, at, row, 0};
	for (; p.frames < room && p.at < end; p.frames++) {
		const float *b = in + 2 * p.at, *h = rows + p.row * taps;
		quad even = {0}, odd = {0};
		for (long i = 0; i < taps; i += 4) {
			quad c = four(h + i);
			even += __builtin_shuffle(c, first) * four(b + 2 * i);
			odd += __builtin_shuffle(c, second) * four(b + 2 * i + 4);
		}
		put(out + 2 * p.frames, even, odd);
		for (p.row += step; p.row >= n; p.row -= n)
			p.at++;
	}
	return p;
}

place loops_glide(float *out, long room, const float *in, long last, const float *rows, long taps, long n, double end, double step, double pos) {
	place p = {0, 0, 0, pos};
	for (; p.frames < room && (long)p.pos <= last && p.pos < end; p.frames++) {
		long at = (long)p.pos;
		double f = (p.pos - at) * n;
		long row = f < n - 1 ? (long)f : n - 1;
		float a = f - row;
		// A row has its taps, then their differences to the next row's.
		const float *b = in + 2 * at, *h = rows + 2 * row * taps;
		quad even = {0}, odd = {0};
		for (long i = 0; i < taps; i += 4) {
			quad c = four(h + i) + a * four(h + taps + i);
			even += __builtin_shuffle(c, first) * four(b + 2 * i);
			odd += __builtin_shuffle(c, second) * four(b + 2 * i + 4);
		}
		put(out + 2 * p.frames, even, odd);
		p.pos += step;
	}
	return p;
}

typedef struct {
	pair z1, z2;
} state;

static inline state from(const section *s) {
	return (state){{s->z1[0], s->z1[1]}, {s->z2[0], s->z2[1]}};
}

static inline void keep(section *s, state z) {
	memcpy(s->z1, &z.z1, sizeof s->z1);
	memcpy(s->z2, &z.z2, sizeof s->z2);
}

static inline pair step(const section *s, state *z, pair x) {
	pair y = s->b0 * x + z->z1;
	z->z1 = s->b1 * x - s->a1 * y + z->z2;
	z->z2 = s->b2 * x - s->a2 * y;
	return y;
}

static inline void one(section *s, float *p, long frames) {
	state z = from(s);
	for (; frames > 0; frames--, p += 2) {
		pair y = step(s, &z, (pair){p[0], p[1]});
		p[0] = y[0];
		p[1] = y[1];
	}
	keep(s, z);
}

// Two sections at a time: the second has something to do while the first waits for
// its own last result.
static inline void two(section *s, section *t, float *p, long frames) {
	state z = from(s), w = from(t);
	for (; frames > 0; frames--, p += 2) {
		pair y = step(t, &w, step(s, &z, (pair){p[0], p[1]}));
		p[0] = y[0];
		p[1] = y[1];
	}
	keep(s, z);
	keep(t, w);
}

void loops_filter(section *s, long sections, float *p, long frames) {
	long k = 0;
	for (; k + 1 < sections; k += 2)
		two(s + k, s + k + 1, p, frames);
	if (k < sections)
		one(s + k, p, frames);
}

// count adds the squares of four samples to sum, and keeps the largest in most.
static inline void count(quad v, quad *sum, quad *most) {
	v *= v;
	*sum += v;
	*most = pick(v > *most, v, *most);
}

static inline power total(quad sum, quad most) {
	power p = {0, 0};
	for (int k = 0; k < 4; k++) {
		p.sum += sum[k];
		p.most = most[k] > p.most ? most[k] : p.most;
	}
	return p;
}

// The last samples, when they are fewer than four, and silence.
static inline quad rest(const float *p, long n) {
	quad q = {0};
	memcpy(&q, p, n * sizeof *p);
	return q;
}

power loops_power(const float *in, long n) {
	quad sum = {0}, most = {0};
	for (; n >= 4; n -= 4, in += 4)
		count(four(in), &sum, &most);
	count(rest(in, n), &sum, &most);
	return total(sum, most);
}

power loops_mix(float *out, const float *in, long n, float gain) {
	quad sum = {0}, most = {0};
	for (; n >= 4; n -= 4, in += 4, out += 4) {
		quad v = four(in) * gain, o = four(out) + v;
		memcpy(out, &o, sizeof o);
		count(v, &sum, &most);
	}
	quad v = rest(in, n) * gain, o = rest(out, n) + v;
	memcpy(out, &o, n * sizeof *out);
	count(v, &sum, &most);
	return total(sum, most);
}

void loops_round(short *out, const float *in, long n) {
	for (long i = 0; i < n; i++) {
		float v = in[i] * 32768;
		v += v < 0 ? -0.5f : 0.5f;
		v = v > 32767 ? 32767 : v;
		v = v < -32768 ? -32768 : v;
		out[i] = (short)(int)v;
	}
}

int loops_over(const float *p, long n, float ceiling) {
	lanes over = {0};
	for (; n >= 4; n -= 4, p += 4)
		over |= (four(p) > ceiling) | (four(p) < -ceiling);
	quad v = rest(p, n);
	over |= (v > ceiling) | (v < -ceiling);
	return (over[0] | over[1] | over[2] | over[3]) != 0;
}

static inline quad tamed(quad v, float most) {
	quad zero = {0}, high = zero + most, low = zero - most;
	v = pick(v == v, v, zero); // what is not a number is silence
	v = pick(v > high, high, v);
	return pick(v < low, low, v);
}

void loops_tame(float *p, long n, float most) {
	for (; n >= 4; n -= 4, p += 4) {
		quad v = tamed(four(p), most);
		memcpy(p, &v, sizeof v);
	}
	quad v = tamed(rest(p, n), most);
	memcpy(p, &v, n * sizeof *p);
}

void loops_scale(float *p, long n, float gain) {
	for (long i = 0; i < n; i++)
		p[i] *= gain;
}

void loops_swap(float *restrict a, float *restrict b, long n) {
	for (long i = 0; i < n; i++) {
		float v = a[i];
		a[i] = b[i];
		b[i] = v;
	}
}
