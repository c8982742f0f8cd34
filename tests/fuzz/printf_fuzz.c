// SPDX-License-Identifier: MIT
/*
 * Fuzz target of vsnprintf, with libc's as the model, for the conversions that both know: the same text and length. The
 * input is two numbers and a format, of which only conversions that the arguments fit are kept.
 */
#include <stdarg.h>
#include <base/types.h>
#define vsnprintf k_vsnprintf
#define snprintf  k_snprintf
#define sprintf	  k_sprintf
#define sscanf	  k_sscanf
#define vsscanf	  k_vsscanf
#include "../../base/vsnprintf.c"
#undef vsnprintf
#undef snprintf
#undef sprintf

const char *errname(int err)
{
	return NULL;
}
int sprint_symbol(char *buf, unsigned long address)
{
	return 0;
}
int sprint_symbol_no_offset(char *buf, unsigned long address)
{
	return 0;
}
int sprint_backtrace(char *buf, unsigned long address)
{
	return 0;
}
int bitmap_print_list(char *buf, size_t size, const unsigned long *bits, unsigned int nbits)
{
	return 0;
}

int snprintf(char *buf, size_t size, const char *fmt, ...);
int printf(const char *fmt, ...);
void abort(void) __attribute__((noreturn));
int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

/* One conversion "%[flags][width][.precision][size]conv" at @s: its length if both understand it alike, or 0. */
static size_t conversion(const char *s, size_t n, bool *text)
{
	size_t i = 1, digits;

	while (i < n && strchr("-+ #0", s[i]) && s[i])
		i++;
	for (digits = i; i < n && s[i] >= '0' && s[i] <= '9'; i++)
		;
	if (i - digits > 2)
		return 0;
	if (i < n && s[i] == '.')
		for (digits = ++i; i < n && s[i] >= '0' && s[i] <= '9'; i++)
			;
	if (i - digits > 2)
		return 0;
	for (digits = i;
	     i < n && (s[i] == 'l' || s[i] == 'h') && s[i] == s[digits] && i < digits + 2; i++)
		;
	if (i >= n)
		return 0;
	*text = s[i] == 's';
	if (*text || s[i] == 'c')
		return s[i - 1] == 'l' || s[i - 1] == 'h' ? 0 : i + 1;
	return s[i] && strchr("diuoxX", s[i]) ? i + 1 : 0;
}

static int format_ours(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = k_vsnprintf(buf, size, fmt, args);
	va_end(args);
	return n;
}

static void compare(const char *fmt, size_t size, unsigned long arg)
{
	static char ours[128], theirs[128];
	int a, b;

	memset(ours, 'x', sizeof(ours));
	memset(theirs, 'x', sizeof(theirs));
	a = format_ours(ours, size, fmt, arg);
	b = snprintf(theirs, size, fmt, arg);
	if (a == b && !memcmp(ours, theirs, sizeof(ours)))
		return;
	printf("'%s' of %#lx, %zu bytes: ours %d '%.*s', libc %d '%.*s'\n", fmt, arg, size, a,
	       (int)size, ours, b, (int)size, theirs);
	abort();
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	unsigned long number[2];
	const char *s;

	if (size < 17)
		return 0;
	memcpy(number, data, 16);
	s = (const char *)data + 16;
	size -= 16;
	for (size_t i = 0; i < size; i++) {
		bool text;
		size_t n;
		char fmt[24];

		if (s[i] != '%')
			continue;
		n = conversion(s + i, size - i, &text);
		if (!n || n >= sizeof(fmt))
			continue;
		memcpy(fmt, s + i, n);
		fmt[n] = '\0';
		compare(fmt, number[1] % 100, text ? (unsigned long)"a text of libc's" : number[0]);
	}
	return 0;
}
