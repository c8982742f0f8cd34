// SPDX-License-Identifier: MIT
/*
 * The VMA tree.
 *
 * 1 Purpose. Find the VMA of an address without a lock (page faults), keep VMAs in order, find a hole
 *   of a given size top-down or bottom-up without scanning, and let mmap and munmap cost few
 *   instructions.
 *
 * 2 Structure. A B-tree of ranges with 15 slots per node, so that four comparisons without a branch
 *   choose one of 16 outcomes:
 *
 *	inner	end[i]   = end of the last VMA below child[i] (exact)
 *		child[i]
 *		gap[i]  >= every hole in front of a VMA below child[i]   (an upper bound)
 *	leaf	end[i]   = vma[i]->vm_end
 *		vma[i]
 *
 *   Unused slots have end = ~0 and a NULL pointer, which ends a search. The root word carries
 *   height - 1 in its low bits. Besides, VMAs are linked in order by vm_next and vm_prev.
 *   The hole of a VMA is the free range between its predecessor's end and its start. gap[] is lazy:
 *   a change that makes a hole larger raises the bounds on its path at once; a change that makes it
 *   smaller leaves them, and a search that descends in vain lowers the bound it believed. So
 *   filling a hole costs nothing, and each vain descent is paid by one lowered bound.
 *   Further, mm->hole_addr and hole_len remember the last search from mmap_base: "every hole in
 *   [hole_addr, mmap_base) is smaller than hole_len". The next search starts there.
 *
 * 3 Invariants, verified by vma_tree_check(): order and exactness of end[], the bounds, the list equals
 *   the leaves, map_count equals their number, the statement about hole_addr.
 *
 * 4 Locks. Writers hold mmap_lock for writing. Readers under RCU take no lock and get no snapshot: nodes
 *   are changed in place, word by word. That is sound because (a) leaf nodes and VMAs come from
 *   SLAB_TYPESAFE_BY_RCU caches and inner nodes are freed after a grace period (reused at another
 *   level they would mislead), so whatever a reader reaches has the type it expects; (b) a miss only sends the reader to mmap_lock; (c) a hit is believed only after the read
 *   lock of the VMA was taken and its mm and borders were compared (vma_lock.c).
 *
 * 5 Failure. Only node allocation can fail; vma_tree_prealloc() does it beforehand, into a reserve that
 *   hangs at the mm. A node is freed when it becomes empty (not merged before), so there are never
 *   more leaves than VMAs; the height grows only by filling a root of 15.
 *
 * 6 Linux 6.1 uses a maple tree (lib/maple_tree.c): readers see snapshots, so that each change copies
 *   nodes, and gaps are exact at every moment. Giving up both saves most of the work.
 *
 * 7 Observe: slabinfo vma_leaf and vma_inner; vma_tree_check() after each hosted test step.
 */
#include <base/bug.h>
#include <base/errno.h>
#include <base/math.h>
#include <seam/processor.h>
#include <sync/rcu.h>
#include <mm/slab.h>
#include <mm/gfp.h>
#include <mm/mmap.h>
#include <mm/vma_tree.h>
#include "vma_tree_internal.h"

static struct kmem_cache *leaf_cachep, *inner_cachep;

static_assert(VMA_TREE_MAX_HEIGHT == HEIGHT_MASK + 1, "the height must fit beside the root");

void vma_tree_init(void)
{
	leaf_cachep = kmem_cache_create("vma_leaf", sizeof(struct vt_node), 64,
					SLAB_TYPESAFE_BY_RCU | SLAB_PANIC | SLAB_ACCOUNT, NULL);
	inner_cachep = kmem_cache_create("vma_inner", sizeof(struct vt_inner), 64,
					 SLAB_PANIC | SLAB_ACCOUNT, NULL);
}

static __always_inline unsigned int root_height(unsigned long root)
{
	return root ? (root & HEIGHT_MASK) + 1 : 0;
}

static void set_root(struct mm_struct *mm, struct vt_node *n, unsigned int height)
{
	smp_store_release(&mm->vmas.root, n ? (unsigned long)n | (height - 1) : 0);
}

struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr)
{
	return tree_lookup(mm, addr);
}

