/* SPDX-License-Identifier: MIT */
/* Files of text, mostly of /proc and /sys, read and written without malloc or stdio. */
#ifndef TEXTFILE_H
#define TEXTFILE_H

#include "tap.h"

/* What slurp() read last. */
__attribute__((unused)) static char text[1 << 19];

/* The whole of @path in text; nothing when it cannot be read. */
__attribute__((unused)) static char *slurp(const char *path)
{
	int fd = open(path, O_RDONLY);
	size_t have = 0;
	ssize_t got;

	while (fd >= 0 && have < sizeof(text) - 1 &&
	       (got = read(fd, text + have, sizeof(text) - 1 - have)) > 0)
		have += got;
	if (fd >= 0)
		close(fd);
	text[have] = 0;
	return text;
}

/* Write @what into @path with one call. 0, or errno. */
__attribute__((unused)) static int spew(const char *path, const char *what)
{
	int fd = open(path, O_WRONLY), err;

	if (fd < 0)
		return errno;
	err = write(fd, what, strlen(what)) < 0 ? errno : 0;
	close(fd);
	return err;
}

/* Number after @label at the start of a line of @path, or -1. */
__attribute__((unused)) static long number_in(const char *path, const char *label)
{
	for (char *line = slurp(path); line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, label, strlen(label)))
			return strtol(line + strlen(label), NULL, 10);
	}
	return -1;
}

/* Does @pid sleep in system call @nr? */
__attribute__((unused)) static bool sleeps_in(pid_t pid, long nr)
{
	char path[64], want[32];

	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	snprintf(want, sizeof(want), "%ld ", nr);
	return !strncmp(slurp(path), want, strlen(want));
}

#endif
