/* SPDX-License-Identifier: MIT */
/*
 * Hash functions of byte strings.
 *
 * jhash and hash_name: FNV-1a over words (Fowler, Noll, Vo) with a multiplicative finish; seeds and
 * salts are mixed in first. crc32: the reflected polynomial of IEEE 802.3, a half byte at a time.
 */
#include <base/hash.h>
#include <base/types.h>

#define FNV_OFFSET 0xcbf29ce484222325ull
#define FNV_PRIME  0x100000001b3ull

static u64 mix_bytes(u64 h, const u8 *p, u32 len)
{
	u64 v;

	for (; len >= 8; len -= 8, p += 8) {
		__builtin_memcpy(&v, p, 8);
		h = (h ^ v) * FNV_PRIME;
		h ^= h >> 29;
	}
	for (v = 0; len; len--)
		v = v << 8 | *p++;
	h = (h ^ v) * FNV_PRIME;
	return h ^ h >> 32;
}

u32 jhash(const void *key, u32 len, u32 seed)
{
	return hash_64(mix_bytes(FNV_OFFSET ^ seed, key, len) + len, 32);
}

u32 hash_name(const void *salt, const char *name, unsigned int len)
{
	return hash_64(mix_bytes(FNV_OFFSET ^ (unsigned long)salt, (const u8 *)name, len) + len,
		       32);
}

u32 crc32(u32 crc, const void *p, size_t len)
{
	static const u32 half[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
		0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	const u8 *s = p;

	for (crc = ~crc; len; len--) {
		crc ^= *s++;
		crc = crc >> 4 ^ half[crc & 15];
		crc = crc >> 4 ^ half[crc & 15];
	}
	return ~crc;
}
