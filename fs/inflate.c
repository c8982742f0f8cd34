/* SPDX-License-Identifier: MIT */
/*
 * Inflate: the DEFLATE format (RFC 1951) inside gzip (RFC 1952).
 *
 * The input is one buffer; the output goes piece by piece to a sink, from a buffer twice as large
 * as the window to which references reach back. Codes are canonical Huffman codes of at most 15 bits. The
 * codes of one length are consecutive numbers, so counting finds the symbol of a long code; a
 * table over the next 9 bits short-cuts the common, short codes.
 *
 * Every read and every store is checked against its buffer: damaged input ends in an error, never
 * in an access outside.
 */
#include <base/hash.h>
#include <base/math.h>
#include <base/string.h>
#include <base/types.h>
#include <fs/inflate.h>

#define MAX_BITS     15
#define FAST_BITS    9
#define NR_LITERALS  288
#define NR_DISTANCES 30

struct huffman {
	u16 count[MAX_BITS + 1];  /* codes of each length */
	u16 symbol[NR_LITERALS];  /* in order of code */
	u16 fast[1 << FAST_BITS]; /* symbol << 4 | length; 0: the code is longer */
};

struct inflate_state {
	const u8 *in, *in_end;
	u64 bits;
	unsigned int nr_bits;
	struct workspace *work;
	struct huffman *literals, *distances;
	u8 *out, *out_end;
	u8 *sent;  /* up to here the sink has it */
	u64 total; /* bytes that left work->window at its front */
	inflate_sink_t sink;
	void *arg;
	u32 crc;
};

struct workspace {
	struct huffman literals, distances;
	u8 window[2 * INFLATE_WINDOW];
};

/* Have at least @n <= 32 bits, if the input has them; missing ones read as zero. */
static inline void need_bits(struct inflate_state *s, unsigned int n)
{
	while (s->nr_bits < n && s->in < s->in_end) {
		s->bits |= (u64)*s->in++ << s->nr_bits;
		s->nr_bits += 8;
	}
}

static int take_bits(struct inflate_state *s, unsigned int n, u32 *value)
{
	need_bits(s, n);
	if (s->nr_bits < n)
		return INFLATE_ETRUNC;
	*value = s->bits & ((1ull << n) - 1);
	s->bits >>= n;
	s->nr_bits -= n;
	return 0;
}

static u32 reversed(u32 code, unsigned int bits)
{
	u32 r = 0;

	for (; bits; bits--, code >>= 1)
		r = r << 1 | (code & 1);
	return r;
}

/*
 * Build the decoder of @n code lengths. More codes than fit are an error, fewer too, except for none at all and, where
 * it @may_be_single, for a single code of one bit, which RFC 1951 allows for distances (and zlib for literals).
 */
static int build(struct huffman *h, const u8 *length, unsigned int n, bool may_be_single)
{
	u16 offset[MAX_BITS + 2], code[MAX_BITS + 2];
	unsigned int i, len, c, used;
	int left = 1;

	memset(h->count, 0, sizeof(h->count));
	memset(h->fast, 0, sizeof(h->fast));
	for (i = 0; i < n; i++)
		h->count[length[i]]++;
	used = n - h->count[0];
	h->count[0] = 0;
	offset[1] = code[1] = 0;
	for (len = 1; len <= MAX_BITS; len++) {
		left = (left << 1) - h->count[len];
		if (left < 0)
			return INFLATE_EDATA;
		offset[len + 1] = offset[len] + h->count[len];
		code[len + 1] = (code[len] + h->count[len]) << 1;
	}
	if (left && used && (!may_be_single || h->count[1] != 1 || used > 1))
		return INFLATE_EDATA;
	for (i = 0; i < n; i++) {
		len = length[i];
		if (!len)
			continue;
		h->symbol[offset[len]++] = i;
		c = code[len]++;
		if (len > FAST_BITS)
			continue;
		for (c = reversed(c, len); c < 1u << FAST_BITS; c += 1u << len)
			h->fast[c] = i << 4 | len;
	}
	return 0;
}

static int decode_long(struct inflate_state *s, const struct huffman *h)
{
	unsigned int len, index = 0;
	int code = 0, first = 0;

	for (len = 1; len <= MAX_BITS; len++) {
		if (len > s->nr_bits)
			return INFLATE_ETRUNC;
		code |= s->bits >> (len - 1) & 1;
		if (code - first < h->count[len]) {
			s->bits >>= len;
			s->nr_bits -= len;
			return h->symbol[index + (code - first)];
		}
		index += h->count[len];
		first = (first + h->count[len]) << 1;
		code <<= 1;
	}
	return INFLATE_EDATA;
}

/* The next symbol, or a negative error. */
static inline int decode(struct inflate_state *s, const struct huffman *h)
{
	unsigned int fast;

	need_bits(s, MAX_BITS);
	fast = h->fast[s->bits & ((1 << FAST_BITS) - 1)];
	if (!fast)
		return decode_long(s, h);
	if ((fast & 15) > s->nr_bits)
		return INFLATE_ETRUNC;
	s->bits >>= fast & 15;
	s->nr_bits -= fast & 15;
	return fast >> 4;
}

