// SPDX-License-Identifier: MIT
/*
 * Generations of pages, by their numbers.
 *
 * 1 Every page that can be evicted belongs to a generation: the pages that were used between two looks at all of them. Numbers grow;
 *   of either kind [min_seq, max_seq] exist, at most MAX_NR_GENS. A node has its generations, and so has each control group with this
 *   policy; a page is in those of its lruvec (folio_lruvec).
 *
 *	max_seq		born since the last look, or found used after it
 *	max_seq - 1	used between the last two looks
 *	...
 *	min_seq		what goes first (mm/reclaim/generational.c)
 *
 * 2 Where the number stands. Linux has it in page->flags and a list per generation, kind and zone, and so pays at each birth and death of a
 *   page. Here it is a byte per frame, in an array that is allocated when the policy is first chosen:
 *
 *	0	no stamp: a new page. Of a file: as old as the oldest (it was read, perhaps ahead, and has to show that it is needed);
 *		anonymous: as young as the youngest, unless it came from swap ahead of need
 *	1 + seq % MAX_NR_GENS
 *
 *   A fault, a read, an exit do not know of it: a page is stamped by who looks at it. A frame that changes hands outside of reclaim
 *   keeps its byte, and the new page is taken for old or young by mistake until the next look; when it is mapped its accessed
 *   bit corrects that before it is evicted. One that becomes a group's, or its parent's, loses it.
 *
 * 3 A look (lru_gen_age):
 *
 *	walk	the page tables of all processes (of those in the group): every page of the lruvec with an accessed bit is stamped
 *		max_seq, and loses the bit. This costs a few instructions an entry where the reverse map takes hundreds; who
 *		is busy with mmap() is left out, and what was missed is found by the reverse map before eviction
 *	sweep	all frames of the lruvec: new anonymous pages get max_seq as their stamp; if the ring is full the oldest generation joins the next
 *		one; sizes are counted
 *	max_seq + 1
 *
 * 4 Sizes are those of the last sweep, and what reclaim has moved and evicted since: the oldest generation becomes small as it is
 *   used up, by which the next look is timed. Otherwise anonymous pages were added to the youngest generation, file pages to the oldest
 *   alone, so that these follow from the sizes of all (mm/reclaim/generational.c).
 *
 * 5 Locks: the numbers change under lru_lock of the lruvec; one task ages it at a time. Stamps are bytes without a lock; a lost
 *   one is a page that is judged by its accessed bit. The walk tries mmap_lock, and takes the lock of each page table.
 *
 * Not here: Linux's Bloom filter of tables worth a walk, and its look at the neighbours of a page that the reverse map found used.
 * Linux 6.1: mm/vmscan.c (try_to_inc_max_seq, walk_mm), Documentation/admin-guide/mm/multigen_lru.rst. Observe:
 * /sys/kernel/debug/lru_gen.
 */
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <kernel/sched.h>
#include <kernel/timer.h>
#include <mm/filemap.h>
#include <mm/folio.h>
#include <mm/lru.h>
#include <mm/lru_gen.h>
#include <mm/mm_struct.h>
#include <mm/page_flags.h>
#include <mm/page_idle.h>
#include <mm/pgalloc.h>
#include <mm/slab.h>
#include <mm/vma.h>
#include <mm/zone.h>

unsigned int lru_gen_caps = LRU_GEN_MM_WALK;
unsigned int lru_gen_min_ttl_ms;

static u8 *stamps; /* by frame; NULL until the first lru_gen_start() */
static unsigned long nr_stamps;

/* ---- stamps ---- */

static __no_sanitize_race void set_stamp(unsigned long pfn, unsigned long seq)
{
	if (pfn < nr_stamps)
		WRITE_ONCE(stamps[pfn], 1 + lru_gen_slot(seq));
}

__no_sanitize_race void lru_gen_unstamp(unsigned long pfn)
{
	if (pfn < nr_stamps)
		WRITE_ONCE(stamps[pfn], 0);
}

static int type_of(u32 flags)
{
	return flags >> PG_swapbacked & 1 ? LRU_GEN_ANON : LRU_GEN_FILE;
}

