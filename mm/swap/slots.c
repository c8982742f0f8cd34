// SPDX-License-Identifier: MIT
/*
 * Slots of a swap device: who holds them, and which is free.
 *
 * 1 A slot is room for a page. All that is known of it stands in one word, changed by compare-and-swap, without a lock:
 *
 *	63   58   57     56  55        32 31             0
 *	|  0  |LEAVING|BAD| holders     | frame         |
 *
 *   holders	entries of page tables (or of shmem) that name the slot
 *   frame	of the folio that is in memory, too: this is the swap cache. 0: none (frame 0 is never given out)
 *
 *	0 ------------------> frame ------------> frame, n ------------> n ------------> LEAVING ---> 0
 *	  swap_slot_alloc()	    unmapped from   |	  evicted from	 ^ | the last entry
 *	  for a folio		    n entries	    |	  the cache	 | | goes, or is read in
 *						    +--- read in: frame, n
 *
 *   LEAVING: nobody finds the slot any more and nobody takes it yet, while those who had something for it are told: the device, if it
 *   keeps slots in memory (zram), who keeps pages in front of it (frontswap), and the control group that paid for it (cluster->owners,
 *   16 bits a slot, while there are groups). Who they are is asked then, not before: until then each may yet come.
 *
 *   Invariant (swap_slots_check): a slot is in use exactly if its word is neither 0 nor BAD; cluster->used = slots of it in
 *   use; inuse_pages = sum of used.
 *
 *   24 bits for holders are enough for all: a page is mapped at most once in an address space, and there are at most 2^22 processes;
 *   a further one is refused by nobody, so that this is asserted.
 *
 * 2 A cluster is 512 slots, whose words fill one page, which is allocated when the cluster is first used and kept: an unused
 *   device costs 24 bytes per 2 MiB. Each CPU takes slots from a cluster of its own, one after the other, so that what it
 *   evicts lies together and CPUs do not meet. A cluster that has come to its end is followed by a free one (oldest
 *   first), else by one with room, else slots are taken wherever one is free, so that none is out of reach.
 *
 * 3 Locks. si->lock for the states and lists of clusters; it is taken once per cluster. Rank: below the locks of page tables.
 *
 * 4 Failure: no slot (0), or no memory for the words of a cluster (then another one is used).
 *
 * 5 Worst case: when the device is nearly full each allocation looks through the clusters, and a nearly full one is
 *   looked through slot by slot: 512 loads.
 *
 * 6 Linux 6.1: mm/swapfile.c. There a byte per slot counts up to 62, with pages of further bytes linked behind, under locks per
 *   cluster; the cache is a tree per 64 MiB; slots are taken and given back in batches per CPU, and those batches have
 *   to be emptied by swapoff. One word has neither overflow nor batches, at 8 bytes a slot that was ever used.
 *
 * 7 Observe: /proc/swaps, /proc/mm/swap.
 */
#include <base/bug.h>
#include <base/cpumask.h>
#include <base/errno.h>
#include <base/math.h>
#include <mm/gfp.h>
#include <mm/ledger.h>
#include <mm/page.h>
#include <mm/percpu_alloc.h>
#include <mm/slab.h>
#include <kernel/sched.h>
#include <sync/preempt.h>
#include <sync/rcu.h>
#include <sync/ranks.h>
#include "swap_internal.h"

atomic_long_t nr_swap_pages;
const struct swap_owner_ops *swap_owner_ops;

/* ---- words ---- */

swap_slot_t *swap_slot(struct swap_info_struct *si, unsigned long offset)
{
	swap_slot_t *slots;

	if (offset >= si->max)
		return NULL;
	slots = smp_load_acquire(&si->clusters[offset >> CLUSTER_SHIFT].slots);
	return slots ? slots + (offset & (CLUSTER_SLOTS - 1)) : NULL;
}

/* ---- lists of clusters. => si->lock held ---- */

static void list_append(struct swap_info_struct *si, unsigned int index)
{
	si->clusters[index].next = CLUSTER_NONE;
	if (si->free_head == CLUSTER_NONE)
		si->free_head = index;
	else
		si->clusters[si->free_tail].next = index;
	si->free_tail = index;
	si->nr_free++;
}

