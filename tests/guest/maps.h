/* SPDX-License-Identifier: MIT */
/* What /proc says about memory, read without malloc or stdio, so that looking does not change what is looked at. */
#ifndef MAPS_H
#define MAPS_H

#include "textfile.h"

struct vma_line {
	unsigned long start, end, offset, inode;
	char perms[5];
	char name[64];
};

#define status_kb(label)  number_in("/proc/self/status", label)
#define meminfo_kb(label) number_in("/proc/meminfo", label)
#define vmstat(label)	  number_in("/proc/vmstat", label " ")

/* What a call for huge pages of a size that exists answers: @err, or @without where there is no hugetlbfs. */
__attribute__((unused)) static int with_hugetlbfs(int err, int without)
{
	return strstr(slurp("/proc/filesystems"), "hugetlbfs") ? err : without;
}

/* Lines of /proc/self/maps that touch [p, p + len) into @v (at most @max); how many there are. */
__attribute__((unused)) static int vma_lines(void *p, size_t len, struct vma_line *v, int max)
{
	unsigned long lo = (unsigned long)p, hi = lo + len;
	char *line = slurp("/proc/self/maps");
	int n = 0;

	for (char *next; *line; line = next) {
		struct vma_line l = { 0 };
		char *nl = strchr(line, '\n'), *s = line, *name;

		*nl = 0;
		next = nl + 1;
		l.start = strtoul(s, &s, 16);
		l.end = strtoul(s + 1, &s, 16);
		memcpy(l.perms, s + 1, 4);
		l.offset = strtoul(s + 6, &s, 16);
		l.inode = strtoul(strchr(s + 1, ' '), &s, 10);
		name = s + strspn(s, " ");
		snprintf(l.name, sizeof(l.name), "%s", name);
		if (l.start >= hi || l.end <= lo)
			continue;
		if (v && n < max)
			v[n] = l;
		n++;
	}
	return n;
}

__attribute__((unused)) static int vmas(void *p, size_t len)
{
	return vma_lines(p, len, NULL, 0);
}

/* The line that contains @p; start 0 when there is none. */
__attribute__((unused)) static struct vma_line vma_at(void *p)
{
	struct vma_line l = { 0 };

	vma_lines(p, 1, &l, 1);
	return l;
}

/* VmFlags of the VMA at @p: " rd wr ..." or "". */
__attribute__((unused)) static const char *vm_flags_at(void *p)
{
	static char flags[256];
	char want[32];
	bool inside = false;
	char *line = slurp("/proc/self/smaps");

	snprintf(want, sizeof(want), "%lx-", vma_at(p).start);
	line = slurp("/proc/self/smaps");
	for (; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, want, strlen(want)))
			inside = true;
		if (inside && !strncmp(line, "VmFlags:", 8)) {
			char *nl = strchr(line, '\n');

			*nl = 0;
			snprintf(flags, sizeof(flags), "%s", line + 8);
			return flags;
		}
	}
	return "";
}

__attribute__((unused)) static bool has_flag(void *p, const char *two)
{
	char with[8];

	snprintf(with, sizeof(with), " %s ", two);
	return strstr(vm_flags_at(p), with) != NULL;
}

/* Is the page at @p in memory? */
__attribute__((unused)) static bool resident(void *p)
{
	unsigned char v = 0;

	return !mincore((void *)((unsigned long)p & -PAGE), 1, &v) && (v & 1);
}

__attribute__((unused)) static bool is_mapped(void *p)
{
	unsigned char v;

	return !mincore((void *)((unsigned long)p & -PAGE), 1, &v);
}

/* The entry of /proc/self/pagemap for the page at @p. */
__attribute__((unused)) static uint64_t pagemap(const void *p)
{
	uint64_t e = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY);

	must(fd >= 0 && pread(fd, &e, 8, (unsigned long)p / PAGE * 8) == 8);
	close(fd);
	return e;
}

#define PFN(p) (pagemap(p) & ((1ul << 55) - 1))

#endif
