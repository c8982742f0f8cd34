// SPDX-License-Identifier: MIT
/*
 * XArray: a radix tree of 64-slot nodes over unsigned long indices, for the page cache and id tables.
 *
 * 1 Structure. xa_head is NULL, one entry (then it is at index 0), or a node. A node of shift s holds in
 *   slot i what lies at indices ((index >> s) & 63) == i: an entry if s is 0 or the entry is larger than
 *   one index, else a node of shift s - 6. An entry of order o, 2^o indices, lies in a node of shift
 *   o - o % 6 and takes 2^(o % 6) slots: the first holds the entry, each other one the number of the
 *   first ("sibling").
 *
 *	head -> [ node shift 6 ] -> [ node shift 0 ] -> folio, folio, NULL, ...
 *		       |  slot 2: order-7 folio; slot 3: sibling of 2
 *
 * 2 Invariants (xa_check): count = number of slots that are not NULL, never 0 in a linked node;
 *   nr_values = slots holding values or siblings of values; a mark bit of a slot is set if the entry, or
 *   any entry below the node in the slot, has the mark; siblings carry no mark.
 *
 * 3 Locks. Writers hold xa_lock. Readers hold RCU: a node is complete before it is linked, and a node
 *   that was unlinked keeps its slots until a grace period has passed. The tree gets higher when an index
 *   demands it, and loses nodes only when they are empty; it is never made lower, so that a reader needs
 *   no "retry" entries (Linux has them; a file that shrank to one page here keeps one more node).
 *
 * 4 Failure. Only xas_store() of a new entry can need nodes. xas_prealloc() counts, without the lock, how
 *   many are missing on the way and allocates them; a store takes from these. When the tree has changed
 *   in between and they do not suffice, the store says -ENOMEM, and xas_nomem() starts over.
 *
 * Linux: lib/xarray.c. Observed by: slabinfo (xa_node).
 */
#include <base/types.h>
#include <base/bitops.h>
#include <base/bug.h>
#include <base/err.h>
#include <base/string.h>
#include <mm/slab.h>
#include <mm/xarray.h>
#include <sync/ranks.h>

static struct kmem_cache *xa_node_cache;

void xarray_init(void)
{
	xa_node_cache = kmem_cache_create("xa_node", sizeof(struct xa_node), 0, SLAB_PANIC, NULL);
}

void xa_init_flags(struct xarray *xa, gfp_t flags)
{
	spin_lock_init(&xa->xa_lock, LOCK_XARRAY);
	xa->xa_flags = flags;
	xa->xa_head = NULL;
}

/* ---- nodes ---- */

static struct xa_node *node_alloc(const struct xarray *xa, gfp_t gfp)
{
	if (xa->xa_flags & XA_FLAGS_ACCOUNT)
		gfp |= __GFP_ACCOUNT;
	return kmem_cache_alloc(xa_node_cache, (gfp & ~(__GFP_HIGHMEM | __GFP_MOVABLE)) |
						       __GFP_RECLAIMABLE | __GFP_ZERO);
}

static void node_free_rcu(struct rcu_head *head)
{
	kmem_cache_free(xa_node_cache, container_of(head, struct xa_node, rcu_head));
}

static unsigned long node_max(const struct xa_node *node)
{
	unsigned int bits = node->shift + XA_CHUNK_SHIFT;

	return bits >= BITS_PER_LONG ? ~0UL : (1UL << bits) - 1;
}

static unsigned int slot_of(const struct xa_node *node, unsigned long index)
{
	return (index >> node->shift) & XA_CHUNK_MASK;
}

static unsigned int sibling_first(const void *entry)
{
	return (unsigned long)entry >> 2;
}

/* The slot that holds the entry of which @offset is a part. */
static unsigned int canonical(const struct xa_node *node, unsigned int offset)
{
	void *entry = rcu_dereference_raw(node->slots[offset]);

	return xa_is_sibling(entry) ? sibling_first(entry) : offset;
}

/* ---- preallocation ---- */

/* Last index that the entry of the state covers. */
static unsigned long last_index(const struct xa_state *xas)
{
	return xas->xa_index | (((unsigned long)(xas->xa_sibs + 1) << xas->xa_shift) - 1);
}

