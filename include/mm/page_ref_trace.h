/* SPDX-License-Identifier: MIT */
/*
 * The page_ref trace events: every change of a page's reference count, in kernels built with PAGEREF=1; nothing
 * in others. Linux 6.1: include/linux/page_ref.h with CONFIG_DEBUG_PAGE_REF.
 */
#ifndef QUIRE_MM_PAGE_REF_TRACE_H
#define QUIRE_MM_PAGE_REF_TRACE_H

#ifdef QUIRE_PAGE_REF
#include <mm/trace.h>

DECLARE_TRACE_EVENT(page_ref_set);
DECLARE_TRACE_EVENT(page_ref_mod);
DECLARE_TRACE_EVENT(page_ref_unfreeze);
DECLARE_TRACE_EVENT(page_ref_mod_and_test);
DECLARE_TRACE_EVENT(page_ref_mod_unless);
DECLARE_TRACE_EVENT(page_ref_freeze);
void __trace_page_ref_set(struct page *page, int val);
void __trace_page_ref_mod(struct page *page, int val);
void __trace_page_ref_unfreeze(struct page *page, int val);
void __trace_page_ref_mod_and_test(struct page *page, int val, int ret);
void __trace_page_ref_mod_unless(struct page *page, int val, int ret);
void __trace_page_ref_freeze(struct page *page, int val, int ret);
#define TRACE_PAGE_REF(what, ...)	TRACE_CALL(page_ref_##what, __VA_ARGS__)
#else
#define TRACE_PAGE_REF(what, ...)	do { } while (0)
#endif

#endif
