/* SPDX-License-Identifier: MIT */
/*
 * Doubly linked lists: list_head, a ring through the objects with the head as one of them, and
 * hlist, whose head is one pointer. The _rcu forms let readers walk while one writer changes.
 */
#ifndef QUIRE_BASE_LIST_H
#define QUIRE_BASE_LIST_H

#include <base/compiler.h>
#include <base/atomic.h>

struct list_head {
	struct list_head *next, *prev;
};

struct hlist_node {
	struct hlist_node *next, **pprev;
};

struct hlist_head {
	struct hlist_node *first;
};

/* What a deleted node points to: not mapped, and easy to recognise in an oops. */
#define LIST_POISON1	((void *)0xdead000000000100UL)
#define LIST_POISON2	((void *)0xdead000000000122UL)

#define LIST_HEAD_INIT(name)	{ &(name), &(name) }
#define LIST_HEAD(name)		struct list_head name = LIST_HEAD_INIT(name)

static __always_inline void INIT_LIST_HEAD(struct list_head *l)
{
	WRITE_ONCE(l->next, l);
	WRITE_ONCE(l->prev, l);
}

static __always_inline void __list_add(struct list_head *n, struct list_head *prev, struct list_head *next)
{
	next->prev = n;
	n->next = next;
	n->prev = prev;
	WRITE_ONCE(prev->next, n);
}

/* After @head: a stack. */
static __always_inline void list_add(struct list_head *n, struct list_head *head)
{
	__list_add(n, head, head->next);
}

/* Before @head: a queue. */
static __always_inline void list_add_tail(struct list_head *n, struct list_head *head)
{
	__list_add(n, head->prev, head);
}

static __always_inline void __list_del(struct list_head *prev, struct list_head *next)
{
	next->prev = prev;
	WRITE_ONCE(prev->next, next);
}

static __always_inline void __list_del_entry(struct list_head *e)
{
	__list_del(e->prev, e->next);
}

static __always_inline void list_del(struct list_head *e)
{
	__list_del_entry(e);
	e->next = LIST_POISON1;
	e->prev = LIST_POISON2;
}

static __always_inline void list_del_init(struct list_head *e)
{
	__list_del_entry(e);
	INIT_LIST_HEAD(e);
}

static __always_inline void list_replace(struct list_head *old, struct list_head *n)
{
	n->next = old->next;
	n->next->prev = n;
	n->prev = old->prev;
	n->prev->next = n;
}

static __always_inline void list_replace_init(struct list_head *old, struct list_head *n)
{
	list_replace(old, n);
	INIT_LIST_HEAD(old);
}

static __always_inline void list_move(struct list_head *e, struct list_head *head)
{
	__list_del_entry(e);
	list_add(e, head);
}

static __always_inline void list_move_tail(struct list_head *e, struct list_head *head)
{
	__list_del_entry(e);
	list_add_tail(e, head);
}

static __always_inline bool list_empty(const struct list_head *head)
{
	return READ_ONCE(head->next) == head;
}

/* list_empty() of an entry that another CPU may take off with list_del_init_careful(). */
static inline bool list_empty_careful(const struct list_head *head)
{
	struct list_head *next = smp_load_acquire(&head->next);

	return next == head && next == READ_ONCE(head->prev);
}

static inline void list_del_init_careful(struct list_head *e)
{
	__list_del_entry(e);
	WRITE_ONCE(e->prev, e);
	smp_store_release(&e->next, e);
}

static inline bool list_is_first(const struct list_head *e, const struct list_head *head)
{
	return e->prev == head;
}

static inline bool list_is_last(const struct list_head *e, const struct list_head *head)
{
	return e->next == head;
}

static inline bool list_is_head(const struct list_head *e, const struct list_head *head)
{
	return e == head;
}

static inline bool list_is_singular(const struct list_head *head)
{
	return !list_empty(head) && head->next == head->prev;
}

static inline void list_rotate_left(struct list_head *head)
{
	if (!list_empty(head))
		list_move_tail(head->next, head);
}

