// The loops over samples; see loops.go. Sound is interleaved stereo. Nothing here
// allocates, keeps a pointer, or looks at anything but its arguments.

// A section of a filter, and what it remembers of each channel.
typedef struct {
	double b0, b1, b2, a1, a2;
	double z1[2], z2[2];
} section;

// A place between two input frames, and how many frames came out on the way.
typedef struct {
	long frames, at, row;
	double pos;
} place;

typedef struct {
	float sum, most;
} power;

place loops_step(float *out, long room, const float *in, long end, const float *rows, long taps, long n, long step, long at, long row);
place loops_glide(float *out, long room, const float *in, long last, const float *rows, long taps, long n, double end, double step, double pos);
void loops_filter(section *s, long sections, float *p, long frames);
power loops_power(const float *in, long n);
power loops_mix(float *out, const float *in, long n, float gain);
int loops_over(const float *p, long n, float ceiling);
void loops_tame(float *p, long n, float most);
void loops_scale(float *p, long n, float gain);
void loops_swap(float *a, float *b, long n);
void loops_round(short *out, const float *in, long n);
