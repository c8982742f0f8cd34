/* SPDX-License-Identifier: MIT */
/*
 * Swap: anonymous pages on a disk, or on something faster. Theory: mm/swap/slots.c (who holds a slot), mm/swap/cache.c (pages
 * that have one), mm/swap/io.c (moving them), mm/swap/unuse.c (getting rid of a device).
 *
 * Legend: c  constant while the device is on;  s  si->lock;  l  swap_lock;  a  atomic
 */
#ifndef QUIRE_MM_SWAP_H
#define QUIRE_MM_SWAP_H

#include <base/types.h>
#include <base/atomic.h>
#include <sync/spinlock.h>
#include <sync/wait.h>
#include <sync/workqueue.h>
#include <mm/folio.h>
#include <mm/gfp.h>
#include <mm/pte_marker.h>
#include <seam/pgtable.h>

struct address_space;
struct mm_struct;
struct seq_file;
struct swap_cluster;
struct swap_info_struct;
struct vm_area_struct;
struct vm_fault;

/* ---- entries ---- */

/* Types beyond are not devices: SWP_PTE_MARKER and what else an entry that is not present may once say. */
#define MAX_SWAPFILES	27
/* Slots of a device, with its header: what folio->private has bits for. */
#define MAX_SWAP_SLOTS	(1UL << 27)

#define swp_type(entry)		((unsigned int)__swp_type(entry))
#define swp_offset(entry)	__swp_offset(entry)
#define swp_entry(type, offset)	__swp_entry(type, offset)

/* The entry of a pte that is neither none nor present, without the bits that are the pte's. */
static inline swp_entry_t pte_to_swp_entry(pte_t pte)
{
	swp_entry_t e = __pte_to_swp_entry(pte);

	return __swp_entry(__swp_type(e), __swp_offset(e));
}
static inline pte_t swp_entry_to_pte(swp_entry_t entry)
{
	return __swp_entry_to_pte(entry);
}
/* Does the pte name a page of a swap device? */
static inline bool is_swap_pte(pte_t pte)
{
	return !pte_none(pte) && !pte_present(pte) && swp_type(__pte_to_swp_entry(pte)) < MAX_SWAPFILES;
}
/* In 32 bits, as folio->private has it; and back. */
static inline u32 swp_to_private(swp_entry_t entry)
{
	return swp_type(entry) << 27 | (u32)swp_offset(entry);
}
static inline swp_entry_t private_to_swp(u32 private)
{
	return swp_entry(private >> 27, private & (MAX_SWAP_SLOTS - 1));
}
/* => @folio in the swap cache, and locked unless a glance will do */
static inline swp_entry_t folio_swap_entry(const struct folio *folio)
{
	return private_to_swp(READ_ONCE(folio->private));
}

/* ---- devices ---- */

/* How a device moves pages. Slots are numbered from 0, the header. All may sleep. */
struct swap_device_ops {
	/*
	 * Begin to move @nr folios (<= SWAP_CLUSTER_MAX), of consecutive slots from @offset on; swap_read_end() or
	 * swap_write_end() is called once for each, perhaps before this returns.
	 */
	void (*submit)(struct swap_info_struct *si, unsigned long offset, struct folio **folios, unsigned int nr,
		       bool write);
	/* These slots hold nothing any more. May be NULL. */
	void (*discard)(struct swap_info_struct *si, unsigned long offset, unsigned long nr);
	/* This slot holds nothing any more, and is given out again only after this. Must not sleep. May be NULL. */
	void (*slot_free)(struct swap_info_struct *si, unsigned long offset);
};

#define SWP_WRITEOK	(1u << 0)	/* slots are given out */
#define SWP_DISCARDABLE	(1u << 1)	/* clusters are discarded when they become free */
#define SWP_SYNCHRONOUS_IO (1u << 2)	/* as fast as memory, which it is: nothing is gained by reading ahead */
#define SWP_GONE	(1u << 3)	/* there is no such device any more: what it had is lost, slots are not given out */
#define SWP_WITHDRAWN	(1u << 4)	/* it is being switched off */

