// SPDX-License-Identifier: MIT
/* Lists. */
#include <base/list.h>
#include <base/sort.h>
#include <host/test.h>

struct item {
	struct list_head node;
	struct hlist_node hnode;
	int n, order;
};

static int by_n(void *priv, const struct list_head *a, const struct list_head *b)
{
	return list_entry(a, struct item, node)->n - list_entry(b, struct item, node)->n;
}

TEST(list_add_and_delete)
{
	struct item items[10], *it, *next;
	LIST_HEAD(head);
	int i = 0;

	CHECK(list_empty(&head));
	for (int k = 0; k < 10; k++) {
		items[k].n = k;
		list_add_tail(&items[k].node, &head);
	}
	list_for_each_entry (it, &head, node)
		CHECK_EQ(it->n, i++);
	CHECK_EQ(i, 10);
	list_for_each_entry_safe (it, next, &head, node)
		if (it->n & 1)
			list_del(&it->node);
	CHECK_EQ(list_count_nodes(&head), 5);
	list_for_each_entry_reverse (it, &head, node)
		CHECK_EQ(it->n, i -= 2);
	while ((it = list_first_entry_or_null(&head, struct item, node)))
		list_del_init(&it->node);
	CHECK(list_empty(&head));
}

TEST(list_sort_is_stable)
{
	static struct item items[500];
	struct item *it, *prev = NULL;
	LIST_HEAD(head);

	for (int k = 0; k < 500; k++) {
		items[k].n = host_random_below(50);
		items[k].order = k;
		list_add_tail(&items[k].node, &head);
	}
	list_sort(NULL, &head, by_n);
	list_for_each_entry (it, &head, node) {
		if (prev)
			CHECK(prev->n < it->n || (prev->n == it->n && prev->order < it->order));
		prev = it;
	}
	CHECK_EQ(list_count_nodes(&head), 500);
}

TEST(hlist_add_and_delete)
{
	struct item items[5], *it;
	HLIST_HEAD(head);
	int sum = 0;

	for (int k = 0; k < 5; k++) {
		items[k].n = 1 << k;
		hlist_add_head(&items[k].hnode, &head);
	}
	hlist_del_init(&items[2].hnode);
	CHECK(hlist_unhashed(&items[2].hnode));
	hlist_for_each_entry (it, &head, hnode)
		sum += it->n;
	CHECK_EQ(sum, 31 - 4);
}
