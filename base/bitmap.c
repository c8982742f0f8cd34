/* SPDX-License-Identifier: MIT */
/* Arrays of bits: search, sets, text. Plain loops over words; the tail of the last word is masked. */
#include <base/bitmap.h>
#include <base/bitops.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <base/types.h>

/* The first bit from @offset on in the words that @word(i) computes, or @size. */
#define FIND_NEXT(word, size, offset)                                                              \
	do {                                                                                       \
		unsigned long __i = (offset) / BITS_PER_LONG, __w;                                 \
		if ((offset) >= (size))                                                            \
			return (size);                                                             \
		__w = word(__i) & BITMAP_FIRST_WORD_MASK(offset);                                  \
		while (!__w) {                                                                     \
			if (++__i * BITS_PER_LONG >= (size))                                       \
				return (size);                                                     \
			__w = word(__i);                                                           \
		}                                                                                  \
		return min(__i * BITS_PER_LONG + __ffs(__w), (size));                              \
	} while (0)

unsigned long _find_next_bit(const unsigned long *addr, unsigned long size, unsigned long offset)
{
#define WORD(i) READ_ONCE(addr[i])
	FIND_NEXT(WORD, size, offset);
#undef WORD
}

unsigned long _find_next_zero_bit(const unsigned long *addr, unsigned long size,
				  unsigned long offset)
{
#define WORD(i) (~READ_ONCE(addr[i]))
	FIND_NEXT(WORD, size, offset);
#undef WORD
}

unsigned long find_next_and_bit(const unsigned long *a, const unsigned long *b, unsigned long size,
				unsigned long offset)
{
#define WORD(i) (a[i] & b[i])
	FIND_NEXT(WORD, size, offset);
#undef WORD
}

unsigned long find_next_andnot_bit(const unsigned long *a, const unsigned long *b,
				   unsigned long size, unsigned long offset)
{
#define WORD(i) (a[i] & ~b[i])
	FIND_NEXT(WORD, size, offset);
#undef WORD
}

unsigned long find_last_bit(const unsigned long *addr, unsigned long size)
{
	unsigned long i = BITS_TO_LONGS(size), w;

	while (i--) {
		w = addr[i];
		if (i == size / BITS_PER_LONG)
			w &= BITMAP_LAST_WORD_MASK(size);
		if (w)
			return i * BITS_PER_LONG + __fls(w);
	}
	return size;
}

bool bitmap_and(unsigned long *dst, const unsigned long *a, const unsigned long *b,
		unsigned int nbits)
{
	unsigned long any = 0;
	unsigned int i;

	for (i = 0; i < BITS_TO_LONGS(nbits); i++)
		any |= dst[i] = a[i] & b[i];
	return any;
}

bool bitmap_andnot(unsigned long *dst, const unsigned long *a, const unsigned long *b,
		   unsigned int nbits)
{
	unsigned long any = 0;
	unsigned int i;

	for (i = 0; i < BITS_TO_LONGS(nbits); i++)
		any |= dst[i] = a[i] & ~b[i];
	return any;
}

void bitmap_or(unsigned long *dst, const unsigned long *a, const unsigned long *b,
	       unsigned int nbits)
{
	unsigned int i;

	for (i = 0; i < BITS_TO_LONGS(nbits); i++)
		dst[i] = READ_ONCE(a[i]) | READ_ONCE(b[i]); /* of CPUs: others set bits meanwhile */
}

bool bitmap_equal(const unsigned long *a, const unsigned long *b, unsigned int nbits)
{
	unsigned int i;

	for (i = 0; i < BITS_TO_LONGS(nbits); i++)
		if (a[i] != b[i])
			return false;
	return true;
}

bool bitmap_intersects(const unsigned long *a, const unsigned long *b, unsigned int nbits)
{
	return find_next_and_bit(a, b, nbits, 0) < nbits;
}

bool bitmap_subset(const unsigned long *a, const unsigned long *b, unsigned int nbits)
{
	return find_next_andnot_bit(a, b, nbits, 0) >= nbits;
}

bool bitmap_empty(const unsigned long *src, unsigned int nbits)
{
	return find_next_bit(src, nbits, 0) >= nbits;
}

unsigned int bitmap_weight(const unsigned long *src, unsigned int nbits)
{
	unsigned int i, n = 0;

	for (i = 0; i < BITS_TO_LONGS(nbits); i++)
		n += hweight64(src[i]);
	return n;
}

void bitmap_set(unsigned long *map, unsigned int start, unsigned int n)
{
	for (; n; n--, start++)
		__set_bit(start, map);
}

void bitmap_clear(unsigned long *map, unsigned int start, unsigned int n)
{
	for (; n; n--, start++)
		__clear_bit(start, map);
}

/* "first-last:used/group": of each @group bits from @first on the first @used. */
struct region {
	unsigned int first, last, used, group;
};

static int parse_number(const char **buf, unsigned int *n)
{
	char *end;

	if (!isdigit(**buf))
		return -EINVAL;
	*n = simple_strtoul(*buf, &end, 10);
	*buf = end;
	return 0;
}

/* "/group" follows what is used. */
static int parse_group(const char **buf, struct region *r)
{
	++*buf;
	if (parse_number(buf, &r->used) || *(*buf)++ != '/' || parse_number(buf, &r->group))
		return -EINVAL;
	return r->used && r->used <= r->group ? 0 : -EINVAL;
}

/* @r->last as it was: the last bit there is. */
static int parse_region(const char **buf, struct region *r)
{
	if (!strncmp(*buf, "all", 3)) {
		*buf += 3;
		return **buf == ':' ? parse_group(buf, r) : 0;
	}
	if (parse_number(buf, &r->first))
		return -EINVAL;
	r->last = r->first;
	if (**buf != '-')
		return 0;
	++*buf;
	if (parse_number(buf, &r->last) || r->last < r->first)
		return -EINVAL;
	return **buf == ':' ? parse_group(buf, r) : 0;
}

static const char *skip_separators(const char *buf)
{
	while (*buf == ',' || (isspace(*buf) && *buf != '\n'))
		buf++;
	return buf;
}

int bitmap_parselist(const char *buf, unsigned long *map, unsigned int nbits)
{
	struct region r;
	int err;

	bitmap_zero(map, nbits);
	buf = skip_separators(buf);
	while (*buf && *buf != '\n') {
		r = (struct region){ .last = nbits - 1, .used = 1, .group = 1 };
		err = parse_region(&buf, &r);
		if (err)
			return err;
		if (r.last >= nbits)
			return -ERANGE;
		for (unsigned int at = r.first; at <= r.last; at += r.group)
			bitmap_set(map, at, min(r.used, r.last - at + 1));
		if (*buf && *buf != ',' && !isspace(*buf))
			return -EINVAL;
		buf = skip_separators(buf);
	}
	return 0;
}

int bitmap_print_list(char *buf, size_t size, const unsigned long *map, unsigned int nbits)
{
	unsigned long start, end;
	int len = 0;

	if (size)
		*buf = 0;
	for (start = find_next_bit(map, nbits, 0); start < nbits;
	     start = find_next_bit(map, nbits, end)) {
		end = find_next_zero_bit(map, nbits, start);
		len += scnprintf(buf + len, size - len, "%s%lu", len ? "," : "", start);
		if (end - start > 1)
			len += scnprintf(buf + len, size - len, "-%lu", end - 1);
	}
	return len;
}
