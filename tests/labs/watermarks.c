// SPDX-License-Identifier: MIT
/*
 * A lab: what a zone's watermarks are made of, and what moves them. Seen in /proc/zoneinfo; vm.min_free_kbytes and
 * vm.watermark_scale_factor are put back. docs/labs.md.
 */
#include "../guest/textfile.h"

#define SCALE	 "/proc/sys/vm/watermark_scale_factor"
#define MIN_FREE "/proc/sys/vm/min_free_kbytes"

struct zone {
	long min, low, high, managed;
};

/* The zones with memory; their number. */
static int read_zones(struct zone *z, int max)
{
	int n = 0;
	char *next;

	for (char *line = slurp("/proc/zoneinfo"); *line && n < max; line = next) {
		struct zone *at = z + n;
		long v;

		next = line + strcspn(line, "\n");
		next += *next != 0;
		if (sscanf(line, " min %ld", &v) == 1)
			at->min = v;
		else if (sscanf(line, " low %ld", &v) == 1)
			at->low = v;
		else if (sscanf(line, " high %ld", &v) == 1)
			at->high = v;
		else if (sscanf(line, " managed %ld", &v) == 1 && (at->managed = v) > 0)
			n++;
	}
	return n;
}

/* low and high lie a quarter of min above it and once more, or scale / 10000 of the zone when that is more. */
static bool steps_are_right(long scale)
{
	struct zone z[16];
	int n = read_zones(z, 16);
	bool good = n > 0;

	for (int i = 0; i < n; i++) {
		long part = z[i].managed * scale / 10000;
		long step = z[i].min / 4 > part ? z[i].min / 4 : part;

		printf("# managed %ld: min %ld, low %ld, high %ld\n", z[i].managed, z[i].min,
		       z[i].low, z[i].high);
		good &= labs(z[i].low - z[i].min - step) <= 1 &&
			labs(z[i].high - z[i].low - step) <= 1;
	}
	return good;
}

static long sum_of_min(void)
{
	struct zone z[16];
	int n = read_zones(z, 16);
	long sum = 0;

	for (int i = 0; i < n; i++)
		sum += z[i].min;
	return sum;
}

int main(void)
{
	long kib = number_in(MIN_FREE, ""), scale = number_in(SCALE, "");
	char was[24];

	is(scale, 10, "a thousandth of a zone by default");
	ok(labs(sum_of_min() - kib / 4) <= 8, "min is min_free_kbytes, shared out by size");
	ok(steps_are_right(scale), "low and high follow from min and the scale factor");
	must(!spew(SCALE, "200"));
	ok(steps_are_right(200), "watermark_scale_factor 200: a fiftieth of a zone between them");
	ok(labs(sum_of_min() - kib / 4) <= 8, "and min is what it was");
	must(!spew(SCALE, "10") && !spew(MIN_FREE, "8192"));
	ok(labs(sum_of_min() - 2048) <= 8, "min_free_kbytes 8192: min is 2048 pages in all");
	ok(steps_are_right(10), "and low and high have moved with it");
	snprintf(was, sizeof(was), "%ld", kib);
	must(!spew(MIN_FREE, was));
	printf("1..%d\n", tap_count);
	return tap_failed != 0;
}
