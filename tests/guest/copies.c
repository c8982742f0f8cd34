// SPDX-License-Identifier: MIT
/*
 * Copies to and from user memory: every length class, every alignment, into pages that are there, not there yet,
 * and not allowed; the count is exact, nothing beside is written, and the vector registers survive.
 */
#include "tap.h"

#define PAGES 4

static unsigned char pattern[PAGES * PAGE];
static unsigned char *area; /* PAGES pages between two that are not allowed */
static int fd_file;

static const size_t lengths[] = { 1,	7,    8,    63,	  64,	65,    255,  256,
				  383,	384,  385,  447,  448,	511,   1000, 1024,
				  4032, 4095, 4096, 4097, 8000, 12288, 13000 };
static const size_t shifts[] = { 0, 1, 8, 31, 64, 100, 2048, 4000, 4095 };
#define NR(a) (sizeof(a) / sizeof(*(a)))

static void fresh(void)
{
	must(madvise(area, PAGES * PAGE, MADV_DONTNEED) == 0);
}

static bool only(const unsigned char *from, size_t shift, size_t n)
{
	for (size_t i = 0; i < PAGES * PAGE; i++) {
		unsigned char want = i < shift || i >= shift + n ? 0 : from ? from[i - shift] : 0;

		if (area[i] != want)
			return false;
	}
	return true;
}

static void reads(void)
{
	bool exact = true, beside = true, zero = true;

	for (size_t l = 0; l < NR(lengths); l++)
		for (size_t s = 0; s < NR(shifts); s++)
			for (size_t off = 0; off < 10; off += 3) {
				size_t n = lengths[l], sh = shifts[s];

				if (sh + n > PAGES * PAGE)
					continue;
				fresh();
				exact &= pread(fd_file, area + sh, n, off) == (ssize_t)n;
				beside &= only(pattern + off, sh, n);
			}
	ok(exact, "pread into fresh pages: the count");
	ok(beside, "pread into fresh pages: these bytes and no other");
	for (size_t l = 0; l < NR(lengths); l++)
		for (size_t s = 0; s < NR(shifts); s++) {
			size_t n = lengths[l], sh = shifts[s];
			int fd = open("/dev/zero", O_RDONLY);

			if (sh + n <= PAGES * PAGE) {
				memset(area, 0x5a, PAGES * PAGE);
				zero &= read(fd, area + sh, n) == (ssize_t)n;
				for (size_t i = 0; i < PAGES * PAGE; i++)
					zero &= area[i] == (i < sh || i >= sh + n ? 0x5a : 0);
			}
			close(fd);
		}
	ok(zero, "clearing: these bytes and no other");
}

static void writes(void)
{
	static unsigned char back[PAGES * PAGE];
	bool good = true;

	for (size_t l = 0; l < NR(lengths); l++)
		for (size_t s = 0; s < NR(shifts); s++) {
			size_t n = lengths[l], sh = shifts[s];
			int fd = memfd_create("copies", 0);

			if (sh + n <= PAGES * PAGE) {
				memcpy(area, pattern, PAGES * PAGE);
				good &= pwrite(fd, area + sh, n, sh) == (ssize_t)n;
				good &= pread(fd, back, n, sh) == (ssize_t)n;
				good &= !memcmp(back, pattern + sh, n);
			}
			close(fd);
		}
	ok(good, "pwrite: what was written is read");
}

/* The buffer ends in front of a page that is not allowed: everything before is done and counted. */
static void edges(void)
{
	bool exact = true, bytes = true;

	for (size_t l = 0; l < NR(lengths); l++)
		for (size_t room = 1; room < lengths[l]; room = room * 2 + 1) {
			size_t sh = PAGES * PAGE - room;

			fresh();
			exact &= pread(fd_file, area + sh, lengths[l], 0) == (ssize_t)room;
			bytes &= only(pattern, sh, room);
		}
	ok(exact, "pread to the edge: the exact count");
	ok(bytes, "pread to the edge: every byte before it");
	fails(pread(fd_file, area + PAGES * PAGE, 1000, 0), EFAULT, "pread beyond the edge");
	fails(pwrite(fd_file, area - PAGE, 1000, PAGES * PAGE), EFAULT,
	      "pwrite from before the edge");
}

#define SET_YMM(nr, p) __asm__ volatile("vmovdqu (%0), %%ymm" #nr : : "r"(p) : "memory")
#define GET_YMM(nr, p) __asm__ volatile("vmovdqu %%ymm" #nr ", (%0)" : : "r"(p) : "memory")

static long raw_pread(int fd, void *buf, size_t n)
{
	register long r10 __asm__("r10") = 0;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(SYS_pread64), "D"(fd), "S"(buf), "d"(n), "r"(r10)
			 : "rcx", "r11", "memory");
	return ret;
}

static void registers(void)
{
	unsigned char in[2][32], out[2][32];
	bool same = true;

	if (!__builtin_cpu_supports("avx")) {
		ok(true, "vector registers survive # SKIP no AVX");
		return;
	}
	memset(in[0], 0x11, 32);
	memset(in[1], 0x22, 32);
	for (size_t l = 0; l < NR(lengths); l++)
		for (int touched = 0; touched < 2; touched++) {
			if (!touched)
				fresh();
			memset(out, 0, sizeof(out));
			SET_YMM(0, in[0]);
			SET_YMM(1, in[1]);
			same &= raw_pread(fd_file, area + 1000, lengths[l]) == (long)lengths[l];
			GET_YMM(0, out[0]);
			GET_YMM(1, out[1]);
			same &= !memcmp(in, out, sizeof(in));
		}
	ok(same, "vector registers survive");
}

int main(void)
{
	for (size_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = i * 7 + i / 251 + 1;
	area = mmap(NULL, (PAGES + 2) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(area != MAP_FAILED);
	area += PAGE;
	must(mprotect(area, PAGES * PAGE, PROT_READ | PROT_WRITE) == 0);
	fd_file = open("/tmp/copies", O_RDWR | O_CREAT | O_TRUNC, 0600);
	must(write(fd_file, pattern, sizeof(pattern)) == sizeof(pattern));
	reads();
	writes();
	edges();
	registers();
	unlink("/tmp/copies");
	return tap_end();
}
