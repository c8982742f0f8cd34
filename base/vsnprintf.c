/* SPDX-License-Identifier: MIT */
/*
 * vsnprintf: formatted text, in the kernel's dialect of ISO C 7.21.6 (see include/base/printf.h).
 *
 * A format is read conversion by conversion into a struct spec; a put function writes the value
 * into struct out, which counts all characters and stores those that fit. Pointer extensions that
 * need other rooms (dentries, page flags) are registered by those rooms.
 */
#include <stdarg.h>
#include <base/bitmap.h>
#include <base/err.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <base/types.h>

struct out {
	char *pos, *end; /* end: one past the last place for a character */
	size_t total;
};

enum {
	F_LEFT = 1,
	F_PLUS = 2,
	F_SPACE = 4,
	F_ALT = 8,
	F_ZERO = 16,
	F_SIGNED = 32,
	F_UPPER = 64,
};

struct spec {
	unsigned int flags, base;
	int width, precision; /* precision -1: none given */
	char size;	      /* h, H (hh), l, L (ll), z, t or 0 */
	char conv;
};

static void put(struct out *o, char c)
{
	if (o->pos < o->end)
		*o->pos++ = c;
	o->total++;
}

static void put_pad(struct out *o, char c, int n)
{
	for (; n > 0; n--)
		put(o, c);
}

/* @n characters in a field of the specified width. */
static void put_field(struct out *o, const struct spec *s, const char *text, size_t n)
{
	int pad = s->width - (int)n;

	if (!(s->flags & F_LEFT))
		put_pad(o, ' ', pad);
	while (n--)
		put(o, *text++);
	if (s->flags & F_LEFT)
		put_pad(o, ' ', pad);
}

static void put_string(struct out *o, const struct spec *s, const char *text)
{
	if ((unsigned long)text < 4096)
		text = text ? "(efault)" : "(null)";
	put_field(o, s, text, s->precision >= 0 ? strnlen(text, s->precision) : strlen(text));
}

static unsigned int digits_of(char *buf, unsigned long long value, unsigned int base, bool upper)
{
	const char *digit = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	unsigned int n = 0;

	if (base == 10) {
		for (; value; value /= 10)
			buf[n++] = '0' + value % 10;
	} else {
		unsigned int shift = base == 16 ? 4 : base == 8 ? 3 : 1;

		for (; value; value >>= shift)
			buf[n++] = digit[value & (base - 1)];
	}
	return n;
}

static void put_number(struct out *o, const struct spec *s, unsigned long long value)
{
	char digit[66], prefix[3];
	unsigned int n, nr_prefix = 0;
	int zeros, pad;

	if (s->flags & F_SIGNED) {
		if ((long long)value < 0) {
			prefix[nr_prefix++] = '-';
			value = -value;
		} else if (s->flags & (F_PLUS | F_SPACE)) {
			prefix[nr_prefix++] = s->flags & F_PLUS ? '+' : ' ';
		}
	}
	if (s->flags & F_ALT && s->base == 16 && value) {
		prefix[nr_prefix++] = '0';
		prefix[nr_prefix++] = s->flags & F_UPPER ? 'X' : 'x';
	}
	n = digits_of(digit, value, s->base, s->flags & F_UPPER);
	zeros = (s->precision >= 0 ? s->precision : 1) - (int)n;
	if (s->flags & F_ALT && s->base == 8 && zeros <= 0 && (n || s->precision == 0))
		zeros = 1;
	zeros = max(zeros, 0);
	pad = s->width - (int)(nr_prefix + zeros + n);
	if (s->flags & F_ZERO && !(s->flags & F_LEFT) && s->precision < 0) {
		zeros += max(pad, 0);
		pad = 0;
	}
	if (!(s->flags & F_LEFT))
		put_pad(o, ' ', pad);
	for (unsigned int i = 0; i < nr_prefix; i++)
		put(o, prefix[i]);
	put_pad(o, '0', zeros);
	while (n)
		put(o, digit[--n]);
	if (s->flags & F_LEFT)
		put_pad(o, ' ', pad);
}

/* ---- pointers ---- */

static printf_pointer_fn pointer_fns[128];

static void put_hex(struct out *o, unsigned long long value, int digits)
{
	struct spec s = { .base = 16, .width = digits, .precision = -1, .flags = F_ZERO };

	put_number(o, &s, value);
}

static void put_plain_pointer(struct out *o, const struct spec *s, const void *ptr)
{
	struct spec hex = *s;

	hex.base = 16;
	hex.flags |= F_ZERO;
	if (hex.width < 1)
		hex.width = 2 * sizeof(ptr);
	put_number(o, &hex, (unsigned long)ptr);
}

