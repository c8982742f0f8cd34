// SPDX-License-Identifier: MIT
/*
 * /dev/mmtest, noun mirror: a device with page tables of its own that shows memory of a program, as HMM does, in the small.
 *	open ADDRESS N		mirror N pages from ADDRESS on of the calling program
 *	fault I WRITE		look page I up, to be read or also written; result[0]: its frame, [1]: how often it was tried
 *	read I OFFSET		result[0]: the byte that the device sees. EFAULT: its table has no entry, fault first
 *	write I OFFSET BYTE	the device stores; EFAULT also when its entry may only be read
 *	count			result[0]: entries, [1]: starts and [2] ends heard, [3]: 1 released
 *	event KIND		result[0]: how often a range was invalidated for this reason (enum mmu_notifier_event)
 *	young			result[0]: how often the device was asked whether it used a page, [1]: and had
 *	close			no mirror any more
 *
 * An entry is a frame number and no reference: the page stays the program's, may be reclaimed, moved, copied. What makes
 * that safe:
 *	the device uses entries under the lock; start drops entries under it: after start nobody uses the page
 *	a look-up counts: no range that is being invalidated when it begins, no end since then when it enters what it found
 */
#include <base/errno.h>
#include <base/math.h>
#include <base/types.h>
#include <kernel/init.h>
#include <kernel/task.h>
#include <mm/folio.h>
#include <mm/gfp.h>
#include <mm/gup.h>
#include <mm/mmu_notifier.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <sync/mutex.h>
#include <sync/wait.h>

#include "mmtest_internal.h"

#define MAX_MIRRORED 512

struct mirror_entry {
	unsigned long pfn;
	bool present, write, used;
};

struct mirror_state {
	struct mmu_notifier notifier; /* ops are set while registered */
	unsigned long start, nr;      /* of pages; constant while registered */
	struct mutex lock;
	wait_queue_head_t wait;	    /* for the end of invalidations */
	unsigned long starts, ends; /* lock: of ranges that touch ours */
	unsigned long events[NR_MMU_NOTIFY_EVENTS], asked, young; /* lock */
	bool released;						  /* lock */
	struct mirror_entry *entries;				  /* lock */
};

static struct mirror_state *mirror_of(struct mmu_notifier *notifier)
{
	return container_of(notifier, struct mirror_state, notifier);
}

/* The part of [@start, @end) that we mirror, as indices [*@first, *@last). Is there any? */
static bool mirrored(const struct mirror_state *s, unsigned long start, unsigned long end,
		     unsigned long *first, unsigned long *last)
{
	unsigned long our_end = s->start + s->nr * PAGE_SIZE;

	if (end <= s->start || start >= our_end)
		return false;
	*first = (max(start, s->start) - s->start) >> PAGE_SHIFT;
	*last = (min(end, our_end) - s->start + PAGE_SIZE - 1) >> PAGE_SHIFT;
	return true;
}

static void mirror_start(struct mmu_notifier *notifier, const struct mmu_notifier_range *range)
{
	struct mirror_state *s = mirror_of(notifier);
	unsigned long i, last;

	if (!mirrored(s, range->start, range->end, &i, &last))
		return;
	mutex_lock(&s->lock);
	s->starts++;
	s->events[range->event]++;
	for (; i < last; i++)
		s->entries[i].present = false;
	mutex_unlock(&s->lock);
}

static void mirror_end(struct mmu_notifier *notifier, const struct mmu_notifier_range *range)
{
	struct mirror_state *s = mirror_of(notifier);
	unsigned long i, last;

	if (!mirrored(s, range->start, range->end, &i, &last))
		return;
	mutex_lock(&s->lock);
	s->ends++;
	mutex_unlock(&s->lock);
	wake_up_all(&s->wait);
}

static bool mirror_young(struct mmu_notifier *notifier, unsigned long start, unsigned long end)
{
	struct mirror_state *s = mirror_of(notifier);
	bool young = false;
	unsigned long i, last;

	if (!mirrored(s, start, end, &i, &last))
		return false;
	mutex_lock(&s->lock);
	for (; i < last; i++) {
		young |= s->entries[i].present && s->entries[i].used;
		s->entries[i].used = false;
	}
	s->asked++;
	s->young += young;
	mutex_unlock(&s->lock);
	return young;
}

static void mirror_released(struct mmu_notifier *notifier, struct mm_struct *mm)
{
	struct mirror_state *s = mirror_of(notifier);

	mutex_lock(&s->lock);
	for (unsigned long i = 0; i < s->nr; i++)
		s->entries[i].present = false;
	s->released = true;
	mutex_unlock(&s->lock);
}

static const struct mmu_notifier_ops mirror_ops = {
	.release = mirror_released,
	.clear_flush_young = mirror_young,
	.invalidate_range_start = mirror_start,
	.invalidate_range_end = mirror_end,
};

static int mirror_close(void *state, struct mmtest_call *call)
{
	struct mirror_state *s = state;

	if (!s->notifier.ops)
		return -EINVAL;
	mmu_notifier_unregister(&s->notifier);
	s->notifier.ops = NULL;
	kfree(s->entries);
	return 0;
}

static void mirror_forget(void *state)
{
	mirror_close(state, NULL);
}

