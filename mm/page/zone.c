// SPDX-License-Identifier: MIT
/*
 * Zones and nodes as objects: walking them, their watermarks and reserves, printing.
 *
 * setup_per_zone_wmarks() spreads min_free_kbytes over the zones by size:
 *	min = share, low = min + extra share + d, high = low + d, promo = high + d,
 *	d = max(min / 4, managed * watermark_scale_factor / 10000)
 * setup_per_zone_lowmem_reserve(): a zone keeps from requests that could have used a higher zone j
 *	(managed pages of the zones above it up to j) / ratio[zone]
 * Both as Linux 6.1, so that /proc/zoneinfo can be compared.
 */
#include <base/types.h>
#include <base/math.h>
#include <base/bug.h>
#include <base/printf.h>
#include <sync/spinlock.h>
#include <kernel/printk.h>
#include <mm/zone.h>
#include <mm/page_flags.h>
#include <mm/vmstat.h>
#include "page_internal.h"

struct pglist_data *node_data[MAX_NUMNODES];
struct zone *page_zones[1 << (ZONES_WIDTH + NODES_WIDTH)];
unsigned int nr_mem_nodes, nr_online_nodes, nr_node_ids = 1;
nodemask_t node_states[NR_NODE_STATES];
const nodemask_t node_mask_all = NODE_MASK_ALL;
unsigned long totalreserve_pages;
DEFINE_PER_CPU(int, numa_node);
u8 empty_zero_page[PAGE_SIZE] __aligned(PAGE_SIZE) __section(".bss..page_aligned");

const char *const zone_names[MAX_NR_ZONES] = { "DMA", "DMA32", "Normal", "Movable" };
const char *const pageflag_names[__NR_PAGEFLAGS] = {
	"locked",     "referenced", "uptodate",	   "dirty",	"lru",		"active",
	"workingset", "waiters",    "error",	   "slab",	"owner_priv_1", "arch_1",
	"reserved",   "private",    "private_2",   "writeback", "head",		"mappedtodisk",
	"reclaim",    "swapbacked", "unevictable", "mlocked",	"hwpoison",	"tail",
};

int min_free_kbytes = 1024, user_min_free_kbytes = -1, extra_free_kbytes,
    watermark_scale_factor = 10;
int sysctl_lowmem_reserve_ratio[MAX_NR_ZONES] = { 256, 256, 32, 0 };
static DEFINE_SPINLOCK(wmark_lock, LOCK_WMARK);

/* ---- states of nodes ---- */

void node_set_online(int nid)
{
	node_set_state(nid, N_ONLINE);
	node_set_state(nid, N_POSSIBLE);
	nr_online_nodes = num_node_state(N_ONLINE);
	nr_node_ids = max(nr_node_ids, (unsigned int)nid + 1);
}

/* ---- walking ---- */

static struct pglist_data *node_from(int nid)
{
	for (; nid < MAX_NUMNODES; nid++)
		if (node_data[nid])
			return node_data[nid];
	return NULL;
}

struct pglist_data *first_online_pgdat(void)
{
	return node_from(0);
}

struct pglist_data *next_online_pgdat(struct pglist_data *pgdat)
{
	return node_from(pgdat->node_id + 1);
}

struct zone *next_zone(struct zone *zone)
{
	struct pglist_data *pgdat = zone->zone_pgdat;

	if (zone < pgdat->node_zones + MAX_NR_ZONES - 1)
		return zone + 1;
	pgdat = next_online_pgdat(pgdat);
	return pgdat ? pgdat->node_zones : NULL;
}

struct pglist_data *page_pgdat(const struct page *page)
{
	return node_data[page_to_nid(page)];
}

/* ---- distances ---- */

static u8 numa_distances[MAX_NUMNODES][MAX_NUMNODES];

int node_distance(int from, int to)
{
	u8 d = numa_distances[from][to];

	return d ? d : from == to ? 10 : 20;
}

void numa_set_distance(int from, int to, int distance)
{
	if (from < 0 || to < 0 || from >= MAX_NUMNODES || to >= MAX_NUMNODES || distance < 1 ||
	    distance > 255 || (from == to && distance != 10)) {
		pr_warn("NUMA: distance %d from node %d to node %d ignored\n", distance, from, to);
		return;
	}
	numa_distances[from][to] = distance;
}

/* ---- watermarks ---- */

/* The marks without boosts, which come and go. */
static void calculate_totalreserve_pages(void)
{
	struct pglist_data *pgdat;
	unsigned long total = 0;

	for_each_online_pgdat(pgdat)
	{
		pgdat->totalreserve_pages = 0;
		for (int i = 0; i < MAX_NR_ZONES; i++) {
			struct zone *zone = pgdat->node_zones + i;
			long most = 0;

			for (int j = i; j < MAX_NR_ZONES; j++)
				most = max(most, zone->lowmem_reserve[j]);
			most = min((unsigned long)most + zone->_watermark[WMARK_HIGH],
				   zone_managed_pages(zone));
			pgdat->totalreserve_pages += most;
			total += most;
		}
	}
	totalreserve_pages = total;
}