struct swap_info_struct {
	unsigned int type;			/* c: index in swap_info[] */
	int prio;				/* c */
	int node;				/* c: where the device is, or NUMA_NO_NODE */
	unsigned int flags;			/* l to write: SWP_* */
	atomic_t users;				/* a: 1 while on, and who looks at slots without holding one */
	unsigned long max;			/* c: slots, with the header */
	unsigned long pages;			/* c: of them usable */
	atomic_long_t inuse_pages;		/* a */
	struct swap_cluster *clusters;		/* c */
	unsigned int nr_clusters;		/* c */
	spinlock_t lock;
	unsigned int free_head, free_tail;	/* s: list of free clusters */
	unsigned int nr_free;			/* s */
	unsigned int scan;			/* s: where to look for a cluster with room */
	struct swap_cpu __percpu *cpu;		/* c */
	unsigned int discard_head;		/* s: free ones that have to be discarded first */
	struct work_struct discard_work;
	const struct swap_device_ops *ops;	/* c */
	void *private_data;			/* c: of whoever switched it on */
	bool rotational;			/* c */
	const char *kind;			/* c: "partition", "file" */
	wait_queue_head_t idle;			/* users has become 0 */
	void (*show_name)(struct seq_file *m, struct swap_info_struct *si);	/* for /proc/swaps */
};

/*
 * A device for @max slots (with the header) of which @bad[0 .. nr_bad) are not used, besides the header. The result has a type,
 * and can be filled (ops, private_data, node, ...) before swap_device_enable(). ERR_PTR: -EPERM too many, -ENOMEM. May sleep.
 */
struct swap_info_struct *swap_device_alloc(unsigned long max, const u32 *bad, unsigned int nr_bad);
/* Slots are given out from now on. @prio: -1: below all others. */
void swap_device_enable(struct swap_info_struct *si, int prio);
/* It gives out no slots any more, and swap_device_find() does not know it. */
void swap_device_withdraw(struct swap_info_struct *si);
/* It has gone, and will not be back: others get the pages from now on. It stays until it is disabled. => a slot of it in use */
void swap_device_gone(struct swap_info_struct *si);
/*
 * Every page of it comes back to memory. What cannot be read is lost. 0, -EINTR, -ENOMEM: then it is on as before. On success
 * nobody uses it any more. => withdrawn. May sleep, long: that of others may be switched on and off meanwhile.
 */
int swap_device_disable(struct swap_info_struct *si);
/* => disabled, or never enabled */
void swap_device_free(struct swap_info_struct *si);
/* The device that is on, or gone, and for which match() is true, or NULL. => serialised with enable and withdraw by the caller */
struct swap_info_struct *swap_device_find(bool (*match)(struct swap_info_struct *si, const void *arg), const void *arg);
/* /proc/swaps */
int swaps_proc_show(struct seq_file *m, void *v);
/* /proc/mm/swap: clusters, cache, readahead */
int swap_proc_show(struct seq_file *m, void *v);

/* Pages: free_swap_page_count(), total_swap_page_count() of mm/vmstat.h. More than half of it in use? */
bool vm_swap_full(void);

/* ---- slots, by entry. None sleeps ---- */

/* One more, or one less, holds @entry (an entry of a page table or of shmem). => the caller holds it already */
void swap_duplicate(swp_entry_t entry);
void swap_free(swp_entry_t entry);
/* The same, and the page in the swap cache goes, too, if nobody needs it. False: no such entry. */
bool free_swap_and_cache(swp_entry_t entry);
/* How many hold it, without the swap cache. => the caller holds it, or the device */
unsigned int swap_count(swp_entry_t entry);
/* The same of an entry that nothing keeps, read from a page that may be anything by now: 0 when it names no slot. */
unsigned int swap_count_unkept(swp_entry_t entry);
/* Keep the device of @entry, which the caller does not hold, from being freed: NULL if it is gone. */
struct swap_info_struct *get_swap_device(swp_entry_t entry);
void put_swap_device(struct swap_info_struct *si);
/* Is the device of @entry memory (SWP_SYNCHRONOUS_IO)? => the caller holds @entry, or its page in the cache */
bool swap_slot_is_memory(swp_entry_t entry);

/* ---- whose slots they are ---- */