static unsigned int list_take(struct swap_info_struct *si)
{
	unsigned int index = si->free_head;

	if (index != CLUSTER_NONE) {
		si->free_head = si->clusters[index].next;
		si->nr_free--;
	}
	return index;
}

/* All slots of the cluster are free, and no CPU takes from it. */
static void cluster_freed(struct swap_info_struct *si, unsigned int index)
{
	struct swap_cluster *c = si->clusters + index;

	WRITE_ONCE(c->state, CLUSTER_FREE);
	if (!(READ_ONCE(si->flags) & SWP_DISCARDABLE)) {
		list_append(si, index);
		return;
	}
	c->next = si->discard_head;
	si->discard_head = index;
	schedule_work(&si->discard_work);
}

void swap_discard_work(struct work_struct *work)
{
	struct swap_info_struct *si = container_of(work, struct swap_info_struct, discard_work);
	unsigned int index;

	for (;;) {
		unsigned long first;

		spin_lock(&si->lock);
		index = si->discard_head;
		if (index != CLUSTER_NONE)
			si->discard_head = si->clusters[index].next;
		spin_unlock(&si->lock);
		if (index == CLUSTER_NONE)
			return;
		first = (unsigned long)index << CLUSTER_SHIFT;
		si->ops->discard(si, first, min(si->max - first, (unsigned long)CLUSTER_SLOTS));
		spin_lock(&si->lock);
		list_append(si, index);
		spin_unlock(&si->lock);
	}
}

/* ---- giving back ---- */

/* A word of the cluster of @offset has become 0, or stayed so. */
static noinline void slot_freed(struct swap_info_struct *si, unsigned long offset)
{
	unsigned int index = offset >> CLUSTER_SHIFT;
	struct swap_cluster *c = si->clusters + index;

	atomic_long_inc(&nr_swap_pages);
	if (atomic_dec_and_test(&c->used)) {
		spin_lock(&si->lock);
		if (!atomic_read(&c->used) && c->state == CLUSTER_IDLE)
			cluster_freed(si, index);
		spin_unlock(&si->lock);
	}
	/* Last: swapoff may free everything then. */
	atomic_long_dec(&si->inuse_pages);
}

static u16 *slot_owner(const struct swap_info_struct *si, unsigned long offset)
{
	u16 *owners = READ_ONCE(si->clusters[offset >> CLUSTER_SHIFT].owners);

	return owners ? owners + (offset & (CLUSTER_SLOTS - 1)) : NULL;
}

/* A word has become LEAVING: neither holder nor frame is left. Whoever was there for the slot came before that. */
static void slot_left(struct swap_info_struct *si, swap_slot_t *slot, unsigned long offset)
{
	u16 *owner = slot_owner(si, offset), id;

	if (frontswap_is_on()) /* which may charge the owner, too */
		__frontswap_invalidate(swp_entry(si->type, offset));
	if (owner && READ_ONCE(*owner)) {
		rcu_read_lock(); /* from the number to the group */
		id = xchg(owner, 0);
		if (id)
			swap_owner_ops->uncharge(id);
		rcu_read_unlock();
	}
	if (si->ops && si->ops->slot_free)
		si->ops->slot_free(si, offset);
	smp_store_release(slot, 0);
	slot_freed(si, offset);
}

void swap_slot_dup(struct swap_info_struct *si, unsigned long offset)
{
	swap_slot_t *slot = swap_slot(si, offset), old = READ_ONCE(*slot);

	do {
		BUG_ON(!old || slot_count(old) == SLOT_COUNT_MAX);
	} while (!try_cmpxchg(slot, &old, old + SLOT_ONE));
}

swap_slot_t swap_slot_put(struct swap_info_struct *si, unsigned long offset)
{
	swap_slot_t *slot = swap_slot(si, offset), old = READ_ONCE(*slot);

	do {
		BUG_ON(!slot_count(old));
	} while (!try_cmpxchg(slot, &old, old == SLOT_ONE ? SLOT_LEAVING : old - SLOT_ONE));
	old -= SLOT_ONE;
	if (!old)
		slot_left(si, slot, offset);
	return old;
}

