// SPDX-License-Identifier: MIT
/*
 * Random bytes.
 *
 * A ChaCha20 key (RFC 8439) is made from what differs between machines and boots: RDSEED or RDRAND, the
 * time-stamp counter, the wall clock, and what is written to /dev/urandom. Each CPU has a key of its own,
 * derived from the base key; a request takes one block, whose first half becomes the next key
 * ("fast key erasure", D. J. Bernstein 2017: what was given out cannot be computed from the memory), and
 * with that key's next blocks answers. `seed=N` replaces all sources by the number, so that a run repeats.
 * base_lock guards the base key; a CPU's own key is used with interrupts off.
 */
#include <base/atomic.h>
#include <base/bitops.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <sync/spinlock.h>
#include <kernel/init.h>
#include <kernel/ksyscall.h>
#include <kernel/param.h>
#include <kernel/printk.h>
#include <kernel/random.h>
#include <kernel/sched.h>
#include <kernel/timekeeping.h>
#include <seam/irqflags.h>
#include <seam/percpu.h>
#include <seam/cpufeature.h>
#include <seam/timex.h>
#include <seam/uaccess.h>
#include <linux/random.h>

#define KEY_WORDS   8
#define BLOCK_BYTES 64

static DEFINE_SPINLOCK(base_lock, LOCK_RANDOM);
static u32 base_key[KEY_WORDS];
static u64 base_counter;
static unsigned long base_generation = 1;
static bool fixed_seed;

struct cpu_key {
	u32 key[KEY_WORDS];
	unsigned long generation;
};
static DEFINE_PER_CPU(struct cpu_key, cpu_keys);

#define QUARTER(a, b, c, d)                                                                        \
	do {                                                                                       \
		x[a] += x[b];                                                                      \
		x[d] = rol32(x[d] ^ x[a], 16);                                                     \
		x[c] += x[d];                                                                      \
		x[b] = rol32(x[b] ^ x[c], 12);                                                     \
		x[a] += x[b];                                                                      \
		x[d] = rol32(x[d] ^ x[a], 8);                                                      \
		x[c] += x[d];                                                                      \
		x[b] = rol32(x[b] ^ x[c], 7);                                                      \
	} while (0)

/* Block @counter of the stream of @key. */
static void chacha20_block(const u32 key[KEY_WORDS], u64 counter, u32 out[16])
{
	u32 in[16] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 }, x[16];

	memcpy(in + 4, key, 32);
	in[12] = counter;
	in[13] = counter >> 32;
	in[14] = in[15] = 0;
	memcpy(x, in, sizeof(x));
	for (int i = 0; i < 10; i++) {
		QUARTER(0, 4, 8, 12);
		QUARTER(1, 5, 9, 13);
		QUARTER(2, 6, 10, 14);
		QUARTER(3, 7, 11, 15);
		QUARTER(0, 5, 10, 15);
		QUARTER(1, 6, 11, 12);
		QUARTER(2, 7, 8, 13);
		QUARTER(3, 4, 9, 14);
	}
	for (int i = 0; i < 16; i++)
		out[i] = x[i] + in[i];
}

/* Key := first half of a block of (key xor @data); as many rounds as @data is long. => base_lock */
static void mix(const void *data, size_t len)
{
	const u8 *p = data;
	u32 out[16];

	while (len) {
		size_t n = len < 32 ? len : 32;
		u8 *k = (u8 *)base_key;

		for (size_t i = 0; i < n; i++)
			k[i] ^= p[i];
		chacha20_block(base_key, ++base_counter, out);
		memcpy(base_key, out, sizeof(base_key));
		p += n;
		len -= n;
	}
	base_generation++;
}

void add_device_randomness(const void *buf, size_t len)
{
	unsigned long flags;
	u64 now = fixed_seed ? 0 : get_cycles();

	spin_lock_irqsave(&base_lock, flags);
	mix(&now, sizeof(now));
	mix(buf, len);
	spin_unlock_irqrestore(&base_lock, flags);
}

/* A fresh key for this request, the CPU's own moved on. => interrupts off */
static void take_key(u32 key[KEY_WORDS])
{
	struct cpu_key *ck = this_cpu_ptr(&cpu_keys);
	u32 out[16];

	if (unlikely(ck->generation != READ_ONCE(base_generation))) {
		spin_lock(&base_lock);
		ck->generation = base_generation;
		chacha20_block(base_key, ++base_counter, out);
		memcpy(base_key, out, sizeof(base_key));
		memcpy(ck->key, out + 8, sizeof(ck->key));
		spin_unlock(&base_lock);
	}
	chacha20_block(ck->key, 0, out);
	memcpy(ck->key, out, sizeof(ck->key));
	memcpy(key, out + 8, KEY_WORDS * sizeof(u32));
}

