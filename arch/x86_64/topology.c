// SPDX-License-Identifier: MIT
/*
 * Threads, cores, packages and caches, as CPUID tells them.
 *
 * An APIC identifier is a number of fields: package, core in it, thread in that. CPUs that agree in all bits from a shift
 * on share something: a core, a package, a cache. Where the borders lie:
 *
 *	leaf 0x1f, or 0xb		bits of each level, told directly; of AMD's from family 0x17 with TOPOEXT on
 *	AMD, else			0x80000008: bits of the core, or their number rounded up; no threads
 *	Intel, else			leaf 1 counts threads of a package, leaf 4 cores; rounded up to powers of two
 *
 * The boot CPU is asked; all others are like it. Caches: leaf 4, or AMD's 0x8000001d of the same form; without them
 * 0x80000005 and 6, where levels 1 and 2 belong to one thread and level 3 to the package.
 *
 * Sources: Intel SDM volume 2, CPUID, and volume 3, 9.9.3; AMD APM volume 3, appendix E. Linux 6.1 decides alike:
 * arch/x86/kernel/cpu/{topology,amd,intel,cacheinfo}.c.
 * Observe: "CPU: caches" in the log, /proc/cpuinfo.
 */
#include <base/types.h>
#include <base/bitops.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <kernel/init.h>
#include <kernel/printk.h>
#include <seam/cpufeature.h>
#include <seam/processor.h>
#include <seam/smp.h>
#include <seam/topology.h>

unsigned int topology_core_shift __ro_after_init, topology_package_shift __ro_after_init;
struct cpu_cache cpu_caches[MAX_CPU_CACHES] __ro_after_init;
unsigned int nr_cpu_caches __ro_after_init;

static bool amd __ro_after_init;

/* ---- fields of an APIC identifier ---- */

/* The levels of @leaf: thread bits of the first, the bits below the package of the last. False when there is no such leaf. */
static bool __init shifts_from_levels(u32 leaf)
{
	u32 a, b, c, d;

	if (boot_cpu_data.cpuid_level < leaf)
		return false;
	for (u32 level = 0;; level++) {
		cpuid_count(leaf, level, &a, &b, &c, &d);
		if (!(b & 0xffff) || !(c & 0xff00)) /* no CPUs, or a level of no kind */
			return level > 0;
		if (!level)
			topology_core_shift = a & 31;
		topology_package_shift = a & 31;
	}
}

static void __init shifts_from_amd(void)
{
	u32 a, b, c = 0, d;

	if (boot_cpu_data.ext_level >= 0x80000008)
		cpuid(0x80000008, &a, &b, &c, &d);
	topology_core_shift = 0;
	topology_package_shift = c >> 12 & 15 ?: order_base_2((c & 0xff) + 1);
}

static void __init shifts_from_counts(void)
{
	unsigned int cores = 1, threads = 1;
	u32 a, b, c, d;

	if (boot_cpu_data.cpuid_level >= 4) {
		cpuid_count(4, 0, &a, &b, &c, &d);
		if (a & 31)
			cores = (a >> 26) + 1;
	}
	cpuid(1, &a, &b, &c, &d);
	if (d >> 28 & 1) /* the count in leaf 1 holds */
		threads = max(1u, (b >> 16 & 0xff) / cores);
	topology_core_shift = order_base_2(threads);
	topology_package_shift = topology_core_shift + order_base_2(cores);
}

static void __init find_shifts(void)
{
	bool levels = !amd || (boot_cpu_data.family >= 0x17 && boot_cpu_has(X86_FEATURE_TOPOEXT));

	if (levels && (shifts_from_levels(0x1f) || shifts_from_levels(0xb)))
		return;
	if (amd)
		shifts_from_amd();
	else
		shifts_from_counts();
}

unsigned int topology_physical_package_id(int cpu)
{
	return cpu_physical_id(cpu) >> topology_package_shift;
}

unsigned int topology_core_id(int cpu)
{
	return (cpu_physical_id(cpu) & ((1u << topology_package_shift) - 1)) >> topology_core_shift;
}

void topology_sharers(int cpu, unsigned int shift, struct cpumask *mask)
{
	u32 id = cpu_physical_id(cpu) >> shift;
	int other;

	cpumask_clear(mask);
	for_each_online_cpu (other)
		if (cpu_physical_id(other) >> shift == id)
			__cpumask_set_cpu(other, mask);
}

unsigned int topology_nr_cores(int cpu)
{
	struct cpumask package, core;
	unsigned int cores = 0;
	int other;

	topology_sharers(cpu, topology_package_shift, &package);
	for_each_cpu (other, &package) {
		topology_sharers(other, topology_core_shift, &core);
		cores += cpumask_first(&core) == (unsigned int)other;
	}
	return cores;
}

