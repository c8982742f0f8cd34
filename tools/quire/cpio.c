// SPDX-License-Identifier: MIT
/*
 * The cpio "newc" writer: a 110 byte header of ASCII hexadecimal fields, the name, the contents,
 * each padded to four bytes; the archive ends with an entry called TRAILER!!!.
 */
#define _GNU_SOURCE
#include "cpio.h"

#include "say.h"
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static void pad(FILE *f, size_t written)
{
	static const char zeros[4];

	fwrite(zeros, 1, -written & 3, f);
}

static void header(FILE *f, unsigned int ino, const struct entry *e, uint32_t size)
{
	size_t name = strlen(e->path) + 1;
	uint32_t nlink = S_ISDIR(e->mode) ? 2 : 1;

	fprintf(f, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", ino, e->mode, 0, 0,
		nlink, (uint32_t)e->mtime, size, 0, 0, (unsigned int)major(e->rdev),
		(unsigned int)minor(e->rdev), (unsigned int)name, 0);
	fwrite(e->path, 1, name, f);
	pad(f, 110 + name);
}

static void host_file(FILE *f, unsigned int ino, struct entry *e)
{
	static char buf[1 << 16];
	struct stat st;
	size_t left;
	int fd = open(e->host, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st))
		fail("cannot read %s: %s", e->host, strerror(errno));
	if (st.st_size > UINT32_MAX)
		fail("%s is too large for an initramfs (4 GiB is the limit)", e->host);
	e->mtime = st.st_mtime;
	header(f, ino, e, (uint32_t)st.st_size);
	for (left = st.st_size; left;) {
		ssize_t n = read(fd, buf, left < sizeof(buf) ? left : sizeof(buf));

		if (n <= 0)
			fail("%s became shorter while it was read", e->host);
		fwrite(buf, 1, n, f);
		left -= n;
	}
	pad(f, st.st_size);
	close(fd);
}

void cpio_write(int fd, const struct tree *t)
{
	struct entry trailer = { .path = (char *)"TRAILER!!!" };
	FILE *f = fdopen(dup(fd), "w");

	if (!f)
		fail("cannot write the initramfs: %s", strerror(errno));
	for (size_t i = 0; i < t->n; i++) {
		struct entry *e = t->v[i];

		if (e->host) {
			host_file(f, i + 1, e);
			continue;
		}
		header(f, i + 1, e, e->size);
		fwrite(e->data ? e->data : "", 1, e->size, f);
		pad(f, e->size);
	}
	header(f, 0, &trailer, 0);
	if (fclose(f))
		fail("cannot write the initramfs: %s", strerror(errno));
}
