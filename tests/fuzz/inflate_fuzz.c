// SPDX-License-Identifier: MIT
/*
 * Fuzz target of the decompressor, with zlib as the model: both give the same bytes, or both refuse.
 * link: -lz
 */
#include "../../fs/inflate.c"
#include "../../base/hash.c"

/* zlib's and libc's headers and the kernel's types do not go together; this is all that is needed of them. */
struct z_stream {
	const u8 *next_in;
	unsigned int avail_in;
	unsigned long total_in;
	u8 *next_out;
	unsigned int avail_out;
	unsigned long total_out;
	const char *msg;
	void *state, *zalloc, *zfree, *opaque;
	int data_type;
	unsigned long adler, reserved;
};
int inflateInit2_(struct z_stream *strm, int bits, const char *version, int size);
int z_inflate(struct z_stream *strm, int flush) __asm__("inflate");
int inflateEnd(struct z_stream *strm);
const char *zlibVersion(void);
void *malloc(unsigned long n);
void abort(void) __attribute__((noreturn));
int printf(const char *fmt, ...);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define Z_STREAM_END 1
#define OUT_MAX	     (1UL << 20)
#define SINK_FULL    77

static u8 ours[OUT_MAX], theirs[OUT_MAX];
static size_t our_len;

static long sink(void *arg, const u8 *buf, size_t len)
{
	if (our_len + len > OUT_MAX)
		return SINK_FULL;
	memcpy(ours + our_len, buf, len);
	our_len += len;
	return 0;
}

static void compare(const u8 *in, size_t len, bool gzip)
{
	static void *work;
	struct z_stream z = {
		.next_in = in, .avail_in = len, .next_out = theirs, .avail_out = OUT_MAX
	};
	size_t used = 0;
	long err;
	int status;

	if (!work)
		work = malloc(inflate_workspace_size());
	our_len = 0;
	err = gzip ? inflate_gzip(work, in, len, &used, sink, NULL)
		   : inflate_raw(work, in, len, &used, sink, NULL);
	if (inflateInit2_(&z, gzip ? 15 + 16 : -15, zlibVersion(), sizeof(z)))
		abort();
	status = z_inflate(&z, 4 /* Z_FINISH */);
	inflateEnd(&z);
	if (err == SINK_FULL || !z.avail_out)
		return;
	if (used > len || (err == 0) != (status == Z_STREAM_END) ||
	    (!err &&
	     (our_len != z.total_out || used != z.total_in || memcmp(ours, theirs, our_len)))) {
		printf("gzip %d: ours %ld, %zu bytes from %zu; zlib %d (%s), %lu from %lu\n", gzip,
		       err, our_len, used, status, z.msg ?: "-", z.total_out, z.total_in);
		abort();
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	compare(data, size, size >= 2 && data[0] == 0x1f && data[1] == 0x8b);
	return 0;
}