struct vm_area_struct *find_vma_intersection(struct mm_struct *mm, unsigned long start,
					     unsigned long end)
{
	struct vm_area_struct *vma = tree_lookup(mm, start);

	return vma && vma->vm_start < end ? vma : NULL;
}

struct vm_area_struct *vma_tree_find(struct mm_struct *mm, unsigned long addr, struct vma_pos *pos)
{
	struct vt_node *n = root_node(mm->vmas.root);
	unsigned int level = pos->height = root_height(mm->vmas.root);
	unsigned int slot;

	pos->prev = pos->next = NULL;
	if (!n)
		return NULL;
	while (1) {
		slot = node_search(n, addr);
		pos->level[--level].node = n;
		if (!level)
			break;
		if (slot == SLOTS || slot >= n->nr)
			slot = n->nr - 1; /* behind everything: at the right edge */
		pos->level[level].slot = slot;
		n = n->ptr[slot];
	}
	if (slot >= n->nr) {
		pos->level[0].slot = n->nr;
		pos->prev = n->ptr[n->nr - 1];
		return NULL;
	}
	pos->level[0].slot = slot;
	pos->next = n->ptr[slot];
	pos->prev = pos->next->vm_prev;
	return pos->next;
}

/* --- nodes ------------------------------------------------------------------------------------ */

static void node_clear(struct vt_node *n)
{
	for (int i = 0; i < SLOTS; i++) {
		WRITE_ONCE(n->end[i], NO_END);
		WRITE_ONCE(n->ptr[i], NULL);
	}
	n->nr = 0;
}

static struct vt_node *take_spare(void **list, unsigned int *nr)
{
	struct vt_node *n = *list;

	BUG_ON(!n); /* vma_tree_prealloc() was too small */
	*list = (void *)n->end[0];
	WRITE_ONCE(n->end[0], NO_END);
	--*nr;
	return n;
}

/* A reader may still be in a node that is spare now: it looks empty to him (the link is in end[0]). */
static int fill_spares(struct kmem_cache *cachep, void **list, unsigned int *nr, unsigned int want)
{
	while (*nr < want) {
		struct vt_node *n = kmem_cache_alloc(cachep, GFP_KERNEL_ACCOUNT);

		if (!n)
			return -ENOMEM;
		node_clear(n);
		WRITE_ONCE(n->end[0], (unsigned long)*list);
		*list = n;
		++*nr;
	}
	return 0;
}

int vma_tree_prealloc(struct mm_struct *mm, struct vma_pos *pos, unsigned int nr)
{
	struct vma_tree *t = &mm->vmas;
	struct vt_node *leaf = pos->level[0].node;

	if (likely(pos->height && leaf->nr + nr <= SLOTS))
		return 0;
	if (fill_spares(leaf_cachep, &t->spare_leaf, &t->nr_spare_leaf, nr))
		return -ENOMEM;
	/* Each insertion can split all inner levels and put a root above. */
	if (!pos->height)
		return 0;
	return fill_spares(inner_cachep, &t->spare_inner, &t->nr_spare_inner,
			   nr * pos->height + nr - 1);
}

/* Open slot @slot of @n, which has room. */
static __always_inline void node_open(struct vt_node *n, unsigned int slot)
{
	for (unsigned int i = n->nr; i > slot; i--) {
		WRITE_ONCE(n->ptr[i], n->ptr[i - 1]);
		WRITE_ONCE(n->end[i], n->end[i - 1]);
	}
	n->nr++;
}

static __always_inline void node_close(struct vt_node *n, unsigned int slot)
{
	n->nr--;
	for (unsigned int i = slot; i < n->nr; i++) {
		WRITE_ONCE(n->ptr[i], n->ptr[i + 1]);
		WRITE_ONCE(n->end[i], n->end[i + 1]);
	}
	WRITE_ONCE(n->end[n->nr], NO_END);
	WRITE_ONCE(n->ptr[n->nr], NULL);
}

static void inner_open(struct vt_inner *n, unsigned int slot)
{
	for (unsigned int i = n->n.nr; i > slot; i--)
		n->gap[i] = n->gap[i - 1];
	node_open(&n->n, slot);
}

