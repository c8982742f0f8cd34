/* SPDX-License-Identifier: MIT */
/* Below mm/ in this test: mm/vmstat.h as far as address spaces use it. One thread; see fake.c. */
#pragma once
#include <mm/page.h>
extern long vm_events[8], node_stats[8], zone_stats[1];
enum { PGFAULT, PGREUSE, NUMA_HINT_FAULTS, UNEVICTABLE_PGMLOCKED, UNEVICTABLE_PGMUNLOCKED };
enum { NR_MLOCK };
enum { NR_ANON_MAPPED, NR_FILE_MAPPED, NR_PAGETABLE, NR_FOLL_PIN_ACQUIRED, NR_FOLL_PIN_RELEASED };
#define count_vm_event(i)	     (vm_events[i]++)
#define mod_zone_page_state(z, i, n) (zone_stats[i] += (n))
#define mod_node_page_state(p, i, n) (node_stats[i] += (n))
