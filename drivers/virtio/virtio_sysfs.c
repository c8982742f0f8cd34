// SPDX-License-Identifier: MIT
/*
 * /sys/bus/virtio/drivers/virtio_blk/{bind,unbind}: take a device ("virtio1") from its driver and give it back, as
 * if it had been pulled out. Linux 6.1: drivers/base/bus.c.
 */
#include <base/errno.h>
#include <base/printf.h>
#include <base/string.h>
#include <drivers/virtio.h>
#include <fs/kernfs.h>
#include <fs/sysfs.h>
#include <kernel/init.h>

static const char driver_name[] = "virtio_blk";

static int parse_device(const char *text, u32 *number)
{
	char *end;

	if (strncmp(text, "virtio", 6))
		return -ENODEV;
	*number = simple_strtoul(text + 6, &end, 10);
	return end == text + 6 || (*end && *end != '\n') ? -ENODEV : 0;
}

static ssize_t unbind_write(struct file *file, char *buf, size_t count)
{
	u32 number;
	int err = parse_device(buf, &number);

	if (!err)
		err = virtio_unbind(driver_name, number);
	return err ? err : (ssize_t)count;
}

static ssize_t bind_write(struct file *file, char *buf, size_t count)
{
	u32 number;
	int err = parse_device(buf, &number);

	if (!err)
		err = virtio_rebind(driver_name, number);
	return err ? err : (ssize_t)count;
}

static int __init virtio_sysfs_init(void)
{
	const char *last;
	struct kernfs_node *dir =
		kernfs_make_path(&sysfs_root, "bus/virtio/drivers/virtio_blk/bind", &last);

	if (!dir)
		return -ENOMEM;
	kernfs_create_file(dir, "bind", 0200, NULL, bind_write, NULL);
	kernfs_create_file(dir, "unbind", 0200, NULL, unbind_write, NULL);
	return 0;
}
fs_initcall(virtio_sysfs_init);
