// SPDX-License-Identifier: MIT
/*
 * Physical addresses and ports, and who owns them.
 *
 * A tree of ranges: a child lies inside its parent; siblings ascend and do not overlap. Bridges and RAM
 * contain what lies in them. The rwlock guards the links; the ranges themselves do not change while linked.
 *
 * Linux: kernel/resource.c, without exclusive regions, windows and alignment callbacks.
 * Observe: /proc/iomem, /proc/ioports.
 */
#include <base/types.h>
#include <base/bug.h>
#include <base/errno.h>
#include <base/math.h>
#include <kernel/resource.h>
#include <mm/slab.h>
#include <sync/rwlock.h>

struct resource iomem_resource = {
	.name = "PCI mem", .start = 0, .end = ~0ULL, .flags = IORESOURCE_MEM
};
struct resource ioport_resource = {
	.name = "PCI IO", .start = 0, .end = 0xffff, .flags = IORESOURCE_IO
};

static DEFINE_RWLOCK(resource_lock, LOCK_RESOURCE);

static inline bool contains(const struct resource *outer, const struct resource *inner)
{
	return outer->start <= inner->start && inner->end <= outer->end;
}

/*
 * Link @new among the children of @parent. Children that lie inside @new become its own when @adopt.
 * Returns the child in the way, or NULL. => resource_lock held for writing
 */
static struct resource *link_resource(struct resource *parent, struct resource *new, bool adopt)
{
	struct resource **p = &parent->child, *first, *last;

	while (*p && (*p)->end < new->start)
		p = &(*p)->sibling;
	first = last = NULL;
	for (struct resource *r = *p; r && r->start <= new->end; r = r->sibling) {
		if (!adopt || !contains(new, r))
			return r;
		if (!first)
			first = r;
		last = r;
	}
	new->parent = parent;
	new->child = first;
	new->sibling = last ? last->sibling : *p;
	if (last)
		last->sibling = NULL;
	for (struct resource *r = first; r; r = r->sibling)
		r->parent = new;
	*p = new;
	return NULL;
}

/* Descend to the innermost resource that contains @new, and adopt what @new contains. */
int insert_resource(struct resource *root, struct resource *new)
{
	struct resource *conflict;

	if (new->end < new->start || !contains(root, new))
		return -EINVAL;
	write_lock(&resource_lock);
	while ((conflict = link_resource(root, new, true)) && contains(conflict, new))
		root = conflict;
	write_unlock(&resource_lock);
	return conflict ? -EBUSY : 0;
}

void resource_lock_read(void)
{
	read_lock(&resource_lock);
}

void resource_unlock_read(void)
{
	read_unlock(&resource_lock);
}

struct resource *resource_next(struct resource *root, struct resource *r, int *depth)
{
	if (!r)
		r = root;
	if (r->child) {
		if (r != root)
			++*depth;
		return r->child;
	}
	while (r != root && !r->sibling) {
		r = r->parent;
		--*depth;
	}
	return r == root ? NULL : r->sibling;
}
