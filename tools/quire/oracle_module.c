// SPDX-License-Identifier: MIT
/*
 * Our module for the oracle. The headers of the very kernel that the oracle is come as three packages of
 * Debian; they are unpacked beside it, not installed, so their Makefiles are pointed to where they lie.
 */
#define _GNU_SOURCE
#include "oracle.h"

#include "say.h"

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char script[] =
	"set -e; dir=$1; source=$2; image=$(readlink \"$dir/current\"); release=${image#linux-image-}\n"
	"headers=linux-headers-$release; place=$dir/$headers/usr/src\n"
	"if [ ! -e \"$place/$headers/Makefile\" ]; then\n"
	"	echo \"quire: downloading $headers (once)\"\n"
	"	rm -rf \"$dir/headers.new\"; mkdir -p \"$dir/headers.new\"; cd \"$dir/headers.new\"\n"
	"	apt-get -qq -o APT::Sandbox::User=root download \"$headers\""
	" $(apt-cache depends \"$headers\" | sed -n 's/^ *Depends: \\(linux-headers-.*\\|linux-kbuild-.*\\)/\\1/p')\n"
	"	for p in ./*.deb; do dpkg-deb -x \"$p\" root; done; rm -f ./*.deb\n"
	"	sed -i \"s|/usr/src/|$place/|\" \"root/usr/src/$headers/Makefile\"\n"
	"	rm -rf \"${dir:?}/$headers\"; mv root \"$dir/$headers\"; cd \"$dir\"; rmdir headers.new\n"
	"fi\n"
	"mkdir -p \"$dir/mmtest\"; cp \"$source\"/bench/linux-module/* \"$source/include/drivers/mmtest.h\" \"$dir/mmtest\"\n"
	"make -s -C \"$place/$headers\" M=\"$dir/mmtest\" modules\n"
	"mv \"$dir/mmtest/mmtest.ko\" \"$dir/mmtest-$release.ko\"\n";

static bool newer(const char *file, const char *than)
{
	struct stat a, b;

	return !stat(file, &a) && !stat(than, &b) && a.st_mtime >= b.st_mtime;
}

const char *oracle_mmtest(void)
{
	static char *path;
	struct strv argv = { 0 };
	char *source = xasprintf("%s/bench/linux-module/mmtest.c", home_dir());
	int status;

	if (!path) /* the kernel is vmlinuz-RELEASE */
		path = xasprintf("%s/oracle/mmtest-%s.ko", build_dir(),
				 strchr(strrchr(oracle_kernel(), '/'), '-') + 1);
	if (newer(path, source))
		return path;
	strv_add(&argv, "sh");
	strv_add(&argv, "-c");
	strv_add(&argv, script);
	strv_add(&argv, "oracle");
	strv_addf(&argv, "%s/oracle", build_dir());
	strv_add(&argv, home_dir());
	status = run_tool(&argv);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		fail("the module of the benchmark could not be built for Linux; its rows stay empty there "
		     "(packages linux-headers-*-cloud-amd64, linux-kbuild-6.1, gcc-12)");
	return path;
}
