// SPDX-License-Identifier: MIT
/*
 * The object allocator: caches of objects of one size, cut from slabs of 1 to 8 pages.
 *
 * Two places hold free objects, no more:
 *
 *	kmem_cache_cpu.objs[]   a LIFO array per CPU: what alloc takes from and free puts into; a dozen
 *	                        instructions, no lock, no atomic, and the object itself is not touched
 *	the slab                a chain through the free objects (offset / 8 of the next one, two bytes in the
 *	                        object, or behind it when its contents must survive), each link mixed with a
 *	                        secret, so that a stray write is found when the chain is next walked
 *
 * Arrays are filled from and emptied into slabs by half an array at a time. Linux has a chain per CPU whose
 * frees only match when they belong to the current slab, and per-CPU partial slabs behind it; the array
 * takes any object of the cache.
 *
 * A slab: PG_slab; mapping = the cache; private = state (in use, first free: slab_internal.h), changed by
 * one compare-and-swap; slab_next, slab_prev = neighbours in the node's partial list by frame number.
 *
 *	full      first == 0, inuse == objects     on no list
 *	partial   first != 0, 0 < inuse            on node->first chain
 *	empty     inuse == 0                       on the chain while nr_partial <= min_partial, else given back
 *
 * Protocol of a free into a slab: link the objects before the current first, compare-and-swap the state. When
 * the slab was full or becomes empty its list membership changes; then list_lock is taken before the swap
 * and the state read again. A refill takes the chain away whole, under list_lock: while first == 0 every
 * free needs that lock, so nobody else can change the state until the rest is put back.
 * A swap that succeeds on an equal but older state (ABA) is harmless: pushing in front of "first" is right
 * for whatever chain begins there.
 *
 * Rule of the arrays as for page lists (mm/page/pcp.c): preemption off and never from interrupts, which go
 * to the slabs directly. kmem_cache_flush() empties other CPUs' arrays by an interrupt that backs off when it
 * interrupted a section with preemption off.
 *
 * Invariants (kmem_cache_check): for each partial slab the chain has objects - inuse members, all inside and
 * distinct; sum over nodes of nr_slabs * objects = total; nr_partial = length of the chain.
 * Locks: slab_mutex (list of caches), node->list_lock (partial list; interrupts off), s->rcu_lock.
 * Failure: NULL; nothing is half done. Observe: /proc/slabinfo, trace kmem:kmalloc and friends,
 * slub_debug=FZPU on the command line (mm/slab/debug.c).
 */
#include <base/types.h>
#include <base/errno.h>
#include <base/bug.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <base/cpumask.h>
#include <sync/mutex.h>
#include <sync/preempt.h>
#include <sync/rcu.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <seam/processor.h>
#include <seam/timex.h>
#include <mm/slab.h>
#include <mm/page_charge.h>
#include <mm/page_flags.h>
#include <mm/percpu_alloc.h>
#include <mm/vmstat.h>
#include <mm/ledger.h>
#include <mm/trace.h>
#include <mm/fault_inject.h>
#include "../page/call_cpu.h"
#include "slab_internal.h"

LIST_HEAD(slab_caches);
DEFINE_MUTEX(slab_mutex, LOCK_SLAB_MUTEX);
static struct kmem_cache *kmem_cache_cache, *kmem_cache_node_cache;
static bool slab_up;

bool slab_is_available(void)
{
	return slab_up;
}

/* ---- objects in a slab ---- */

static inline void *slab_object(struct page *page, u32 first)
{
	return page_address(page) + (size_t)(first - 1) * 8;
}

static inline u32 slab_object_index(struct page *page, const void *object)
{
	return (object - page_address(page)) / 8 + 1;
}

static inline bool arrays_usable(void)
{
	return !(preempt_count() & (HARDIRQ_MASK | SOFTIRQ_MASK | NMI_MASK));
}

static struct kmem_cache_node *page_node(struct kmem_cache *s, struct page *page)
{
	return s->node[page_to_nid(page)];
}

/* ---- partial lists. => list_lock held ---- */

static void add_partial(struct kmem_cache_node *n, struct page *page)
{
	u32 pfn = page_to_pfn(page);

	page->slab_prev = 0;
	page->slab_next = n->first;
	if (n->first)
		pfn_to_page((unsigned long)n->first)->slab_prev = pfn;
	WRITE_ONCE(n->first, pfn);
	n->nr_partial++;
}

static void remove_partial(struct kmem_cache_node *n, struct page *page)
{
	if (page->slab_prev)
		pfn_to_page((unsigned long)page->slab_prev)->slab_next = page->slab_next;
	else
		WRITE_ONCE(n->first, page->slab_next);
	if (page->slab_next)
		pfn_to_page((unsigned long)page->slab_next)->slab_prev = page->slab_prev;
	n->nr_partial--;
}

/* ---- slabs ---- */

static enum node_stat_item slab_item(struct kmem_cache *s)
{
	return s->flags & SLAB_RECLAIM_ACCOUNT ? NR_SLAB_RECLAIMABLE : NR_SLAB_UNRECLAIMABLE;
}

/* Chain all objects; run the constructor. */
static void setup_objects(struct kmem_cache *s, struct page *page, u32 objects)
{
	void *object = page_address(page);
	u32 step = s->size / 8, first = 1;

	for (u32 i = 0; i < objects; i++, object += s->size, first += step) {
		if (unlikely(s->flags & SLAB_DEBUG_FLAGS))
			slab_debug_init_object(s, object);
		if (s->ctor)
			s->ctor(object);
		set_link(s, object, i + 1 < objects ? first + step : 0);
	}
	page->private = SLAB_STATE(0, 1);
}

