/* SPDX-License-Identifier: MIT */
/*
 * XArray: a sparse array of pointers indexed by unsigned long. Theory: mm/tree/xarray.c.
 *
 * Readers need RCU only; writers hold xa_lock. The xa_*() functions take what they need, the xas_*()
 * functions expect the caller to hold RCU or xa_lock. An entry is a pointer (low two bits 0) or a value
 * (xa_mk_value, bit 0 set). NULL is absence.
 */
#ifndef QUIRE_MM_XARRAY_H
#define QUIRE_MM_XARRAY_H

#include <base/types.h>
#include <base/compiler.h>
#include <base/bug.h>
#include <base/err.h>
#include <base/errno.h>
#include <sync/spinlock.h>
#include <sync/rcu.h>
#include <sync/ranks.h>

#define XA_CHUNK_SHIFT	6
#define XA_CHUNK_SIZE	(1UL << XA_CHUNK_SHIFT)
#define XA_CHUNK_MASK	(XA_CHUNK_SIZE - 1)
#define XA_MAX_MARKS	3

typedef unsigned int xa_mark_t;
#define XA_MARK_0	0U
#define XA_MARK_1	1U
#define XA_MARK_2	2U
#define XA_PRESENT	8U

struct xarray {
	spinlock_t xa_lock;
	gfp_t xa_flags;		/* XA_FLAGS_*, and the marks of an entry that sits in xa_head */
	void *xa_head;		/* NULL, an entry at index 0, or a node */
};

#define XA_FLAGS_ALLOC		2U		/* xa_alloc() may be used: index 0 first */
#define XA_FLAGS_ALLOC1		(2U | 4U)	/* xa_alloc() from 1 on */
#define XA_FLAGS_ACCOUNT	32U		/* control groups pay for its nodes */
#define XA_FLAGS_MARK(m)	(1U << (24 + (m)))

struct xa_node {
	unsigned char shift;	/* bits of the index below this node */
	unsigned char offset;	/* slot in the parent */
	unsigned char count;	/* slots that are not NULL, siblings included */
	unsigned char nr_values;
	struct xa_node *parent;	/* NULL at the top; also links preallocated nodes */
	struct xarray *array;
	struct rcu_head rcu_head;
	u64 marks[XA_MAX_MARKS];	/* bit per slot: this entry, or an entry below it, is marked */
	void *slots[XA_CHUNK_SIZE];
};

/* Values: integers of 63 bits in place of a pointer. */
static inline void *xa_mk_value(unsigned long v)
{
	return (void *)((v << 1) | 1);
}
static inline unsigned long xa_to_value(const void *entry)
{
	return (unsigned long)entry >> 1;
}
static inline bool xa_is_value(const void *entry)
{
	return (unsigned long)entry & 1;
}

/* Internal entries end in binary 10: siblings (slot number), nodes, errors. */
static inline bool xa_is_internal(const void *entry)
{
	return ((unsigned long)entry & 3) == 2;
}
static inline void *xa_mk_internal(unsigned long v)
{
	return (void *)((v << 2) | 2);
}
/* Neither a value nor internal: the caller's pointer, or NULL. */
static inline bool xa_is_pointer(const void *entry)
{
	return !((unsigned long)entry & 3);
}
static inline bool xa_is_node(const void *entry)
{
	return xa_is_internal(entry) && (unsigned long)entry > 4096;
}
static inline struct xa_node *xa_to_node(const void *entry)
{
	return (struct xa_node *)((unsigned long)entry - 2);
}
static inline void *xa_mk_node(const struct xa_node *node)
{
	return (void *)((unsigned long)node | 2);
}
static inline bool xa_is_sibling(const void *entry)
{
	return xa_is_internal(entry) && (unsigned long)entry < (XA_CHUNK_SIZE << 2);
}
static inline bool xa_is_err(const void *entry)
{
	return xa_is_internal(entry) && (unsigned long)entry >= (unsigned long)-(4096L << 2);
}
static inline int xa_err(const void *entry)
{
	return xa_is_err(entry) ? (int)((long)entry >> 2) : 0;
}

void xa_init_flags(struct xarray *xa, gfp_t flags);
static inline void xa_init(struct xarray *xa)
{
	xa_init_flags(xa, 0);
}
#define XARRAY_INIT(name, flags) { \
	.xa_lock = __SPIN_LOCK_UNLOCKED(LOCK_XARRAY), .xa_flags = flags, .xa_head = NULL }
