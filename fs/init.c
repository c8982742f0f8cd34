// SPDX-License-Identifier: MIT
/* Start-up of the files: caches, then the first file system and the root mount. */
#include <fs/dentry.h>
#include <fs/file.h>
#include <fs/locks.h>
#include <fs/mount.h>
#include <kernel/init.h>
#include <mm/filemap.h>
#include <mm/shmem.h>
#include <mm/xarray.h>
#include "fs_internal.h"
#include "namei_internal.h"

void __init vfs_caches_init(void)
{
	xarray_init();
	page_cache_init();
	namei_init();
	dcache_init();
	inode_init();
	files_init();
	fdtable_init();
	locks_init();
	shmem_init();
	mnt_init();
}
