// SPDX-License-Identifier: MIT
/*
 * The classes of pages, as /proc/meminfo, vmstat and zoneinfo show them: which pages are in which, and what moves them.
 * Sums of other programs move a little meanwhile, and Linux counts batches late: everything here is large.
 */
#include "maps.h"

#define MB    (1L << 20)
#define SIZE  (16 * MB)
#define SLACK 1024 /* kB */
#define ANON  (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW    (PROT_READ | PROT_WRITE)

/* Linux: what waits in the batches of each CPU joins its list; then counters are folded. */
static void settle(void)
{
	char c;
	int fd = open("/proc/sys/vm/compact_memory", O_WRONLY);

	if (fd >= 0) {
		(void)!write(fd, "1", 1);
		close(fd);
	}
	fd = open("/proc/sys/vm/stat_refresh", O_RDONLY);
	if (fd >= 0) {
		(void)!read(fd, &c, 1);
		close(fd);
	}
}

struct lru {
	long active, inactive, active_anon, inactive_anon, active_file, inactive_file, unevictable;
};

static struct lru look(void)
{
	struct lru l;

	settle();
	l.active = meminfo_kb("Active:");
	l.inactive = meminfo_kb("Inactive:");
	l.active_anon = meminfo_kb("Active(anon):");
	l.inactive_anon = meminfo_kb("Inactive(anon):");
	l.active_file = meminfo_kb("Active(file):");
	l.inactive_file = meminfo_kb("Inactive(file):");
	l.unevictable = meminfo_kb("Unevictable:");
	return l;
}

static bool near(long a, long b)
{
	return labs(a - b) <= SLACK;
}

static void identities(void)
{
	struct lru l = look();
	long anon = meminfo_kb("AnonPages:"), shmem = meminfo_kb("Shmem:");
	long cached = meminfo_kb("Cached:") + meminfo_kb("Buffers:") + meminfo_kb("SwapCached:");

	ok(near(l.active, l.active_anon + l.active_file), "Active is the sum of its kinds");
	ok(near(l.inactive, l.inactive_anon + l.inactive_file), "Inactive is the sum of its kinds");
	ok(near(l.active + l.inactive + l.unevictable, anon + cached),
	   "all classes together hold what is anonymous and what is cached");
	ok(l.active_anon + l.inactive_anon <= anon + shmem + SLACK,
	   "anonymous classes hold no more than AnonPages and Shmem");
	ok(vmstat("nr_inactive_anon") >= 0 && vmstat("nr_zone_inactive_anon") >= 0 &&
		   labs(vmstat("nr_inactive_anon") - vmstat("nr_zone_inactive_anon")) < SLACK / 4,
	   "nr_inactive_anon of nodes and of zones agree");
}

static void anonymous(void)
{
	struct lru before = look(), l;
	char *p = mmap(NULL, SIZE, RW, ANON, -1, 0);

	must(p != MAP_FAILED);
	memset(p, 1, SIZE);
	l = look();
	ok(near(l.inactive_anon - before.inactive_anon, SIZE / 1024),
	   "new anonymous pages are inactive");
	is(mlock(p, SIZE / 2), 0, "mlock of half of them");
	l = look();
	ok(near(l.unevictable - before.unevictable, SIZE / 2048), "they are unevictable");
	ok(near(l.inactive_anon - before.inactive_anon, SIZE / 2048), "and not inactive any more");
	is(munlock(p, SIZE / 2), 0, "munlock");
	l = look();
	ok(near(l.unevictable, before.unevictable), "nothing is unevictable any more");
	ok(near(l.inactive_anon + l.active_anon - before.inactive_anon - before.active_anon,
		SIZE / 1024),
	   "they are anonymous again");
	munmap(p, SIZE);
	l = look();
	ok(near(l.inactive_anon, before.inactive_anon), "unmapped pages leave");
}

static void mlocked_and_gone(void)
{
	struct lru before = look(), l;
	char *p = mmap(NULL, SIZE, RW, ANON, -1, 0);

	must(p != MAP_FAILED && !mlock(p, SIZE));
	if (!fork())
		_exit(0);
	wait(NULL);
	munmap(p, SIZE);
	l = look();
	ok(near(l.unevictable, before.unevictable), "mlocked pages that are unmapped leave");
}

static void read_all(int fd)
{
	static char buf[65536];
	long sum = 0, n;

	lseek(fd, 0, SEEK_SET);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		sum += n;
	must(sum == SIZE);
}

static void second_touch(void)
{
	int fd = open("/tmp/lru", O_RDWR | O_CREAT | O_TRUNC, 0600);
	static char buf[65536];
	struct lru before, l;

	must(fd >= 0);
	before = look();
	for (long at = 0; at < SIZE; at += sizeof(buf))
		must(write(fd, buf, sizeof(buf)) == sizeof(buf));
	l = look();
	ok(near(l.inactive_anon - before.inactive_anon, SIZE / 1024),
	   "written pages of tmpfs are inactive");
	read_all(fd);
	read_all(fd);
	l = look();
	ok(near(l.active_anon - before.active_anon, SIZE / 1024), "read twice, they are active");
	ok(near(l.inactive_anon, before.inactive_anon), "and not inactive any more");
	close(fd);
	unlink("/tmp/lru");
	l = look();
	ok(near(l.active_anon, before.active_anon), "of a removed file none stays");
}

/* SHM_LOCK and its end reach pages that are there already. */
static void shm_lock(void)
{
	struct lru before = look(), l;
	int id = syscall(SYS_shmget, 0, SIZE, 01000 | 0600);
	char *p = (char *)syscall(SYS_shmat, id, NULL, 0);

	must(id >= 0 && p != (char *)-1);
	memset(p, 1, SIZE);
	syscall(SYS_shmctl, id, 11 /* SHM_LOCK */, NULL);
	memset(p, 2, SIZE);
	syscall(SYS_shmctl, id, 12 /* SHM_UNLOCK */, NULL);
	l = look();
	ok(near(l.unevictable, before.unevictable), "SHM_UNLOCK leaves nothing unevictable");
	syscall(SYS_shmdt, p);
	syscall(SYS_shmctl, id, 0 /* IPC_RMID */, NULL);
	l = look();
	ok(near(l.inactive_anon + l.active_anon, before.inactive_anon + before.active_anon),
	   "a removed segment leaves the classes");
}

int main(void)
{
	identities();
	anonymous();
	mlocked_and_gone();
	second_touch();
	shm_lock();
	identities();
	return tap_end();
}
