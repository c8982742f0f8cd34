// SPDX-License-Identifier: MIT
/*
 * What user space sees of the generations of pages. Names, formats and errors are Linux 6.1's
 * (Documentation/admin-guide/mm/multigen_lru.rst).
 *
 *	/sys/kernel/mm/lru_gen/enabled		bits: the policy is in use; aging walks page tables. y: all, n: none
 *	/sys/kernel/mm/lru_gen/min_ttl_ms	no generation younger than that is evicted
 *	/sys/kernel/debug/lru_gen		a line per generation: number, age in ms, anonymous and file pages
 *	/sys/kernel/debug/lru_gen_full		with rates of refaults, and generations that one kind has no more
 *
 * Commands, written to lru_gen:	+ memcg node seq [can_swap [force]]		a new generation behind seq
 *					- memcg node seq [swappiness [pages]]		evict up to generation seq
 *
 * memcg is the number of a control group that has the policy (memory.reclaim_policy); the root, that is the machine, has 1.
 */
#include <base/errno.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <fs/file.h>
#include <fs/kernfs.h>
#include <fs/seq_file.h>
#include <fs/sysfs.h>
#include <kernel/cgroup.h>
#include <kernel/init.h>
#include <kernel/timer.h>
#include <mm/lru_gen.h>
#include <mm/memcontrol.h>
#include <mm/reclaim.h>
#include <mm/zone.h>
#include <sync/rcu.h>

#define ROOT_MEMCG 1 /* groups have their own number and this */

/* ---- sysfs ---- */

static int enabled_show(struct seq_file *m, void *v)
{
	unsigned int caps = READ_ONCE(lru_gen_caps) & LRU_GEN_MM_WALK;

	if (READ_ONCE(reclaim_ops) == &generational_reclaim_ops)
		caps |= LRU_GEN_CORE;
	seq_printf(m, "0x%04x\n", caps);
	return 0;
}

static int set_enabled(unsigned int caps)
{
	bool now = READ_ONCE(reclaim_ops) == &generational_reclaim_ops;
	bool wanted = caps & LRU_GEN_CORE;

	WRITE_ONCE(lru_gen_caps, caps & LRU_GEN_MM_WALK);
	if (now == wanted)
		return 0;
	return reclaim_choose(wanted ? &generational_reclaim_ops : &classic_reclaim_ops);
}

static ssize_t enabled_write(struct file *file, char *buf, size_t count)
{
	unsigned int caps;
	int err = 0;

	switch (buf[0] | 0x20) {
	case 'n':
		caps = 0;
		break;
	case 'y':
		caps = -1U;
		break;
	default:
		err = kstrtouint(buf, 0, &caps);
	}
	if (!err)
		err = set_enabled(caps);
	return err ? err : (ssize_t)count;
}

static int min_ttl_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%u\n", READ_ONCE(lru_gen_min_ttl_ms));
	return 0;
}

static ssize_t min_ttl_write(struct file *file, char *buf, size_t count)
{
	unsigned int ms;
	int err = kstrtouint(buf, 0, &ms);

	if (err)
		return err;
	WRITE_ONCE(lru_gen_min_ttl_ms, ms);
	return (ssize_t)count;
}

/* ---- debugfs ---- */

/* Rates of the oldest generation: refaulted, evicted and spared, by tier; then the average of those before. */
static void show_tiers(struct seq_file *m, const struct lru_gen *gen, int type)
{
	for (int tier = 0; tier < MAX_NR_TIERS; tier++)
		seq_printf(m, "            %10d %10ldr %10lde %10ldp %10luR %10luT\n", tier,
			   atomic_long_read(&gen->refaulted[type][tier]),
			   atomic_long_read(&gen->evicted[type][tier]),
			   atomic_long_read(&gen->spared[type][tier]),
			   READ_ONCE(gen->avg_refaulted[type][tier]),
			   READ_ONCE(gen->avg_total[type][tier]));
}

static void show_generation(struct seq_file *m, const struct lru_gen *gen, unsigned long seq,
			    bool full)
{
	seq_printf(m, " %10lu %10u", seq, jiffies_to_msecs(jiffies - gen->born[lru_gen_slot(seq)]));
	for (int type = 0; type < ANON_AND_FILE; type++) {
		bool gone = seq < READ_ONCE(gen->min_seq[type]);
		long size = gone ? 0 : atomic_long_read(&gen->size[lru_gen_slot(seq)][type]);

		/* Pages that came after the count may have left by now. */
		seq_printf(m, " %10ld%c", max(size, 0L), full && gone ? 'x' : ' ');
	}
	seq_putc(m, '\n');
	for (int type = 0; full && type < ANON_AND_FILE; type++)
		if (seq == READ_ONCE(gen->min_seq[type]))
			show_tiers(m, gen, type);
}

