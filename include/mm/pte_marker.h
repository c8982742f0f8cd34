/* SPDX-License-Identifier: MIT */
/*
 * Entries that map nothing but say something about what a later fault shall map: the shape of a swap entry with a type
 * of its own. The only thing said so far: a page of a file at this place is write-protected for userfaultfd.
 * Linux: include/linux/swapops.h, pte markers.
 */
#ifndef QUIRE_MM_PTE_MARKER_H
#define QUIRE_MM_PTE_MARKER_H

#include <seam/pgtable.h>

#define SWP_PTE_MARKER		((1UL << SWP_TYPE_BITS) - 1)
#define PTE_MARKER_UFFD_WP	1UL	/* the offset */
#define PTE_MARKER_ERROR	2UL	/* a swapped page that could not be read when its device was switched off: SIGBUS */

static inline pte_t make_uffd_wp_marker(void)
{
	return __swp_entry_to_pte(__swp_entry(SWP_PTE_MARKER, PTE_MARKER_UFFD_WP));
}

static inline bool pte_marker_uffd_wp(pte_t pte)
{
	return unlikely(pte_val(pte) == pte_val(make_uffd_wp_marker()));
}

static inline pte_t make_error_marker(void)
{
	return __swp_entry_to_pte(__swp_entry(SWP_PTE_MARKER, PTE_MARKER_ERROR));
}

static inline bool pte_marker_error(pte_t pte)
{
	return pte_val(pte) == pte_val(make_error_marker());
}

/* Nothing is mapped here. */
static inline bool pte_none_mostly(pte_t pte)
{
	return pte_none(pte) || pte_marker_uffd_wp(pte);
}

#endif
