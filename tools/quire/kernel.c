// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include "kernel.h"

#include "options.h"
#include "oracle.h"
#include "say.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const char *quire_kernel(void)
{
	static char *path;
	struct strv argv = { 0 };

	if (!path)
		path = xasprintf("%s/quire.elf", build_dir());
	if (!access(path, R_OK))
		return path;
	say("building the kernel (once)");
	strv_add(&argv, "make");
	strv_add(&argv, "-C");
	strv_add(&argv, home_dir());
	strv_addf(&argv, "-j%ld", sysconf(_SC_NPROCESSORS_ONLN));
	strv_addf(&argv, "O=%s", build_dir());
	strv_add(&argv, path);
	if (run_tool(&argv) || access(path, R_OK))
		fail("the kernel could not be built; `make` in %s shows why", home_dir());
	return path;
}

const char *kernel_file(const struct options *o)
{
	if (o->kernel_file) {
		if (access(o->kernel_file, R_OK))
			fail("--kernel %s: %s", o->kernel_file, strerror(errno));
		return o->kernel_file;
	}
	return o->kernel == KERNEL_LINUX ? oracle_kernel() : quire_kernel();
}
