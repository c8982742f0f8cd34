/* SPDX-License-Identifier: MIT */
/*
 * The stream of executed guest instructions of a machine with one CPU, block by block.
 *
 * 1 Purpose. QEMU executes translated blocks of instructions. A block ends early when an instruction
 * in its middle faults; that instruction has then been started but not executed, and will be started
 * again. What is delivered here is what -icount counts (and rdtsc shows under -icount shift=0): each
 * completed instruction once, each iteration of a REP instruction once.
 *
 * 2 How. An inline addition before each instruction counts starts (executed). A callback before each
 * block sees how many starts there were since the last one, all of them the first instructions of the
 * last block. When the new block is the entry of a fault (found by its symbol, see entry_of()), the
 * last start was in vain and is taken off:
 *
 *	last block	a b c d e		starts 3, fault entry: a b were executed, c was not
 *	last block	a b c d ret	starts 5, page fault: was it `ret` that faulted, or the fetch
 *					of what it returned to? The access of a block's last
 *					instruction is counted apart (accesses): none, so it did.
 *	last block	a b c (end of page)	starts 3, page fault: c if it touches memory and has not yet
 *
 * 3 Devices. An access to a device in the middle of a block makes QEMU translate that one instruction
 * anew and execute it without instrumentation (since 6.1): it counts once, and calls no callback.
 *
 * 4 Limits. Inline additions are not atomic and not per CPU: one CPU only. Faults are known by the
 * names asm_exc_*: without symbols= each fault adds one. An instruction at the end of a block that
 * reads, then faults in writing (a fault of the second page of an access, or of a read-modify-write of
 * a read-only page), counts once too often when it is the last of its block.
 */
#ifndef QUIRE_PLUGIN_STREAM_H
#define QUIRE_PLUGIN_STREAM_H

#include "insn.h"
#include "qemu_plugin.h"
#include "ranges.h"

#include <stdbool.h>
#include <stdint.h>

enum entry { ENTRY_NONE, ENTRY_SYSCALL, ENTRY_PAGE_FAULT, ENTRY_FAULT, ENTRY_TRAP, ENTRY_INTERRUPT };

/* Functions are numbered: these two, then symbol i as FN_SYMBOL + i. */
enum { FN_USER, FN_UNKNOWN, FN_SYMBOL };

/* Consecutive instructions of a block at one place. place: 2 * function + (is it in ranges=?). */
struct run {
	uint32_t n, place;
};

struct block {
	uint64_t start; /* address */
	uint32_t n, nr_runs;
	uint32_t fn;	/* of the first instruction */
	int32_t mark;	/* START+i of marks=, or -1 */
	uint8_t entry;	/* enum entry: the kernel is entered here */
	uint8_t last;	/* enum insn_kind of the last instruction */
	bool last_touches; /* it reads or writes memory, if it is INSN_PLAIN */
	bool user;
	struct run runs[];
};

struct stream {
	struct ranges symbols, bulk;
	uint64_t mark_start, nr_marks;
	uint64_t executed; /* starts, added to by the translated code */
	uint64_t accesses; /* of last instructions, likewise */
	/*
	 * Called before each block with the block before it and how many of its instructions were
	 * executed; both callbacks run on the CPU's thread.
	 */
	void (*block)(const struct block *last, uint32_t executed, const struct block *next);
	/* When set, gets the address of the return address that each call of the kernel pushes and each ret pops. */
	void (*slot)(uint64_t address);
};

extern struct stream stream;

static inline const char *stream_function(uint32_t fn)
{
	return fn == FN_USER	? "(user)" :
	       fn == FN_UNKNOWN ? "(unknown)" :
				  stream.symbols.v[fn - FN_SYMBOL].name;
}

/* The number of the function at an address. */
uint32_t stream_function_at(uint64_t address);

/* Attach to a block that QEMU translates. */
void stream_translate(struct qemu_plugin_tb *tb);

#endif
