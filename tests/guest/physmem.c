// SPDX-License-Identifier: MIT
/* Physical memory as user space sees it: frames, zones, nodes, free lists, counters and knobs that agree. */
#include "textfile.h"

#define KPF(name, nr) KPF_##name = nr
enum {
	KPF(LOCKED, 0),
	KPF(REFERENCED, 2),
	KPF(UPTODATE, 3),
	KPF(DIRTY, 4),
	KPF(SLAB, 7),
	KPF(WRITEBACK, 8),
	KPF(BUDDY, 10),
	KPF(MMAP, 11),
	KPF(ANON, 12),
	KPF(SWAPBACKED, 14),
	KPF(COMPOUND_HEAD, 15),
	KPF(COMPOUND_TAIL, 16),
	KPF(NOPAGE, 20),
	KPF(ZERO_PAGE, 24),
	KPF(PGTABLE, 26),
	KPF(RESERVED, 32),
	KPF(MLOCKED, 33),
};

/* The number behind "key" at the start of a line of @s, or -1. */
static long long value(const char *s, const char *key)
{
	size_t n = strlen(key);

	for (; s && *s; s = strchr(s, '\n') ? strchr(s, '\n') + 1 : NULL)
		if (!strncmp(s, key, n) && (s[n] == ':' || s[n] == ' ' || s[n] == '\t'))
			return strtoll(s + n + 1, NULL, 10);
	return -1;
}

/* Linux folds its counters from time to time, or when it is asked to. */
static long long meminfo(const char *key)
{
	spew("/proc/sys/vm/stat_refresh", "1");
	return value(slurp("/proc/meminfo"), key);
}

static long long vmstat(const char *key)
{
	return value(slurp("/proc/vmstat"), key);
}

/* The sum of the numbers behind each @key in the file, wherever in a line. */
static long long sum_of(const char *path, const char *key)
{
	const char *s = slurp(path);
	long long sum = 0;

	for (; (s = strstr(s, key)); s += strlen(key))
		sum += strtoll(s + strlen(key), NULL, 10);
	return sum;
}

/* Two views that others change meanwhile: they must agree once in many looks. */
#define agree(a, b, ...)                                                                           \
	do {                                                                                       \
		long long view_a = 0, view_b = 1;                                                  \
		for (int look = 0; look < 200 && view_a != view_b; look++) {                       \
			view_a = (a);                                                              \
			view_b = (b);                                                              \
		}                                                                                  \
		if (!ok(view_a == view_b, __VA_ARGS__))                                            \
			printf("# %lld and %lld\n", view_a, view_b);                               \
	} while (0)

/* ---- single frames ---- */

static uint64_t word_of(const char *path, uint64_t index)
{
	int fd = open(path, O_RDONLY);
	uint64_t w = ~0ULL;

	if (fd < 0 || pread(fd, &w, 8, index * 8) != 8)
		w = ~0ULL;
	if (fd >= 0)
		close(fd);
	return w;
}

static uint64_t frame_of(const void *p)
{
	return word_of("/proc/self/pagemap", (uintptr_t)p / PAGE) & ((1ULL << 55) - 1);
}

static bool has(const void *p, int kpf)
{
	return word_of("/proc/kpageflags", frame_of(p)) >> kpf & 1;
}

static uint64_t count_of(const void *p)
{
	return word_of("/proc/kpagecount", frame_of(p));
}

