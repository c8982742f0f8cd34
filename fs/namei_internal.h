/* SPDX-License-Identifier: MIT */
/* The path walk's state, shared by namei.c, namei_ops.c and open.c. */
#ifndef QUIRE_FS_NAMEI_INTERNAL_H
#define QUIRE_FS_NAMEI_INTERNAL_H

#include <fs/dentry.h>
#include <fs/namei.h>
#include <fs/path.h>

enum last_type { LAST_NORM, LAST_ROOT, LAST_DOT, LAST_DOTDOT };

struct kept_link {
	struct dentry *dentry;
	struct delayed_call done;
};

struct nameidata {
	struct path path;		/* where the walk is */
	struct path root;		/* if has_root */
	struct qstr last;		/* component not walked yet */
	int last_type;
	unsigned int flags;		/* LOOKUP_* */
	bool has_root, preset_root, jumped;
	int dfd;
	unsigned int depth;		/* of stack */
	unsigned int nr_links;
	struct filename *name;
	struct nameidata *saved;
	const char *stack[MAXSYMLINKS];	/* rests of names, walked after the link at hand */
	struct kept_link links[MAXSYMLINKS];
};

void walk_begin(struct nameidata *nd, int dfd, struct filename *name, unsigned int flags);
void walk_begin_root(struct nameidata *nd, const struct path *root, struct filename *name, unsigned int flags);
int walk_start(struct nameidata *nd);
void walk_end(struct nameidata *nd);
void walk_leave(struct nameidata *nd);
int link_path_walk(const char *name, struct nameidata *nd);
const char *lookup_last(struct nameidata *nd);
const char *step_last(struct nameidata *nd, struct dentry *dentry);
int complete_walk(struct nameidata *nd);
struct dentry *lookup_dcache(const struct qstr *name, struct dentry *dir, unsigned int flags);
struct dentry *lookup_hash(const struct qstr *name, struct dentry *dir, unsigned int flags);
int filename_parentat(int dfd, struct filename *name, unsigned int flags, struct path *parent,
		      struct qstr *last, int *type);
void namei_init(void);

#endif