/* ---- caches ---- */

static void __init add_cache(struct cpu_cache cache)
{
	if (nr_cpu_caches < MAX_CPU_CACHES && cache.kib)
		cpu_caches[nr_cpu_caches++] = cache;
}

/* Leaf 4 and its twin: a sub-leaf for each cache. */
static void __init add_deterministic(u32 leaf)
{
	u32 a, b, c, d;

	for (u32 sub = 0; sub < MAX_CPU_CACHES; sub++) {
		struct cpu_cache cache;

		cpuid_count(leaf, sub, &a, &b, &c, &d);
		if (!(a & 31))
			return;
		cache = (struct cpu_cache){
			.level = a >> 5 & 7,
			.type = "?DIU"[a & 3],
			.share_shift = order_base_2((a >> 14 & 0xfff) + 1),
			.line_bytes = (b & 0xfff) + 1,
			.partitions = (b >> 12 & 0x3ff) + 1,
			.ways = (b >> 22) + 1,
			.sets = c + 1,
		};
		cache.kib =
			(u64)cache.line_bytes * cache.partitions * cache.ways * cache.sets >> 10;
		add_cache(cache);
	}
}

/* One register of 0x80000005: size, ways, lines per tag, line. */
static void __init add_amd_l1(u32 reg, char type)
{
	struct cpu_cache cache = {
		.level = 1,
		.type = type,
		.kib = reg >> 24,
		.ways = reg >> 16 & 0xff,
		.partitions = reg >> 8 & 0xff,
		.line_bytes = reg & 0xff,
	};

	if (cache.ways && cache.line_bytes)
		cache.sets = (cache.kib << 10) / cache.line_bytes / cache.ways;
	add_cache(cache);
}

/* One of 0x80000006: the ways are coded in four bits. */
static void __init add_amd_outer(u32 reg, u8 level, u32 kib, unsigned int shift)
{
	static const u8 ways[16] __initconst = { 0,  1, 2,  0,	4,  0,	8,   0,
						 16, 0, 32, 48, 64, 96, 128, 0 };
	struct cpu_cache cache = {
		.level = level,
		.type = 'U',
		.kib = kib,
		.share_shift = shift,
		.ways = ways[reg >> 12 & 15],
		.partitions = reg >> 8 & 15,
		.line_bytes = reg & 0xff,
	};

	if (cache.ways && cache.line_bytes)
		cache.sets = (kib << 10) / cache.line_bytes / cache.ways;
	add_cache(cache);
}

static void __init find_caches(void)
{
	u32 a, b, c, d;

	if (amd && boot_cpu_data.ext_level >= 0x8000001d && boot_cpu_has(X86_FEATURE_TOPOEXT)) {
		add_deterministic(0x8000001d);
	} else if (amd && boot_cpu_data.ext_level >= 0x80000006) {
		cpuid(0x80000005, &a, &b, &c, &d);
		add_amd_l1(c, 'D');
		add_amd_l1(d, 'I');
		cpuid(0x80000006, &a, &b, &c, &d);
		add_amd_outer(c, 2, c >> 16, 0);
		add_amd_outer(d, 3, (d >> 18) << 9, topology_package_shift);
	} else if (boot_cpu_data.cpuid_level >= 4) {
		add_deterministic(4);
	}
}

unsigned int topology_cache_kib(void)
{
	const struct cpu_cache *best = NULL;

	for (const struct cpu_cache *c = cpu_caches; c < cpu_caches + nr_cpu_caches; c++)
		if (!best || (c->level > best->level && (!amd || c->level == 2)))
			best = c;
	return best ? best->kib : 0;
}

static void __init print_caches(void)
{
	char text[160];
	size_t n = 0;

	text[0] = 0;
	for (unsigned int i = 0; i < nr_cpu_caches; i++) {
		const struct cpu_cache *c = &cpu_caches[i];

		n += scnprintf(text + n, sizeof(text) - n, "%s L%u%s %u KiB %u-way", i ? "," : "",
			       c->level,
			       c->type == 'D'	? "d"
			       : c->type == 'I' ? "i"
						: "",
			       c->kib, c->ways);
	}
	pr_info("CPU: caches:%s; line %u bytes\n", nr_cpu_caches ? text : " not told",
		cache_line_size());
}

void __init topology_init(void)
{
	amd = !strcmp(boot_cpu_data.vendor, "AuthenticAMD") ||
	      !strcmp(boot_cpu_data.vendor, "HygonGenuine");
	find_shifts();
	find_caches();
	print_caches();
}