#define DEFINE_XARRAY_FLAGS(name, flags) struct xarray name = XARRAY_INIT(name, flags)
#define DEFINE_XARRAY(name)	DEFINE_XARRAY_FLAGS(name, 0)
#define DEFINE_XARRAY_ALLOC(name)	DEFINE_XARRAY_FLAGS(name, XA_FLAGS_ALLOC)
#define DEFINE_XARRAY_ALLOC1(name)	DEFINE_XARRAY_FLAGS(name, XA_FLAGS_ALLOC1)

static inline bool xa_empty(const struct xarray *xa)
{
	return READ_ONCE(xa->xa_head) == NULL;
}
static inline bool xa_marked(const struct xarray *xa, xa_mark_t mark)
{
	return READ_ONCE(xa->xa_flags) & XA_FLAGS_MARK(mark);
}

#define xa_lock(xa)		spin_lock(&(xa)->xa_lock)
#define xa_unlock(xa)		spin_unlock(&(xa)->xa_lock)

/* Entry at @index, or NULL. Takes RCU. */
void *xa_load(struct xarray *xa, unsigned long index);
/*
 * The place that holds the entry of @index, or NULL: to be read, and read again, with rcu_dereference_raw().
 * It stays an entry's place, not necessarily of this tree, until the RCU read section ends.
 */
static inline void **xa_slot(struct xarray *xa, unsigned long index)
{
	void **slot = &xa->xa_head, *entry = rcu_dereference_raw(*slot);

	if (!xa_is_node(entry))
		return index ? NULL : slot;
	if (index >> xa_to_node(entry)->shift >= XA_CHUNK_SIZE)
		return NULL;
	do {
		struct xa_node *node = xa_to_node(entry);

		slot = &node->slots[(index >> node->shift) & XA_CHUNK_MASK];
		entry = rcu_dereference_raw(*slot);
		if (likely(!xa_is_internal(entry)))
			return slot;
		if (unlikely(xa_is_sibling(entry))) {
			slot = &node->slots[(unsigned long)entry >> 2];
			entry = rcu_dereference_raw(*slot);
		}
	} while (xa_is_node(entry));
	return slot;
}

/* Replace; the old entry or an error (xa_err). May sleep if @gfp allows. */
void *xa_store(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp);
void *xa_erase(struct xarray *xa, unsigned long index);
/* 0, -EBUSY (there is an entry), -ENOMEM. */
int __must_check xa_insert(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp);
/* Store if @old is there; the entry that was there, or an error. */
void *xa_cmpxchg(struct xarray *xa, unsigned long index, void *old, void *entry, gfp_t gfp);
/* First entry at or after *@indexp, at most @max; *@indexp is set to where. */
void *xa_find(struct xarray *xa, unsigned long *indexp, unsigned long max, xa_mark_t filter);
void *xa_find_after(struct xarray *xa, unsigned long *indexp, unsigned long max, xa_mark_t filter);
void xa_set_mark(struct xarray *xa, unsigned long index, xa_mark_t mark);
void xa_clear_mark(struct xarray *xa, unsigned long index, xa_mark_t mark);
bool xa_get_mark(struct xarray *xa, unsigned long index, xa_mark_t mark);
/* Free all nodes; the entries are the caller's. */
void xa_destroy(struct xarray *xa);

struct xa_limit { u32 max, min; };
#define XA_LIMIT(lo, hi) (struct xa_limit){ .min = (lo), .max = (hi) }
/* Lowest free index in @limit: 0, -EBUSY (none), -ENOMEM. */
int __must_check xa_alloc(struct xarray *xa, u32 *id, void *entry, struct xa_limit limit, gfp_t gfp);

#define xa_for_each_range(xa, index, entry, start, last) \
	for (index = start, entry = xa_find(xa, &index, last, XA_PRESENT); entry; \
	     entry = xa_find_after(xa, &index, last, XA_PRESENT))
#define xa_for_each(xa, index, entry) xa_for_each_range(xa, index, entry, 0, ~0UL)
#define xa_for_each_marked(xa, index, entry, filter) \
	for (index = 0, entry = xa_find(xa, &index, ~0UL, filter); entry; \
	     entry = xa_find_after(xa, &index, ~0UL, filter))

/*
 * A walk. xa_node: the node that holds xa_index, or NULL (the entry sits in xa_head), or one of the
 * marks below. xa_shift and xa_sibs give the size of the entry to be stored: 2^shift * (sibs + 1).
 */
