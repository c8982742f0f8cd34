/* SPDX-License-Identifier: MIT */
/* Slots and clusters, between the files of mm/swap. Theory: mm/swap/slots.c. */
#ifndef QUIRE_MM_SWAP_INTERNAL_H
#define QUIRE_MM_SWAP_INTERNAL_H

#include <base/errno.h>
#include <mm/swap.h>
#include <mm/reclaim.h>

#define CLUSTER_SHIFT	9
#define CLUSTER_SLOTS	(1u << CLUSTER_SHIFT)	/* their words fill a page */
#define CLUSTER_NONE	(~0u)

/* A slot: frame of the folio in the cache, 32 bits | holders, 24 bits | SLOT_BAD, SLOT_LEAVING. 0: free. */
typedef u64 swap_slot_t;
#define SLOT_COUNT_SHIFT	32
#define SLOT_ONE		(1ULL << SLOT_COUNT_SHIFT)
#define SLOT_COUNT_MAX		((1u << 24) - 1)
#define SLOT_BAD		(1ULL << 56)
#define SLOT_LEAVING		(1ULL << 57)	/* the device is being told that it is free */

static inline u32 slot_pfn(swap_slot_t word)
{
	return (u32)word;
}
static inline unsigned int slot_count(swap_slot_t word)
{
	return word >> SLOT_COUNT_SHIFT & SLOT_COUNT_MAX;
}

enum cluster_state {
	CLUSTER_FREE,		/* on the list of free ones, or of those to be discarded */
	CLUSTER_CURRENT,	/* a CPU takes slots from it */
	CLUSTER_IDLE,		/* neither: slots of it are in use, or nobody has looked yet */
};

struct swap_cluster {
	swap_slot_t *slots;	/* a page; NULL until the cluster is used for the first time, then constant */
	atomic_t used;		/* a: slots in use, bad ones apart */
	u16 bad;		/* c */
	u8 state;		/* s */
	unsigned int next;	/* s: of the list */
	u16 *owners;		/* control groups of the slots; NULL until one has an owner, then constant */
};

/* Where a CPU takes its slots. => preemption disabled */
struct swap_cpu {
	unsigned int cluster;	/* or CLUSTER_NONE */
	unsigned int next;	/* slot of it that is tried next */
};

extern struct swap_info_struct *swap_info[MAX_SWAPFILES];	/* NULL, or for good */
extern atomic_t nr_rotational_swap;	/* devices on that have to move a head */
extern atomic_long_t nr_swap_pages;	/* free slots of all devices that are on */
extern struct swap_cache_info {
	atomic_long_t add_total, del_total, find_success, find_total;
} swap_cache_info;

/* ---- slots.c ---- */

/* Tables for si->max slots. 0 or -ENOMEM. May sleep. */
int swap_slots_init(struct swap_info_struct *si, const u32 *bad, unsigned int nr_bad);
void swap_slots_destroy(struct swap_info_struct *si);
/* A free slot of @si for the folio of frame @pfn; 0: none. */
unsigned long swap_slot_alloc(struct swap_info_struct *si, u32 pfn);
/* Its word, or NULL: beyond the end, or of a cluster that nobody has used. => the device is kept */
swap_slot_t *swap_slot(struct swap_info_struct *si, unsigned long offset);
/* One more holder of a slot in use. */
void swap_slot_dup(struct swap_info_struct *si, unsigned long offset);
/* One less. The slot's word after that: 0: it is free now. */
swap_slot_t swap_slot_put(struct swap_info_struct *si, unsigned long offset);
/* The folio of frame @pfn is that of a slot that is held and has none: 0, -EEXIST it has one, -ENOENT it is free. */
int swap_slot_set_pfn(struct swap_info_struct *si, unsigned long offset, u32 pfn);
void swap_slot_clear_pfn(struct swap_info_struct *si, unsigned long offset);
/*
 * The slot of @entry, just taken for @folio, is charged to the folio's control group, if it has one. False: that has no room. => @folio locked
 */
bool swap_slot_charge(swp_entry_t entry, struct folio *folio);
/* BUG() when words and counts contradict each other. => nobody uses @si */
void swap_slots_check(struct swap_info_struct *si);
/* A cluster is free and its slots were discarded. */
void swap_discard_work(struct work_struct *work);

/* ---- device.c ---- */

/* A slot of any device for @pfn, or an entry of 0. */
swp_entry_t get_swap_page(u32 pfn);
static inline struct swap_info_struct *swp_device(swp_entry_t entry)
{
	return swap_info[swp_type(entry)];
}

/* ---- io.c ---- */

/* Read @nr folios, locked, of consecutive slots. */
void swap_read_folios(struct swap_info_struct *si, unsigned long offset, struct folio **folios, unsigned int nr);

/* Write @folio, locked, as swap_writeout() takes it, to the device, whoever would keep it. Drops a reference. */
void swap_write_to_device(struct folio *folio);

/* ---- frontswap.c ---- */

extern const struct frontswap_ops *frontswap_ops;	/* NULL, or for good */
bool __frontswap_store(struct folio *folio);
int __frontswap_load(struct folio *folio);
void __frontswap_invalidate(swp_entry_t entry);

static inline bool frontswap_is_on(void)
{
	return unlikely(smp_load_acquire(&frontswap_ops) != NULL);
}
/* Are the contents of @folio, locked, kept? Then they need not be written. */
static inline bool frontswap_store(struct folio *folio)
{
	return frontswap_is_on() && __frontswap_store(folio);
}
/* The contents of @folio, locked: 0, -ENOENT: the device has them, -EIO. */
static inline int frontswap_load(struct folio *folio)
{
	return frontswap_is_on() ? __frontswap_load(folio) : -ENOENT;
}

/* ---- cache.c ---- */

/* A new folio, locked, in the cache for @entry, to be read: or the one that is there (*@fresh false), or NULL. */
struct folio *swap_cache_new_folio(swp_entry_t entry, gfp_t gfp, bool *fresh);

/* ---- unuse.c ---- */

/* Bring every page of @si to memory: 0, -EINTR, -ENOMEM, -EIO. */
int try_to_unuse(struct swap_info_struct *si);

#endif