/* Shift of the top node that a tree needs for the entry of the state. */
static unsigned int top_shift(const struct xa_state *xas)
{
	unsigned long last = last_index(xas);
	unsigned int shift = 0;

	while (shift + XA_CHUNK_SHIFT < BITS_PER_LONG && last >> (shift + XA_CHUNK_SHIFT))
		shift += XA_CHUNK_SHIFT;
	return shift > xas->xa_shift ? shift : xas->xa_shift;
}

/* Nodes that a store at @xas may lack. Runs without the lock: an estimate. */
static unsigned int nodes_missing(struct xa_state *xas)
{
	void *head = rcu_dereference_raw(xas->xa->xa_head);
	unsigned int top = top_shift(xas);
	unsigned int down = (top - xas->xa_shift) / XA_CHUNK_SHIFT;
	struct xa_node *node;

	if (!xa_is_node(head)) {
		if (!last_index(xas))
			return 0;
		return 1 + (head ? top / XA_CHUNK_SHIFT : 0) + down;
	}
	node = xa_to_node(head);
	if (top > node->shift) /* new levels on top, and then down beside the old tree */
		return (top - node->shift) / XA_CHUNK_SHIFT + down;
	while (node->shift > xas->xa_shift) {
		void *entry = rcu_dereference_raw(node->slots[slot_of(node, xas->xa_index)]);

		if (!xa_is_node(entry))
			return (node->shift - xas->xa_shift) / XA_CHUNK_SHIFT;
		node = xa_to_node(entry);
	}
	return 0;
}

bool xas_prealloc(struct xa_state *xas, gfp_t gfp)
{
	unsigned int need;

	rcu_read_lock();
	need = nodes_missing(xas);
	rcu_read_unlock();
	while (xas->xa_nr_alloc < need) {
		struct xa_node *node = node_alloc(xas->xa, gfp);

		if (!node)
			return false;
		node->parent = xas->xa_alloc;
		xas->xa_alloc = node;
		xas->xa_nr_alloc++;
	}
	return true;
}

void xas_destroy(struct xa_state *xas)
{
	while (xas->xa_alloc) {
		struct xa_node *node = xas->xa_alloc;

		xas->xa_alloc = node->parent;
		kmem_cache_free(xa_node_cache, node);
	}
	xas->xa_nr_alloc = 0;
}

bool xas_nomem(struct xa_state *xas, gfp_t gfp)
{
	if (xas->xa_error != -ENOMEM) {
		xas_destroy(xas);
		return false;
	}
	if (!xas_prealloc(xas, gfp))
		return false;
	xas->xa_error = 0;
	xas_reset(xas);
	return true;
}

/* A zeroed node from the reserve, or NULL with the error noted. => xa_lock held */
static struct xa_node *take_node(struct xa_state *xas, struct xa_node *parent, unsigned int shift,
				 unsigned int offset)
{
	struct xa_node *node = xas->xa_alloc;

	if (node) {
		xas->xa_alloc = node->parent;
		xas->xa_nr_alloc--;
	} else {
		node = node_alloc(xas->xa, GFP_NOWAIT | __GFP_NOWARN);
		if (!node) {
			xas->xa_error = -ENOMEM;
			return NULL;
		}
	}
	node->shift = shift;
	node->offset = offset;
	node->parent = parent;
	node->array = xas->xa;
	return node;
}

/* ---- marks ---- */

static bool node_marked(const struct xa_node *node, unsigned int offset, xa_mark_t mark)
{
	return node->marks[mark] >> offset & 1;
}

static void mark_up(struct xarray *xa, struct xa_node *node, unsigned int offset, xa_mark_t mark)
{
	for (; node; offset = node->offset, node = node->parent) {
		if (node_marked(node, offset, mark))
			return;
		WRITE_ONCE(node->marks[mark], node->marks[mark] | 1ULL << offset);
	}
	xa->xa_flags |= XA_FLAGS_MARK(mark);
}

static void unmark_up(struct xarray *xa, struct xa_node *node, unsigned int offset, xa_mark_t mark)
{
	for (; node; offset = node->offset, node = node->parent) {
		if (!node_marked(node, offset, mark))
			return;
		WRITE_ONCE(node->marks[mark], node->marks[mark] & ~(1ULL << offset));
		if (node->marks[mark])
			return;
	}
	xa->xa_flags &= ~XA_FLAGS_MARK(mark);
}