/*
 * A cache begins small: its first slab has the least order that holds an object, each further one an order more, up to
 * the best. Many caches never have more than a few objects, and a slab of the best order would stay nearly empty.
 */
static u32 next_order(struct kmem_cache *s)
{
	u32 order = s->min_order + READ_ONCE(s->begun);

	if (order >= s->order)
		return s->order;
	WRITE_ONCE(s->begun, s->begun + 1); /* two at once take one step: no matter */
	return order;
}

static struct page *new_slab(struct kmem_cache *s, gfp_t gfp, int node)
{
	gfp_t flags = (gfp & GFP_RECLAIM_MASK) | s->allocflags;
	struct kmem_cache_node *n;
	struct page *page = NULL;
	u32 order = next_order(s);

	if (node != NUMA_NO_NODE)
		flags |= gfp & __GFP_THISNODE;
	if (order > s->min_order)
		page = alloc_pages_node(node,
					(flags | __GFP_NOWARN | __GFP_NORETRY) & ~__GFP_NOFAIL &
						~(flags & __GFP_DIRECT_RECLAIM),
					order);
	if (!page) {
		order = s->min_order;
		page = alloc_pages_node(node, flags, order);
	}
	if (!page)
		return NULL;
	/* Smaller slabs of a cache under pressure would have fewer objects: the state says how many by order. */
	__SetPageSlab(page);
	page->mapping = s;
	page->slab_next = page->slab_prev = 0;
	setup_objects(s, page, order_objects(order, s->size));
	n = page_node(s, page);
	atomic_long_inc(&n->nr_slabs);
	atomic_long_add(order_objects(order, s->size), &n->total_objects);
	mod_node_page_state(page_pgdat(page), slab_item(s), 1L << order);
	return page;
}

static void free_slab_pages(struct kmem_cache *s, struct page *page)
{
	u32 order = compound_order(page);

	mod_node_page_state(page_pgdat(page), slab_item(s), -(1L << order));
	slab_owners_free(page);
	__ClearPageSlab(page);
	page->mapping = NULL;
	page->private = 0;
	__free_pages(page, order);
}

static void free_chain(struct kmem_cache *s, u32 pfn)
{
	while (pfn) {
		struct page *page = pfn_to_page((unsigned long)pfn);

		pfn = page->slab_next;
		free_slab_pages(s, page);
	}
}

/* A grace period is over: the waiting slabs go, those that came meanwhile wait for the next. */
static void free_slabs_rcu(struct rcu_head *head)
{
	struct kmem_cache *s = container_of(head, struct kmem_cache, rcu);
	unsigned long flags;
	u32 done;

	spin_lock_irqsave(&s->rcu_lock, flags);
	done = s->rcu_waiting;
	s->rcu_waiting = s->rcu_next;
	s->rcu_next = 0;
	s->rcu_armed = s->rcu_waiting != 0;
	if (s->rcu_armed)
		call_rcu(&s->rcu, free_slabs_rcu);
	spin_unlock_irqrestore(&s->rcu_lock, flags);
	free_chain(s, done);
}

static void free_slab_later(struct kmem_cache *s, struct page *page)
{
	unsigned long flags;

	spin_lock_irqsave(&s->rcu_lock, flags);
	if (s->rcu_armed) {
		page->slab_next = s->rcu_next;
		s->rcu_next = page_to_pfn(page);
	} else {
		page->slab_next = 0;
		s->rcu_waiting = page_to_pfn(page);
		s->rcu_armed = true;
		call_rcu(&s->rcu, free_slabs_rcu);
	}
	spin_unlock_irqrestore(&s->rcu_lock, flags);
}

/* => the slab is empty and on no list; no lock held */
static void discard_slab(struct kmem_cache *s, struct page *page)
{
	struct kmem_cache_node *n = page_node(s, page);

	atomic_long_dec(&n->nr_slabs);
	atomic_long_sub(slab_objects(s, page), &n->total_objects);
	if (unlikely(s->flags & SLAB_TYPESAFE_BY_RCU))
		free_slab_later(s, page);
	else
		free_slab_pages(s, page);
}

/* ---- between slabs and callers ---- */

static noinline __noreturn void slab_link_broken(struct kmem_cache *s, void *object, u32 link)
{
	panic("slab %s: the link in free object %p was overwritten (leads to %#x)", s->name, object,
	      link);
}

/* Take up to @want objects from partial slabs into @out; number taken. */
static u32 take_partial(struct kmem_cache *s, struct kmem_cache_node *n, void **out, u32 want)
{
	unsigned long flags;
	u32 got = 0;

	if (!READ_ONCE(n->first))
		return 0;
	spin_lock_irqsave(&n->list_lock, flags);
	while (got < want && n->first) {
		struct page *page = pfn_to_page((unsigned long)n->first);
		u32 objects = slab_objects(s, page), state = READ_ONCE(page->private), first, inuse;
		u32 last = (objects - 1) * s->size / 8 + 1;

		/* Take the whole chain; from here on the state is ours. */
		while (!try_cmpxchg(&page->private, &state, SLAB_STATE(objects, 0)))
			;
		first = slab_first(state);
		inuse = slab_inuse(state);
		while (first && got < want) {
			void *object = slab_object(page, first);

			first = get_link(s, object);
			if (unlikely(first > last))
				slab_link_broken(s, object, first);
			out[got++] = object;
			inuse++;
		}
		if (first) {
			smp_store_release(&page->private, SLAB_STATE(inuse, first));
			break;
		}
		VM_BUG_ON_PAGE(inuse != objects, page);
		remove_partial(n, page);
	}
	spin_unlock_irqrestore(&n->list_lock, flags);
	return got;
}

