// SPDX-License-Identifier: MIT
/*
 * The guard: a few operations against the counts that bench/results/guard-VERSION records for this
 * version of QEMU. Growth of more than five per cent is told together with the function that grew most. It
 * only tells: a change may well be worth its instructions.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GROWTH 1.05

static char *guard_file(void)
{
	return xasprintf("%s/bench/results/guard-%s", home_dir(), qemu_version());
}

void guard_record(const struct bench *b)
{
	struct figure *some = xcalloc(b->nr_ops, sizeof(*some));
	char *file = guard_file();

	for (size_t i = 0; b->figures[BENCH_QUIRE] && i < b->nr_ops; i++) {
		struct figure f = b->figures[BENCH_QUIRE][i];
		size_t kept = 0;

		if (!b->ops[i].guarded || !f.measured || !f.counted)
			continue;
		/* What is executed once in a while is not worth a line. */
		f.spent = xcalloc(f.nr_spent + 1, sizeof(*f.spent));
		for (size_t k = 0; k < f.nr_spent; k++)
			if (2 * b->figures[BENCH_QUIRE][i].spent[k].count >= f.times)
				f.spent[kept++] = b->figures[BENCH_QUIRE][i].spent[k];
		f.nr_spent = kept;
		some[i] = f;
	}
	record_store(b, some, file);
	say("wrote %s", file);
}

static long long spent_in(const struct figure *f, const char *function)
{
	for (size_t i = 0; i < f->nr_spent; i++)
		if (!strcmp(f->spent[i].function, function))
			return f->spent[i].count;
	return 0;
}

static void tell_growth(const char *name, const struct figure *old, const struct figure *new)
{
	const char *function = "none";
	double most = 0, before = 0, now = 0;

	for (size_t i = 0; i < new->nr_spent; i++) {
		double was = (double)spent_in(old, new->spent[i].function) / old->times;
		double is = (double)new->spent[i].count / new->times;

		if (is - was > most) {
			most = is - was;
			function = new->spent[i].function;
			before = was;
			now = is;
		}
	}
	printf("# warning: %s takes %.0f instructions, recorded are %.0f (%+.1f %%); %s grew most, "
	       "from %.0f to %.0f\n",
	       name, figure_rest(new), figure_rest(old),
	       100 * (figure_rest(new) / figure_rest(old) - 1), function, before, now);
}

/* Bulk and non-bulk apart would be finer; the sum of both must not grow unseen either. */
static bool grew(const struct figure *old, const struct figure *new)
{
	return figure_rest(new) > GROWTH * figure_rest(old) ||
	       figure_total(new) > GROWTH * figure_total(old);
}

/* One operation: told how it fares. => it grew, or nothing can be said of it */
static bool judge(const char *name, const struct figure *old, const struct figure *new)
{
	if (!old->measured) {
		printf("# warning: %s is not recorded; `./quire bench --record` does it\n", name);
	} else if (!new->measured) {
		printf("# warning: %s was not measured: %s\n", name,
		       new->why ? new->why : "the machine did not come to it");
	} else if (new->counted != old->counted) {
		printf("# warning: %s cannot be compared: counted %s the plugin, recorded %s it\n",
		       name, new->counted ? "with" : "without", old->counted ? "with" : "without");
	} else if (grew(old, new)) {
		tell_growth(name, old, new);
	} else {
		printf("# %s: %.0f instructions, recorded are %.0f\n", name, figure_rest(new),
		       figure_rest(old));
		return false;
	}
	return true;
}

int bench_guard(struct bench *b)
{
	struct figure *old = xcalloc(b->nr_ops, sizeof(*old));
	char *file = guard_file();
	int told = 0;

	if (!record_load(b, old, file)) {
		printf("# nothing is recorded for QEMU %s; `./quire bench --record` does it\n",
		       qemu_version());
		return 0;
	}
	for (size_t i = 0; i < b->nr_ops; i++)
		b->ops[i].wanted = b->ops[i].guarded;
	bench_run(b, BENCH_QUIRE);
	for (size_t i = 0; i < b->nr_ops; i++)
		if (b->ops[i].guarded)
			told += judge(b->ops[i].name, &old[i], &b->figures[BENCH_QUIRE][i]);
	if (!told)
		puts("# no operation grew by more than 5 %");
	return 0;
}
