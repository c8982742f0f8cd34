// SPDX-License-Identifier: MIT
/*
 * The paths of mm/ without locks under the deterministic scheduler: VMA look-up against every kind of change, page-cache
 * look-up against removal, folio_try_get() against the last reference, slab and per-CPU page lists against frees from
 * other CPUs and draining, the head of a page that is being freed, the last holder of a swap slot against who keeps its page,
 * who takes one against who switches the device off. RUNS=0 in the environment tries all interleavings with two
 * preemptions. rooms: mm
 */
#include <base/err.h>
#include <base/string.h>
#include <fs/file.h>
#include <kernel/task.h>
#include <linux/mman.h>
#include <mm/filemap.h>
#include <mm/folio.h>
#include <mm/frontswap.h>
#include <mm/gfp.h>
#include <mm/mmap.h>
#include <mm/shmem.h>
#include <mm/slab.h>
#include <mm/vma_tree.h>
#include <mm/zone.h>
#include <sync/rcu.h>
#include <host/balance.h>
#include <host/mmu.h>
#include <host/syscalls.h>
#include <host/test.h>
#include "../../mm/swap/swap_internal.h"

static void explore(const char *what, struct host_scenario s)
{
	s.preemptions = 2;
	s.runs = os_env("RUNS", 400);
	host_explore_widely(what, s, 300);
}

/* ---- VMAs ---- */

#define BASE	 0x10000000UL
#define at(page) (BASE + (unsigned long)(page)*PAGE_SIZE)
#define RW	 (PROT_READ | PROT_WRITE)
#define FIXED	 (MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED)

static struct mm_struct *mm;
static int change;
static long hits, misses;

/* The right VMA or none, and while we hold its lock it stays as it is. */
static void look_up(void *arg)
{
	/* So often that the later ones come after most changes. */
	for (int i = 0; i < 8; i++) {
		unsigned long addr = at(4 + 3 * (i % 2)), start, end, flags;
		struct vm_area_struct *vma = lock_vma_under_rcu(mm, addr);

		if (!vma) {
			misses++;
			continue;
		}
		hits++;
		start = vma->vm_start;
		end = vma->vm_end;
		flags = vma->vm_flags;
		SCENARIO_CHECK(addr >= start && addr < end && vma->vm_mm == mm);
		host_point();
		host_point();
		SCENARIO_CHECK(vma->vm_start == start && vma->vm_end == end &&
			       vma->vm_flags == flags);
		SCENARIO_CHECK(vma_is_attached(vma));
		vma_end_read(vma);
	}
}

static const char *const changes[] = { "unmap a page", "protect and back", "unmap all, map",
				       "map over",     "move away",	   "unmap the head" };

static void change_layout(void *arg)
{
	host_use_mm(mm);
	switch (change) {
	case 0:
		sys_munmap(at(4), PAGE_SIZE);
		break;
	case 1:
		sys_mprotect(at(2), 4 * PAGE_SIZE, PROT_READ);
		sys_mprotect(at(2), 4 * PAGE_SIZE, RW);
		break;
	case 2:
		sys_munmap(at(0), 12 * PAGE_SIZE);
		sys_mmap(at(3), 4 * PAGE_SIZE, RW, FIXED, -1, 0);
		break;
	case 3:
		sys_mmap(at(4), PAGE_SIZE, PROT_READ, FIXED, -1, 0);
		break;
	case 4:
		sys_mremap(at(4), 4 * PAGE_SIZE, 8 * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
			   at(256));
		break;
	case 5:
		sys_munmap(at(0), 5 * PAGE_SIZE);
		sys_mmap(at(2), 3 * PAGE_SIZE, RW, FIXED, -1, 0);
		break;
	}
}

/* One leaf of the tree, or as many VMAs as make a leaf split. */
static void setup_layout(void *arg)
{
	struct rlimit stack = { 8UL << 20, RLIM_INFINITY };

	mm = mm_alloc();
	arch_pick_mmap_layout(mm, &stack);
	host_use_mm(mm);
	sys_mmap(at(0), 12 * PAGE_SIZE, RW, FIXED, -1, 0);
	for (int i = 0; i < (change & 1 ? 3 : 14); i++)
		sys_mmap(at(20 + 2 * i), PAGE_SIZE, PROT_READ, FIXED, -1, 0);
	host_use_mm(NULL);
}

static void check_layout(void *arg)
{
	vma_tree_check(mm);
	host_mmu_idle();
	mmput(mm);
}

TEST(vma_look_up_against_changes)
{
	for (change = 0; change < (int)ARRAY_SIZE(changes); change++) {
		hits = misses = 0;
		explore(changes[change], (struct host_scenario){ .setup = setup_layout,
								 .fn = { look_up, change_layout },
								 .n = 2,
								 .check = check_layout });
		host_note("  %ld found, %ld not", hits, misses);
		CHECK(hits && (misses || change == 1));
	}
}