__no_sanitize_race unsigned long lru_gen_seq(const struct lru_gen *gen, unsigned long pfn,
					     u32 flags)
{
	unsigned int stamp = pfn < nr_stamps ? READ_ONCE(stamps[pfn]) : 0;
	int type = type_of(flags);
	unsigned long max = READ_ONCE(gen->max_seq), min = READ_ONCE(gen->min_seq[type]);

	if (!stamp)
		return type == LRU_GEN_ANON && !(flags >> PG_swap_only & 1) ? max : min;
	/* One that changed its kind may have a number that its new kind has no more. */
	return max(max - (max - (stamp - 1)) % MAX_NR_GENS, min);
}

/* ---- sizes ---- */

static atomic_long_t *size_of(struct lru_gen *gen, unsigned long seq, int type)
{
	return &gen->size[lru_gen_slot(seq)][type];
}

static void leave(struct lru_gen *gen, const struct folio *folio)
{
	u32 flags = READ_ONCE(folio->flags);

	atomic_long_sub(folio_nr_pages(folio),
			size_of(gen, lru_gen_seq(gen, folio_pfn(folio), flags), type_of(flags)));
}

void lru_gen_move(struct lru_gen *gen, struct folio *folio, unsigned long seq)
{
	leave(gen, folio);
	atomic_long_add(folio_nr_pages(folio), size_of(gen, seq, type_of(READ_ONCE(folio->flags))));
	set_stamp(folio_pfn(folio), seq);
}

void lru_gen_remove(struct lru_gen *gen, struct folio *folio)
{
	leave(gen, folio);
	lru_gen_unstamp(folio_pfn(folio));
}

/* ---- the walk of page tables ---- */

static bool is_aged_with(struct folio *folio, const struct lruvec *lruvec)
{
	bool ret;

	rcu_read_lock();
	ret = folio_lruvec(folio) == lruvec;
	rcu_read_unlock();
	return ret;
}

static void stamp_table(const struct lruvec *lruvec, struct vm_area_struct *vma, pmd_t *pmd,
			unsigned long addr, unsigned long end)
{
	spinlock_t *ptl;
	pte_t *pte = pte_offset_map_lock(vma->vm_mm, pmd, addr, &ptl);

	if (!pte)
		return;
	for (unsigned long a = addr; a < end; a += PAGE_SIZE, pte++) {
		pte_t val = ptep_get(pte);
		struct folio *folio;

		if (!pte_present(val) || !pte_young(val) || pte_special(val))
			continue;
		folio = page_folio(pte_page(val));
		if (!is_aged_with(folio, lruvec) || !ptep_test_and_clear_young(vma, a, pte))
			continue;
		folio_clear_idle(folio);
		set_stamp(folio_pfn(folio), READ_ONCE(lruvec->gen->max_seq));
	}
	pte_unmap_unlock(pte, ptl);
}

static void stamp_vma(const struct lruvec *lruvec, struct vm_area_struct *vma)
{
	const unsigned long uninteresting = VM_LOCKED | VM_PFNMAP | VM_SEQ_READ | VM_RAND_READ;

	if (vma->vm_flags & uninteresting)
		return;
	for (unsigned long addr = vma->vm_start, next; addr < vma->vm_end; addr = next) {
		pmd_t *pmd;

		next = pmd_addr_end(addr, vma->vm_end);
		if (pte_find(vma->vm_mm, addr, &pmd))
			stamp_table(lruvec, vma, pmd, addr, next);
		cond_resched();
	}
}

/* We may be deep in an allocation: an address space whose last user we are ends elsewhere. */
static void stamp_mm(const struct lruvec *lruvec, struct mm_struct *mm)
{
	if (!get_mm_rss(mm) || !mmap_read_trylock(mm))
		return;
	for (struct vm_area_struct *vma = mm->mmap; vma; vma = vma->vm_next)
		stamp_vma(lruvec, vma);
	mmap_read_unlock(mm);
}

static void stamp_used(struct lruvec *lruvec)
{
	struct mm_struct *mm = NULL;
	int cursor = 0;

	if (lruvec_is_node(lruvec)) {
		while ((mm = mmlist_next(mm, mmput_async)) != NULL)
			stamp_mm(lruvec, mm);
		return;
	}
	while ((mm = lruvec->ops->next_mm(lruvec, &cursor)) != NULL) {
		stamp_mm(lruvec, mm);
		mmput_async(mm);
	}
}

/* ---- the sweep of frames ---- */

enum sweep { SWEEP_FILL, SWEEP_AGE, SWEEP_COUNT };

