/* SPDX-License-Identifier: MIT */
/*
 * Hash functions of byte strings. crc32: the reflected polynomial of IEEE 802.3, a half byte at a time.
 */
#include <base/hash.h>
#include <base/types.h>

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
