/* SPDX-License-Identifier: MIT */
/* stream.h tells the theory. */
#define _GNU_SOURCE
#include "stream.h"

#include <stdlib.h>
#include <string.h>

struct stream stream;

static const struct block *last;
static uint64_t executed_before, accesses_before;
static bool slot_told; /* where the last block put or took its return address */

static bool begins(const char *name, const char *with)
{
	return !strncmp(name, with, strlen(with));
}

/* Both kernels name their entries alike. */
static enum entry entry_by_name(const char *name)
{
	static const char *const traps[] = { "asm_exc_debug", "asm_exc_int3", "asm_exc_overflow",
					     "asm_exc_nmi" };

	if (begins(name, "asm_exc_")) {
		for (size_t i = 0; i < sizeof(traps) / sizeof(*traps); i++)
			if (!strcmp(name, traps[i]))
				return ENTRY_TRAP;
		return strcmp(name, "asm_exc_page_fault") != 0 ? ENTRY_FAULT : ENTRY_PAGE_FAULT;
	}
	if (begins(name, "asm_sysvec_") || !strcmp(name, "irq_entries_start") ||
	    !strcmp(name, "spurious_entries_start"))
		return ENTRY_INTERRUPT;
	if (begins(name, "entry_SYSCALL") || begins(name, "entry_INT80"))
		return ENTRY_SYSCALL;
	return ENTRY_NONE;
}

/* The interrupt stubs are a table of many entries under one symbol. */
static enum entry entry_of(long symbol, uint64_t start)
{
	const struct range *s;

	if (symbol < 0)
		return ENTRY_NONE;
	s = &stream.symbols.v[symbol];
	if (s->start != start && strcmp(s->name, "irq_entries_start") &&
	    strcmp(s->name, "spurious_entries_start"))
		return ENTRY_NONE;
	return entry_by_name(s->name);
}

static bool in_kernel(uint64_t address)
{
	return address >> 63;
}

uint32_t stream_function_at(uint64_t address)
{
	long symbol;

	if (!in_kernel(address))
		return FN_USER;
	symbol = ranges_find(&stream.symbols, address);
	return symbol < 0 ? FN_UNKNOWN : FN_SYMBOL + stream.symbols.v[symbol].id;
}

static uint32_t place_at(uint64_t address)
{
	return 2 * stream_function_at(address) + (ranges_find(&stream.bulk, address) >= 0);
}

static void fill(struct block *b, struct qemu_plugin_tb *tb)
{
	b->nr_runs = 0;
	for (uint32_t i = 0; i < b->n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint32_t place = place_at(qemu_plugin_insn_vaddr(insn));

		if (!b->nr_runs || b->runs[b->nr_runs - 1].place != place)
			b->runs[b->nr_runs++] = (struct run){ 0, place };
		b->runs[b->nr_runs - 1].n++;
	}
}

/* QEMU never tells when it forgets a translation, so blocks are kept to its end. */
static struct block *make_block(struct qemu_plugin_tb *tb)
{
	uint32_t n = (uint32_t)qemu_plugin_tb_n_insns(tb);
	struct qemu_plugin_insn *end = qemu_plugin_tb_get_insn(tb, n - 1);
	struct block *b = malloc(sizeof(*b) + n * sizeof(*b->runs));

	b->start = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, 0));
	b->n = n;
	b->user = !in_kernel(b->start);
	b->fn = stream_function_at(b->start);
	b->entry =
		b->user ? ENTRY_NONE : entry_of(ranges_find(&stream.symbols, b->start), b->start);
	b->last = insn_kind(qemu_plugin_insn_data(end), qemu_plugin_insn_size(end));
	b->last_touches =
		insn_touches_memory(qemu_plugin_insn_data(end), qemu_plugin_insn_size(end));
	b->mark = b->start - stream.mark_start < stream.nr_marks
			  ? (int32_t)(b->start - stream.mark_start)
			  : -1;
	fill(b, tb);
	return realloc(b, sizeof(*b) + b->nr_runs * sizeof(*b->runs));
}

/* Was the last instruction that was started in vain? => a fault has been entered */
static bool in_vain(uint32_t starts, const struct block *entry)
{
	if (starts < last->n || entry->entry == ENTRY_FAULT)
		return starts > 0;
	if (last->last == INSN_JUMP || last->last == INSN_LEAVE ||
	    (last->last == INSN_PLAIN && !last->last_touches))
		return false; /* it was the fetch of what came next */
	return stream.accesses - accesses_before < (last->last == INSN_CALL_MEM ? 2 : 1);
}

static void on_block(unsigned int vcpu, void *data)
{
	const struct block *b = data;
	uint32_t starts = (uint32_t)(stream.executed - executed_before);

	(void)vcpu;
	if (last && (b->entry == ENTRY_FAULT || b->entry == ENTRY_PAGE_FAULT) && in_vain(starts, b))
		starts--;
	if (last)
		stream.block(last, starts, b);
	executed_before = stream.executed;
	accesses_before = stream.accesses;
	slot_told = false;
	last = b;
}

/*
 * The address of a ret is that of its read, the one of a call that of its write. QEMU 7.2 may call this for accesses
 * of others, too: for those that its helpers make in later blocks (as for iretq), and for what an interrupt pushes
 * that comes right behind the block.
 */
static void on_slot(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t vaddr, void *data)
{
	const struct block *b = data;

	(void)vcpu;
	if (b != last || slot_told)
		return;
	stream.accesses++;
	if (b->last == INSN_RET || qemu_plugin_mem_is_store(info)) {
		slot_told = true;
		stream.slot(vaddr);
	}
}

/* QEMU 7.2 mixes up reads and writes where only one of them is asked for: ask for both. */
static void watch_last(struct qemu_plugin_insn *insn, struct block *b)
{
	bool slot = b->last == INSN_CALL || b->last == INSN_CALL_MEM || b->last == INSN_RET;

	if (b->last == INSN_JUMP || b->last == INSN_LEAVE)
		return;
	if (stream.slot && slot && !b->user)
		qemu_plugin_register_vcpu_mem_cb(insn, on_slot, QEMU_PLUGIN_CB_NO_REGS,
						 QEMU_PLUGIN_MEM_RW, b);
	else
		qemu_plugin_register_vcpu_mem_inline(
			insn, QEMU_PLUGIN_MEM_RW, QEMU_PLUGIN_INLINE_ADD_U64, &stream.accesses, 1);
}

void stream_translate(struct qemu_plugin_tb *tb)
{
	struct block *b = make_block(tb);

	qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, QEMU_PLUGIN_CB_NO_REGS, b);
	for (uint32_t i = 0; i < b->n; i++)
		qemu_plugin_register_vcpu_insn_exec_inline(qemu_plugin_tb_get_insn(tb, i),
							   QEMU_PLUGIN_INLINE_ADD_U64,
							   &stream.executed, 1);
	watch_last(qemu_plugin_tb_get_insn(tb, b->n - 1), b);
}