/* Give the sink what it has not seen. 0 or its word. */
static long flush_out(struct inflate_state *s)
{
	size_t n = s->out - s->sent;
	long err;

	if (!n)
		return 0;
	s->crc = crc32(s->crc, s->sent, n);
	err = s->sink(s->arg, s->sent, n);
	s->sent = s->out;
	return err;
}

/* Have room for at least one byte; the last INFLATE_WINDOW bytes stay. 0 or the sink's word. */
static long make_room(struct inflate_state *s)
{
	long err;

	if (s->out < s->out_end)
		return 0;
	err = flush_out(s);
	memcpy(s->work->window, s->out_end - INFLATE_WINDOW, INFLATE_WINDOW);
	s->total += INFLATE_WINDOW;
	s->out = s->sent = s->work->window + INFLATE_WINDOW;
	return err;
}

static long stored_block(struct inflate_state *s)
{
	u32 len, inverse, drop = s->nr_bits & 7;

	s->bits >>= drop;
	s->nr_bits -= drop;
	if (take_bits(s, 16, &len) || take_bits(s, 16, &inverse))
		return INFLATE_ETRUNC;
	if (len != (~inverse & 0xffff))
		return INFLATE_EDATA;
	s->in -= s->nr_bits / 8; /* whole bytes that were read ahead */
	s->bits = s->nr_bits = 0;
	if (len > (size_t)(s->in_end - s->in))
		return INFLATE_ETRUNC;
	while (len) {
		long err = make_room(s);
		u32 n = min_t(size_t, len, s->out_end - s->out);

		if (err)
			return err;
		memcpy(s->out, s->in, n);
		s->in += n;
		s->out += n;
		len -= n;
	}
	return 0;
}

static const u16 length_base[] = {
	3,  4,	5,  6,	7,  8,	9,  10, 11,  13,  15,  17,  19,	 23,  27,
	31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
};
static const u8 length_extra[] = {
	0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
};
static const u16 distance_base[] = {
	1,   2,	  3,   4,   5,	 7,    9,    13,   17,	 25,   33,   49,   65,	  97,	 129,
	193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577,
};
static const u8 distance_extra[] = {
	0, 0, 0, 0, 1, 1, 2, 2,	 3,  3,	 4,  4,	 5,  5,	 6,
	6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
};

static long copy_match(struct inflate_state *s, unsigned int symbol)
{
	u32 extra, len, distance;
	int code;
	long err;

	if (symbol >= sizeof(length_extra))
		return INFLATE_EDATA;
	err = take_bits(s, length_extra[symbol], &extra);
	if (err)
		return err;
	len = length_base[symbol] + extra;
	code = decode(s, s->distances);
	if (code < 0)
		return code;
	if (code >= NR_DISTANCES)
		return INFLATE_EDATA;
	err = take_bits(s, distance_extra[code], &extra);
	if (err)
		return err;
	distance = distance_base[code] + extra;
	if (distance > s->total + (s->out - s->work->window))
		return INFLATE_EDATA;
	for (; len; len--) {
		err = make_room(s);
		if (err)
			return err;
		*s->out = *(s->out - distance);
		s->out++;
	}
	return 0;
}

static long coded_block(struct inflate_state *s)
{
	int symbol;
	long err;

	for (;;) {
		symbol = decode(s, s->literals);
		if (symbol < 0)
			return symbol;
		if (symbol == 256)
			return 0;
		if (symbol > 256) {
			err = copy_match(s, symbol - 257);
			if (err)
				return err;
			continue;
		}
		err = make_room(s);
		if (err)
			return err;
		*s->out++ = symbol;
	}
}

