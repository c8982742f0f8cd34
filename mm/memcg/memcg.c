// SPDX-License-Identifier: MIT
/*
 * Memory control groups: who is charged for a page, and up to how much.
 *
 * 1 What is charged. A page for the use of programs (anonymous, of a page cache, of shmem, of a pipe) is charged, when it is
 *   allocated, to the group of the task that asks, and given back when it is freed; whoever uses it in between. So is what the kernel
 *   keeps for programs and they can make much of: page tables, kernel stacks, whatever is allocated with __GFP_ACCOUNT or from a cache
 *   with SLAB_ACCOUNT; what is smaller than a page by its bytes (bytes.c).
 *
 * 2 Where. The side array of ids.c tells the group of a frame. usage counts the pages of a group and of all below it,
 *   and what CPUs have in stock of them (stock.c):
 *
 *	usage(g) = frames with the number of g or of a group below g + stocks of g and below + pages for bytes of g and below
 *
 * 3 Cost. The page allocator has a way for machines that watch its calls (mm/page/debug.c, alloc_watched). The first group
 *   switches that way on, the end of the last one off; meanwhile nothing here is
 *   looked at by any allocation, free or fault.
 *
 * 4 Limits. Above max: reclaim from the group that has too much and those below (reclaim.c), then its OOM killer (oom.c).
 *   When that finds nobody, calls that need memory of the kernel fail, and so does swapoff; anybody else, and who reclaims himself or
 *   is dying, gets his page all the same. Who must not wait (no __GFP_DIRECT_RECLAIM: the first try of a swap-in, say) and who can do
 *   without (__GFP_NORETRY: readahead) gets none.
 *   Above high: reclaim and wait (high.c). min, low: what a reclaim for all leaves alone (reclaim.c).
 *
 * 5 The end of a group. Its frames, and its slots of swap (swap.c), become its parent's in one walk over the side array, and since
 *   the parent's usage counts them already, nothing else is to be done. A charge on its way looks at `dead' under RCU when it writes
 *   the number. The kernel's objects keep the number: what is left of the group is freed with the last of them. (Linux keeps a dying
 *   group until its last page is reclaimed, and has a proxy for its objects, struct obj_cgroup.)
 *
 * Linux 6.1: mm/memcontrol.c, mm/page_counter.c. Observe: memory.* of the group.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <sync/preempt.h>
#include <sync/rcu.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <kernel/timer.h>
#include <mm/fault_inject.h>
#include <mm/gfp.h>
#include <mm/lru_gen.h>
#include <mm/page.h>
#include <mm/reclaim.h>
#include <mm/slab.h>
#include <mm/swap.h>
#include <mm/zone.h>
#include "memcg_internal.h"

const char *const memcg_event_names[NR_MEMCG_EVENTS] = {
	[MEMCG_LOW] = "low",	       [MEMCG_HIGH] = "high",
	[MEMCG_MAX] = "max",	       [MEMCG_OOM] = "oom",
	[MEMCG_OOM_KILL] = "oom_kill", [MEMCG_OOM_GROUP_KILL] = "oom_group_kill",
	[MEMCG_SWAP_HIGH] = "high",    [MEMCG_SWAP_MAX] = "max",
	[MEMCG_SWAP_FAIL] = "fail",
};
void (*memcg_notify)(void *owner, enum memcg_event event, bool local);
static struct mem_cgroup **by_id; /* RCU */
LIST_HEAD(all_memcgs);
static DEFINE_SPINLOCK(list_lock, LOCK_MEMCG_LIST);

/* ---- who ---- */

struct mem_cgroup *memcg_by_id(u16 id)
{
	return READ_ONCE(by_id[id]);
}

struct mem_cgroup *memcg_next(struct mem_cgroup *prev)
{
	struct mem_cgroup *next = NULL, *memcg;

	rcu_read_lock();
	memcg = list_entry(prev ? &prev->node : &all_memcgs, struct mem_cgroup, node);
	list_for_each_entry_continue_rcu(memcg, &all_memcgs, node)
	{
		if (!atomic_long_inc_not_zero(&memcg->refs))
			continue;
		next = memcg;
		break;
	}
	rcu_read_unlock();
	memcg_put(prev);
	return next;
}