/* => list_lock held, is given back. What follows from a slab ceasing to be full, or becoming empty. */
static void free_list_change(struct kmem_cache *s, struct kmem_cache_node *n, struct page *page,
			     bool was_full, bool empty, unsigned long flags)
{
	bool discard = empty && n->nr_partial >= s->min_partial;

	if (discard && !was_full)
		remove_partial(n, page);
	else if (!discard && was_full)
		add_partial(n, page);
	spin_unlock_irqrestore(&n->list_lock, flags);
	if (discard)
		discard_slab(s, page);
}

/*
 * Put @nr objects of one slab back by one swap of its state. Any context.
 */
static void slab_free_run(struct kmem_cache *s, struct page *page, void **objects, u32 nr)
{
	struct kmem_cache_node *n = page_node(s, page);
	u32 old = READ_ONCE(page->private), first = slab_object_index(page, objects[0]), inuse;
	bool locked = false, list_changes;
	unsigned long flags = 0;

	for (u32 i = 0; i + 1 < nr; i++)
		set_link(s, objects[i], slab_object_index(page, objects[i + 1]));
	for (;;) {
		inuse = slab_inuse(old);
		list_changes = !slab_first(old) || inuse == nr;
		VM_BUG_ON_PAGE(inuse < nr, page);
		if (list_changes && !locked) {
			spin_lock_irqsave(&n->list_lock, flags);
			locked = true;
			old = READ_ONCE(page->private);
			continue;
		}
		set_link(s, objects[nr - 1], slab_first(old));
		if (try_cmpxchg(&page->private, &old, SLAB_STATE(inuse - nr, first)))
			break;
	}
	if (list_changes)
		free_list_change(s, n, page, !slab_first(old), inuse == nr, flags);
	else if (locked)
		spin_unlock_irqrestore(&n->list_lock, flags);
}

static struct page *object_page(const void *object)
{
	return compound_head(virt_to_page(object));
}

static void *take_one(struct kmem_cache *s, int node)
{
	void *object;

	if (s->node[node] && take_partial(s, s->node[node], &object, 1))
		return object;
	return NULL;
}

/* From this CPU's array, after filling it from the node's partial slabs. */
static void *refill_array(struct kmem_cache *s)
{
	struct kmem_cache_node *n;
	struct kmem_cache_cpu *c;
	void *object = NULL;

	preempt_disable();
	n = s->node[numa_node_id()];
	if (s->cap && arrays_usable()) {
		c = this_cpu_ptr(s->cpu_slab);
		if (!c->count && n) {
			c->count = take_partial(s, n, c->objs, s->batch);
			c->refills++;
		}
		if (c->count)
			object = c->objs[--c->count];
	} else if (n && !take_partial(s, n, &object, 1)) {
		object = NULL;
	}
	preempt_enable();
	return object;
}

/* A free object of any other node; for the last resort of a request that does not insist on a node. */
static void *take_any(struct kmem_cache *s)
{
	for (int nid = 0; nid < MAX_NUMNODES; nid++) {
		void *object = node_data[nid] ? take_one(s, nid) : NULL;

		if (object)
			return object;
	}
	return NULL;
}

static noinline void *slab_alloc_slow(struct kmem_cache *s, gfp_t gfp, int node)
{
	struct kmem_cache_node *n;
	struct page *page;
	unsigned long flags;
	void *object;

	object = node == NUMA_NO_NODE ? refill_array(s) : take_one(s, node);
	if (object)
		return object;
	page = new_slab(s, gfp, node);
	if (!page)
		return node == NUMA_NO_NODE || !(gfp & __GFP_THISNODE) ? take_any(s) : NULL;
	/* The first object is ours before anybody can see the slab. */
	object = slab_object(page, 1);
	page->private = SLAB_STATE(1, get_link(s, object));
	if (slab_first(page->private)) {
		n = page_node(s, page);
		spin_lock_irqsave(&n->list_lock, flags);
		add_partial(n, page);
		spin_unlock_irqrestore(&n->list_lock, flags);
	}
	return object;
}

/* The array was empty, or the cache has none. */
static noinline void *slab_alloc_refill(struct kmem_cache *s, gfp_t gfp, int node,
					unsigned long caller)
{
	void *object;

	for (;;) {
		object = slab_alloc_slow(s, gfp, node);
		if (!object || likely(!(s->flags & SLAB_DEBUG_FLAGS)))
			return object;
		if (slab_debug_alloc(s, object_page(object), object, caller))
			return object;
		/* A broken object stays out of use. */
	}
}

static __always_inline void *zero_object(void *object, size_t size, gfp_t gfp)
{
	if (unlikely(gfp & __GFP_ZERO) && likely(object))
		return memset(object, 0, size);
	return object;
}

static noinline void *slab_alloc_empty(struct kmem_cache *s, gfp_t gfp, size_t size,
				       unsigned long caller)
{
	return zero_object(slab_alloc_refill(s, gfp, NUMA_NO_NODE, caller), size, gfp);
}