/* ---- the page cache ---- */

static struct file *file;
static struct inode *inode;

static void setup_cache(void *arg)
{
	for (pgoff_t index = 0; index < 2; index++) {
		struct folio *folio;

		CHECK_EQ(shmem_get_folio(inode, index, &folio, SGP_CACHE), 0);
		folio_unlock(folio);
		folio_put(folio);
	}
}

static void find_folios(void *arg)
{
	for (pgoff_t index = 0; index < 2; index++) {
		struct folio *folio = filemap_get_entry(inode->i_mapping, index);

		if (!folio) {
			misses++;
			continue;
		}
		hits++;
		SCENARIO_CHECK(folio->index == index && folio_ref_count(folio) >= 1);
		host_point();
		SCENARIO_CHECK(folio->index == index && folio_ref_count(folio) >= 1);
		folio_put(folio);
	}
}

static void remove_folios(void *arg)
{
	shmem_truncate_range(inode, 0, 2 * PAGE_SIZE - 1);
}

static void remove_and_add(void *arg)
{
	struct folio *folio;

	shmem_truncate_range(inode, 0, PAGE_SIZE - 1);
	if (!shmem_get_folio(inode, 0, &folio, SGP_CACHE)) {
		folio_unlock(folio);
		folio_put(folio);
	}
}

static void check_cache(void *arg)
{
	mapping_check(inode->i_mapping);
	shmem_truncate_range(inode, 0, -1);
	SCENARIO_CHECK(inode->i_mapping->nrpages == 0);
}

TEST(cache_look_up_against_removal)
{
	struct host_balance before;

	file = shmem_file_setup("explore", 8 * PAGE_SIZE, 0);
	CHECK(!IS_ERR(file));
	inode = file_inode(file);
	setup_cache(NULL);
	check_cache(NULL);
	before = host_balance();
	hits = misses = 0;
	explore("removal", (struct host_scenario){ .setup = setup_cache,
						   .fn = { find_folios, remove_folios },
						   .n = 2,
						   .check = check_cache });
	explore("removal and new",
		(struct host_scenario){ .setup = setup_cache,
					.fn = { find_folios, remove_and_add, find_folios },
					.n = 3,
					.check = check_cache });
	CHECK(hits && misses);
	host_balance_check(&before);
	fput(file);
	host_return_to_user();
}

/* ---- references ---- */

static struct folio *single;
static bool got;

static void setup_folio(void *arg)
{
	single = folio_alloc(GFP_KERNEL, 0);
	got = false;
}

static void try_get(void *arg)
{
	rcu_read_lock();
	got = folio_try_get(single);
	rcu_read_unlock();
	if (got) {
		SCENARIO_CHECK(folio_ref_count(single) >= 1);
		folio_put(single);
	}
}

static void put_last(void *arg)
{
	folio_put(single);
}

static void check_folio(void *arg)
{
	SCENARIO_CHECK(folio_ref_count(single) == 0);
}

TEST(folio_try_get_against_the_last_put)
{
	struct host_balance before = host_balance();

	explore("try_get", (struct host_scenario){ .setup = setup_folio,
						   .fn = { try_get, put_last, try_get },
						   .n = 3,
						   .check = check_folio });
	host_balance_check(&before);
}

/* ---- slab and per-CPU lists ---- */

static struct kmem_cache *cache;
static void *objects[4];

static void setup_objects(void *arg)
{
	for (int i = 0; i < 2; i++)
		objects[i] = kmem_cache_alloc(cache, GFP_KERNEL);
	objects[2] = objects[3] = NULL;
}

static void exchange(int old, int new)
{
	kmem_cache_free(cache, objects[old]);
	objects[new] = kmem_cache_alloc(cache, GFP_ATOMIC);
	SCENARIO_CHECK(objects[new]);
}

static void exchange_0(void *arg)
{
	exchange(0, 2);
}

static void exchange_1(void *arg)
{
	exchange(1, 3);
}

static void shrink(void *arg)
{
	kmem_cache_shrink(cache);
}

static void check_objects(void *arg)
{
	kmem_cache_check(cache);
	SCENARIO_CHECK(objects[2] != objects[3]);
	kmem_cache_free(cache, objects[2]);
	kmem_cache_free(cache, objects[3]);
}

TEST(slab_arrays_of_several_cpus)
{
	cache = kmem_cache_create("explored", 512, 0, SLAB_NO_MERGE, NULL);
	CHECK(cache);
	explore("free and allocate, twice",
		(struct host_scenario){ .setup = setup_objects,
					.fn = { exchange_0, exchange_1 },
					.n = 2,
					.check = check_objects });
	explore("and shrink", (struct host_scenario){ .setup = setup_objects,
						      .fn = { exchange_0, exchange_1, shrink },
						      .n = 3,
						      .check = check_objects });
	kmem_cache_destroy(cache);
}

