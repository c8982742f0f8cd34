/* SPDX-License-Identifier: MIT */
/* The oracle: Debian's own Linux kernel, downloaded and unpacked, never installed. */
#ifndef QUIRE_ORACLE_H
#define QUIRE_ORACLE_H

struct tree;
struct strv;

/* Path of the bzImage; downloads it the first time. => fails with a sentence when it cannot */
const char *oracle_kernel(void);

/*
 * Put the virtio modules that this machine needs, and those named in more, into the tree under dir, and their guest
 * paths into order, such that loading in that order satisfies every dependency.
 */
void oracle_modules(struct tree *t, const char *dir, const struct strv *more, struct strv *order);

/*
 * Path of bench/linux-module/, built for the oracle against Debian's headers, which are downloaded the first
 * time. => fails with a sentence when it cannot be built
 */
const char *oracle_mmtest(void);

#endif
