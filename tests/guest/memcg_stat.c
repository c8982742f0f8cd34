// SPDX-License-Identifier: MIT
/* The events of memory.stat: page faults of a group's tasks, what reclaim did to its pages; memory.numa_stat. */
#include "cgroup.h"
#include "textfile.h"

#define PAGES 2048
#define BEGIN "/dev/shm/trace/events/vmscan/mm_vmscan_memcg_reclaim_begin/"
#define BYTES ((size_t)PAGES * 4096)

static const char *const stat_fields[] = {
	"anon",
	"file",
	"kernel",
	"kernel_stack",
	"pagetables",
	"sec_pagetables",
	"percpu",
	"sock",
	"vmalloc",
	"shmem",
	"file_mapped",
	"file_dirty",
	"file_writeback",
	"swapcached",
	"inactive_anon",
	"active_anon",
	"inactive_file",
	"active_file",
	"unevictable",
	"slab_reclaimable",
	"slab_unreclaimable",
	"slab",
	"workingset_refault_anon",
	"workingset_refault_file",
	"workingset_activate_anon",
	"workingset_activate_file",
	"workingset_restore_anon",
	"workingset_restore_file",
	"workingset_nodereclaim",
	"pgscan",
	"pgsteal",
	"pgscan_kswapd",
	"pgscan_direct",
	"pgsteal_kswapd",
	"pgsteal_direct",
	"pgfault",
	"pgmajfault",
	"pgrefill",
	"pgactivate",
	"pgdeactivate",
	"pglazyfree",
	"pglazyfreed",
};

static bool is_of_node(const char *name)
{
	static const char *const machine_only[] = { "kernel", "percpu", "sock", "vmalloc", "slab" };

	for (size_t i = 0; i < sizeof(machine_only) / sizeof(machine_only[0]); i++)
		if (!strcmp(name, machine_only[i]))
			return false;
	return strncmp(name, "pg", 2);
}

/* Lines of @file begin with the fields, in their order; there may be others between. How many were found. */
static size_t fields_in_order(const char *file, bool of_node)
{
	char *line = cg_read(file);
	size_t found = 0;

	for (; line && *line; line = strchr(line, '\n') + 1) {
		while (found < sizeof(stat_fields) / sizeof(stat_fields[0]) && of_node &&
		       !is_of_node(stat_fields[found]))
			found++;
		if (found == sizeof(stat_fields) / sizeof(stat_fields[0]))
			break;
		if (!strncmp(line, stat_fields[found], strcspn(line, " ")) &&
		    strlen(stat_fields[found]) == strcspn(line, " "))
			found++;
	}
	return found;
}

static void test_fields(void)
{
	size_t all = sizeof(stat_fields) / sizeof(stat_fields[0]);

	is(fields_in_order("memory.stat", false), all, "memory.stat of the root: fields, in order");
	is(fields_in_order("s/1/memory.stat", false), all, "of a group");
	/* Nothing of a node comes after the last workingset field. */
	is(fields_in_order("memory.numa_stat", true), 29, "memory.numa_stat of the root");
	is(fields_in_order("s/1/memory.numa_stat", true), 29, "of a group");
	ok(cg_num("memory.stat", "pgfault") > 0, "the root knows its page faults");
}

/* ---- a child in s/1 ---- */

static int order[2], answer[2];
static char *memory;

static char step(char c)
{
	must(write(order[1], &c, 1) == 1 && read(answer[0], &c, 1) == 1);
	return c;
}

static void serve(void)
{
	int fd = memfd_create("m", 0);
	char c;

	memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(!ftruncate(fd, BYTES));
	while (read(order[0], &c, 1) == 1) {
		if (c == 't')
			memset(memory, 1, BYTES);
		else if (c == 'f')
			must(!madvise(memory, BYTES, MADV_FREE));
		else if (c == 'w') /* a page of a file that is used twice becomes active */
			for (int i = 0; i < 4; i++)
				must((i ? pread(fd, memory, BYTES, 0)
					: pwrite(fd, memory, BYTES, 0)) == (ssize_t)BYTES);
		must(write(answer[1], &c, 1) == 1);
	}
	_exit(0);
}