static void inner_close(struct vt_inner *n, unsigned int slot)
{
	for (unsigned int i = slot; i + 1 < n->n.nr; i++)
		n->gap[i] = n->gap[i + 1];
	node_close(&n->n, slot);
}

/* --- bounds ----------------------------------------------------------------------------------- */

static unsigned long hole_before(const struct vm_area_struct *vma)
{
	return vma->vm_start - (vma->vm_prev ? vma->vm_prev->vm_end : 0);
}

/* The hole in front of a VMA below @pos is now at least @hole. */
static __always_inline void raise_bounds(struct vma_pos *pos, unsigned long hole)
{
	for (unsigned int l = 1; l < pos->height; l++) {
		struct vt_inner *n = pos->level[l].node;
		unsigned int slot = pos->level[l].slot;

		if (n->gap[slot] >= hole)
			return; /* the levels above know at least as much */
		n->gap[slot] = hole;
	}
}

/* The last end below @pos, from @level upwards, is now @end. */
static __always_inline void set_end_upwards(struct vma_pos *pos, unsigned int level,
					    unsigned long end)
{
	for (; level < pos->height; level++) {
		struct vt_node *n = pos->level[level].node;
		unsigned int slot = pos->level[level].slot;

		WRITE_ONCE(n->end[slot], end);
		if (slot + 1 != n->nr)
			return;
	}
}

/* A hole [@low, @high) came to be or grew: is it one that the remembered search would take? */
static __always_inline void hole_opened(struct mm_struct *mm, unsigned long low, unsigned long high)
{
	if (high > mm->hole_addr && high - low >= mm->hole_len)
		mm->hole_addr = high;
}

/* --- insertion -------------------------------------------------------------------------------- */

static void split_level(struct mm_struct *mm, struct vma_pos *pos, unsigned int level);

/* Put @right, which took the upper part of the node at @level, behind it into the level above. */
static void insert_sibling(struct mm_struct *mm, struct vma_pos *pos, unsigned int level,
			   struct vt_node *right)
{
	struct vt_node *left = pos->level[level].node;
	struct vt_inner *up;
	unsigned int slot;

	if (level + 1 == pos->height) { /* the root was split */
		up = (void *)take_spare(&mm->vmas.spare_inner, &mm->vmas.nr_spare_inner);
		WRITE_ONCE(up->n.ptr[0], left);
		WRITE_ONCE(up->n.end[0], right->end[right->nr - 1]);
		up->gap[0] = NO_END;
		up->n.nr = 1;
		pos->level[level + 1].node = up;
		pos->level[level + 1].slot = 0;
		pos->height++;
		BUG_ON(pos->height > VMA_TREE_MAX_HEIGHT);
		set_root(mm, &up->n, pos->height);
	} else if (((struct vt_node *)pos->level[level + 1].node)->nr == SLOTS) {
		split_level(mm, pos, level + 1);
	}
	up = pos->level[level + 1].node;
	slot = pos->level[level + 1].slot;
	inner_open(up, slot + 1);
	up->gap[slot + 1] = up->gap[slot];
	smp_store_release(&up->n.ptr[slot + 1], right);
	WRITE_ONCE(up->n.end[slot + 1], right->end[right->nr - 1]);
	WRITE_ONCE(up->n.end[slot], left->end[left->nr - 1]);
}

/*
 * Split the full node at @level. The cut is where the insertion goes, within limits, so that a
 * sequence of insertions at one place leaves full nodes behind. @pos follows the slot it was at.
 */
static void split_level(struct mm_struct *mm, struct vma_pos *pos, unsigned int level)
{
	struct vma_tree *t = &mm->vmas;
	struct vt_node *left = pos->level[level].node, *right;
	unsigned int slot = pos->level[level].slot;
	unsigned int cut = clamp(slot, (unsigned int)SPLIT_MIN, (unsigned int)(SLOTS - SPLIT_MIN));

	right = level ? take_spare(&t->spare_inner, &t->nr_spare_inner)
		      : take_spare(&t->spare_leaf, &t->nr_spare_leaf);
	for (unsigned int i = cut; i < SLOTS; i++) {
		WRITE_ONCE(right->ptr[i - cut], left->ptr[i]);
		WRITE_ONCE(right->end[i - cut], left->end[i]);
		if (level)
			((struct vt_inner *)right)->gap[i - cut] =
				((struct vt_inner *)left)->gap[i];
	}
	right->nr = SLOTS - cut;
	left->nr = cut;
	insert_sibling(mm, pos, level, right);
	for (unsigned int i = cut; i < SLOTS; i++) {
		WRITE_ONCE(left->end[i], NO_END);
		WRITE_ONCE(left->ptr[i], NULL);
	}
	/* A leaf slot is a gap between entries: at the cut it may stay left. A child must be followed. */
	if (level ? slot >= cut : slot > cut) {
		pos->level[level].node = right;
		pos->level[level].slot = slot - cut;
		pos->level[level + 1].slot++;
	}
}

