/* SPDX-License-Identifier: MIT */
/*
 * Red-black trees (Cormen, Leiserson, Rivest, Stein, Introduction to Algorithms, chapter 13).
 *
 * Invariants: a red node has black children; each path from a node to a leaf passes equally many
 * black nodes. Insertion climbs while parent and node are red; deletion climbs with a node that
 * lacks one black. Children are published with release order, so that a reader under RCU sees
 * whole nodes (it may miss nodes during a rotation, and must check what it finds).
 */
#include <base/rbtree.h>
#include <base/types.h>

#define RED   0UL
#define BLACK 1UL

static bool is_red(const struct rb_node *n)
{
	return n && !(n->__rb_parent_color & BLACK);
}

static void set_parent(struct rb_node *n, struct rb_node *parent)
{
	n->__rb_parent_color = (n->__rb_parent_color & BLACK) | (unsigned long)parent;
}

static void set_color(struct rb_node *n, unsigned long color)
{
	n->__rb_parent_color = (n->__rb_parent_color & ~BLACK) | color;
}

static unsigned long color_of(const struct rb_node *n)
{
	return n->__rb_parent_color & BLACK;
}

/* @new (may be NULL) takes the place of @old below @parent. */
static void change_child(struct rb_node *old, struct rb_node *new, struct rb_node *parent,
			 struct rb_root *root)
{
	if (!parent)
		smp_store_release(&root->rb_node, new);
	else if (parent->rb_left == old)
		smp_store_release(&parent->rb_left, new);
	else
		smp_store_release(&parent->rb_right, new);
}

static void no_rotate(struct rb_node *old, struct rb_node *n) {}

static void no_copy(struct rb_node *old, struct rb_node *n) {}

static void no_propagate(struct rb_node *node, struct rb_node *stop) {}

static const struct rb_augment_callbacks plain = { no_propagate, no_copy, no_rotate };

static void rotate_left(struct rb_node *x, struct rb_root *root,
			const struct rb_augment_callbacks *aug)
{
	struct rb_node *y = x->rb_right, *parent = rb_parent(x);

	x->rb_right = y->rb_left;
	if (y->rb_left)
		set_parent(y->rb_left, x);
	y->rb_left = x;
	set_parent(y, parent);
	change_child(x, y, parent, root);
	set_parent(x, y);
	aug->rotate(x, y);
}

static void rotate_right(struct rb_node *x, struct rb_root *root,
			 const struct rb_augment_callbacks *aug)
{
	struct rb_node *y = x->rb_left, *parent = rb_parent(x);

	x->rb_left = y->rb_right;
	if (y->rb_right)
		set_parent(y->rb_right, x);
	y->rb_right = x;
	set_parent(y, parent);
	change_child(x, y, parent, root);
	set_parent(x, y);
	aug->rotate(x, y);
}

static __always_inline void insert(struct rb_node *node, struct rb_root *root,
				   const struct rb_augment_callbacks *aug)
{
	struct rb_node *parent, *grand, *uncle;

	while ((parent = rb_parent(node)) && is_red(parent)) {
		bool left;

		grand = rb_parent(parent);
		left = parent == grand->rb_left;
		uncle = left ? grand->rb_right : grand->rb_left;
		if (is_red(uncle)) {
			set_color(uncle, BLACK);
			set_color(parent, BLACK);
			set_color(grand, RED);
			node = grand;
			continue;
		}
		if (node == (left ? parent->rb_right : parent->rb_left)) {
			if (left)
				rotate_left(parent, root, aug);
			else
				rotate_right(parent, root, aug);
			parent = node;
		}
		set_color(parent, BLACK);
		set_color(grand, RED);
		if (left)
			rotate_right(grand, root, aug);
		else
			rotate_left(grand, root, aug);
		break;
	}
	set_color(root->rb_node, BLACK);
}

