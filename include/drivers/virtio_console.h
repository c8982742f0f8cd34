/* SPDX-License-Identifier: MIT */
/* The named byte streams of virtio console devices, for /sys/class/virtio-ports. */
#ifndef DRIVERS_VIRTIO_CONSOLE_H
#define DRIVERS_VIRTIO_CONSOLE_H

/*
 * The host's name of port @port of console device @console_index ("" if it gave none) and in
 * *@node_name the name in /dev; NULL when there is no such port or it is a terminal.
 */
const char *virtio_port_name(unsigned int console_index, unsigned int port, const char **node_name);

#endif
