/* SPDX-License-Identifier: MIT */
/* Numbers from text, names of errnos. */
#include <base/errno.h>
#include <base/printf.h>
#include <base/string.h>
#include <base/types.h>

static unsigned int digit_value(char c)
{
	if (isdigit(c))
		return c - '0';
	if (isalpha(c))
		return (c | 32) - 'a' + 10;
	return 255;
}

/* The base that the text asks for; its prefix is skipped. */
static const char *find_base(const char *s, unsigned int *base)
{
	bool hex = s[0] == '0' && (s[1] | 32) == 'x' && isxdigit(s[2]);

	if (!*base)
		*base = hex ? 16 : s[0] == '0' ? 8 : 10;
	return *base == 16 && hex ? s + 2 : s;
}

/* Digits of @base; *@overflow: the value did not fit. NULL when there is none. */
static const char *parse_digits(const char *s, unsigned int base, unsigned long long *value,
				bool *overflow)
{
	const char *start = s;

	*value = 0;
	*overflow = false;
	for (; digit_value(*s) < base; s++)
		if (__builtin_mul_overflow(*value, base, value) ||
		    __builtin_add_overflow(*value, digit_value(*s), value))
			*overflow = true;
	return s == start ? NULL : s;
}

int kstrtoull(const char *s, unsigned int base, unsigned long long *res)
{
	unsigned long long value;
	bool overflow;

	if (*s == '+')
		s++;
	s = find_base(s, &base);
	s = parse_digits(s, base, &value, &overflow);
	if (!s)
		return -EINVAL;
	if (*s == '\n')
		s++;
	if (*s)
		return -EINVAL;
	if (overflow)
		return -ERANGE;
	*res = value;
	return 0;
}

int kstrtoll(const char *s, unsigned int base, long long *res)
{
	unsigned long long value;
	bool negative = *s == '-';
	int err = kstrtoull(s + negative, base, &value);

	if (err)
		return err;
	if (value > (unsigned long long)0x7fffffffffffffffULL + negative)
		return -ERANGE;
	*res = negative ? -value : value;
	return 0;
}

#define KSTRTO(name, type, wide, parse)                                                            \
	int name(const char *s, unsigned int base, type *res)                                      \
	{                                                                                          \
		wide value;                                                                        \
		int err = parse(s, base, &value);                                                  \
                                                                                                   \
		if (err)                                                                           \
			return err;                                                                \
		if (value != (wide)(type)value)                                                    \
			return -ERANGE;                                                            \
		*res = value;                                                                      \
		return 0;                                                                          \
	}
KSTRTO(kstrtoul, unsigned long, unsigned long long, kstrtoull)
KSTRTO(kstrtol, long, long long, kstrtoll)
KSTRTO(kstrtouint, unsigned int, unsigned long long, kstrtoull)
KSTRTO(kstrtoint, int, long long, kstrtoll)
KSTRTO(kstrtou64, u64, unsigned long long, kstrtoull)
KSTRTO(kstrtou16, u16, unsigned long long, kstrtoull)
KSTRTO(kstrtou8, u8, unsigned long long, kstrtoull)

int kstrtobool(const char *s, bool *res)
{
	switch (*s) {
	case 'y':
	case 'Y':
	case 't':
	case 'T':
	case '1':
		*res = true;
		return 0;
	case 'n':
	case 'N':
	case 'f':
	case 'F':
	case '0':
		*res = false;
		return 0;
	case 'o':
	case 'O':
		if ((s[1] | 32) == 'n' || (s[1] | 32) == 'f') {
			*res = (s[1] | 32) == 'n';
			return 0;
		}
	}
	return -EINVAL;
}

unsigned long long simple_strtoull(const char *s, char **end, unsigned int base)
{
	const char *start = find_base(s, &base), *stop;
	unsigned long long value;
	bool overflow;

	stop = parse_digits(start, base, &value, &overflow);
	if (end)
		*end = (char *)(stop ? stop : start == s ? s : s + 1);
	return value;
}

unsigned long simple_strtoul(const char *s, char **end, unsigned int base)
{
	return simple_strtoull(s, end, base);
}

long long simple_strtoll(const char *s, char **end, unsigned int base)
{
	return *s == '-' ? -(long long)simple_strtoull(s + 1, end, base)
			 : (long long)simple_strtoull(s, end, base);
}

long simple_strtol(const char *s, char **end, unsigned int base)
{
	return simple_strtoll(s, end, base);
}

unsigned long long memparse(const char *s, char **end)
{
	static const char suffix[] = "kmgtpe";
	char *stop;
	unsigned long long value = simple_strtoull(s, &stop, 0);
	const char *found = *stop ? strchr(suffix, *stop | 32) : NULL;

	if (found) {
		value <<= 10 * (found - suffix + 1);
		stop++;
	}
	if (end)
		*end = stop;
	return value;
}

int get_option(char **str, int *pint)
{
	char *start = *str, *end;

	if (!start || !*start)
		return 0;
	*pint = simple_strtol(start, &end, 0);
	if (end == start)
		return 0;
	*str = end;
	if (*end == ',') {
		*str = end + 1;
		return 2;
	}
	return *end == '-' ? 3 : 1;
}

#define NAME(e) [e] = #e
static const char *const names[] = {
	NAME(EPERM),	    NAME(ENOENT),    NAME(ESRCH),	NAME(EINTR),	  NAME(EIO),
	NAME(ENXIO),	    NAME(E2BIG),     NAME(ENOEXEC),	NAME(EBADF),	  NAME(ECHILD),
	NAME(EAGAIN),	    NAME(ENOMEM),    NAME(EACCES),	NAME(EFAULT),	  NAME(ENOTBLK),
	NAME(EBUSY),	    NAME(EEXIST),    NAME(EXDEV),	NAME(ENODEV),	  NAME(ENOTDIR),
	NAME(EISDIR),	    NAME(EINVAL),    NAME(ENFILE),	NAME(EMFILE),	  NAME(ENOTTY),
	NAME(ETXTBSY),	    NAME(EFBIG),     NAME(ENOSPC),	NAME(ESPIPE),	  NAME(EROFS),
	NAME(EMLINK),	    NAME(EPIPE),     NAME(EDOM),	NAME(ERANGE),	  NAME(EDEADLK),
	NAME(ENAMETOOLONG), NAME(ENOLCK),    NAME(ENOSYS),	NAME(ENOTEMPTY),  NAME(ELOOP),
	NAME(EPROTO),	    NAME(EOVERFLOW), NAME(EILSEQ),	NAME(EOPNOTSUPP), NAME(EADDRINUSE),
	NAME(ETIMEDOUT),    NAME(EALREADY),  NAME(EINPROGRESS), NAME(ESTALE),	  NAME(ECANCELED),
};

const char *errname(int err)
{
	return err > 0 && (size_t)err < sizeof(names) / sizeof(names[0]) ? names[err] : NULL;
}