/*
 * The fast path: the last object of this CPU's array. The other ways out are tail calls, so that this one
 * saves no registers.
 */
static __always_inline void *slab_alloc(struct kmem_cache *s, gfp_t gfp, size_t size,
					unsigned long caller)
{
	struct kmem_cache_cpu *c;
	void *object = NULL;
	u32 count;

	might_sleep_if(gfp & __GFP_DIRECT_RECLAIM);
	preempt_disable();
	c = this_cpu_ptr(s->cpu_slab);
	count = c->count;
	if (likely(count && arrays_usable())) {
		object = c->objs[--count];
		c->count = count;
	}
	preempt_enable();
	if (unlikely(!object))
		return slab_alloc_empty(s, gfp, size, caller);
	return zero_object(object, size, gfp);
}

static bool should_failslab(const struct kmem_cache *s, gfp_t gfp)
{
	if (fault_attrs[FAULT_SLAB].cache_filter && !(READ_ONCE(s->flags) & SLAB_FAILSLAB))
		return false;
	return should_fail(FAULT_SLAB, s->object_size, gfp);
}

static void slab_free_uncharged(struct kmem_cache *s, void *object, unsigned long caller);

/* While a failure is armed, a kmem event enabled, or there are control groups. */
static noinline void *slab_alloc_watched(struct kmem_cache *s, gfp_t gfp, int node, size_t size,
					 unsigned long caller)
{
	void *object;

	if (should_failslab(s, gfp))
		return NULL;
	if (node != NUMA_NO_NODE && nr_mem_nodes > 1)
		object = zero_object(slab_alloc_refill(s, gfp, node, caller), size, gfp);
	else
		object = slab_alloc(s, gfp, size, caller);
	if (!page_charge_on() || !object || !((s->flags & SLAB_ACCOUNT) || (gfp & __GFP_ACCOUNT)) ||
	    slab_charge(s, object, gfp))
		return object;
	slab_free_uncharged(s, object, caller);
	return NULL;
}

static noinline void *cache_alloc_watched(struct kmem_cache *s, gfp_t gfp, int node,
					  unsigned long caller)
{
	void *object = slab_alloc_watched(s, gfp, node, s->object_size, caller);

	trace_kmem_cache_alloc(caller, object, s, gfp, node);
	return object;
}

void *kmem_cache_alloc(struct kmem_cache *s, gfp_t gfp)
{
	if (unlikely(READ_ONCE(alloc_watched)))
		return cache_alloc_watched(s, gfp, NUMA_NO_NODE, _RET_IP_);
	return slab_alloc(s, gfp, s->object_size, _RET_IP_);
}

/* kmalloc's way in: the size is what the caller asked for. */
static noinline void *slab_kmalloc_watched(struct kmem_cache *s, gfp_t gfp, int node, size_t size,
					   unsigned long caller)
{
	void *object = slab_alloc_watched(s, gfp, node, size, caller);

	trace_kmalloc(caller, object, size, s->size, gfp, node);
	return object;
}

void *kmalloc_trace(struct kmem_cache *s, gfp_t gfp, size_t size)
{
	if (unlikely(READ_ONCE(alloc_watched)))
		return slab_kmalloc_watched(s, gfp, NUMA_NO_NODE, size, _RET_IP_);
	return slab_alloc(s, gfp, size, _RET_IP_);
}

void *__kmalloc(size_t size, gfp_t gfp)
{
	struct kmem_cache *s;

	if (unlikely(size - 1 >= KMALLOC_MAX_CACHE_SIZE)) /* 0 too */
		return kmalloc_unusual(size, gfp, NUMA_NO_NODE, _RET_IP_);
	s = kmalloc_slab(size, gfp);
	gfp &= ~(__GFP_DMA | __GFP_RECLAIMABLE);
	if (unlikely(READ_ONCE(alloc_watched)))
		return slab_kmalloc_watched(s, gfp, NUMA_NO_NODE, size, _RET_IP_);
	return slab_alloc(s, gfp, size, _RET_IP_);
}

void *__kmalloc_node(size_t size, gfp_t gfp, int node)
{
	if (unlikely(size - 1 >= KMALLOC_MAX_CACHE_SIZE))
		return kmalloc_unusual(size, gfp, node, _RET_IP_);
	if (node == NUMA_NO_NODE || nr_mem_nodes == 1)
		return __kmalloc(size, gfp);
	return slab_kmalloc_watched(kmalloc_slab(size, gfp), gfp & ~(__GFP_DMA | __GFP_RECLAIMABLE),
				    node, size, _RET_IP_);
}

/* Empty the older half of an array. => preemption off */
static void flush_objects(struct kmem_cache *s, struct kmem_cache_cpu *c, u32 n)
{
	for (u32 i = 0, run; i < n; i += run) {
		struct page *page = object_page(c->objs[i]);

		/* Objects freed one after the other often lie in one slab. */
		for (run = 1; i + run < n && object_page(c->objs[i + run]) == page; run++)
			;
		slab_free_run(s, page, c->objs + i, run);
	}
	c->count -= n;
	memmove(c->objs, c->objs + n, c->count * sizeof(void *));
	c->flushes++;
}

