/* SPDX-License-Identifier: MIT */
/* The integer and id types of the kernel. u64 is unsigned long long: print it with %llu. */
#ifndef QUIRE_BASE_TYPES_H
#define QUIRE_BASE_TYPES_H

#include <linux/types.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s8 s8;
typedef __s16 s16;
typedef __s32 s32;
typedef __s64 s64;
typedef u8 uint8_t;
typedef u16 uint16_t;
typedef u32 uint32_t;
typedef s8 int8_t;
typedef s16 int16_t;
typedef s32 int32_t;
typedef __UINT64_TYPE__ uint64_t;
typedef __INT64_TYPE__ int64_t;
typedef __SIZE_TYPE__ size_t;
typedef __PTRDIFF_TYPE__ ptrdiff_t;
typedef __UINTPTR_TYPE__ uintptr_t;
typedef __INTPTR_TYPE__ intptr_t;
typedef long ssize_t;

#ifndef __cplusplus
#undef bool
#undef true
#undef false
#define bool _Bool
#define true 1
#define false 0
#endif

#undef NULL
#define NULL ((void *)0)

typedef long long loff_t;
typedef int pid_t;
typedef unsigned int uid_t;
typedef unsigned int gid_t;
typedef u32 dev_t;		/* in the kernel: major << 20 | minor */
typedef unsigned short umode_t;
typedef unsigned int mode_t;
typedef unsigned long ino_t;
typedef int clockid_t;
typedef int timer_t;
typedef int key_t;

typedef unsigned int gfp_t;	/* GFP_*, mm/gfp.h */
typedef unsigned int fmode_t;	/* FMODE_*, fs/file.h */
typedef unsigned int slab_flags_t;
typedef unsigned int vm_fault_t;
typedef u64 phys_addr_t;	/* bytes */
typedef u64 dma_addr_t;
typedef unsigned long pgoff_t;	/* pages from the start of a file or object */
typedef u64 sector_t;		/* 512 bytes */

#if defined(__CHECKER__)
#define __user		__attribute__((noderef, address_space(1)))
#define __iomem		__attribute__((noderef, address_space(2)))
#define __force		__attribute__((force))
#else
#define __user
#define __iomem
#define __force
#endif
#define __must_check	__attribute__((warn_unused_result))

#endif