static inline void __list_splice(const struct list_head *list, struct list_head *prev, struct list_head *next)
{
	struct list_head *first = list->next, *last = list->prev;

	first->prev = prev;
	prev->next = first;
	last->next = next;
	next->prev = last;
}

static inline void list_splice(const struct list_head *list, struct list_head *head)
{
	if (!list_empty(list))
		__list_splice(list, head, head->next);
}

static inline void list_splice_tail(struct list_head *list, struct list_head *head)
{
	if (!list_empty(list))
		__list_splice(list, head->prev, head);
}

static inline void list_splice_init(struct list_head *list, struct list_head *head)
{
	list_splice(list, head);
	INIT_LIST_HEAD(list);
}

static inline void list_splice_tail_init(struct list_head *list, struct list_head *head)
{
	list_splice_tail(list, head);
	INIT_LIST_HEAD(list);
}

/* Move the part from the first entry to @entry, inclusive, to the empty list @list. */
static inline void list_cut_position(struct list_head *list, struct list_head *head, struct list_head *entry)
{
	struct list_head *rest = entry->next;

	if (list_empty(head) || entry == head) {
		INIT_LIST_HEAD(list);
		return;
	}
	list->next = head->next;
	list->next->prev = list;
	list->prev = entry;
	entry->next = list;
	head->next = rest;
	rest->prev = head;
}

/* Move the entries from @first to @last, inclusive, to the end of @head. */
static inline void list_bulk_move_tail(struct list_head *head, struct list_head *first, struct list_head *last)
{
	first->prev->next = last->next;
	last->next->prev = first->prev;
	head->prev->next = first;
	first->prev = head->prev;
	last->next = head;
	head->prev = last;
}

static inline void list_swap(struct list_head *a, struct list_head *b)
{
	struct list_head *pos = b->prev;

	__list_del_entry(b);
	list_replace(a, b);
	if (pos == a)
		pos = b;
	list_add(a, pos);
}

static inline size_t list_count_nodes(const struct list_head *head)
{
	size_t n = 0;

	for (const struct list_head *p = head->next; p != head; p = p->next)
		n++;
	return n;
}

#define list_entry(ptr, type, member)		container_of(ptr, type, member)
#define list_first_entry(head, type, member)	list_entry((head)->next, type, member)
#define list_last_entry(head, type, member)	list_entry((head)->prev, type, member)
#define list_first_entry_or_null(head, type, member) ({				\
	struct list_head *__lh = (head), *__lf = READ_ONCE(__lh->next);		\
	__lf != __lh ? list_entry(__lf, type, member) : NULL; })
#define list_last_entry_or_null(head, type, member) ({				\
	struct list_head *__lh = (head), *__ll = READ_ONCE(__lh->prev);		\
	__ll != __lh ? list_entry(__ll, type, member) : NULL; })
#define list_next_entry(pos, member)	list_entry((pos)->member.next, __typeof__(*(pos)), member)
#define list_prev_entry(pos, member)	list_entry((pos)->member.prev, __typeof__(*(pos)), member)
#define list_entry_is_head(pos, head, member)	(&(pos)->member == (head))

#define list_for_each(pos, head) \
	for ((pos) = (head)->next; (pos) != (head); (pos) = (pos)->next)
#define list_for_each_prev(pos, head) \
	for ((pos) = (head)->prev; (pos) != (head); (pos) = (pos)->prev)
#define list_for_each_safe(pos, n, head) \
	for ((pos) = (head)->next, (n) = (pos)->next; (pos) != (head); (pos) = (n), (n) = (pos)->next)
#define list_for_each_entry(pos, head, member)					\
	for ((pos) = list_first_entry(head, __typeof__(*(pos)), member);	\
	     !list_entry_is_head(pos, head, member);				\
	     (pos) = list_next_entry(pos, member))
#define list_for_each_entry_reverse(pos, head, member)				\
	for ((pos) = list_last_entry(head, __typeof__(*(pos)), member);		\
	     !list_entry_is_head(pos, head, member);				\
	     (pos) = list_prev_entry(pos, member))
