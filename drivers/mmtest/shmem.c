// SPDX-License-Identifier: MIT
/*
 * shmem: a file of tmpfs as a driver has it for a device that reaches the first 4 GiB only (Linux's graphics drivers do so).
 *
 *	dma32	arg[0]: a descriptor of the file: pages that come into its cache from now on lie below 4 GiB
 */
#include <base/errno.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <kernel/init.h>
#include <mm/address_space.h>
#include <mm/gfp.h>
#include <mm/shmem.h>
#include "mmtest_internal.h"

static int shmem_dma32(void *state, struct mmtest_call *call)
{
	struct file *file = fget((unsigned int)call->arg[0]);
	int err = -EINVAL;

	if (!file)
		return -EBADF;
	if (shmem_mapping(file->f_mapping)) {
		mapping_set_gfp_mask(file->f_mapping, GFP_USER | __GFP_DMA32);
		err = 0;
	}
	fput(file);
	return err;
}

static const struct mmtest_verb verbs[] = { { "dma32", shmem_dma32 }, { NULL, NULL } };
static struct mmtest_noun shmem = { .name = "shmem", .verbs = verbs };

static int __init shmem_test_init(void)
{
	mmtest_register(&shmem);
	return 0;
}
device_initcall(shmem_test_init);
