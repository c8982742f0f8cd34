/* SPDX-License-Identifier: MIT */
/* The first contents of the root file system. Theory: fs/initramfs.c. */
#ifndef QUIRE_FS_INITRAMFS_H
#define QUIRE_FS_INITRAMFS_H

#include <base/types.h>

/* Where the boot loader put the initrd: virtual, in the direct map; 0 when there is none. */
extern unsigned long initrd_start, initrd_end;

/*
 * Unpack the initrd into the root and give its memory back. 0, or an errno after a message with the
 * entry and its offset. May sleep.
 */
int populate_rootfs(void);
/* Unpack an archive (plain or gzip, several may follow each other) in reserved memory, and free that. NULL or a message. */
const char *unpack_to_rootfs(const char *buf, unsigned long len);

#endif