void get_random_bytes(void *buf, size_t len)
{
	u32 key[KEY_WORDS], out[16];
	unsigned long flags;
	u64 counter = 0;
	u8 *p = buf;

	local_irq_save(flags);
	take_key(key);
	local_irq_restore(flags);
	if (len <= sizeof(key)) { /* the key itself is random and used for nothing else */
		memcpy(p, key, len);
		return;
	}
	while (len) {
		size_t n = len < BLOCK_BYTES ? len : BLOCK_BYTES;

		chacha20_block(key, counter++, out);
		memcpy(p, out, n);
		p += n;
		len -= n;
	}
}

u32 get_random_u32(void)
{
	u32 v;

	get_random_bytes(&v, sizeof(v));
	return v;
}

u64 get_random_u64(void)
{
	u64 v;

	get_random_bytes(&v, sizeof(v));
	return v;
}

/* Lemire 2019: multiply and reject, without division in the common case. */
u32 get_random_u32_below(u32 ceil)
{
	u64 m = (u64)get_random_u32() * ceil;

	if ((u32)m < ceil) {
		u32 floor = -ceil % ceil;

		while ((u32)m < floor)
			m = (u64)get_random_u32() * ceil;
	}
	return m >> 32;
}

/* Bytes to user memory; the number copied, or -EFAULT. For getrandom(2) and the devices. */
static ssize_t get_random_bytes_user(void __user *buf, size_t len)
{
	u32 key[KEY_WORDS], out[16];
	unsigned long flags;
	size_t done = 0;
	u64 counter = 0;

	local_irq_save(flags);
	take_key(key);
	local_irq_restore(flags);
	if (len <= sizeof(key)) { /* as above */
		done = len - copy_to_user(buf, key, len);
		return done || !len ? (ssize_t)done : -EFAULT;
	}
	while (done < len) {
		size_t n = len - done < BLOCK_BYTES ? len - done : BLOCK_BYTES, left;

		chacha20_block(key, counter++, out);
		left = copy_to_user(buf + done, out, n);
		done += n - left;
		if (left)
			return done ? done : -EFAULT;
		if (!(done & (PAGE_SIZE - 1))) {
			if (signal_pending(current))
				break;
			cond_resched();
		}
	}
	return done;
}

SYSCALL_DEFINE3(getrandom, char __user *, ubuf, size_t, len, unsigned int, flags)
{
	if (flags & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	if ((flags & (GRND_INSECURE | GRND_RANDOM)) == (GRND_INSECURE | GRND_RANDOM))
		return -EINVAL;
	if (len > 0x7fffffff)
		len = 0x7fffffff;
	return get_random_bytes_user(ubuf, len);
}

static int __init parse_seed(char *str)
{
	u64 seed;

	if (!str || kstrtou64(str, 0, &seed))
		return -EINVAL;
	fixed_seed = true;
	base_key[0] = seed;
	base_key[1] = seed >> 32;
	return 0;
}
early_param("seed", parse_seed);

/* 64 bits from the CPU's generator; false if it has none or it fails. */
static bool cpu_random(u64 *v)
{
	bool ok = false;

	if (boot_cpu_has(X86_FEATURE_RDRAND))
		for (int i = 0; i < 10 && !ok; i++)
			__asm__ volatile("rdrand %0" : "=r"(*v), "=@ccc"(ok));
	return ok;
}

/* As early as the clocks are there. */
void __init random_init(void)
{
	u64 seed[8] = { 0 };
	bool cpu = false;

	if (fixed_seed) {
		pr_info("random: seeded by seed=\n");
		return;
	}
	for (int i = 0; i < 4; i++)
		cpu |= cpu_random(&seed[i]);
	seed[4] = get_cycles();
	seed[5] = ktime_get_real_ns();
	seed[6] = (unsigned long)&seed;
	seed[7] = get_cycles();
	spin_lock(&base_lock);
	mix(seed, sizeof(seed));
	spin_unlock(&base_lock);
	pr_info("random: seeded from %s\n", cpu ? "RDRAND and the clocks" : "the clocks alone");
}
