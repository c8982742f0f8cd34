// SPDX-License-Identifier: MIT
/*
 * The initramfs. Its layout is Debian's merged /usr; the same tree serves both kernels, but for
 * /.quire, which holds init's orders (and the oracle's modules) and which init removes once read:
 *	/.quire/orders	one order per line, see user/init.c
 *	/.quire/argv	path to execute, then argv, each ended by a NUL
 *	/.quire/env	environment, likewise
 */
#define _GNU_SOURCE
#include "image.h"

#include "cpio.h"
#include "oracle.h"
#include "options.h"
#include "pack.h"
#include "say.h"
#include "tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define WRAPPER	   "/bin/.wrapper" /* where options.wrapper lies in the guest */
#define BUSYBOX	   "/bin/busybox"
#define GUEST_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* NUL-separated strings. */
struct strings {
	char *p;
	size_t n;
};

static void put_string(struct strings *s, const char *str)
{
	size_t len = strlen(str) + 1;

	s->p = xrealloc(s->p, s->n + len);
	memcpy(s->p + s->n, str, len);
	s->n += len;
}

static void add_skeleton(struct tree *t)
{
	static const char *const merged[] = { "bin", "sbin", "lib", "lib64" };
	static const char *const dirs[] = { "dev", "proc",    "sys", "run",	     "etc",
					    "var", "var/tmp", "mnt", "usr/local/bin" };

	for (size_t i = 0; i < sizeof(merged) / sizeof(*merged); i++) {
		char *target = xasprintf("usr/%s", merged[i]);

		tree_dir(t, target, 0755);
		tree_link(t, merged[i], target);
		free(target);
	}
	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
		tree_dir(t, dirs[i], 0755);
	tree_dir(t, "root", 0700);
	tree_dir(t, "tmp", 01777);
	tree_node(t, "dev/console", S_IFCHR | 0600, 5, 1);
	tree_node(t, "dev/null", S_IFCHR | 0666, 1, 3);
	tree_text(t, "etc/passwd",
		  "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n");
	tree_text(t, "etc/group", "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n");
	tree_text(t, "etc/hostname", "quire\n");
	tree_text(t, "etc/profile", "export PS1='quire:\\w\\$ '\n");
	if (!access("/etc/ld.so.cache", R_OK))
		tree_host(t, "etc/ld.so.cache", 0644, "/etc/ld.so.cache");
}

static void add_busybox(struct tree *t)
{
	FILE *f;
	char line[256];

	if (access(BUSYBOX, X_OK))
		fail("%s is missing; install the package busybox-static", BUSYBOX);
	tree_host(t, "bin/busybox", 0755, BUSYBOX);
	f = popen(BUSYBOX " --list-full", "re");
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (*line && !tree_find(t, line))
			tree_link(t, line, "/bin/busybox");
	}
	if (!f || pclose(f))
		fail("%s does not list its applets; install the package busybox-static", BUSYBOX);
}

/* True when the name is an applet: its link lies in one of the program directories. */
static char *applet_path(struct tree *t, const char *name)
{
	static const char *const dirs[] = { "bin", "sbin", "usr/bin", "usr/sbin" };

	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs) && !strchr(name, '/'); i++) {
		char *path = xasprintf("/%s/%s", dirs[i], name);

		if (tree_find(t, path))
			return path;
		free(path);
	}
	return NULL;
}

/* Pack the program and return its path in the guest. */
static char *add_program(struct tree *t, const struct options *o)
{
	const char *name = o->argv ? o->argv[0] : "sh";
	char *path;

	if (o->root) {
		if (!strchr(name, '/'))
			return xstrdup(name); /* init looks it up in PATH */
		return xstrdup(name);
	}
	path = o->argv ? pack_lookup(name) : NULL;
	if (path && !access(path, X_OK)) {
		pack_program(t, path);
		add_busybox(t);
		return path;
	}
	if (path)
		fail("%s is not executable", path);
	add_busybox(t);
	path = applet_path(t, name);
	if (!path)
		fail("there is no program %s on this host, nor in BusyBox; "
		     "--root DIR runs programs of another tree",
		     name);
	return path;
}

