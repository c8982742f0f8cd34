/* SPDX-License-Identifier: MIT */
/* /proc/PID/smaps and smaps_rollup: each sum, by memory whose sharing and state are known. */
#include "maps.h"
#include <sys/prctl.h>

enum {
	NR = 348
}; /* pages of each region; a tenth of them shows whether Pss keeps fractions of a byte */

/* The kB after @label of the region that contains @p in @path (smaps), -1 when there is none. */
static long smap_of(const char *path, void *p, const char *label)
{
	char want[32];
	bool inside = false;
	struct vma_line v = vma_at(p);

	snprintf(want, sizeof(want), "%08lx-", v.start);
	for (char *line = slurp(path); line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, want, strlen(want)))
			inside = true;
		if (inside && !strncmp(line, label, strlen(label)) && line[strlen(label)] == ':')
			return strtol(line + strlen(label) + 1, NULL, 10);
		if (inside && !strncmp(line, "VmFlags:", 8))
			return -1;
	}
	return -1;
}

static long smap(void *p, const char *label)
{
	return smap_of("/proc/self/smaps", p, label);
}

/* A region of its own: guards keep it from merging with its neighbours. */
static char *region(int prot, int flags, int fd)
{
	char *all = mmap(NULL, (NR + 2) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(all != MAP_FAILED);
	must(mmap(all + PAGE, NR * PAGE, prot, flags | MAP_FIXED, fd, 0) == all + PAGE);
	return all + PAGE;
}

static void write_all(char *p)
{
	for (int i = 0; i < NR; i++)
		p[i * PAGE] = 1;
}

static int read_all(char *p)
{
	int sum = 0;

	for (int i = 0; i < NR; i++)
		sum += *(volatile char *)(p + i * PAGE);
	return sum;
}

/* Each line of the first region: name and width as in Linux's seq_file code, so that programs that cut columns work. */
static void format(void)
{
	static const char *const labels[] = {
		"Size:           ", "KernelPageSize: ",	 "MMUPageSize:    ", "Rss:            ",
		"Pss:            ", "Pss_Dirty:      ",	 "Shared_Clean:   ", "Shared_Dirty:   ",
		"Private_Clean:  ", "Private_Dirty:  ",	 "Referenced:     ", "Anonymous:      ",
		"LazyFree:       ", "AnonHugePages:  ",	 "ShmemPmdMapped: ", "FilePmdMapped:  ",
		"Shared_Hugetlb: ", "Private_Hugetlb: ", "Swap:           ", "SwapPss:        ",
		"Locked:         ",
	};
	char *line = strchr(slurp("/proc/self/smaps"), '\n') + 1;
	bool good = true;

	for (size_t i = 0; i < sizeof(labels) / sizeof(*labels); i++) {
		char *end = strchr(line, '\n');

		if (strncmp(line, labels[i], strlen(labels[i])) || end - line != 27 ||
		    strncmp(end - 3, " kB", 3)) {
			printf("# %s: %.*s\n", labels[i], (int)(end - line), line);
			good = false;
		}
		line = end + 1;
	}
	ok(good, "format: 21 sums, each in its column");
	ok(!strncmp(line, "THPeligible:    ", 16), "format: THPeligible");
	line = strchr(line, '\n') + 1;
	if (!strncmp(line, "ProtectionKey:  ", 16))
		line = strchr(line, '\n') + 1;
	ok(!strncmp(line, "VmFlags: rd ", 12), "format: VmFlags ends a region");
	line = strchr(line, '\n');
	ok(line[-1] == ' ' && strchr("0123456789abcdef", line[1]), "format: then the next one");
}

static void anonymous(void)
{
	char *p = region(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	long kb = NR * 4;

	is(smap(p, "Size"), kb, "anonymous: Size");
	is(smap(p, "Rss"), 0, "anonymous: nothing touched, Rss 0");
	read_all(p);
	is(smap(p, "Rss"), 0, "anonymous: the zero page does not count");
	write_all(p);
	is(smap(p, "Rss"), kb, "anonymous: Rss");
	is(smap(p, "Pss"), kb, "anonymous: Pss");
	is(smap(p, "Pss_Dirty"), kb, "anonymous: Pss_Dirty");
	is(smap(p, "Private_Dirty"), kb, "anonymous: Private_Dirty");
	is(smap(p, "Anonymous"), kb, "anonymous: Anonymous");
	is(smap(p, "Referenced"), kb, "anonymous: Referenced");
	is(smap(p, "Locked"), 0, "anonymous: not locked");
	must(!mlock(p, NR * PAGE));
	is(smap(p, "Locked"), kb, "anonymous: Locked after mlock");
	ok(has_flag(p, "lo"), "anonymous: VmFlags lo");
	munlock(p, NR * PAGE);
	is(smap(p, "Locked"), 0, "anonymous: and not after munlock");
	munmap(p - PAGE, (NR + 2) * PAGE);
}

/* As many sharers as @n: the parent and n - 1 children that sit and wait. */
static int go[2], ready[2];

static void sharers(int n, pid_t *pids)
{
	char c;

	must(!pipe(go) && !pipe(ready));
	for (int i = 0; i < n - 1; i++) {
		pids[i] = fork();
		must(pids[i] >= 0);
		if (!pids[i]) {
			close(go[1]);
			must(write(ready[1], "r", 1) == 1);
			_exit(read(go[0], &c, 1) != 0);
		}
		must(read(ready[0], &c, 1) == 1);
	}
}

static void sharers_end(int n, pid_t *pids)
{
	close(go[1]);
	for (int i = 0; i < n - 1; i++)
		waitpid(pids[i], NULL, 0);
	close(go[0]);
	close(ready[0]);
	close(ready[1]);
}

static void shared_by(int n)
{
	char *p = region(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	char path[64];
	pid_t pids[16];
	long bytes = 0, theirs = 0;

	write_all(p);
	sharers(n, pids);
	/* Each page gives (4096 << 12) / n, rounded down; the sum is shifted back and cut to kB. */
	for (int i = 0; i < NR; i++)
		bytes += (4096l << 12) / n;
	is(smap(p, "Pss"), (bytes >> 12) >> 10, "%d sharers: Pss, rounded as Linux rounds", n);
	is(smap(p, "Rss"), NR * 4, "%d sharers: Rss is whole", n);
	is(smap(p, "Shared_Dirty"), NR * 4, "%d sharers: Shared_Dirty", n);
	is(smap(p, "Private_Dirty"), 0, "%d sharers: nothing private", n);
	snprintf(path, sizeof(path), "/proc/%d/smaps", pids[0]);
	theirs = smap_of(path, p, "Pss");
	is(theirs, (bytes >> 12) >> 10, "%d sharers: a child sees the same", n);
	p[0] = 2;
	is(smap(p, "Private_Dirty"), 4, "%d sharers: a written page becomes private", n);
	sharers_end(n, pids);
	is(smap(p, "Pss"), NR * 4, "%d sharers: gone, all is ours", n);
	munmap(p - PAGE, (NR + 2) * PAGE);
}

static void files(void)
{
	int fd = memfd_create("smaps", 0);
	char *a, *b;

	must(fd >= 0 && !ftruncate(fd, NR * PAGE));
	a = region(PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	write_all(a);
	is(smap(a, "Rss"), NR * 4, "shared file: Rss");
	is(smap(a, "Anonymous"), 0, "shared file: nothing anonymous");
	is(smap(a, "Private_Dirty"), NR * 4, "shared file: mapped once counts as private");
	b = region(PROT_READ, MAP_SHARED, fd);
	read_all(b);
	is(smap(a, "Shared_Dirty"), NR * 4, "shared file: mapped twice, by ourselves, as shared");
	is(smap(b, "Pss"), NR * 2, "shared file: each mapping has half");
	munmap(b - PAGE, (NR + 2) * PAGE);
	b = region(PROT_READ | PROT_WRITE, MAP_PRIVATE, fd);
	read_all(b);
	is(smap(b, "Anonymous"), 0, "private file: read, nothing anonymous");
	b[0] = 1;
	is(smap(b, "Anonymous"), 4, "private file: a written page is");
	munmap(b - PAGE, (NR + 2) * PAGE);
	munmap(a - PAGE, (NR + 2) * PAGE);
	close(fd);
}

static void flags(void)
{
	char *p = region(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	char *s = region(PROT_READ | PROT_EXEC, MAP_SHARED | MAP_ANONYMOUS, -1);

	ok(!strncmp(vm_flags_at(p), " rd wr mr mw me ac ", 18), "VmFlags: private writable");
	ok(has_flag(s, "ex") && has_flag(s, "sh") && has_flag(s, "ms") && !has_flag(s, "wr"),
	   "VmFlags: shared executable");
	madvise(p, NR * PAGE, MADV_SEQUENTIAL);
	ok(has_flag(p, "sr"), "VmFlags: sr");
	madvise(p, NR * PAGE, MADV_RANDOM);
	ok(has_flag(p, "rr") && !has_flag(p, "sr"), "VmFlags: rr");
	madvise(p, NR * PAGE, MADV_DONTFORK);
	ok(has_flag(p, "dc"), "VmFlags: dc");
	madvise(p, NR * PAGE, MADV_DONTDUMP);
	ok(has_flag(p, "dd"), "VmFlags: dd");
	madvise(p, NR * PAGE, MADV_WIPEONFORK);
	ok(has_flag(p, "wf"), "VmFlags: wf");
	ok(has_flag(p, "sd"), "VmFlags: sd");
	ok(strstr(slurp("/proc/self/smaps"), " gd ac "), "VmFlags: the stack grows down");
	munmap(p - PAGE, (NR + 2) * PAGE);
	munmap(s - PAGE, (NR + 2) * PAGE);
}

/* Sums of all regions of @text for @label, in kB. */
static long sum(const char *text, const char *label)
{
	long total = 0;

	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, label, strlen(label)) && line[strlen(label)] == ':')
			total += strtol(line + strlen(label) + 1, NULL, 10);
	}
	return total;
}

static void rollup(void)
{
	static const char *const whole[] = { "Rss",	      "Shared_Clean",  "Shared_Dirty",
					     "Private_Clean", "Private_Dirty", "Anonymous",
					     "Locked" };
	static char each[1 << 18];
	char *text;
	bool good = true;
	long pss;

	memcpy(each, slurp("/proc/self/smaps"), sizeof(each));
	slurp("/proc/self/smaps_rollup");
	memcpy(each, slurp("/proc/self/smaps"), sizeof(each));
	text = slurp("/proc/self/smaps_rollup");
	for (size_t i = 0; i < sizeof(whole) / sizeof(*whole); i++)
		if (sum(each, whole[i]) != sum(text, whole[i])) {
			printf("# %s: %ld of regions, %ld in all\n", whole[i], sum(each, whole[i]),
			       sum(text, whole[i]));
			good = false;
		}
	ok(good, "rollup: the sums over all regions");
	pss = sum(text, "Pss_Anon") + sum(text, "Pss_File") + sum(text, "Pss_Shmem");
	ok(sum(text, "Pss") - pss <= 2 && sum(text, "Pss") >= pss,
	   "rollup: Pss is that of anonymous memory, files and shmem");
	ok(strstr(text, "---p 00000000 00:00 0 ") && strstr(text, "[rollup]\n"),
	   "rollup: the header");
	ok(!strstr(text, "VmFlags") && !strstr(text, "Size:"), "rollup: no Size, no VmFlags");
	ok(strtoul(text, NULL, 16) == strtoul(slurp("/proc/self/maps"), NULL, 16),
	   "rollup: starts where maps starts");
}

/* What an unprivileged stranger may not see, and who gave up being dumpable neither. */
static pid_t target;

static void stranger(void)
{
	static const char *const names[] = { "maps", "smaps", "smaps_rollup", "pagemap" };
	char path[64];

	must(!setgid(65534) && !setuid(65534));
	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", target, names[i]);
		if (open(path, O_RDONLY) >= 0 || errno != EACCES)
			_exit(1 + i);
	}
	_exit(0);
}

static void permissions(void)
{
	char path[64];
	pid_t pid;
	int fd;
	char c;

	target = getpid();
	is(in_child(stranger), EXITED(0), "a stranger gets EACCES at open");
	pid = fork();
	if (!pid) {
		pause();
		_exit(0);
	}
	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	fd = open(path, O_RDONLY);
	must(fd >= 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	fails(read(fd, &c, 1), ESRCH, "a process that is gone cannot be read");
	close(fd);
	fails(open(path, O_RDONLY), ENOENT, "and its files are not found");
}

int main(void)
{
	format();
	anonymous();
	shared_by(2);
	shared_by(3);
	shared_by(10);
	files();
	flags();
	rollup();
	permissions();
	return tap_end();
}