bool memcg_is_below(const struct mem_cgroup *memcg, const struct mem_cgroup *root)
{
	if (!root)
		return true;
	while (memcg && memcg != root)
		memcg = memcg->parent;
	return memcg;
}

struct mem_cgroup *memcg_of_task(struct task_struct *task)
{
	struct mem_cgroup *its;
	struct task_struct *t;

	for_each_thread (task, t) {
		its = READ_ONCE(t->memcg);
		if (its)
			return its;
	}
	return NULL;
}

/* The owner lives until a grace period after the death. => RCU */
static void tell(struct mem_cgroup *memcg, enum memcg_event event, bool local)
{
	if (!READ_ONCE(memcg->dead))
		memcg_notify(memcg->owner, event, local);
}

void memcg_event(struct mem_cgroup *memcg, enum memcg_event event)
{
	if (!memcg)
		return;
	rcu_read_lock();
	atomic_long_inc(&memcg->events_local[event]);
	tell(memcg, event, true);
	for (; memcg; memcg = memcg->parent) {
		atomic_long_inc(&memcg->events[event]);
		tell(memcg, event, false);
	}
	rcu_read_unlock();
}

/* ---- counting ---- */

static void note_peak(struct mem_cgroup *memcg, unsigned long usage)
{
	if (usage > READ_ONCE(memcg->peak))
		WRITE_ONCE(memcg->peak, usage);
}

void memcg_change_usage(struct mem_cgroup *memcg, long nr)
{
	note_peak(memcg, atomic_long_add_return(nr, &memcg->usage));
}

/* Whatever the limits say. */
static void add_usage(struct mem_cgroup *memcg, unsigned long nr)
{
	for (; memcg; memcg = memcg->parent)
		memcg_change_usage(memcg, (long)nr);
}

void memcg_sub_usage(struct mem_cgroup *memcg, unsigned long nr)
{
	for (; memcg; memcg = memcg->parent)
		atomic_long_sub((long)nr, &memcg->usage);
}

/* @nr pages more for @memcg and all above, if each keeps its limit; else the group that does not, and nothing is counted. */
static struct mem_cgroup *try_add(struct mem_cgroup *memcg, unsigned long nr)
{
	for (struct mem_cgroup *m = memcg; m; m = m->parent) {
		unsigned long usage = atomic_long_add_return((long)nr, &m->usage);

		if (usage <= READ_ONCE(m->max)) {
			note_peak(m, usage);
			continue;
		}
		atomic_long_sub((long)nr, &m->usage);
		for (struct mem_cgroup *undo = memcg; undo != m; undo = undo->parent)
			atomic_long_sub((long)nr, &undo->usage);
		return m;
	}
	return NULL;
}

/* The same for *@nr pages, or for a batch where there is room: the rest is the CPU's stock. *@nr: what was counted. */
static struct mem_cgroup *try_add_batch(struct mem_cgroup *memcg, unsigned long *nr)
{
	if (*nr < MEMCG_CHARGE_BATCH && !try_add(memcg, MEMCG_CHARGE_BATCH)) {
		stock_refill(memcg, MEMCG_CHARGE_BATCH - *nr);
		*nr = MEMCG_CHARGE_BATCH;
		return NULL;
	}
	return try_add(memcg, *nr);
}

/* ---- charging ---- */

/* It works for others, or dies: it gets what it needs. */
static bool is_excused(void)
{
	return (current->flags & (PF_MEMALLOC | PF_EXITING)) || fatal_signal_pending(current) ||
	       test_thread_flag(TIF_MEMDIE);
}

/* It is for a call of the program that fails: a fault has no other way out than over the limit. */
static bool may_fail(gfp_t gfp)
{
	return !(gfp & __GFP_NOFAIL) &&
	       (gfp & __GFP_ACCOUNT || READ_ONCE(current->signal->in_swapoff) == current);
}

