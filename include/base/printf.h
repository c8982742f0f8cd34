/* SPDX-License-Identifier: MIT */
/*
 * Formatted text, as the kernel knows it. See base/vsnprintf.c for the conversions: C's (without
 * floating point and %n) and
 *	%p plain hexadecimal   %pK the same   %px the same
 *	%pS symbol+0xoffset/0xsize   %ps symbol   %pB as %pS, of a return address
 *	%pV struct va_format   %pe errno name of an ERR_PTR   %pa phys_addr_t *   %pd dentry   %pD file
 *	%pR struct resource    %*ph bytes in hexadecimal   %*pb bits in hexadecimal   %*pbl as a list
 *	%pU UUID   %pGp %pGg %pGv flags of a page, gfp, vma
 */
#ifndef QUIRE_BASE_PRINTF_H
#define QUIRE_BASE_PRINTF_H

#include <stdarg.h>
#include <base/types.h>
#include <base/compiler.h>

struct va_format {
	const char *fmt;
	va_list *va;
};

/* The length that the text has or would have. @size bytes at @buf, always ended if @size > 0. */
int vsnprintf(char *buf, size_t size, const char *fmt, va_list args) __printf(3, 0);
int snprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);
/* The length that was written, less the end. */
int vscnprintf(char *buf, size_t size, const char *fmt, va_list args) __printf(3, 0);
int scnprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);
int sprintf(char *buf, const char *fmt, ...) __printf(2, 3);
/* In the heap (kfree), NULL when there is no memory. */
char *kvasprintf(gfp_t gfp, const char *fmt, va_list args) __printf(2, 0);
char *kasprintf(gfp_t gfp, const char *fmt, ...) __printf(2, 3);

int sscanf(const char *buf, const char *fmt, ...) __scanf(2, 3);
int vsscanf(const char *buf, const char *fmt, va_list args) __scanf(2, 0);

/*
 * Whole strings, with one newline allowed at the end. @base 0: 0x hexadecimal, 0 octal, else decimal.
 * 0, -EINVAL not a number, -ERANGE too large; *@res is written on success only.
 */
int kstrtoull(const char *s, unsigned int base, unsigned long long *res) __must_check;
int kstrtoll(const char *s, unsigned int base, long long *res) __must_check;
int kstrtoul(const char *s, unsigned int base, unsigned long *res) __must_check;
int kstrtol(const char *s, unsigned int base, long *res) __must_check;
int kstrtouint(const char *s, unsigned int base, unsigned int *res) __must_check;
int kstrtoint(const char *s, unsigned int base, int *res) __must_check;
int kstrtou64(const char *s, unsigned int base, u64 *res) __must_check;
int kstrtou16(const char *s, unsigned int base, u16 *res) __must_check;
int kstrtou8(const char *s, unsigned int base, u8 *res) __must_check;
/* y Y 1 t T on: true; n N 0 f F off: false; else -EINVAL. */
int kstrtobool(const char *s, bool *res) __must_check;

/* The number at the start of @s; *@end after it. They do not tell overflow. */
unsigned long long simple_strtoull(const char *s, char **end, unsigned int base);
unsigned long simple_strtoul(const char *s, char **end, unsigned int base);
long long simple_strtoll(const char *s, char **end, unsigned int base);
long simple_strtol(const char *s, char **end, unsigned int base);
/* A number with K, M, G, T, P, E after it. */
unsigned long long memparse(const char *s, char **end);
/* Comma-separated integers: one into *@pint; 0 none, 1 one, 2 one and a comma, 3 a range "a-". */
int get_option(char **str, int *pint);

/* Name of an errno ("ENOMEM"), or NULL. */
const char *errname(int err);

/* Who resolves an address into a symbol for %pS: kernel/kallsyms.c. The length written. */
int sprint_symbol(char *buf, unsigned long address);
int sprint_symbol_no_offset(char *buf, unsigned long address);
int sprint_backtrace(char *buf, unsigned long address);

/* A further %p extension, registered by its owner: @letter as in "%pG"; writes up to end, answers the new position. */
typedef char *(*printf_pointer_fn)(char *buf, char *end, const void *ptr, const char *fmt);

#endif