/* ---- walking ---- */

/* Go to the slot of the index, as deep as the tree goes. Returns what is there, siblings resolved. */
static void *xas_walk(struct xa_state *xas)
{
	void *entry = rcu_dereference_raw(xas->xa->xa_head);
	struct xa_node *node;

	if (!xa_is_node(entry)) {
		xas->xa_node = xas->xa_index ? XAS_BOUNDS : NULL;
		return xas->xa_index ? NULL : entry;
	}
	node = xa_to_node(entry);
	if (xas->xa_index > node_max(node)) {
		xas->xa_node = XAS_BOUNDS;
		return NULL;
	}
	for (;;) {
		unsigned int offset = slot_of(node, xas->xa_index);

		entry = rcu_dereference_raw(node->slots[offset]);
		if (xa_is_sibling(entry)) {
			offset = sibling_first(entry);
			entry = rcu_dereference_raw(node->slots[offset]);
		}
		xas->xa_offset = offset;
		xas->xa_node = node;
		if (!xa_is_node(entry))
			return entry;
		node = xa_to_node(entry);
		if (node->shift < xas->xa_shift)
			return entry; /* the caller stores something larger */
	}
}

static bool node_valid(const struct xa_state *xas)
{
	return (unsigned long)xas->xa_node > 3;
}

void *xas_load(struct xa_state *xas)
{
	return xas_walk(xas);
}

void *xas_reload(struct xa_state *xas)
{
	if (!xas->xa_node)
		return rcu_dereference_raw(xas->xa->xa_head);
	if (!node_valid(xas))
		return xas_walk(xas);
	return rcu_dereference_raw(xas->xa_node->slots[xas->xa_offset]);
}

void *xa_load(struct xarray *xa, unsigned long index)
{
	XA_STATE(xas, xa, index);
	void *entry;

	rcu_read_lock();
	entry = xas_walk(&xas);
	rcu_read_unlock();
	return entry;
}

unsigned int xas_get_order(struct xa_state *xas)
{
	unsigned int first, n = 1;

	if (!node_valid(xas))
		return 0;
	first = canonical(xas->xa_node, xas->xa_offset);
	while (first + n < XA_CHUNK_SIZE &&
	       READ_ONCE(xas->xa_node->slots[first + n]) == xa_mk_internal(first))
		n++;
	return xas->xa_node->shift + ilog2(n);
}

/* ---- storing ---- */

/* Make the tree high enough for the entry of the state. => xa_lock held */
static bool grow(struct xa_state *xas)
{
	struct xarray *xa = xas->xa;
	unsigned int top = top_shift(xas);
	void *head = xa->xa_head;

	while (!xa_is_node(head) || xa_to_node(head)->shift < top) {
		unsigned int shift = !head		? top
				     : xa_is_node(head) ? xa_to_node(head)->shift + XA_CHUNK_SHIFT
							: 0;
		struct xa_node *node = take_node(xas, NULL, shift, 0);

		if (!node)
			return false;
		if (head) {
			node->count = 1;
			node->nr_values = xa_is_value(head);
			node->slots[0] = head;
			for (int m = 0; m < XA_MAX_MARKS; m++)
				node->marks[m] = xa_marked(xa, m);
			if (xa_is_node(head))
				WRITE_ONCE(xa_to_node(head)->parent, node);
		}
		head = xa_mk_node(node);
		smp_store_release(&xa->xa_head, head);
	}
	return true;
}

/* Free @node, which became empty, and the parents that become empty with it. => xa_lock held */
static void prune(struct xa_state *xas, struct xa_node *node)
{
	while (!node->count) {
		struct xa_node *parent = node->parent;

		if (parent) {
			WRITE_ONCE(parent->slots[node->offset], NULL);
			parent->count--;
		} else {
			WRITE_ONCE(xas->xa->xa_head, NULL);
		}
		call_rcu(&node->rcu_head, node_free_rcu);
		xas_reset(xas);
		if (!parent)
			return;
		node = parent;
	}
}

