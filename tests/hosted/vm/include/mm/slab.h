/* SPDX-License-Identifier: MIT */
/* Below mm/ in this test: mm/slab.h as far as address spaces use it. One thread; see fake.c. */
#pragma once
#include <base/types.h>
struct kmem_cache;
#define SLAB_TYPESAFE_BY_RCU 1u
#define SLAB_PANIC	     2u
#define SLAB_ACCOUNT	     4u
struct kmem_cache *kmem_cache_create(const char *, unsigned, unsigned, unsigned, void (*)(void *));
void *kmem_cache_alloc(struct kmem_cache *, gfp_t);
void *kmem_cache_zalloc(struct kmem_cache *, gfp_t);
void kmem_cache_free(struct kmem_cache *, void *);
void *kmalloc(size_t, gfp_t);
void kfree(void *);
void *kvmalloc(size_t, gfp_t);
void kvfree(void *);