#define list_for_each_entry_continue(pos, head, member)				\
	for ((pos) = list_next_entry(pos, member);				\
	     !list_entry_is_head(pos, head, member);				\
	     (pos) = list_next_entry(pos, member))
#define list_for_each_entry_continue_reverse(pos, head, member)			\
	for ((pos) = list_prev_entry(pos, member);				\
	     !list_entry_is_head(pos, head, member);				\
	     (pos) = list_prev_entry(pos, member))
#define list_for_each_entry_from(pos, head, member)				\
	for (; !list_entry_is_head(pos, head, member); (pos) = list_next_entry(pos, member))
#define list_for_each_entry_safe(pos, n, head, member)				\
	for ((pos) = list_first_entry(head, __typeof__(*(pos)), member),	\
	     (n) = list_next_entry(pos, member);				\
	     !list_entry_is_head(pos, head, member);				\
	     (pos) = (n), (n) = list_next_entry(n, member))
#define list_for_each_entry_safe_reverse(pos, n, head, member)			\
	for ((pos) = list_last_entry(head, __typeof__(*(pos)), member),		\
	     (n) = list_prev_entry(pos, member);				\
	     !list_entry_is_head(pos, head, member);				\
	     (pos) = (n), (n) = list_prev_entry(n, member))
#define list_for_each_entry_safe_from(pos, n, head, member)			\
	for ((n) = list_next_entry(pos, member);				\
	     !list_entry_is_head(pos, head, member);				\
	     (pos) = (n), (n) = list_next_entry(n, member))

/* ---- list_head under RCU: one writer at a time, readers in rcu_read_lock() ---- */
#define list_next_rcu(l)	(*((struct list_head **)(&(l)->next)))

static inline void __list_add_rcu(struct list_head *n, struct list_head *prev, struct list_head *next)
{
	n->next = next;
	n->prev = prev;
	smp_store_release(&prev->next, n);
	next->prev = n;
}

static inline void list_add_rcu(struct list_head *n, struct list_head *head)
{
	__list_add_rcu(n, head, head->next);
}

static inline void list_add_tail_rcu(struct list_head *n, struct list_head *head)
{
	__list_add_rcu(n, head->prev, head);
}

/* The entry keeps its next pointer for readers that stand on it: free it after a grace period. */
static inline void list_del_rcu(struct list_head *e)
{
	__list_del_entry(e);
	e->prev = LIST_POISON2;
}

static inline void list_replace_rcu(struct list_head *old, struct list_head *n)
{
	n->next = old->next;
	n->prev = old->prev;
	smp_store_release(&n->prev->next, n);
	n->next->prev = n;
	old->prev = LIST_POISON2;
}

#ifndef rcu_load_pointer
/* A pointer whose target is read through it: the address dependency orders the two on x86 and ARM. */
#define rcu_load_pointer(p)	READ_ONCE(p)
#endif

#define list_entry_rcu(ptr, type, member)	container_of(rcu_load_pointer(ptr), type, member)
#define list_first_or_null_rcu(head, type, member) ({				\
	struct list_head *__lh = (head), *__lf = rcu_load_pointer(__lh->next);	\
	__lf != __lh ? list_entry(__lf, type, member) : NULL; })
#define list_next_or_null_rcu(head, ptr, type, member) ({			\
	struct list_head *__ln = rcu_load_pointer((ptr)->next);			\
	__ln != (head) ? list_entry(__ln, type, member) : NULL; })
#define list_for_each_entry_rcu(pos, head, member, cond...)			\
	for ((pos) = list_entry_rcu((head)->next, __typeof__(*(pos)), member);	\
	     !list_entry_is_head(pos, head, member);				\
	     (pos) = list_entry_rcu((pos)->member.next, __typeof__(*(pos)), member))
#define list_for_each_entry_continue_rcu(pos, head, member)			\
	for ((pos) = list_entry_rcu((pos)->member.next, __typeof__(*(pos)), member); \
	     !list_entry_is_head(pos, head, member);				\
	     (pos) = list_entry_rcu((pos)->member.next, __typeof__(*(pos)), member))

