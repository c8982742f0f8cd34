// SPDX-License-Identifier: MIT
/* Names: open and close, stat, create and unlink, on tmpfs and on ext2; all of it cached. */
#define _GNU_SOURCE
#include "harness.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define TIMES 200

static char path[100];

/* A file three names below @top. */
static void make_path(const char *top)
{
	char dir[80];
	int fd;

	snprintf(dir, sizeof(dir), "%s/one", top);
	mkdir(dir, 0755);
	snprintf(dir, sizeof(dir), "%s/one/two", top);
	mkdir(dir, 0755);
	snprintf(path, sizeof(path), "%s/file", dir);
	fd = open(path, O_CREAT | O_RDWR, 0644);
	if (fd < 0 || close(fd))
		broken(path);
}

static void open_close(void)
{
	if (close(open(path, O_RDONLY)))
		broken("open");
}

static void look_up(void)
{
	struct stat st;

	if (stat(path, &st))
		broken("stat");
}

static void look_up_missing(void)
{
	if (access("/dev/shm/nothing", F_OK) == 0)
		broken("access");
}

static void create_unlink(void)
{
	if (close(open(path, O_CREAT | O_EXCL | O_RDWR, 0644)) || unlink(path))
		broken("create or unlink");
}

static void repeat(void (*once)(void))
{
	for (int i = 0; i < 8; i++)
		once();
	start();
	for (int i = 0; i < TIMES; i++)
		once();
	stop();
	times(TIMES);
}

static void existing(const char *top, void (*once)(void))
{
	make_path(top);
	repeat(once);
}

static void created(const char *top)
{
	make_path(top);
	unlink(path);
	repeat(create_unlink);
}

BENCH("open-close")
{
	existing("/dev/shm", open_close);
}

BENCH("stat")
{
	existing("/dev/shm", look_up);
}

BENCH("access-missing")
{
	repeat(look_up_missing);
}

BENCH("create-unlink")
{
	created("/dev/shm");
}

BENCH("ext2-open-close")
{
	existing(ext2(), open_close);
}

BENCH("ext2-stat")
{
	existing(ext2(), look_up);
}

BENCH("ext2-create-unlink")
{
	created(ext2());
}
