// SPDX-License-Identifier: MIT
/*
 * /dev/mmtest, noun vmalloc: addresses of the kernel's own, mapped to single pages.
 *	hot BYTES N		N times vmalloc(BYTES) and vfree
 */
#include <base/errno.h>
#include <base/types.h>
#include <kernel/init.h>
#include <mm/vmalloc.h>

#include "mmtest_internal.h"

static int vmalloc_hot(void *state, struct mmtest_call *call)
{
	if (call->arg[0] < 1 || call->arg[0] > MMTEST_MAX || call->arg[1] > MMTEST_MAX)
		return -EINVAL;
	for (__s64 i = 0; i < call->arg[1]; i++) {
		void *p = vmalloc(call->arg[0]);

		if (!p)
			return -ENOMEM;
		vfree(p);
	}
	return 0;
}

static const struct mmtest_verb verbs[] = {
	{ "hot", vmalloc_hot },
	{ NULL, NULL },
};

static struct mmtest_noun vmalloc_noun = {
	.name = "vmalloc",
	.verbs = verbs,
};

static int __init mmtest_vmalloc_init(void)
{
	mmtest_register(&vmalloc_noun);
	return 0;
}
device_initcall(mmtest_vmalloc_init);
