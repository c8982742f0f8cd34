/* SPDX-License-Identifier: MIT */
/* The named byte streams of virtio console devices, for /sys/class/virtio-ports. */
#ifndef DRIVERS_VIRTIO_CONSOLE_H
#define DRIVERS_VIRTIO_CONSOLE_H

/* /sys/class/virtio-ports/@node_name/name with @port_name, both staying (fs/sysfs_nodes.c). May sleep. */
void sysfs_add_virtio_port(const char *node_name, const char *port_name);

#endif