static void put_symbol(struct out *o, const struct spec *s, unsigned long address, char how)
{
	char name[192];

	if (how == 's')
		sprint_symbol_no_offset(name, address);
	else if (how == 'B')
		sprint_backtrace(name, address);
	else
		sprint_symbol(name, address);
	put_string(o, s, name);
}

/* Bytes in hexadecimal with the separator that the letter behind %ph names; the width is their number. */
static void put_bytes(struct out *o, const struct spec *s, const u8 *p, char how)
{
	char separator = how == 'C' ? ':' : how == 'D' ? '-' : how == 'N' ? 0 : ' ';
	int i, n = min(s->width > 0 ? s->width : 1, 64);

	for (i = 0; i < n; i++) {
		if (i && separator)
			put(o, separator);
		put_hex(o, p[i], 2);
	}
}

static void put_bitmap(struct out *o, const struct spec *s, const unsigned long *map)
{
	int nbits = max(s->width, 0), chunk;

	for (chunk = (nbits + 31) / 32 - 1; chunk >= 0; chunk--) {
		u32 v = map[chunk / 2] >> (chunk & 1 ? 32 : 0);
		int bits = min(nbits - chunk * 32, 32);

		if (bits < 32)
			v &= (1u << bits) - 1;
		put_hex(o, v, (bits + 3) / 4);
		if (chunk)
			put(o, ',');
	}
}

static void put_bitmap_list(struct out *o, const struct spec *s, const unsigned long *map)
{
	char text[256];
	struct spec plain = { .precision = -1 };

	bitmap_print_list(text, sizeof(text), map, max(s->width, 0));
	put_string(o, &plain, text);
}