/* ---- hlist ---- */
#define HLIST_HEAD_INIT		{ .first = NULL }
#define HLIST_HEAD(name)	struct hlist_head name = HLIST_HEAD_INIT
#define INIT_HLIST_HEAD(h)	((h)->first = NULL)

static inline void INIT_HLIST_NODE(struct hlist_node *n)
{
	n->next = NULL;
	n->pprev = NULL;
}

static inline bool hlist_unhashed(const struct hlist_node *n)
{
	return !n->pprev;
}

static inline bool hlist_unhashed_lockless(const struct hlist_node *n)
{
	return !READ_ONCE(n->pprev);
}

static inline bool hlist_empty(const struct hlist_head *h)
{
	return !READ_ONCE(h->first);
}

static inline void __hlist_del(struct hlist_node *n)
{
	struct hlist_node *next = n->next, **pprev = n->pprev;

	WRITE_ONCE(*pprev, next);
	if (next)
		WRITE_ONCE(next->pprev, pprev);
}

static inline void hlist_del(struct hlist_node *n)
{
	__hlist_del(n);
	n->next = LIST_POISON1;
	n->pprev = LIST_POISON2;
}

static inline void hlist_del_init(struct hlist_node *n)
{
	if (!hlist_unhashed(n)) {
		__hlist_del(n);
		INIT_HLIST_NODE(n);
	}
}

static inline void hlist_add_head(struct hlist_node *n, struct hlist_head *h)
{
	struct hlist_node *first = h->first;

	WRITE_ONCE(n->next, first);
	if (first)
		WRITE_ONCE(first->pprev, &n->next);
	WRITE_ONCE(h->first, n);
	WRITE_ONCE(n->pprev, &h->first);
}

static inline void hlist_add_before(struct hlist_node *n, struct hlist_node *next)
{
	WRITE_ONCE(n->pprev, next->pprev);
	WRITE_ONCE(n->next, next);
	WRITE_ONCE(next->pprev, &n->next);
	WRITE_ONCE(*n->pprev, n);
}

static inline void hlist_add_behind(struct hlist_node *n, struct hlist_node *prev)
{
	WRITE_ONCE(n->next, prev->next);
	WRITE_ONCE(prev->next, n);
	WRITE_ONCE(n->pprev, &prev->next);
	if (n->next)
		WRITE_ONCE(n->next->pprev, &n->next);
}

static inline void hlist_move_list(struct hlist_head *old, struct hlist_head *n)
{
	n->first = old->first;
	if (n->first)
		n->first->pprev = &n->first;
	old->first = NULL;
}

#define hlist_entry(ptr, type, member) container_of(ptr, type, member)
#define hlist_entry_safe(ptr, type, member) ({					\
	__typeof__(ptr) __hp = (ptr);						\
	__hp ? hlist_entry(__hp, type, member) : NULL; })
#define hlist_for_each(pos, head) \
	for ((pos) = (head)->first; (pos); (pos) = (pos)->next)
#define hlist_for_each_safe(pos, n, head) \
	for ((pos) = (head)->first; (pos) && ({ (n) = (pos)->next; 1; }); (pos) = (n))
#define hlist_for_each_entry(pos, head, member)					\
	for ((pos) = hlist_entry_safe((head)->first, __typeof__(*(pos)), member); (pos); \
	     (pos) = hlist_entry_safe((pos)->member.next, __typeof__(*(pos)), member))
#define hlist_for_each_entry_safe(pos, n, head, member)				\
	for ((pos) = hlist_entry_safe((head)->first, __typeof__(*(pos)), member);	\
	     (pos) && ({ (n) = (pos)->member.next; 1; });			\
	     (pos) = hlist_entry_safe(n, __typeof__(*(pos)), member))

static inline void hlist_add_head_rcu(struct hlist_node *n, struct hlist_head *h)
{
	struct hlist_node *first = h->first;

	n->next = first;
	WRITE_ONCE(n->pprev, &h->first);
	smp_store_release(&h->first, n);
	if (first)
		WRITE_ONCE(first->pprev, &n->next);
}