/* A reclaim yielded nothing. Of @tries are left: */
static int after_failure(int tries, bool found)
{
	if (found)
		return tries - 1;
	/* It may all be in the hands of others who reclaim here; or there is nothing, and no use in many tries. */
	schedule_timeout_killable(MEMCG_NOTHING_TICKS);
	return tries - 1 - MAX_RECLAIM_RETRIES / 4;
}

bool memcg_charge(struct mem_cgroup *memcg, unsigned long nr, gfp_t gfp)
{
	int tries = MAX_RECLAIM_RETRIES;
	bool drained = false, found;
	struct reclaim_tries tried;
	struct mem_cgroup *over;
	unsigned long progress;

	if (stock_take(memcg, nr))
		return true;
	tried = (struct reclaim_tries){ 0 };
	while ((over = try_add_batch(memcg, &nr))) {
		if (is_excused())
			break;
		if (!drained && (gfp & __GFP_DIRECT_RECLAIM)) {
			drained = true;
			stock_drain_all(over);
			continue;
		}
		if ((gfp & __GFP_DIRECT_RECLAIM) && READ_ONCE(over->under_oom)) {
			schedule_timeout_killable(HZ / 10);
			continue;
		}
		memcg_event(over, MEMCG_MAX);
		if (!(gfp & __GFP_DIRECT_RECLAIM)) {
			if (gfp & __GFP_HIGH)
				break;
			return false;
		}
		progress = memcg_try_reclaim(over, nr, gfp, &found, &tried);
		if (!progress && (gfp & __GFP_NORETRY))
			return false;
		/* A pass that found every page in use has taken the marks off: the next one finds those that are not. */
		if (progress && nr <= 1UL << PAGE_ALLOC_COSTLY_ORDER)
			continue;
		if (tries > 0) {
			tries = after_failure(tries, found);
			continue;
		}
		if (!memcg_out_of_memory(over, nr, gfp, &tried)) {
			if (may_fail(gfp))
				return false;
			break;
		}
		tries = MAX_RECLAIM_RETRIES;
		tried = (struct reclaim_tries){ 0 };
	}
	if (over)
		add_usage(memcg, nr);
	memcg_check_high(memcg, nr, gfp);
	return true;
}

static void set_owner(struct mem_cgroup *memcg, struct page *page, unsigned long nr)
{
	for (unsigned long pfn = page_to_pfn(page), end = pfn + nr; pfn < end; pfn++) {
		lru_gen_unstamp(pfn);
		frame_id_set(pfn, memcg->id);
	}
}

/* The frames are @memcg's, or its heir's if it died while we reclaimed. */
static void commit(struct mem_cgroup *memcg, struct page *page, unsigned long nr)
{
	rcu_read_lock();
	while (memcg && READ_ONCE(memcg->dead)) {
		atomic_long_sub((long)nr, &memcg->usage);
		memcg = memcg->parent;
	}
	if (memcg)
		set_owner(memcg, page, nr);
	rcu_read_unlock();
}

/* GFP_USER, GFP_HIGHUSER and the like; of the kernel's own allocations those that a program can make many of. */
static bool is_accounted(gfp_t gfp)
{
	return gfp & (__GFP_HARDWALL | __GFP_ACCOUNT);
}

static struct mem_cgroup *current_memcg(void)
{
	return current->active_memcg ?: READ_ONCE(current->memcg);
}

struct mem_cgroup *memcg_get_current(void)
{
	struct mem_cgroup *memcg;

	rcu_read_lock();
	do
		memcg = current_memcg();
	while (memcg && !atomic_long_inc_not_zero(&memcg->refs));
	rcu_read_unlock();
	return memcg;
}

struct mem_cgroup *memcg_get_living(const u16 *id)
{
	struct mem_cgroup *memcg;

	rcu_read_lock();
	memcg = memcg_by_id(READ_ONCE(*id));
	while (memcg && (READ_ONCE(memcg->dead) || !atomic_long_inc_not_zero(&memcg->refs)))
		memcg = memcg->parent;
	rcu_read_unlock();
	return memcg;
}

