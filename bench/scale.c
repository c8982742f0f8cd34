// SPDX-License-Identifier: MIT
/*
 * What `quire bench scale` runs in the guest: one operation by 1 to N workers at once, each on a CPU
 * of its own, between two marks (tools/plugin/lines.h).
 *
 *	scale WORKERS MILLISECONDS|xROUNDS [NAME...]	rounds per worker: as many as fit, or this number
 *
 * prints for each operation "op NAME OPERATIONS NANOSECONDS RES CAL TLB": operations of all workers
 * together and the increase of the lines of /proc/interrupts; then the lines of /proc/lock_stat, where that
 * exists, as "lock NAME CONTENTIONS WAIT_US ACQUISITIONS HOLD_US".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif
#define PAGE	    4096
#define PAGES	    256 /* of one worker's region */
#define MAX_WORKERS 64

__asm__(".pushsection .marks,\"ax\"\nmarks: .rept 64\n ret\n .endr\n.popsection");
extern const char marks[];

static void mark(int i)
{
	__asm__ volatile("call *%0" : : "r"(marks + i) : "memory");
}

/* Shared by the workers, be they threads or processes. */
struct common {
	atomic_int ready, go, done;
	atomic_bool stop;
	atomic_ulong operations;
};

static struct common *common;
static int nr_workers;
static unsigned long rounds; /* 0: until stop */
static double seconds;
static int file;       /* a file of PAGES pages */
static char *file_map; /* the same, mapped by all threads */

struct operation {
	const char *name;
	bool processes; /* workers have address spaces of their own */
	void *(*begin)(int worker);
	unsigned long (*round)(int worker, void *state); /* operations done */
};