/* What control groups add; NULL until there are any. Neither sleeps. */
struct swap_owner_ops {
	/* A slot for the page in frame @pfn. *@id: who has to pay for it, 0: nobody; false: he has no room. => RCU until @id is noted */
	bool (*charge)(unsigned long pfn, u16 *id);
	void (*uncharge)(u16 id);		/* => RCU since @id was taken off the slot */
	/* There was no slot for it. */
	void (*failed)(unsigned long pfn);
	/* A folio of order 0 that *@id, of a slot, is charged for, or who asks if that is nobody any more. As folio_alloc(). */
	struct folio *(*alloc_folio)(const u16 *id, gfp_t gfp);
	/* May @id have a further page kept compressed? => RCU since @id was read, as the next */
	bool (*may_zswap)(u16 id);
	/* @pages pages more, less if negative, of @id are kept in @bytes bytes. */
	void (*charge_zswap)(u16 id, long bytes, int pages);
};
extern const struct swap_owner_ops *swap_owner_ops;
/* Slots of @from become @to's (0: nobody's). => a grace period since nobody charges @from. May sleep. */
void swap_owners_move(u16 from, u16 to);

/*
 * The owner of the slot of @entry, in use: a folio that is his, for what the slot has (as folio_alloc()); may he have it kept compressed;
 * @pages pages more, less if negative, of him are kept in @bytes bytes. Of a slot that is nobody's: folio_alloc(), yes, nothing.
 */
struct folio *swap_owner_alloc_folio(swp_entry_t entry, gfp_t gfp);
bool swap_owner_may_zswap(swp_entry_t entry);
void swap_owner_charge_zswap(swp_entry_t entry, long bytes, int pages);

/* ---- the swap cache ---- */

/* The folio of @entry with a reference, or NULL. Any context. => the device is kept */
struct folio *swap_cache_get_folio(swp_entry_t entry);
/* Is @folio, locked, the folio of @entry? */
static inline bool folio_is_swap(const struct folio *folio, swp_entry_t entry)
{
	return folio_test_swapcache(folio) && folio->private == swp_to_private(entry);
}
/* A slot for @folio, locked, up to date, not in the cache: now it is, and dirty. False: there is none. */
bool add_to_swap(struct folio *folio);
/* => locked, in the cache, not under writeback. Drops the cache's reference; the slot stays if it is held. */
void delete_from_swap_cache(struct folio *folio);
/* The same when nobody holds the slot: true. => locked */
bool folio_free_swap(struct folio *folio);
/* The same if @folio can be locked at once. For who unmapped it. Any context that may take a spinlock. */
void free_swap_cache(struct folio *folio);
/*
 * For reclaim: take @folio, locked, not mapped, out of the cache if @refs are all its references; they are frozen then.
 * False: it is used, or dirty.
 */
bool remove_swap_mapping(struct folio *folio, int refs);
/* PG_swapcache or the map count of @folio has changed: count it where it belongs. */
void swap_cache_recount(struct folio *folio);

/* ---- moving pages. May sleep ---- */

/*
 * The folio of @entry with a reference, perhaps being read yet (locked until then, and up to date if that succeeded); NULL without
 * memory or when @entry is free. Neighbours are read, too: of the slot, or with @vmf (NULL: none) of the address.
 */
struct folio *swapin_readahead(swp_entry_t entry, gfp_t gfp, struct vm_fault *vmf);
/* The same, without neighbours. */
struct folio *read_swap_cache(swp_entry_t entry, gfp_t gfp);
/* A look-up in the cache succeeded: tell readahead. @vmf may be NULL. */
void swap_readahead_hit(struct folio *folio, struct vm_fault *vmf);
/*
 * Write @nr folios (<= SWAP_CLUSTER_MAX), each locked, not mapped, in the swap cache and dirty. They are unlocked, and under
 * writeback or done. @of_group: for what a control group itself reclaims.
 */
void swap_writeout(struct folio **folios, unsigned int nr, bool of_group);
/*
 * How many of @nr folios, of which @first is the first, should go to one call of swap_writeout(): one, if its device is done when the call
 * returns, and takes memory for it; so that the page is free before the next one needs memory.
 */
unsigned int swap_writeout_size(struct folio *first, unsigned int nr);
/* For devices: a transfer ended, with an errno or 0. Process context; not under a spinlock. */
void swap_read_end(struct folio *folio, int err);
void swap_write_end(struct folio *folio, int err);

/* Since boot: writes of pages that ended, and pages that were free with that. */
struct swap_written {
	unsigned long ended, freed;
};
struct swap_written swap_written(void);
/* Sleep until @freed pages more than @before are free, or @ended writes more have ended; a while at most. */
void swap_wait_written(struct swap_written before, unsigned long ended, unsigned long freed);

extern int page_cluster;		/* /proc/sys/vm/page-cluster: log2 of the pages read at once */
extern bool enable_vma_readahead;	/* /sys/kernel/mm/swap/vma_ra_enabled */

#endif
