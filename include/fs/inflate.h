/* SPDX-License-Identifier: MIT */
/* gzip and deflate decoding (RFC 1951, 1952). Theory: fs/inflate.c. */
#ifndef QUIRE_FS_INFLATE_H
#define QUIRE_FS_INFLATE_H

#include <base/types.h>

#define INFLATE_WINDOW	(1u << 15)
#define INFLATE_EDATA	(-22)	/* malformed */
#define INFLATE_ETRUNC	(-61)	/* the input ended too early */
#define INFLATE_ECRC	(-74)	/* checksum or length differ */

/*
 * Takes decoded bytes; 0 to go on, another value ends the decoding and is returned.
 */
typedef long (*inflate_sink_t)(void *arg, const u8 *buf, size_t len);
/* Bytes that inflate_gzip() needs as @work. */
size_t inflate_workspace_size(void);
/*
 * Decode one gzip member at @in. *@used: bytes of input consumed. 0, INFLATE_*, or what the sink said.
 * Reads only [in, in + len). Does not allocate.
 */
long inflate_gzip(void *work, const u8 *in, size_t len, size_t *used, inflate_sink_t sink, void *arg);
/* The same for a raw deflate stream. */
long inflate_raw(void *work, const u8 *in, size_t len, size_t *used, inflate_sink_t sink, void *arg);

#endif
