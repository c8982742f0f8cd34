/* SPDX-License-Identifier: MIT */
/* Between the two files of mm/percpu, and their tests. */
#ifndef QUIRE_MM_PERCPU_INTERNAL_H
#define QUIRE_MM_PERCPU_INTERNAL_H

#include <base/types.h>

/*
 * Take over the first chunk: units of @unit_size bytes at @base, one per CPU, the first @used bytes of each
 * taken by the linked variables. @map: zeroed memory of pcpu_map_bytes(unit_size).
 */
void pcpu_setup_first_chunk(void *base, size_t unit_size, size_t used, unsigned int nr_units, unsigned long *map);
size_t pcpu_map_bytes(size_t unit_size);

#endif
