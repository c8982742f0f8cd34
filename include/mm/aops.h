/* SPDX-License-Identifier: MIT */
/*
 * Calls of address_space_operations, each counted by its name: /proc/mm/aops. Whoever calls one does it by call_aop().
 */
#ifndef QUIRE_MM_AOPS_H
#define QUIRE_MM_AOPS_H

#include <mm/address_space.h>
#include <seam/percpu.h>

#define ADDRESS_SPACE_OPS(X)							\
	X(writepage) X(read_folio) X(writepages) X(dirty_folio) X(readahead)	\
	X(write_begin) X(write_end) X(bmap) X(invalidate_folio)			\
	X(release_folio) X(free_folio) X(swapin_folio) X(direct_IO)		\
	X(migrate_folio) X(launder_folio) X(is_partially_uptodate) X(is_dirty_writeback)	\
	X(swap_activate) X(swap_deactivate) X(swap_rw) X(error_remove_page)

enum address_space_op {
#define X(name) AOP_##name,
	ADDRESS_SPACE_OPS(X)
#undef X
	NR_AOPS
};

struct aop_calls {
	unsigned long nr[NR_AOPS];
};
DECLARE_PER_CPU(struct aop_calls, aop_calls);

/* a_ops->op(...), which is there. */
#define call_aop(a_ops, op, ...)						\
	({									\
		this_cpu_inc(aop_calls.nr[AOP_##op]);				\
		(a_ops)->op(__VA_ARGS__);					\
	})

struct seq_file;
int aops_proc_show(struct seq_file *m, void *v);

#endif
