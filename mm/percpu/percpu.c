// SPDX-License-Identifier: MIT
/*
 * Dynamic per-CPU memory.
 *
 * A chunk is nr_cpu_ids units of unit_size bytes, one behind the other. The first chunk was made at boot and
 * begins with the linked per-CPU variables; further ones come from vmalloc. The distance between the units
 * of two CPUs is the same in all chunks, hence one offset per CPU (__per_cpu_offset) serves all of them:
 *
 *	alloc_percpu() answers  (address in the unit of CPU 0) - __per_cpu_offset[0]
 *	per_cpu_ptr(p, cpu)  =  p + __per_cpu_offset[cpu]
 *
 * In a chunk a bit stands for 8 bytes: alloc_map says taken, end_map marks the last 8 bytes of each
 * allocation, so that free needs no size. First fit from a hint. What was allocated with __GFP_ACCOUNT has the number of the control
 * group that pays for it (mm/byte_charge.h) in owners[], made when the first such allocation comes to a chunk.
 *
 * Invariants (pcpu_check): number of clear bits of alloc_map = free; each end bit is a taken bit; a taken
 * bit that is followed by a free one is an end.
 * Lock: pcpu_lock (interrupts off), for the maps. pcpu_alloc_mutex is held while a chunk is made. Free in any
 * context. A chunk that is empty again is kept: making one costs more than it holds.
 * Failure: NULL. Linux 6.1: mm/percpu.c, which populates page by page and balances chunk sizes; here whole
 * chunks, because the first one normally suffices.
 * Observe: meminfo Percpu.
 */
#include <base/types.h>
#include <base/bitops.h>
#include <base/bitmap.h>
#include <base/bug.h>
#include <base/list.h>
#include <base/math.h>
#include <base/string.h>
#include <base/cpumask.h>
#include <sync/mutex.h>
#include <sync/spinlock.h>
#include <kernel/printk.h>
#include <mm/byte_charge.h>
#include <mm/percpu_alloc.h>
#include <mm/slab.h>
#include <mm/vmalloc.h>
#include "percpu_internal.h"

#define GRAIN 8 /* bytes of a bit */

struct pcpu_chunk {
	struct list_head list;
	void *base; /* unit of CPU 0 */
	unsigned long *alloc_map, *end_map;
	u16 *owners;	   /* by the first bit of an allocation; NULL: nobody pays */
	unsigned int bits; /* of each map */
	unsigned int free; /* clear bits of alloc_map */
	unsigned int hint; /* no free bit below */
};

static struct pcpu_chunk first_chunk;
static LIST_HEAD(chunks);
static size_t unit_size;
static unsigned int nr_units, nr_chunks;
static DEFINE_SPINLOCK(pcpu_lock, LOCK_PCPU);
static DEFINE_MUTEX(pcpu_alloc_mutex, LOCK_PCPU_MUTEX);

size_t pcpu_map_bytes(size_t size)
{
	return 2 * BITS_TO_LONGS(size / GRAIN) * sizeof(long);
}

static void chunk_init(struct pcpu_chunk *chunk, void *base, unsigned long *map)
{
	chunk->base = base;
	chunk->bits = unit_size / GRAIN;
	chunk->free = chunk->bits;
	chunk->alloc_map = map;
	chunk->end_map = map + BITS_TO_LONGS(chunk->bits);
	list_add_tail(&chunk->list, &chunks);
	nr_chunks++;
}

static void take(struct pcpu_chunk *chunk, unsigned int start, unsigned int n)
{
	bitmap_set(chunk->alloc_map, start, n);
	__set_bit(start + n - 1, chunk->end_map);
	chunk->free -= n;
	if (start == chunk->hint)
		chunk->hint = find_next_zero_bit(chunk->alloc_map, chunk->bits, start + n);
}

void pcpu_setup_first_chunk(void *base, size_t size, size_t used, unsigned int units,
			    unsigned long *map)
{
	unit_size = size;
	nr_units = units;
	chunk_init(&first_chunk, base, map);
	take(&first_chunk, 0, DIV_ROUND_UP(used, GRAIN));
}

/* First fit: bit number, or -1. => pcpu_lock held */
static int chunk_find(struct pcpu_chunk *chunk, unsigned int n, unsigned int align)
{
	unsigned int start = ALIGN(chunk->hint, align);

	if (chunk->free < n)
		return -1;
	while (start + n <= chunk->bits) {
		unsigned int end = find_next_bit(chunk->alloc_map, start + n, start);

		if (end >= start + n)
			return start;
		start = ALIGN(find_next_zero_bit(chunk->alloc_map, chunk->bits, end), align);
	}
	return -1;
}

/* A place, and where: *@in and *@bit. */
static void *take_from_chunks(unsigned int n, unsigned int align, struct pcpu_chunk **in,
			      unsigned int *bit)
{
	struct pcpu_chunk *chunk;
	unsigned long flags;
	void *found = NULL;

	spin_lock_irqsave(&pcpu_lock, flags);
	list_for_each_entry (chunk, &chunks, list) {
		int start = chunk_find(chunk, n, align);

		if (start < 0)
			continue;
		take(chunk, start, n);
		found = chunk->base + (size_t)start * GRAIN;
		*in = chunk;
		*bit = start;
		break;
	}
	spin_unlock_irqrestore(&pcpu_lock, flags);
	return found;
}

