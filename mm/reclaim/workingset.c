// SPDX-License-Identifier: MIT
/*
 * Refaults: was it a mistake to evict this page?
 *
 * 1 The idea is Linux's (mm/workingset.c), for files since 3.15. Time is counted in evictions and activations of a node (nonresident_age). A
 *   page that comes back d ticks after its eviction would have stayed if the inactive class had been d pages larger, at the
 *   active class's cost. So when d is at most the number of active pages (and of the other kind's pages, when those can be
 *   evicted, too), the page belongs to the working set: it becomes active at once, and competes with what is there.
 *
 * 2 Where the time of an eviction is kept. Linux leaves it in the page cache's tree, where the page was, and needs a
 *   shrinker for trees that hold nothing else, and care at each walk. Here it stands in one table, by a hash of device, inode
 *   number and offset, or of the slot of swap:
 *
 *	bucket of 8 words (a cache line)   word: hash, 29 bits | of the policy, 2 bits | workingset, 1 bit | time, 32 bits
 *
 *   An eviction overwrites the oldest word of its bucket. There are half as many words as pages; a distance beyond the
 *   size of memory means nothing anyhow. What this gives besides: memory is bounded, files of nothing but history keep no
 *   tree, and a file is remembered although its inode was dropped meanwhile. What it costs: with a chance of 2^-26 a
 *   look-up finds another page's time (it is activated by mistake, no more); a hash bucket can be unlucky and forget early.
 *
 * 3 The table comes with the first reclaim (workingset_start), 4 bytes a page of memory; until then, or without memory for it, no
 *   refault is seen.
 *
 * 4 Locks: a bucket is read and written word by word, without a lock; a lost update is a forgotten eviction.
 *
 * Observe: workingset_refault_*, workingset_activate_*, workingset_restore_* in /proc/vmstat; /proc/mm/reclaim.
 */
#include <base/hash.h>
#include <base/math.h>
#include <fs/inode.h>
#include <fs/super.h>
#include <mm/address_space.h>
#include <mm/folio.h>
#include <mm/reclaim.h>
#include <mm/slab.h>
#include <mm/swap.h>
#include <mm/vmstat.h>
#include <mm/zone.h>
#include <sync/rcu.h>

#define BUCKET_WORDS 8
#define TAG_BITS     29

struct bucket {
	u64 word[BUCKET_WORDS];
};

static struct bucket *table; /* NULL until workingset_start() */
static unsigned int bucket_bits;

void workingset_start(void)
{
	static bool started;
	unsigned int bits;
	struct bucket *t;

	if (likely(READ_ONCE(started)) || __atomic_exchange_n(&started, true, __ATOMIC_RELAXED))
		return;
	bits = order_base_2(max(totalram_pages() / 2 / BUCKET_WORDS, 64UL));
	t = kvzalloc(sizeof(*t) << bits, GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY);
	if (!t)
		return;
	bucket_bits = bits;
	smp_store_release(&table, t);
}

static u64 page_hash(const struct address_space *mapping, unsigned long index)
{
	const struct inode *inode = mapping->host;
	u64 key = (u64)inode->i_sb->s_dev << 40 ^ inode->i_ino;

	return hash_mix(hash_mix(key) + index);
}

/* A slot is its own name: no file has these numbers. */
static u64 swap_hash(swp_entry_t entry)
{
	return hash_mix(hash_mix(~0ULL) + swp_to_private(entry));
}

static struct bucket *bucket_of(struct bucket *t, u64 hash)
{
	return t + (hash >> (64 - bucket_bits));
}

/* A word without its time; never 0 as a whole but with a chance that does not matter. */
static u64 tag_of(u64 hash)
{
	return hash << (64 - TAG_BITS);
}
#define TAG_MASK       (~0ULL << (64 - TAG_BITS))
#define WORKINGSET_BIT (1ULL << 32)
#define POLICY_SHIFT   33
#define POLICY_MASK    3ULL

static u32 age(struct lruvec *lruvec, long nr)
{
	return atomic_long_add_return(nr, &lruvec->nonresident_age);
}

/* A time of one clock means nothing to another: pages that a group evicted are known by other names. */
static u64 clock_of(const struct lruvec *lruvec)
{
	return lruvec_is_node(lruvec) ? 0 : (uintptr_t)lruvec >> 6 & 0xffff;
}

/* Groups reclaim classically. */
static const struct reclaim_ops *ops_of(const struct lruvec *lruvec)
{
	return lruvec_is_node(lruvec) ? READ_ONCE(reclaim_ops) : &classic_reclaim_ops;
}