static noinline void slab_free_slow(struct kmem_cache *s, void *object, unsigned long caller)
{
	struct page *page = object_page(object);
	struct kmem_cache_cpu *c;

	if (unlikely(s->flags & SLAB_DEBUG_FLAGS) && !slab_debug_free(s, page, object, caller))
		return;
	preempt_disable();
	if (s->cap && arrays_usable()) {
		c = this_cpu_ptr(s->cpu_slab);
		if (c->count == s->cap)
			flush_objects(s, c, s->batch);
		c->objs[c->count++] = object;
	} else {
		slab_free_run(s, page, &object, 1);
	}
	preempt_enable();
}

static __always_inline void slab_free(struct kmem_cache *s, void *object, unsigned long caller)
{
	struct kmem_cache_cpu *c;
	u32 count;

	preempt_disable();
	c = this_cpu_ptr(s->cpu_slab);
	count = c->count;
	VM_BUG_ON(count && c->objs[count - 1] == object); /* freed twice in a row */
	if (likely(count < s->cap && arrays_usable())) {
		c->objs[count] = object;
		c->count = count + 1;
		preempt_enable();
		return;
	}
	preempt_enable();
	slab_free_slow(s, object, caller);
}

static void slab_free_uncharged(struct kmem_cache *s, void *object, unsigned long caller)
{
	slab_free(s, object, caller);
}

static noinline void cache_free_watched(struct kmem_cache *s, void *x, unsigned long caller)
{
	trace_kmem_cache_free(caller, x, s);
	if (page_charge_on())
		slab_uncharge(s, object_page(x), x);
	slab_free(s, x, caller);
}

void kmem_cache_free(struct kmem_cache *s, void *x)
{
	if (unlikely(!x))
		return;
	if (unlikely(READ_ONCE(alloc_watched))) {
		cache_free_watched(s, x, _RET_IP_);
		return;
	}
	VM_BUG_ON_PAGE(!PageSlab(object_page(x)) || object_page(x)->mapping != s, object_page(x));
	slab_free(s, x, _RET_IP_);
}

static noinline void free_large_kmalloc(struct page *page)
{
	unsigned int order = compound_order(page);

	if (WARN(!PageLargeKmalloc(page), "kfree of page %#lx, which is not kmalloc's\n",
		 page_to_pfn(page)))
		return;
	__ClearPageLargeKmalloc(page);
	mod_node_page_state(page_pgdat(page), NR_SLAB_UNRECLAIMABLE, -(1L << order));
	__free_pages(page, order);
}

static __always_inline void do_kfree(const void *x, unsigned long caller)
{
	struct page *page = compound_head(virt_to_page_direct(x));

	if (likely(PageSlab(page)))
		slab_free(page->mapping, (void *)x, caller);
	else
		free_large_kmalloc(page);
}

static noinline void kfree_watched(const void *x, unsigned long caller)
{
	struct page *page;

	trace_kfree(caller, x);
	if (ZERO_OR_NULL_PTR(x))
		return;
	page = compound_head(virt_to_page_direct(x));
	if (page_charge_on() && PageSlab(page))
		slab_uncharge(page->mapping, page, x);
	do_kfree(x, caller);
}

void kfree(const void *x)
{
	if (unlikely(READ_ONCE(alloc_watched))) {
		kfree_watched(x, _RET_IP_);
		return;
	}
	if (likely(!ZERO_OR_NULL_PTR(x)))
		do_kfree(x, _RET_IP_);
}

/* Up to @want objects of this CPU's array, filled from partial slabs when it is empty; how many. */
static u32 take_from_array(struct kmem_cache *s, void **out, size_t want)
{
	struct kmem_cache_cpu *c;
	u32 n = 0;

	preempt_disable();
	c = this_cpu_ptr(s->cpu_slab);
	if (s->cap && arrays_usable()) {
		if (!c->count && s->node[numa_node_id()]) {
			c->count = take_partial(s, s->node[numa_node_id()], c->objs, s->batch);
			c->refills++;
		}
		n = min((size_t)c->count, want);
		c->count -= n;
		memcpy(out, c->objs + c->count, n * sizeof(*out));
	}
	preempt_enable();
	return n;
}

/* Whole arrays at a time; one by one where each object is looked at, and for the first of a new slab. */
int kmem_cache_alloc_bulk(struct kmem_cache *s, gfp_t gfp, size_t size, void **p)
{
	bool one_by_one = READ_ONCE(alloc_watched) || (s->flags & SLAB_DEBUG_FLAGS);

	for (size_t i = 0; i < size;) {
		u32 n = one_by_one ? 0 : take_from_array(s, p + i, size - i);

		for (u32 k = 0; k < n && (gfp & __GFP_ZERO); k++)
			memset(p[i + k], 0, s->object_size);
		i += n;
		if (n)
			continue;
		p[i] = kmem_cache_alloc(s, gfp);
		if (unlikely(!p[i])) {
			kmem_cache_free_bulk(s, i, p);
			return 0;
		}
		i++;
	}
	return size;
}

/* As many as this CPU's array has room for; how many. */
static size_t put_into_array(struct kmem_cache *s, void **p, size_t size)
{
	struct kmem_cache_cpu *c;
	size_t n = 0;

	preempt_disable();
	c = this_cpu_ptr(s->cpu_slab);
	if (s->cap && arrays_usable()) {
		if (c->count == s->cap)
			flush_objects(s, c, s->batch);
		n = min((size_t)(s->cap - c->count), size);
		memcpy(c->objs + c->count, p, n * sizeof(*p));
		c->count += n;
	}
	preempt_enable();
	return n;
}