static int mirror_open(void *state, struct mmtest_call *call)
{
	struct mirror_state *s = state;
	int err;

	if (s->notifier.ops || call->arg[1] < 1 || call->arg[1] > MAX_MIRRORED ||
	    (call->arg[0] & ~PAGE_MASK))
		return -EINVAL;
	*s = (struct mirror_state){ .start = call->arg[0], .nr = call->arg[1] };
	mutex_init(&s->lock, LOCK_SLEEP_LEAF);
	init_waitqueue_head(&s->wait);
	s->entries = kcalloc(s->nr, sizeof(*s->entries), GFP_KERNEL);
	if (!s->entries)
		return -ENOMEM;
	s->notifier.ops = &mirror_ops;
	err = mmu_notifier_register(&s->notifier, current->mm);
	if (err) {
		s->notifier.ops = NULL;
		kfree(s->entries);
	}
	return err;
}

/* The page of the program at @addr, with a reference; or an errno. */
static int lookup(struct mm_struct *mm, unsigned long addr, bool write, struct page **page)
{
	int locked = 1;
	long ret;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	ret = get_user_pages_remote(mm, addr, 1, write ? FOLL_WRITE : 0, page, &locked);
	if (locked)
		mmap_read_unlock(mm);
	return ret == 1 ? 0 : ret ? (int)ret : -EFAULT;
}

/* Enter @page, unless a range was invalidated since there had been @ends: then false. */
static bool enter(struct mirror_state *s, unsigned long i, struct page *page, bool write,
		  unsigned long ends)
{
	bool valid;

	mutex_lock(&s->lock);
	valid = s->starts == ends && s->ends == ends;
	if (valid)
		s->entries[i] = (struct mirror_entry){ page_to_pfn(page), true, write, false };
	mutex_unlock(&s->lock);
	return valid;
}

static int mirror_fault(void *state, struct mmtest_call *call)
{
	struct mirror_state *s = state;
	unsigned long i = call->arg[0];
	bool write = call->arg[1], entered = false;
	int err;

	if (!s->notifier.ops || i >= s->nr || s->notifier.mm != current->mm)
		return -EINVAL;
	for (call->result[1] = 0; !entered; call->result[1]++) {
		unsigned long ends = 0;
		struct page *page;

		err = wait_event_killable(s->wait,
					  (ends = READ_ONCE(s->ends)) == READ_ONCE(s->starts));
		if (!err)
			err = lookup(current->mm, s->start + i * PAGE_SIZE, write, &page);
		if (err)
			return err;
		call->result[0] = page_to_pfn(page);
		entered = enter(s, i, page, write, ends);
		put_page(page); /* the entry needs none */
	}
	return 0;
}

/* The byte that @call names, as the device reaches it; NULL: its table does not allow it. => lock held */
static char *device_byte(struct mirror_state *s, const struct mmtest_call *call, bool write)
{
	struct mirror_entry *e = &s->entries[call->arg[0]];

	if (!e->present || (write && !e->write))
		return NULL;
	e->used = true;
	return (char *)page_address(pfn_to_page(e->pfn)) + call->arg[1];
}

static int device_access(struct mirror_state *s, struct mmtest_call *call, bool write)
{
	char *at;

	if (!s->notifier.ops || call->arg[0] < 0 || call->arg[0] >= (__s64)s->nr ||
	    call->arg[1] < 0 || call->arg[1] >= (__s64)PAGE_SIZE)
		return -EINVAL;
	mutex_lock(&s->lock);
	at = device_byte(s, call, write);
	if (at && write)
		WRITE_ONCE(*at, (char)call->arg[2]);
	else if (at)
		call->result[0] = READ_ONCE(*at);
	mutex_unlock(&s->lock);
	return at ? 0 : -EFAULT;
}

static int mirror_read(void *state, struct mmtest_call *call)
{
	return device_access(state, call, false);
}

static int mirror_write(void *state, struct mmtest_call *call)
{
	return device_access(state, call, true);
}

static int mirror_count(void *state, struct mmtest_call *call)
{
	struct mirror_state *s = state;

	if (!s->notifier.ops)
		return -EINVAL;
	mutex_lock(&s->lock);
	call->result[0] = 0;
	for (unsigned long i = 0; i < s->nr; i++)
		call->result[0] += s->entries[i].present;
	call->result[1] = s->starts;
	call->result[2] = s->ends;
	call->result[3] = s->released;
	mutex_unlock(&s->lock);
	return 0;
}

static int mirror_event(void *state, struct mmtest_call *call)
{
	struct mirror_state *s = state;

	if (!s->notifier.ops || call->arg[0] < 0 || call->arg[0] >= NR_MMU_NOTIFY_EVENTS)
		return -EINVAL;
	call->result[0] = READ_ONCE(s->events[call->arg[0]]);
	return 0;
}

static int mirror_asked(void *state, struct mmtest_call *call)
{
	struct mirror_state *s = state;

	if (!s->notifier.ops)
		return -EINVAL;
	call->result[0] = READ_ONCE(s->asked);
	call->result[1] = READ_ONCE(s->young);
	return 0;
}

static const struct mmtest_verb verbs[] = {
	{ "open", mirror_open },   { "fault", mirror_fault }, { "read", mirror_read },
	{ "write", mirror_write }, { "count", mirror_count }, { "event", mirror_event },
	{ "young", mirror_asked }, { "close", mirror_close }, { NULL, NULL },
};

static struct mmtest_noun mirror_noun = {
	.name = "mirror",
	.verbs = verbs,
	.state_bytes = sizeof(struct mirror_state),
	.release = mirror_forget,
};

static int __init mmtest_mirror_init(void)
{
	mmtest_register(&mirror_noun);
	return 0;
}
device_initcall(mmtest_mirror_init);