int swap_slot_set_pfn(struct swap_info_struct *si, unsigned long offset, u32 pfn)
{
	swap_slot_t *slot = swap_slot(si, offset), old;

	if (!slot)
		return -ENOENT;
	old = READ_ONCE(*slot);
	do {
		if (slot_pfn(old))
			return -EEXIST;
		if (!slot_count(old))
			return -ENOENT;
	} while (!try_cmpxchg(slot, &old, old | pfn));
	return 0;
}

void swap_slot_clear_pfn(struct swap_info_struct *si, unsigned long offset)
{
	swap_slot_t *slot = swap_slot(si, offset), old = READ_ONCE(*slot);

	do {
	} while (!try_cmpxchg(slot, &old, slot_count(old) ? old & ~0xffffffffULL : SLOT_LEAVING));
	if (!slot_count(old))
		slot_left(si, slot, offset);
}

/* ---- whose they are ---- */

/* A number for each slot of the cluster, made now if need be. */
static u16 *cluster_owners(struct swap_cluster *c)
{
	u16 *owners = READ_ONCE(c->owners), *other = NULL;

	if (likely(owners))
		return owners;
	owners = kcalloc(CLUSTER_SLOTS, sizeof(*owners), GFP_NOWAIT | __GFP_HIGH | __GFP_NOWARN);
	if (!owners)
		return NULL;
	if (try_cmpxchg(&c->owners, &other, owners))
		return owners;
	kfree(owners);
	return other;
}

bool swap_slot_charge(swp_entry_t entry, struct folio *folio)
{
	struct swap_info_struct *si = swp_device(entry);
	unsigned long offset = swp_offset(entry);
	u16 *owners, id;
	bool good;

	if (likely(!READ_ONCE(swap_owner_ops)))
		return true;
	owners = cluster_owners(si->clusters + (offset >> CLUSTER_SHIFT));
	if (!owners)
		return false;
	rcu_read_lock();
	good = swap_owner_ops->charge(folio_pfn(folio), &id);
	if (good && id)
		WRITE_ONCE(owners[offset & (CLUSTER_SLOTS - 1)], id);
	rcu_read_unlock();
	return good;
}

/* NULL: nobody's. => the device is kept */
static const u16 *owner_at(swp_entry_t entry)
{
	const struct swap_info_struct *si = swp_device(entry);

	/* Else it is the guess of a readahead. */
	return swp_offset(entry) < si->max ? slot_owner(si, swp_offset(entry)) : NULL;
}

/* => RCU */
static u16 owner_of(swp_entry_t entry)
{
	const u16 *owner = owner_at(entry);

	return owner ? READ_ONCE(*owner) : 0;
}

struct folio *swap_owner_alloc_folio(swp_entry_t entry, gfp_t gfp)
{
	const u16 *owner = owner_at(entry);

	return owner && READ_ONCE(*owner) ? swap_owner_ops->alloc_folio(owner, gfp)
					  : folio_alloc(gfp, 0);
}

bool swap_owner_may_zswap(swp_entry_t entry)
{
	bool may = true;
	u16 id;

	rcu_read_lock();
	id = owner_of(entry);
	if (id)
		may = swap_owner_ops->may_zswap(id);
	rcu_read_unlock();
	return may;
}

void swap_owner_charge_zswap(swp_entry_t entry, long bytes, int pages)
{
	u16 id;

	rcu_read_lock();
	id = owner_of(entry);
	if (id)
		swap_owner_ops->charge_zswap(id, bytes, pages);
	rcu_read_unlock();
}

static void move_owners(u16 *owners, u16 from, u16 to)
{
	for (unsigned int i = 0; i < CLUSTER_SLOTS; i++) {
		u16 old = from;

		if (READ_ONCE(owners[i]) == from)
			try_cmpxchg(owners + i, &old, to);
	}
}

void swap_owners_move(u16 from, u16 to)
{
	for (unsigned int type = 0; type < MAX_SWAPFILES; type++) {
		struct swap_info_struct *si = get_swap_device(swp_entry(type, 1));

		if (!si)
			continue;
		for (unsigned int i = 0; i < si->nr_clusters; i++) {
			u16 *owners = READ_ONCE(si->clusters[i].owners);

			if (owners)
				move_owners(owners, from, to);
			cond_resched();
		}
		put_swap_device(si);
	}
}