void kmem_cache_free_bulk(struct kmem_cache *s, size_t size, void **p)
{
	bool one_by_one = !s || READ_ONCE(alloc_watched) || (s->flags & SLAB_DEBUG_FLAGS);

	for (size_t i = 0; i < size;) {
		size_t n = one_by_one ? 0 : put_into_array(s, p + i, size - i);

		i += n;
		if (n)
			continue;
		if (s)
			kmem_cache_free(s, p[i]);
		else
			kfree(p[i]);
		i++;
	}
}

void kfree_past_array(void *x)
{
	struct page *page = object_page(x);
	struct kmem_cache *s = page->mapping;

	trace_kfree(_RET_IP_, x);
	if (likely(!(s->flags & SLAB_DEBUG_FLAGS)) || slab_debug_free(s, page, x, _RET_IP_))
		slab_free_run(s, page, &x, 1);
}

/* ---- making a cache ---- */

/* Smallest order (up to 3) that wastes at most 1/16, then 1/8, 1/4 of a slab with enough objects in it. */
static u32 calculate_order(u32 size)
{
	for (u32 min_objects = 8; min_objects >= 1; min_objects /= 2)
		for (u32 fraction = 16; fraction >= 4; fraction /= 2)
			for (u32 order = 0; order <= SLAB_MAX_ORDER; order++) {
				u32 bytes = PAGE_SIZE << order;

				if (bytes / size >= min_objects && bytes % size <= bytes / fraction)
					return order;
			}
	return order_base_2(PFN_UP(size));
}

static u32 calculate_alignment(slab_flags_t flags, u32 align, u32 size)
{
	if (flags & SLAB_HWCACHE_ALIGN) {
		u32 line = cache_line_size();

		while (size <= line / 2)
			line /= 2;
		align = max(align, line);
	}
	return ALIGN(max(align, (u32)ARCH_KMALLOC_MINALIGN), 8);
}

/* False when the object is too large for a slab. */
static bool set_layout(struct kmem_cache *s, u32 align)
{
	u32 size = ALIGN(s->object_size, 8);

	s->align = calculate_alignment(s->flags, align, s->object_size);
	s->inuse = size;
	s->offset = 0;
	/* The link may lie in the object only when nobody looks at a free one. */
	if (s->ctor || (s->flags & (SLAB_TYPESAFE_BY_RCU | SLAB_DEBUG_FLAGS))) {
		if (s->flags & SLAB_RED_ZONE)
			size += 8;
		s->offset = size;
		size += 8;
	}
	slab_parse_debug_layout(s, &size);
	s->size = ALIGN(size, s->align);
	s->min_order = order_base_2(PFN_UP(s->size));
	s->order = max(calculate_order(s->size), s->min_order);
	if (s->min_order > SLAB_MAX_ORDER)
		return false;
	s->objects = order_objects(s->order, s->size);
	s->min_partial = clamp(ilog2(s->size) / 2, 2, 5);
	s->cap =
		s->flags & (SLAB_DEBUG_FLAGS | SLAB_CACHE_DMA) ? 0 : clamp(8192 / s->size, 4U, 48U);
	s->batch = max(s->cap / 2, 1U);
	s->allocflags = s->order ? __GFP_COMP : 0;
	if (s->flags & SLAB_CACHE_DMA)
		s->allocflags |= GFP_DMA;
	if (s->flags & SLAB_CACHE_DMA32)
		s->allocflags |= GFP_DMA32;
	if (s->flags & SLAB_RECLAIM_ACCOUNT)
		s->allocflags |= __GFP_RECLAIMABLE;
	return true;
}

static void node_init(struct kmem_cache_node *n)
{
	memset(n, 0, sizeof(*n));
	spin_lock_init(&n->list_lock, LOCK_SLAB_NODE);
}

static void free_cache_parts(struct kmem_cache *s)
{
	for (int nid = 0; nid < MAX_NUMNODES; nid++)
		if (node_data[nid] && s->node[nid])
			kmem_cache_free(kmem_cache_node_cache, s->node[nid]);
	free_percpu(s->cpu_slab);
}

static bool alloc_array(struct kmem_cache *s)
{
	s->cpu_slab = __alloc_percpu(sizeof(struct kmem_cache_cpu) + s->cap * sizeof(void *), 16);
	return s->cpu_slab != NULL;
}

static int init_cache(struct kmem_cache *s, const char *name, u32 size, u32 align,
		      slab_flags_t flags, void (*ctor)(void *))
{
	s->name = name;
	s->object_size = size;
	s->flags = slab_debug_flags(name, flags);
	s->ctor = ctor;
	s->refcount = 1;
	s->secret = (random_get_entropy() * 0x9e3779b97f4a7c15ULL) >> 48;
	spin_lock_init(&s->rcu_lock, LOCK_SLAB_RCU);
	if (!set_layout(s, align))
		return -EINVAL;
	for (int nid = 0; nid < MAX_NUMNODES; nid++) {
		if (!node_data[nid])
			continue;
		s->node[nid] = kmem_cache_alloc(kmem_cache_node_cache, GFP_KERNEL);
		if (!s->node[nid])
			return -ENOMEM;
		node_init(s->node[nid]);
	}
	return alloc_array(s) ? 0 : -ENOMEM;
}

/* A cache into which one of this size and flags can be merged. => slab_mutex held */
static struct kmem_cache *find_mergeable(u32 size, u32 align, slab_flags_t flags)
{
	struct kmem_cache *s;

