/* SPDX-License-Identifier: MIT */
/*
 * What an operation of the benchmark needs.
 *
 * Each operation runs in a process of its own, freshly executed. It prepares, then encloses what is to
 * be counted:
 *	start(); ...the work...; stop();
 * as often as it likes; the counts add up. stop_minus() subtracts instead (the same work with less in it),
 * and times(n) says how many operations the whole was. A child may do the enclosing: the record is shared.
 *
 * start() and stop() each execute a mark, a one-byte instruction at a known address that our QEMU plugin
 * knows, and read the time stamp counter, which is the number of instructions under -icount.
 */
#ifndef BENCH_HARNESS_H
#define BENCH_HARNESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PAGE  4096ul
#define MIB   (1ul << 20)
#define PAGES 2048ul /* in an area over which the cost of a page is averaged */

struct operation {
	const char *name;
	void (*run)(void);
};

/* An operation: BENCH("name") { ... } */
#define BENCH_(id, text)                                                                           \
	static void bench_##id(void);                                                              \
	static const struct operation op_##id                                                      \
		__attribute__((used, section("operations"), aligned(8))) = { text, bench_##id };   \
	static void bench_##id(void)
#define BENCH__(id, text) BENCH_(id, text)
#define BENCH(text)	  BENCH__(__LINE__, text)

void start(void);
void stop(void);
void stop_minus(void);
void times(uint64_t n);

/* The operation took @n of what its name says; nobody counts its instructions. Instead of start() and stop(). */
void took(uint64_t n);

/* This operation cannot be measured here: says why, and ends it. */
_Noreturn void skip(const char *why);

/* End the operation, with errno's text, when what ought to work does not. */
_Noreturn void broken(const char *what);

/* Private anonymous memory of so many bytes, untouched. */
char *map(size_t bytes);

/* Write to, or read from, each page. */
void touch(char *p, size_t bytes);
void look(const char *p, size_t bytes);

/* A file on tmpfs of so many bytes, all of its pages in the page cache, without a name. */
int tmpfs_file(size_t bytes);

/* Where the ext2 of the disk is mounted, and such a file there. skip() without a disk. */
const char *ext2(void);
int ext2_file(size_t bytes);

/* Fork: the child gets 0. => broken() when it fails */
pid_t child(void);
void wait_for(pid_t pid);

/* Touch the record, so that a child's start() takes no fault. */
void ready(void);

/* nr mappings of one page that cannot merge with each other, in every other page of an area. */
void many_vmas(unsigned int nr);

/* MMTEST_CALL, its first result; skip() when this kernel has no /dev/mmtest. */
int64_t mmtest(const char *noun, const char *verb, int64_t arg0, int64_t arg1);
/* The open /dev/mmtest, to map it; skip() likewise. */
int mmtest_fd(void);

#endif
