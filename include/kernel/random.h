/* SPDX-License-Identifier: MIT */
/* Random bytes: ChaCha20 with fast key erasure, see kernel/random.c. seed= makes them repeatable. */
#ifndef QUIRE_KERNEL_RANDOM_H
#define QUIRE_KERNEL_RANDOM_H

#include <base/types.h>

void random_init(void);
void get_random_bytes(void *buf, size_t len);	/* any context */
u32 get_random_u32(void);
u64 get_random_u64(void);
static inline unsigned long get_random_long(void)
{
	return get_random_u64();
}
u32 get_random_u32_below(u32 ceil);		/* uniform in [0, ceil) */
/* Mix @len bytes in. Writes to /dev/urandom come here; credits nothing. */
void add_device_randomness(const void *buf, size_t len);

#endif
