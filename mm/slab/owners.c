// SPDX-License-Identifier: MIT
/*
 * The control group to which each object of a slab is charged: an array of numbers, two bytes an object, which a slab gets with its first
 * object that is charged, and keeps to its end. So who uses no groups pays nothing.
 *
 *	page_type of the slab's first page = physical address of the array / 64, or PAGE_TYPE_NONE: nobody's objects only
 *
 * An entry is written by who allocates and who frees the object; the array is installed by compare and exchange, and gone with the
 * slab. Without memory for an array, or with one beyond the first 128 GiB, the object is nobody's.
 * Arrays are charged to nobody. The last one of a slab takes the slab along when it is freed, and that slab's array with it, and so on: one
 * after the other, since a stack has an end.
 * What is charged: the object with what lies between it and the next, and its entry.
 * Linux 6.1: mm/slab.h (memcg_slab_post_alloc_hook), mm/memcontrol.c (memcg_alloc_slab_cgroups); slab->memcg_data.
 */
#include <base/types.h>
#include <base/math.h>
#include <mm/byte_charge.h>
#include <mm/page_flags.h>
#include <mm/slab.h>
#include "slab_internal.h"

#define OWNERS_ALIGN 64UL

static u16 *owners_of(const struct page *page)
{
	u32 word = READ_ONCE(page->page_type);

	return word == PAGE_TYPE_NONE ? NULL : __va((unsigned long)word * OWNERS_ALIGN);
}

static u16 *entry(struct kmem_cache *s, const struct page *page, u16 *owners, const void *object)
{
	return owners + (u32)(object - page_address(page)) / s->size;
}

/* NULL: no memory. */
static u16 *make_owners(struct kmem_cache *s, struct page *page, gfp_t gfp)
{
	size_t bytes = roundup_pow_of_two(max(slab_objects(s, page) * sizeof(u16), OWNERS_ALIGN));
	u16 *owners = __kmalloc(bytes, (gfp & GFP_RECLAIM_MASK & ~__GFP_NOFAIL) | __GFP_NOWARN |
					       __GFP_ZERO);
	u32 none = PAGE_TYPE_NONE;

	if (!owners || __pa(owners) / OWNERS_ALIGN >= PAGE_TYPE_BUDDY) {
		kfree(owners);
		return NULL;
	}
	if (try_cmpxchg(&page->page_type, &none, (u32)(__pa(owners) / OWNERS_ALIGN)))
		return owners;
	kfree(owners); /* another was first */
	return owners_of(page);
}

static enum charged_bytes what(const struct kmem_cache *s)
{
	return s->flags & SLAB_RECLAIM_ACCOUNT ? CHARGED_SLAB_RECLAIMABLE
					       : CHARGED_SLAB_UNRECLAIMABLE;
}

static size_t charged_size(const struct kmem_cache *s)
{
	return s->size + sizeof(u16);
}

bool slab_charge(struct kmem_cache *s, void *object, gfp_t gfp)
{
	struct page *page = compound_head(virt_to_page_direct(object));
	int id = byte_charge(charged_size(s), what(s), page_to_nid(page), gfp);
	u16 *owners;

	if (id <= 0)
		return !id;
	owners = owners_of(page);
	if (!owners)
		owners = make_owners(s, page, gfp);
	if (owners)
		*entry(s, page, owners, object) = (u16)id;
	else
		byte_uncharge((u16)id, charged_size(s), what(s), page_to_nid(page));
	return true;
}

void slab_uncharge(struct kmem_cache *s, struct page *page, const void *object)
{
	u16 *owners = owners_of(page), *owner, id;

	if (!owners)
		return;
	owner = entry(s, page, owners, object);
	id = *owner;
	if (!id)
		return;
	*owner = 0;
	byte_uncharge(id, charged_size(s), what(s), page_to_nid(page));
}

/* Arrays that are to be freed once the CPU is done with the one at which it is. => interrupts off */
struct free_arrays {
	void *first; /* linked by their first words */
	bool busy;
};
static DEFINE_PER_CPU(struct free_arrays, free_arrays);

static void free_array(void *array)
{
	struct free_arrays *f;
	unsigned long flags;

	local_irq_save(flags);
	f = this_cpu_ptr(&free_arrays);
	*(void **)array = f->first;
	f->first = array;
	if (!f->busy) {
		f->busy = true;
		while ((array = f->first)) {
			f->first = *(void **)array;
			kfree_past_array(array);
		}
		f->busy = false;
	}
	local_irq_restore(flags);
}

void slab_owners_free(struct page *page)
{
	u16 *owners = owners_of(page);

	if (!owners)
		return;
	page->page_type = PAGE_TYPE_NONE;
	free_array(owners);
}

u16 slab_object_owner(const void *object)
{
	const struct page *page = compound_head(virt_to_page(object));
	u16 *owners = PageSlab(page) ? owners_of(page) : NULL;

	return owners ? *entry(page->mapping, page, owners, object) : 0;
}
