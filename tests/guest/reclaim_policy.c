// SPDX-License-Identifier: MIT
/*
 * memory.reclaim_policy of a control group: inherited at mkdir, and switched under load. Two groups at their limits, one under each policy, change
 * places again and again while processes go round more memory than they may have: every byte is there at the end, and so is the memory. Who is
 * at work is seen in debugfs: the generations of a group that has them go on.
 * oracle: none (Linux has one policy for all groups)
 */
#include "cgroup.h"
#include "swapdev.h"
#include "textfile.h"

#include <sys/swap.h>

#define LRU_GEN "/sys/kernel/debug/lru_gen"
#define CONTROL "/sys/class/zram-control/hot_"
#define MB	(1ul << 20)
#define PAGES	(4 * MB / PAGE)
#define LIMIT	"2M"
#define WORDS	(PAGE / 8)

static void files(void)
{
	ok(cg_read("memory.reclaim_policy") == NULL, "the root has no memory.reclaim_policy");
	must(!cg_mkdir("p"));
	ok(cg_is("p/memory.reclaim_policy", "[classic] generational\n"),
	   "a new group has the machine's");
	fails(cg_write("p/memory.reclaim_policy", "best"), EINVAL, "one that is not there");
	is(cg_write("p/memory.reclaim_policy", "generational\n"), 0, "another one");
	ok(cg_is("p/memory.reclaim_policy", "classic [generational]\n"), "is in brackets");
	must(!cg_write("p/cgroup.subtree_control", "+memory") && !cg_mkdir("p/1"));
	ok(cg_is("p/1/memory.reclaim_policy", "classic [generational]\n"),
	   "a child has its parent's");
	must(!cg_write("p/memory.reclaim_policy", "classic"));
	ok(cg_is("p/1/memory.reclaim_policy", "classic [generational]\n"), "and keeps it");
	must(!cg_rmdir("p/1") && !cg_rmdir("p"));
}

/* ---- two that work ---- */

/* How often the process of each group has gone round. */
static volatile unsigned long *rounds;
static volatile bool *stop;

/* Go round, twice with the same contents: the first time they are written. 0: each word was always as it had been written. */
static int churn(unsigned who)
{
	uint64_t *p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	bool good = true;

	madvise(p, PAGES * PAGE, MADV_NOHUGEPAGE);
	for (unsigned long round = 0; round < 2 || !*stop; round++) {
		for (unsigned long i = 0; i < PAGES * WORDS; i++) {
			uint64_t last = round ? (round - 1) / 2 << 40 | i << 8 | who : 0;

			good = good && p[i] == last;
			if (round % 2 == 0)
				p[i] = round / 2 << 40 | i << 8 | who;
		}
		rounds[who]++;
	}
	return !good;
}

static pid_t start(unsigned who, const char *group)
{
	pid_t pid = cg_member(group);

	if (!pid)
		_exit(churn(who));
	return pid;
}

/* The number of the youngest generation of @group (a path); -1: it has none. */
static long youngest(const char *group)
{
	char *at = slurp(LRU_GEN), name[32];
	long seq = -1;

	snprintf(name, sizeof(name), " %s\n", group);
	at = strstr(at, name);
	if (!at)
		return -1;
	for (at = strchr(at + 1, '\n'); at && strncmp(at, "\nmemcg", 6);
	     at = strchr(at + 1, '\n')) {
		long s;

		if (sscanf(at, " %ld %*d %*d %*d", &s) == 1)
			seq = s;
	}
	return seq;
}

static bool is_bounded(const char *file)
{
	return cg_num(file, NULL) <= (long long)(3 * MB);
}

