// SPDX-License-Identifier: MIT
/*
 * The file tree of an initramfs, kept in memory until the cpio writer walks it.
 *
 * Paths are canonical: the tree itself holds symbolic links such as /bin -> usr/bin, and a path
 * given as /bin/ls is stored as usr/bin/ls, so that the same file is never packed twice.
 */
#define _GNU_SOURCE
#include "tree.h"

#include "say.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define MAX_LINKS 40

static uint64_t hash(const char *s)
{
	uint64_t h = 1469598103934665603ull;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211ull;
	return h;
}

void tree_init(struct tree *t)
{
	memset(t, 0, sizeof(*t));
	t->index_size = 1024;
	t->index = xcalloc(t->index_size, sizeof(*t->index));
}

static size_t *slot_of(const struct tree *t, const char *path)
{
	size_t i = hash(path) & (t->index_size - 1);

	while (t->index[i] && strcmp(t->v[t->index[i] - 1]->path, path))
		i = (i + 1) & (t->index_size - 1);
	return &t->index[i];
}

static void grow(struct tree *t)
{
	free(t->index);
	t->index_size *= 2;
	t->index = xcalloc(t->index_size, sizeof(*t->index));
	for (size_t i = 0; i < t->n; i++)
		*slot_of(t, t->v[i]->path) = i + 1;
}

static struct entry *find_exact(const struct tree *t, const char *path)
{
	size_t at = *slot_of(t, path);

	return at ? t->v[at - 1] : NULL;
}

/* Append component (n bytes) to path, handling "." and "..". */
static void step(char **path, const char *component, size_t n)
{
	char *slash;

	if (!n || (n == 1 && component[0] == '.'))
		return;
	if (n == 2 && !memcmp(component, "..", 2)) {
		slash = strrchr(*path, '/');
		(slash ? slash : *path)[0] = '\0';
		return;
	}
	slash = *path;
	*path = xasprintf("%s%s%.*s", slash, *slash ? "/" : "", (int)n, component);
	free(slash);
}

char *tree_canonical(struct tree *t, const char *path)
{
	char *done = xstrdup("");
	char *todo = xstrdup(path);
	int links = 0;

	for (char *p = todo;;) {
		size_t n;
		struct entry *e;
		char *rest;

		p += strspn(p, "/");
		n = strcspn(p, "/");
		rest = p + n + strspn(p + n, "/");
		step(&done, p, n);
		if (!*rest)
			break;
		e = find_exact(t, done);
		if (e && S_ISLNK(e->mode)) {
			char *next = xasprintf("%s/%s", e->data, rest);

			if (++links > MAX_LINKS)
				fail("too many symbolic links in %s", path);
			if (e->data[0] == '/')
				done[0] = '\0';
			else
				step(&done, "..", 2);
			free(todo);
			todo = p = next;
			continue;
		}
		p = rest;
	}
	free(todo);
	return done;
}

struct entry *tree_find(struct tree *t, const char *path)
{
	char *canonical = tree_canonical(t, path);
	struct entry *e = find_exact(t, canonical);

	free(canonical);
	return e;
}

static struct entry *put(struct tree *t, char *canonical, mode_t mode)
{
	struct entry *e = find_exact(t, canonical);
	char *slash = strrchr(canonical, '/');

	if (e) {
		free(canonical);
		if (S_ISDIR(e->mode) && !S_ISDIR(mode))
			return e;
		free(e->host);
		free(e->data);
		e->host = e->data = NULL;
		e->size = 0;
		e->mode = mode;
		return e;
	}
	if (slash) {
		char *parent = strndup(canonical, slash - canonical);

		if (!find_exact(t, parent))
			put(t, parent, S_IFDIR | 0755);
		else
			free(parent);
	}
	if (t->n * 2 >= t->index_size)
		grow(t);
	if (t->n == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 256;
		t->v = xrealloc(t->v, t->cap * sizeof(*t->v));
	}
	e = xcalloc(1, sizeof(*e));
	e->path = canonical;
	e->mode = mode;
	t->v[t->n] = e;
	*slot_of(t, canonical) = ++t->n;
	return e;
}

void tree_dir(struct tree *t, const char *path, mode_t perm)
{
	char *canonical = tree_canonical(t, path);
	struct entry *e = find_exact(t, canonical);

	/* Asked for a directory where a link to one stands: the link serves. */
	if (!*canonical || (e && S_ISLNK(e->mode)))
		free(canonical);
	else
		put(t, canonical, S_IFDIR | perm);
}

void tree_data(struct tree *t, const char *path, mode_t perm, const void *data, size_t size)
{
	struct entry *e = put(t, tree_canonical(t, path), S_IFREG | perm);

	e->data = xcalloc(1, size + 1);
	memcpy(e->data, data, size);
	e->size = size;
}

void tree_text(struct tree *t, const char *path, const char *text)
{
	tree_data(t, path, 0644, text, strlen(text));
}

void tree_host(struct tree *t, const char *path, mode_t perm, const char *host)
{
	struct entry *e = put(t, tree_canonical(t, path), S_IFREG | perm);

	e->host = xstrdup(host);
}

void tree_link(struct tree *t, const char *path, const char *target)
{
	struct entry *e = put(t, tree_canonical(t, path), S_IFLNK | 0777);

	if (S_ISLNK(e->mode)) {
		e->data = xstrdup(target);
		e->size = strlen(target);
	}
}

void tree_node(struct tree *t, const char *path, mode_t mode, unsigned int major,
	       unsigned int minor)
{
	put(t, tree_canonical(t, path), mode)->rdev = makedev(major, minor);
}
