/* SPDX-License-Identifier: MIT */
/*
 * Charging bytes, for what is smaller than a page: objects of slabs, per-CPU memory. Who has the memory keeps the
 * number of the group that was charged, and gives it back with the memory. Theory: mm/memcg/bytes.c. Whole pages: mm/page_charge.h.
 */
#ifndef QUIRE_MM_BYTE_CHARGE_H
#define QUIRE_MM_BYTE_CHARGE_H

#include <base/types.h>
#include <mm/page_charge.h>

struct mem_cgroup;

/* What it is: a field of memory.stat each. */
enum charged_bytes {
	CHARGED_SLAB_RECLAIMABLE,
	CHARGED_SLAB_UNRECLAIMABLE,
	CHARGED_PERCPU,
	NR_CHARGED_BYTES
};

/* Set with the first group, called while page_charge_on(). */
struct byte_charge_ops {
	int (*charge)(size_t bytes, enum charged_bytes what, int nid, gfp_t gfp);
	void (*uncharge)(u16 id, size_t bytes, enum charged_bytes what, int nid);
	bool (*is_below)(u16 id, const struct mem_cgroup *memcg);
};
extern struct byte_charge_ops byte_charge_ops;

/* The group of current pays for memory of node @nid (0 if it has none): its number, 0 when that is nobody (the root, an interrupt), or -ENOMEM. May sleep as @gfp says. */
static __always_inline int byte_charge(size_t bytes, enum charged_bytes what, int nid, gfp_t gfp)
{
	return page_charge_on() ? byte_charge_ops.charge(bytes, what, nid, gfp) : 0;
}

/* @id: what the charge answered; 0 is let pass. Any context. */
static __always_inline void byte_uncharge(u16 id, size_t bytes, enum charged_bytes what, int nid)
{
	if (id)
		byte_charge_ops.uncharge(id, bytes, what, nid);
}

/* Is it @memcg or a group below it that pays? @id as above, of what is not uncharged meanwhile. */
static inline bool byte_charge_is_below(u16 id, const struct mem_cgroup *memcg)
{
	return id && byte_charge_ops.is_below(id, memcg);
}

#endif
