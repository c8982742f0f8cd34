/* SPDX-License-Identifier: MIT */
/* Sets of memory nodes, and the state of each. */
#ifndef QUIRE_BASE_NODEMASK_H
#define QUIRE_BASE_NODEMASK_H

#include <base/bitmap.h>

#define NODES_SHIFT	5
#define MAX_NUMNODES	(1 << NODES_SHIFT)
#define NUMA_NO_NODE	(-1)

typedef struct nodemask {
	DECLARE_BITMAP(bits, MAX_NUMNODES);
} nodemask_t;

enum node_states {
	N_POSSIBLE,		/* could be online at some time */
	N_ONLINE,
	N_NORMAL_MEMORY,	/* has memory that the kernel maps */
	N_MEMORY,		/* has memory */
	N_CPU,			/* has CPUs */
	N_GENERIC_INITIATOR,
	NR_NODE_STATES
};

extern nodemask_t node_states[NR_NODE_STATES];
extern unsigned int nr_node_ids;	/* one past the highest possible node; at least 1 */
extern unsigned int nr_online_nodes;
extern const nodemask_t node_mask_all;

#define NODE_MASK_ALL	((nodemask_t){ { [0] = ~0UL >> (BITS_PER_LONG - MAX_NUMNODES) } })
#define nodemask_pr_args(m)	MAX_NUMNODES, (m)->bits

#define node_clear(node, dst)	clear_bit((node), (dst).bits)
#define node_isset(node, map)	test_bit((node), (map).bits)
#define nodes_and(d, a, b)	bitmap_and((d).bits, (a).bits, (b).bits, MAX_NUMNODES)
#define nodes_equal(a, b)	bitmap_equal((a).bits, (b).bits, MAX_NUMNODES)
#define nodes_intersects(a, b)	bitmap_intersects((a).bits, (b).bits, MAX_NUMNODES)
#define nodes_subset(a, b)	bitmap_subset((a).bits, (b).bits, MAX_NUMNODES)
#define nodes_empty(a)		bitmap_empty((a).bits, MAX_NUMNODES)
#define nodes_weight(a)		bitmap_weight((a).bits, MAX_NUMNODES)
#define first_node(m)		((int)find_first_bit((m).bits, MAX_NUMNODES))
#define next_node(n, m)		((int)find_next_bit((m).bits, MAX_NUMNODES, (n) + 1))
#define for_each_node_mask(node, mask) \
	for ((node) = first_node(mask); (node) < MAX_NUMNODES; (node) = next_node((node), (mask)))

#define node_state(n, s)	test_bit((n), node_states[s].bits)
#define node_set_state(n, s)	set_bit((n), node_states[s].bits)
#define num_node_state(s)	nodes_weight(node_states[s])
#define for_each_node_state(n, s)	for_each_node_mask((n), node_states[s])
#define node_online(n)		node_state((n), N_ONLINE)
#define for_each_node(n)	for_each_node_state((n), N_POSSIBLE)
#define for_each_online_node(n)	for_each_node_state((n), N_ONLINE)
void node_set_online(int nid);

#endif
