// SPDX-License-Identifier: MIT
/*
 * Generations of pages, by /sys/kernel/mm/lru_gen and the commands of debugfs (Documentation/admin-guide/mm/multigen_lru.rst): switching
 * on and off, a new generation by command, and who is used joins it while who is not is left behind.
 */
#include <sys/mount.h>
#include "textfile.h"

#define ENABLED "/sys/kernel/mm/lru_gen/enabled"
#define MIN_TTL "/sys/kernel/mm/lru_gen/min_ttl_ms"
#define LRU_GEN "/sys/kernel/debug/lru_gen"
#define PG	4096UL
#define HALF	2048UL /* pages */

/* ---- the file ---- */

struct generation {
	unsigned long seq, age, anon, file;
};
static struct node {
	int id, nr;
	struct generation gen[16]; /* the oldest first */
} nodes[32];
static int nr_nodes;

/* The generations of each node, of the first group alone, which is the machine. */
static void read_nodes(void)
{
	struct generation g;

	nr_nodes = 0;
	strtok(slurp(LRU_GEN), "\n");
	for (char *line; (line = strtok(NULL, "\n")) && strncmp(line, "memcg", 5);) {
		struct node *node = nodes + nr_nodes - 1;

		if (!strncmp(line, " node", 5)) {
			must(nr_nodes < 32);
			node = nodes + nr_nodes++;
			must(sscanf(line, " node %d", &node->id) == 1);
			node->nr = 0;
		} else if (nr_nodes && node->nr < 16 &&
			   sscanf(line, " %lu %lu %lu %lu", &g.seq, &g.age, &g.anon, &g.file) == 4)
			node->gen[node->nr++] = g;
	}
	must(nr_nodes);
	for (int i = 0; i < nr_nodes; i++)
		must(nodes[i].nr);
}

static unsigned long youngest_of(const struct node *node)
{
	return node->gen[node->nr - 1].seq;
}

/* Of the first node. */
static unsigned long youngest(void)
{
	read_nodes();
	return youngest_of(nodes);
}

/* Anonymous pages of all nodes in the generation that is @nr before the youngest. */
static unsigned long anon_before(unsigned long nr)
{
	unsigned long anon = 0;

	read_nodes();
	for (int i = 0; i < nr_nodes; i++)
		for (int g = 0; g < nodes[i].nr; g++)
			if (nodes[i].gen[g].seq + nr == youngest_of(nodes + i))
				anon += nodes[i].gen[g].anon;
	return anon;
}

static int command(const char *fmt, int node, unsigned long seq)
{
	char cmd[64];

	snprintf(cmd, sizeof(cmd), fmt, node, seq);
	return spew(LRU_GEN, cmd);
}

/* In each node. */
static int new_generation(void)
{
	int err = 0;

	read_nodes();
	for (int i = 0; i < nr_nodes && !err; i++)
		err = command("+ 1 %d %lu 1 1", nodes[i].id, youngest_of(nodes + i));
	return err;
}

/* ---- switches ---- */

static unsigned long enabled(void)
{
	return strtoul(slurp(ENABLED), NULL, 0);
}

static void switches(void)
{
	unsigned int bits;
	char end;

	is(spew(ENABLED, "n"), 0, "enabled: n");
	is(enabled(), 0, "then no bit is set");
	is(spew(ENABLED, "y"), 0, "enabled: y");
	ok(sscanf(slurp(ENABLED), "0x%4x%c", &bits, &end) == 2 && end == '\n' && (bits & 3) == 3,
	   "then the policy and its walks are on, in four hexadecimal digits");
	is(spew(ENABLED, "1"), 0, "enabled: a number");
	is(enabled(), 1, "is the set of bits");
	is(spew(ENABLED, "0x3"), 0, "also a hexadecimal one");
	is(enabled(), 3, "with two bits");
	is(spew(ENABLED, "many"), EINVAL, "what is none is EINVAL");
	is(spew(MIN_TTL, "1500"), 0, "min_ttl_ms");
	is(strtol(slurp(MIN_TTL), NULL, 10), 1500, "reads as it was written");
	is(spew(MIN_TTL, "soon"), EINVAL, "what is no number is EINVAL");
	is(spew(MIN_TTL, "0"), 0, "min_ttl_ms: off");
}

/* ---- commands ---- */

static void commands(void)
{
	unsigned long seq = youngest();
	int node = nodes->id;

	ok(nodes->nr >= 2 && nodes->nr <= 4, "there are two to four generations");
	is(command("+ 1 %d %lu 1 1", node, seq), 0, "a new generation");
	is(youngest(), seq + 1, "has the next number");
	is(command("+ 1 %d %lu 1 1", node, seq), 0, "the same command again");
	is(youngest(), seq + 1, "makes no other");
	is(command("+ 1 %d %lu", node, seq + 7), EINVAL, "+ of a generation to come is EINVAL");
	is(command("+ 1 %d %lu", 99, seq + 1), EINVAL, "+ of a node that is not there");
	is(command("+ 60000 %d %lu", node, seq + 1), EINVAL, "+ of a group that is not there");
	is(command("* 1 %d %lu", node, seq + 1), EINVAL, "another letter");
	is(command("+ 1 %d", node, 0), EINVAL, "no number");
	is(command("- 1 %d %lu", node, seq + 1), EINVAL, "- of the youngest is EINVAL");
	is(command("- 1 %d %lu 201", node, 0), EINVAL, "- with a swappiness above 200");
	is(command("- 1 %d %lu 0 1", node, 0), 0, "- of one that is gone does nothing");
	is(command("+ 1 %d %lu 1 1\n", node, youngest()), 0, "a line of echo");
}

/* ---- aging ---- */

static void touch(char *at, unsigned long pages)
{
	/* No CPU may remember the entries: else it does not set their accessed bits. */
	mprotect(at, pages * PG, PROT_READ);
	mprotect(at, pages * PG, PROT_READ | PROT_WRITE);
	for (unsigned long i = 0; i < pages; i++)
		((volatile char *)at)[i * PG] += 1;
}

static void aging(void)
{
	char *at = mmap(NULL, 2 * HALF * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);
	unsigned long before, left, moved;

	must(at != MAP_FAILED);
	madvise(at, 2 * HALF * PG, MADV_NOHUGEPAGE);
	touch(at, 2 * HALF);
	is(new_generation(), 0, "all were used; a new generation");
	before = anon_before(1);
	ok(before >= 2 * HALF - 128, "they are in that before it");
	touch(at, HALF);
	is(new_generation(), 0, "half of them are used; another one");
	left = before - anon_before(2);
	moved = anon_before(1);
	if (!ok(left >= HALF - 128 && left < HALF + HALF / 2,
		"half of them have left their generation"))
		printf("# %lu of %lu left\n", left, before);
	if (!ok(moved >= HALF - 128, "for the next one"))
		printf("# %lu there\n", moved);
	munmap(at, 2 * HALF * PG);
	ok(anon_before(2) + HALF / 2 < before, "what is unmapped is in none");
}

int main(void)
{
	char was[16];

	if (access(LRU_GEN, F_OK))
		must(!mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL));
	snprintf(was, sizeof(was), "%s", slurp(ENABLED));
	must(*was);
	switches();
	commands();
	aging();
	is(spew(ENABLED, was), 0, "back to the policy of before");
	return tap_end();
}