/* The subtree at @node (may be NULL) below @parent lacks one black. */
static void refill_black(struct rb_node *node, struct rb_node *parent, struct rb_root *root,
			 const struct rb_augment_callbacks *aug)
{
	while (parent && !is_red(node)) {
		bool left = node == parent->rb_left;
		struct rb_node *sibling = left ? parent->rb_right : parent->rb_left, *near, *far;

		if (is_red(sibling)) {
			set_color(sibling, BLACK);
			set_color(parent, RED);
			if (left)
				rotate_left(parent, root, aug);
			else
				rotate_right(parent, root, aug);
			sibling = left ? parent->rb_right : parent->rb_left;
		}
		near = left ? sibling->rb_left : sibling->rb_right;
		far = left ? sibling->rb_right : sibling->rb_left;
		if (!is_red(near) && !is_red(far)) {
			set_color(sibling, RED);
			node = parent;
			parent = rb_parent(node);
			continue;
		}
		if (!is_red(far)) {
			set_color(near, BLACK);
			set_color(sibling, RED);
			if (left)
				rotate_right(sibling, root, aug);
			else
				rotate_left(sibling, root, aug);
			far = sibling;
			sibling = near;
		}
		set_color(sibling, color_of(parent));
		set_color(parent, BLACK);
		set_color(far, BLACK);
		if (left)
			rotate_left(parent, root, aug);
		else
			rotate_right(parent, root, aug);
		return;
	}
	if (node)
		set_color(node, BLACK);
}

static __always_inline void erase(struct rb_node *node, struct rb_root *root,
				  const struct rb_augment_callbacks *aug)
{
	struct rb_node *child, *parent, *next;
	unsigned long color;

	if (node->rb_left && node->rb_right) {
		/* The successor takes the node's place and colour; its own place is what goes. */
		for (next = node->rb_right; next->rb_left; next = next->rb_left)
			;
		child = next->rb_right;
		color = color_of(next);
		parent = rb_parent(next);
		if (parent == node) {
			parent = next;
		} else {
			smp_store_release(&parent->rb_left, child);
			if (child)
				set_parent(child, parent);
			smp_store_release(&next->rb_right, node->rb_right);
			set_parent(node->rb_right, next);
		}
		smp_store_release(&next->rb_left, node->rb_left);
		set_parent(node->rb_left, next);
		change_child(node, next, rb_parent(node), root);
		next->__rb_parent_color = node->__rb_parent_color;
		aug->copy(node, next);
		aug->propagate(parent, next);
		aug->propagate(next, NULL);
	} else {
		child = node->rb_left ? node->rb_left : node->rb_right;
		color = color_of(node);
		parent = rb_parent(node);
		if (child)
			set_parent(child, parent);
		change_child(node, child, parent, root);
		aug->propagate(parent, NULL);
	}
	if (color == BLACK)
		refill_black(child, parent, root, aug);
}

void rb_insert_color(struct rb_node *node, struct rb_root *root)
{
	insert(node, root, &plain);
}

void rb_erase(struct rb_node *node, struct rb_root *root)
{
	erase(node, root, &plain);
}

void rb_insert_augmented(struct rb_node *node, struct rb_root *root,
			 const struct rb_augment_callbacks *aug)
{
	insert(node, root, aug);
}

void rb_erase_augmented(struct rb_node *node, struct rb_root *root,
			const struct rb_augment_callbacks *aug)
{
	erase(node, root, aug);
}

struct rb_node *rb_first(const struct rb_root *root)
{
	struct rb_node *n = root->rb_node;

	while (n && n->rb_left)
		n = n->rb_left;
	return n;
}

struct rb_node *rb_last(const struct rb_root *root)
{
	struct rb_node *n = root->rb_node;

	while (n && n->rb_right)
		n = n->rb_right;
	return n;
}

struct rb_node *rb_next(const struct rb_node *node)
{
	struct rb_node *parent;

	if (RB_EMPTY_NODE(node))
		return NULL;
	if (node->rb_right) {
		for (node = node->rb_right; node->rb_left; node = node->rb_left)
			;
		return (struct rb_node *)node;
	}
	while ((parent = rb_parent(node)) && node == parent->rb_right)
		node = parent;
	return parent;
}

struct rb_node *rb_prev(const struct rb_node *node)
{
	struct rb_node *parent;

	if (RB_EMPTY_NODE(node))
		return NULL;
	if (node->rb_left) {
		for (node = node->rb_left; node->rb_right; node = node->rb_right)
			;
		return (struct rb_node *)node;
	}
	while ((parent = rb_parent(node)) && node == parent->rb_left)
		node = parent;
	return parent;
}
