/* SPDX-License-Identifier: MIT */
/* Files of the played machine: those of fs/, without names. host/vfs.c */
#ifndef HOST_VFS_H
#define HOST_VFS_H

void host_vfs_start(void);
/* close(2) of a descriptor that a test made with fd_install() or memfd_create. */
void host_close(unsigned int fd);

#endif