static void die(const char *what)
{
	fprintf(stderr, "scale: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void *map_anonymous(size_t pages)
{
	char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);

	if (p == MAP_FAILED)
		die("mmap");
	madvise(p, pages * PAGE, MADV_NOHUGEPAGE);
	return p;
}

static void *begin_region(int worker)
{
	char *p = map_anonymous(1024 + PAGES); /* a page table of its own */

	(void)worker;
	return (char *)(((uintptr_t)p + (2 << 20) - 1) & ~(uintptr_t)((2 << 20) - 1));
}

/* One address space, each thread a region: faults, and their undoing. */
static unsigned long disjoint_faults(int worker, void *state)
{
	volatile char *p = state;

	(void)worker;
	for (int i = 0; i < PAGES; i++)
		p[i * PAGE] = 1;
	madvise(state, PAGES * PAGE, MADV_DONTNEED);
	return PAGES;
}

static void *begin_file_map(int worker)
{
	(void)worker;
	return file_map;
}

/* One address space, one mapping of a file: all threads fault on the same pages. */
static unsigned long shared_faults(int worker, void *state)
{
	volatile char *p = state;

	(void)worker;
	for (int i = 0; i < PAGES; i++)
		(void)p[i * PAGE];
	madvise(state, PAGES * PAGE, MADV_DONTNEED);
	return PAGES;
}

static unsigned long map_unmap(int worker, void *state)
{
	(void)worker;
	(void)state;
	for (int i = 0; i < 64; i++)
		munmap(map_anonymous(16), 16 * PAGE);
	return 64;
}

/* Address spaces apart: what is left in common is the page allocator. */
static unsigned long pages(int worker, void *state)
{
	(void)worker;
	madvise(state, PAGES * PAGE, MADV_POPULATE_WRITE);
	madvise(state, PAGES * PAGE, MADV_DONTNEED);
	return PAGES;
}

static unsigned long file_reads(int worker, void *state)
{
	char buf[64];

	(void)state;
	for (int i = 0; i < PAGES; i++)
		if (pread(file, buf, sizeof(buf), (worker * 16 + i) % PAGES * PAGE) != sizeof(buf))
			die("pread");
	return PAGES;
}

static const struct operation operations[] = {
	{ "disjoint-faults", false, begin_region, disjoint_faults },
	{ "shared-faults", false, begin_file_map, shared_faults },
	{ "map-unmap", false, NULL, map_unmap },
	{ "page-allocation", true, begin_region, pages },
	{ "shared-file-reads", false, NULL, file_reads },
};
#define NR_OPERATIONS (sizeof(operations) / sizeof(*operations))

/* --- workers --- */

struct worker {
	const struct operation *op;
	int nr;
};

/* Asleep, so that who waits adds next to nothing to what is counted. */
static void wait_for(atomic_int *value, int wanted)
{
	while (atomic_load(value) < wanted)
		usleep(1000);
}

static void work(const struct operation *op, int nr)
{
	unsigned long n = 0;
	cpu_set_t cpus;
	void *state;

	CPU_ZERO(&cpus);
	CPU_SET(nr, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		die("sched_setaffinity");
	state = op->begin ? op->begin(nr) : NULL;
	op->round(nr, state);
	atomic_fetch_add(&common->ready, 1);
	wait_for(&common->go, 1);
	for (unsigned long i = 0; rounds ? i < rounds : !atomic_load(&common->stop); i++)
		n += op->round(nr, state);
	atomic_fetch_add(&common->operations, n);
	atomic_fetch_add(&common->done, 1);
	wait_for(&common->go, 2); /* its exit is no part of the operation */
}

static void *thread(void *arg)
{
	const struct worker *w = arg;

	work(w->op, w->nr);
	return NULL;
}

static void start_workers(const struct operation *op, pthread_t *threads, struct worker *w)
{
	for (int i = 0; i < nr_workers; i++) {
		pid_t child = 0;

		w[i] = (struct worker){ op, i };
		if (!op->processes && pthread_create(&threads[i], NULL, thread, &w[i]))
			die("pthread_create");
		if (op->processes && (child = fork()) < 0)
			die("fork");
		if (op->processes && !child) {
			work(op, i);
			_exit(0);
		}
	}
}

static void join_workers(const struct operation *op, const pthread_t *threads)
{
	for (int i = 0; i < nr_workers; i++) {
		if (op->processes)
			wait(NULL);
		else
			pthread_join(threads[i], NULL);
	}
}

/* --- counters of the kernel --- */

static uint64_t interrupts(const char *name)
{
	FILE *f = fopen("/proc/interrupts", "re");
	char line[4096];
	uint64_t sum = 0;

	while (f && fgets(line, sizeof(line), f)) {
		char *p = line + strspn(line, " ");
		size_t n = strlen(name);

		if (strncmp(p, name, n) != 0 || p[n] != ':')
			continue;
		for (p += n + 1;;) {
			char *end;
			uint64_t one = strtoull(p, &end, 10);

			if (end == p)
				break;
			sum += one;
			p = end;
		}
	}
	if (f)
		fclose(f);
	return sum;
}

static void clear_lock_stat(void)
{
	int fd = open("/proc/lock_stat", O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		(void)!write(fd, "0\n", 2);
		close(fd);
	}
}

/* Rows are "NAME: " and the numbers of Linux's Documentation/locking/lockstat.rst. */
static void print_lock_stat(void)
{
	FILE *f = fopen("/proc/lock_stat", "re");
	char line[1024], name[128];
	double v[12];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, " %127[^:]: %lf %lf %lf %lf %lf %lf %lf %lf %lf %lf %lf", name,
			   &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7], &v[8], &v[9],
			   &v[10]) == 12)
			printf("lock %s %.0f %.2f %.0f %.2f\n", name, v[1], v[4], v[7], v[10]);
	if (f)
		fclose(f);
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void run(const struct operation *op, int nr)
{
	static const char *const kinds[] = { "RES", "CAL", "TLB" };
	pthread_t threads[MAX_WORKERS];
	struct worker w[MAX_WORKERS];
	uint64_t before[3], time;

	memset(common, 0, sizeof(*common));
	fflush(stdout);
	start_workers(op, threads, w);
	wait_for(&common->ready, nr_workers);
	for (int i = 0; i < 3; i++)
		before[i] = interrupts(kinds[i]);
	clear_lock_stat();
	mark(2 * nr);
	time = now();
	atomic_store(&common->go, 1);
	if (!rounds) {
		usleep((useconds_t)(seconds * 1e6));
		atomic_store(&common->stop, true);
	}
	wait_for(&common->done, nr_workers);
	time = now() - time;
	mark(2 * nr + 1);
	printf("op %s %lu %llu", op->name, atomic_load(&common->operations),
	       (unsigned long long)time);
	for (int i = 0; i < 3; i++)
		printf(" %llu", (unsigned long long)(interrupts(kinds[i]) - before[i]));
	printf("\n");
	print_lock_stat();
	fflush(stdout);
	atomic_store(&common->go, 2);
	join_workers(op, threads);
}

static void make_file(void)
{
	char page[PAGE];

	file = memfd_create("scale", MFD_CLOEXEC);
	memset(page, 1, sizeof(page));
	for (int i = 0; i < PAGES; i++)
		if (file < 0 || write(file, page, PAGE) != PAGE)
			die("memfd");
	file_map = mmap(NULL, PAGES * PAGE, PROT_READ, MAP_SHARED, file, 0);
	common = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (file_map == MAP_FAILED || common == MAP_FAILED)
		die("mmap");
}

static bool asked(int argc, char **argv, const char *name)
{
	for (int i = 3; i < argc; i++)
		if (!strcmp(argv[i], name))
			return true;
	return argc <= 3;
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 125;
	nr_workers = atoi(argv[1]);
	if (argv[2][0] == 'x')
		rounds = strtoul(argv[2] + 1, NULL, 10);
	else
		seconds = atof(argv[2]) / 1e3;
	if (nr_workers < 1 || nr_workers > MAX_WORKERS || (!rounds && !(seconds > 0)))
		return 125;
	make_file();
	for (size_t i = 0; i < NR_OPERATIONS; i++)
		if (asked(argc, argv, operations[i].name))
			run(&operations[i], (int)i);
	return 0;
}
