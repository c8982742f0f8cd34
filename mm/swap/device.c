// SPDX-License-Identifier: MIT
/*
 * The swap devices: which one gets the next page.
 *
 *	avail[node][]	those that are on and give out slots, by falling priority as the CPUs of the node see it. Of several with the
 *			same priority the first one gets ROTATE pages, then it is the last one of them: they are used side by
 *			side, in pieces that a disk can write at once.
 *
 * Priorities: swapon() may name one from 0 to 32767; who does not gets -2, -3, ... in the order of switching on, so that the
 * first device is filled first, and any named one before them. On the node of such a device it is -1: before all that are elsewhere.
 *
 * Life: swap_info[type] -> struct, made once for a type and kept for the next device of it, so that a look-up by entry
 * needs no lock; si->users counts who looks at its tables without holding a slot, and is 0 when it is off.
 *
 * Locks: swap_lock for the order and the flags. Linux 6.1: mm/swapfile.c. Observe: /proc/swaps.
 */
#include <base/bug.h>
#include <base/err.h>
#include <base/errno.h>
#include <fs/seq_file.h>
#include <kernel/sched.h>
#include <mm/gfp.h>
#include <mm/slab.h>
#include <mm/vmstat.h>
#include <mm/zone.h>
#include <sync/ranks.h>
#include "swap_internal.h"

#define ROTATE 64

struct swap_info_struct *swap_info[MAX_SWAPFILES];
static bool taken[MAX_SWAPFILES];	      /* swap_lock: the type belongs to a device */
static u8 avail[MAX_NUMNODES][MAX_SWAPFILES]; /* swap_lock: types */
static unsigned int nr_avail;		      /* swap_lock: of each node */
static u8 given[MAX_NUMNODES];		      /* swap_lock: pages since the last rotation */
static unsigned long total_swap_pages;
atomic_t nr_rotational_swap;
static int least_priority = -1;
static DEFINE_SPINLOCK(swap_lock, LOCK_SWAP);

unsigned long total_swap_page_count(void)
{
	return READ_ONCE(total_swap_pages);
}

unsigned long free_swap_page_count(void)
{
	long nr = atomic_long_read(&nr_swap_pages);

	return nr > 0 ? nr : 0;
}

bool vm_swap_full(void)
{
	return free_swap_page_count() * 2 < total_swap_page_count();
}

/* ---- looking at a device ---- */

struct swap_info_struct *get_swap_device(swp_entry_t entry)
{
	struct swap_info_struct *si = READ_ONCE(swap_info[swp_type(entry)]);

	if (!si || !atomic_inc_not_zero(&si->users))
		return NULL;
	if (likely(swp_offset(entry) < si->max))
		return si;
	put_swap_device(si);
	return NULL;
}

void put_swap_device(struct swap_info_struct *si)
{
	if (atomic_dec_and_test(&si->users))
		wake_up_all(&si->idle);
}

/* ---- the next page ---- */

static int prio_on(int node, unsigned int type)
{
	const struct swap_info_struct *si = swap_info[type];

	return si->prio < 0 && si->node == node ? -1 : si->prio;
}

/* The first of several with the same priority becomes their last. */
static void rotate(int node)
{
	u8 *types = avail[node];

	for (unsigned int i = 1;
	     i < nr_avail && prio_on(node, types[i]) == prio_on(node, types[i - 1]); i++)
		swap(types[i - 1], types[i]);
}

/* The device at the head, or the @nth behind it, kept; NULL: there is none. */
static struct swap_info_struct *nth_device(unsigned int nth)
{
	struct swap_info_struct *si = NULL;
	int node;

	spin_lock(&swap_lock);
	node = numa_node_id();
	if (!nth && ++given[node] >= ROTATE) {
		given[node] = 0;
		rotate(node);
	}
	if (nth < nr_avail) {
		si = swap_info[avail[node][nth]];
		atomic_inc(&si->users);
	}
	spin_unlock(&swap_lock);
	return si;
}

/* A slot of @si, or 0. => @si kept */
static unsigned long take_slot(struct swap_info_struct *si, u32 pfn)
{
	unsigned long offset = swap_slot_alloc(si, pfn);

	/* Withdrawn since we looked? Then swapoff has perhaps seen already that none is in use. */
	if (!offset || likely(READ_ONCE(si->flags) & SWP_WRITEOK))
		return offset;
	swap_slot_clear_pfn(si, offset);
	return 0;
}

