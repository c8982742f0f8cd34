/* SPDX-License-Identifier: MIT */
/* Sorting of arrays (heap sort: no memory, no bad case, not stable), of lists (merge sort, stable), search. */
#ifndef QUIRE_BASE_SORT_H
#define QUIRE_BASE_SORT_H

#include <base/types.h>

struct list_head;
typedef int (*cmp_func_t)(const void *a, const void *b);
typedef void (*swap_func_t)(void *a, void *b, int size);
typedef int (*list_cmp_func_t)(void *priv, const struct list_head *a, const struct list_head *b);

/* @swap may be NULL. */
void sort(void *base, size_t num, size_t size, cmp_func_t cmp, swap_func_t swap);
void list_sort(void *priv, struct list_head *head, list_cmp_func_t cmp);
void *bsearch(const void *key, const void *base, size_t num, size_t size, cmp_func_t cmp);

#endif