	align = calculate_alignment(flags, align, size);
	size = ALIGN(ALIGN(size, 8), align);
	list_for_each_entry (s, &slab_caches, list) {
		if (s->ctor || (s->flags & SLAB_NEVER_MERGE) ||
		    (s->flags & SLAB_MERGE_SAME) != (flags & SLAB_MERGE_SAME))
			continue;
		if (s->size >= size && s->size - size < sizeof(void *) &&
		    (s->size & (align - 1)) == 0)
			return s;
	}
	return NULL;
}

static struct kmem_cache *create_cache(const char *name, u32 size, u32 align, slab_flags_t flags,
				       void (*ctor)(void *))
{
	struct kmem_cache *s = kmem_cache_zalloc(kmem_cache_cache, GFP_KERNEL);
	const char *own_name = kstrdup(name, GFP_KERNEL);

	if (!s || !own_name || init_cache(s, own_name, size, align, flags, ctor)) {
		if (s) {
			free_cache_parts(s);
			kmem_cache_free(kmem_cache_cache, s);
		}
		kfree(own_name);
		return NULL;
	}
	list_add_tail(&s->list, &slab_caches);
	return s;
}

struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int align,
				     slab_flags_t flags, void (*ctor)(void *))
{
	struct kmem_cache *s = NULL;

	if (WARN_ON(!name || !size || size > KMALLOC_MAX_CACHE_SIZE * 4 || (align & (align - 1)) ||
		    in_interrupt()))
		return NULL;
	mutex_lock(&slab_mutex);
	if (!ctor && !(slab_debug_flags(name, flags) & SLAB_NEVER_MERGE))
		s = find_mergeable(size, align, flags);
	if (s) {
		s->refcount++;
		s->object_size = max(s->object_size, size);
		slab_note_alias(s, name);
	} else {
		s = create_cache(name, size, align, flags, ctor);
	}
	mutex_unlock(&slab_mutex);
	if (!s && (flags & SLAB_PANIC))
		panic("kmem_cache_create: no memory for cache %s", name);
	return s;
}

unsigned int kmem_cache_size(struct kmem_cache *s)
{
	return s->object_size;
}

const char *kmem_cache_name(struct kmem_cache *s)
{
	return s->name;
}

/* ---- emptying ---- */

/* => preemption off on this CPU, nobody inside the array */
static void flush_cpu_array(struct kmem_cache *s)
{
	struct kmem_cache_cpu *c = this_cpu_ptr(s->cpu_slab);

	if (c->count)
		flush_objects(s, c, c->count);
}

static void flush_one(void *info)
{
	flush_cpu_array(info);
}

static bool cpu_array_filled(int cpu, void *info)
{
	struct kmem_cache *s = info;

	return READ_ONCE(per_cpu_ptr(s->cpu_slab, cpu)->count) != 0;
}

static void kmem_cache_flush(struct kmem_cache *s)
{
	call_cpus_unpinned(flush_one, cpu_array_filled, s);
}

/* Give the empty slabs of a node back; number of slabs that stay on the partial list. */
static unsigned long shrink_node(struct kmem_cache *s, struct kmem_cache_node *n)
{
	unsigned long flags, left;
	u32 pfn, empty = 0;

	spin_lock_irqsave(&n->list_lock, flags);
	for (pfn = n->first; pfn;) {
		struct page *page = pfn_to_page((unsigned long)pfn);
		u32 next = page->slab_next;

		/* inuse 0 cannot change under the lock: a refill needs it, a free has no object. */
		if (!slab_inuse(READ_ONCE(page->private))) {
			remove_partial(n, page);
			page->slab_next = empty;
			empty = pfn;
		}
		pfn = next;
	}
	left = n->nr_partial;
	spin_unlock_irqrestore(&n->list_lock, flags);
	while (empty) {
		struct page *page = pfn_to_page((unsigned long)empty);

		empty = page->slab_next;
		discard_slab(s, page);
	}
	return left;
}

static unsigned long shrink_nodes(struct kmem_cache *s)
{
	unsigned long left = 0;

	for (int nid = 0; nid < MAX_NUMNODES; nid++)
		if (node_data[nid] && s->node[nid])
			left += shrink_node(s, s->node[nid]);
	return left;
}

static unsigned long cache_slabs(struct kmem_cache *s)
{
	unsigned long slabs = 0;

	for (int nid = 0; nid < MAX_NUMNODES; nid++)
		if (node_data[nid] && s->node[nid])
			slabs += atomic_long_read(&s->node[nid]->nr_slabs);
	return slabs;
}

int kmem_cache_shrink(struct kmem_cache *s)
{
	kmem_cache_flush(s);
	shrink_nodes(s);
	return cache_slabs(s) != 0;
}

static void flush_all_arrays(void *info)
{
	struct kmem_cache *s;

	list_for_each_entry (s, &slab_caches, list)
		flush_cpu_array(s);
}

static bool any_array_filled(int cpu, void *info)
{
	struct kmem_cache *s;

	list_for_each_entry (s, &slab_caches, list)
		if (cpu_array_filled(cpu, s))
			return true;
	return false;
}

void slab_flush_all(void)
{
	struct kmem_cache *s;

	/* The creator of a cache may be the one who needs memory. */
	if (!mutex_trylock(&slab_mutex))
		return;
	call_cpus_unpinned(flush_all_arrays, any_array_filled, NULL);
	list_for_each_entry (s, &slab_caches, list)
		shrink_nodes(s);
	mutex_unlock(&slab_mutex);
}