/* U: upper case; b: big endian (default), l: little endian (RFC 4122). */
static void put_uuid(struct out *o, const u8 *p, char how)
{
	static const u8 big[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
	static const u8 little[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };
	const u8 *order = how == 'l' || how == 'L' ? little : big;
	int i;

	for (i = 0; i < 16; i++) {
		put_hex(o, p[order[i]], 2);
		if (i == 3 || i == 5 || i == 7 || i == 9)
			put(o, '-');
	}
}

static void put_va_format(struct out *o, const struct va_format *vf)
{
	va_list copy;
	int n;

	va_copy(copy, *vf->va);
	n = vsnprintf(o->pos, o->end > o->pos ? o->end - o->pos + 1 : 0, vf->fmt, copy);
	va_end(copy);
	o->total += n;
	o->pos = min(o->pos + n, o->end);
}

static void put_errno(struct out *o, const struct spec *s, const void *ptr)
{
	const char *name = IS_ERR(ptr) ? errname(-(int)PTR_ERR(ptr)) : NULL;
	struct spec number = *s;

	if (!name) {
		number.base = 10;
		number.flags |= F_SIGNED;
		put_number(o, &number, (long)ptr);
		return;
	}
	put(o, '-');
	put_string(o, s, name);
}

static bool put_registered(struct out *o, const void *ptr, const char *fmt)
{
	printf_pointer_fn fn = pointer_fns[*fmt & 127];
	char text[256], *end;
	struct spec plain = { .precision = -1 };

	if (!fn)
		return false;
	end = fn(text, text + sizeof(text) - 1, ptr, fmt);
	*end = 0;
	put_string(o, &plain, text);
	return true;
}

/* @fmt stands behind the p; the letters of the extension are eaten by the caller. */
static void put_pointer(struct out *o, const struct spec *s, const void *ptr, const char *fmt)
{
	switch (*fmt) {
	case 'S':
	case 's':
	case 'B':
		put_symbol(o, s, (unsigned long)ptr, *fmt);
		return;
	case 'V':
		put_va_format(o, ptr);
		return;
	case 'e':
		put_errno(o, s, ptr);
		return;
	case 'a':
		put(o, '0');
		put(o, 'x');
		put_hex(o, *(const phys_addr_t *)ptr, 16);
		return;
	case 'h':
		put_bytes(o, s, ptr, fmt[1]);
		return;
	case 'b':
		if (fmt[1] == 'l')
			put_bitmap_list(o, s, ptr);
		else
			put_bitmap(o, s, ptr);
		return;
	case 'U':
		put_uuid(o, ptr, fmt[1]);
		return;
	case 'K':
	case 'x':
		break;
	default:
		if (isalpha(*fmt) && put_registered(o, ptr, fmt))
			return;
	}
	put_plain_pointer(o, s, ptr);
}

/* ---- the format ---- */

static const char *parse_flags(struct spec *s, const char *f)
{
	for (;; f++) {
		switch (*f) {
		case '-':
			s->flags |= F_LEFT;
			break;
		case '+':
			s->flags |= F_PLUS;
			break;
		case ' ':
			s->flags |= F_SPACE;
			break;
		case '#':
			s->flags |= F_ALT;
			break;
		case '0':
			s->flags |= F_ZERO;
			break;
		default:
			return f;
		}
	}
}

static const char *parse_digits(int *value, const char *f)
{
	for (*value = 0; isdigit(*f); f++)
		*value = *value * 10 + (*f - '0');
	return f;
}

static const char *parse_size(struct spec *s, const char *f)
{
	if (*f == 'h' || *f == 'l') {
		s->size = *f++;
		if (*f == s->size) {
			s->size = s->size == 'h' ? 'H' : 'L';
			f++;
		}
	} else if (*f == 'L' || *f == 'z' || *f == 'Z' || *f == 't' || *f == 'j') {
		s->size = *f == 'L' ? 'L' : 'l';
		f++;
	}
	return f;
}

/* An integer argument of the size that @size names, extended to 64 bits. */
#define INTEGER(args, s)                                                                           \
	({                                                                                         \
		unsigned long long __v;                                                            \
		switch ((s)->size) {                                                               \
		case 'L':                                                                          \
			__v = va_arg(args, unsigned long long);                                    \
			break;                                                                     \
		case 'l':                                                                          \
			__v = (s)->flags & F_SIGNED ? (unsigned long long)va_arg(args, long)       \
						    : va_arg(args, unsigned long);                 \
			break;                                                                     \
		case 'h':                                                                          \
			__v = (s)->flags & F_SIGNED ? (unsigned long long)(short)va_arg(args, int) \
						    : (unsigned short)va_arg(args, int);           \
			break;                                                                     \
		case 'H':                                                                          \
			__v = (s)->flags & F_SIGNED                                                \
				      ? (unsigned long long)(signed char)va_arg(args, int)         \
				      : (unsigned char)va_arg(args, int);                          \
			break;                                                                     \
		default:                                                                           \
			__v = (s)->flags & F_SIGNED ? (unsigned long long)va_arg(args, int)        \
						    : va_arg(args, unsigned int);                  \
			break;                                                                     \
		}                                                                                  \
		__v;                                                                               \
	})

static bool number_spec(struct spec *s)
{
	switch (s->conv) {
	case 'd':
	case 'i':
		s->flags |= F_SIGNED;
		/* fall through */
	case 'u':
		s->base = 10;
		return true;
	case 'X':
		s->flags |= F_UPPER;
		/* fall through */
	case 'x':
		s->base = 16;
		return true;
	case 'o':
		s->base = 8;
		return true;
	}
	return false;
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	struct out o = { buf, size ? buf + size - 1 : buf, 0 };

	/* sprintf() to a buffer near the top of the address space: the end must not wrap. */
	if (size && (unsigned long)o.end < (unsigned long)buf)
		o.end = (char *)~0UL;
	for (; *fmt; fmt++) {
		struct spec s = { .precision = -1 };

		if (*fmt != '%') {
			put(&o, *fmt);
			continue;
		}
		fmt = parse_flags(&s, fmt + 1);
		if (*fmt == '*') {
			s.width = va_arg(args, int);
			if (s.width < 0) {
				s.flags |= F_LEFT;
				s.width = -s.width;
			}
			fmt++;
		} else {
			fmt = parse_digits(&s.width, fmt);
		}
		if (*fmt == '.') {
			if (*++fmt == '*') {
				s.precision = va_arg(args, int);
				fmt++;
			} else {
				fmt = parse_digits(&s.precision, fmt);
			}
		}
		fmt = parse_size(&s, fmt);
		s.conv = *fmt;
		if (number_spec(&s)) {
			put_number(&o, &s, INTEGER(args, &s));
		} else if (s.conv == 's') {
			put_string(&o, &s, va_arg(args, const char *));
		} else if (s.conv == 'c') {
			char c = va_arg(args, int);

			put_field(&o, &s, &c, 1);
		} else if (s.conv == 'p') {
			put_pointer(&o, &s, va_arg(args, const void *), fmt + 1);
			while (isalnum(fmt[1]))
				fmt++;
		} else if (s.conv == '%') {
			put(&o, '%');
		} else { /* a mistake of the caller: show it */
			put(&o, '%');
			if (!s.conv)
				break;
			put(&o, s.conv);
		}
	}
	if (size)
		*o.pos = 0;
	return o.total;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(buf, size, fmt, args);
	va_end(args);
	return n;
}

int vscnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	int n = vsnprintf(buf, size, fmt, args);

	return (size_t)n < size ? n : size ? (int)size - 1 : 0;
}

int scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vscnprintf(buf, size, fmt, args);
	va_end(args);
	return n;
}

int sprintf(char *buf, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(buf, INT_MAX, fmt, args);
	va_end(args);
	return n;
}
