/* SPDX-License-Identifier: MIT */
/* Sorting in place: heap sort (Williams 1964), n log n in the worst case, no memory; lists by merging. */
#include <base/list.h>
#include <base/sort.h>
#include <base/types.h>

static void swap_bytes(void *a, void *b, int size)
{
	u8 *p = a, *q = b, t;

	for (; size; size--, p++, q++) {
		t = *p;
		*p = *q;
		*q = t;
	}
}

/* Let the element at @at sink in the heap of the first @num. */
static void sift_down(u8 *base, size_t at, size_t num, size_t size, cmp_func_t cmp,
		      swap_func_t swap)
{
	size_t child;

	for (; (child = 2 * at + 1) < num; at = child) {
		if (child + 1 < num && cmp(base + child * size, base + (child + 1) * size) < 0)
			child++;
		if (cmp(base + at * size, base + child * size) >= 0)
			return;
		swap(base + at * size, base + child * size, size);
	}
}

void sort(void *base, size_t num, size_t size, cmp_func_t cmp, swap_func_t swap)
{
	size_t i;

	if (!swap)
		swap = swap_bytes;
	for (i = num / 2; i-- > 0;)
		sift_down(base, i, num, size, cmp, swap);
	for (i = num; i-- > 1;) {
		swap(base, (u8 *)base + i * size, size);
		sift_down(base, 0, i, size, cmp, swap);
	}
}

void *bsearch(const void *key, const void *base, size_t num, size_t size, cmp_func_t cmp)
{
	size_t low = 0, high = num;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const u8 *at = (const u8 *)base + mid * size;
		int c = cmp(key, at);

		if (!c)
			return (void *)at;
		if (c < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

/* Merge two chains (next pointers, NULL at the end); equals keep their order. */
static struct list_head *merge(void *priv, list_cmp_func_t cmp, struct list_head *a,
			       struct list_head *b)
{
	struct list_head *head = NULL, **tail = &head;

	while (a && b) {
		struct list_head **from = cmp(priv, a, b) <= 0 ? &a : &b;

		*tail = *from;
		tail = &(*tail)->next;
		*from = (*from)->next;
	}
	*tail = a ? a : b;
	return head;
}

void list_sort(void *priv, struct list_head *head, list_cmp_func_t cmp)
{
	struct list_head *run[64] = { NULL }, *node, *next, *prev;
	int i, top = 0;

	if (list_empty(head))
		return;
	head->prev->next = NULL;
	/* run[i] is sorted and holds 2^i nodes or none: a binary counter of merges. */
	for (node = head->next; node; node = next) {
		next = node->next;
		node->next = NULL;
		for (i = 0; i < top && run[i]; i++) {
			node = merge(priv, cmp, run[i], node);
			run[i] = NULL;
		}
		if (i == top)
			top++;
		run[i] = node;
	}
	for (node = NULL, i = 0; i < top; i++)
		if (run[i])
			node = merge(priv, cmp, run[i], node);
	for (prev = head; node; prev = node, node = node->next) {
		prev->next = node;
		node->prev = prev;
	}
	prev->next = head;
	head->prev = prev;
}
