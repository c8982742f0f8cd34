/* SPDX-License-Identifier: MIT */
/* Hashes for tables (multiplicative), for names (FNV-like over words) and a checksum. Not for secrets. */
#ifndef QUIRE_BASE_HASH_H
#define QUIRE_BASE_HASH_H

#include <base/bitops.h>
#include <base/list.h>

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

#define DEFINE_HASHTABLE(name, bits) struct hlist_head name[1 << (bits)]
#define DECLARE_HASHTABLE(name, bits) struct hlist_head name[1 << (bits)]
#define HASH_SIZE(name)		(ARRAY_SIZE(name))
#define HASH_BITS(name)		(63 - __builtin_clzl(HASH_SIZE(name)))
#define hash_init(t)		do { for (size_t __hi = 0; __hi < HASH_SIZE(t); __hi++) INIT_HLIST_HEAD(&(t)[__hi]); } while (0)
#define hash_add(t, node, key)	hlist_add_head(node, &(t)[hash_64(key, HASH_BITS(t))])
#define hash_add_rcu(t, n, key)	hlist_add_head_rcu(n, &(t)[hash_64(key, HASH_BITS(t))])
#define hash_del(node)		hlist_del_init(node)
#define hash_for_each_possible(t, obj, member, key) \
	hlist_for_each_entry(obj, &(t)[hash_64(key, HASH_BITS(t))], member)
#define hash_for_each_possible_rcu(t, obj, member, key) \
	hlist_for_each_entry_rcu(obj, &(t)[hash_64(key, HASH_BITS(t))], member)

#endif