static int fixed_codes(struct inflate_state *s)
{
	u8 length[NR_LITERALS];
	unsigned int i;

	for (i = 0; i < NR_LITERALS; i++)
		length[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
	build(s->literals, length, NR_LITERALS, false);
	memset(length, 5, NR_DISTANCES + 2);
	return build(s->distances, length, NR_DISTANCES + 2, false);
}

/* The code lengths of both alphabets, themselves coded (RFC 1951, 3.2.7). */
static int read_lengths(struct inflate_state *s, u8 *length, unsigned int total)
{
	unsigned int i = 0, repeat;
	u32 extra;
	u8 value;
	int symbol, err;

	while (i < total) {
		symbol = decode(s, s->literals);
		if (symbol < 0)
			return symbol;
		if (symbol < 16) {
			length[i++] = symbol;
			continue;
		}
		value = 0;
		if (symbol == 16) {
			if (!i)
				return INFLATE_EDATA;
			value = length[i - 1];
		}
		err = take_bits(s, symbol == 16 ? 2 : symbol == 17 ? 3 : 7, &extra);
		if (err)
			return err;
		repeat = extra + (symbol == 18 ? 11 : 3);
		if (repeat > total - i)
			return INFLATE_EDATA;
		memset(length + i, value, repeat);
		i += repeat;
	}
	return 0;
}

static int dynamic_codes(struct inflate_state *s)
{
	static const u8 order[19] = { 16, 17, 18, 0, 8,	 7, 9,	6, 10, 5,
				      11, 4,  12, 3, 13, 2, 14, 1, 15 };
	u8 length[NR_LITERALS + 32] = { 0 };
	u32 nr_lit, nr_dist, nr_code, value;
	unsigned int i;
	int err;

	if (take_bits(s, 5, &nr_lit) || take_bits(s, 5, &nr_dist) || take_bits(s, 4, &nr_code))
		return INFLATE_ETRUNC;
	nr_lit += 257;
	nr_dist += 1;
	if (nr_lit > 286 || nr_dist > NR_DISTANCES)
		return INFLATE_EDATA;
	for (i = 0; i < nr_code + 4; i++) {
		if (take_bits(s, 3, &value))
			return INFLATE_ETRUNC;
		length[order[i]] = value;
	}
	err = build(s->literals, length, 19, false);
	if (!err)
		err = read_lengths(s, length, nr_lit + nr_dist);
	if (err)
		return err;
	if (!length[256])
		return INFLATE_EDATA; /* the block could not end */
	err = build(s->distances, length + nr_lit, nr_dist, true);
	return err ? err : build(s->literals, length, nr_lit, true);
}

static long inflate_blocks(struct inflate_state *s)
{
	u32 last, type;
	long err;

	do {
		if (take_bits(s, 1, &last) || take_bits(s, 2, &type))
			return INFLATE_ETRUNC;
		if (type == 3)
			return INFLATE_EDATA;
		if (type == 0) {
			err = stored_block(s);
		} else {
			err = type == 1 ? fixed_codes(s) : dynamic_codes(s);
			if (!err)
				err = coded_block(s);
		}
		if (err)
			return err;
	} while (!last);
	return flush_out(s);
}

static u32 get_le32(const u8 *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (u32)p[3] << 24;
}

#define GZIP_FHCRC    2
#define GZIP_FEXTRA   4
#define GZIP_FNAME    8
#define GZIP_FCOMMENT 16

/* Length of the header of the gzip member at @in; 0 if it is damaged, which its own checksum may tell (RFC 1952, 2.3.1). */
static size_t gzip_header(const u8 *in, size_t bytes)
{
	size_t pos = 10;
	int field;

	if (bytes < 18 || in[0] != 0x1f || in[1] != 0x8b || in[2] != 8 || in[3] & 0xe0)
		return 0;
	if (in[3] & GZIP_FEXTRA)
		pos += 2 + (in[pos] | in[pos + 1] << 8);
	for (field = GZIP_FNAME; field <= GZIP_FCOMMENT; field <<= 1) {
		if (!(in[3] & field))
			continue;
		while (pos < bytes && in[pos])
			pos++;
		pos++;
	}
	if (in[3] & GZIP_FHCRC) {
		if (pos + 2 > bytes || (in[pos] | in[pos + 1] << 8) != (crc32(0, in, pos) & 0xffff))
			return 0;
		pos += 2;
	}
	return pos + 8 <= bytes ? pos : 0;
}

size_t inflate_workspace_size(void)
{
	return sizeof(struct workspace);
}

static void inflate_start(struct inflate_state *s, struct workspace *work, const u8 *in, size_t len,
			  inflate_sink_t sink, void *arg)
{
	*s = (struct inflate_state){
		.in = in,
		.in_end = in + len,
		.work = work,
		.literals = &work->literals,
		.distances = &work->distances,
		.out = work->window,
		.sent = work->window,
		.out_end = work->window + sizeof(work->window),
		.sink = sink,
		.arg = arg,
	};
}

long inflate_raw(void *work, const u8 *in, size_t len, size_t *used, inflate_sink_t sink, void *arg)
{
	struct inflate_state s;
	long err;

	inflate_start(&s, work, in, len, sink, arg);
	err = inflate_blocks(&s);
	*used = s.in - s.nr_bits / 8 - in;
	return err;
}

long inflate_gzip(void *work, const u8 *in, size_t len, size_t *used, inflate_sink_t sink,
		  void *arg)
{
	size_t header = gzip_header(in, len);
	struct inflate_state s;
	u64 produced;
	long err;

	*used = 0;
	if (!header)
		return INFLATE_EDATA;
	inflate_start(&s, work, in + header, len - header, sink, arg);
	err = inflate_blocks(&s);
	s.in -= s.nr_bits / 8;
	*used = s.in - in;
	if (err)
		return err;
	if (s.in_end - s.in < 8)
		return INFLATE_ETRUNC;
	*used += 8;
	produced = s.total + (s.out - s.work->window);
	return get_le32(s.in) == s.crc && get_le32(s.in + 4) == (u32)produced ? 0 : INFLATE_ECRC;
}
