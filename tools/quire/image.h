/* SPDX-License-Identifier: MIT */
#ifndef QUIRE_IMAGE_H
#define QUIRE_IMAGE_H

struct options;

/*
 * Build the initramfs for these options: BusyBox, the program and what it needs, /init and its
 * orders. Returns a descriptor of an anonymous file, inherited by QEMU as /proc/self/fd/N.
 * => fails with a sentence
 */
int image_build(const struct options *o);

#endif
