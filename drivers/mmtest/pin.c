// SPDX-License-Identifier: MIT
/*
 * /dev/mmtest, noun pin: a device that reads and writes memory of the calling program through pins.
 *	pin ADDRESS N FLAGS	pin N pages; result[0]: how many were got. FLAGS: 1 to write, 2 for long (VmPin,
 *				RLIMIT_MEMLOCK), 4 a reference instead of a pin, 8 the slow way only, 16 by force (slow)
 *	read I OFFSET		result[0]: the byte there, as the device sees it
 *	write I OFFSET BYTE	the device stores
 *	page I			result[0]: frame, [1]: references, [2]: map count, [3]: 1 anonymous and exclusive,
 *				2 perhaps pinned, 4 the zero page
 *	unpin DIRTY		let go of all
 */
#include <base/errno.h>
#include <base/types.h>
#include <kernel/cred.h>
#include <kernel/init.h>
#include <kernel/task.h>
#include <mm/folio.h>
#include <mm/gup.h>
#include <mm/mm_struct.h>
#include <mm/page.h>
#include <mm/page_flags.h>

#include "mmtest_internal.h"

#define MAX_PINS 64
enum { WRITE_ACCESS = 1, LONG_TERM = 2, REFERENCE = 4, SLOW = 8, FORCE = 16 };

struct pin_state {
	struct page *pages[MAX_PINS];
	struct mm_struct *mm; /* whose pinned_vm was raised, with a reference to the struct */
	unsigned int nr;
	bool reference;
};

static int pin_unpin(void *state, struct mmtest_call *call)
{
	struct pin_state *s = state;

	for (unsigned int i = 0; s->reference && i < s->nr; i++)
		put_page(s->pages[i]);
	if (!s->reference)
		unpin_user_pages_dirty_lock(s->pages, s->nr, call && call->arg[0]);
	if (s->mm) {
		atomic64_add(-(s64)s->nr, &s->mm->pinned_vm);
		mmdrop(s->mm);
		s->mm = NULL;
	}
	s->nr = 0;
	return 0;
}

static void pin_release(void *state)
{
	pin_unpin(state, NULL);
}

static long grab(struct pin_state *s, unsigned long addr, int nr, unsigned int flags)
{
	unsigned int gup = (flags & WRITE_ACCESS ? FOLL_WRITE : 0) |
			   (flags & LONG_TERM ? FOLL_LONGTERM : 0) |
			   (flags & FORCE ? FOLL_FORCE : 0);
	struct mm_struct *mm = current->mm;
	int locked = 1;
	long ret;

	if (!(flags & (SLOW | FORCE)))
		return flags & REFERENCE ? get_user_pages_fast(addr, nr, gup, s->pages)
					 : pin_user_pages_fast(addr, nr, gup, s->pages);
	if (mmap_read_lock_killable(mm))
		return -EINTR;
	ret = flags & REFERENCE ? get_user_pages_remote(mm, addr, nr, gup, s->pages, &locked)
				: pin_user_pages_remote(mm, addr, nr, gup, s->pages, &locked);
	if (locked)
		mmap_read_unlock(mm);
	return ret;
}

static int pin_pin(void *state, struct mmtest_call *call)
{
	struct pin_state *s = state;
	struct mm_struct *mm = current->mm;
	unsigned int flags = (unsigned int)call->arg[2];
	long ret;

	if (call->arg[1] < 1 || call->arg[1] > MAX_PINS || (flags & ~31u) || s->nr)
		return -EINVAL;
	if ((flags & LONG_TERM) && !capable(CAP_IPC_LOCK) &&
	    (u64)atomic64_read(&mm->pinned_vm) + call->arg[1] > rlimit(RLIMIT_MEMLOCK) >>
		    PAGE_SHIFT)
		return -ENOMEM;
	ret = grab(s, call->arg[0], (int)call->arg[1], flags);
	if (ret < 0)
		return (int)ret;
	s->nr = (unsigned int)ret;
	s->reference = flags & REFERENCE;
	if (flags & LONG_TERM) {
		mmgrab(mm);
		s->mm = mm;
		atomic64_add(s->nr, &mm->pinned_vm);
	}
	call->result[0] = ret;
	return 0;
}

/* The byte that @call names, or NULL. */
static char *pinned_byte(struct pin_state *s, const struct mmtest_call *call)
{
	if (call->arg[0] < 0 || call->arg[0] >= s->nr || call->arg[1] < 0 ||
	    call->arg[1] >= (__s64)PAGE_SIZE)
		return NULL;
	return (char *)page_address(s->pages[call->arg[0]]) + call->arg[1];
}

static int pin_read(void *state, struct mmtest_call *call)
{
	char *at = pinned_byte(state, call);

	if (!at)
		return -EINVAL;
	call->result[0] = READ_ONCE(*at);
	return 0;
}

static int pin_write(void *state, struct mmtest_call *call)
{
	char *at = pinned_byte(state, call);

	if (!at)
		return -EINVAL;
	WRITE_ONCE(*at, (char)call->arg[2]);
	return 0;
}

static int pin_page(void *state, struct mmtest_call *call)
{
	struct pin_state *s = state;
	struct page *page;

	if (call->arg[0] < 0 || call->arg[0] >= s->nr)
		return -EINVAL;
	page = s->pages[call->arg[0]];
	call->result[0] = page_to_pfn(page);
	call->result[1] = page_ref_count(page);
	call->result[2] = page_mapcount(page);
	call->result[3] = (PageAnon(page) && PageAnonExclusive(page) ? 1 : 0) |
			  (folio_maybe_dma_pinned(page_folio(page)) ? 2 : 0) |
			  (is_zero_page(page) ? 4 : 0);
	return 0;
}

static const struct mmtest_verb verbs[] = {
	{ "pin", pin_pin },   { "read", pin_read },   { "write", pin_write },
	{ "page", pin_page }, { "unpin", pin_unpin }, { NULL, NULL },
};

static struct mmtest_noun pin_noun = {
	.name = "pin",
	.verbs = verbs,
	.state_bytes = sizeof(struct pin_state),
	.release = pin_release,
};

static int __init mmtest_pin_init(void)
{
	mmtest_register(&pin_noun);
	return 0;
}
device_initcall(mmtest_pin_init);
