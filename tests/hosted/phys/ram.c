// SPDX-License-Identifier: MIT
/* The memory of the played machine: one file in memory, mapped at the direct map and page by page elsewhere. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static int ram;

static void die(const char *what)
{
	perror(what);
	abort();
}

void phys_make_ram(unsigned long at, unsigned long bytes)
{
	ram = memfd_create("played memory", MFD_CLOEXEC);
	if (ram < 0 || ftruncate(ram, bytes))
		die("memfd_create");
	if (mmap((void *)at, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED_NOREPLACE, ram,
		 0) != (void *)at)
		die("direct map");
}

void phys_map_page(unsigned long addr, unsigned long pfn)
{
	if (mmap((void *)addr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, ram,
		 pfn << 12) != (void *)addr)
		die("vmalloc page");
}

void phys_unmap_page(unsigned long addr)
{
	munmap((void *)addr, 4096);
}