void vma_tree_insert_at(struct mm_struct *mm, struct vma_pos *pos, struct vm_area_struct *vma)
{
	struct vt_node *leaf;
	unsigned int slot;

	if (unlikely(!pos->height)) {
		leaf = take_spare(&mm->vmas.spare_leaf, &mm->vmas.nr_spare_leaf);
		pos->level[0].node = leaf;
		pos->level[0].slot = 0;
		pos->height = 1;
		set_root(mm, leaf, 1);
	} else if (unlikely(((struct vt_node *)pos->level[0].node)->nr == SLOTS)) {
		split_level(mm, pos, 0);
	}
	leaf = pos->level[0].node;
	slot = pos->level[0].slot;

	vma->vm_prev = pos->prev;
	vma->vm_next = pos->next;
	if (pos->prev)
		pos->prev->vm_next = vma;
	else
		mm->mmap = vma;
	if (pos->next)
		pos->next->vm_prev = vma;

	/* Born write-locked: faults on it wait until mmap_lock is dropped. */
	vma->vm_lock_seq = mm->mm_lock_seq;
	atomic_set_release(&vma->vm_refcnt, 1);
	node_open(leaf, slot);
	WRITE_ONCE(leaf->ptr[slot], vma);
	smp_store_release(&leaf->end[slot], vma->vm_end);
	mm->map_count++;

	if (slot + 1 == leaf->nr) {
		set_end_upwards(pos, 1, vma->vm_end);
		raise_bounds(pos, hole_before(vma));
	}
	pos->prev = vma;
	pos->level[0].slot = slot + 1;
}

/* --- removal ---------------------------------------------------------------------------------- */

static void free_inner_rcu(struct rcu_head *rcu)
{
	kmem_cache_free(inner_cachep, container_of(rcu, struct vt_inner, rcu));
}

static void free_node(struct vt_node *n, unsigned int level)
{
	if (level)
		call_rcu(&((struct vt_inner *)n)->rcu, free_inner_rcu);
	else
		kmem_cache_free(leaf_cachep, n);
}

/* The node at level 0 of @pos became empty: take it out, and what becomes empty above. */
static void remove_empty(struct mm_struct *mm, struct vma_pos *pos)
{
	unsigned int level = 0;
	struct vt_inner *up;
	unsigned int slot;

	while (1) {
		struct vt_node *n = pos->level[level].node;

		if (level + 1 == pos->height) {
			set_root(mm, NULL, 0);
			free_node(n, level);
			return;
		}
		up = pos->level[level + 1].node;
		slot = pos->level[level + 1].slot;
		inner_close(up, slot);
		free_node(n, level++);
		if (up->n.nr)
			break;
	}
	if (slot == up->n.nr)
		set_end_upwards(pos, level + 1, up->n.end[slot - 1]);
	/* A root with one child is no use. */
	while (pos->height > 1 && ((struct vt_node *)pos->level[pos->height - 1].node)->nr == 1) {
		struct vt_node *root = pos->level[--pos->height].node;

		set_root(mm, root->ptr[0], pos->height);
		pos->level[pos->height - 1].node = root->ptr[0];
		free_node(root, pos->height);
	}
}

/* Tell the bounds above @vma, wherever it is, about the hole in front of it. */
static void note_hole(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long hole)
{
	struct vma_pos pos;

	if (root_height(mm->vmas.root) < 2)
		return;
	vma_tree_find(mm, vma->vm_end - 1, &pos);
	raise_bounds(&pos, hole);
}

