// SPDX-License-Identifier: MIT
/*
 * /dev/mmtest itself, nouns page and slab: numbers out of range, what is held goes away with the file. The
 * benchmark relies on it. oracle: none (Linux has no /dev/mmtest; its module is loaded by `quire bench` only)
 */
#include "tap.h"

#include <sys/ioctl.h>

#include "../../include/drivers/mmtest.h"

static int fd;
static struct mmtest_call last;

static int call(const char *noun, const char *verb, int64_t a, int64_t b)
{
	last = (struct mmtest_call){ .arg = { a, b } };
	strcpy(last.noun, noun);
	strcpy(last.verb, verb);
	return ioctl(fd, MMTEST_CALL, &last);
}

static long free_kib(void)
{
	char text[4096] = "";
	int f = open("/proc/meminfo", O_RDONLY);

	must(read(f, text, sizeof(text) - 1) > 0);
	close(f);
	return strtol(strstr(text, "MemFree:") + 8, NULL, 10);
}

static void interface(void)
{
	fails(ioctl(fd, MMTEST_CALL + 1, &last), ENOTTY, "another number is no ioctl of it");
	fails(ioctl(fd, MMTEST_CALL, (void *)8), EFAULT, "an address that is not mapped");
	fails(call("nonsense", "hot", 0, 1), ENOENT, "an unknown noun");
	fails(call("page", "nonsense", 0, 1), ENOENT, "an unknown verb");
	memset(&last, 'x', sizeof(last));
	fails(ioctl(fd, MMTEST_CALL, &last), ENOENT, "names without an end");
}

static void pages(void)
{
	fails(call("page", "alloc", 0, 1), EINVAL, "page: nothing is reserved yet");
	fails(call("page", "reserve", MMTEST_MAX + 1, 0), EINVAL, "page: more than the limit");
	fails(call("page", "reserve", 0, 0), EINVAL, "page: room for none");
	is(call("page", "reserve", 1024, 0), 0, "page: reserve");
	fails(call("page", "alloc", -1, 1), EINVAL, "page: a negative order");
	fails(call("page", "alloc", 64, 1), EINVAL, "page: an order above the largest");
	fails(call("page", "hot", 64, 1), EINVAL, "page: likewise hot");
	fails(call("page", "hot", 0, MMTEST_MAX + 1), EINVAL, "page: too many times");
	fails(call("page", "alloc", 0, 1025), EINVAL, "page: more than reserved");
	is(call("page", "alloc", 2, 1000), 0, "page: 1000 blocks of order 2");
	is(last.result[0], 1000, "page: all were got");
	fails(call("page", "alloc", 0, 1), EINVAL, "page: free first");
	fails(call("page", "bulk", 1, 0), EINVAL, "page: free before bulk, too");
	is(call("page", "free", 0, 0), 0, "page: free");
	is(call("page", "bulk", 1024, 0), 0, "page: bulk");
	is(last.result[0], 1024, "page: bulk got all");
	is(call("page", "free", 0, 0), 0, "page: free what bulk got");
	is(call("page", "drain", 0, 0), 0, "page: drain");
	is(call("page", "struct", 0, 0), 0, "page: size of its descriptor");
	ok(last.result[0] >= 16 && last.result[0] <= 64, "page: it is %lld", last.result[0]);
}

static void objects(void)
{
	fails(call("slab", "bulk", 64, 0), EINVAL, "slab: nothing is reserved yet");
	fails(call("slab", "reserve", 128, 4), EINVAL, "slab: objects too small");
	is(call("slab", "reserve", 128, 256), 0, "slab: reserve");
	fails(call("slab", "reserve", 128, 256), EINVAL, "slab: only once");
	fails(call("slab", "hot", 0, 1), EINVAL, "slab: no bytes");
	fails(call("slab", "hot", 64, MMTEST_MAX + 1), EINVAL, "slab: too many times");
	fails(call("slab", "bulk", 65, 0), EINVAL, "slab: bulk comes in sets of 64");
	is(call("slab", "alloc", 64, 128), 0, "slab: alloc");
	is(call("slab", "free", 0, 0), 0, "slab: free");
	is(call("slab", "bulk", 128, 0), 0, "slab: bulk");
	fails(call("slab", "free", 0, 0), EINVAL, "slab: what bulk got is not kmalloc's");
	is(call("slab", "bulkfree", 0, 0), 0, "slab: free it in sets");
	fails(call("slab", "alloc", 64, 129), EINVAL, "slab: more than reserved");
}

/* 64 MiB are held when the file is closed; a few MiB of what comes back may wait in the lists of CPUs. */
static void close_gives_back(void)
{
	long before, during;

	must(call("page", "reserve", 16384, 0) == 0);
	before = free_kib();
	must(call("page", "alloc", 0, 16384) == 0);
	during = free_kib();
	ok(before - during > 48 << 10, "close: %ld KiB are held", before - during);
	close(fd);
	ok(free_kib() - during > 48 << 10, "close: they are given back");
}

int main(void)
{
	fd = open("/dev/mmtest", O_RDWR);
	if (fd < 0) {
		ok(errno == ENOENT, "mmtest # skip oracle: none, no /dev/mmtest");
		return tap_end();
	}
	interface();
	pages();
	objects();
	close_gives_back();
	return tap_end();
}