/* All at once when the stock has it, or there is nobody to charge: neither needs a reference. */
static bool charge_from_stock(struct page *page, unsigned long nr)
{
	struct mem_cgroup *memcg;
	bool done;

	rcu_read_lock();
	memcg = current_memcg();
	done = !memcg || (!READ_ONCE(memcg->dead) && stock_take(memcg, nr));
	if (memcg && done)
		set_owner(memcg, page, nr);
	rcu_read_unlock();
	return done;
}

/* page_alloc_ops.charge: @page has just been allocated. False: the group of current has no room. */
static bool charge_page(struct page *page, unsigned int order, gfp_t gfp)
{
	struct mem_cgroup *memcg;
	unsigned long nr = 1UL << order;
	bool good;

	if (!is_accounted(gfp) || in_interrupt() || charge_from_stock(page, nr))
		return true;
	memcg = memcg_get_current();
	if (!memcg)
		return true;
	good = memcg_charge(memcg, nr, gfp);
	if (good)
		commit(memcg, page, nr);
	memcg_put(memcg);
	return good;
}

/* page_alloc_ops.uncharge: @page is being freed. Any context. */
static void uncharge_page(struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page), run;

	rcu_read_lock(); /* from the number to the group: a frame without it keeps no group alive */
	for (unsigned long i = 0; i < 1UL << order; i += run) {
		u16 id = frame_id_clear(pfn + i);

		run = 1;
		if (!id)
			continue;
		while (i + run < 1UL << order && frame_id_clear_if(pfn + i + run, id))
			run++;
		stock_return(memcg_by_id(id), run);
	}
	rcu_read_unlock();
}

/* page_alloc_ops.move_charge: frame by frame, since each may be somebody else's. */
static void move_charge(struct page *from, struct page *to, unsigned int order)
{
	uncharge_page(to, order);
	rcu_read_lock();
	for (unsigned long i = 0; i < 1UL << order; i++) {
		u16 id = frame_id_clear(page_to_pfn(from) + i);

		if (id)
			commit(memcg_by_id(id), to + i, 1);
	}
	rcu_read_unlock();
}

static bool reclaim_down_to(struct mem_cgroup *memcg, unsigned long pages,
			    struct reclaim_tries *tried)
{
	int tries = MAX_RECLAIM_RETRIES;
	bool found;

	stock_drain_all(memcg);
	for (;;) {
		unsigned long usage = atomic_long_read(&memcg->usage);

		if (usage <= pages)
			return true;
		if (tries <= 0 || signal_pending(current))
			return false;
		if (!memcg_try_reclaim(memcg, usage - pages, GFP_KERNEL, &found, tried))
			tries = after_failure(tries, found);
	}
}

bool memcg_reclaim_down_to(struct mem_cgroup *memcg, unsigned long pages)
{
	return reclaim_down_to(memcg, pages, NULL);
}

int memcg_reclaim_pages(struct mem_cgroup *memcg, unsigned long pages)
{
	int tries = MAX_RECLAIM_RETRIES;
	unsigned long done = 0;

	while (done < pages) {
		unsigned long got;

		/* Nobody looks before: that would be no try. */
		if (memcg && time_before(jiffies, READ_ONCE(memcg->nothing_until)))
			schedule_timeout_interruptible(MEMCG_NOTHING_TICKS);
		if (signal_pending(current))
			return -EINTR;
		got = memcg ? memcg_reclaim(memcg, pages - done, GFP_KERNEL)
			    : memcg_reclaim_machine(pages - done);
		if (!got && !tries--)
			return -EAGAIN;
		done += got;
	}
	return 0;
}

void memcg_enforce_max(struct mem_cgroup *memcg)
{
	struct reclaim_tries tried = { 0 };

	while (!reclaim_down_to(memcg, READ_ONCE(memcg->max), &tried)) {
		if (signal_pending(current) || !memcg_out_of_memory(memcg, 0, GFP_KERNEL, &tried))
			return;
		tried = (struct reclaim_tries){ 0 };
	}
}

/* ---- life ---- */

