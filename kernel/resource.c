// SPDX-License-Identifier: MIT
/*
 * Physical addresses and ports, and who owns them.
 *
 * A tree of ranges: a child lies inside its parent; siblings ascend and do not overlap (resource_check()). Bridges and RAM
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

int request_resource(struct resource *root, struct resource *new)
{
	struct resource *conflict;

	if (new->end < new->start || !contains(root, new))
		return -EINVAL;
	write_lock(&resource_lock);
	conflict = link_resource(root, new, false);
	write_unlock(&resource_lock);
	return conflict ? -EBUSY : 0;
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

int release_resource(struct resource *old)
{
	struct resource **p;
	int err = -EINVAL;

	write_lock(&resource_lock);
	for (p = old->parent ? &old->parent->child : NULL; p && *p; p = &(*p)->sibling) {
		if (*p != old)
			continue;
		*p = old->sibling;
		old->parent = old->sibling = NULL;
		err = 0;
		break;
	}
	write_unlock(&resource_lock);
	return err;
}

static struct resource *request(struct resource *root, u64 start, u64 size, const char *name,
				unsigned long flags)
{
	struct resource *r = kzalloc(sizeof(*r), GFP_KERNEL), *conflict;

	if (!r)
		return NULL;
	*r = (struct resource){ .start = start,
				.end = start + size - 1,
				.name = name,
				.flags = flags | IORESOURCE_BUSY };
	if (!size || r->end < r->start || !contains(root, r)) {
		kfree(r);
		return NULL;
	}
	write_lock(&resource_lock);
	while ((conflict = link_resource(root, r, false)) && contains(conflict, r) &&
	       !(conflict->flags & IORESOURCE_BUSY))
		root = conflict;
	write_unlock(&resource_lock);
	if (!conflict)
		return r;
	kfree(r);
	return NULL;
}

struct resource *request_mem_region(u64 start, u64 size, const char *name)
{
	return request(&iomem_resource, start, size, name, IORESOURCE_MEM);
}

struct resource *request_region(u64 start, u64 size, const char *name)
{
	return request(&ioport_resource, start, size, name, IORESOURCE_IO);
}

static struct resource *find_exact(struct resource *r, u64 start, u64 end)
{
	for (; r; r = r->sibling) {
		if (r->start == start && r->end == end && !r->child)
			return r;
		if (r->start <= start && end <= r->end)
			return find_exact(r->child, start, end);
	}
	return NULL;
}

void release_mem_region(u64 start, u64 size)
{
	struct resource *r;

	read_lock(&resource_lock);
	r = find_exact(iomem_resource.child, start, start + size - 1);
	read_unlock(&resource_lock);
	if (!WARN_ON(!r) && !release_resource(r))
		kfree(r);
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

int find_free_resource(struct resource *root, u64 min, u64 max, u64 size, u64 align, u64 *start)
{
	u64 at = round_up(min, align);
	int err = -ENOSPC;

	if (!size || at < min)
		return -ENOSPC;
	read_lock(&resource_lock);
	for (struct resource *r = root->child;; r = r->sibling) {
		u64 limit = r ? r->start : max + 1; /* first address that is not free */

		if (r && r->end < at)
			continue;
		if (limit > max + 1 || !limit)
			limit = max + 1;
		if (at < limit && limit - at >= size) {
			*start = at;
			err = 0;
			break;
		}
		if (!r || r->end >= max)
			break;
		at = round_up(r->end + 1, align);
		if (!at)
			break;
	}
	read_unlock(&resource_lock);
	return err;
}
