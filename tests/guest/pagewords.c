// SPDX-License-Identifier: MIT
/* /proc/mm/page (oracle: none, the file is Quire's): the kind of a page, its references and their holders, in words. */
#include "tap.h"

static char text[1 << 14];

static const char *words_of(uint64_t frame)
{
	int fd = open("/proc/mm/page", O_RDWR);
	char number[32];
	ssize_t n;

	snprintf(number, sizeof(number), "%llu", (unsigned long long)frame);
	if (fd < 0 || write(fd, number, strlen(number)) < 0)
		return "";
	close(fd);
	fd = open("/proc/mm/page", O_RDONLY);
	n = read(fd, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = 0;
	close(fd);
	return text;
}

static uint64_t frame_of(const void *p)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t w = 0;

	if (fd < 0 || pread(fd, &w, 8, (uintptr_t)p / PAGE * 8) != 8)
		w = 0;
	close(fd);
	return w & ((1ULL << 55) - 1);
}

/* The first frame with this bit in kpageflags. */
static uint64_t frame_with(int kpf)
{
	static uint64_t flags[512];
	int fd = open("/proc/kpageflags", O_RDONLY);
	uint64_t frame = 0;
	ssize_t n;

	while ((n = read(fd, flags, sizeof(flags))) > 0)
		for (ssize_t i = 0; i < n / 8; i++, frame++)
			if (flags[i] >> kpf & 1 && !(flags[i] >> 20 & 1)) {
				close(fd);
				return frame;
			}
	close(fd);
	return ~0ULL;
}

int main(void)
{
	char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *f;
	int fd = memfd_create("words", 0), sync[2];
	const char *w;
	pid_t child;

	if (access("/proc/mm/page", F_OK)) {
		printf("1..0 # SKIP there is no /proc/mm\n");
		return 0;
	}
	p[0] = 1;
	w = words_of(frame_of(p));
	ok(strstr(w, "kind: anonymous, anon_vma ") && strstr(w, "swapbacked"), "an anonymous page");
	ok(strstr(w, "held: 1 by page tables") && strstr(w, "expected 1, actual 1\n"),
	   "held by one page table");
	if (pipe(sync))
		return 1;
	child = fork();
	if (!child) {
		close(sync[1]);
		exit(read(sync[0], text, 1) != 0);
	}
	ok(strstr(words_of(frame_of(p)), "expected 2, actual 2\n"), "held by two after fork");
	close(sync[1]);
	waitpid(child, NULL, 0);
	if (ftruncate(fd, PAGE))
		return 1;
	f = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	f[0] = 1;
	w = words_of(frame_of(f));
	ok(strstr(w, "kind: page cache of ") && strstr(w, "inode "),
	   "a page of a file names its inode");
	ok(strstr(w, "held: 1 by the page cache\n") && strstr(w, "expected 2, actual 2\n"),
	   "held by the cache and a page table");
	ok(strstr(words_of(frame_with(7)), "kind: slab of cache "), "a slab names its cache");
	ok(strstr(words_of(frame_with(10)), "kind: free, in the block of order ") &&
		   strstr(text, "private: order "),
	   "a free page names its block; private is the order");
	ok(strstr(words_of(frame_with(26)), "kind: page table\n"), "a page table");
	ok(strstr(words_of(frame_with(32)), "kind: reserved"), "a reserved page");
	ok(strstr(words_of(frame_with(24)), "zero page"), "the zero page");
	ok(strstr(words_of(1ULL << 40), "no descriptor"), "no page at all");
	return tap_end();
}
