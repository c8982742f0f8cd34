// SPDX-License-Identifier: MIT
/*
 * Debian's linux-image-*-cloud-amd64 in BUILD/oracle: `apt-get download` of what the meta package
 * depends on, unpacked with dpkg-deb. The link `current` names the version in use; once it exists
 * nothing is downloaded again.
 */
#define _GNU_SOURCE
#include "oracle.h"

#include "say.h"
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define META_PACKAGE "linux-image-cloud-amd64"

static const char *const wanted[] = { "virtio_pci", "virtio_mmio", "virtio_console", "virtio_blk" };

static char *one_match(const char *pattern)
{
	glob_t g;
	char *path = NULL;

	if (!glob(pattern, 0, NULL, &g)) {
		path = xstrdup(g.gl_pathv[0]);
		globfree(&g);
	}
	return path;
}

/* Do it in a shell: three commands of Debian in a row, all output on standard error. */
static const char script[] =
	"set -e; dir=$1; meta=$2; mkdir -p \"$dir/new\"; cd \"$dir/new\"; rm -rf ./*\n"
	"find_pkg() { apt-cache depends \"$meta\" 2>/dev/null |"
	" sed -n 's/^ *Depends: \\(linux-image-[0-9].*\\)/\\1/p' | head -n 1; }\n"
	"pkg=$(find_pkg)\n"
	"if [ -z \"$pkg\" ] && [ \"$(id -u)\" = 0 ]; then apt-get -qq update || true; pkg=$(find_pkg); fi\n"
	"[ -n \"$pkg\" ] || { echo \"quire: apt knows no $meta; run 'apt-get update' first\"; exit 1; }\n"
	"echo \"quire: downloading $pkg (the oracle, once)\"\n"
	"apt-get -qq -o APT::Sandbox::User=root download \"$pkg\"\n"
	"echo 'quire: unpacking it'\n"
	"dpkg-deb -x ./*.deb root; rm -f ./*.deb\n"
	"rm -rf \"../$pkg\"; mv root \"../$pkg\"; ln -sfn \"$pkg\" ../current; rmdir ../new\n";

static void download(const char *dir)
{
	struct strv argv = { 0 };
	int status;

	strv_add(&argv, "sh");
	strv_add(&argv, "-c");
	strv_add(&argv, script);
	strv_add(&argv, "oracle");
	strv_add(&argv, dir);
	strv_add(&argv, META_PACKAGE);
	status = run_tool(&argv);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		fail("the Linux kernel could not be downloaded; "
		     "--kernel linux needs the network the first time (package " META_PACKAGE ")");
}

/* Who comes while another downloads waits for that one, and finds what it has left. */
static char *download_once(const char *dir, const char *pattern)
{
	char *lock = xasprintf("%s/.lock", dir);
	char *kernel;
	int fd;

	make_dirs(dir);
	fd = open(lock, O_CREAT | O_CLOEXEC | O_RDWR, 0644);
	if (fd < 0 || flock(fd, LOCK_EX))
		fail("cannot lock %s: %s", lock, strerror(errno));
	kernel = one_match(pattern);
	if (!kernel) {
		download(dir);
		kernel = one_match(pattern);
	}
	close(fd);
	free(lock);
	return kernel;
}

const char *oracle_kernel(void)
{
	static char *kernel;
	char *dir = xasprintf("%s/oracle", build_dir());
	char *pattern = xasprintf("%s/current/boot/vmlinuz-*", dir);

	if (!kernel)
		kernel = one_match(pattern);
	if (!kernel)
		kernel = download_once(dir, pattern);
	if (!kernel)
		fail("%s holds no kernel; remove that directory and try again", dir);
	free(dir);
	free(pattern);
	return kernel;
}

/* Module files by name, found by walking lib/modules once. */
static struct strv module_files;

static int note_module(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	size_t n = strlen(path);

	(void)st;
	(void)ftw;
	if (type == FTW_F && n > 3 && !strcmp(path + n - 3, ".ko"))
		strv_add(&module_files, path);
	return 0;
}

static const char *module_file(const char *name)
{
	for (size_t i = 0; i < module_files.n; i++) {
		const char *base = strrchr(module_files.v[i], '/') + 1;
		size_t n = strlen(name);

		if (strlen(base) != n + 3)
			continue;
		/* File names may use '-' where module names use '_'. */
		for (size_t k = 0; k < n; k++)
			if ((base[k] == '-' ? '_' : base[k]) != name[k])
				goto next;
		return module_files.v[i];
next:;
	}
	return NULL;
}

/* The "depends=" line of a module's .modinfo section. */
static char *module_depends(const char *file)
{
	static const char key[] = "\0depends=";
	struct stat st;
	FILE *f = fopen(file, "re");
	char *p, *hit, *found;

	if (!f || fstat(fileno(f), &st))
		fail("cannot read %s: %s", file, strerror(errno));
	p = xcalloc(1, st.st_size + 1);
	if (fread(p, 1, st.st_size, f) != (size_t)st.st_size)
		fail("cannot read %s", file);
	fclose(f);
	hit = memmem(p, st.st_size, key, sizeof(key) - 1);
	found = xstrdup(hit ? hit + sizeof(key) - 1 : "");
	free(p);
	return found;
}

static void add_module(struct tree *t, const char *dir, const char *name, struct strv *order)
{
	char *guest = xasprintf("%s/%s.ko", dir, name);
	const char *file = module_file(name);
	char *depends, *save = NULL;

	if (!file || tree_find(t, guest)) /* built in, or there already */
		return;
	tree_host(t, guest, 0644, file);
	depends = module_depends(file);
	for (char *d = strtok_r(depends, ",", &save); d; d = strtok_r(NULL, ",", &save))
		add_module(t, dir, d, order);
	strv_add(order, guest);
	free(depends);
	free(guest);
}

void oracle_modules(struct tree *t, const char *dir, const struct strv *more, struct strv *order)
{
	char *root = xasprintf("%s/oracle/current/", build_dir());

	nftw(root, note_module, 16, 0);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		add_module(t, dir, wanted[i], order);
	for (size_t i = 0; i < more->n; i++)
		add_module(t, dir, more->v[i], order);
	free(root);
}
