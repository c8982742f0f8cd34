// SPDX-License-Identifier: MIT
/* Boot self test of the xarray: a million entries, as of a file of 4 GiB, and every node back afterwards. */
#include <base/types.h>
#include <base/string.h>
#include <kernel/sched.h>
#include <kernel/selftest.h>
#include <mm/slab.h>
#include <mm/slab_report.h>
#include <mm/xarray.h>
#include <sync/rcu.h>

#define NR_ENTRIES (1UL << 20)

static long xa_nodes(void)
{
	static struct slab_report r;

	/* A page of objects per CPU waits in the arrays: what is in use counts. */
	return slab_report("xa_node", &r) ? (long)(r.objects.total - r.cpu_objects.total) : -1;
}

static int fill_and_look(struct xarray *xa)
{
	for (unsigned long i = 0; i < NR_ENTRIES; i++) {
		SELFTEST_EXPECT(!xa_is_err(xa_store(xa, i, xa_mk_value(i ^ 0x5a5a5), GFP_KERNEL)));
		if (!(i & 0xffff))
			cond_resched();
	}
	for (unsigned long i = 0; i < NR_ENTRIES; i += 7)
		SELFTEST_EXPECT(xa_load(xa, i) == xa_mk_value(i ^ 0x5a5a5));
	SELFTEST_EXPECT(!xa_load(xa, NR_ENTRIES));
	return 0;
}

static int test_million(void)
{
	struct xarray xa;
	long before, during;
	int err;

	xa_init(&xa);
	rcu_barrier();
	before = xa_nodes();
	err = fill_and_look(&xa);
	during = xa_nodes();
	for (unsigned long i = 0; i < NR_ENTRIES; i++)
		xa_erase(&xa, i);
	if (err)
		return err;
	rcu_barrier();
	/* 16384 leaves of 64, 256 above, 4, 1. */
	SELFTEST_EXPECT(during - before >= 16645 && during - before < 16645 + 64);
	SELFTEST_EXPECT(xa_nodes() - before < 64);
	return 0;
}
SELFTEST("tree/a million entries", test_million);
