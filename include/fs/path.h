/* SPDX-License-Identifier: MIT */
/* struct path: a place in the tree of mounts: a mount and a dentry below it. */
#ifndef QUIRE_FS_PATH_H
#define QUIRE_FS_PATH_H

#include <base/types.h>

struct dentry;
struct file;
struct vfsmount;

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

/* One more reference to / one less of both. path_put may sleep. */
void path_get(const struct path *path);
void path_put(const struct path *path);

static inline bool path_equal(const struct path *a, const struct path *b)
{
	return a->mnt == b->mnt && a->dentry == b->dentry;
}

/*
 * The path as text at the end of @buf: a pointer into @buf, or ERR_PTR(-ENAMETOOLONG).
 * d_path shows it from the root of current, " (deleted)" appended when unlinked.
 */
char *d_path(const struct path *path, char *buf, int buflen);
char *file_path(struct file *file, char *buf, int buflen);

#endif
