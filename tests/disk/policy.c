// SPDX-License-Identifier: MIT
/*
 * The policy of reclaim that was chosen at boot, and the generational one, under a scan, as TAP: policy NAME ("vda"; its
 * pages hold their numbers, and there are more of them than there is memory). The disk is read once from end to end, and
 * after each MiB a small set of its pages is used again: by read(2), then by mappings. How many of these were gone each
 * time, per policy, stands in lines that begin with #.
 */
#include "../guest/textfile.h"

#define ENABLED "/sys/kernel/mm/lru_gen/enabled"
#define PG	4096UL
#define MiB	256UL /* pages */
#define HOT	(3 * MiB)

static int fd;
static unsigned long pages, wrong;
static char *hot; /* the first HOT pages of the disk */
static char buf[64 * 1024];

static void check(const char *page, unsigned long number)
{
	wrong += *(const volatile unsigned long *)page != number;
}

static void read_pages(unsigned long from, unsigned long nr)
{
	for (unsigned long p = from; p < from + nr; p += sizeof(buf) / PG) {
		must(pread(fd, buf, sizeof(buf), p * PG) == (ssize_t)sizeof(buf));
		for (unsigned long i = 0; i < sizeof(buf) / PG; i++)
			check(buf + i * PG, p + i);
	}
}

static void touch_hot(void)
{
	for (unsigned long i = 0; i < HOT; i++)
		check(hot + i * PG, i);
}

static unsigned long missing(void)
{
	static unsigned char there[HOT];
	unsigned long nr = 0;

	must(!mincore(hot, HOT * PG, there));
	for (unsigned long i = 0; i < HOT; i++)
		nr += !(there[i] & 1);
	return nr;
}

/* A new mapping each time, so that no CPU remembers its entries. */
static void map_hot(void)
{
	if (hot)
		munmap(hot, HOT * PG);
	hot = mmap(NULL, HOT * PG, PROT_READ, MAP_SHARED, fd, 0);
	must(hot != MAP_FAILED);
}

/* Of each hundred uses of a page of the set, how many missed it. */
static unsigned long scan(bool mapped)
{
	unsigned long misses = 0, uses = 0;

	map_hot();
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	read_pages(0, HOT);
	read_pages(0, HOT);
	for (unsigned long p = HOT; p + MiB <= pages; p += MiB) {
		read_pages(p, MiB);
		misses += missing();
		uses += HOT;
		if (mapped)
			touch_hot();
		else
			read_pages(0, HOT);
	}
	printf("# %lu of %lu uses missed\n", misses, uses);
	return misses * 100 / uses;
}

/* The policy's name; Linux does not say it. */
static const char *policy_now(const char *otherwise)
{
	static char name[32];

	return sscanf(slurp("/proc/mm/reclaim"), "policy %31s", name) == 1 ? name : otherwise;
}

static void under(const char *policy, const char *bits)
{
	char vmstat[] = "/proc/vmstat";
	long steal = number_in(vmstat, "pgsteal_file "),
	     refault = number_in(vmstat, "workingset_refault_file ");

	if (access(ENABLED, F_OK) || spew(ENABLED, bits))
		return;
	policy = policy_now(policy);
	ok(scan(false) < 2, "%s: what is read again and again stays", policy);
	ok(scan(true) < 2, "%s: what is mapped and used stays", policy);
	is(wrong, 0, "%s: every page is right", policy);
	steal = number_in(vmstat, "pgsteal_file ") - steal;
	refault = number_in(vmstat, "workingset_refault_file ") - refault;
	ok(steal > (long)pages, "%s: pages were evicted", policy);
	printf("# %s: %ld stolen, %ld refaults\n", policy, steal, refault);
}

int main(int argc, char **argv)
{
	char path[40], was[16];

	snprintf(path, sizeof(path), "/dev/%s", argc > 1 ? argv[1] : "vda");
	fd = open(path, O_RDONLY);
	must(fd >= 0);
	pages = lseek(fd, 0, SEEK_END) / PG;
	snprintf(was, sizeof(was), "%s", slurp(ENABLED));
	must(*was);
	under("two lists", "n");
	under("generations", "y");
	is(spew(ENABLED, was), 0, "back to the policy of before");
	return tap_end();
}
