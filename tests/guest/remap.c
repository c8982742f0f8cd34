// SPDX-License-Identifier: MIT
/* remap_file_pages(2), which is plain mappings underneath; and /proc/PID/map_files (proc(5)). */
#include "maps.h"
#include <dirent.h>
#include <grp.h>

#define RW     (PROT_READ | PROT_WRITE)
#define NOBODY 65534

static long remap(void *p, size_t size, int prot, size_t pgoff, int flags)
{
	return syscall(SYS_remap_file_pages, p, size, prot, pgoff, flags);
}

static int numbered(size_t pages)
{
	int fd = memfd_create("numbered", 0);

	for (size_t i = 0; i < pages; i++)
		must(pwrite(fd, &(char){ (char)('a' + i) }, 1, i * PAGE) == 1);
	must(ftruncate(fd, pages * PAGE) == 0);
	return fd;
}

static void order(void)
{
	int fd = numbered(8);
	char *p = mmap(NULL, 8 * PAGE, RW, MAP_SHARED, fd, 0), b;
	struct vma_line v[16];
	bool reversed = true;
	unsigned char vec[2];

	must(p != MAP_FAILED);
	for (int i = 0; i < 8; i++)
		must(remap(p + i * PAGE, PAGE, 0, 7 - i, 0) == 0);
	for (int i = 0; i < 8; i++)
		reversed &= p[i * PAGE] == 'h' - i;
	ok(reversed, "remap: pages in reverse");
	is(vma_lines(p, 8 * PAGE, v, 16), 8, "remap: a mapping for each");
	ok(v[0].offset == 7 * PAGE && v[7].offset == 0, "remap: with its offset in maps");
	p[0] = 'X';
	ok(pread(fd, &b, 1, 7 * PAGE) == 1 && b == 'X', "remap: stores reach the file");
	is(remap(p, 8 * PAGE, 0, 0, 0), 0, "remap: over all of them at once");
	for (int i = 0; i < 8; i++)
		must(remap(p + i * PAGE, PAGE, 0, 7 - i, 0) == 0);
	for (int i = 0; i < 8; i++)
		must(remap(p + i * PAGE, PAGE, 0, i, 0) == 0);
	is(vmas(p, 8 * PAGE), 1, "remap: in order again, one mapping");
	is(remap(p + 2 * PAGE, 2 * PAGE, 0, 5, 0), 0, "remap: two at once");
	ok(p[PAGE] == 'b' && p[2 * PAGE] == 'f' && p[3 * PAGE] == 'g' && p[4 * PAGE] == 'e',
	   "remap: between others");
	must(mincore(p + 2 * PAGE, 2 * PAGE, vec) == 0);
	is(remap(p + PAGE + 100, PAGE + 50, 0, 1, MAP_NONBLOCK), 0,
	   "remap: start and size are rounded down");
	is(remap(p, PAGE, 0, 100, 0), 0, "remap: behind the end of the file");
	ok(FAULTS(*(volatile char *)p) && tap_info.si_signo == SIGBUS, "remap: SIGBUS there");
	munmap(p, 8 * PAGE);
	close(fd);
}

static void errors(void)
{
	int fd = numbered(4), ro = open("/proc/self/exe", O_RDONLY);
	char *p = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, fd, 0), *q;

	fails(remap(p, PAGE, PROT_READ, 1, 0), EINVAL, "remap: EINVAL: prot");
	fails(remap(p, 0, 0, 1, 0), EINVAL, "remap: EINVAL: size 0");
	fails(remap(p, 100, 0, 1, 0), EINVAL, "remap: EINVAL: less than a page");
	fails(remap(p, -PAGE, 0, 1, 0), EINVAL, "remap: EINVAL: wraps");
	fails(remap(p, PAGE, 0, -1ul, 0), EINVAL, "remap: EINVAL: offset wraps");
	fails(remap(p, 5 * PAGE, 0, 0, 0), EINVAL, "remap: EINVAL: beyond the mapping");
	q = mmap(NULL, 4 * PAGE, RW, MAP_PRIVATE, fd, 0);
	fails(remap(q, PAGE, 0, 1, 0), EINVAL, "remap: EINVAL: private");
	munmap(q, 4 * PAGE);
	fails(remap(q, PAGE, 0, 1, 0), EINVAL, "remap: EINVAL: nothing there");
	q = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, ro, 0);
	fails(remap(q, PAGE, 0, 1, 0), EINVAL, "remap: EINVAL: of a file opened read-only");
	munmap(q, PAGE);
	must(mprotect(p + PAGE, PAGE, PROT_READ) == 0);
	fails(remap(p, 2 * PAGE, 0, 1, 0), EINVAL, "remap: EINVAL: over other rights");
	is(remap(p + PAGE, PAGE, 0, 3, 0), 0, "remap: rights stay");
	catch_signal(SIGSEGV);
	ok(p[PAGE] == 'd' && FAULTS(*(volatile char *)(p + PAGE) = 1),
	   "remap: read-only as before");
	munmap(p, 4 * PAGE);
	p = mmap(NULL, 4 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	p[3 * PAGE] = 'z';
	is(remap(p, PAGE, 0, 3, 0), 0, "remap: shared anonymous memory");
	is(p[0], 'z', "remap: its pages");
	must(mlock(p, PAGE) == 0);
	is(remap(p, PAGE, 0, 1, 0), 0, "remap: locked memory");
	is(status_kb("VmLck:"), 4, "remap: stays locked");
	munmap(p, 4 * PAGE);
	close(fd);
	close(ro);
}

