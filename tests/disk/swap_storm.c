// SPDX-License-Identifier: MIT
/*
 * More memory than there is, as TAP: swap_storm DEVICE DEVICE SECONDS PAGES. Four processes have PAGES pages each, check them,
 * write to them, fork and exit; in the middle the first device is switched off, so that what it has goes to the second.
 */
#include "../guest/swapdev.h"
#include <sys/swap.h>

#define WORKERS 4

static volatile int *stop;

static void stamp(unsigned long *page, unsigned long who, unsigned long nr, unsigned long turn)
{
	for (unsigned int i = 0; i < PAGE / 8; i += 64)
		page[i] = who << 56 ^ nr << 16 ^ turn ^ (unsigned long)i << 40;
}

static bool is_stamped(const unsigned long *page, unsigned long who, unsigned long nr,
		       unsigned long turn)
{
	for (unsigned int i = 0; i < PAGE / 8; i += 64)
		if (page[i] != (who << 56 ^ nr << 16 ^ turn ^ (unsigned long)i << 40))
			return false;
	return true;
}

/* 0 when every page was as it should be. */
static int work(unsigned long who, unsigned long pages)
{
	char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);
	unsigned short *turn = calloc(pages, sizeof(*turn));
	unsigned long seed = who * 77 + 1;

	for (unsigned long i = 0; i < pages; i++)
		stamp((unsigned long *)(p + i * PAGE), who, i, 0);
	for (unsigned long n = 0; !*stop; n++) {
		unsigned long i;

		seed = seed * 6364136223846793005UL + 1442695040888963407UL;
		i = (seed >> 33) % pages;
		if (!is_stamped((unsigned long *)(p + i * PAGE), who, i, turn[i]))
			return 1;
		if (n % 3 == 0)
			stamp((unsigned long *)(p + i * PAGE), who, i, ++turn[i]);
		if (n % 2000 == 1000) {
			pid_t pid = fork();
			int status;

			if (!pid) {
				for (unsigned long j = i; j < pages && j < i + 300; j++) {
					if (!is_stamped((unsigned long *)(p + j * PAGE), who, j,
							turn[j]))
						_exit(3);
					stamp((unsigned long *)(p + j * PAGE), who, j, 12345);
				}
				_exit(0);
			}
			if (pid > 0 && (waitpid(pid, &status, 0) < 0 || status))
				return 2;
		}
	}
	for (unsigned long i = 0; i < pages; i++)
		if (!is_stamped((unsigned long *)(p + i * PAGE), who, i, turn[i]))
			return 4;
	return 0;
}

int main(int argc, char **argv)
{
	unsigned int seconds;
	pid_t pids[WORKERS];

	if (argc < 5)
		return 2;
	seconds = atoi(argv[3]);
	stop = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ok(make_swap(argv[1], last_page_of(argv[1]), 0) && !swapon(argv[1], SWAP_FLAG_PREFER | 5),
	   "the first device");
	ok(make_swap(argv[2], last_page_of(argv[2]), 0) && !swapon(argv[2], SWAP_FLAG_PREFER | 1),
	   "the second");
	for (int i = 0; i < WORKERS; i++) {
		pids[i] = fork();
		if (!pids[i])
			_exit(work(i + 1, strtoul(argv[4], NULL, 0)));
	}
	sleep(seconds - seconds / 2);
	ok(!swapoff(argv[1]), "swapoff in the middle");
	sleep(seconds / 2);
	*stop = 1;
	for (int i = 0; i < WORKERS; i++) {
		int status;

		waitpid(pids[i], &status, 0);
		ok(!status, "process %d: every page is right (status %#x)", i, status);
	}
	ok(!swapoff(argv[2]), "swapoff after it");
	printf("1..%d\n", tap_count);
	return tap_failed != 0;
}
