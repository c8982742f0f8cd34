// SPDX-License-Identifier: MIT
/*
 * Shadow entries: what is remembered of pages that were evicted.
 *
 * 1 A page has a name, (owner, index): a file and an offset in pages, or a device of swap and a slot. Linux leaves the entry in the
 *   tree of the page cache, where the page was; so it is found while the file lives and is not truncated there, until the nodes of
 *   trees that hold nothing but entries are more than an eighth of the pages of all classes and of slabs. What is remembered here is the
 *   same, as refaults are counted by what is found; but trees of pages hold pages alone, and a file is remembered although its inode was
 *   dropped:
 *
 *	table, by hash of (owner, index / 64)		owners, by hash of the owner
 *	  |						  |
 *	  node -> node					  node -> node -> node
 *
 *	node	struct shadow_node: up to 64 entries of neighbours	0: none
 *
 *	lists of nodes, the one that was stored to longest ago first:
 *	COLD	of a file, and none of the 64 pages is in the cache
 *	WARM	of a file, and one is; Linux has them for nothing, as the tree needs these nodes
 *	SWAP
 *
 * 2 When there are more cold ones than that eighth the oldest one is used again; so it is when there is no memory. Warm ones may be twice
 *   as many, where Linux has no limit. Of swap there are as many as its slots need, as in Linux: 9 bytes a page. A node without an entry is freed.
 *
 * 3 Locks: shadow_lock guards all. An eviction comes under the lock of the page cache's tree: nothing sleeps. Memory for a node may be of
 *   the reserves: who evicts is about to free a page for an entry that needs a seventh of one.
 *
 * Linux 6.1: mm/workingset.c (count_shadow_nodes, scan_shadow_nodes). Observe: shadow_node of /proc/slabinfo.
 */
#include <base/hash.h>
#include <base/list.h>
#include <base/math.h>
#include <base/string.h>
#include <kernel/init.h>
#include <mm/gfp.h>
#include <mm/lru.h>
#include <mm/slab.h>
#include <mm/vmstat.h>
#include <mm/zone.h>
#include <sync/ranks.h>
#include <sync/spinlock.h>
#include "reclaim_internal.h"

#define NODE_ENTRIES 64UL
#define FEW_PAGES    (64 * NODE_ENTRIES)

enum kind { COLD, WARM, SWAP, NR_KINDS };

struct shadow_node {
	struct hlist_node hash, by_owner;
	struct list_head age;
	enum kind kind;
	u64 owner;
	unsigned long first; /* index of the first entry */
	unsigned int nr;     /* entries that are not 0 */
	u64 entry[NODE_ENTRIES];
};

static DEFINE_SPINLOCK(shadow_lock, LOCK_SHADOW);
static struct list_head nodes[NR_KINDS] = { LIST_HEAD_INIT(nodes[COLD]),
					    LIST_HEAD_INIT(nodes[WARM]),
					    LIST_HEAD_INIT(nodes[SWAP]) };
static unsigned long nr_nodes[NR_KINDS];  /* shadow_lock; read without by has_nodes() */
static struct hlist_head *table, *owners; /* NULL until shadow_start() */
static unsigned int table_bits;
static struct kmem_cache *node_cache;

bool shadow_start(void)
{
	unsigned int bits = order_base_2(max(totalram_pages() / 32, 64UL));
	struct hlist_head *t =
		kvzalloc(sizeof(*t) << bits << 1, GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY);

	if (!t)
		return false;
	table_bits = bits;
	owners = t + (1UL << bits);
	smp_store_release(&table, t);
	return true;
}

/* ---- nodes: => shadow_lock held ---- */

static struct hlist_head *chain_of(u64 owner, unsigned long first)
{
	return table + (hash_mix(owner + hash_mix(first / NODE_ENTRIES)) >> (64 - table_bits));
}

static struct hlist_head *chain_of_owner(u64 owner)
{
	return owners + (hash_mix(owner) >> (64 - table_bits));
}

static struct shadow_node *find_node(u64 owner, unsigned long first)
{
	struct shadow_node *node;

	hlist_for_each_entry (node, chain_of(owner, first), hash)
		if (node->owner == owner && node->first == first)
			return node;
	return NULL;
}

static void link_node(struct shadow_node *node, enum kind kind)
{
	node->kind = kind;
	list_add_tail(&node->age, &nodes[kind]);
	WRITE_ONCE(nr_nodes[kind], nr_nodes[kind] + 1);
}

static void unlink_node(struct shadow_node *node)
{
	list_del(&node->age);
	WRITE_ONCE(nr_nodes[node->kind], nr_nodes[node->kind] - 1);
}

/* Nobody finds @node any more. */
static void remove_node(struct shadow_node *node)
{
	hlist_del(&node->hash);
	hlist_del(&node->by_owner);
	unlink_node(node);
}

static void free_node(struct shadow_node *node)
{
	remove_node(node);
	kmem_cache_free(node_cache, node);
}

/* Of a kind that is a file's. */
static unsigned long max_nodes(enum kind kind)
{
	unsigned long pages = 0;
	struct pglist_data *pgdat;

	for_each_online_pgdat(pgdat)
	{
		for (int lru = 0; lru < NR_LRU_LISTS; lru++)
			pages += lruvec_lru_size(&pgdat->__lruvec, lru, MAX_NR_ZONES - 1);
		pages += node_page_state(pgdat, NR_SLAB_RECLAIMABLE) +
			 node_page_state(pgdat, NR_SLAB_UNRECLAIMABLE);
	}
	return pages / (kind == WARM ? 4 : 8);
}

