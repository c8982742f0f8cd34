/* SPDX-License-Identifier: MIT */
/* Decompression of gzip data (RFC 1951, RFC 1952), for the initramfs. Pure; see base/inflate.c. */
#ifndef BASE_INFLATE_H
#define BASE_INFLATE_H

#include <base/types.h>

enum inflate_error {
	INFLATE_TRUNCATED = -1,
	INFLATE_BAD_HEADER = -2,
	INFLATE_BAD_BLOCK = -3,
	INFLATE_BAD_CODE = -4,
	INFLATE_BAD_DISTANCE = -5,
	INFLATE_NO_ROOM = -6,
	INFLATE_BAD_CHECK = -7,
};

bool gzip_magic(const void *in, size_t bytes);
/* Memory that gunzip() needs besides its buffers. */
size_t inflate_workspace_bytes(void);
/*
 * Unpack one gzip member at @in. On entry the sizes are those of the buffers, on return what was
 * consumed and produced (on an error: how far it came). 0 or an inflate_error.
 */
int gunzip(const void *in, size_t *in_bytes, void *out, size_t *out_bytes, void *workspace);
const char *inflate_error(int err);

#endif
