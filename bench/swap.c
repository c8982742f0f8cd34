// SPDX-License-Identifier: MIT
/*
 * Swap on zram with LZ4, per page of 2 MiB: out by MADV_PAGEOUT, in by a load. Pages of one word, pages of which a third is random, and
 * random ones.
 */
#define _GNU_SOURCE
#include "harness.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <unistd.h>

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
#define AREA   (2 * MIB)
#define ROUNDS 4

enum kind { SAME, THIRD, RANDOM };

static void put(const char *dir, const char *name, const char *text)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		broken(path);
	close(fd);
}

/* A new zram disk of 64 MiB as swap, for as long as the machine runs. */
static void swap_on_zram(void)
{
	static uint32_t header[PAGE / 4];
	int fd = open("/sys/class/zram-control/hot_add", O_RDONLY);
	char id[16] = "", dir[48], node[32];

	if (fd < 0 || read(fd, id, sizeof(id) - 1) <= 0)
		skip("there is no zram");
	close(fd);
	id[strcspn(id, "\n")] = '\0';
	snprintf(dir, sizeof(dir), "/sys/block/zram%s", id);
	snprintf(node, sizeof(node), "/dev/zram%s", id);
	put(dir, "comp_algorithm", "lz4");
	put(dir, "disksize", "64M");
	header[256] = 1;
	header[257] = 64 * MIB / PAGE - 1;
	memcpy((char *)header + PAGE - 10, "SWAPSPACE2", 10);
	fd = open(node, O_WRONLY);
	if (fd < 0 || write(fd, header, PAGE) != PAGE || close(fd) || swapon(node, 0))
		broken(node);
}

static void fill(uint64_t *p, enum kind kind)
{
	static uint64_t state = 88172645463325252ull;

	for (size_t i = 0; i < AREA / 8; i++) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		p[i] = kind == SAME || (kind == THIRD && i % 3) ? 0x0101010101010101ull : state;
	}
}

static void out_and_in(enum kind kind, int out)
{
	char *p = map(AREA);

	swap_on_zram();
	for (int i = 0; i <= ROUNDS; i++) {
		fill((uint64_t *)p, kind);
		if (i && out)
			start();
		if (madvise(p, AREA, MADV_PAGEOUT))
			broken("madvise");
		if (i && out)
			stop();
		else if (i)
			start();
		look(p, AREA);
		if (i && !out)
			stop();
	}
	times(ROUNDS * AREA / PAGE);
}

BENCH("swap-out-same")
{
	out_and_in(SAME, 1);
}

BENCH("swap-out-third")
{
	out_and_in(THIRD, 1);
}

BENCH("swap-out-random")
{
	out_and_in(RANDOM, 1);
}

BENCH("swap-in-same")
{
	out_and_in(SAME, 0);
}

BENCH("swap-in-third")
{
	out_and_in(THIRD, 0);
}

BENCH("swap-in-random")
{
	out_and_in(RANDOM, 0);
}
