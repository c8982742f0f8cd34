/* SPDX-License-Identifier: MIT */
/* Shared by the files of mm/boot. */
#ifndef QUIRE_MM_BOOT_INTERNAL_H
#define QUIRE_MM_BOOT_INTERNAL_H

#include <base/types.h>

/* Next run of frames with descriptors behind *@end_pfn (start with 0); false: no more. */
bool next_populated_run(unsigned long *start_pfn, unsigned long *end_pfn);
/* memblock_free_all() is over: memblock hands out nothing any more. */
void memblock_pages_released(void);
/* Nodes, zones, zonelists, from memblock. */
void free_area_init(void);

#endif
