// SPDX-License-Identifier: MIT
/*
 * A heap for tests that do not bring the kernel's own (mm/slab): libc's, so that AddressSanitizer sees each
 * object. Failure injection: host_fail_nth counts allocations down and fails the one that reaches 0.
 */
#include <base/string.h>
#include <mm/gfp.h>
#include <mm/slab.h>
#include <host/heap.h>
#include <host/os.h>

struct kmem_cache {
	size_t size;
	void (*ctor)(void *);
};
struct kmem_cache *kmalloc_caches[NR_KMALLOC_TYPES][KMALLOC_SHIFT_HIGH + 1];
long host_fail_nth;
long host_heap_objects;

static bool fail(void)
{
	return __atomic_load_n(&host_fail_nth, __ATOMIC_RELAXED) &&
	       __atomic_sub_fetch(&host_fail_nth, 1, __ATOMIC_RELAXED) == 0;
}

void *__kmalloc(size_t size, gfp_t gfp)
{
	void *p;

	if (fail())
		return NULL;
	p = os_alloc(size ? size : 1);
	if (!(gfp & __GFP_ZERO))
		memset(p, 0xa5, size);
	__atomic_add_fetch(&host_heap_objects, 1, __ATOMIC_RELAXED);
	return p;
}

void *__kmalloc_node(size_t size, gfp_t gfp, int node)
{
	return __kmalloc(size, gfp);
}

void *kmalloc_trace(struct kmem_cache *s, gfp_t gfp, size_t size)
{
	return __kmalloc(size, gfp);
}

void kfree(const void *p)
{
	if (!p)
		return;
	__atomic_sub_fetch(&host_heap_objects, 1, __ATOMIC_RELAXED);
	os_free((void *)p);
}

void kvfree(const void *p)
{
	kfree(p);
}

struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int align,
				     slab_flags_t flags, void (*ctor)(void *))
{
	struct kmem_cache *s = os_alloc(sizeof(*s));

	s->size = size;
	s->ctor = ctor;
	return s;
}

void *kmem_cache_alloc(struct kmem_cache *s, gfp_t gfp)
{
	void *p = __kmalloc(s->size, gfp);

	if (p && s->ctor)
		s->ctor(p);
	return p;
}

void kmem_cache_free(struct kmem_cache *s, void *p)
{
	kfree(p);
}

bool host_pcpu_fail(void)
{
	return fail();
}
