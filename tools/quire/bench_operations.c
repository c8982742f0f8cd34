// SPDX-License-Identifier: MIT
/* The committed list of operations, and which of them a call asks for. */
#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

void operations_read(struct bench *b)
{
	char *path = xasprintf("%s/bench/operations", home_dir());
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;

	if (!f)
		fail("%s: %s", path, strerror(errno));
	while (getline(&line, &room, f) > 0) {
		char *rest = line, *word;
		struct operation op = { 0 };

		if (*line == '#' || *line == '\n')
			continue;
		op.name = xstrdup(strsep(&rest, " \n"));
		while ((word = strsep(&rest, " \n")) != NULL) {
			op.in_mean |= !strcmp(word, "mean");
			op.guarded |= !strcmp(word, "guard");
			op.disk |= !strcmp(word, "disk");
		}
		b->ops = xrealloc(b->ops, (b->nr_ops + 1) * sizeof(*b->ops));
		b->ops[b->nr_ops++] = op;
	}
	free(line);
	fclose(f);
	free(path);
}

void operations_choose(struct bench *b, char **patterns, int nr)
{
	bool any = nr == 0;

	for (size_t i = 0; nr == 0 && i < b->nr_ops; i++)
		b->ops[i].wanted = true;
	for (int p = 0; p < nr; p++) {
		bool found = false;

		for (size_t i = 0; i < b->nr_ops; i++)
			if (!fnmatch(patterns[p], b->ops[i].name, 0))
				b->ops[i].wanted = found = true;
		any |= found;
		if (found)
			continue;
		say("there is no operation %s; `quire bench --list` names them", patterns[p]);
		b->mistakes++;
	}
	if (!any)
		exit(EXIT_MISTAKE);
}
