// SPDX-License-Identifier: MIT
/*
 * The VMAs of a file by page offset: a red-black tree ordered by first page, in which each node knows the
 * last page below itself (rb_subtree_last), so that all VMAs that overlap a range are found in
 * O(log n + hits). The classic interval tree (Cormen et al., section 14.3); Linux: mm/interval_tree.c.
 * Guarded by the mapping's i_mmap_rwsem.
 */
#include <base/math.h>
#include <base/rbtree.h>
#include <mm/rmap.h>

static inline unsigned long first_page(const struct vm_area_struct *v)
{
	return v->vm_pgoff;
}

static inline unsigned long last_page(const struct vm_area_struct *v)
{
	return v->vm_pgoff + vma_pages(v) - 1;
}

static inline struct vm_area_struct *to_vma(struct rb_node *rb)
{
	return rb ? container_of(rb, struct vm_area_struct, shared.rb) : NULL;
}

static unsigned long compute_last(struct vm_area_struct *v)
{
	unsigned long last = last_page(v);
	struct rb_node *sides[2] = { v->shared.rb.rb_left, v->shared.rb.rb_right };

	for (int i = 0; i < 2; i++)
		if (sides[i])
			last = max(last, to_vma(sides[i])->shared.rb_subtree_last);
	return last;
}

static void propagate(struct rb_node *rb, struct rb_node *stop)
{
	for (; rb != stop; rb = rb_parent(rb)) {
		struct vm_area_struct *v = to_vma(rb);
		unsigned long last = compute_last(v);

		if (v->shared.rb_subtree_last == last)
			break;
		v->shared.rb_subtree_last = last;
	}
}

static void copy(struct rb_node *old, struct rb_node *new)
{
	to_vma(new)->shared.rb_subtree_last = to_vma(old)->shared.rb_subtree_last;
}

static void rotate(struct rb_node *old, struct rb_node *new)
{
	copy(old, new);
	to_vma(old)->shared.rb_subtree_last = compute_last(to_vma(old));
}

static const struct rb_augment_callbacks callbacks = {
	.propagate = propagate,
	.copy = copy,
	.rotate = rotate,
};

void vma_interval_tree_insert(struct vm_area_struct *node, struct rb_root_cached *root)
{
	struct rb_node **link = &root->rb_root.rb_node, *parent = NULL;
	unsigned long first = first_page(node), last = last_page(node);
	bool leftmost = true;

	while (*link) {
		struct vm_area_struct *v = to_vma(*link);

		parent = *link;
		if (v->shared.rb_subtree_last < last)
			v->shared.rb_subtree_last = last;
		if (first < first_page(v)) {
			link = &parent->rb_left;
		} else {
			link = &parent->rb_right;
			leftmost = false;
		}
	}
	node->shared.rb_subtree_last = last;
	rb_link_node(&node->shared.rb, parent, link);
	rb_insert_augmented_cached(&node->shared.rb, root, leftmost, &callbacks);
}

/* A copy of @prev by fork goes behind it: a walk then sees the parent first. */
void vma_interval_tree_insert_after(struct vm_area_struct *node, struct vm_area_struct *prev,
				    struct rb_root_cached *root)
{
	struct rb_node *parent = &prev->shared.rb, **link = &parent->rb_right;
	unsigned long last = last_page(node);

	while (*link) {
		parent = *link;
		link = &parent->rb_left;
	}
	for (struct rb_node *rb = parent; rb; rb = rb_parent(rb)) {
		if (to_vma(rb)->shared.rb_subtree_last >= last)
			break;
		to_vma(rb)->shared.rb_subtree_last = last;
	}
	node->shared.rb_subtree_last = last;
	rb_link_node(&node->shared.rb, parent, link);
	rb_insert_augmented_cached(&node->shared.rb, root, false, &callbacks);
}

void vma_interval_tree_remove(struct vm_area_struct *node, struct rb_root_cached *root)
{
	rb_erase_augmented_cached(&node->shared.rb, root, &callbacks);
}

/* Lowest node below @v that overlaps; the caller knows that v->rb_subtree_last >= start. */
static struct vm_area_struct *subtree_search(struct vm_area_struct *v, unsigned long start,
					     unsigned long last)
{
	while (1) {
		struct vm_area_struct *left = to_vma(v->shared.rb.rb_left);

		if (left && left->shared.rb_subtree_last >= start) {
			v = left;
			continue;
		}
		if (first_page(v) > last)
			return NULL;
		if (last_page(v) >= start)
			return v;
		v = to_vma(v->shared.rb.rb_right);
		if (!v || v->shared.rb_subtree_last < start)
			return NULL;
	}
}

struct vm_area_struct *vma_interval_tree_iter_first(struct rb_root_cached *root,
						    unsigned long start, unsigned long last)
{
	struct vm_area_struct *v = to_vma(root->rb_root.rb_node);

	if (!v || v->shared.rb_subtree_last < start)
		return NULL;
	return subtree_search(v, start, last);
}

struct vm_area_struct *vma_interval_tree_iter_next(struct vm_area_struct *node, unsigned long start,
						   unsigned long last)
{
	struct rb_node *rb = node->shared.rb.rb_right, *prev;

	while (1) {
		if (rb && to_vma(rb)->shared.rb_subtree_last >= start)
			return subtree_search(to_vma(rb), start, last);
		do { /* up, until we come from a left side */
			rb = rb_parent(&node->shared.rb);
			if (!rb)
				return NULL;
			prev = &node->shared.rb;
			node = to_vma(rb);
			rb = node->shared.rb.rb_right;
		} while (prev == rb);
		if (first_page(node) > last)
			return NULL;
		if (last_page(node) >= start)
			return node;
	}
}