/* => pcpu_alloc_mutex held */
static bool make_chunk(gfp_t gfp)
{
	struct pcpu_chunk *chunk = kzalloc(sizeof(*chunk), gfp);
	unsigned long *map = kvzalloc(pcpu_map_bytes(unit_size), gfp), flags;
	void *base = __vmalloc(unit_size * nr_units, gfp | __GFP_ZERO);

	if (!chunk || !map || !base) {
		kfree(chunk);
		kvfree(map);
		vfree(base);
		return false;
	}
	spin_lock_irqsave(&pcpu_lock, flags);
	chunk_init(chunk, base, map);
	spin_unlock_irqrestore(&pcpu_lock, flags);
	return true;
}

static size_t charged_size(unsigned int n)
{
	return (size_t)n * GRAIN * nr_units;
}

/* The group of current pays for @n bits from @bit on, which nobody else knows. False: it has no room. */
static bool charge(struct pcpu_chunk *chunk, unsigned int bit, unsigned int n, gfp_t gfp)
{
	int id = byte_charge(charged_size(n), CHARGED_PERCPU, 0, gfp);
	u16 *owners, *none = NULL;

	if (id <= 0)
		return !id;
	if (!READ_ONCE(chunk->owners)) {
		owners = kvcalloc(chunk->bits, sizeof(*owners), gfp & ~__GFP_ACCOUNT);
		if (owners && !try_cmpxchg(&chunk->owners, &none, owners))
			kvfree(owners);
	}
	if (chunk->owners)
		chunk->owners[bit] = (u16)id;
	else
		byte_uncharge((u16)id, charged_size(n), CHARGED_PERCPU, 0);
	return true;
}

/* Who paid for what begins at @bit: nobody does any more. */
static u16 take_owner(struct pcpu_chunk *chunk, unsigned int bit)
{
	u16 id = chunk->owners ? chunk->owners[bit] : 0;

	if (id)
		chunk->owners[bit] = 0;
	return id;
}

void __percpu *__alloc_percpu_gfp(size_t size, size_t align, gfp_t gfp)
{
	unsigned int n = DIV_ROUND_UP(size, GRAIN), align_bits = max(align, (size_t)GRAIN) / GRAIN;
	struct pcpu_chunk *chunk;
	unsigned int bit;
	void __percpu *ptr;
	void *at;

	if (WARN_ON_ONCE(!size || size > unit_size / 2 || align > PAGE_SIZE ||
			 !is_power_of_2(align)))
		return NULL;
	at = take_from_chunks(n, align_bits, &chunk, &bit);
	if (!at && slab_is_available() && gfpflags_allow_blocking(gfp)) {
		mutex_lock(&pcpu_alloc_mutex);
		at = take_from_chunks(n, align_bits, &chunk, &bit);
		if (!at && make_chunk(gfp & ~__GFP_ACCOUNT))
			at = take_from_chunks(n, align_bits, &chunk, &bit);
		mutex_unlock(&pcpu_alloc_mutex);
	}
	if (!at)
		return NULL;
	ptr = (void __percpu *)(at - per_cpu_offset(0));
	if ((gfp & __GFP_ACCOUNT) && !charge(chunk, bit, n, gfp)) {
		free_percpu(ptr);
		return NULL;
	}
	for (unsigned int unit = 0; unit < nr_units; unit++)
		memset(at + unit * unit_size, 0, size);
	return ptr;
}

void __percpu *__alloc_percpu(size_t size, size_t align)
{
	return __alloc_percpu_gfp(size, align, GFP_KERNEL);
}

void free_percpu(void __percpu *ptr)
{
	void *at = (void *)((unsigned long)ptr + per_cpu_offset(0));
	struct pcpu_chunk *chunk;
	unsigned long flags;

	if (!ptr)
		return;
	spin_lock_irqsave(&pcpu_lock, flags);
	list_for_each_entry (chunk, &chunks, list) {
		unsigned int start, end;
		u16 owner;

		if (at < chunk->base || at >= chunk->base + unit_size)
			continue;
		start = (at - chunk->base) / GRAIN;
		end = find_next_bit(chunk->end_map, chunk->bits, start) + 1;
		BUG_ON(end > chunk->bits || !test_bit(start, chunk->alloc_map));
		__clear_bit(end - 1, chunk->end_map);
		bitmap_clear(chunk->alloc_map, start, end - start);
		owner = take_owner(chunk, start);
		chunk->free += end - start;
		chunk->hint = min(chunk->hint, start);
		spin_unlock_irqrestore(&pcpu_lock, flags);
		byte_uncharge(owner, charged_size(end - start), CHARGED_PERCPU, 0);
		return;
	}
	spin_unlock_irqrestore(&pcpu_lock, flags);
	WARN(1, "free_percpu of %p, which is not per-CPU memory\n", ptr);
}

unsigned long pcpu_nr_pages(void)
{
	return (unsigned long)nr_chunks * nr_units * (unit_size >> PAGE_SHIFT);
}

void pcpu_check(void)
{
	struct pcpu_chunk *chunk;
	unsigned long flags;

	spin_lock_irqsave(&pcpu_lock, flags);
	list_for_each_entry (chunk, &chunks, list) {
		unsigned int free = 0;

		for (unsigned int i = 0; i < chunk->bits; i++) {
			bool taken = test_bit(i, chunk->alloc_map),
			     end = test_bit(i, chunk->end_map);
			bool next = i + 1 < chunk->bits && test_bit(i + 1, chunk->alloc_map);

			free += !taken;
			BUG_ON(end && !taken);
			BUG_ON(taken && !next && !end);
		}
		BUG_ON(free != chunk->free);
		BUG_ON(find_next_zero_bit(chunk->alloc_map, chunk->bits, 0) < chunk->hint);
	}
	spin_unlock_irqrestore(&pcpu_lock, flags);
}