void vma_tree_remove(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct vm_area_struct *prev = vma->vm_prev, *next = vma->vm_next;
	unsigned long low = prev ? prev->vm_end : 0;
	unsigned long high = next ? next->vm_start : mm->task_size;
	struct vma_pos pos;
	struct vt_node *leaf;
	unsigned int slot;

	vma_tree_find(mm, vma->vm_end - 1, &pos);
	BUG_ON(pos.next != vma);
	leaf = pos.level[0].node;
	slot = pos.level[0].slot;

	if (prev)
		prev->vm_next = next;
	else
		mm->mmap = next;
	if (next)
		next->vm_prev = prev;
	mm->map_count--;
	node_close(leaf, slot);
	/* A reader that took a reference too late sees the write lock and goes; it cannot sleep. */
	if (unlikely(atomic_dec_return(&vma->vm_refcnt)))
		while (atomic_read(&vma->vm_refcnt))
			cpu_relax();

	hole_opened(mm, low, high);
	if (likely(slot < leaf->nr)) {
		raise_bounds(&pos, high - low);
		return;
	}
	if (leaf->nr)
		set_end_upwards(&pos, 1, leaf->end[slot - 1]);
	else
		remove_empty(mm, &pos);
	if (next)
		note_hole(mm, next, high - low);
}

void vma_tree_resize(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
		     unsigned long end)
{
	struct vm_area_struct *next = vma->vm_next;
	unsigned long old_start = vma->vm_start, old_end = vma->vm_end;

	if (end != old_end) {
		struct vma_pos pos;
		struct vt_node *leaf;
		unsigned int slot;

		vma_tree_find(mm, old_end - 1, &pos);
		BUG_ON(pos.next != vma);
		leaf = pos.level[0].node;
		slot = pos.level[0].slot;
		set_end_upwards(&pos, 0, end);
		WRITE_ONCE(vma->vm_end, end);
		if (end < old_end) {
			unsigned long high = next ? next->vm_start : mm->task_size;

			hole_opened(mm, end, high);
			if (next && slot + 1 < leaf->nr)
				raise_bounds(&pos, high - end);
			else if (next)
				note_hole(mm, next, high - end);
		}
	}
	if (start != old_start) {
		WRITE_ONCE(vma->vm_start, start);
		if (start > old_start) {
			unsigned long low = vma->vm_prev ? vma->vm_prev->vm_end : 0;

			hole_opened(mm, low, start);
			note_hole(mm, vma, start - low);
		}
	}
}

/* Nobody reads any more: nobody uses the mm. */
static void destroy_node(struct vt_node *n, unsigned int level)
{
	if (level)
		for (unsigned int i = 0; i < n->nr; i++)
			destroy_node(n->ptr[i], level - 1);
	kmem_cache_free(level ? inner_cachep : leaf_cachep, n);
}

static void destroy_spares(void **list, unsigned int *nr, unsigned int level)
{
	while (*list) {
		struct vt_node *n = *list;

		*list = (void *)n->end[0];
		kmem_cache_free(level ? inner_cachep : leaf_cachep, n);
	}
	*nr = 0;
}

void vma_tree_destroy(struct mm_struct *mm)
{
	struct vma_tree *t = &mm->vmas;
	unsigned long root = t->root;

	set_root(mm, NULL, 0);
	if (root)
		destroy_node(root_node(root), root_height(root) - 1);
	destroy_spares(&t->spare_leaf, &t->nr_spare_leaf, 0);
	destroy_spares(&t->spare_inner, &t->nr_spare_inner, 1);
}

/* --- holes ------------------------------------------------------------------------------------ */

unsigned long vm_start_gap(const struct vm_area_struct *vma)
{
	unsigned long start = vma->vm_start;

	if (vma->vm_flags & VM_GROWSDOWN)
		start = start > stack_guard_gap ? start - stack_guard_gap : 0;
	return start;
}

