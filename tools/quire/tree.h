/* SPDX-License-Identifier: MIT */
/* The tree of files that becomes the initramfs: paths, modes, contents. */
#ifndef QUIRE_TREE_H
#define QUIRE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct entry {
	char *path; /* in the guest, without the leading slash, no symbolic link in its parents */
	mode_t mode; /* type and permissions */
	dev_t rdev; /* devices */
	time_t mtime;
	char *host; /* regular file: where its contents are, or NULL when they are in data */
	char *data; /* contents of a file, or target of a symbolic link */
	size_t size;
};

struct tree {
	struct entry **v; /* in order of creation, so a directory precedes what it holds */
	size_t n, cap;
	size_t *index; /* hash of path -> position + 1 */
	size_t index_size; /* a power of two */
};

void tree_init(struct tree *t);

/* The entry at a guest path (symbolic links in its parents are followed), or NULL. */
struct entry *tree_find(struct tree *t, const char *path);

/*
 * Add an entry; missing parents become directories of mode 0755, parents that are symbolic links
 * are followed within the tree. An entry that exists is replaced, except that a directory stays.
 */
void tree_dir(struct tree *t, const char *path, mode_t perm);
void tree_data(struct tree *t, const char *path, mode_t perm, const void *data, size_t size);
void tree_text(struct tree *t, const char *path, const char *text);
void tree_host(struct tree *t, const char *path, mode_t perm, const char *host);
void tree_link(struct tree *t, const char *path, const char *target);
void tree_node(struct tree *t, const char *path, mode_t mode, unsigned int major,
	       unsigned int minor);

/* The guest path with every symbolic link of its parents resolved; malloc()ed. */
char *tree_canonical(struct tree *t, const char *path);

#endif
