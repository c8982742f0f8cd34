// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include "plugin.h"

#include "say.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A QEMU without plugins has no such option, and its help none such line. */
static int qemu_has_plugins(void)
{
	char line[400];
	int found = 0;
	FILE *f = popen("exec qemu-system-x86_64 -help 2>&1", "re");

	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		found |= !strncmp(line, "-plugin ", 8);
	return pclose(f) == 0 && found;
}

const char *plugin_file(void)
{
	static char *file;

	if (file)
		return file;
	file = xasprintf("%s/tools/quire-plugin.so", build_dir());
	if (access(file, R_OK))
		fail("%s is missing; `make` builds it", file);
	if (!qemu_has_plugins())
		fail("this qemu-system-x86_64 is built without plugins (no -plugin option); "
		     "Debian's package qemu-system-x86 has them");
	return file;
}