static struct page *pages[3];

static void setup_pages(void *arg)
{
	for (int i = 0; i < 2; i++)
		pages[i] = alloc_pages(GFP_KERNEL, i);
}

static void exchange_page(int i)
{
	__free_pages(pages[i], i);
	pages[i] = alloc_pages(GFP_ATOMIC, i);
	SCENARIO_CHECK(pages[i]);
}

static void exchange_page_0(void *arg)
{
	exchange_page(0);
}

static void exchange_page_1(void *arg)
{
	exchange_page(1);
}

static void drain(void *arg)
{
	drain_all_pages(NULL);
}

static void check_pages(void *arg)
{
	SCENARIO_CHECK(pages[0] != pages[1] && pages[0] != pages[1] + 1);
	for (int i = 0; i < 2; i++)
		__free_pages(pages[i], i);
	buddy_check();
}

TEST(page_lists_of_several_cpus)
{
	explore("free, allocate, drain",
		(struct host_scenario){ .setup = setup_pages,
					.fn = { exchange_page_0, exchange_page_1, drain },
					.n = 3,
					.check = check_pages });
}

/* ---- slots of swap ---- */

static struct swap_info_struct *device;
static unsigned long slot;
static bool kept;

static bool forget(swp_entry_t entry)
{
	bool had = kept;

	kept = false;
	return had;
}

static const struct frontswap_ops keeper = { .invalidate_page = forget };

/* One holder, no folio, nobody who keeps pages. */
static void setup_slot(void *arg)
{
	frontswap_ops = NULL;
	kept = false;
	slot = swap_slot_alloc(device, 7);
	swap_slot_dup(device, slot);
	swap_slot_clear_pfn(device, slot);
}

static void put_slot(void *arg)
{
	swap_slot_put(device, slot);
}

/* The page is read in and written again, to one who has come meanwhile: the word of the slot is what it was. */
static void keep_page(void *arg)
{
	if (swap_slot_set_pfn(device, slot, 7))
		return;
	frontswap_register(&keeper);
	kept = true;
	swap_slot_clear_pfn(device, slot);
}

static void check_slot(void *arg)
{
	SCENARIO_CHECK(!kept);
	SCENARIO_CHECK(!*swap_slot(device, slot));
	swap_slots_check(device);
}

TEST(the_last_holder_of_a_slot_against_who_keeps_its_page)
{
	device = swap_device_alloc(64, NULL, 0);
	CHECK(!IS_ERR(device));
	explore("put and keep", (struct host_scenario){ .setup = setup_slot,
							.fn = { put_slot, keep_page },
							.n = 2,
							.check = check_slot });
	frontswap_ops = NULL;
	swap_device_free(device);
}

/* ---- the head of a page that nobody holds ---- */

static struct page *compound;

static void setup_compound(void *arg)
{
	compound = alloc_pages(GFP_KERNEL | __GFP_COMP, 1);
}

static void free_compound(void *arg)
{
	__free_pages(compound, 1);
}

/* Who walks over frames holds none of them. */
static void look_at_tail(void *arg)
{
	for (int i = 0; i < 3; i++) {
		struct page *head = compound_head(compound + 1);

		SCENARIO_CHECK(head == compound || head == compound + 1);
	}
}

TEST(the_head_of_a_page_that_nobody_holds)
{
	explore("free and look", (struct host_scenario){ .setup = setup_compound,
							 .fn = { free_compound, look_at_tail },
							 .n = 2 });
}

/* ---- who takes a slot ---- */

static struct folio *candidate;
static bool switched_off;

static void setup_device(void *arg)
{
	device = swap_device_alloc(64, NULL, 0);
	swap_device_enable(device, -1);
	candidate = folio_alloc(GFP_KERNEL, 0);
	switched_off = false;
}

static void take_slot(void *arg)
{
	swp_entry_t entry = get_swap_page(folio_pfn(candidate));

	if (!entry.val)
		return;
	host_point();
	SCENARIO_CHECK(!switched_off);
	swap_slot_clear_pfn(device, swp_offset(entry));
}

static void switch_device_off(void *arg)
{
	/* It gives up where it would look again and again. */
	set_tsk_thread_flag(current, TIF_SIGPENDING);
	swap_device_withdraw(device);
	switched_off = !swap_device_disable(device);
}

static void check_device(void *arg)
{
	if (!switched_off) {
		swap_device_withdraw(device);
		SCENARIO_CHECK(!swap_device_disable(device));
	}
	swap_slots_check(device);
	swap_device_free(device);
	folio_put(candidate);
}

TEST(who_takes_a_slot_against_who_switches_its_device_off)
{
	explore("take and switch off",
		(struct host_scenario){ .setup = setup_device,
					.fn = { take_slot, switch_device_off },
					.n = 2,
					.check = check_device });
}
