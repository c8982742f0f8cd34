// SPDX-License-Identifier: MIT
/*
 * Reading ELF files on the host: interpreter and needed libraries (ld.so(8) tells the order of
 * search; LD_LIBRARY_PATH and hardware-capability directories are left out on purpose, since the
 * guest would not look there).
 */
#define _GNU_SOURCE
#include "elf.h"

#include <ctype.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct image {
	const unsigned char *p;
	size_t size;
};

/* The bytes [off, off + n) or NULL when the file is shorter. */
static const void *at(const struct image *im, size_t off, size_t n)
{
	return off <= im->size && n <= im->size - off ? im->p + off : NULL;
}

/* A string that ends inside the file, or NULL. */
static const char *string_at(const struct image *im, size_t off)
{
	const char *s = at(im, off, 1);

	return s && memchr(s, '\0', im->size - off) ? s : NULL;
}

static const Elf64_Ehdr *x86_header(const struct image *im)
{
	const Elf64_Ehdr *eh = at(im, 0, sizeof(*eh));

	if (!eh || memcmp(eh->e_ident, ELFMAG, SELFMAG) || eh->e_ident[EI_CLASS] != ELFCLASS64 ||
	    eh->e_machine != EM_X86_64 || eh->e_phentsize != sizeof(Elf64_Phdr))
		return NULL;
	return eh;
}

static size_t file_offset(const struct image *im, const Elf64_Ehdr *eh, Elf64_Addr addr)
{
	for (int i = 0; i < eh->e_phnum; i++) {
		const Elf64_Phdr *ph = at(im, eh->e_phoff + i * sizeof(*ph), sizeof(*ph));

		if (ph && ph->p_type == PT_LOAD && addr >= ph->p_vaddr &&
		    addr - ph->p_vaddr < ph->p_filesz)
			return addr - ph->p_vaddr + ph->p_offset;
	}
	return SIZE_MAX;
}

/* Split "a:b:$ORIGIN/c" into directories. */
static void add_search(struct strv *out, const char *list, const char *file)
{
	char *dir = xstrdup(file);
	char *slash = strrchr(dir, '/');

	if (slash)
		*slash = '\0';
	while (*list) {
		size_t n = strcspn(list, ":");
		const char *tail = list;

		if (!strncmp(list, "$ORIGIN", 7))
			tail = list + 7;
		else if (!strncmp(list, "${ORIGIN}", 9))
			tail = list + 9;
		if (n)
			strv_addf(out, "%s%.*s", tail != list ? dir : "", (int)(list + n - tail),
				  tail);
		list += n + (list[n] == ':');
	}
	free(dir);
}

static void read_dynamic(const struct image *im, const Elf64_Ehdr *eh, const Elf64_Phdr *ph,
			 const char *path, struct elf_needs *needs)
{
	size_t n = ph->p_filesz / sizeof(Elf64_Dyn);
	const Elf64_Dyn *dyn = at(im, ph->p_offset, n * sizeof(*dyn));
	size_t strtab = SIZE_MAX;
	const char *rpath = NULL, *runpath = NULL;

	for (size_t i = 0; dyn && i < n && dyn[i].d_tag != DT_NULL; i++)
		if (dyn[i].d_tag == DT_STRTAB)
			strtab = file_offset(im, eh, dyn[i].d_un.d_ptr);
	if (strtab == SIZE_MAX)
		return;
	for (size_t i = 0; i < n && dyn[i].d_tag != DT_NULL; i++) {
		const char *s = string_at(im, strtab + dyn[i].d_un.d_val);

		if (!s)
			continue;
		if (dyn[i].d_tag == DT_NEEDED)
			strv_add(&needs->needed, s);
		else if (dyn[i].d_tag == DT_RPATH)
			rpath = s;
		else if (dyn[i].d_tag == DT_RUNPATH)
			runpath = s;
	}
	if (runpath || rpath)
		add_search(&needs->search, runpath ? runpath : rpath, path);
}

static bool read_image(const struct image *im, const char *path, struct elf_needs *needs)
{
	const Elf64_Ehdr *eh = x86_header(im);

	if (!eh)
		return false;
	for (int i = 0; i < eh->e_phnum; i++) {
		const Elf64_Phdr *ph = at(im, eh->e_phoff + i * sizeof(*ph), sizeof(*ph));

		if (!ph)
			break;
		if (ph->p_type == PT_INTERP && !needs->interp) {
			const char *s = string_at(im, ph->p_offset);

			needs->interp = s && *s == '/' ? xstrdup(s) : NULL;
		}
		if (ph->p_type == PT_DYNAMIC)
			read_dynamic(im, eh, ph, path, needs);
	}
	return true;
}

bool elf_read(const char *path, struct elf_needs *needs)
{
	struct image im = { 0 };
	struct stat st;
	bool ok = false;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	memset(needs, 0, sizeof(*needs));
	if (fd < 0)
		return false;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size >= (off_t)sizeof(Elf64_Ehdr)) {
		im.size = st.st_size;
		im.p = mmap(NULL, im.size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (im.p != MAP_FAILED) {
			ok = read_image(&im, path, needs);
			munmap((void *)im.p, im.size);
		}
	}
	close(fd);
	return ok;
}

/* Directories of ld.so.conf and the files it includes. */
static void read_conf(const char *path, struct strv *dirs, int depth)
{
	char line[PATH_MAX];
	FILE *f = depth < 4 ? fopen(path, "re") : NULL;

	while (f && fgets(line, sizeof(line), f)) {
		char *s = line + strspn(line, " \t");

		s[strcspn(s, "#\r\n")] = '\0';
		while (*s && isspace((unsigned char)s[strlen(s) - 1]))
			s[strlen(s) - 1] = '\0';
		if (!strncmp(s, "include", 7) && isspace((unsigned char)s[7])) {
			glob_t g;

			if (!glob(s + 8 + strspn(s + 8, " \t"), 0, NULL, &g)) {
				for (size_t i = 0; i < g.gl_pathc; i++)
					read_conf(g.gl_pathv[i], dirs, depth + 1);
				globfree(&g);
			}
		} else if (*s == '/') {
			strv_add(dirs, s);
		}
	}
	if (f)
		fclose(f);
}

static const struct strv *system_dirs(void)
{
	static const char *const standard[] = { "/lib/x86_64-linux-gnu",
						"/usr/lib/x86_64-linux-gnu",
						"/lib64",
						"/usr/lib64",
						"/lib",
						"/usr/lib" };
	static struct strv dirs;

	if (!dirs.n) {
		read_conf("/etc/ld.so.conf", &dirs, 0);
		for (size_t i = 0; i < sizeof(standard) / sizeof(*standard); i++)
			strv_add(&dirs, standard[i]);
	}
	return &dirs;
}

static char *in_dirs(const char *name, const struct strv *dirs)
{
	for (size_t i = 0; i < dirs->n; i++) {
		char *path = xasprintf("%s/%s", dirs->v[i], name);
		struct elf_needs ignored;

		if (elf_read(path, &ignored))
			return path;
		free(path);
	}
	return NULL;
}

char *elf_find_library(const char *name, const struct strv *search)
{
	char *path;

	if (strchr(name, '/'))
		return access(name, R_OK) ? NULL : xstrdup(name);
	path = in_dirs(name, search);
	return path ? path : in_dirs(name, system_dirs());
}
