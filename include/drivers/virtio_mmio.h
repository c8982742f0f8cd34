/* SPDX-License-Identifier: MIT */
/* Devices of the virtio MMIO transport that the machine found by itself (tables, fixed slots). */
#ifndef DRIVERS_VIRTIO_MMIO_H
#define DRIVERS_VIRTIO_MMIO_H

#include <base/types.h>

/* Note a slot to be probed at device_initcall time; more than 32 are ignored. Boot only. */
void virtio_mmio_add(phys_addr_t base, u32 bytes, u32 irq);

#endif