/* @folio, of which @hash is the name, is evicted. */
static void remember(struct folio *folio, u64 hash)
{
	struct bucket *t = smp_load_acquire(&table), *b;
	u64 tag, memory = 0;
	const struct reclaim_ops *ops;
	struct lruvec *lruvec;
	u32 now, oldest = 0;
	unsigned int slot = 0;

	rcu_read_lock();
	lruvec = folio_lruvec(folio);
	hash ^= clock_of(lruvec);
	now = age(lruvec, folio_nr_pages(folio));
	ops = ops_of(lruvec);
	rcu_read_unlock();
	if (ops->evicted)
		memory = ops->evicted(folio);

	if (!t)
		return;
	tag = tag_of(hash);
	b = bucket_of(t, hash);
	for (unsigned int i = 0; i < BUCKET_WORDS; i++) {
		u64 w = READ_ONCE(b->word[i]);
		u32 since = w ? now - (u32)w : ~0u;

		if (w && (w & TAG_MASK) == tag)
			since = ~0u; /* an older eviction of this page */
		if (since >= oldest) {
			oldest = since;
			slot = i;
		}
	}
	WRITE_ONCE(b->word[slot], tag | memory << POLICY_SHIFT |
					  (folio_test_workingset(folio) ? WORKINGSET_BIT : 0) |
					  now);
}

void workingset_eviction(struct folio *folio, struct address_space *mapping)
{
	remember(folio, page_hash(mapping, folio->index));
}

void workingset_eviction_swap(struct folio *folio, swp_entry_t entry)
{
	remember(folio, swap_hash(entry));
}

/* Take the word of the page out of the table; 0: there is none. */
static u64 recall(u64 hash)
{
	struct bucket *t = smp_load_acquire(&table), *b;

	if (!t)
		return 0;
	b = bucket_of(t, hash);
	for (unsigned int i = 0; i < BUCKET_WORDS; i++) {
		u64 w = READ_ONCE(b->word[i]);

		if (w && (w & TAG_MASK) == tag_of(hash)) {
			WRITE_ONCE(b->word[i], 0);
			return w;
		}
	}
	return 0;
}

/* How far back may an eviction lie that was a mistake? */
static unsigned long workingset_size(struct lruvec *lruvec, bool file)
{
	const int all = MAX_NR_ZONES - 1;
	unsigned long size = lruvec_lru_size(lruvec, LRU_ACTIVE_FILE, all);
	const struct scan_control sc = { .may_swap = true };

	if (!file)
		size += lruvec_lru_size(lruvec, LRU_INACTIVE_FILE, all);
	if (can_reclaim_anon_pages(&sc)) {
		size += lruvec_lru_size(lruvec, LRU_ACTIVE_ANON, all);
		if (file)
			size += lruvec_lru_size(lruvec, LRU_INACTIVE_ANON, all);
	}
	return size;
}

/* @folio was evicted when @word was written. => RCU */
static void judge_refault(struct lruvec *lruvec, struct folio *folio, u64 word)
{
	const struct reclaim_ops *ops = ops_of(lruvec);
	bool file = folio_is_file_lru(folio);
	long nr = folio_nr_pages(folio);
	u32 distance = (u32)age(lruvec, 0) - (u32)word;

	node_stat_mod_folio(folio, WORKINGSET_REFAULT_ANON + file, nr);
	if (ops->refault) {
		ops->refault(folio, word >> POLICY_SHIFT & POLICY_MASK, distance);
		return;
	}
	if (distance > workingset_size(lruvec, file))
		return;
	folio_set_active(folio);
	age(lruvec, nr);
	atomic_long_add(nr, &lruvec->refaults[file]);
	node_stat_mod_folio(folio, WORKINGSET_ACTIVATE_ANON + file, nr);
	if (!(word & WORKINGSET_BIT))
		return;
	/* It was active before it was evicted: the kind suffers. */
	folio_set_workingset(folio);
	lru_note_cost(lruvec, file, nr);
	node_stat_mod_folio(folio, WORKINGSET_RESTORE_ANON + file, nr);
}

/* @folio, of which @hash is the name, comes (back). */
static void refault(struct folio *folio, u64 hash)
{
	struct lruvec *lruvec;
	u64 word;

	rcu_read_lock();
	lruvec = folio_lruvec(folio);
	word = recall(hash ^ clock_of(lruvec));
	if (word)
		judge_refault(lruvec, folio, word);
	rcu_read_unlock();
}

void workingset_refault(struct folio *folio, struct address_space *mapping, unsigned long index)
{
	refault(folio, page_hash(mapping, index));
}

void workingset_refault_swap(struct folio *folio, swp_entry_t entry)
{
	refault(folio, swap_hash(entry));
}

void workingset_activation(struct folio *folio)
{
	rcu_read_lock();
	age(folio_lruvec(folio), folio_nr_pages(folio));
	rcu_read_unlock();
}

void lru_note_cost(struct lruvec *lruvec, bool file, unsigned long nr)
{
	const int all = MAX_NR_ZONES - 1;
	unsigned long size = 0;

	for (int lru = 0; lru < NR_EVICTABLE_LISTS; lru++)
		size += lruvec_lru_size(lruvec, lru, all);
	spin_lock(&lruvec->lru_lock);
	*(file ? &lruvec->file_cost : &lruvec->anon_cost) += nr;
	/* What happened a quarter of the pages ago counts half. */
	if (lruvec->file_cost + lruvec->anon_cost > size / 4) {
		lruvec->file_cost /= 2;
		lruvec->anon_cost /= 2;
	}
	spin_unlock(&lruvec->lru_lock);
}
