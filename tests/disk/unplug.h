/* SPDX-License-Identifier: MIT */
/* Disks of virtio that go, and come back: their driver lets go of the device, and takes it again. */
#ifndef UNPLUG_H
#define UNPLUG_H

#include "../guest/tap.h"
#include <dirent.h>

/* The device of the disk @name: "virtio1". "": none. */
__attribute__((unused)) static void device_of(const char *name, char device[32])
{
	char path[80], target[256];
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/block/%s/device", name);
	n = readlink(path, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = 0;
	snprintf(device, 32, "%.30s", strrchr(target, '/') ? strrchr(target, '/') + 1 : "");
}

/* The disk of @device, wherever it is by now. "": none. */
__attribute__((unused)) static void disk_of(const char *device, char name[32])
{
	DIR *dir = opendir("/sys/block");
	struct dirent *d;
	char its[32];

	name[0] = 0;
	while (dir && (d = readdir(dir)) != NULL) {
		device_of(d->d_name, its);
		if (!strcmp(its, device))
			snprintf(name, 32, "%.30s", d->d_name);
	}
	if (dir)
		closedir(dir);
}

/* @what: "bind" or "unbind" */
__attribute__((unused)) static bool driver(const char *what, const char *device)
{
	char path[80];
	int fd;
	bool good;

	snprintf(path, sizeof(path), "/sys/bus/virtio/drivers/virtio_blk/%s", what);
	fd = open(path, O_WRONLY);
	good = fd >= 0 && write(fd, device, strlen(device)) == (ssize_t)strlen(device);
	close(fd);
	return good;
}

/* Is the disk gone? */
__attribute__((unused)) static bool is_gone(const char *name)
{
	char path[80];

	snprintf(path, sizeof(path), "/sys/block/%s", name);
	return access(path, F_OK);
}

/* Ask for it to be pulled out, from outside, and wait until it is gone. */
__attribute__((unused)) static bool pulled_out(const char *name)
{
	fprintf(stderr, "unplug now\n");
	return EVENTUALLY(is_gone(name));
}

#endif
