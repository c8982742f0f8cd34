/* SPDX-License-Identifier: MIT */
/* Pseudo terminals as devpts shows them. */
#ifndef DRIVERS_PTY_H
#define DRIVERS_PTY_H

#include <base/types.h>

#define NR_PTYS_MAX	4096

/* Does slave @index exist now? And the next one from @index on, or -1. Any context that may sleep. */
bool pty_exists(unsigned int index);
int pty_next(unsigned int index);
/* Owner and time of its creation, for the node. */
struct pty_owner {
	uid_t uid;
	gid_t gid;
	umode_t mode;
	s64 created_ns;		/* wall clock */
};
bool pty_owner_of(unsigned int index, struct pty_owner *owner);

#endif
