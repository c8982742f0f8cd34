/* SPDX-License-Identifier: MIT */
/* Who owns which physical addresses and ports: /proc/iomem and /proc/ioports. */
#ifndef KERNEL_RESOURCE_H
#define KERNEL_RESOURCE_H

#include <base/types.h>

struct resource {
	u64 start, end;			/* inclusive */
	const char *name;
	unsigned long flags;
	struct resource *parent, *sibling, *child;	/* siblings ascend and do not overlap */
};

#define IORESOURCE_IO		0x00000100
#define IORESOURCE_MEM		0x00000200
#define IORESOURCE_BUSY		0x80000000
#define IORESOURCE_SYSTEM_RAM	(IORESOURCE_MEM | 0x01000000)

extern struct resource iomem_resource, ioport_resource;

/* Put @new under @root (or deeper, into the child that contains it). 0, -EBUSY on overlap, -EINVAL. */
int insert_resource(struct resource *root, struct resource *new);
/* Walk in order: the successor of @r under @root, with its depth; NULL at the end. => resource_lock_read() */
struct resource *resource_next(struct resource *root, struct resource *r, int *depth);
void resource_lock_read(void);
void resource_unlock_read(void);

#endif