/* Create the nodes down to the one that shall hold the entry. NULL: error noted. => xa_lock held */
static struct xa_node *descend(struct xa_state *xas)
{
	struct xa_node *node = xa_to_node(xas->xa->xa_head);

	while (node->shift > xas->xa_shift) {
		unsigned int offset = slot_of(node, xas->xa_index);
		void *entry = node->slots[offset];
		struct xa_node *child;

		if (xa_is_node(entry)) {
			node = xa_to_node(entry);
			continue;
		}
		if (entry) { /* part of a larger entry: the caller must not split it */
			xas->xa_error = -EEXIST;
			return NULL;
		}
		child = take_node(xas, node, node->shift - XA_CHUNK_SHIFT, offset);
		if (!child) {
			xas->xa_node = node;
			prune(xas, node);
			return NULL;
		}
		smp_store_release(&node->slots[offset], xa_mk_node(child));
		node->count++;
		node = child;
	}
	return node;
}

/* Put @entry (or NULL) into one slot; keeps the counts. */
static void set_slot(struct xa_node *node, unsigned int offset, void *entry, bool value)
{
	void *old = node->slots[offset];
	bool old_value = xa_is_value(old);

	if (xa_is_sibling(old))
		old_value = xa_is_value(node->slots[sibling_first(old)]);
	node->count += !!entry - !!old;
	node->nr_values += value - old_value;
	smp_store_release(&node->slots[offset], entry);
}

static void *store_head(struct xa_state *xas, void *entry)
{
	void *old = rcu_dereference_raw(xas->xa->xa_head);

	smp_store_release(&xas->xa->xa_head, entry);
	if (!entry)
		for (int m = 0; m < XA_MAX_MARKS; m++)
			xas->xa->xa_flags &= ~XA_FLAGS_MARK(m);
	return old;
}

/* Replace the whole entry that lies at @first of @node by NULL. */
static void erase_slots(struct xa_state *xas, struct xa_node *node, unsigned int first)
{
	unsigned int n = 1;

	for (int m = 0; m < XA_MAX_MARKS; m++)
		unmark_up(xas->xa, node, first, m);
	while (first + n < XA_CHUNK_SIZE && node->slots[first + n] == xa_mk_internal(first))
		n++;
	while (n--) /* siblings first, so that a reader does not follow one to nothing new */
		set_slot(node, first + n, NULL, false);
	prune(xas, node);
}

void *xas_store(struct xa_state *xas, void *entry)
{
	struct xa_node *node;
	unsigned int offset;
	void *old;

	if (xas->xa_error)
		return NULL;
	if (!entry) {
		old = xas_walk(xas);
		if (!xas->xa_node)
			return store_head(xas, NULL);
		if (!old)
			return NULL;
		erase_slots(xas, xas->xa_node, xas->xa_offset);
		return old;
	}
	if (!last_index(xas) && !xa_is_node(xas->xa->xa_head)) {
		xas->xa_node = NULL;
		return store_head(xas, entry);
	}
	old = xas_walk(xas);
	if (old && node_valid(xas) && !xa_is_node(old)) { /* in place: keeps its size */
		node = xas->xa_node;
		offset = xas->xa_offset;
		if (xa_is_value(old) != xa_is_value(entry)) {
			unsigned int n = 1U << (xas_get_order(xas) - node->shift);

			node->nr_values += xa_is_value(entry) ? n : -n;
		}
		smp_store_release(&node->slots[offset], entry);
		return old;
	}
	if (!grow(xas))
		return NULL;
	node = descend(xas);
	if (!node)
		return NULL;
	offset = slot_of(node, xas->xa_index);
	xas->xa_node = node;
	xas->xa_offset = offset;
	old = node->slots[offset];
	set_slot(node, offset, entry, xa_is_value(entry));
	for (unsigned int i = 1; i <= xas->xa_sibs; i++)
		set_slot(node, offset + i, xa_mk_internal(offset), xa_is_value(entry));
	return old;
}

void *xas_find_conflict(struct xa_state *xas)
{
	struct xa_state find = { .xa = xas->xa, .xa_index = xas->xa_index, .xa_node = XAS_RESTART };

	return xas_find(&find, last_index(xas));
}

/* ---- finding ---- */