static long long stat_of(const char *group, const char *field)
{
	return cg_num(cg_path("%s/memory.stat", group) + strlen(CG), field);
}

/* What has come to rest: Linux does not add up what is new while it is about to do so elsewhere. */
static long long settled(const char *group, const char *field)
{
	long long before, now = stat_of(group, field);

	do {
		before = now;
		sleep_ms(20);
		now = stat_of(group, field);
	} while (now != before);
	return now;
}

static bool scanned_stolen(const char *group)
{
	const char *stat = cg_read(cg_path("%s/memory.stat", group) + strlen(CG));

	return stat && cg_field(stat, "pgscan") >= cg_field(stat, "pgsteal") &&
	       cg_field(stat, "pgsteal") >= cg_field(stat, "pgsteal_direct");
}

/* Those that it had, and perhaps a few more. */
static bool is_about(long long now, long long before)
{
	return now >= before && now < before + PAGES;
}

/* How often memory.reclaim of a group of which nothing can be had tries before it gives up. */
static void test_gives_up(void)
{
	int fd, tries = 0;
	ssize_t n;
	pid_t pid;
	char c;

	must(!cg_mkdir("s/3") && !pipe(answer));
	if (!access(CG "s/3/memory.swap.max", F_OK))
		must(!cg_write("s/3/memory.swap.max", "0"));
	pid = cg_member("s/3");
	if (!pid) {
		memset(malloc(BYTES), 1, BYTES);
		must(write(answer[1], "x", 1) == 1);
		pause();
	}
	must(read(answer[0], &c, 1) == 1);
	/* What can go shall be gone. */
	while (!cg_write("s/3/memory.reclaim", "4K"))
		;
	must(!mkdir("/dev/shm/trace", 0755) &&
	     !mount("none", "/dev/shm/trace", "tracefs", 0, NULL));
	must(!spew(BEGIN "enable", "1"));
	fails(cg_write("s/3/memory.reclaim", "1M"), EAGAIN, "nothing can be reclaimed");
	must(!spew(BEGIN "enable", "0"));
	fd = open("/dev/shm/trace/trace", O_RDONLY);
	while ((n = read(fd, cg_text, sizeof(cg_text) - 1)) > 0) {
		cg_text[n] = 0;
		for (char *p = cg_text; (p = strstr(p, "mm_vmscan_memcg_reclaim_begin: ")); p++)
			tries++;
	}
	close(fd);
	is(tries, 17, "after so many tries");
	must(!umount("/dev/shm/trace") && !rmdir("/dev/shm/trace"));
	fails(cg_write("s/3/memory.reclaim", "\n"), EAGAIN, "an empty line asks for all");
	fails(cg_write("s/3/memory.reclaim", "max"), EINVAL, "max is no number of bytes");
	ok(!cg_write("s/3/memory.reclaim", "0"), "0 asks for nothing");
	cg_reap(pid);
	ok(CG_WAIT(!cg_rmdir("s/3")), "removed");
}

/* Small changes Linux adds up every two seconds only. */
#define REACHES(group, field, n, what)                                                             \
	ok(CG_WAIT(stat_of(group, field) >= (n)), "%s: %s", field, what)

