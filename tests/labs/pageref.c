// SPDX-License-Identifier: MIT
/*
 * A lab: who holds a page of the page cache? Each change of its count of references, from its first to its last, by the
 * page_ref trace events (a kernel built with PAGEREF=1; Linux: CONFIG_DEBUG_PAGE_REF, which Debian's has not). docs/labs.md.
 */
#include "../guest/tap.h"

#define TRACING "/sys/kernel/tracing/"
enum { WRITE, READ, MAP, READ_MAPPED, UNMAP, UNLINK, STEPS };

static char log[STEPS][1 << 20];

static void put(const char *name, const char *text)
{
	char path[80];
	int fd;

	snprintf(path, sizeof(path), TRACING "%s", name);
	fd = open(path, O_WRONLY | O_TRUNC);
	must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static void begin(void)
{
	put("trace", "\n");
	put("events/page_ref/enable", "1");
}

static void end(int step)
{
	size_t have = 0;
	ssize_t got;
	int fd;

	put("events/page_ref/enable", "0");
	fd = open(TRACING "trace", O_RDONLY);
	while ((got = read(fd, log[step] + have, sizeof(log[step]) - 1 - have)) > 0)
		have += got;
	close(fd);
}

/* The counts that the page of frame @pfn went through in @step, as text. */
static const char *counts(int step, unsigned long pfn)
{
	static char text[256];
	char want[40], *at = log[step], *count;

	snprintf(want, sizeof(want), "pfn=0x%lx ", pfn);
	for (text[0] = 0; (at = strstr(at, want)); at = count) {
		count = strstr(at, "count=");
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%ld",
			 *text ? " " : "", strtol(count + 6, NULL, 10));
	}
	return text;
}

static void expect(int step, unsigned long pfn, const char *want, const char *what)
{
	const char *got = counts(step, pfn);

	if (!ok(!strcmp(got, want), "pageref: %s: %s", what, want))
		printf("# %s\n", got);
}

int main(void)
{
	static char page[4096] = "x";
	int fd = open("/dev/shm/new", O_RDWR | O_CREAT | O_TRUNC, 0600);
	int pagemap = open("/proc/self/pagemap", O_RDONLY);
	volatile char *p;
	uint64_t entry;

	must(fd >= 0 && pagemap >= 0);
	for (int warm = 0; warm < 2;
	     warm++) { /* the first time for the sake of pages that the calls need */
		must(!ftruncate(fd, 0));
		begin();
		must(pwrite(fd, page, sizeof(page), 0) == sizeof(page));
		end(WRITE);
	}
	begin();
	must(pread(fd, page, sizeof(page), 0) == sizeof(page));
	end(READ);
	p = mmap(NULL, sizeof(page), PROT_READ, MAP_SHARED, fd, 0);
	must(p != MAP_FAILED);
	begin();
	(void)*p;
	end(MAP);
	must(pread(pagemap, &entry, 8, (unsigned long)p / 4096 * 8) == 8);
	begin();
	must(pread(fd, page, sizeof(page), 0) == sizeof(page));
	end(READ_MAPPED);
	begin();
	munmap((void *)p, sizeof(page));
	end(UNMAP);
	begin();
	must(!ftruncate(fd, 0));
	end(UNLINK);
	entry &= (1ull << 55) - 1;
	expect(WRITE, entry, "1 2 1", "a new page: the writer, the cache, the writer is done");
	expect(READ, entry, "2 1", "read: held while it is copied");
	expect(MAP, entry, "2", "mapped: the entry");
	expect(READ_MAPPED, entry, "3 2", "read while it is mapped");
	expect(UNMAP, entry, "1", "unmapped: the cache alone");
	expect(UNLINK, entry, "2 1 0", "truncated: looked up, out of the cache, let go");
	return tap_end();
}
