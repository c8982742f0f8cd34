/* SPDX-License-Identifier: MIT */
/* Ports and device registers. */
#ifndef SEAM_IO_H
#define SEAM_IO_H

#include <base/types.h>

#ifndef __iomem
#define __iomem
#endif

#define SEAM_PORT(bwl, bw, type)						\
static inline void out##bwl(type value, u16 port)				\
{										\
	__asm__ volatile("out" #bwl " %" bw "0, %w1" : : "a"(value), "Nd"(port) : "memory"); \
}										\
static inline type in##bwl(u16 port)						\
{										\
	type value;								\
	__asm__ volatile("in" #bwl " %w1, %" bw "0" : "=a"(value) : "Nd"(port) : "memory"); \
	return value;								\
}
SEAM_PORT(b, "b", u8)
SEAM_PORT(w, "w", u16)
SEAM_PORT(l, "k", u32)
#undef SEAM_PORT

/* A write to an unused port takes about a microsecond: the pause that old devices need. */
static inline void io_delay(void)
{
	__asm__ volatile("outb %%al, $0x80" : : : "memory");
}

#define SEAM_MMIO(name, insn, type, reg)					\
static inline type read##name(const volatile void __iomem *addr)		\
{										\
	type value;								\
	__asm__ volatile(insn " %1, %0" : "=" reg(value) : "m"(*(const volatile type __force *)addr) : "memory"); \
	return value;								\
}										\
static inline void write##name(type value, volatile void __iomem *addr)		\
{										\
	__asm__ volatile(insn " %0, %1" : : reg(value), "m"(*(volatile type __force *)addr) : "memory"); \
}
SEAM_MMIO(b, "movb", u8, "q")
SEAM_MMIO(w, "movw", u16, "r")
SEAM_MMIO(l, "movl", u32, "r")
SEAM_MMIO(q, "movq", u64, "r")
#undef SEAM_MMIO

/*
 * Map @size bytes of device memory at physical @phys: uncached, write-combining, write-through, cached. NULL when out of
 * memory, when a byte of it is RAM (whose type is write-back, by the direct map), or when a mapping of the same frames has
 * another type. May sleep. Undone by iounmap(). Body: the vmalloc room (vmap of a physical range).
 */
void __iomem *ioremap(phys_addr_t phys, size_t size);
void __iomem *ioremap_wc(phys_addr_t phys, size_t size);
void __iomem *ioremap_wt(phys_addr_t phys, size_t size);
void __iomem *ioremap_cache(phys_addr_t phys, size_t size);
void iounmap(volatile void __iomem *addr);

#endif
