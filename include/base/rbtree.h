/* SPDX-License-Identifier: MIT */
/*
 * Red-black trees. The user searches and links; rb_insert_color() and rb_erase() rebalance.
 * An augmented tree keeps in each node a value derived from its subtree. See base/rbtree.c.
 */
#ifndef QUIRE_BASE_RBTREE_H
#define QUIRE_BASE_RBTREE_H

#include <base/compiler.h>
#include <base/atomic.h>

struct rb_node {
	unsigned long __rb_parent_color;	/* parent | colour: 0 red, 1 black */
	struct rb_node *rb_right;
	struct rb_node *rb_left;
} __attribute__((aligned(sizeof(long))));

struct rb_root {
	struct rb_node *rb_node;
};

/* A root that remembers its leftmost node. */
struct rb_root_cached {
	struct rb_root rb_root;
	struct rb_node *rb_leftmost;
};

#define RB_ROOT			((struct rb_root){ NULL })
#define RB_ROOT_CACHED		((struct rb_root_cached){ { NULL }, NULL })

#define rb_parent(n)		((struct rb_node *)((n)->__rb_parent_color & ~3UL))
#define rb_entry(ptr, type, member)	container_of(ptr, type, member)
#define rb_entry_safe(ptr, type, member) ({					\
	__typeof__(ptr) __rp = (ptr);						\
	__rp ? rb_entry(__rp, type, member) : NULL; })

#define RB_EMPTY_ROOT(root)	(READ_ONCE((root)->rb_node) == NULL)
/* A node that is in no tree, by the convention that its owner cleared it. */
#define RB_EMPTY_NODE(node)	((node)->__rb_parent_color == (unsigned long)(node))

/* How an augmented tree keeps its values. */
struct rb_augment_callbacks {
	void (*propagate)(struct rb_node *node, struct rb_node *stop);	/* recompute upwards, up to @stop */
	void (*copy)(struct rb_node *old, struct rb_node *n);		/* @n takes the place of @old */
	void (*rotate)(struct rb_node *old, struct rb_node *n);		/* @n is now the parent of @old */
};

void rb_insert_color(struct rb_node *node, struct rb_root *root);
void rb_erase(struct rb_node *node, struct rb_root *root);
struct rb_node *rb_next(const struct rb_node *node);
struct rb_node *rb_prev(const struct rb_node *node);
struct rb_node *rb_first(const struct rb_root *root);
struct rb_node *rb_last(const struct rb_root *root);

void rb_insert_augmented(struct rb_node *node, struct rb_root *root, const struct rb_augment_callbacks *aug);
void rb_erase_augmented(struct rb_node *node, struct rb_root *root, const struct rb_augment_callbacks *aug);

static __always_inline void rb_link_node(struct rb_node *node, struct rb_node *parent, struct rb_node **link)
{
	node->__rb_parent_color = (unsigned long)parent;
	node->rb_left = node->rb_right = NULL;
	*link = node;
}

#define rb_first_cached(root)	((root)->rb_leftmost)

static inline void rb_insert_color_cached(struct rb_node *node, struct rb_root_cached *root, bool leftmost)
{
	if (leftmost)
		root->rb_leftmost = node;
	rb_insert_color(node, &root->rb_root);
}

/* The new leftmost node if it changed, else NULL. */
static inline struct rb_node *rb_erase_cached(struct rb_node *node, struct rb_root_cached *root)
{
	struct rb_node *leftmost = NULL;

	if (root->rb_leftmost == node)
		leftmost = root->rb_leftmost = rb_next(node);
	rb_erase(node, &root->rb_root);
	return leftmost;
}

static inline void rb_insert_augmented_cached(struct rb_node *node, struct rb_root_cached *root, bool newleft,
					      const struct rb_augment_callbacks *aug)
{
	if (newleft)
		root->rb_leftmost = node;
	rb_insert_augmented(node, &root->rb_root, aug);
}

static inline void rb_erase_augmented_cached(struct rb_node *node, struct rb_root_cached *root,
					     const struct rb_augment_callbacks *aug)
{
	if (root->rb_leftmost == node)
		root->rb_leftmost = rb_next(node);
	rb_erase_augmented(node, &root->rb_root, aug);
}

/*
 * Callbacks for a value that is computed from the node and its children:
 * @compute(struct, exit): store the value; true if it was that already and @exit (stop climbing).
 */
#define RB_DECLARE_CALLBACKS(STATIC, NAME, STRUCT, FIELD, AUGMENTED, COMPUTE)	\
static inline void NAME##_propagate(struct rb_node *rb, struct rb_node *stop)	\
{										\
	while (rb != stop) {							\
		STRUCT *node = rb_entry(rb, STRUCT, FIELD);			\
										\
		if (COMPUTE(node, true))					\
			break;							\
		rb = rb_parent(&node->FIELD);					\
	}									\
}										\
static inline void NAME##_copy(struct rb_node *o, struct rb_node *n)		\
{										\
	rb_entry(n, STRUCT, FIELD)->AUGMENTED = rb_entry(o, STRUCT, FIELD)->AUGMENTED; \
}										\
static void NAME##_rotate(struct rb_node *o, struct rb_node *n)			\
{										\
	STRUCT *old = rb_entry(o, STRUCT, FIELD);				\
										\
	rb_entry(n, STRUCT, FIELD)->AUGMENTED = old->AUGMENTED;			\
	COMPUTE(old, false);							\
}										\
STATIC const struct rb_augment_callbacks NAME = {				\
	.propagate = NAME##_propagate,						\
	.copy = NAME##_copy,							\
	.rotate = NAME##_rotate,						\
}

/* The same for a maximum: @compute(struct) is the node's own value of type @type. */
#define RB_DECLARE_CALLBACKS_MAX(STATIC, NAME, STRUCT, FIELD, TYPE, AUGMENTED, COMPUTE) \
static inline bool NAME##_compute_max(STRUCT *node, bool exit)			\
{										\
	STRUCT *child;								\
	TYPE m = COMPUTE(node);							\
										\
	if (node->FIELD.rb_left) {						\
		child = rb_entry(node->FIELD.rb_left, STRUCT, FIELD);		\
		if (child->AUGMENTED > m)					\
			m = child->AUGMENTED;					\
	}									\
	if (node->FIELD.rb_right) {						\
		child = rb_entry(node->FIELD.rb_right, STRUCT, FIELD);		\
		if (child->AUGMENTED > m)					\
			m = child->AUGMENTED;					\
	}									\
	if (exit && node->AUGMENTED == m)					\
		return true;							\
	node->AUGMENTED = m;							\
	return false;								\
}										\
RB_DECLARE_CALLBACKS(STATIC, NAME, STRUCT, FIELD, AUGMENTED, NAME##_compute_max)

#endif
