// SPDX-License-Identifier: MIT
/*
 *	31                    13 12    11            0
 *	| counter               | seen | errno       |
 *
 * Linux 6.1: lib/errseq.c.
 */
#include <base/atomic.h>
#include <base/compiler.h>
#include <base/err.h>
#include <base/errseq.h>

#define ERRNO_MASK 0xfffu
#define SEEN	   0x1000u
#define COUNT	   0x2000u

static bool change(errseq_t *eseq, errseq_t *old, errseq_t new)
{
	return __atomic_compare_exchange_n(eseq, old, new, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_ACQUIRE);
}

errseq_t errseq_set(errseq_t *eseq, int err)
{
	errseq_t old = READ_ONCE(*eseq), new;

	if (!err || err < -(int)ERRNO_MASK)
		return old;
	do {
		new = (old & ~(ERRNO_MASK | SEEN)) | (errseq_t)-err;
		if (old & SEEN)
			new += COUNT;
		if (new == old)
			break; /* the same error, and nobody looked in between */
	} while (!change(eseq, &old, new));
	return new;
}

errseq_t errseq_sample(errseq_t *eseq)
{
	errseq_t old = READ_ONCE(*eseq);

	return old & SEEN ? old : 0;
}

int errseq_check(errseq_t *eseq, errseq_t since)
{
	errseq_t now = READ_ONCE(*eseq);

	return now == since ? 0 : -(int)(now & ERRNO_MASK);
}

int errseq_check_and_advance(errseq_t *eseq, errseq_t *since)
{
	errseq_t now = READ_ONCE(*eseq), seen;

	if (now == *since)
		return 0;
	seen = now | SEEN;
	/* Lost: another observer marks it, or a newer error is reported by the next call. */
	if (seen != now)
		change(eseq, &now, seen);
	*since = seen;
	return -(int)(seen & ERRNO_MASK);
}
