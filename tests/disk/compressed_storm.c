// SPDX-License-Identifier: MIT
/*
 * More memory than there is, over compressed swap, as TAP: compressed_storm SECONDS PAGES [DEVICE]. As many processes as there are
 * CPUs share PAGES pages: a half of random letters (a third of a page when compressed), a quarter of one word, a quarter of random
 * words. Each looks at every word of pages that it picks, and rewrites one of three. Without DEVICE they are swapped to a zram disk.
 */
#include "../guest/swapdev.h"
#include <sys/swap.h>

#define WORDS	    (PAGE / sizeof(unsigned long))
#define MAX_WORKERS 16

static volatile int *stop;
static volatile unsigned long *turns;

static unsigned long next(unsigned long *seed)
{
	*seed = *seed * 6364136223846793005UL + 1442695040888963407UL;
	return *seed >> 33 ^ *seed << 13;
}

/* The word of a page whose number is @nr, in the order in which they are asked for. */
static unsigned long word(unsigned long nr, unsigned long *seed)
{
	switch (nr % 4) {
	case 0:
		return nr * 0x10001;
	case 1:
		return next(seed);
	default:
		return (next(seed) & 0x0303030300000000UL) | 0x61616161;
	}
}

static unsigned long seed_of(unsigned long who, unsigned long nr, unsigned long turn)
{
	return who << 56 ^ nr << 20 ^ turn;
}

static void write_page(unsigned long *page, unsigned long who, unsigned long nr, unsigned long turn)
{
	unsigned long seed = seed_of(who, nr, turn);

	for (unsigned int i = 0; i < WORDS; i++)
		page[i] = word(nr, &seed);
}

static bool page_right(const unsigned long *page, unsigned long who, unsigned long nr,
		       unsigned long turn)
{
	unsigned long seed = seed_of(who, nr, turn);

	for (unsigned int i = 0; i < WORDS; i++)
		if (page[i] != word(nr, &seed))
			return false;
	return true;
}

/* 0 when every page was as it should be. */
static int work(unsigned long who, unsigned long pages)
{
	unsigned long *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned short *turn = calloc(pages, sizeof(*turn));
	unsigned long seed = who * 77 + 1;

	for (unsigned long i = 0; i < pages; i++, turns[who]++)
		write_page(p + i * WORDS, who, i, 0);
	for (unsigned long n = 0; !*stop; n++) {
		unsigned long i = next(&seed) % pages;

		if (!page_right(p + i * WORDS, who, i, turn[i]))
			return 1;
		if (n % 3 == 0)
			write_page(p + i * WORDS, who, i, ++turn[i]);
		turns[who]++;
	}
	for (unsigned long i = 0; i < pages; i++)
		if (!page_right(p + i * WORDS, who, i, turn[i]))
			return 2;
	return 0;
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

/* A zram disk for @pages pages and the header. */
static const char *make_zram(unsigned long pages)
{
	static char node[32];
	char text[64], path[64];
	int id = 0, fd;

	if (access("/dev/zram0", F_OK)) {
		fd = open("/sys/class/zram-control/hot_add", O_RDONLY);
		must(fd >= 0 && read(fd, text, sizeof(text)) > 0);
		close(fd);
		id = atoi(text);
	}
	snprintf(path, sizeof(path), "/sys/block/zram%d/comp_algorithm", id);
	put(path, "lz4");
	snprintf(path, sizeof(path), "/sys/block/zram%d/disksize", id);
	snprintf(text, sizeof(text), "%lu", (pages + 1) * PAGE);
	put(path, text);
	snprintf(node, sizeof(node), "/dev/zram%d", id);
	return node;
}

int main(int argc, char **argv)
{
	long workers = sysconf(_SC_NPROCESSORS_ONLN);
	pid_t pids[MAX_WORKERS];
	unsigned long pages;
	const char *device;

	if (argc < 3)
		return 2;
	if (workers > MAX_WORKERS)
		workers = MAX_WORKERS;
	pages = strtoul(argv[2], NULL, 0) / workers;
	stop = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	turns = (unsigned long *)stop + 8;
	device = argc > 3 ? argv[3] : make_zram(pages * workers);
	ok(make_swap(device, last_page_of(device), 0) && !swapon(device, 0), "swapon");
	for (long i = 0; i < workers; i++) {
		pids[i] = fork();
		if (!pids[i])
			_exit(work(i + 1, pages));
	}
	sleep(atoi(argv[1]));
	*stop = 1;
	for (long i = 0; i < workers; i++) {
		int status;

		waitpid(pids[i], &status, 0);
		ok(!status, "process %ld: every page is right (status %#x)", i, status);
		printf("# %lu pages looked at\n", turns[i + 1]);
	}
	ok(!swapoff(device), "swapoff");
	return tap_end();
}
