// SPDX-License-Identifier: MIT
/*
 * Random calls upon an arena of 48 pages, each with its result and what smaps says afterwards, for a comparison of two kernels:
 *	mapdiff SEED CALLS
 * All places are fixed and all numbers come from the seed, so both kernels are asked the same. Left out is what may differ:
 * MADV_FREE and MADV_PAGEOUT (when the pages go), MADV_WILLNEED (of anonymous memory: with or without swap), advice that a kernel may lack.
 * Read by tests/mapdiff/compare.py.
 */
#include "../guest/tap.h"
#include <sys/prctl.h>

#define PAGE	  4096ul
#define PAGES	  48
#define BASE	  ((char *)0x200000000000ul)
#define ANY(list) (list[random_below(sizeof(list) / sizeof(*(list)))])

static uint64_t state;
static sigjmp_buf back;
static volatile int signal_nr, signal_code;
static int files[3];

static unsigned int random_below(unsigned int n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 11) % n;
}

static void on_signal(int sig, siginfo_t *si, void *context)
{
	(void)context;
	signal_nr = sig;
	signal_code = si->si_code;
	siglongjmp(back, 1);
}

/* The rows of the arena: "FIRST+PAGES RIGHTS OFFSET NAME;Rss;Private_Dirty;Anonymous;Locked;flags". */
static void show_arena(void)
{
	static const char *const wanted[] = { "Rss:", "Private_Dirty:", "Anonymous:", "Locked:",
					      "VmFlags:" };
	static char text[1 << 18], line_name[64];
	int fd = open("/proc/self/smaps", O_RDONLY);
	ssize_t have = 0, got;
	bool inside = false;

	while ((got = read(fd, text + have, sizeof(text) - 1 - have)) > 0)
		have += got;
	close(fd);
	text[have] = 0;
	for (char *l = strtok(text, "\n"); l; l = strtok(NULL, "\n")) {
		unsigned long start, end, offset;
		char rights[8];
		int n;

		n = sscanf(l, "%lx-%lx %7s %lx %*s %*s %63[^\n]", &start, &end, rights, &offset,
			   line_name);
		if (n >= 4) {
			start -= (unsigned long)BASE;
			end -= (unsigned long)BASE;
			inside = start < PAGES * PAGE;
			if (inside)
				printf("|%lu+%lu %s %lx %s", start / PAGE, (end - start) / PAGE,
				       rights, offset / PAGE, n == 5 ? line_name : "-");
			continue;
		}
		for (int i = 0; inside && i < 5; i++)
			if (!strncmp(l, wanted[i], strlen(wanted[i])))
				printf(";%s",
				       l + strlen(wanted[i]) + strspn(l + strlen(wanted[i]), " "));
	}
	putchar('\n');
}

static void touch(char *p, unsigned int pages, bool store, int value)
{
	if (sigsetjmp(back, 1))
		return;
	for (unsigned int i = 0; i < pages; i++)
		if (store)
			*(volatile char *)(p + i * PAGE) = (char)value;
		else
			(void)*(volatile char *)(p + i * PAGE);
}

static long map(char *p, size_t len, unsigned int x, unsigned int y)
{
	static const int prots[] = { 0, 1, 3, 3, 3, 5, 7, 2 };
	static const int extra[] = { MAP_NORESERVE, 0, MAP_POPULATE, 0, 0, MAP_LOCKED };
	int flags = MAP_FIXED | extra[y % 6];

	if (x % 7 == 0)
		return (long)mmap(p, len, prots[y % 8], flags | MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (x % 7 < 3)
		return (long)mmap(p, len, prots[y % 8],
				  flags | (y / 8 % 2 ? MAP_SHARED : MAP_PRIVATE), files[y % 3],
				  (off_t)(y / 16 % 20 * PAGE));
	return (long)mmap(p, len, prots[y % 8], flags | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static long move(char *p, size_t len, unsigned int x, unsigned int y)
{
	size_t new_len = (1 + x % 7) * PAGE;
	char *to = BASE + y % (PAGES - 8) * PAGE;

	if (x % 4 == 0)
		return (long)mremap(p, len, new_len, 0);
	if (x % 4 == 1)
		return (long)mremap(p, len, len, MREMAP_MAYMOVE | MREMAP_FIXED | 4 /* DONTUNMAP */,
				    to);
	return (long)mremap(p, x % 30 == 2 ? 0 : len, new_len, MREMAP_MAYMOVE | MREMAP_FIXED, to);
}

static long fork_once(char *p, bool store)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		touch(p, 1, store, 1);
		_exit(signal_nr);
	}
	waitpid(pid, &status, 0);
	return status;
}

static long call(unsigned int what, char *p, unsigned int pages, unsigned int x, unsigned int y)
{
	static const int prots[] = { 0, 1, 3, 3, 3, 5, 7, 2 };
	static const int advice[] = {
		0, 1, 2, 4, 4, 9, 10, 11, 16, 17, 18, 19, 20, 22, 23, 24, 77
	};
	size_t len = pages * PAGE;
	unsigned char vec[8];

	switch (what) {
	case 0 ... 4:
		return map(p, len, x, y);
	case 5:
		return munmap(p, len);
	case 6 ... 8:
		return mprotect(p, len, prots[x % 8] | (y % 50 ? 0 : PROT_GROWSDOWN));
	case 9 ... 11:
		return move(p, len, x, y);
	case 12 ... 13:
		return madvise(p, len, advice[x % 17]);
	case 14:
		return x % 3 == 0   ? mlock(p, len)
		       : x % 3 == 1 ? munlock(p, len)
				    : syscall(SYS_mlock2, p, len, 1);
	case 15 ... 17:
		touch(p, pages, x % 3, 'a' + y % 26);
		return 0;
	case 18:
		return x % 3 == 0   ? msync(p, len, 1 + y % 6)
		       : x % 3 == 1 ? mincore(p, len, vec)
				    : syscall(SYS_remap_file_pages, p, len, 0, y % 20, 0);
	}
	return x % 2 ? fallocate(files[y % 2], 3, (off_t)(y % 20 * PAGE), (off_t)len)
		     : fork_once(p, y % 2);
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_NODEFER };

	must(argc == 3);
	state = strtoull(argv[1], NULL, 0) * 0x9E3779B97F4A7C15ull + 1;
	must(!sigaction(SIGSEGV, &sa, NULL) && !sigaction(SIGBUS, &sa, NULL));
	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	files[0] = memfd_create("a", 0);
	files[1] = memfd_create("b", 0);
	files[2] = open("/tmp/mapdiff", O_CREAT | O_RDWR, 0600);
	for (int i = 0; i < 3; i++)
		must(ftruncate(files[i], 24 * PAGE) == 0);
	for (int nr = 0, calls = atoi(argv[2]); nr < calls; nr++) {
		unsigned int what = random_below(20), at = random_below(PAGES - 8),
			     pages = 1 + random_below(random_below(3) ? 4 : 8);
		unsigned int x = random_below(5000), y = random_below(5000);
		long ret;

		signal_nr = signal_code = 0;
		fflush(stdout);
		errno = 0;
		ret = call(what, BASE + at * PAGE, pages, x, y);
		printf("%d: %u(%u+%u, %u, %u) = %lx errno %d signal %d/%d", nr, what, at, pages, x,
		       y, ret, errno, signal_nr, signal_code);
		show_arena();
	}
	printf("contents");
	for (int i = 0; i < PAGES; i++)
		if (sigsetjmp(back, 1))
			printf(" --");
		else
			printf(" %02x", *(volatile unsigned char *)(BASE + i * PAGE));
	printf("\n");
	return 0;
}