struct xa_state {
	struct xarray *xa;
	unsigned long xa_index;
	unsigned char xa_shift;
	unsigned char xa_sibs;
	unsigned char xa_offset;
	unsigned char xa_nr_alloc;	/* nodes on xa_alloc */
	struct xa_node *xa_node;
	struct xa_node *xa_alloc;	/* preallocated, linked by parent */
	int xa_error;
};
#define XAS_RESTART	((struct xa_node *)3UL)	/* walk from the top */
#define XAS_BOUNDS	((struct xa_node *)1UL)	/* index beyond the height of the tree */

#define XA_STATE_ORDER(name, array, index, order) \
	struct xa_state name = { .xa = (array), \
		.xa_index = (order) ? ((index) >> (order)) << (order) : (index), \
		.xa_shift = (order) - (order) % XA_CHUNK_SHIFT, \
		.xa_sibs = (1U << ((order) % XA_CHUNK_SHIFT)) - 1, \
		.xa_node = XAS_RESTART }
#define XA_STATE(name, array, index) XA_STATE_ORDER(name, array, index, 0)

#define xas_lock(xas)		xa_lock((xas)->xa)
#define xas_unlock(xas)		xa_unlock((xas)->xa)

static inline int xas_error(const struct xa_state *xas)
{
	return xas->xa_error;
}
static inline void xas_set_err(struct xa_state *xas, int err)
{
	xas->xa_error = err;
}
static inline void xas_reset(struct xa_state *xas)
{
	xas->xa_node = XAS_RESTART;
}
static inline void xas_set(struct xa_state *xas, unsigned long index)
{
	xas->xa_index = index;
	xas->xa_node = XAS_RESTART;
}

/* Entry at the state's index (siblings resolved), or NULL. */
void *xas_load(struct xa_state *xas);
void *xas_find(struct xa_state *xas, unsigned long max);
/* xas_find() from an entry that was found, of order 0: mostly the next slot of the same node. */
static inline void *xas_find_next(struct xa_state *xas, unsigned long max)
{
	const struct xa_node *node = xas->xa_node;

	if (likely(((unsigned long)node & 3) == 0 && node && !node->shift &&
		   xas->xa_offset != XA_CHUNK_MASK && xas->xa_index < max)) {
		void *entry = rcu_dereference_raw(node->slots[xas->xa_offset + 1]);

		if (likely(entry && !xa_is_internal(entry))) {
			xas->xa_offset++;
			xas->xa_index++;
			return entry;
		}
	}
	return xas_find(xas, max);
}
/* The entry where the last load or find stopped, read again. */
void *xas_reload(struct xa_state *xas);
/* => xa_lock held. The old entry; xas_error() on failure: -ENOMEM, then xas_nomem() and again. */
void *xas_store(struct xa_state *xas, void *entry);
/* First entry at or after the index, up to @max; later calls continue behind it. */
void *xas_find_marked(struct xa_state *xas, unsigned long max, xa_mark_t mark);
/* Let go of the walk: it goes on behind the present entry after the lock was dropped. */
void xas_pause(struct xa_state *xas);
void xas_set_mark(struct xa_state *xas, xa_mark_t mark);
void xas_clear_mark(struct xa_state *xas, xa_mark_t mark);
bool xas_get_mark(struct xa_state *xas, xa_mark_t mark);
/* First entry that overlaps the range of the state, or NULL. */
void *xas_find_conflict(struct xa_state *xas);
/* Order of the entry where the walk stands. */
unsigned int xas_get_order(struct xa_state *xas);
/*
 * Nodes that storing at the state can need are allocated, so that the store cannot fail while the tree
 * does not change. Before the lock, or after a failed store. True if the store is worth (re)trying.
 */
bool xas_prealloc(struct xa_state *xas, gfp_t gfp);
bool xas_nomem(struct xa_state *xas, gfp_t gfp);
/* Give back preallocated nodes that were not needed. */
void xas_destroy(struct xa_state *xas);

#define xas_for_each(xas, entry, max) \
	for (entry = xas_find(xas, max); entry; entry = xas_find(xas, max))
#define xas_for_each_marked(xas, entry, max, mark) \
	for (entry = xas_find_marked(xas, max, mark); entry; entry = xas_find_marked(xas, max, mark))

/* Verify counts, marks, links and sibling runs. BUG()s on a violation. => xa_lock held or no writers */
void xa_check(struct xarray *xa);
void xarray_init(void);

#endif