/* @node belongs to @kind now, and is the youngest of it; the oldest one may be too much. */
static void renew_node(struct shadow_node *node, enum kind kind)
{
	bool more = node->kind != kind;

	unlink_node(node);
	link_node(node, kind);
	if (more && kind != SWAP && nr_nodes[kind] > max_nodes(kind))
		free_node(list_first_entry(&nodes[kind], struct shadow_node, age));
}

/* Beyond the limit, and without memory, the oldest one of the kind. */
static struct shadow_node *new_node(u64 owner, unsigned long first, enum kind kind)
{
	struct shadow_node *node = NULL;

	if (kind == SWAP || nr_nodes[kind] < max_nodes(kind))
		node = kmem_cache_alloc(node_cache, __GFP_NOWARN);
	if (!node && kind != SWAP && nr_nodes[kind]) {
		node = list_first_entry(&nodes[kind], struct shadow_node, age);
		remove_node(node);
	}
	if (!node)
		return NULL;
	memset(node, 0, sizeof(*node));
	node->owner = owner;
	node->first = first;
	hlist_add_head(&node->hash, chain_of(owner, first));
	hlist_add_head(&node->by_owner, chain_of_owner(owner));
	link_node(node, kind);
	return node;
}

/* Forget [start, end] of @node, perhaps not the whole of it: how many there were, and one of them. */
static unsigned int clear_entries(struct shadow_node *node, unsigned long start, unsigned long end,
				  u64 *entry)
{
	unsigned long from = max(start, node->first) - node->first;
	unsigned long to = min(end - node->first, NODE_ENTRIES - 1);
	unsigned int nr = 0;

	for (unsigned long i = from; i <= to; i++) {
		if (!node->entry[i])
			continue;
		*entry = node->entry[i];
		node->entry[i] = 0;
		nr++;
	}
	node->nr -= nr;
	if (!node->nr)
		free_node(node);
	return nr;
}

/* ---- entries ---- */

static void store_in_node(u64 owner, unsigned long index, unsigned int nr, u64 entry,
			  enum kind kind)
{
	unsigned long first = round_down(index, NODE_ENTRIES);
	struct shadow_node *node = find_node(owner, first);

	if (!node)
		node = new_node(owner, first, kind);
	if (!node)
		return;
	for (unsigned long i = index - first; i < index - first + nr; i++) {
		node->nr += !node->entry[i];
		node->entry[i] = entry;
	}
	renew_node(node, kind);
}

void shadow_store(u64 owner, unsigned long index, unsigned int nr, u64 entry, bool warm)
{
	enum kind kind = owner & SHADOW_SWAP ? SWAP : warm ? WARM : COLD;

	if (!smp_load_acquire(&table))
		return;
	spin_lock(&shadow_lock);
	for (unsigned int n; nr; nr -= n, index += n) {
		n = min_t(unsigned long, nr, NODE_ENTRIES - index % NODE_ENTRIES);
		store_in_node(owner, index, n, entry, kind);
	}
	spin_unlock(&shadow_lock);
}

static bool has_nodes(void)
{
	return READ_ONCE(nr_nodes[COLD]) || READ_ONCE(nr_nodes[WARM]) || READ_ONCE(nr_nodes[SWAP]);
}

unsigned int shadow_take(u64 owner, unsigned long index, unsigned int nr, u64 *entry)
{
	unsigned long end = index + nr - 1;
	unsigned int found = 0;

	if (!has_nodes())
		return 0;
	spin_lock(&shadow_lock);
	for (unsigned long at = round_down(index, NODE_ENTRIES); at <= end; at += NODE_ENTRIES) {
		struct shadow_node *node = find_node(owner, at);

		if (!node)
			continue;
		if (node->kind ==
		    COLD) { /* a page comes there; the limit is looked at with the next eviction */
			unlink_node(node);
			link_node(node, WARM);
		}
		found += clear_entries(node, index, end, entry);
	}
	spin_unlock(&shadow_lock);
	return found;
}

/* Node by node, and not through all of the owner's. => shadow_lock held */
static void forget_few(u64 owner, unsigned long start, unsigned long end)
{
	u64 entry;

	for (unsigned long at = round_down(start, NODE_ENTRIES); at <= end; at += NODE_ENTRIES) {
		struct shadow_node *node = find_node(owner, at);

		if (node)
			clear_entries(node, start, end, &entry);
	}
}

void shadow_forget(u64 owner, unsigned long start, unsigned long end)
{
	struct shadow_node *node;
	struct hlist_node *next;
	u64 entry;

	if (!has_nodes())
		return;
	spin_lock(&shadow_lock);
	if (end - start < FEW_PAGES) {
		forget_few(owner, start, end);
	} else {
		hlist_for_each_entry_safe (node, next, chain_of_owner(owner), by_owner)
			if (node->owner == owner && node->first <= end &&
			    node->first + NODE_ENTRIES > start)
				clear_entries(node, start, end, &entry);
	}
	spin_unlock(&shadow_lock);
}

void __init shadow_init(void)
{
	node_cache = KMEM_CACHE(shadow_node, SLAB_PANIC);
}