swp_entry_t get_swap_page(u32 pfn)
{
	struct swap_info_struct *si;

	for (unsigned int n = 0; (si = nth_device(n)) != NULL; n++) {
		unsigned long offset = take_slot(si, pfn);
		unsigned int type = si->type;

		put_swap_device(si);
		if (offset)
			return swp_entry(type, offset);
	}
	return (swp_entry_t){ 0 };
}

/* ---- on and off ---- */

/* => swap_lock held */
static void insert(struct swap_info_struct *si)
{
	for (unsigned int node = 0; node < nr_node_ids; node++) {
		u8 *types = avail[node];
		unsigned int at = nr_avail;

		for (; at && prio_on(node, types[at - 1]) < prio_on(node, si->type); at--)
			types[at] = types[at - 1];
		types[at] = si->type;
	}
	nr_avail++;
	WRITE_ONCE(si->flags, si->flags | SWP_WRITEOK);
	WRITE_ONCE(total_swap_pages, total_swap_pages + si->pages);
	atomic_long_add(si->pages, &nr_swap_pages);
}

/* => swap_lock held */
static void remove(struct swap_info_struct *si)
{
	nr_avail--;
	for (unsigned int node = 0; node < nr_node_ids; node++) {
		u8 *types = avail[node];
		unsigned int at = 0;

		while (types[at] != si->type)
			at++;
		for (; at < nr_avail; at++)
			types[at] = types[at + 1];
	}
	WRITE_ONCE(si->flags, si->flags & ~SWP_WRITEOK);
	WRITE_ONCE(total_swap_pages, total_swap_pages - si->pages);
	atomic_long_sub(si->pages, &nr_swap_pages); /* what is in use comes back one by one */
}

/* It gives out no slots any more; @why: SWP_GONE, SWP_WITHDRAWN. */
static void withdraw(struct swap_info_struct *si, unsigned int why)
{
	spin_lock(&swap_lock);
	if (si->flags & SWP_WRITEOK)
		remove(si);
	WRITE_ONCE(si->flags, si->flags | why);
	spin_unlock(&swap_lock);
}

void swap_device_gone(struct swap_info_struct *si)
{
	withdraw(si, SWP_GONE);
}

/* The first type that no device has, for one. MAX_SWAPFILES: there is none. */
static unsigned int take_type(void)
{
	unsigned int type;

	spin_lock(&swap_lock);
	for (type = 0; type < MAX_SWAPFILES && taken[type]; type++)
		;
	if (type < MAX_SWAPFILES)
		taken[type] = true;
	spin_unlock(&swap_lock);
	return type;
}

static void give_type(unsigned int type)
{
	spin_lock(&swap_lock);
	taken[type] = false;
	spin_unlock(&swap_lock);
}

struct swap_info_struct *swap_device_alloc(unsigned long max, const u32 *bad, unsigned int nr_bad)
{
	unsigned int type = take_type();
	struct swap_info_struct *si;

	if (type == MAX_SWAPFILES)
		return ERR_PTR(-EPERM);
	si = swap_info[type];
	if (!si) {
		si = kzalloc(sizeof(*si), GFP_KERNEL);
		if (!si) {
			give_type(type);
			return ERR_PTR(-ENOMEM);
		}
		init_waitqueue_head(&si->idle);
		INIT_WORK(&si->discard_work, swap_discard_work);
		si->type = type;
		smp_store_release(&swap_info[type], si);
	}
	si->flags = 0;
	si->node = NUMA_NO_NODE;
	si->max = max;
	if (!swap_slots_init(si, bad, nr_bad))
		return si;
	give_type(type);
	return ERR_PTR(-ENOMEM);
}

void swap_device_free(struct swap_info_struct *si)
{
	flush_work(&si->discard_work);
	workingset_forget_swap(si->type);
	swap_slots_destroy(si);
	give_type(si->type);
}