static unsigned int next_slot(const struct xa_node *node, unsigned int offset, xa_mark_t mark)
{
	if (mark < XA_MAX_MARKS) {
		u64 bits = READ_ONCE(node->marks[mark]) & (~0ULL << offset);

		return bits ? __builtin_ctzll(bits) : XA_CHUNK_SIZE;
	}
	while (offset < XA_CHUNK_SIZE) {
		void *entry = rcu_dereference_raw(node->slots[offset]);

		if (entry && !xa_is_sibling(entry))
			break;
		offset++;
	}
	return offset;
}

/* The walk stands at an entry: go behind it. False at the end of the index space. */
static bool step(struct xa_state *xas)
{
	unsigned long index = xas->xa_index;

	if (node_valid(xas)) {
		unsigned long size = 1UL << xas_get_order(xas);

		index = (index & ~(size - 1)) + size;
	} else {
		index++;
	}
	if (!index) {
		xas->xa_node = XAS_BOUNDS;
		return false;
	}
	xas->xa_index = index;
	return true;
}

/*
 * Search on from xa_index. A descent from the top for each 64 slots; within a node the next slot is found
 * directly.
 */
static void *find_from(struct xa_state *xas, unsigned long max, xa_mark_t mark)
{
	for (;;) {
		void *entry = xas_walk(xas);
		struct xa_node *node = xas->xa_node;
		unsigned int offset, next;

		if (xas->xa_index > max || node == XAS_BOUNDS)
			return NULL;
		if (!node) {
			if (entry && (mark >= XA_MAX_MARKS || xa_marked(xas->xa, mark)))
				return entry;
			return NULL;
		}
		if (entry && (mark >= XA_MAX_MARKS || node_marked(node, xas->xa_offset, mark)))
			return entry;
		if ((xas->xa_index | ((1UL << node->shift) - 1)) >= max) {
			xas->xa_node = XAS_BOUNDS;
			return NULL;
		}
		offset = slot_of(node, xas->xa_index);
		next = offset + 1 < XA_CHUNK_SIZE ? next_slot(node, offset + 1, mark)
						  : XA_CHUNK_SIZE;
		if (next < XA_CHUNK_SIZE) {
			xas->xa_index = (xas->xa_index & ~node_max(node)) |
					((unsigned long)next << node->shift);
		} else {
			xas->xa_index = (xas->xa_index | node_max(node)) + 1;
			/* nothing more below this node: its parents may have nothing for long either */
			while (xas->xa_index && (node = node->parent)) {
				offset = slot_of(node, xas->xa_index);
				if (!offset)
					continue;
				next = next_slot(node, offset, mark);
				if (next >= XA_CHUNK_SIZE) {
					xas->xa_index = ((xas->xa_index - 1) | node_max(node)) + 1;
					continue;
				}
				if (next != offset)
					xas->xa_index = ((xas->xa_index - 1) & ~node_max(node)) |
							((unsigned long)next << node->shift);
				break;
			}
		}
		if (!xas->xa_index || xas->xa_index > max) {
			xas->xa_node = XAS_BOUNDS;
			return NULL;
		}
	}
}

static void *find_next(struct xa_state *xas, unsigned long max, xa_mark_t mark)
{
	if (xas->xa_error || xas->xa_node == XAS_BOUNDS)
		return NULL;
	if (xas->xa_node != XAS_RESTART) {
		if (!step(xas))
			return NULL;
		/* The common case: the next slot of the same node. */
		if (node_valid(xas) && mark >= XA_MAX_MARKS && !xas->xa_node->shift &&
		    (xas->xa_index & XA_CHUNK_MASK) && xas->xa_index <= max) {
			unsigned int offset = xas->xa_index & XA_CHUNK_MASK;
			void *entry = rcu_dereference_raw(xas->xa_node->slots[offset]);

			if (entry && !xa_is_internal(entry)) {
				xas->xa_offset = offset;
				return entry;
			}
		}
	}
	if (xas->xa_index > max) {
		xas->xa_node = XAS_BOUNDS;
		return NULL;
	}
	return find_from(xas, max, mark);
}

void *xas_find(struct xa_state *xas, unsigned long max)
{
	return find_next(xas, max, XA_PRESENT);
}

