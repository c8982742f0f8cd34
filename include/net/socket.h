/* SPDX-License-Identifier: MIT */
/* What the system calls of sockets speak: families, types, flags, messages. socket(2), recv(2); Linux has no user header. */
#ifndef QUIRE_NET_SOCKET_H
#define QUIRE_NET_SOCKET_H

#include <base/types.h>
#include <linux/uio.h>

#define AF_UNSPEC	0
#define AF_UNIX		1
#define AF_MAX		46

#define SOCK_STREAM	1
#define SOCK_DGRAM	2
#define SOCK_RAW	3
#define SOCK_SEQPACKET	5
#define SOCK_MAX	11
#define SOCK_TYPE_MASK	0xf
#define SOCK_CLOEXEC	02000000	/* O_CLOEXEC */
#define SOCK_NONBLOCK	04000		/* O_NONBLOCK */

#define MSG_OOB		0x1
#define MSG_PEEK	0x2
#define MSG_CTRUNC	0x8
#define MSG_TRUNC	0x20
#define MSG_DONTWAIT	0x40
#define MSG_WAITALL	0x100
#define MSG_NOSIGNAL	0x4000
#define MSG_WAITFORONE	0x10000
#define MSG_CMSG_CLOEXEC 0x40000000
#define MSG_CMSG_COMPAT	0x80000000u	/* of 32-bit programs: nobody may give it */

#define SHUT_RD		0
#define SHUT_RDWR	2

#define SCM_RIGHTS	1
#define SCM_CREDENTIALS	2
#define SCM_MAX_FD	253

#define SOCKADDR_MAX	128		/* bytes of a sockaddr_storage */

struct ucred {
	s32 pid;
	u32 uid, gid;
};

/* sendmsg, recvmsg: struct msghdr. */
struct user_msghdr {
	void __user *msg_name;
	int msg_namelen;
	struct iovec __user *msg_iov;
	u64 msg_iovlen;
	void __user *msg_control;
	u64 msg_controllen;
	unsigned int msg_flags;
};

struct mmsghdr {
	struct user_msghdr msg_hdr;
	unsigned int msg_len;
};

struct file;

/*
 * The calls upon the socket that @file is; -ENOTSOCK: it is none. With MSG_DONTWAIT, or @nonblock, -EAGAIN rather than sleep.
 */
ssize_t sock_sendmsg(struct file *file, struct user_msghdr __user *msg, unsigned int flags);
ssize_t sock_recvmsg(struct file *file, struct user_msghdr __user *msg, unsigned int flags);
ssize_t sock_send(struct file *file, void __user *buf, size_t len, unsigned int flags);
ssize_t sock_recv(struct file *file, void __user *buf, size_t len, unsigned int flags);
/* The descriptor of the connection. */
int sock_accept(struct file *file, void __user *name, int __user *len, int flags, bool nonblock);
/* @name: @len bytes in the kernel, in room for SOCKADDR_MAX. */
int sock_connect(struct file *file, const void *name, int len, bool nonblock);
int sock_shutdown(struct file *file, int how);
int sock_socket(int family, int type, int protocol);	/* a new descriptor */

#endif