/* Does the hole [@low, @high), clipped to the limits, hold what is wanted? */
static unsigned long fit_hole(const struct vm_unmapped_area_info *info, unsigned long low,
			      unsigned long high)
{
	unsigned long addr;

	low = max(low, info->low_limit);
	high = min(high, info->high_limit);
	if (high <= low || high - low < info->length)
		return -ENOMEM;
	if (info->flags & VM_UNMAPPED_AREA_TOPDOWN) {
		addr = high - info->length;
		addr -= (addr - info->align_offset) & info->align_mask;
		return addr >= low && addr < high ? addr : -ENOMEM;
	}
	addr = low + ((info->align_offset - low) & info->align_mask);
	return addr >= low && addr <= high - info->length ? addr : -ENOMEM;
}

#define IS_ERR_ADDR(addr) unlikely((addr) >= -4095UL)

/*
 * One search. It visits leaves from where @pos stands, in one direction, skipping children whose
 * bound is too small. @skipped: the largest hole passed by.
 */
struct hole_search {
	const struct vm_unmapped_area_info *info;
	struct vma_pos pos;
	unsigned long skipped;
	unsigned long top; /* upper end of the hole that was taken */
};

static unsigned long try_hole_before(struct hole_search *s, struct vm_area_struct *vma)
{
	unsigned long low = vma->vm_prev ? vma->vm_prev->vm_end : 0;
	unsigned long addr = fit_hole(s->info, low, vm_start_gap(vma));

	if (IS_ERR_ADDR(addr))
		s->skipped = max(s->skipped, vma->vm_start - low);
	else
		s->top = vma->vm_start;
	return addr;
}

/* Scan a whole leaf; on failure *@bound becomes its largest hole. */
static unsigned long scan_leaf(struct hole_search *s, struct vt_node *leaf, int slot, int step,
			       unsigned long *bound)
{
	unsigned long addr = -ENOMEM, saved = s->skipped;

	s->skipped = 0;
	for (; IS_ERR_ADDR(addr) && slot >= 0 && slot < (int)leaf->nr; slot += step)
		addr = try_hole_before(s, leaf->ptr[slot]);
	if (IS_ERR_ADDR(addr))
		*bound = s->skipped;
	s->skipped = max(s->skipped, saved);
	return addr;
}

static unsigned long scan_subtree(struct hole_search *s, struct vt_node *n, unsigned int level,
				  int step, unsigned long *bound)
{
	struct vt_inner *in = (struct vt_inner *)n;
	unsigned long addr, max_gap = 0;

	if (!level)
		return scan_leaf(s, n, step > 0 ? 0 : (int)n->nr - 1, step, bound);
	for (int i = step > 0 ? 0 : (int)n->nr - 1; i >= 0 && i < (int)n->nr; i += step) {
		if (in->gap[i] >= s->info->length) {
			addr = scan_subtree(s, n->ptr[i], level - 1, step, &in->gap[i]);
			if (!IS_ERR_ADDR(addr))
				return addr;
		}
		s->skipped = max(s->skipped, in->gap[i]);
		max_gap = max(max_gap, in->gap[i]);
	}
	*bound = max_gap;
	return -ENOMEM;
}

/* From the leaf slot at s->pos on in direction @step: the rest of the leaf, then the levels above. */
static unsigned long scan_from(struct hole_search *s, int step)
{
	unsigned long addr, unused;

	addr = scan_leaf(s, s->pos.level[0].node, (int)s->pos.level[0].slot, step, &unused);
	for (unsigned int l = 1; IS_ERR_ADDR(addr) && l < s->pos.height; l++) {
		struct vt_inner *in = s->pos.level[l].node;

		for (int i = (int)s->pos.level[l].slot + step; i >= 0 && i < (int)in->n.nr;
		     i += step) {
			if (in->gap[i] >= s->info->length) {
				addr = scan_subtree(s, in->n.ptr[i], l - 1, step, &in->gap[i]);
				if (!IS_ERR_ADDR(addr))
					return addr;
			}
			s->skipped = max(s->skipped, in->gap[i]);
		}
	}
	return addr;
}

static unsigned long search_topdown(struct mm_struct *mm, struct hole_search *s, unsigned long from)
{
	struct vm_area_struct *vma = vma_tree_find(mm, from - 1, &s->pos);
	unsigned long addr;

	if (!vma) { /* the hole behind the last VMA */
		unsigned long low = s->pos.prev ? s->pos.prev->vm_end : 0;

		s->top = s->info->high_limit;
		addr = fit_hole(s->info, low, s->info->high_limit);
		if (!IS_ERR_ADDR(addr) || !s->pos.height)
			return addr;
		if (s->top > low)
			s->skipped = s->top - low;
		s->pos.level[0].slot--;
	}
	return scan_from(s, -1);
}