void swap_device_enable(struct swap_info_struct *si, int prio)
{
	if (si->rotational)
		atomic_inc(&nr_rotational_swap);
	spin_lock(&swap_lock);
	si->prio = prio >= 0 ? prio : --least_priority;
	atomic_set_release(&si->users, 1);
	insert(si);
	spin_unlock(&swap_lock);
}

void swap_device_withdraw(struct swap_info_struct *si)
{
	withdraw(si, SWP_WITHDRAWN);
}

int swap_device_disable(struct swap_info_struct *si)
{
	int err;

	/* Whoever takes a slot looks at SWP_WRITEOK afterwards (take_slot): he sees that it is clear, or we see his slot. */
	smp_mb();
	err = try_to_unuse(si);
	if (err) {
		spin_lock(&swap_lock);
		WRITE_ONCE(si->flags, si->flags & ~SWP_WITHDRAWN);
		if (!(si->flags & SWP_GONE))
			insert(si);
		spin_unlock(&swap_lock);
		return err;
	}
	/* Those of no named priority move up, as if it had never been there. */
	spin_lock(&swap_lock);
	for (unsigned int i = 0; si->prio < 0 && i < nr_avail; i++)
		if (swap_info[avail[0][i]]->prio < si->prio)
			swap_info[avail[0][i]]->prio++;
	least_priority += si->prio < 0;
	WRITE_ONCE(si->flags, si->flags & ~(SWP_GONE | SWP_WITHDRAWN));
	spin_unlock(&swap_lock);
	if (si->rotational)
		atomic_dec(&nr_rotational_swap);
	put_swap_device(si);
	wait_event(si->idle, !atomic_read(&si->users));
	return 0;
}

struct swap_info_struct *
swap_device_find(bool (*match)(struct swap_info_struct *si, const void *arg), const void *arg)
{
	for (unsigned int i = 0; i < MAX_SWAPFILES; i++) {
		struct swap_info_struct *si = swap_info[i];
		unsigned int flags = si ? READ_ONCE(si->flags) : 0;

		if ((flags & (SWP_WRITEOK | SWP_GONE)) && !(flags & SWP_WITHDRAWN) &&
		    match(si, arg))
			return si;
	}
	return NULL;
}

/* ---- showing ---- */

static unsigned long kib(unsigned long pages)
{
	return pages << (PAGE_SHIFT - 10);
}

int swaps_proc_show(struct seq_file *m, void *v)
{
	seq_puts(m, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
	for (unsigned int i = 0; i < MAX_SWAPFILES; i++) {
		struct swap_info_struct *si = get_swap_device(swp_entry(i, 0));
		unsigned long size, used;
		size_t from = m->count;

		if (!si)
			continue;
		size = kib(si->pages);
		used = kib(atomic_long_read(&si->inuse_pages));
		si->show_name(m, si);
		seq_printf(m, "%*s%s\t%lu\t%s%lu\t%s%d\n",
			   m->count - from < 40 ? (int)(40 - (m->count - from)) : 1, " ", si->kind,
			   size, size < 10000000 ? "\t" : "", used, used < 10000000 ? "\t" : "",
			   si->prio);
		put_swap_device(si);
	}
	return 0;
}

int swap_proc_show(struct seq_file *m, void *v)
{
	seq_printf(m, "swap_cache add %ld del %ld find %ld of %ld\n",
		   atomic_long_read(&swap_cache_info.add_total),
		   atomic_long_read(&swap_cache_info.del_total),
		   atomic_long_read(&swap_cache_info.find_success),
		   atomic_long_read(&swap_cache_info.find_total));
	seq_printf(m, "readahead %s, page-cluster %d\n",
		   READ_ONCE(enable_vma_readahead) ? "by address" : "by slot",
		   READ_ONCE(page_cluster));
	for (unsigned int i = 0; i < MAX_SWAPFILES; i++) {
		struct swap_info_struct *si = get_swap_device(swp_entry(i, 0));

		if (!si)
			continue;
		seq_printf(
			m,
			"device %u: %ld of %lu slots in use, %u clusters, %u free, priority %d%s\n",
			i, atomic_long_read(&si->inuse_pages), si->pages, si->nr_clusters,
			READ_ONCE(si->nr_free), si->prio,
			READ_ONCE(si->flags) & SWP_DISCARDABLE ? ", discards" : "");
		put_swap_device(si);
	}
	return 0;
}
