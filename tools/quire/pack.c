// SPDX-License-Identifier: MIT
/*
 * Packing: a host path is entered component by component, so that symbolic links arrive as links
 * and the file they lead to arrives once. An ELF file brings its interpreter and its libraries, a
 * script brings the program its first line names, and a few well-known programs bring the
 * directory without which they cannot start (companions).
 */
#define _GNU_SOURCE
#include "pack.h"

#include "elf.h"
#include "say.h"
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* %s is what the star of the pattern matched: python3.11 brings /usr/lib/python3.11. */
static const struct companion {
	const char *pattern;
	const char *path;
} companions[] = {
	{ "python3.*", "/usr/lib/python3.%s" },
	{ "perl*", "/usr/lib/x86_64-linux-gnu/perl-base" },
};

static void pack_file(struct tree *t, const char *host, const char *guest);

char *pack_lookup(const char *program)
{
	const char *path = getenv("PATH");
	char *copy, *save = NULL;

	if (strchr(program, '/')) {
		char *dir, *abs, *slash;

		/* Resolve the directory only: a symbolic link must keep its own name. */
		if (access(program, F_OK))
			return NULL;
		copy = xstrdup(program);
		slash = strrchr(copy, '/');
		*slash = '\0';
		dir = realpath(*copy ? copy : "/", NULL);
		abs = dir ? xasprintf("%s/%s", strcmp(dir, "/") ? dir : "", slash + 1) : NULL;
		free(dir);
		free(copy);
		return abs;
	}
	copy = xstrdup(path ? path
			    : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	for (char *dir = strtok_r(copy, ":", &save); dir; dir = strtok_r(NULL, ":", &save)) {
		char *try = xasprintf("%s/%s", dir, program);
		struct stat st;

		if (!stat(try, &st) && S_ISREG(st.st_mode) && !access(try, X_OK)) {
			char *abs = *try == '/' ?
			try : pack_lookup(try)
				;

			free(copy);
			return abs;
		}
		free(try);
	}
	free(copy);
	errno = ENOENT;
	return NULL;
}

/* The libraries of an ELF file; search directories of the program count for its libraries too. */
static void pack_libraries(struct tree *t, const char *host, const struct elf_needs *needs)
{
	for (size_t i = 0; i < needs->needed.n; i++) {
		const char *name = needs->needed.v[i];
		char *lib = elf_find_library(name, &needs->search);

		if (lib)
			pack_program(t, lib);
		else
			say("%s needs %s, which this host does not have", host, name);
		free(lib);
	}
}

/* "#!/usr/bin/env python3 -u": pack env and python3. */
static void pack_interpreter(struct tree *t, const char *host, char *line)
{
	char *save = NULL;
	char *interp = strtok_r(line + 2, " \t\r\n", &save);
	char *arg = interp ? strtok_r(NULL, " \t\r\n", &save) : NULL;
	char *path = interp ? pack_lookup(interp) : NULL;

	if (!path) {
		say("%s names the interpreter %s, which this host does not have", host,
		    interp ? interp : "(none)");
		return;
	}
	pack_program(t, path);
	if (arg && !strcmp(basename(path), "env")) {
		char *second = pack_lookup(arg);

		if (second)
			pack_program(t, second);
		free(second);
	}
	free(path);
}

static void pack_companions(struct tree *t, const char *host)
{
	const char *name = basename(host);

	for (size_t i = 0; i < sizeof(companions) / sizeof(*companions); i++) {
		const struct companion *c = &companions[i];
		size_t prefix = strcspn(c->pattern, "*");
		char *dir;

		if (fnmatch(c->pattern, name, 0) || strchr(host, ' '))
			continue;
		if (strstr(c->path, "%s"))
			dir = xasprintf("%.*s%s", (int)(strstr(c->path, "%s") - c->path), c->path,
					name + prefix);
		else
			dir = xstrdup(c->path);
		if (!access(dir, R_OK) && !strncmp(host, "/usr/bin/", 9) && !tree_find(t, dir))
			pack_add(t, dir);
		free(dir);
	}
}

/* A script inside a directory is data until somebody runs it: only a named one counts. */
static bool in_directory;

static void pack_needs(struct tree *t, const char *host, mode_t mode)
{
	struct elf_needs needs;
	char line[256] = "";
	FILE *f;

	if (elf_read(host, &needs)) {
		if (needs.interp)
			pack_program(t, needs.interp);
		pack_libraries(t, host, &needs);
		return;
	}
	f = mode & 0111 && !in_directory ? fopen(host, "re") : NULL;
	if (f && fgets(line, sizeof(line), f) && !strncmp(line, "#!", 2))
		pack_interpreter(t, host, line);
	if (f)
		fclose(f);
}

static void pack_file(struct tree *t, const char *host, const char *guest)
{
	struct entry *e = tree_find(t, guest);
	struct stat st;

	if (e && e->host)
		return;
	if (stat(host, &st))
		fail("cannot read %s: %s", host, strerror(errno));
	if (!S_ISREG(st.st_mode))
		fail("%s is not a regular file", host);
	tree_host(t, guest, st.st_mode & 07777, host);
	pack_needs(t, host, st.st_mode);
}

/*
 * Enter a host path with the symbolic links on its way, and call the packer for the file at its
 * end. Links that the tree has already (such as /lib -> usr/lib) stay.
 */
void pack_program(struct tree *t, const char *path)
{
	char *todo = xstrdup(path), *done = xstrdup("");
	int links = 0;

	for (char *p = todo; *p;) {
		char target[PATH_MAX];
		char *next, *rest;
		ssize_t n;

		p += strspn(p, "/");
		rest = p + strcspn(p, "/");
		next = xasprintf("%s/%.*s", done, (int)(rest - p), p);
		n = readlink(next, target, sizeof(target) - 1);
		if (n < 0) {
			free(done);
			done = next;
			p = rest;
			continue;
		}
		target[n] = '\0';
		if (++links > 40)
			fail("too many symbolic links in %s", path);
		if (!tree_find(t, next))
			tree_link(t, next, target);
		next = xasprintf("%s/%s%s", *target == '/' ? "" : done, target, rest);
		free(todo);
		todo = realpath(next, NULL) ? next : NULL;
		if (!todo)
			fail("%s leads nowhere: %s", path, next);
		p = todo;
		free(done);
		done = xstrdup("");
	}
	if (done[0])
		pack_file(t, done, done);
	/* A program brings its companions only when it is not itself part of one. */
	pack_companions(t, done);
	free(todo);
	free(done);
}

/* Parts of a companion that no program needs to start, and that would fill the memory. */
static bool is_ballast(const char *path)
{
	static const char *const names[] = {
		"/usr/lib/python3.*/test",	 "/usr/lib/python3.*/idlelib",
		"/usr/lib/python3.*/lib2to3",	 "/usr/lib/python3.*/ensurepip",
		"/usr/lib/python3.*/pydoc_data", "/usr/lib/python3.*/config-*"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!fnmatch(names[i], path, FNM_PATHNAME))
			return true;
	return false;
}

static void pack_dir(struct tree *t, const char *host, const char *guest)
{
	struct dirent **names;
	int n = scandir(host, &names, NULL, alphasort);

	if (n < 0)
		fail("cannot read %s: %s", host, strerror(errno));
	for (int i = 0; i < n; i++) {
		const char *name = names[i]->d_name;
		char *from = xasprintf("%s/%s", host, name);
		char *to = xasprintf("%s/%s", guest, name);
		char target[PATH_MAX];
		struct stat st;
		ssize_t len;

		if (!strcmp(name, ".") || !strcmp(name, "..") || is_ballast(from) ||
		    lstat(from, &st))
			goto next;
		if (S_ISDIR(st.st_mode)) {
			tree_dir(t, to, st.st_mode & 07777);
			pack_dir(t, from, to);
		} else if (S_ISLNK(st.st_mode)) {
			len = readlink(from, target, sizeof(target) - 1);
			target[len > 0 ? len : 0] = '\0';
			tree_link(t, to, target);
		} else if (S_ISREG(st.st_mode)) {
			pack_file(t, from, to);
		} else if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode) || S_ISFIFO(st.st_mode)) {
			tree_node(t, to, st.st_mode, st.st_rdev >> 8 & 0xfff, st.st_rdev & 0xff);
		}
next:
		free(from);
		free(to);
		free(names[i]);
	}
	free(names);
}

void pack_add(struct tree *t, const char *spec)
{
	char *host = xstrdup(spec);
	char *guest = strchr(host, ':');
	struct stat st;
	char *abs;

	if (guest)
		*guest++ = '\0';
	abs = realpath(host, NULL);
	if (!abs || stat(abs, &st))
		fail("--add %s: %s", host, strerror(errno));
	if (!guest && S_ISREG(st.st_mode) && (abs = pack_lookup(strchr(host, '/') ? host : abs)))
		pack_program(t, abs);
	else if (S_ISDIR(st.st_mode)) {
		bool outer = in_directory;

		in_directory = true;
		tree_dir(t, guest ? guest : abs, st.st_mode & 07777);
		pack_dir(t, abs, guest ? guest : abs);
		in_directory = outer;
	} else {
		char *to = guest ? guest : abs;

		if (to[strlen(to) - 1] == '/')
			to = xasprintf("%s%s", to, basename(abs));
		pack_file(t, abs, to);
	}
	free(abs);
	free(host);
}

void pack_root(struct tree *t, const char *dir)
{
	in_directory = true;
	pack_dir(t, dir, "");
}