static void add_argv(struct tree *t, const struct options *o, const char *path)
{
	struct strings argv = { 0 }, env = { 0 };
	const char *term = getenv("TERM");

	if (o->wrapper) {
		put_string(&argv, WRAPPER);
		put_string(&argv, WRAPPER);
	}
	put_string(&argv, path);
	if (!o->argv)
		put_string(&argv, "-sh");
	for (char **a = o->argv; a && *a; a++)
		put_string(&argv, *a);
	put_string(&env, "PATH=" GUEST_PATH);
	put_string(&env, "HOME=/root");
	put_string(&env, "USER=root");
	put_string(&env, "SHELL=/bin/sh");
	if (o->tty) {
		char *e = xasprintf("TERM=%s", term && *term ? term : "vt100");

		put_string(&env, e);
		free(e);
	}
	for (size_t i = 0; i < o->env.n; i++)
		put_string(&env, o->env.v[i]);
	tree_data(t, "/.quire/argv", 0600, argv.p, argv.n);
	tree_data(t, "/.quire/env", 0600, env.p, env.n);
	free(argv.p);
	free(env.p);
}

/* The disks come in the order of qemu.c: the root image first. */
static void add_disk_orders(const struct options *o, FILE *f)
{
	struct stat st;
	char name = 'a';

	if (o->root && !stat(o->root, &st) && !S_ISDIR(st.st_mode))
		fprintf(f, "root /dev/vd%c\n", name++);
	for (size_t i = 0; i < o->disk.n; i++) {
		const char *comma = strrchr(o->disk.v[i], ',');

		if (comma && !strcmp(comma, ",nvme"))
			continue;
		if (comma && !strcmp(comma, ",swap"))
			fprintf(f, "swap /dev/vd%c\n", name);
		name++;
	}
}

static void add_orders(struct tree *t, const struct options *o)
{
	struct strv modules = { 0 };
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		fail("this host has no memory left");
	if (o->kernel == KERNEL_LINUX) {
		oracle_modules(t, "/.quire", &o->module_name, &modules);
		for (size_t i = 0; i < modules.n; i++)
			fprintf(f, "module %s\n", modules.v[i]);
		for (size_t i = 0; i < o->module.n; i++) {
			char *guest = xasprintf("/.quire/extra%zu.ko", i);

			tree_host(t, guest, 0644, o->module.v[i]);
			fprintf(f, "module %s\n", guest);
			free(guest);
		}
	}
	add_disk_orders(o, f);
	if (o->no_input)
		fputs("input none\n", f);
	if (o->tty) {
		struct winsize ws = { 0 };

		if (ioctl(STDIN_FILENO, TIOCGWINSZ, &ws) || !ws.ws_row)
			ws = (struct winsize){ .ws_row = 24, .ws_col = 80 };
		fprintf(f, "tty hvc0 %d %d\n", ws.ws_row, ws.ws_col);
	}
	fclose(f);
	tree_text(t, "/.quire/orders", text);
	free(text);
}

static void add_init(struct tree *t)
{
	char *init = xasprintf("%s/user/init", build_dir());

	if (access(init, R_OK))
		fail("%s is missing; `make tool` builds it", init);
	tree_host(t, "/init", 0755, init);
	free(init);
}

int image_build(const struct options *o)
{
	struct stat st;
	struct tree t;
	char *path;
	int fd = memfd_create("initramfs", 0); /* inherited by QEMU */

	if (fd < 0)
		fail("cannot create the initramfs: %s", strerror(errno));
	tree_init(&t);
	if (o->root && stat(o->root, &st))
		fail("--root %s: %s", o->root, strerror(errno));
	if (o->root && S_ISDIR(st.st_mode))
		pack_root(&t, o->root);
	else
		add_skeleton(&t);
	path = add_program(&t, o);
	if (o->wrapper)
		tree_host(&t, WRAPPER, 0755, o->wrapper);
	for (size_t i = 0; i < o->add.n; i++)
		pack_add(&t, o->add.v[i]);
	if (o->root && !S_ISDIR(st.st_mode))
		tree_dir(&t, "/.quire/root", 0755);
	add_argv(&t, o, path);
	add_orders(&t, o);
	add_init(&t);
	cpio_write(fd, &t);
	free(path);
	return fd;
}
