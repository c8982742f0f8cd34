/* SPDX-License-Identifier: MIT */
/* Hashes for tables (multiplicative), for names (FNV-like over words) and a checksum. Not for secrets. */
#ifndef QUIRE_BASE_HASH_H
#define QUIRE_BASE_HASH_H

#include <base/compiler.h>
#include <base/types.h>

#define GOLDEN_RATIO_32 0x61C88647u
#define GOLDEN_RATIO_64 0x61C8864680B583EBull

static __always_inline u32 hash_32(u32 val, unsigned int bits)
{
	return (val * GOLDEN_RATIO_32) >> (32 - bits);
}

static __always_inline u32 hash_64(u64 val, unsigned int bits)
{
	return (val * GOLDEN_RATIO_64) >> (64 - bits);
}
/* All 64 bits of it: the higher ones are the better ones. For more bits than hash_64(), which gives 32 at most. */
static __always_inline u64 hash_mix(u64 val)
{
	return val * GOLDEN_RATIO_64;
}
#define hash_long(val, bits)	hash_64(val, bits)
#define hash_ptr(ptr, bits)	hash_64((unsigned long)(ptr), bits)

u32 crc32(u32 crc, const void *p, size_t len);

#endif