static void show_node(struct seq_file *m, struct lruvec *lruvec)
{
	const struct lru_gen *gen = lruvec->gen;
	bool full = m->private != NULL;
	unsigned long seq;

	if (!gen)
		return; /* never used so far */
	lru_gen_recount(lruvec);
	seq = READ_ONCE(gen->min_seq[LRU_GEN_ANON]);
	if (full)
		seq = READ_ONCE(gen->max_seq) + 1 - MAX_NR_GENS;
	for (; seq <= READ_ONCE(gen->max_seq); seq++)
		show_generation(m, gen, seq, full);
}

/* Of @memcg, or of the machine. */
static struct lruvec *lruvec_at(struct mem_cgroup *memcg, int nid)
{
	return memcg ? &memcg->nodeinfo[nid].lruvec : &NODE_DATA(nid)->__lruvec;
}

static void show_nodes(struct seq_file *m, struct mem_cgroup *memcg)
{
	struct pglist_data *pgdat;

	for_each_online_pgdat(pgdat)
	{
		if (!pgdat->node_present_pages)
			continue;
		seq_printf(m, " node %5d\n", pgdat->node_id);
		show_node(m, lruvec_at(memcg, pgdat->node_id));
	}
}

static bool is_generational(const struct mem_cgroup *memcg)
{
	return memcg_policy(memcg) == &generational_reclaim_ops;
}

static int lru_gen_show(struct seq_file *m, void *v)
{
	seq_printf(m, "memcg %5u /\n", ROOT_MEMCG);
	show_nodes(m, NULL);
	for (struct mem_cgroup *memcg = NULL; (memcg = memcg_next(memcg));) {
		if (!is_generational(memcg))
			continue;
		seq_printf(m, "memcg %5u ", memcg->id + ROOT_MEMCG);
		memcg_print_path(m, memcg);
		seq_putc(m, '\n');
		show_nodes(m, memcg);
	}
	return 0;
}

/* memcg, node, seq and two more that may be left out. */
#define MAX_NUMBERS 5

/* The numbers of a command: how many, or -EINVAL. */
static int parse_numbers(char *text, unsigned long *numbers)
{
	char *word;
	int n = 0;

	while ((word = strsep(&text, " \t")) != NULL) {
		if (!*word)
			continue;
		if (n == MAX_NUMBERS || kstrtoul(word, 10, numbers + n++))
			return -EINVAL;
	}
	return n;
}

/* The group with the number @id of the file, with a reference; NULL: there is none with generations. */
static struct mem_cgroup *group_with(unsigned long id)
{
	struct mem_cgroup *memcg = NULL;

	do
		memcg = memcg_next(memcg);
	while (memcg && memcg->id + ROOT_MEMCG != id);
	if (memcg && is_generational(memcg))
		return memcg;
	memcg_put(memcg);
	return NULL;
}

/* "+" or "-" with @n numbers, of @lruvec. */
static int run_on(struct lruvec *lruvec, char what, const unsigned long *number, int n)
{
	if (!lruvec->gen || !lruvec->pgdat)
		return -EINVAL;
	if (what == '+')
		return lru_gen_run_aging(lruvec, number[2], n < 4 || number[3], n < 5 || number[4]);
	if (what != '-' || (n > 3 && number[3] > 200))
		return -EINVAL;
	return lru_gen_run_eviction(lruvec, number[2], n > 3 ? (int)number[3] : vm_swappiness,
				    n > 4 ? number[4] : -1UL);
}

static int run_command(char *cmd)
{
	unsigned long number[MAX_NUMBERS];
	struct mem_cgroup *memcg = NULL;
	int n = parse_numbers(cmd + 1, number), err;

	if (n < 3 || number[1] >= MAX_NUMNODES || !NODE_DATA(number[1]) ||
	    !NODE_DATA(number[1])->node_present_pages)
		return -EINVAL;
	if (number[0] != ROOT_MEMCG) {
		memcg = group_with(number[0]);
		if (!memcg)
			return -EINVAL;
	}
	err = run_on(lruvec_at(memcg, number[1]), *cmd, number, n);
	memcg_put(memcg);
	return err;
}

/* Commands are separated by commas, semicolons or lines. */
static ssize_t lru_gen_write(struct file *file, char *buf, size_t count)
{
	char *cmd;

	while ((cmd = strsep(&buf, ",;\n")) != NULL) {
		int err;

		while (*cmd == ' ' || *cmd == '\t')
			cmd++;
		err = *cmd ? run_command(cmd) : 0;
		if (err)
			return err;
	}
	return (ssize_t)count;
}

static int __init lru_gen_files_init(void)
{
	const char *last;
	struct kernfs_node *dir = kernfs_make_path(&sysfs_root, "kernel/mm/lru_gen/enabled", &last);

	if (dir) {
		kernfs_create_file(dir, "enabled", 0644, enabled_show, enabled_write, NULL);
		kernfs_create_file(dir, "min_ttl_ms", 0644, min_ttl_show, min_ttl_write, NULL);
	}
	kernfs_create_file(&debugfs_root, "lru_gen", 0644, lru_gen_show, lru_gen_write, NULL);
	kernfs_create_file(&debugfs_root, "lru_gen_full", 0444, lru_gen_show, NULL, &lru_gen_caps);
	return 0;
}
fs_initcall(lru_gen_files_init);
