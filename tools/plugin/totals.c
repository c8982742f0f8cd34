/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "totals.h"

#include "stream.h"

#include <inttypes.h>

static FILE *out;
static uint64_t user, kernel;

void totals_start(FILE *file)
{
	out = file;
}

static void on_mark(unsigned int vcpu, void *mark)
{
	(void)vcpu;
	fprintf(out, "total %zu %" PRIu64 " %" PRIu64 "\n", (size_t)mark, user, kernel);
	fflush(out);
}

void totals_translate(struct qemu_plugin_tb *tb)
{
	struct qemu_plugin_insn *first = qemu_plugin_tb_get_insn(tb, 0);
	uint64_t start = qemu_plugin_insn_vaddr(first), mark = start - stream.mark_start;

	if (mark < stream.nr_marks)
		qemu_plugin_register_vcpu_tb_exec_cb(tb, on_mark, QEMU_PLUGIN_CB_NO_REGS,
						     (void *)(size_t)mark);
	qemu_plugin_register_vcpu_insn_exec_inline(first, QEMU_PLUGIN_INLINE_ADD_U64,
						   start >> 63 ? &kernel : &user,
						   qemu_plugin_tb_n_insns(tb));
}
