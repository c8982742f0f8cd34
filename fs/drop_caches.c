// SPDX-License-Identifier: MIT
/*
 * /proc/sys/vm/drop_caches: 1 gives clean pages of the page cache back, 2 what shrinkers keep (dentries,
 * inodes), 3 both, 4 ends the line that each use leaves in the log. Nothing dirty or in use goes. Linux 6.1:
 * fs/drop_caches.c, Documentation/admin-guide/sysctl/vm.rst. And /sys/kernel/debug/shrinkers.
 */
#include <base/types.h>
#include <base/list.h>
#include <fs/inode.h>
#include <fs/kernfs.h>
#include <fs/proc_fs.h>
#include <fs/super.h>
#include <fs/sysfs.h>
#include <kernel/init.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <mm/address_space.h>
#include <mm/filemap.h>
#include <mm/shrinker.h>
#include <mm/vmstat.h>

static int sysctl_drop_caches;

/* The next inode after @inode with pages, now or before, referenced; NULL: the end. @inode keeps the place. */
static struct inode *next_with_pages(struct super_block *sb, struct inode *inode)
{
	struct inode *found = NULL, *at;

	spin_lock(&sb->s_inode_list_lock);
	at = inode ? list_next_entry(inode, i_sb_list)
		   : list_first_entry(&sb->s_inodes, struct inode, i_sb_list);
	list_for_each_entry_from (at, &sb->s_inodes, i_sb_list) {
		spin_lock(&at->i_lock);
		if (!(at->i_state & (I_FREEING | I_WILL_FREE | I_NEW)) &&
		    (READ_ONCE(at->i_mapping->nrpages) ||
		     test_bit(AS_SHADOWS, &at->i_mapping->flags))) {
			atomic_inc(&at->i_count);
			found = at;
		}
		spin_unlock(&at->i_lock);
		if (found)
			break;
	}
	spin_unlock(&sb->s_inode_list_lock);
	return found;
}

static void drop_pagecache(struct super_block *sb, void *unused)
{
	struct inode *inode = NULL, *next;

	while ((next = next_with_pages(sb, inode))) {
		invalidate_mapping_pages(next->i_mapping, 0, -1UL);
		iput(inode);
		inode = next;
		cond_resched();
	}
	iput(inode);
}

static void drop_caches(void)
{
	static bool quiet;

	if (sysctl_drop_caches & 1) {
		iterate_supers(drop_pagecache, NULL);
		count_vm_event(DROP_PAGECACHE);
	}
	if (sysctl_drop_caches & 2) {
		drop_slab();
		count_vm_event(DROP_SLAB);
	}
	if (!quiet)
		pr_info("%s (%d): drop_caches: %d\n", current->comm, current->pid,
			sysctl_drop_caches);
	quiet |= sysctl_drop_caches & 4;
}

static struct ctl_table drop_caches_table[] = { { .path = "vm/drop_caches",
						  .mode = 0200,
						  .type = CTL_INT,
						  .data = &sysctl_drop_caches,
						  .min = 1,
						  .max = 4,
						  .changed = drop_caches },
						{ 0 } };

static int __init drop_caches_init(void)
{
	register_sysctl_table(drop_caches_table);
	kernfs_create_file(&debugfs_root, "shrinkers", 0444, shrinkers_show, NULL, NULL);
	return 0;
}
fs_initcall(drop_caches_init);