void *xas_find_marked(struct xa_state *xas, unsigned long max, xa_mark_t mark)
{
	return find_next(xas, max, mark);
}

void xas_pause(struct xa_state *xas)
{
	if (xas->xa_node == XAS_RESTART || xas->xa_node == XAS_BOUNDS)
		return;
	if (step(xas))
		xas->xa_node = XAS_RESTART;
}

/* ---- marks of the entry where the walk stands ---- */

void xas_set_mark(struct xa_state *xas, xa_mark_t mark)
{
	if (!xas->xa_node)
		xas->xa->xa_flags |= XA_FLAGS_MARK(mark);
	else if (node_valid(xas))
		mark_up(xas->xa, xas->xa_node, xas->xa_offset, mark);
}

void xas_clear_mark(struct xa_state *xas, xa_mark_t mark)
{
	if (!xas->xa_node)
		xas->xa->xa_flags &= ~XA_FLAGS_MARK(mark);
	else if (node_valid(xas))
		unmark_up(xas->xa, xas->xa_node, xas->xa_offset, mark);
}

bool xas_get_mark(struct xa_state *xas, xa_mark_t mark)
{
	if (!xas->xa_node)
		return xa_marked(xas->xa, mark);
	return node_valid(xas) && node_marked(xas->xa_node, xas->xa_offset, mark);
}

/* ---- the plain interface ---- */

static void *store_result(struct xa_state *xas, void *old)
{
	return xas->xa_error ? xa_mk_internal(xas->xa_error) : old;
}

void *xa_store(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp)
{
	XA_STATE(xas, xa, index);
	void *old;

	do {
		if (entry && !xas_prealloc(&xas, gfp))
			xas_set_err(&xas, -ENOMEM);
		xas_lock(&xas);
		old = xas_store(&xas, entry);
		xas_unlock(&xas);
	} while (xas_nomem(&xas, gfp));
	xas_destroy(&xas);
	return store_result(&xas, old);
}

void *xa_erase(struct xarray *xa, unsigned long index)
{
	XA_STATE(xas, xa, index);
	void *old;

	xas_lock(&xas);
	old = xas_store(&xas, NULL);
	xas_unlock(&xas);
	return old;
}

void *xa_cmpxchg(struct xarray *xa, unsigned long index, void *old, void *entry, gfp_t gfp)
{
	XA_STATE(xas, xa, index);
	void *curr;

	do {
		if (entry && !xas_prealloc(&xas, gfp))
			xas_set_err(&xas, -ENOMEM);
		xas_lock(&xas);
		curr = xas_load(&xas);
		if (curr == old)
			xas_store(&xas, entry);
		xas_unlock(&xas);
	} while (xas_nomem(&xas, gfp));
	xas_destroy(&xas);
	return store_result(&xas, curr);
}

int xa_insert(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp)
{
	void *curr = xa_cmpxchg(xa, index, NULL, entry, gfp);

	if (xa_is_err(curr))
		return xa_err(curr);
	return curr ? -EBUSY : 0;
}

void *xa_find(struct xarray *xa, unsigned long *indexp, unsigned long max, xa_mark_t filter)
{
	XA_STATE(xas, xa, *indexp);
	void *entry;

	rcu_read_lock();
	entry = find_next(&xas, max, filter);
	rcu_read_unlock();
	if (entry)
		*indexp = xas.xa_index;
	return entry;
}

void *xa_find_after(struct xarray *xa, unsigned long *indexp, unsigned long max, xa_mark_t filter)
{
	XA_STATE(xas, xa, *indexp);
	void *entry = NULL;

	if (*indexp >= max)
		return NULL;
	rcu_read_lock();
	xas_walk(&xas); /* to step over the rest of a large entry */
	if (xas.xa_node == XAS_BOUNDS) {
		xas.xa_index++;
		xas_reset(&xas);
	}
	entry = find_next(&xas, max, filter);
	rcu_read_unlock();
	if (entry)
		*indexp = xas.xa_index;
	return entry;
}

void xa_set_mark(struct xarray *xa, unsigned long index, xa_mark_t mark)
{
	XA_STATE(xas, xa, index);

	xas_lock(&xas);
	if (xas_load(&xas))
		xas_set_mark(&xas, mark);
	xas_unlock(&xas);
}

