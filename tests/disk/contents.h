/* SPDX-License-Identifier: MIT */
/* Pages whose contents are known by a seed. */
#ifndef CONTENTS_H
#define CONTENTS_H

#include "../guest/tap.h"

/* The word number @i of memory filled with @seed. */
static inline unsigned long word_of(unsigned long seed, unsigned long i)
{
	return seed + i * 0x9e3779b97f4a7c15UL;
}

__attribute__((unused)) static void fill(char *p, unsigned long pages, unsigned long seed)
{
	for (unsigned long i = 0; i < pages * PAGE / 8; i++)
		((unsigned long *)p)[i] = word_of(seed, i);
}

/* The first page of @from to @to - 1 whose contents are not those of fill(), or -1. */
__attribute__((unused)) static long wrong_among(const char *p, unsigned long from, unsigned long to,
						unsigned long seed)
{
	for (unsigned long i = from * PAGE / 8; i < to * PAGE / 8; i++)
		if (((const unsigned long *)p)[i] != word_of(seed, i))
			return (long)(i * 8 / PAGE);
	return -1;
}

__attribute__((unused)) static long wrong(const char *p, unsigned long pages, unsigned long seed)
{
	return wrong_among(p, 0, pages, seed);
}

#endif
