// SPDX-License-Identifier: MIT
/*
 * The group of each frame: a side array of 16-bit numbers, 0 for nobody's.
 *
 * struct page has no room for it. The array comes in pieces by section (128 MiB of frames: 64 KiB), made when the first
 * group gets the memory controller; until then it costs a pointer. A number is set by who allocated the frame and
 * cleared by who frees it; only frame_ids_move() changes it in between, by compare and exchange.
 */
#include <base/atomic.h>
#include <base/errno.h>
#include <base/math.h>
#include <kernel/sched.h>
#include <mm/lru_gen.h>
#include <mm/slab.h>
#include <mm/zone.h>
#include "memcg_internal.h"

#define FRAMES_SHIFT (SECTION_SIZE_BITS - PAGE_SHIFT)
#define FRAMES_MASK  ((1UL << FRAMES_SHIFT) - 1)

static u16 **pieces; /* by section; an entry is NULL where there is no memory */
static unsigned long nr_pieces;

static u16 *frame_word(unsigned long pfn)
{
	u16 *piece = pieces[pfn >> FRAMES_SHIFT];

	return piece ? piece + (pfn & FRAMES_MASK) : NULL;
}

int frame_ids_init(void)
{
	unsigned long nr = DIV_ROUND_UP(max_pfn, 1UL << FRAMES_SHIFT), i;
	u16 **new;

	if (pieces)
		return 0;
	new = kvcalloc(nr, sizeof(*new), GFP_KERNEL);
	for (i = 0; new &&i < nr; i++) {
		if (!pfn_valid(i << FRAMES_SHIFT))
			continue;
		new[i] = kvzalloc(sizeof(u16) << FRAMES_SHIFT, GFP_KERNEL);
		if (!new[i])
			break;
	}
	if (!new || i < nr) {
		while (new &&i-- > 0)
			kvfree(new[i]);
		kvfree(new);
		return -ENOMEM;
	}
	nr_pieces = nr;
	WRITE_ONCE(pieces, new);
	return 0;
}

u16 frame_id(unsigned long pfn)
{
	u16 *word = frame_word(pfn);

	return word ? READ_ONCE(*word) : 0;
}

void frame_id_set(unsigned long pfn, u16 id)
{
	u16 *word = frame_word(pfn);

	if (word)
		WRITE_ONCE(*word, id);
}

u16 frame_id_clear(unsigned long pfn)
{
	u16 *word = frame_word(pfn);

	/* Most frames are nobody's: they are not written to. */
	return word && READ_ONCE(*word) ? xchg(word, 0) : 0;
}

bool frame_id_clear_if(unsigned long pfn, u16 id)
{
	u16 *word = frame_word(pfn), old = id;

	return word && READ_ONCE(*word) == id && try_cmpxchg(word, &old, 0);
}

unsigned long frame_ids_move(u16 from, u16 to)
{
	unsigned long nr = 0;

	for (unsigned long pfn = 0; pfn < nr_pieces << FRAMES_SHIFT; pfn++) {
		u16 *word, old = from;

		if (!(pfn & FRAMES_MASK))
			cond_resched();
		pfn = frame_next_owned(pfn, nr_pieces << FRAMES_SHIFT);
		if (pfn == nr_pieces << FRAMES_SHIFT)
			break;
		word = frame_word(pfn);
		if (READ_ONCE(*word) == from && try_cmpxchg(word, &old, to)) {
			lru_gen_unstamp(pfn);
			nr++;
		}
	}
	return nr;
}

/* Four frames are looked at together. */
unsigned long frame_next_owned(unsigned long pfn, unsigned long end)
{
	while (pfn < end) {
		u16 *piece = pieces[pfn >> FRAMES_SHIFT];
		unsigned long stop = min(end, (pfn | FRAMES_MASK) + 1);

		if (!piece) {
			pfn = stop;
			continue;
		}
		piece -= pfn & ~FRAMES_MASK; /* indexed by frame */
		while (pfn < stop) {
			if (!(pfn & 3) && pfn + 4 <= stop &&
			    !READ_ONCE(*(const u64 *)(const void *)(piece + pfn))) {
				pfn += 4;
				continue;
			}
			if (READ_ONCE(piece[pfn]))
				return pfn;
			pfn++;
		}
	}
	return end;
}
