// SPDX-License-Identifier: MIT
/* Start-up of the VFS, in the order in which the parts need each other. */
#include <base/types.h>
#include <kernel/init.h>
#include <mm/filemap.h>
#include <mm/shmem.h>
#include <fs/buffer_head.h>
#include <fs/dentry.h>
#include <fs/file.h>
#include <fs/locks.h>
#include <fs/mount.h>
#include "fs_internal.h"
#include "namei_internal.h"

void __init vfs_caches_init(void)
{
	page_cache_init();
	namei_init();
	dcache_init();
	inode_init();
	buffer_init();
	fdtable_init();
	files_init();
	locks_init();
	shmem_init(); /* registers tmpfs and rootfs */
	mnt_init();
}
