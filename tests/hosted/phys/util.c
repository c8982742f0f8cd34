// SPDX-License-Identifier: MIT
/* Heap copies of strings: mm/slab/util.c also copies user memory, which this machine does not have. */
#include <base/string.h>
#include <base/printf.h>
#include <mm/slab.h>

char *kstrdup(const char *s, gfp_t gfp)
{
	size_t len = strlen(s) + 1;
	char *p = __kmalloc(len, gfp);

	return p ? memcpy(p, s, len) : NULL;
}

char *kvasprintf(gfp_t gfp, const char *fmt, __builtin_va_list ap)
{
	char text[128];

	vsnprintf(text, sizeof(text), fmt, ap);
	return kstrdup(text, gfp);
}