static void frames(void)
{
	char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = memfd_create("frames", 0), sync[2];
	char *f, *other, buf[16];
	pid_t child;

	p[0] = 1;
	ok(has(p, KPF_MMAP) && has(p, KPF_ANON) && has(p, KPF_SWAPBACKED) && has(p, KPF_UPTODATE),
	   "kpageflags: an anonymous page");
	ok(!has(p, KPF_BUDDY) && !has(p, KPF_SLAB) && !has(p, KPF_NOPAGE),
	   "kpageflags: nothing else");
	is(count_of(p), 1, "kpagecount: mapped once");
	if (pipe(sync))
		exit(1);
	child = fork();
	if (!child) {
		close(sync[1]);
		exit(read(sync[0], buf, 1) + p[0] - 1);
	}
	is(count_of(p), 2, "kpagecount: twice after fork");
	close(sync[1]);
	waitpid(child, NULL, 0);
	is(count_of(p), 1, "kpagecount: once after exit");
	mlock(p, PAGE);
	ok(has(p, KPF_MLOCKED), "kpageflags: locked by mlock");
	munlock(p, PAGE);
	ok(!has(p, KPF_MLOCKED), "kpageflags: and not after munlock");

	ok(!ftruncate(fd, PAGE), "a file of one page");
	f = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	f[0] = 1;
	ok(has(f, KPF_MMAP) && !has(f, KPF_ANON) && has(f, KPF_SWAPBACKED) && has(f, KPF_DIRTY),
	   "kpageflags: a page of a file in memory");
	is(count_of(f), 1, "kpagecount: of a file");
	ok(!has(f, KPF_LOCKED) && !has(f, KPF_WRITEBACK), "kpageflags: nobody works on it");
	other = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	other[1] = 1;
	munmap(other, PAGE);
	ok(has(f, KPF_REFERENCED), "kpageflags: the accessed bit of a mapping that goes stays");
	munmap(f, PAGE);
	close(fd);

	fd = open("/proc/kpageflags", O_RDONLY);
	fails(pread(fd, buf, 7, 0), EINVAL, "kpageflags: seven bytes are no entry");
	fails(pread(fd, buf, 8, 4), EINVAL, "kpageflags: nor does one begin at 4");
	is(pread(fd, buf, 8, 1LL << 50), 0, "kpageflags: end of file behind the last frame");
	close(fd);
	munmap(p, 2 * PAGE);
}

