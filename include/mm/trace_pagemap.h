/* SPDX-License-Identifier: MIT */
/* Trace events of the classes of pages that reclaim looks through. mm/stat/trace_pagemap.c */
#ifndef QUIRE_MM_TRACE_PAGEMAP_H
#define QUIRE_MM_TRACE_PAGEMAP_H

#include <mm/trace.h>

struct folio;

#define PAGEMAP_EVENTS(X)							\
	X(mm_lru_insertion, (struct folio *folio), (folio))			\
	X(mm_lru_activate, (struct folio *folio), (folio))

PAGEMAP_EVENTS(DECLARE_TRACE_CALL)

#endif