/* The stamp of a page that can be evicted, which has @stamp (0: none), after @what. */
static u8 new_stamp(const struct lru_gen *gen, enum sweep what, int type, u8 stamp, u32 flags)
{
	bool active = flags >> PG_active & 1;
	unsigned long min = gen->min_seq[type], max = gen->max_seq;

	if (what == SWEEP_FILL)
		return 1 + lru_gen_slot(active ? max : min);
	if (what == SWEEP_COUNT)
		return stamp;
	if (!stamp && type == LRU_GEN_ANON && !(flags & 1u << PG_swap_only))
		return 1 + lru_gen_slot(max);
	if (stamp == 1 + lru_gen_slot(min) && max - min + 1 == MAX_NR_GENS)
		return 1 + lru_gen_slot(min + 1);
	return stamp;
}

/* Pages of the folio at @page, which may be freed and become another meanwhile. */
static unsigned long glance_nr(const struct page *page, u32 flags)
{
	if (likely(!(flags & 1u << PG_head)))
		return 1;
	return 1UL << min(compound_order(page), MAX_PAGECACHE_ORDER);
}

/* Frames from @pfn to the end of its pageblock, among descriptors of whatever there is. */
static __no_sanitize_race void sweep_block(struct lruvec *lruvec, unsigned long pfn,
					   unsigned long end, enum sweep what,
					   long size[MAX_NR_GENS][ANON_AND_FILE])
{
	const u32 mask = 1u << PG_lru | 1u << PG_unevictable | 1u << PG_tail |
			 ((1u << NODES_WIDTH) - 1) << NODES_PGSHIFT;
	const u32 want = 1u << PG_lru | (u32)lruvec->pgdat->node_id << NODES_PGSHIFT;
	const struct lruvec_ops *ops = READ_ONCE(lruvec->ops);
	const struct lru_gen *gen = lruvec->gen;

	for (;; pfn++) {
		struct page *page;
		int type;
		u32 flags;
		u8 stamp;

		if (ops)
			pfn = ops->next(lruvec, pfn, end, true);
		if (pfn >= end)
			break;
		page = pfn_to_page(pfn);
		flags = READ_ONCE(page->flags);
		type = type_of(flags);
		if ((flags & mask) != want) {
			if (stamps[pfn] && what != SWEEP_COUNT)
				WRITE_ONCE(stamps[pfn], 0);
			continue;
		}
		stamp = new_stamp(gen, what, type, READ_ONCE(stamps[pfn]), flags);
		if (stamp != stamps[pfn])
			WRITE_ONCE(stamps[pfn], stamp);
		size[lru_gen_slot(lru_gen_seq(gen, pfn, flags))][type] += glance_nr(page, flags);
	}
}

/* => aging is ours */
static void sweep(struct lruvec *lruvec, enum sweep what)
{
	const struct pglist_data *pgdat = lruvec->pgdat;
	unsigned long end = pgdat->node_start_pfn + pgdat->node_spanned_pages;
	long size[MAX_NR_GENS][ANON_AND_FILE] = { 0 };

	for (unsigned long pfn = round_down(pgdat->node_start_pfn, pageblock_nr_pages); pfn < end;
	     pfn += pageblock_nr_pages) {
		if (pfn_valid(pfn))
			sweep_block(lruvec, pfn, min(pfn + pageblock_nr_pages, nr_stamps), what,
				    size);
		cond_resched();
	}
	for (int slot = 0; slot < MAX_NR_GENS; slot++)
		for (int type = 0; type < ANON_AND_FILE; type++)
			atomic_long_set(&lruvec->gen->size[slot][type], size[slot][type]);
}

/* ---- numbers ---- */

static bool begin_aging(struct lru_gen *gen)
{
	return !__atomic_exchange_n(&gen->aging, 1, __ATOMIC_ACQUIRE);
}

static void end_aging(struct lru_gen *gen)
{
	__atomic_store_n(&gen->aging, 0, __ATOMIC_RELEASE);
}

/* What was counted for the oldest generation counts half from now on. => lru_lock held */
static void carry_over(struct lru_gen *gen, int type)
{
	for (int tier = 0; tier < MAX_NR_TIERS; tier++) {
		unsigned long refaulted = atomic_long_xchg(&gen->refaulted[type][tier], 0);
		unsigned long total = atomic_long_xchg(&gen->evicted[type][tier], 0) +
				      atomic_long_xchg(&gen->spared[type][tier], 0);

		WRITE_ONCE(gen->avg_refaulted[type][tier],
			   (gen->avg_refaulted[type][tier] + refaulted) / 2);
		WRITE_ONCE(gen->avg_total[type][tier], (gen->avg_total[type][tier] + total) / 2);
	}
}