static void zero_page(void)
{
	enum { NR = 64 };
	char *p = mmap(NULL, NR * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long rss, same = 0, sum = 0;
	uint64_t zero;

	madvise(p, NR * PAGE, MADV_NOHUGEPAGE);
	rss = value(slurp("/proc/self/status"), "VmRSS");
	for (int i = 0; i < NR; i++)
		sum += p[i * PAGE];
	is(sum, 0, "zero page: reads as zero");
	zero = frame_of(p);
	for (int i = 0; i < NR; i++)
		same += frame_of(p + i * PAGE) == zero;
	is(same, NR, "zero page: all pages that were only read are one frame");
	ok(has(p, KPF_ZERO_PAGE), "zero page: kpageflags says so");
	ok(labs(value(slurp("/proc/self/status"), "VmRSS") - rss) < NR * 4 / 2,
	   "zero page: it does not count as resident");
	p[5 * PAGE] = 7;
	ok(frame_of(p + 5 * PAGE) != zero && frame_of(p + 6 * PAGE) == zero,
	   "zero page: a write gets a frame of its own");
	munmap(p, NR * PAGE);
}

/* A page that was full of something before is zero when it is handed out again. */
static void no_old_bytes(void)
{
	enum { BYTES = 8 << 20 };
	bool clean = true;

	for (int round = 0; round < 3; round++) {
		unsigned char *p = mmap(NULL, BYTES, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		for (int i = 0; i < BYTES; i += PAGE) {
			p[i]++;
			clean &= p[i] == 1 && !p[i + 1] && !p[i + PAGE / 2] && !p[i + PAGE - 1];
		}
		memset(p, 0xee, BYTES);
		munmap(p, BYTES);
	}
	ok(clean, "no old bytes in new pages");
}

/* ---- zones and free lists ---- */

struct zone {
	char name[16];
	int node;
	long long free, min, low, high, spanned, present, managed, start, protection[6];
	int nr_protection;
};

static int read_zones(struct zone *z, int max)
{
	const char *s = slurp("/proc/zoneinfo"), *next;
	int n = 0;

	for (; s && n < max && (s = strstr(s, "Node ")); s = next, n++, z++) {
		char zone[4096], *p;

		next = strstr(s + 1, "\nNode ");
		snprintf(zone, sizeof(zone), "%.*s", next ? (int)(next - s) : 4095, s);
		memset(z, 0, sizeof(*z));
		sscanf(zone, "Node %d, zone %15s", &z->node, z->name);
#define FIELD(name, field)                                                                         \
	if ((p = strstr(zone, name)))                                                              \
	z->field = strtoll(p + strlen(name), NULL, 10)
		FIELD("pages free", free);
		FIELD("\n        min ", min);
		FIELD("\n        low ", low);
		FIELD("\n        high ", high);
		FIELD("\n        spanned ", spanned);
		FIELD("\n        present ", present);
		FIELD("\n        managed ", managed);
		FIELD("start_pfn:", start);
		p = strstr(zone, "protection: (");
		for (p = p ? p + 13 : NULL; p && z->nr_protection < 6; p = *p == ',' ? p + 2 : NULL)
			z->protection[z->nr_protection++] = strtoll(p, &p, 10);
	}
	return n;
}

static long long zones_sum(int what)
{
	struct zone z[32];
	int n = read_zones(z, 32);
	long long sum = 0;

	for (int i = 0; i < n; i++)
		sum += what == 'f' ? z[i].free : what == 'm' ? z[i].managed : z[i].min;
	return sum;
}

static long long buddy_pages(const char *path, const char *type)
{
	const char *s = slurp(path);
	long long sum = 0;

	for (; *s; s = strchr(s, '\n') ? strchr(s, '\n') + 1 : "") {
		char line[512], *p;

		snprintf(line, sizeof(line), "%.*s", (int)strcspn(s, "\n"), s);
		p = strstr(line, type);
		if (strncmp(line, "Node", 4) || !p)
			continue;
		for (p += strcspn(p, " ") + 1, p += strspn(p, " "),
		     p += *type == 't' ? strcspn(p, " ") : 0;
		     p && *p && (*p < '0' || *p > '9'); p++)
			;
		if (*type != 't') /* behind the zone's name */
			for (p = strstr(line, "zone") + 4, p += strspn(p, " "),
			    p += strcspn(p, " ");
			     *p == ' '; p++)
				;
		for (int order = 0; *p; order++)
			sum += strtoll(p, &p, 10) << order, p += strspn(p, " ");
	}
	return sum;
}

static void zones(void)
{
	struct zone z[32];
	int n = read_zones(z, 32), bad = 0, order = 0;

	ok(n >= 3, "zoneinfo: zones");
	for (int i = 0; i < n; i++) {
		bad += z[i].managed > z[i].present || z[i].present > z[i].spanned;
		bad += z[i].min > z[i].low || z[i].low > z[i].high;
		bad += z[i].nr_protection < 4;
		for (int k = 1; k < z[i].nr_protection; k++)
			order += z[i].protection[k] < z[i].protection[k - 1];
	}
	is(bad, 0, "zoneinfo: managed <= present <= spanned, min <= low <= high");
	is(order, 0, "zoneinfo: protection grows with the zone that was asked for");
	is(zones_sum('m') * 4, meminfo("MemTotal"), "zoneinfo: managed pages are MemTotal");
	agree(zones_sum('f') * 4, meminfo("MemFree"), "zoneinfo: free pages are MemFree");
	agree(buddy_pages("/proc/buddyinfo", "zone") * 4, meminfo("MemFree"),
	      "buddyinfo: sums up to MemFree");
	agree(buddy_pages("/proc/pagetypeinfo", "type"), buddy_pages("/proc/buddyinfo", "zone"),
	      "pagetypeinfo: sums up to buddyinfo");
	ok(strstr(slurp("/proc/pagetypeinfo"), "Page block order: 9\nPages per block:  512\n"),
	   "pagetypeinfo: pageblocks of 2 MiB");
	ok(strstr(text, "Free pages count per migrate type at order       0      1 ") &&
		   strstr(text, "Number of blocks type     Unmovable      Movable  Reclaimable ") &&
		   strstr(text, "type      Isolate "),
	   "pagetypeinfo: both tables");
}

/* ---- counters ---- */

static void identities(void)
{
	const char *s = slurp("/proc/meminfo");

	is(value(s, "Active"), value(s, "Active(anon)") + value(s, "Active(file)"),
	   "identity: Active = anon + file");
	is(value(s, "Inactive"), value(s, "Inactive(anon)") + value(s, "Inactive(file)"),
	   "identity: Inactive = anon + file");
	is(value(s, "Slab"), value(s, "SReclaimable") + value(s, "SUnreclaim"),
	   "identity: Slab = SReclaimable + SUnreclaim");
	is(value(s, "CommitLimit"), (value(s, "MemTotal") / 4 / 2 * 4),
	   "identity: CommitLimit = MemTotal / 2, without swap");
	ok(llabs(value(s, "Buffers") + value(s, "Cached") - value(s, "Active(file)") -
		 value(s, "Inactive(file)") - value(s, "Unevictable") - value(s, "Shmem")) < 4096,
	   "identity: Buffers + Cached = file LRU + Shmem");
	agree(vmstat("nr_free_pages") * 4, meminfo("MemFree"), "identity: nr_free_pages");
	agree(vmstat("nr_file_pages") * 4, meminfo("Cached") + meminfo("Buffers"),
	      "identity: nr_file_pages = Cached + Buffers");
	agree(vmstat("nr_anon_pages") * 4, meminfo("AnonPages"), "identity: nr_anon_pages");
	agree(vmstat("nr_shmem") * 4, meminfo("Shmem"), "identity: nr_shmem");
	agree(vmstat("nr_kernel_stack"), meminfo("KernelStack"), "identity: nr_kernel_stack");
	agree(vmstat("nr_page_table_pages") * 4, meminfo("PageTables"), "identity: page tables");
	agree(sum_of("/proc/vmallocinfo", " pages=") * 4, meminfo("VmallocUsed"),
	      "vmallocinfo: pages sum up to VmallocUsed");
}

static void events(void)
{
	static const char *const names[] = { "pgalloc_dma32", "pgfree",	 "pgfault", "pgmajfault",
					     "pgpgin",	      "pgreuse", "numa_hit" };
	long long before[7], after, allocated, freed, anon;
	enum { NR = 1000 };
	int back = 0;
	char *p;

	for (int i = 0; i < 7; i++)
		before[i] = vmstat(names[i]);
	allocated = vmstat("pgalloc_dma32") + vmstat("pgalloc_normal") + vmstat("pgalloc_dma");
	anon = vmstat("nr_anon_pages");
	p = mmap(NULL, NR * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	madvise(p, NR * PAGE, MADV_NOHUGEPAGE);
	for (int i = 0; i < NR; i++)
		p[i * PAGE] = 1;
	ok(vmstat("pgalloc_dma32") + vmstat("pgalloc_normal") + vmstat("pgalloc_dma") - allocated >=
		   NR,
	   "vmstat: pgalloc counts pages");
	ok(vmstat("nr_anon_pages") - anon >= NR - 64, "vmstat: nr_anon_pages goes up");
	freed = vmstat("pgfree");
	munmap(p, NR * PAGE);
	ok(vmstat("pgfree") - freed >= NR - 64, "vmstat: pgfree counts pages");
	ok(vmstat("nr_anon_pages") - anon < 64, "vmstat: nr_anon_pages comes down");
	for (int i = 0; i < 7; i++) {
		after = vmstat(names[i]);
		back += before[i] < 0 || after < before[i];
	}
	is(back, 0, "vmstat: events only grow");
}

/* ---- /proc/sys/vm ---- */

#define VM "/proc/sys/vm/"

static long knob(const char *path)
{
	return strtol(slurp(path), NULL, 10);
}

static void knobs(void)
{
	long old = knob(VM "min_free_kbytes"), scale = knob(VM "watermark_scale_factor");
	char saved[128], number[32];
	struct zone z[32];
	int n, off = 0;

	ok(old >= 128, "min_free_kbytes: set at boot");
	is(spew(VM "min_free_kbytes", "4096\n"), 0, "min_free_kbytes: is written");
	is(knob(VM "min_free_kbytes"), 4096, "min_free_kbytes: and read");
	ok(llabs(zones_sum('w') - 1024) < 8, "min_free_kbytes: the min watermarks follow");
	is(spew(VM "min_free_kbytes", "-1"), EINVAL, "min_free_kbytes: not negative");
	is(spew(VM "min_free_kbytes", "many"), EINVAL, "min_free_kbytes: a number");
	snprintf(number, sizeof(number), "%ld", old);
	spew(VM "min_free_kbytes", number);

	is(spew(VM "watermark_scale_factor", "0"), EINVAL, "watermark_scale_factor: at least 1");
	is(spew(VM "watermark_scale_factor", "3001"), EINVAL,
	   "watermark_scale_factor: at most 3000");
	is(spew(VM "watermark_scale_factor", "1000"), 0, "watermark_scale_factor: 10 percent");
	n = read_zones(z, 32);
	for (int i = 0; i < n; i++)
		off += z[i].managed > 10000 && llabs(z[i].low - z[i].min - z[i].managed / 10) > 8;
	is(off, 0, "watermark_scale_factor: low is that far above min");
	snprintf(number, sizeof(number), "%ld", scale);
	spew(VM "watermark_scale_factor", number);

	is(spew(VM "percpu_pagelist_high_fraction", "7"), EINVAL, "high fraction: not below 8");
	is(spew(VM "percpu_pagelist_high_fraction", "-1"), EINVAL, "high fraction: not negative");
	is(spew(VM "percpu_pagelist_high_fraction", "1000"), 0, "high fraction: is written");
	is(knob(VM "percpu_pagelist_high_fraction"), 1000, "high fraction: and read");
	is(spew(VM "percpu_pagelist_high_fraction", "0"), 0,
	   "high fraction: 0 is the default again");

	snprintf(saved, sizeof(saved), "%s", slurp(VM "lowmem_reserve_ratio"));
	ok(!strncmp(saved, "256\t256\t32\t0", 12), "lowmem_reserve_ratio: Linux's");
	is(spew(VM "lowmem_reserve_ratio", "64"), 0,
	   "lowmem_reserve_ratio: of the lowest zone alone");
	read_zones(z, 32);
	ok(z[0].protection[3] * 64 <= zones_sum('m') &&
		   (z[0].protection[3] + 1) * 64 > zones_sum('m') - z[0].managed,
	   "lowmem_reserve_ratio: protection is the part of the zones above");
	is(spew(VM "lowmem_reserve_ratio", "0 256"), 0, "lowmem_reserve_ratio: 0 is none");
	read_zones(z, 32);
	is(z[0].protection[3], 0, "lowmem_reserve_ratio: no protection then");
	spew(VM "lowmem_reserve_ratio", saved);
	is(spew(VM "stat_refresh", "1"), 0, "stat_refresh");
	ok(!strcmp(slurp(VM "numa_zonelist_order"), "Node\n"), "numa_zonelist_order: Node");
}

/* ---- /sys and /proc/iomem ---- */

#define NODE "/sys/devices/system/node/"

static void nodes(void)
{
	static const char *const keys[] = { "MemTotal",	    "MemFree",	    "MemUsed",
					    "Active(anon)", "Mlocked",	    "FilePages",
					    "AnonPages",    "KernelStack",  "PageTables",
					    "SUnreclaim",   "AnonHugePages" };
	char path[128], key[64];
	long long total = 0;
	int missing = 0, nr = 0;

	for (int node = 0; node < 8; node++) {
		snprintf(path, sizeof(path), NODE "node%d/meminfo", node);
		if (access(path, F_OK))
			continue;
		nr++;
		for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
			snprintf(key, sizeof(key), "Node %d %s", node, keys[i]);
			missing += value(slurp(path), key) < 0;
		}
		snprintf(key, sizeof(key), "Node %d MemTotal", node);
		total += value(slurp(path), key);
	}
	ok(nr > 0 && !missing, "node: meminfo has its lines");
	is(total, meminfo("MemTotal"), "node: all nodes together are MemTotal");
	ok(!strncmp(slurp(NODE "node0/distance"), "10", 2), "node: distance to itself");
	ok(value(slurp(NODE "node0/numastat"), "numa_hit") > 0 && value(text, "other_node") >= 0 &&
		   value(text, "interleave_hit") >= 0,
	   "node: numastat");
	ok(value(slurp(NODE "node0/vmstat"), "nr_free_pages") > 0, "node: vmstat");
	ok(strlen(slurp(NODE "node0/cpulist")) > 1 && text[0] == '0', "node: cpulist");
	ok(strlen(slurp(NODE "node0/cpumap")) > 1, "node: cpumap");
	ok(!strncmp(slurp(NODE "has_memory"), "0", 1) && !strncmp(slurp(NODE "has_cpu"), "0", 1) &&
		   !strncmp(slurp(NODE "has_normal_memory"), "0", 1),
	   "node: states");
}

static void iomem(void)
{
	const char *s = slurp("/proc/iomem");
	unsigned long long lo, hi, ram = 0, ram_lo = 0, ram_hi = 0;
	int code = 0, disorder = 0;
	unsigned long long last = 0;

	for (; *s; s = strchr(s, '\n') ? strchr(s, '\n') + 1 : "") {
		if (sscanf(s, "%llx-%llx", &lo, &hi) != 2)
			continue;
		if (*s != ' ') {
			disorder += lo < last;
			last = hi;
		}
		if (!strncmp(strchr(s, ':') + 2, "System RAM", 10)) {
			ram += hi - lo + 1;
			ram_lo = lo;
			ram_hi = hi;
		}
		if (!strncmp(s, "  ", 2) && !strncmp(strchr(s, ':') + 2, "Kernel code", 11))
			code += lo >= ram_lo && hi <= ram_hi && lo < hi;
	}
	is(disorder, 0, "iomem: in order");
	is(code, 1, "iomem: the kernel's code lies in System RAM");
	ok(ram / 1024 >= (unsigned long long)meminfo("MemTotal") &&
		   ram / 1024 < (unsigned long long)meminfo("MemTotal") + (128 << 10),
	   "iomem: System RAM is MemTotal and what is reserved");
}

/* What all frames say together. */
static void all_frames(void)
{
	int fd = open("/proc/kpageflags", O_RDONLY);
	static uint64_t flags[4096];
	long long buddy = 0, reserved = 0, table = 0, slab = 0, head = 0, tail = 0;
	ssize_t n;

	while ((n = read(fd, flags, sizeof(flags))) > 0)
		for (ssize_t i = 0; i < n / 8; i++) {
			if (flags[i] >> KPF_NOPAGE & 1)
				continue;
			buddy += flags[i] >> KPF_BUDDY & 1;
			reserved += flags[i] >> KPF_RESERVED & 1;
			table += flags[i] >> KPF_PGTABLE & 1;
			slab += flags[i] >> KPF_SLAB & 1;
			head += flags[i] >> KPF_COMPOUND_HEAD & 1;
			tail += flags[i] >> KPF_COMPOUND_TAIL & 1;
		}
	close(fd);
	ok(llabs(buddy - vmstat("nr_free_pages")) < 2048,
	   "kpageflags: free frames are nr_free_pages");
	ok(reserved > 0, "kpageflags: reserved frames");
	ok(llabs(table - vmstat("nr_page_table_pages")) < 64, "kpageflags: page tables");
	ok(head > 0 && tail >= head, "kpageflags: heads and tails of compound pages");
	ok(slab > 0 && slab * 4 < meminfo("Slab") + 4096, "kpageflags: slabs");
}

int main(void)
{
	frames();
	zero_page();
	no_old_bytes();
	zones();
	identities();
	events();
	knobs();
	nodes();
	iomem();
	all_frames();
	return tap_end();
}