/* @old becomes generational, @young classical; each works on. */
static bool change_places(const char *old, const char *young)
{
	char file[2][64];
	long long met[2];
	long seq;

	snprintf(file[0], sizeof(file[0]), "%s/memory.reclaim_policy", old);
	snprintf(file[1], sizeof(file[1]), "%s/memory.reclaim_policy", young);
	if (cg_write(file[0], "generational") || cg_write(file[1], "classic"))
		return false;
	seq = youngest(cg_path("%s", old) + strlen(CG) - 1);
	snprintf(file[0], sizeof(file[0]), "%s/memory.events", old);
	snprintf(file[1], sizeof(file[1]), "%s/memory.events", young);
	for (int i = 0; i < 2; i++)
		met[i] = cg_num(file[i], "max");
	return seq >= 0 && youngest(cg_path("%s", young) + strlen(CG) - 1) == -1 &&
	       EVENTUALLY(youngest(cg_path("%s", old) + strlen(CG) - 1) > seq) &&
	       EVENTUALLY(cg_num(file[0], "max") > met[0] && cg_num(file[1], "max") > met[1]);
}

static void under_load(int nr)
{
	unsigned long before[2];
	pid_t pid[2];
	bool good = true;

	*stop = false;
	must(!cg_mkdir("a") && !cg_mkdir("b"));
	must(!cg_write("a/memory.max", LIMIT) && !cg_write("b/memory.max", LIMIT));
	must(!cg_write("a/memory.reclaim_policy", "generational"));
	pid[0] = start(0, "a");
	pid[1] = start(1, "b");
	before[0] = rounds[0];
	before[1] = rounds[1];
	ok(EVENTUALLY(rounds[0] > before[0] && rounds[1] > before[1]), "%d: both go round", nr);
	ok(EVENTUALLY(youngest("/a") > 3) && youngest("/b") == -1, "%d: one has generations", nr);
	for (int i = 0; i < 2; i++)
		good = good && (i & 1 ? change_places("a", "b") : change_places("b", "a"));
	ok(good, "%d: they change places twice; who has generations makes new ones", nr);
	before[0] = rounds[0];
	before[1] = rounds[1];
	ok(EVENTUALLY(rounds[0] > before[0] && rounds[1] > before[1]), "%d: both go on", nr);
	ok(is_bounded("a/memory.current") && is_bounded("b/memory.current"), "%d: within limits",
	   nr);
	*stop = true;
	for (int i = 0; i < 2; i++) {
		int status = -1;

		waitpid(pid[i], &status, 0);
		is(status, 0, "%d: every byte was there (%s)", nr, i ? "b" : "a");
	}
	ok(EVENTUALLY(!cg_rmdir("a")) && EVENTUALLY(!cg_rmdir("b")), "%d: removed", nr);
}

static long free_kb(void)
{
	spew("/sys/kernel/debug/mm_settle", "1");
	return number_in("/proc/meminfo", "MemFree:");
}

int main(void)
{
	char path[64], size[32];
	long number, left = 0, now = 0;
	volatile void *shared =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	must(shared != MAP_FAILED);
	rounds = shared;
	stop = (volatile bool *)(rounds + 2);
	cg_mount();
	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	must(!cg_write("cgroup.subtree_control", "+memory") && !cg_mkdir("x"));
	if (!cg_read("x/memory.reclaim_policy")) {
		ok(errno == ENOENT, "policies # skip oracle: none, one policy for all groups");
		cg_rmdir("x");
		return tap_end();
	}
	must(!cg_rmdir("x"));
	files();
	number = strtol(slurp(CONTROL "add"), NULL, 10);
	snprintf(path, sizeof(path), "/sys/block/zram%ld/disksize", number);
	must(!spew(path, "16777216"));
	snprintf(path, sizeof(path), "/dev/zram%ld", number);
	must(make_swap(path, 16 * MB / PAGE - 1, 0));
	for (int nr = 1; nr <= 2; nr++) {
		must(!swapon(path, 0));
		under_load(nr);
		must(!swapoff(path));
		left = now;
		now = free_kb();
	}
	/* The first round has made what is made once. */
	ok(EVENTUALLY((now = free_kb()) > left - 256),
	   "the second round has taken no memory: %ld, %ld kB", left, now);
	snprintf(size, sizeof(size), "%ld", number);
	ok(!spew(CONTROL "remove", size), "the swap device goes");
	must(!cg_write("cgroup.subtree_control", "-memory"));
	return tap_end();
}