static unsigned long search_bottomup(struct mm_struct *mm, struct hole_search *s)
{
	struct vm_area_struct *last;
	unsigned long addr = -ENOMEM;

	if (vma_tree_find(mm, s->info->low_limit, &s->pos)) {
		addr = scan_from(s, 1);
		if (!IS_ERR_ADDR(addr))
			return addr;
	}
	vma_tree_find(mm, mm->task_size, &s->pos);
	last = s->pos.prev;
	return fit_hole(s->info, last ? last->vm_end : 0, s->info->high_limit);
}

unsigned long vm_unmapped_area(struct mm_struct *mm, struct vm_unmapped_area_info *info)
{
	struct hole_search s = { .info = info };
	bool remember = info->high_limit == mm->mmap_base && !info->align_mask;
	unsigned long from = info->high_limit, addr;

	if (!(info->flags & VM_UNMAPPED_AREA_TOPDOWN)) {
		addr = search_bottomup(mm, &s);
		return IS_ERR_ADDR(addr) || addr + info->length > info->high_limit ? -ENOMEM : addr;
	}
	if (remember && info->length >= mm->hole_len && mm->hole_addr < from) {
		from = mm->hole_addr;
		s.skipped = mm->hole_len ? mm->hole_len - 1 : 0;
	}
	if (from <= info->low_limit)
		return -ENOMEM;
	addr = search_topdown(mm, &s, from);
	if (IS_ERR_ADDR(addr) || addr < info->low_limit)
		return -ENOMEM;
	if (remember) {
		mm->hole_addr = s.top;
		mm->hole_len = s.skipped + 1;
	}
	return addr;
}

/* --- check ------------------------------------------------------------------------------------ */

struct check_state {
	struct mm_struct *mm;
	struct vm_area_struct *expect; /* next in the list */
	unsigned long last_end;
	unsigned long max_hole; /* of the subtree just left */
	int count;
};

static void check_vma(struct check_state *c, struct vm_area_struct *vma)
{
	unsigned long hole;

	BUG_ON(vma != c->expect || vma->vm_mm != c->mm);
	BUG_ON(vma->vm_start < c->last_end || vma->vm_end <= vma->vm_start);
	BUG_ON(!vma_is_attached(vma));
	BUG_ON(vma->vm_next && vma->vm_next->vm_prev != vma);
	hole = vma->vm_start - c->last_end;
	c->max_hole = max(c->max_hole, hole);
	BUG_ON(c->mm->hole_addr < c->mm->mmap_base && vma->vm_start > c->mm->hole_addr &&
	       c->last_end < c->mm->mmap_base && hole >= c->mm->hole_len &&
	       vma->vm_start <= c->mm->mmap_base);
	c->last_end = vma->vm_end;
	c->expect = vma->vm_next;
	c->count++;
}

static void check_node(struct check_state *c, struct vt_node *n, unsigned int level)
{
	unsigned long worst = 0;

	BUG_ON(n->nr < 1 || n->nr > SLOTS);
	for (unsigned int i = 0; i < SLOTS; i++) {
		if (i >= n->nr) {
			BUG_ON(n->end[i] != NO_END);
			continue;
		}
		c->max_hole = 0;
		if (level) {
			check_node(c, n->ptr[i], level - 1);
			BUG_ON(((struct vt_inner *)n)->gap[i] < c->max_hole);
		} else {
			check_vma(c, n->ptr[i]);
		}
		BUG_ON(n->end[i] != c->last_end);
		worst = max(worst, c->max_hole);
	}
	c->max_hole = worst;
}

void vma_tree_check(struct mm_struct *mm)
{
	struct check_state c = { .mm = mm, .expect = mm->mmap };
	unsigned long root = mm->vmas.root;

	if (root)
		check_node(&c, root_node(root), root_height(root) - 1);
	BUG_ON(c.expect || c.count != mm->map_count);
}