/* ---- taking ---- */

/* The words of the cluster, made now if need be. */
static swap_slot_t *cluster_slots(struct swap_cluster *c)
{
	swap_slot_t *slots = smp_load_acquire(&c->slots), *other = NULL;

	if (likely(slots))
		return slots;
	slots = (swap_slot_t *)get_zeroed_page(GFP_NOWAIT | __GFP_HIGH | __GFP_NOWARN);
	if (!slots)
		return NULL;
	page_set_name(virt_to_page(slots), PAGE_TYPE_SWAP);
	if (try_cmpxchg(&c->slots, &other, slots))
		return slots;
	free_page((unsigned long)slots);
	return other;
}

/* A free slot of cluster @index from number *@from on; *@from moves behind it. 0: none. */
static unsigned long take_from(struct swap_info_struct *si, unsigned int index, unsigned int *from,
			       u32 pfn)
{
	struct swap_cluster *c = si->clusters + index;
	unsigned long first = (unsigned long)index << CLUSTER_SHIFT;
	unsigned int end = min(si->max - first, (unsigned long)CLUSTER_SLOTS);
	swap_slot_t *slots = cluster_slots(c);

	if (!slots || atomic_read(&c->used) + c->bad >= CLUSTER_SLOTS) {
		*from = end;
		return 0;
	}
	/* Before the slot: it may be freed at once. */
	atomic_inc(&c->used);
	atomic_long_inc(&si->inuse_pages);
	atomic_long_dec(&nr_swap_pages);
	for (unsigned int i = *from; i < end; i++) {
		swap_slot_t free = 0;

		if (READ_ONCE(slots[i]) || !try_cmpxchg(slots + i, &free, pfn))
			continue;
		*from = i + 1;
		return first + i;
	}
	*from = end;
	slot_freed(si, first);
	return 0;
}

/* The CPU is through with @old (or CLUSTER_NONE): another one for it. */
static unsigned int next_cluster(struct swap_info_struct *si, unsigned int old)
{
	unsigned int index;

	spin_lock(&si->lock);
	if (old != CLUSTER_NONE) {
		WRITE_ONCE(si->clusters[old].state, CLUSTER_IDLE);
		if (!atomic_read(&si->clusters[old].used))
			cluster_freed(si, old);
	}
	index = list_take(si);
	for (unsigned int n = 0; index == CLUSTER_NONE && n < si->nr_clusters; n++) {
		struct swap_cluster *c = si->clusters + si->scan;

		if (c->state == CLUSTER_IDLE && atomic_read(&c->used) + c->bad < CLUSTER_SLOTS)
			index = si->scan;
		si->scan = (si->scan + 1) % si->nr_clusters;
	}
	if (index != CLUSTER_NONE)
		WRITE_ONCE(si->clusters[index].state, CLUSTER_CURRENT);
	spin_unlock(&si->lock);
	return index;
}

/* Nothing in a cluster of our own: any slot that is free. */
static unsigned long take_anywhere(struct swap_info_struct *si, u32 pfn)
{
	for (unsigned int i = 0; i < si->nr_clusters; i++) {
		unsigned int from = 0;
		unsigned long offset;

		if (READ_ONCE(si->clusters[i].state) == CLUSTER_FREE)
			continue; /* there is no memory for its words, or it is being discarded */
		offset = take_from(si, i, &from, pfn);
		if (offset)
			return offset;
	}
	return 0;
}

unsigned long swap_slot_alloc(struct swap_info_struct *si, u32 pfn)
{
	struct swap_cpu *cpu;
	unsigned long offset = 0;

	if (atomic_long_read(&si->inuse_pages) >= (long)si->pages)
		return 0;
	preempt_disable();
	cpu = this_cpu_ptr(si->cpu);
	for (int tries = 0; tries < 4 && !offset; tries++) {
		if (cpu->cluster == CLUSTER_NONE || cpu->next >= CLUSTER_SLOTS) {
			cpu->cluster = next_cluster(si, cpu->cluster);
			cpu->next = 0;
		}
		if (cpu->cluster == CLUSTER_NONE)
			break;
		offset = take_from(si, cpu->cluster, &cpu->next, pfn);
		if (!offset)
			cpu->next = CLUSTER_SLOTS;
	}
	preempt_enable();
	return offset ? offset : take_anywhere(si, pfn);
}

