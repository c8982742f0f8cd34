// SPDX-License-Identifier: MIT
/*
 * Namespaces of mounts.
 *
 * 1 A namespace is a tree of mounts. Processes see the one to which their fs_struct refers; who shares an fs_struct
 *   shares the namespace, so that roots and working directories always lie in it, unless a descriptor was passed on.
 * 2 CLONE_NEWNS copies the tree: the same file systems in the same places, from then on changed apart, since no mount
 *   propagates. The copy has the shape of the original, so a walk over both side by side finds the copy of a mount.
 * 3 The last fs_struct that goes unmounts the whole tree; open files keep their mounts, in no place.
 * 4 Invariant: mnt->mnt_ns is the namespace whose list has mnt; nr_mounts is the length of that list.
 * 5 Locks: namespace_sem for all but the count.
 *
 * Linux 6.1 (fs/namespace.c) refers to it by task->nsproxy and can enter one by setns(2), which does not exist here;
 * nor does /proc/PID/ns. Observed by: /proc/PID/mounts, mountinfo.
 */
#include <base/err.h>
#include <fs/fs_struct.h>
#include <mm/slab.h>
#include "mount_internal.h"

LIST_HEAD(mnt_namespaces);

/* => namespace_sem held for writing */
static void begin_ns(struct mnt_namespace *ns, struct mount *root)
{
	atomic_set(&ns->count, 1);
	INIT_LIST_HEAD(&ns->list);
	ns->root = root;
	root->mnt_is_top = true;
	list_add_tail(&ns->all, &mnt_namespaces);
	count_tree(root, ns);
}

struct mnt_namespace *new_mnt_ns(struct mount *root)
{
	struct mnt_namespace *ns = kzalloc(sizeof(*ns), GFP_KERNEL);

	if (!ns)
		return NULL;
	down_write(&namespace_sem);
	begin_ns(ns, root);
	up_write(&namespace_sem);
	return ns;
}

struct mnt_namespace *get_mnt_ns(struct mnt_namespace *ns)
{
	if (ns)
		atomic_inc(&ns->count);
	return ns;
}

void put_mnt_ns(struct mnt_namespace *ns)
{
	if (!ns || !atomic_dec_and_test(&ns->count))
		return;
	down_write(&namespace_sem);
	list_del(&ns->all);
	umount_tree_and_unlock(ns->root);
	kfree(ns);
}

/* *@place moves from mount @from to its copy; what it held is left in *@old, for path_put() without locks. */
static void move_path(struct path *place, struct mount *from, struct mount *copy, struct path *old)
{
	if (old->mnt || place->mnt != &from->mnt)
		return;
	*old = *place;
	place->mnt = &copy->mnt;
	path_get(place);
}

int copy_mnt_ns(struct fs_struct *fs)
{
	struct path old_root = { NULL, NULL }, old_pwd = { NULL, NULL };
	struct mnt_namespace *old = fs->mnt_ns, *ns;
	struct mount *copy, *p, *q;

	ns = kzalloc(sizeof(*ns), GFP_KERNEL);
	if (!ns)
		return -ENOMEM;
	down_write(&namespace_sem);
	copy = copy_tree(old->root, old->root->mnt.mnt_root, true);
	if (IS_ERR(copy)) {
		up_write(&namespace_sem);
		kfree(ns);
		return PTR_ERR(copy);
	}
	begin_ns(ns, copy);
	for (p = old->root, q = copy; p; p = next_mnt(p, old->root), q = next_mnt(q, copy)) {
		move_path(&fs->root, p, q, &old_root);
		move_path(&fs->pwd, p, q, &old_pwd);
	}
	fs->mnt_ns = ns;
	up_write(&namespace_sem);
	if (old_root.mnt)
		path_put(&old_root);
	if (old_pwd.mnt)
		path_put(&old_pwd);
	put_mnt_ns(old);
	return 0;
}
