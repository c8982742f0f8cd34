// SPDX-License-Identifier: MIT
/* The xarray against a plain array, with failing allocations, and readers beside a writer. mode: tsan=readers */
#include <host/test.h>
#include "../../mm/tree/xarray.c"

#define SPACE 5000 /* indices of the model; each stands for an index scaled by the test */
static void *model[SPACE];
static bool model_mark[XA_MAX_MARKS][SPACE];
static DEFINE_XARRAY(xa);
static int items[SPACE];

static void start(void)
{
	static bool ready;

	if (!ready)
		xarray_init();
	ready = true;
	xa_destroy(&xa);
	memset(model, 0, sizeof(model));
	memset(model_mark, 0, sizeof(model_mark));
}

static unsigned long spread(unsigned int i, unsigned int how)
{
	return how == 0 ? i : how == 1 ? (unsigned long)i * 977 : (unsigned long)i << 50 | i;
}

static void compare(unsigned int how, unsigned long limit)
{
	unsigned long index = 0, seen = 0;
	void *entry;

	xa_for_each(&xa, index, entry)
	{
		while (seen < limit && !model[seen])
			seen++;
		CHECK(seen < limit);
		CHECK_EQ(index, spread(seen, how));
		CHECK(entry == model[seen]);
		seen++;
	}
	while (seen < limit)
		CHECK(!model[seen++]);
	for (int m = 0; m < XA_MAX_MARKS; m++) {
		seen = 0;
		xa_for_each_marked(&xa, index, entry, m)
		{
			while (seen < limit && !model_mark[m][seen])
				seen++;
			CHECK(seen < limit);
			CHECK_EQ(index, spread(seen, how));
			seen++;
		}
		while (seen < limit)
			CHECK(!model_mark[m][seen++]);
	}
}

static void random_step(unsigned int how, unsigned long limit)
{
	unsigned int i = host_random_below(limit), m = host_random_below(XA_MAX_MARKS);
	unsigned long index = spread(i, how);
	void *entry = host_random_below(4) ? (void *)&items[i] : xa_mk_value(i), *old;

	switch (host_random_below(6)) {
	case 0:
	case 1:
		old = xa_store(&xa, index, entry, GFP_KERNEL);
		if (xa_is_err(old))
			break;
		CHECK(old == model[i]);
		model[i] = entry;
		break;
	case 2:
		CHECK(xa_erase(&xa, index) == model[i]);
		model[i] = NULL;
		for (int k = 0; k < XA_MAX_MARKS; k++)
			model_mark[k][i] = false;
		break;
	case 3:
		xa_set_mark(&xa, index, m);
		model_mark[m][i] = model[i] != NULL;
		break;
	case 4:
		xa_clear_mark(&xa, index, m);
		model_mark[m][i] = false;
		break;
	case 5:
		CHECK(xa_load(&xa, index) == model[i]);
		CHECK_EQ(xa_get_mark(&xa, index, m), model_mark[m][i]);
		break;
	}
	xa_check(&xa);
}

static void random_run(unsigned int how, unsigned long limit, unsigned int steps)
{
	start();
	for (unsigned int s = 0; s < steps; s++) {
		random_step(how, limit);
		if (s % 256 == 0)
			compare(how, limit);
	}
	compare(how, limit);
	for (unsigned int i = 0; i < limit; i++)
		xa_erase(&xa, spread(i, how));
	CHECK(xa_empty(&xa));
	xa_check(&xa);
}

TEST(xarray_one_index)
{
	random_run(0, 1, 2000);
}
TEST(xarray_few)
{
	random_run(0, 70, 6000);
}
TEST(xarray_dense)
{
	random_run(0, SPACE, 6000);
}
TEST(xarray_sparse)
{
	random_run(1, 300, 4000);
}
TEST(xarray_far_apart)
{
	random_run(2, 200, 3000);
}

/* Entries of all orders: each index of one finds it; overlaps are found; erasing one leaves its neighbours. */
TEST(xarray_large_entries)
{
	start();
	for (unsigned int order = 0; order <= 13; order++) {
		unsigned long base = (1UL << 20) + (1UL << order) * 4, n = 1UL << order, i;
		XA_STATE_ORDER(xas, &xa, base, order);

		do {
			CHECK(xas_prealloc(&xas, GFP_KERNEL));
			xas_lock(&xas);
			CHECK(!xas_find_conflict(&xas));
			xas_store(&xas, &items[order]);
			xas_unlock(&xas);
		} while (xas_nomem(&xas, GFP_KERNEL));
		xas_destroy(&xas);
		xa_check(&xa);
		for (i = 0; i < n; i += 1 + n / 16)
			CHECK(xa_load(&xa, base + i) == &items[order]);
		CHECK(xa_load(&xa, base + n - 1) == &items[order]);
		CHECK(xa_load(&xa, base + n) == NULL);
		CHECK(xa_load(&xa, base - 1) == NULL);
		CHECK_EQ(xa_insert(&xa, base + n / 2, &items[0], GFP_KERNEL), -EBUSY);
		i = base - 1;
		CHECK(xa_find(&xa, &i, ~0UL, XA_PRESENT) == &items[order]);
		CHECK(xa_find_after(&xa, &i, ~0UL, XA_PRESENT) == NULL);
		xa_set_mark(&xa, base + n - 1, XA_MARK_1);
		CHECK(xa_get_mark(&xa, base, XA_MARK_1));
		xa_check(&xa);
		CHECK(xa_erase(&xa, base + n / 2) == &items[order]);
		CHECK(xa_empty(&xa));
	}
}

TEST(xarray_alloc_finds_the_lowest)
{
	DEFINE_XARRAY_ALLOC1(ids);
	u32 id;

	start();
	for (unsigned int i = 1; i <= 200; i++) {
		CHECK_EQ(xa_alloc(&ids, &id, &items[i], XA_LIMIT(0, 200), GFP_KERNEL), 0);
		CHECK_EQ(id, i);
	}
	CHECK_EQ(xa_alloc(&ids, &id, &items[0], XA_LIMIT(0, 200), GFP_KERNEL), -EBUSY);
	xa_erase(&ids, 77);
	CHECK_EQ(xa_alloc(&ids, &id, &items[0], XA_LIMIT(0, 200), GFP_KERNEL), 0);
	CHECK_EQ(id, 77);
	xa_check(&ids);
	xa_destroy(&ids);
}

/* A reader sees an entry for its own index or nothing, whatever the writer does. */
static int stop;

static void reader(void *arg)
{
	unsigned long seed = (unsigned long)arg + 1;

	while (!READ_ONCE(stop)) {
		unsigned long i =
			(seed = seed * 6364136223846793005UL + 1442695040888963407UL) >> 50;
		int *entry;

		i %= 600;
		rcu_read_lock();
		entry = xa_load(&xa, i * 3);
		CHECK(!entry || entry == &items[i]);
		rcu_read_unlock();
	}
}

TEST(xarray_readers_beside_a_writer)
{
	struct task_struct *t[3];

	start();
	stop = 0;
	for (unsigned long i = 0; i < 3; i++)
		t[i] = host_start(reader, (void *)i, i + 1, "reader");
	for (int step = 0; step < 20000; step++) {
		unsigned int i = host_random_below(600);

		if (host_random_below(2))
			xa_store(&xa, i * 3, &items[i], GFP_KERNEL);
		else
			xa_erase(&xa, i * 3);
	}
	WRITE_ONCE(stop, 1);
	for (int i = 0; i < 3; i++)
		host_join(t[i]);
	xa_check(&xa);
}
