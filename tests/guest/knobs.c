// SPDX-License-Identifier: MIT
/* The knobs of /proc/sys/vm that hold one number: which words they take, their limits, and that they keep what they were. */
#include <limits.h>
#include "textfile.h"

#define ANY_INT	    INT_MIN, INT_MAX
#define NOT_LESS(n) n, INT_MAX
#define UNSIGNED    0, -1 /* as large as a long; no limits */

static const struct knob {
	const char *name;
	long lo, hi; /* the numbers that are taken */
	long good;   /* one of them that does no harm while it is set */
	int mode;
} knobs[] = {
	{ "admin_reserve_kbytes", UNSIGNED, 100, 0644 },
	{ "dirty_background_bytes", 1, -1, 1 << 20, 0644 },
	{ "dirty_background_ratio", 0, 100, 7, 0644 },
	{ "dirty_bytes", 8192, -1, 1 << 21, 0644 },
	{ "dirty_expire_centisecs", NOT_LESS(0), 2000, 0644 },
	{ "dirty_ratio", 0, 100, 30, 0644 },
	{ "dirty_writeback_centisecs", ANY_INT, 700, 0644 },
	{ "dirtytime_expire_seconds", NOT_LESS(0), 40000, 0644 },
	{ "laptop_mode", INT_MIN / 250, INT_MAX / 250, 5, 0644 },
	{ "legacy_va_layout", NOT_LESS(0), 1, 0644 },
	{ "max_map_count", NOT_LESS(0), 70000, 0644 },
	{ "min_free_kbytes", NOT_LESS(0), 3000, 0644 },
	{ "min_slab_ratio", 0, 100, 7, 0644 },
	{ "min_unmapped_ratio", 0, 100, 7, 0644 },
	{ "mmap_min_addr", UNSIGNED, 8192, 0644 },
	{ "mmap_rnd_bits", 28, 32, 30, 0600 },
	{ "oom_dump_tasks", ANY_INT, 0, 0644 },
	{ "oom_kill_allocating_task", ANY_INT, 1, 0644 },
	{ "overcommit_kbytes", UNSIGNED, 0, 0644 },
	{ "overcommit_memory", 0, 2, 1, 0644 },
	{ "overcommit_ratio", ANY_INT, 60, 0644 },
	{ "page-cluster", 0, -1, 4, 0644 }, /* Linux 6.1 has no limit, later ones and Quire 31 */
	{ "panic_on_oom", 0, 2, 0, 0644 },
	{ "percpu_pagelist_high_fraction", NOT_LESS(0), 8, 0644 },
	{ "swappiness", 0, 200, 80, 0644 },
	{ "unprivileged_userfaultfd", 0, 1, 1, 0644 },
	{ "user_reserve_kbytes", UNSIGNED, 1000, 0644 },
	{ "vfs_cache_pressure", NOT_LESS(0), 50, 0644 },
	{ "watermark_boost_factor", NOT_LESS(0), 1000, 0644 },
	{ "watermark_scale_factor", 1, 3000, 20, 0644 },
	{ "zone_reclaim_mode", NOT_LESS(0), 1, 0644 },
};

static char path[80];

static int set(long number)
{
	char word[32];

	snprintf(word, sizeof(word), "%ld", number);
	return spew(path, word);
}

static long get(void)
{
	return strtol(slurp(path), NULL, 10);
}

/* Each is refused and changes nothing. */
static void refused(const struct knob *k, long was)
{
	static const char *const words[] = { "x", "1x", "0x", "--1", "99999999999999999999", " " };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (spew(path, words[i]) != EINVAL || get() != was) {
			ok(false, "%s: \"%s\" is no number for it", k->name, words[i]);
			return;
		}
	ok(true, "%s: what is no number is refused", k->name);
}

static void limits(const struct knob *k, long was)
{
	bool wide = k->hi == -1;
	long hi = wide ? LONG_MAX : k->hi;

	is(set(k->lo - 1), EINVAL, "%s: less than %ld", k->name, k->lo);
	if (!wide)
		is(set(hi + 1), EINVAL, "%s: more than %ld", k->name, hi);
	is(get(), was, "%s: is what it was", k->name);
}

static void taken(const struct knob *k)
{
	char word[64];

	snprintf(word, sizeof(word), "  %#lx \n", k->good);
	is(spew(path, word), 0, "%s: a number in hexadecimal, blanks around it", k->name);
	is(get(), k->good, "%s: it is that", k->name);
	snprintf(word, sizeof(word), "%ld 77", k->good);
	ok(spew(path, word) == 0 && get() == k->good, "%s: of two numbers the first", k->name);
}

/* Bytes and shares exclude each other: the one that is set makes the other 0. */
static long dirty[4];
static const char *const dirty_names[] = { "dirty_ratio", "dirty_background_ratio",
					   "overcommit_ratio" };

static void save_shares(bool restore)
{
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "/proc/sys/vm/%s", dirty_names[i]);
		if (restore)
			set(dirty[i]);
		else
			dirty[i] = get();
	}
}

static void test_knob(const struct knob *k)
{
	struct stat st;
	long was;

	save_shares(false);
	snprintf(path, sizeof(path), "/proc/sys/vm/%s", k->name);
	if (!ok(stat(path, &st) == 0 && (st.st_mode & 07777) == (mode_t)k->mode, "%s: mode",
		k->name))
		return;
	was = get();
	refused(k, was);
	limits(k, was);
	taken(k);
	set(was);
	save_shares(true);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(knobs) / sizeof(*knobs); i++)
		test_knob(&knobs[i]);
	return tap_end();
}