static inline void hlist_add_before_rcu(struct hlist_node *n, struct hlist_node *next)
{
	WRITE_ONCE(n->pprev, next->pprev);
	n->next = next;
	smp_store_release(n->pprev, n);
	WRITE_ONCE(next->pprev, &n->next);
}

static inline void hlist_add_behind_rcu(struct hlist_node *n, struct hlist_node *prev)
{
	n->next = prev->next;
	WRITE_ONCE(n->pprev, &prev->next);
	smp_store_release(&prev->next, n);
	if (n->next)
		WRITE_ONCE(n->next->pprev, &n->next);
}

static inline void hlist_add_tail_rcu(struct hlist_node *n, struct hlist_head *h)
{
	struct hlist_node *last = NULL;

	for (struct hlist_node *i = h->first; i; i = i->next)
		last = i;
	if (last)
		hlist_add_behind_rcu(n, last);
	else
		hlist_add_head_rcu(n, h);
}

static inline void hlist_del_rcu(struct hlist_node *n)
{
	__hlist_del(n);
	WRITE_ONCE(n->pprev, LIST_POISON2);
}

static inline void hlist_del_init_rcu(struct hlist_node *n)
{
	if (!hlist_unhashed(n)) {
		__hlist_del(n);
		WRITE_ONCE(n->pprev, NULL);
	}
}

static inline void hlist_replace_rcu(struct hlist_node *old, struct hlist_node *n)
{
	struct hlist_node *next = old->next;

	n->next = next;
	WRITE_ONCE(n->pprev, old->pprev);
	smp_store_release(n->pprev, n);
	if (next)
		WRITE_ONCE(next->pprev, &n->next);
	WRITE_ONCE(old->pprev, LIST_POISON2);
}

#define hlist_for_each_entry_rcu(pos, head, member, cond...)			\
	for ((pos) = hlist_entry_safe(rcu_load_pointer((head)->first), __typeof__(*(pos)), member); (pos); \
	     (pos) = hlist_entry_safe(rcu_load_pointer((pos)->member.next), __typeof__(*(pos)), member))

/* ---- llist: a stack that many push without a lock and one takes whole ---- */
struct llist_node {
	struct llist_node *next;
};

struct llist_head {
	struct llist_node *first;
};

#define LLIST_HEAD_INIT(name)	{ NULL }
#define LLIST_HEAD(name)	struct llist_head name = LLIST_HEAD_INIT(name)

static inline void init_llist_head(struct llist_head *l)
{
	l->first = NULL;
}

static inline bool llist_empty(const struct llist_head *l)
{
	return !READ_ONCE(l->first);
}

/* Push a chain; true when the list was empty. */
static inline bool llist_add_batch(struct llist_node *first, struct llist_node *last, struct llist_head *l)
{
	struct llist_node *old = READ_ONCE(l->first);

	do {
		WRITE_ONCE(last->next, old);
	} while (!try_cmpxchg(&l->first, &old, first));
	return !old;
}

static inline bool llist_add(struct llist_node *n, struct llist_head *l)
{
	return llist_add_batch(n, n, l);
}

/* The whole list, newest first. */
static inline struct llist_node *llist_del_all(struct llist_head *l)
{
	return xchg(&l->first, NULL);
}

static inline struct llist_node *llist_reverse_order(struct llist_node *n)
{
	struct llist_node *r = NULL;

	while (n) {
		struct llist_node *next = n->next;

		n->next = r;
		r = n;
		n = next;
	}
	return r;
}

#define llist_entry(ptr, type, member)	container_of(ptr, type, member)
#define llist_entry_safe(ptr, type, member) ({					\
	struct llist_node *__ln = (ptr);					\
	__ln ? llist_entry(__ln, type, member) : NULL; })
#define llist_for_each_safe(pos, n, node) \
	for ((pos) = (node); (pos) && ((n) = (pos)->next, true); (pos) = (n))
#define llist_for_each_entry_safe(pos, n, node, member)				\
	for ((pos) = llist_entry_safe((node), __typeof__(*(pos)), member);	\
	     (pos) && ((n) = llist_entry_safe((pos)->member.next, __typeof__(*(n)), member), true); \
	     (pos) = (n))

#endif