static int start(void)
{
	if (by_id)
		return 0;
	if (frame_ids_init())
		return -ENOMEM;
	by_id = kvcalloc(NR_MEMCG_IDS, sizeof(*by_id), GFP_KERNEL);
	if (!by_id)
		return -ENOMEM;
	page_alloc_ops.charge = charge_page;
	page_alloc_ops.uncharge = uncharge_page;
	page_alloc_ops.move_charge = move_charge;
	memcg_bytes_start();
	memcg_swap_start();
	return 0;
}

/*
 * With the first group the page allocator goes the long way; with the end of the last one, long after it was removed perhaps, no frame
 * and no object has a number any more. => list_lock
 */
static void count_group(int by)
{
	static int nr_groups;

	nr_groups += by;
	alloc_watched_set(ALLOC_WATCHED_MEMCG, nr_groups > 0);
	memcg_watch_nodes(nr_groups > 0);
}

void memcg_enlist(struct mem_cgroup *memcg)
{
	unsigned long flags;

	spin_lock_irqsave(&list_lock, flags);
	list_add_tail_rcu(&memcg->node, &all_memcgs);
	count_group(1);
	spin_unlock_irqrestore(&list_lock, flags);
}

static u16 free_id(void)
{
	for (u32 id = 1; id < NR_MEMCG_IDS; id++)
		if (!by_id[id])
			return (u16)id;
	return 0;
}

struct mem_cgroup *memcg_create(struct mem_cgroup *parent, void *owner)
{
	struct mem_cgroup *memcg;

	if (start())
		return ERR_PTR(-ENOMEM);
	memcg = kzalloc(struct_size(memcg, nodeinfo, nr_node_ids), GFP_KERNEL_ACCOUNT);
	if (!memcg)
		return ERR_PTR(-ENOMEM);
	memcg->id = free_id();
	if (!memcg->id) {
		kfree(memcg);
		return ERR_PTR(-ENOSPC);
	}
	atomic_long_set(&memcg->refs, 1);
	memcg->parent = parent ? memcg_get(parent) : NULL;
	memcg->owner = owner;
	memcg->max = memcg->high = memcg->swap_max = memcg->swap_high = MEMCG_NO_LIMIT;
	memcg->zswap_max = MEMCG_NO_LIMIT;
	memcg->nothing_until = jiffies;
	memcg_lruvec_init(memcg);
	if (memcg_policy_inherit(memcg)) {
		memcg_policy_free(memcg);
		memcg_put(memcg->parent);
		kfree(memcg);
		return ERR_PTR(-ENOMEM);
	}
	WRITE_ONCE(by_id[memcg->id], memcg);
	return memcg;
}

void memcg_offline(struct mem_cgroup *memcg)
{
	struct mem_cgroup *parent = memcg->parent;

	WRITE_ONCE(memcg->dead, true);
	memcg_policy_leave(memcg);
	synchronize_rcu_expedited(); /* who writes numbers of frames, or has a stock, has seen it */
	stock_drain_all(memcg);
	atomic_long_sub((long)frame_ids_move(memcg->id, parent ? parent->id : 0), &memcg->usage);
	swap_owners_move(memcg->id, parent ? parent->id : 0);
	memcg_put(memcg);
}

/* A grace period after the last reference nobody looks for the number. */
static void free_memcg(struct rcu_head *head)
{
	struct mem_cgroup *memcg = container_of(head, struct mem_cgroup, rcu);

	WRITE_ONCE(by_id[memcg->id], NULL);
	memcg_policy_free(memcg);
	kfree(memcg);
}

static void delist(struct mem_cgroup *memcg)
{
	unsigned long flags;

	spin_lock_irqsave(&list_lock, flags);
	list_del_rcu(&memcg->node);
	count_group(-1);
	spin_unlock_irqrestore(&list_lock, flags);
}

void memcg_put_many(struct mem_cgroup *memcg, long nr)
{
	while (memcg && atomic_long_sub_and_test(nr, &memcg->refs)) {
		struct mem_cgroup *parent = memcg->parent;

		delist(memcg);
		call_rcu(&memcg->rcu, free_memcg);
		memcg = parent;
		nr = 1;
	}
}

void memcg_put(struct mem_cgroup *memcg)
{
	memcg_put_many(memcg, 1);
}