void kmem_cache_destroy(struct kmem_cache *s)
{
	if (!s)
		return;
	mutex_lock(&slab_mutex);
	if (--s->refcount) {
		mutex_unlock(&slab_mutex);
		return;
	}
	if (kmem_cache_shrink(s)) {
		pr_err("kmem_cache_destroy %s: objects remaining\n", s->name);
		slab_report_leaks(s);
		s->refcount++;
		mutex_unlock(&slab_mutex);
		return;
	}
	list_del(&s->list);
	slab_forget_aliases(s);
	mutex_unlock(&slab_mutex);
	if (s->flags & SLAB_TYPESAFE_BY_RCU)
		while (READ_ONCE(s->rcu_armed))
			rcu_barrier();
	free_cache_parts(s);
	kfree(s->name);
	kmem_cache_free(kmem_cache_cache, s);
}

/* ---- checks ---- */

static void check_chain(struct kmem_cache *s, struct page *page)
{
	u32 objects = slab_objects(s, page), state = page->private, first = slab_first(state),
	    n = 0;

	BUG_ON(!PageSlab(page) || page->mapping != s);
	for (; first; n++) {
		void *object = slab_object(page, first);

		BUG_ON(n > objects);
		BUG_ON((first - 1) * 8 % s->size || (first - 1) * 8 / s->size >= objects);
		first = get_link(s, object);
	}
	BUG_ON(n != objects - slab_inuse(state));
	BUG_ON(!n);
}

void kmem_cache_check(struct kmem_cache *s)
{
	for (int nid = 0; nid < MAX_NUMNODES; nid++) {
		struct kmem_cache_node *n = node_data[nid] ? s->node[nid] : NULL;
		unsigned long flags, length = 0;

		if (!n)
			continue;
		spin_lock_irqsave(&n->list_lock, flags);
		for (u32 pfn = n->first, prev = 0; pfn; length++) {
			struct page *page = pfn_to_page((unsigned long)pfn);

			BUG_ON(page->slab_prev != prev);
			check_chain(s, page);
			prev = pfn;
			pfn = page->slab_next;
		}
		BUG_ON(length != n->nr_partial);
		BUG_ON(length > (unsigned long)atomic_long_read(&n->nr_slabs));
		spin_unlock_irqrestore(&n->list_lock, flags);
	}
}

void slab_check_all(void)
{
	struct kmem_cache *s;

	mutex_lock(&slab_mutex);
	list_for_each_entry (s, &slab_caches, list)
		kmem_cache_check(s);
	mutex_unlock(&slab_mutex);
}

void slab_for_each(void (*fn)(struct kmem_cache *s, void *arg), void *arg)
{
	struct kmem_cache *s;

	mutex_lock(&slab_mutex);
	list_for_each_entry (s, &slab_caches, list)
		fn(s, arg);
	mutex_unlock(&slab_mutex);
}

/* ---- bootstrap ---- */

/* A kmalloc class. Names are copied once there is kmalloc; before that they are kept in the cache's own page. */
struct kmem_cache *slab_boot_create(const char *name, u32 size, u32 align, slab_flags_t flags)
{
	struct kmem_cache *s = kmem_cache_zalloc(kmem_cache_cache, GFP_NOWAIT);
	char *own = s ? (char *)s + kmem_cache_cache->object_size - BOOT_NAME_BYTES : NULL;

	if (s)
		strscpy(own, name, BOOT_NAME_BYTES);
	if (!s || init_cache(s, own, size, align, flags, NULL))
		panic("Out of memory: slab cache %s", name);
	list_add_tail(&s->list, &slab_caches);
	return s;
}

/*
 * The caches of caches and of nodes cannot be made by themselves: they and their nodes lie in one page each.
 */
static struct kmem_cache *boot_cache(const char *name, u32 size)
{
	struct kmem_cache *s = (void *)get_zeroed_page(GFP_NOWAIT);
	struct kmem_cache_node *n = (void *)s + PAGE_SIZE / 2;

	if (!s)
		panic("Out of memory: no page for the first slab cache");
	page_set_name(virt_to_page(s), PAGE_TYPE_BOOT);
	s->name = name;
	s->object_size = size;
	s->flags = SLAB_HWCACHE_ALIGN | SLAB_NO_MERGE;
	s->refcount = 1;
	spin_lock_init(&s->rcu_lock, LOCK_SLAB_RCU);
	set_layout(s, 0);
	for (int nid = 0; nid < MAX_NUMNODES; nid++)
		if (node_data[nid]) {
			BUG_ON((void *)(n + 1) > (void *)s + PAGE_SIZE);
			node_init(n);
			s->node[nid] = n++;
		}
	if (!alloc_array(s))
		panic("Out of memory: no per-CPU memory for the first slab cache");
	list_add_tail(&s->list, &slab_caches);
	return s;
}

void kmem_cache_init(void)
{
	int last = 0;

	for (int nid = 0; nid < MAX_NUMNODES; nid++)
		if (node_data[nid])
			last = nid;
	kmem_cache_node_cache = boot_cache("kmem_cache_node", sizeof(struct kmem_cache_node));
	kmem_cache_cache =
		boot_cache("kmem_cache", offsetof(struct kmem_cache, node) +
						 (last + 1) * sizeof(struct kmem_cache_node *) +
						 BOOT_NAME_BYTES);
	create_kmalloc_caches();
	slab_up = true;
}