/* ---- map_files ---- */

static char links[64];

static const char *link_of(char *p, size_t pages)
{
	snprintf(links, sizeof(links), "/proc/self/map_files/%lx-%lx", (unsigned long)p,
		 (unsigned long)p + pages * PAGE);
	return links;
}

static void as_nobody(void)
{
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		_exit(1);
	if (access("/proc/1/map_files/400000-401000", F_OK) == 0 || errno != EACCES)
		_exit(2);
	_exit(0);
}

static void map_files(void)
{
	int fd = numbered(4), again;
	char *p = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, fd, 0), target[256] = "", c;
	char *anon = mmap(NULL, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct stat st;
	struct dirent *d;
	DIR *dir;
	int files = 0, listed = 0;
	bool sorted = true;
	unsigned long last = 0;

	is(stat("/proc/self/map_files", &st), 0, "map_files: there");
	is(st.st_mode, S_IFDIR | 0500, "map_files: mode");
	ok(readlink(link_of(p, 4), target, sizeof(target) - 1) > 0 &&
		   !strcmp(target, "/memfd:numbered (deleted)"),
	   "map_files: a link names the file");
	ok(!lstat(links, &st) && st.st_mode == (S_IFLNK | 0600),
	   "map_files: its rights are those of the mapping's file");
	again = open(links, O_RDONLY);
	ok(again >= 0 && pread(again, &c, 1, 2 * PAGE) == 1 && c == 'c',
	   "map_files: opened, though it has no name");
	close(again);
	fails(readlink(link_of(p, 3), target, 10), ENOENT, "map_files: ENOENT: not its borders");
	fails(readlink(link_of(anon, 1), target, 10), ENOENT, "map_files: ENOENT: no file");
	fails(access("/proc/self/map_files/0400000-401000", F_OK), ENOENT,
	      "map_files: ENOENT: a leading zero");
	fails(access("/proc/self/map_files/x", F_OK), ENOENT, "map_files: ENOENT: no addresses");
	must(mprotect(p + PAGE, PAGE, PROT_READ) == 0);
	fails(lstat(link_of(p, 4), &st), ENOENT, "map_files: gone when it was split");
	ok(!lstat(link_of(p, 1), &st) && !lstat(link_of(p + 2 * PAGE, 2), &st),
	   "map_files: its parts instead");
	dir = opendir("/proc/self/map_files");
	must(dir);
	while ((d = readdir(dir))) {
		unsigned long start = strtoul(d->d_name, NULL, 16);

		if (d->d_name[0] == '.')
			continue;
		sorted &= start > last && d->d_type == DT_LNK;
		last = start;
		listed++;
	}
	closedir(dir);
	for (char *line = slurp("/proc/self/maps"); line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (*line && strtoul(strchr(line, ':') + 3, NULL, 10))
			files++;
	}
	ok(sorted && listed == files && listed >= 4, "map_files: lists each file of maps (%d)",
	   listed);
	is(in_child(as_nobody), EXITED(0), "map_files: EACCES for others");
	munmap(p, 4 * PAGE);
	munmap(anon, PAGE);
	close(fd);
}

int main(void)
{
	catch_signal(SIGBUS);
	order();
	errors();
	map_files();
	return tap_end();
}
