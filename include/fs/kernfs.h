/* SPDX-License-Identifier: MIT */
/*
 * kernfs: trees of names that the kernel makes, shown as file systems (sysfs, debugfs, tracefs,
 * the static part of procfs).
 *
 * A node is a directory, a file or a symbolic link; nodes are made at any time and, where a
 * subsystem needs it, removed. A file is a show function over seq_file, perhaps with a write
 * function, or has file operations of its own.
 */
#ifndef FS_KERNFS_H
#define FS_KERNFS_H

#include <base/types.h>
#include <base/list.h>
#include <base/rbtree.h>

struct dentry;
struct dir_context;
struct file;
struct file_operations;
struct inode;
struct kstat;
struct path;
struct seq_file;
struct super_block;

/* Print the whole file; m->private is the node's priv. 0 or -errno. May sleep. */
typedef int (*kernfs_show_t)(struct seq_file *m, void *v);
/* Take a whole write: @buf is a NUL-terminated copy of @count bytes. Bytes taken or -errno. May sleep. */
typedef ssize_t (*kernfs_write_t)(struct file *file, char *buf, size_t count);

struct kernfs_node;

/* What a directory can do besides being looked at; each may be NULL. May sleep. */
struct kernfs_dir_ops {
	void (*refresh)(struct kernfs_node *dir);	/* before each look-up and listing */
	/* mkdir(2), rmdir(2) below: make or remove the node. 0 or -errno. => inodes of both locked */
	int (*mkdir)(struct kernfs_node *parent, const char *name, umode_t mode);
	int (*rmdir)(struct kernfs_node *dir);
	/* the last who knew of it is gone. => kernfs_lock */
	void (*release)(struct kernfs_node *dir);
};

struct kernfs_owner {
	uid_t uid;
	gid_t gid;
};

struct kernfs_node {
	const char *name;		/* own copy */
	umode_t mode;			/* with the S_IF bits */
	u32 ino;
	struct kernfs_node *parent;	/* lives as long as this */
	struct rb_node by_name;		/* kernfs_lock: in parent->children */
	union {				/* by mode */
		struct {		/* a directory */
			struct rb_root children;	/* kernfs_lock */
			unsigned int nr_dirs;		/* kernfs_lock: directories among the children */
			const struct kernfs_dir_ops *ops;	/* or NULL */
		};
		struct {		/* a file */
			kernfs_show_t show;
			kernfs_write_t write;
			const struct file_operations *fops;	/* instead of show and write */
		};
		const char *target;	/* of a link; own copy */
	};
	void *priv;
	unsigned int refs;		/* kernfs_lock: the tree, each inode, each child */
	bool removed;			/* kernfs_lock */
	struct kernfs_owner *owner;	/* kernfs_lock: NULL: root */
};

/* The root of a tree, 0555. */
#define KERNFS_ROOT(var) struct kernfs_node var = { .name = "", .mode = S_IFDIR | 0555, .ino = 1, .refs = 1 }

/* All: NULL when memory is short or the name exists. May sleep. */
struct kernfs_node *kernfs_create_dir(struct kernfs_node *parent, const char *name, umode_t mode);
/* One with @ops: ->release is called only for what was made. */
struct kernfs_node *kernfs_create_ops_dir(struct kernfs_node *parent, const char *name, umode_t mode,
					  const struct kernfs_dir_ops *ops, void *priv);
/* One, 0755, whose entries are made when somebody looks: @ops->refresh adds what is missing. @parent may be NULL, too. */
struct kernfs_node *kernfs_create_lazy_dir(struct kernfs_node *parent, const char *name, const struct kernfs_dir_ops *ops,
					   void *priv);
struct kernfs_node *kernfs_create_file(struct kernfs_node *parent, const char *name, umode_t mode,
				       kernfs_show_t show, kernfs_write_t write, void *priv);
/* Unless @dir has the name: for ->refresh. What there was no memory for comes with the next look. */
void kernfs_fill_file(struct kernfs_node *dir, const char *name, umode_t mode, kernfs_show_t show, kernfs_write_t write, void *priv);
struct kernfs_node *kernfs_create_fops(struct kernfs_node *parent, const char *name, umode_t mode,
				       const struct file_operations *fops, void *priv);
struct kernfs_node *kernfs_create_link(struct kernfs_node *parent, const char *name, const char *target);
/* @path below @parent, directories made as needed: returns the directory of the last component and in *@last that. */
struct kernfs_node *kernfs_make_path(struct kernfs_node *parent, const char *path, const char **last);
struct kernfs_node *kernfs_find(struct kernfs_node *parent, const char *name);
/* Give @node to a user, as chown(2) does. 0 or -ENOMEM. May sleep. */
int kernfs_chown(struct kernfs_node *node, uid_t uid, gid_t gid);
/* May the current user do @mask (MAY_*) with @node, shown in @sb? 0 or -EACCES, -ENOMEM. May sleep. */
int kernfs_permission(struct super_block *sb, struct kernfs_node *node, int mask);
/* Take @node and all below it out of the tree; open files go on with what they have. May sleep. */
void kernfs_remove(struct kernfs_node *node);

/* Remove those children of @dir for which @gone answers true; it is called under the lock of all trees. May sleep. */
void kernfs_remove_if(struct kernfs_node *dir, bool (*gone)(struct kernfs_node *child, void *arg), void *arg);

/* What @node, a file, says has changed of itself: to who watches it (inotify(7)) as if it had been written. May sleep. */
void kernfs_notify(struct kernfs_node *node);

/* The file's node and its priv, in operations of kernfs_create_fops(). */
struct kernfs_node *kernfs_of(const struct inode *inode);

/* Fill @sb with the tree at @root (s_root is made). 0 or -ENOMEM. */
int kernfs_fill_super(struct super_block *sb, struct kernfs_node *root, unsigned long magic);
/* For file systems that add entries of their own to a kernfs directory (procfs). */
void kernfs_evict_inode(struct inode *inode);	/* their evict_inode */
struct inode *kernfs_get_inode(struct super_block *sb, struct kernfs_node *node);
struct dentry *kernfs_lookup(struct inode *dir, struct dentry *dentry, unsigned int flags);
int kernfs_dir_getattr(const struct path *path, struct kstat *stat, u32 request_mask, unsigned int flags);
/* Emit the entries from ctx->pos 2 on; true when all were emitted. */
bool kernfs_emit(struct file *file, struct dir_context *ctx);

extern const struct file_operations kernfs_file_fops;

#endif