/* ---- life ---- */

static int mark_bad(struct swap_info_struct *si, unsigned long offset)
{
	struct swap_cluster *c = si->clusters + (offset >> CLUSTER_SHIFT);
	swap_slot_t *slots = cluster_slots(c);

	if (!slots)
		return -ENOMEM;
	if (slots[offset & (CLUSTER_SLOTS - 1)] != SLOT_BAD)
		c->bad++;
	slots[offset & (CLUSTER_SLOTS - 1)] = SLOT_BAD;
	return 0;
}

/* The header, the bad ones, and those behind the end in the last cluster. */
static int mark_all_bad(struct swap_info_struct *si, const u32 *bad, unsigned int nr_bad)
{
	unsigned long end = (unsigned long)si->nr_clusters << CLUSTER_SHIFT;
	int err = mark_bad(si, 0);

	for (unsigned int i = 0; i < nr_bad && !err; i++)
		err = mark_bad(si, bad[i]);
	for (unsigned long o = si->max; o < end && !err; o++)
		err = mark_bad(si, o);
	return err;
}

int swap_slots_init(struct swap_info_struct *si, const u32 *bad, unsigned int nr_bad)
{
	unsigned long nr_bad_slots = 0;
	int cpu;

	si->nr_clusters = DIV_ROUND_UP(si->max, CLUSTER_SLOTS);
	spin_lock_init(&si->lock, LOCK_SWAP);
	atomic_long_set(&si->inuse_pages, 0);
	si->free_head = si->free_tail = si->discard_head = CLUSTER_NONE;
	si->nr_free = si->scan = 0;
	si->clusters = kvcalloc(si->nr_clusters, sizeof(*si->clusters), GFP_KERNEL);
	si->cpu = alloc_percpu(struct swap_cpu);
	if (!si->clusters || !si->cpu || mark_all_bad(si, bad, nr_bad)) {
		swap_slots_destroy(si);
		return -ENOMEM;
	}
	for_each_possible_cpu (cpu)
		per_cpu_ptr(si->cpu, cpu)->cluster = CLUSTER_NONE;
	for (unsigned int i = 0; i < si->nr_clusters; i++) {
		nr_bad_slots += si->clusters[i].bad;
		if (si->clusters[i].bad < CLUSTER_SLOTS)
			list_append(si, i);
		else
			si->clusters[i].state = CLUSTER_IDLE;
	}
	si->pages = ((unsigned long)si->nr_clusters << CLUSTER_SHIFT) - nr_bad_slots;
	return 0;
}

void swap_slots_destroy(struct swap_info_struct *si)
{
	for (unsigned int i = 0; si->clusters && i < si->nr_clusters; i++) {
		free_page((unsigned long)si->clusters[i].slots);
		kfree(si->clusters[i].owners);
	}
	kvfree(si->clusters);
	free_percpu(si->cpu);
	si->clusters = NULL;
	si->cpu = NULL;
}

void swap_slots_check(struct swap_info_struct *si)
{
	unsigned long used = 0;

	for (unsigned int i = 0; i < si->nr_clusters; i++) {
		struct swap_cluster *c = si->clusters + i;
		unsigned int here = 0, bad = 0;

		for (unsigned int s = 0; c->slots && s < CLUSTER_SLOTS; s++) {
			here += c->slots[s] && c->slots[s] != SLOT_BAD;
			bad += c->slots[s] == SLOT_BAD;
		}
		BUG_ON(here != (unsigned int)atomic_read(&c->used) || bad != c->bad);
		BUG_ON(c->state == CLUSTER_FREE && here);
		used += here;
	}
	BUG_ON(used != (unsigned long)atomic_long_read(&si->inuse_pages));
}