void xa_clear_mark(struct xarray *xa, unsigned long index, xa_mark_t mark)
{
	XA_STATE(xas, xa, index);

	xas_lock(&xas);
	if (xas_load(&xas))
		xas_clear_mark(&xas, mark);
	xas_unlock(&xas);
}

bool xa_get_mark(struct xarray *xa, unsigned long index, xa_mark_t mark)
{
	XA_STATE(xas, xa, index);
	bool marked;

	rcu_read_lock();
	marked = xas_load(&xas) && xas_get_mark(&xas, mark);
	rcu_read_unlock();
	return marked;
}

/* Lowest index in [min, max] without entry. => xa_lock held. False: none */
static bool find_free(struct xarray *xa, u32 min, u32 max, unsigned long *index)
{
	XA_STATE(xas, xa, min);

	for (*index = min; *index <= max; (*index)++) {
		xas_set(&xas, *index);
		if (!xas_load(&xas))
			return true;
	}
	return false;
}

int xa_alloc(struct xarray *xa, u32 *id, void *entry, struct xa_limit limit, gfp_t gfp)
{
	XA_STATE(xas, xa, 0);
	unsigned long index;
	bool found;

	if ((xa->xa_flags & XA_FLAGS_ALLOC1) == XA_FLAGS_ALLOC1 && !limit.min)
		limit.min = 1;
	do {
		xas_lock(&xas);
		found = find_free(xa, limit.min, limit.max, &index);
		if (found) {
			xas_set(&xas, index);
			xas_store(&xas, entry);
		}
		xas_unlock(&xas);
	} while (xas_nomem(&xas, gfp));
	xas_destroy(&xas);
	if (xas.xa_error)
		return xas.xa_error;
	if (!found)
		return -EBUSY;
	*id = index;
	return 0;
}

static void destroy_node(struct xa_node *node)
{
	for (unsigned int i = 0; i < XA_CHUNK_SIZE; i++)
		if (xa_is_node(node->slots[i]))
			destroy_node(xa_to_node(node->slots[i]));
	call_rcu(&node->rcu_head, node_free_rcu);
}

void xa_destroy(struct xarray *xa)
{
	void *head;

	xa_lock(xa);
	head = xa->xa_head;
	WRITE_ONCE(xa->xa_head, NULL);
	for (int m = 0; m < XA_MAX_MARKS; m++)
		xa->xa_flags &= ~XA_FLAGS_MARK(m);
	if (xa_is_node(head))
		destroy_node(xa_to_node(head));
	xa_unlock(xa);
}

/* ---- checking ---- */

static void check_node(struct xarray *xa, struct xa_node *node)
{
	unsigned int count = 0, values = 0;

	BUG_ON(node->array != xa);
	for (unsigned int i = 0; i < XA_CHUNK_SIZE; i++) {
		void *entry = node->slots[i], *first = node->slots[canonical(node, i)];

		count += !!entry;
		values += xa_is_value(first);
		if (xa_is_node(entry)) {
			struct xa_node *child = xa_to_node(entry);

			BUG_ON(!node->shift || child->shift != node->shift - XA_CHUNK_SHIFT);
			BUG_ON(child->parent != node || child->offset != i);
			for (int m = 0; m < XA_MAX_MARKS; m++)
				BUG_ON(node_marked(node, i, m) != !!child->marks[m]);
			check_node(xa, child);
		} else if (!entry || xa_is_sibling(entry)) {
			BUG_ON(entry &&
			       (sibling_first(entry) >= i || !first || xa_is_internal(first)));
			for (int m = 0; m < XA_MAX_MARKS; m++)
				BUG_ON(node_marked(node, i, m));
		}
	}
	BUG_ON(!count || count != node->count || values != node->nr_values);
}

void xa_check(struct xarray *xa)
{
	void *head = xa->xa_head;

	for (int m = 0; m < XA_MAX_MARKS; m++)
		BUG_ON(xa_is_node(head) ? xa_marked(xa, m) != !!xa_to_node(head)->marks[m]
					: (!head && xa_marked(xa, m)));
	if (xa_is_node(head)) {
		BUG_ON(xa_to_node(head)->parent);
		check_node(xa, xa_to_node(head));
	}
}
