/* SPDX-License-Identifier: MIT */
/* The command line of QEMU for one machine. */
#ifndef QUIRE_QEMU_H
#define QUIRE_QEMU_H

#include "say.h"

#include <stdbool.h>

struct options;

/*
 * The channels between this tool and the machine. Each is one end of a socket pair whose other end
 * QEMU inherits. CH_SERIAL is COM1 (kernel messages); the others are ports of one virtio-serial
 * device, in this order, which is part of the interface to the guest: port nr = channel - 1.
 */
enum channel {
	CH_SERIAL, /* COM1 */
	CH_CONSOLE, /* port 0, hvc0: the terminal of `quire shell` */
	CH_CONTROL, /* port 1, org.quire.control: lines, see user/init.c */
	CH_STDIN, /* port 2, org.quire.stdin */
	CH_STDOUT, /* port 3, org.quire.stdout */
	CH_STDERR, /* port 4, org.quire.stderr */
	NR_CHANNELS,
};

/* Codes that Quire writes to the isa-debug-exit port 0x501; QEMU exits with (code << 1) | 1. */
enum { DEBUG_EXIT_POWEROFF = 0x10, DEBUG_EXIT_PANIC = 0x7e };
#define QEMU_STATUS(code) (((code) << 1) | 1)

/* The vector of arguments; fds are QEMU's ends of the channels, initrd a descriptor. */
void qemu_argv(struct strv *argv, const struct options *o, bool kvm, const int fds[NR_CHANNELS],
	       int initrd);

/* => fails with a sentence when QEMU is missing and cannot be installed */
void qemu_require(void);

#endif