/* => lru_lock held */
static bool retire_locked(struct lru_gen *gen, int type)
{
	unsigned long next = gen->min_seq[type] + 1;

	if (next + MIN_NR_GENS > gen->max_seq + 1)
		return false;
	/* What is older goes first, and files are not older than what is anonymous. */
	if (type == LRU_GEN_ANON && next > gen->min_seq[LRU_GEN_FILE])
		return false;
	carry_over(gen, type);
	WRITE_ONCE(gen->min_seq[type], next);
	return true;
}

bool lru_gen_retire(struct lruvec *lruvec, int type)
{
	bool done;

	spin_lock(&lruvec->lru_lock);
	done = retire_locked(lruvec->gen, type);
	spin_unlock(&lruvec->lru_lock);
	return done;
}

/* The sweep is over; those of the oldest have joined the next, if the ring was full. => aging is ours */
static void begin_generation(struct lruvec *lruvec)
{
	struct lru_gen *gen = lruvec->gen;
	unsigned int slot = lru_gen_slot(gen->max_seq + 1);

	spin_lock(&lruvec->lru_lock);
	for (int type = ANON_AND_FILE - 1; type >= 0; type--) {
		if (gen->max_seq - gen->min_seq[type] + 1 == MAX_NR_GENS) {
			carry_over(gen, type);
			/* what has no stamp was counted there */
			atomic_long_add(atomic_long_read(&gen->size[slot][type]),
					size_of(gen, gen->min_seq[type] + 1, type));
			WRITE_ONCE(gen->min_seq[type], gen->min_seq[type] + 1);
		}
		atomic_long_set(&gen->size[slot][type], 0);
	}
	gen->born[slot] = jiffies;
	WRITE_ONCE(gen->max_seq, gen->max_seq + 1);
	for (int type = ANON_AND_FILE - 1; type >= 0; type--)
		while (atomic_long_read(size_of(gen, gen->min_seq[type], type)) <= 0 &&
		       retire_locked(gen, type))
			;
	spin_unlock(&lruvec->lru_lock);
}

bool lru_gen_age(struct lruvec *lruvec)
{
	if (!begin_aging(lruvec->gen))
		return false;
	if (READ_ONCE(lru_gen_caps) & LRU_GEN_MM_WALK)
		stamp_used(lruvec);
	sweep(lruvec, SWEEP_AGE);
	begin_generation(lruvec);
	end_aging(lruvec->gen);
	return true;
}

static void wait_and_begin_aging(struct lru_gen *gen)
{
	while (!begin_aging(gen))
		schedule_timeout_killable(1);
}

void lru_gen_recount(struct lruvec *lruvec)
{
	wait_and_begin_aging(lruvec->gen);
	sweep(lruvec, SWEEP_COUNT);
	end_aging(lruvec->gen);
}

/* => aging is ours */
static void restart(struct lruvec *lruvec)
{
	struct lru_gen *gen = lruvec->gen;

	memset(gen, 0, offsetof(struct lru_gen, aging));
	gen->max_seq = MAX_NR_GENS - 1;
	for (int i = 0; i < MAX_NR_GENS; i++)
		gen->born[i] = jiffies;
	if (lruvec->pgdat) /* a group may be older than a node */
		sweep(lruvec, SWEEP_FILL);
}

static int make_stamps(void)
{
	u8 *array;

	if (stamps)
		return 0;
	array = kvzalloc(max_pfn, GFP_KERNEL);
	if (!array)
		return -ENOMEM;
	smp_store_release(&stamps, array);
	smp_store_release(&nr_stamps, max_pfn);
	return 0;
}

int lru_gen_start(struct lruvec *lruvec)
{
	if (make_stamps())
		return -ENOMEM;
	if (!lruvec->gen)
		lruvec->gen = kzalloc(sizeof(*lruvec->gen), GFP_KERNEL);
	if (!lruvec->gen)
		return -ENOMEM;
	wait_and_begin_aging(lruvec->gen);
	restart(lruvec);
	end_aging(lruvec->gen);
	return 0;
}
