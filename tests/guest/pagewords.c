// SPDX-License-Identifier: MIT
/*
 * /proc/mm/page (oracle: none, the file is Quire's): the kind of a page, its references and their holders, in words; and
 * /proc/kpageflags for each flag. Kinds and flags whose mechanism does not exist yet are played by /dev/mmtest.
 */
#include "tap.h"

#include <sys/ioctl.h>
#include "../../include/drivers/mmtest.h"

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

/* A page with these flags, tag and private: its frame. */
static uint64_t play(uint32_t flags, int tag, long private)
{
	static int fd = -1;
	struct mmtest_call call = { .noun = "page",
				    .verb = "play",
				    .arg = { flags, tag, private } };

	if (fd < 0)
		fd = open("/dev/mmtest", O_RDWR);
	return ioctl(fd, MMTEST_CALL, &call) ? ~0ULL : (uint64_t)call.result[0];
}

static uint64_t flags_of(uint64_t frame)
{
	int fd = open("/proc/kpageflags", O_RDONLY);
	uint64_t w = 0;

	if (pread(fd, &w, 8, (off_t)frame * 8) != 8)
		w = 0;
	close(fd);
	return w;
}

/* Flags of mm/page_flags.h and the bits of kpageflags that stand for them. */
static void each_flag(void)
{
	static const struct {
		int flag, kpf;
		const char *name;
	} table[] = {
		{ 0, 0, "locked" },	   { 1, 2, "referenced" },
		{ 2, 3, "uptodate" },	   { 3, 4, "dirty" },
		{ 4, 5, "lru" },	   { 5, 6, "active" },
		{ 8, 1, "error" },	   { 10, 37, "owner_priv_1" },
		{ 13, 35, "private" },	   { 14, 36, "private_2" },
		{ 15, 8, "writeback" },	   { 17, 34, "mappedtodisk" },
		{ 18, 9, "reclaim" },	   { 19, 14, "swapbacked" },
		{ 20, 18, "unevictable" }, { 21, 33, "mlocked" },
		{ 22, 19, "hwpoison" },
	};
	char said[32];

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		uint64_t frame = play(1u << table[i].flag, 0, 0), flags = flags_of(frame);
		const char *words = words_of(frame);

		snprintf(said, sizeof(said), "(%s)", table[i].name);
		if (!ok(flags == 1ULL << table[i].kpf && strstr(words, said),
			"flag %s: its bit of kpageflags and its word", table[i].name))
			printf("# frame %#llx: %#llx, %.*s\n", (unsigned long long)frame,
			       (unsigned long long)flags, (int)strcspn(words, "\n"), words);
	}
	ok(!flags_of(play(0, 0, 0)), "no flag, no bit");
	ok(!flags_of(play(1u << 11, 0, 0)), "of_group: no bit, Linux has no such flag");
	is(flags_of(play(1u << 19 | 1u << 10, 1, 0)),
	   1ULL << 12 | 1ULL << 13 | 1ULL << 14 | 1ULL << 37,
	   "swapcache: swapbacked with owner_priv_1");
	is(flags_of(play(0, 3, 0)), 1ULL << 12 | 1ULL << 21,
	   "ksm: anonymous with a bit of its own");
}

/* What mapping and private mean, by tag and flag. */
static void each_kind(void)
{
	const char *w = words_of(play(1u << 19, 1, 0));

	ok(strstr(w, "kind: anonymous, anon_vma "), "kind: anonymous");
	w = words_of(play(1u << 19 | 1u << 10, 1, 0x1234));
	ok(strstr(w, "kind: anonymous, in the swap cache") &&
		   strstr(w, "private: swap entry 0x1234\n") &&
		   strstr(w, "held: 1 by the swap cache\n"),
	   "kind: in the swap cache, private is the entry");
	ok(strstr(words_of(play(0, 3, 0)), "kind: KSM, "), "kind: KSM");
	ok(strstr(words_of(play(0, 2, 0)), "kind: movable page of a driver\n"),
	   "kind: movable, not on an LRU list");
	ok(strstr(words_of(play(0, 0, 0)), "kind: kernel, unnamed\n"), "kind: none");
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
	/* Between the look for one and the look at it, it may become another. */
	ok(EVENTUALLY(strstr(words_of(frame_with(7)), "kind: slab of cache ")),
	   "a slab names its cache");
	ok(EVENTUALLY(strstr(words_of(frame_with(10)), "kind: free, in the block of order ") &&
		      strstr(text, "private: order ")),
	   "a free page names its block; private is the order");
	ok(EVENTUALLY(strstr(words_of(frame_with(26)), "kind: page table\n")), "a page table");
	ok(strstr(words_of(frame_with(32)), "kind: reserved"), "a reserved page");
	ok(strstr(words_of(frame_with(24)), "zero page"), "the zero page");
	ok(strstr(words_of(1ULL << 40), "no descriptor"), "no page at all");
	each_flag();
	each_kind();
	return tap_end();
}