void setup_per_zone_lowmem_reserve(void)
{
	struct pglist_data *pgdat;

	spin_lock(&wmark_lock);
	for_each_online_pgdat(pgdat)
	{
		for (int i = 0; i < MAX_NR_ZONES - 1; i++) {
			struct zone *zone = pgdat->node_zones + i;
			int ratio = sysctl_lowmem_reserve_ratio[i];
			bool clear = !ratio || !zone_managed_pages(zone);
			unsigned long managed = 0;

			for (int j = i + 1; j < MAX_NR_ZONES; j++) {
				managed += zone_managed_pages(pgdat->node_zones + j);
				zone->lowmem_reserve[j] = clear ? 0 : managed / ratio;
			}
		}
	}
	calculate_totalreserve_pages();
	spin_unlock(&wmark_lock);
}

/* @pages_min and @pages_extra are spread over all zones by size. */
static void set_wmarks(struct zone *zone, unsigned long pages_min, unsigned long pages_extra,
		       unsigned long lowmem)
{
	unsigned long managed = zone_managed_pages(zone), min = 0, extra = 0, step, flags;

	if (lowmem) {
		min = (u64)pages_min * managed / lowmem;
		extra = (u64)pages_extra * managed / lowmem;
	}
	step = max(min >> 2, (unsigned long)((u64)managed * watermark_scale_factor / 10000));
	spin_lock_irqsave(&zone->lock, flags);
	zone->watermark_boost = 0;
	zone->_watermark[WMARK_MIN] = min;
	zone->_watermark[WMARK_LOW] = min + extra + step;
	zone->_watermark[WMARK_HIGH] = min + extra + 2 * step;
	zone->_watermark[WMARK_PROMO] = min + extra + 3 * step;
	spin_unlock_irqrestore(&zone->lock, flags);
}

void setup_per_zone_wmarks(void)
{
	unsigned long pages_min = (unsigned long)min_free_kbytes >> (PAGE_SHIFT - 10), lowmem = 0;
	struct zone *zone;

	spin_lock(&wmark_lock);
	for_each_zone (zone)
		lowmem += zone_managed_pages(zone);
	for_each_zone (zone)
		set_wmarks(zone, pages_min, (unsigned long)extra_free_kbytes >> (PAGE_SHIFT - 10),
			   lowmem);
	calculate_totalreserve_pages();
	zone_pcp_update_all();
	spin_unlock(&wmark_lock);
}

void init_per_zone_wmark_min(void)
{
	unsigned long lowmem_kb = nr_free_buffer_pages() * (PAGE_SIZE >> 10), root = 0;

	if (user_min_free_kbytes < 0) {
		while ((root + 1) * (root + 1) <= lowmem_kb * 16)
			root++;
		min_free_kbytes = clamp(root, 128UL, 262144UL);
	}
	setup_per_zone_wmarks();
	setup_per_zone_lowmem_reserve();
}

/* ---- printing ---- */

static const char *const page_type_names[] = {
	"none",	   "buddy",   "pcp",	  "offline", "guard", "table", "stack",
	"vmalloc", "percpu",  "kmalloc",  "spare",   "trace", "boot",  "pgd",
	"pipe",	   "ramdisk", "zsmalloc", "swap",    "dma",
};

void page_print(page_printer_t pr, void *arg, const struct page *page)
{
	u32 type = page->page_type;

	pr(arg,
	   "page:%p refcount:%d mapcount:%d mapping:%p index:%#lx pfn:%#lx private:%#x node:%d zone:%s",
	   page, page_ref_count(page), page_mapcount(page), page->mapping, page->index,
	   page_to_pfn(page), page->private, page_to_nid(page),
	   zone_names[page_zonenum(page) % MAX_NR_ZONES]);
	if (page_has_type(page) &&
	    (type & 0xff) < sizeof(page_type_names) / sizeof(page_type_names[0]))
		pr(arg, " type:%s", page_type_names[type & 0xff]);
	pr(arg, " flags:%#x(", READ_ONCE(page->flags) & PAGEFLAGS_MASK);
	for (unsigned int bit = 0, n = 0; bit < __NR_PAGEFLAGS; bit++)
		if (READ_ONCE(page->flags) >> bit & 1)
			pr(arg, "%s%s", n++ ? "|" : "", pageflag_names[bit]);
	pr(arg, ")\n");
}

struct line {
	char text[400];
	size_t len;
};

static void line_pr(void *arg, const char *fmt, ...)
{
	struct line *line = arg;
	__builtin_va_list args;

	__builtin_va_start(args, fmt);
	line->len += vscnprintf(line->text + line->len, sizeof(line->text) - line->len, fmt, args);
	__builtin_va_end(args);
}

void dump_page(const struct page *page, const char *reason)
{
	struct line line = { .len = 0 };

	page_print(line_pr, &line, page);
	pr_warn("%s", line.text);
	if (reason)
		pr_warn("page dumped because: %s\n", reason);
}
