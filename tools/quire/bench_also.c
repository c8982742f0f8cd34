// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include "bench.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

struct rule {
	char category[32], pattern[64];
};

static struct rule *rules;
static size_t nr_rules;

static void read_rules(void)
{
	char *path = xasprintf("%s/bench/linux-also", home_dir());
	FILE *f = fopen(path, "re");
	char line[256];
	struct rule r;

	while (f && fgets(line, sizeof(line), f)) {
		if (*line == '#' || sscanf(line, "%31s %63s", r.category, r.pattern) != 2)
			continue;
		rules = xrealloc(rules, (nr_rules + 1) * sizeof(*rules));
		rules[nr_rules++] = r;
	}
	if (f)
		fclose(f);
	free(path);
}

static const char *category(const char *function)
{
	for (size_t i = 0; i < nr_rules; i++)
		if (!fnmatch(rules[i].pattern, function, 0))
			return rules[i].category;
	return NULL;
}

static int by_count(const void *a, const void *b)
{
	const struct spent *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return strcmp(x->function, y->function);
}

/* The instructions of each category, the largest first; their number. */
static size_t sum_up(const struct figure *f, struct spent *sums, size_t room)
{
	size_t n = 0;

	for (size_t i = 0; i < f->nr_spent; i++) {
		const char *c = category(f->spent[i].function);
		size_t k = 0;

		if (!c)
			continue;
		while (k < n && strcmp(sums[k].function, c))
			k++;
		if (k == room)
			continue;
		if (k == n)
			sums[n++] = (struct spent){ (char *)c, 0 };
		sums[k].count += f->spent[i].count;
	}
	qsort(sums, n, sizeof(*sums), by_count);
	return n;
}

const char *linux_also(const struct bench *b, size_t op)
{
	static char text[512];
	const struct figure *f = b->figures[BENCH_D] ? &b->figures[BENCH_D][op] : NULL;
	struct spent sums[32];
	size_t n, len = 0;

	*text = '\0';
	if (!f || !f->measured)
		return text;
	if (!rules)
		read_rules();
	n = sum_up(f, sums, 32);
	for (size_t i = 0; i < n && len < sizeof(text) - 64; i++) {
		long long each = (sums[i].count + f->times / 2) / f->times;

		if (each > 0)
			len += snprintf(text + len, sizeof(text) - len, "%s%s %lld",
					len ? ", " : "", sums[i].function, each);
	}
	return text;
}