static void test_events(void)
{
	long long faults;
	pid_t pid;

	must(!pipe(order) && !pipe(answer));
	pid = cg_member("s/1");
	if (!pid)
		serve();
	faults = stat_of("s/1", "pgfault");
	step('t');
	REACHES("s/1", "pgfault", faults + PAGES, "of a task in the group");
	REACHES("s", "pgfault", faults + PAGES, "the parent counts them, too");
	is(stat_of("s/2", "pgfault"), 0, "the neighbour does not");

	step('f');
	REACHES("s/1", "pglazyfree", PAGES / 2, "MADV_FREE");
	while (stat_of("s/1", "pglazyfreed") < PAGES / 2 && !cg_write("s/1/memory.reclaim", "1M"))
		;
	REACHES("s/1", "pglazyfreed", PAGES / 2, "reclaimed");
	REACHES("s/1", "pgscan_direct", PAGES / 2, "for that they were looked at");
	REACHES("s/1", "pgsteal_direct", PAGES / 2, "and taken");
	REACHES("s", "pgsteal_direct", PAGES / 2, "the parent counts it, too");
	ok(CG_WAIT(scanned_stolen("s/1")), "pgscan >= pgsteal >= pgsteal_direct");
	is(stat_of("s/2", "pgscan"), 0, "the neighbour's pages were let alone");

	step('w');
	REACHES("s/1", "pgactivate", PAGES / 2, "pages that are used again");

	/* Who moves takes nothing along. */
	step('t');
	faults = settled("s/1", "pgfault");
	must(!cg_write_num("s/2/cgroup.procs", pid));
	ok(is_about(stat_of("s/1", "pgfault"), faults),
	   "what a task had it leaves behind when it moves");
	ok(stat_of("s/2", "pgfault") < PAGES, "and starts anew");
	step('f');
	step('t');
	faults = settled("s", "pgfault");
	cg_reap(pid);
	ok(is_about(stat_of("s", "pgfault"), faults), "nothing is lost when it dies");
}

static long long node_sum(const char *file, const char *field)
{
	char *text = cg_read(file), *p, key[64];
	long long sum = 0;

	snprintf(key, sizeof(key), "\n%s ", field);
	p = text ? strstr(text, key) : NULL;
	if (!p)
		return -1;
	for (p++; (p = strpbrk(p, "=\n")) && *p == '='; p++)
		sum += atoll(p + 1);
	return sum;
}

static void test_nodes(void)
{
	static const char *const same[] = { "shmem", "pagetables", "slab_unreclaimable" };
	int fd = memfd_create("n", 0);
	long long n = 0;
	pid_t pid;
	char c;

	must(!pipe(order) && !pipe(answer));
	pid = cg_member("s/2");
	if (!pid) {
		memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			      0);
		memset(memory, 2, BYTES);
		must(write(fd, memory, BYTES) == (ssize_t)BYTES);
		for (int i = 0; i < 64; i++)
			must(!pipe(order));
		must(write(answer[1], "x", 1) == 1);
		pause();
	}
	must(read(answer[0], &c, 1) == 1);
	ok(CG_WAIT(node_sum("s/2/memory.numa_stat", "file") >= (long long)BYTES),
	   "memory.numa_stat: file");
	ok(CG_WAIT(node_sum("s/2/memory.numa_stat", "shmem") >= (long long)BYTES), "shmem");
	/* Linux keeps some pages at hand, per CPU, before they join their class. */
	ok(CG_WAIT(node_sum("s/2/memory.numa_stat", "inactive_anon") +
			   node_sum("s/2/memory.numa_stat", "active_anon") >=
		   (long long)BYTES * 3 / 2),
	   "anonymous classes");
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		ok(CG_WAIT((n = node_sum("s/2/memory.numa_stat", same[i])) > 0 &&
			   n == stat_of("s/2", same[i])),
		   "%s of all nodes is that of memory.stat: %lld", same[i], n);
	cg_reap(pid);
	close(fd);
}

int main(void)
{
	long long faults;

	cg_mount();
	must(!cg_write("cgroup.subtree_control", "+memory") && !cg_mkdir("s") &&
	     !cg_write("s/cgroup.subtree_control", "+memory") && !cg_mkdir("s/1") &&
	     !cg_mkdir("s/2"));
	test_fields();
	test_events();
	test_nodes();
	test_gives_up();
	faults = settled("s", "pgfault");
	ok(CG_WAIT(!cg_rmdir("s/1")) && CG_WAIT(!cg_rmdir("s/2")), "removed");
	ok(is_about(stat_of("s", "pgfault"), faults) && stat_of("s", "pglazyfree") >= PAGES / 2,
	   "the events of a removed group are its parent's");
	ok(CG_WAIT(!cg_rmdir("s")) && !cg_write("cgroup.subtree_control", "-memory"), "all gone");
	return tap_end();
}
