/* SPDX-License-Identifier: MIT */
/* lines.h tells the theory. */
#define _GNU_SOURCE
#include "lines.h"

#include "insn.h"
#include "stream.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define LINE_SHIFT 6
#define NR_LINES                                                                                   \
	(1u << 20) /* entries of a table; kernels write some ten thousand lines per interval */

struct cell {
	uint64_t key;  /* 0: free */
	uint32_t cpus; /* who wrote */
	uint32_t last; /* cpu + 1 that wrote last */
	uint32_t writes, atomics, taken;
};

/* What a memory access of one instruction needs to know. */
struct access {
	uint32_t fn;
	bool atomic;
};

static FILE *out;
static bool counting;
static struct cell *lines, *writers; /* by line; by function and line */
static pthread_mutex_t writing = PTHREAD_MUTEX_INITIALIZER;

static struct cell *find(struct cell *table, uint64_t key)
{
	uint32_t i = (uint32_t)(key * 0x9e3779b97f4a7c15ull >> 44);

	for (uint32_t n = 0; n < NR_LINES; n++, i = (i + 1) % NR_LINES) {
		uint64_t k = __atomic_load_n(&table[i].key, __ATOMIC_RELAXED);

		if (!k && __atomic_compare_exchange_n(&table[i].key, &k, key, false,
						      __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return &table[i];
		if (k == key)
			return &table[i];
	}
	return &table[i]; /* full: counts are mixed up, which 'lines' shows */
}

static void add(uint32_t *n)
{
	__atomic_fetch_add(n, 1, __ATOMIC_RELAXED);
}

static void on_access(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t vaddr, void *data)
{
	const struct access *a = data;
	uint64_t line = vaddr >> LINE_SHIFT;
	struct cell *e, *w;
	uint32_t last;

	if (!__atomic_load_n(&counting, __ATOMIC_RELAXED) || !qemu_plugin_mem_is_store(info) ||
	    !(vaddr >> 63))
		return;
	e = find(lines, line);
	w = find(writers, (uint64_t)(a->fn + 1) << 40 ^ (line & ((1ull << 40) - 1)));
	last = __atomic_exchange_n(&e->last, vcpu + 1, __ATOMIC_RELAXED);
	if (last && last != vcpu + 1)
		add(&e->taken);
	__atomic_fetch_or(&e->cpus, 1u << vcpu % 32, __ATOMIC_RELAXED);
	add(&e->writes);
	add(&w->writes);
	if (a->atomic) {
		add(&e->atomics);
		add(&w->atomics);
	}
}

/* --- results --- */

static bool is_shared(const struct cell *e)
{
	return (e->cpus & (e->cpus - 1)) != 0;
}

struct by_function {
	uint32_t fn;
	uint64_t writes, atomics;
};

static int most_first(const void *a, const void *b)
{
	const struct by_function *x = a, *y = b;

	return x->writes != y->writes ? (x->writes < y->writes ? 1 : -1)
				      : (x->fn > y->fn) - (x->fn < y->fn);
}

/* The entry of the line that a (function, line) entry is about: the upper bits of a kernel line are ones. */
static struct cell *line_of(const struct cell *w)
{
	uint64_t low = w->key & ((1ull << 40) - 1);

	for (uint64_t high = 0x3ffffull << 40, n = 0; n < 2; n++, high = 0x3fffeull << 40) {
		uint32_t i = (uint32_t)((high | low) * 0x9e3779b97f4a7c15ull >> 44);

		for (; lines[i].key; i = (i + 1) % NR_LINES)
			if (lines[i].key == (high | low))
				return &lines[i];
	}
	return NULL;
}

static void write_functions(void)
{
	size_t nr = FN_SYMBOL + stream.symbols.n;
	struct by_function *f = calloc(nr, sizeof(*f));

	for (size_t i = 0; i < nr; i++)
		f[i].fn = (uint32_t)i;
	for (size_t i = 0; i < NR_LINES; i++) {
		const struct cell *line = writers[i].key ? line_of(&writers[i]) : NULL;
		uint64_t fn = (writers[i].key >> 40) - 1;

		if (line && is_shared(line) && fn < nr) {
			f[fn].writes += writers[i].writes;
			f[fn].atomics += writers[i].atomics;
		}
	}
	qsort(f, nr, sizeof(*f), most_first);
	for (size_t i = 0; i < nr && f[i].writes; i++)
		fprintf(out, "by %s %" PRIu64 " %" PRIu64 "\n", stream_function(f[i].fn),
			f[i].writes, f[i].atomics);
	free(f);
}

static void write_result(int interval)
{
	uint64_t sum[7] = { 0 };

	for (size_t i = 0; i < NR_LINES; i++) {
		const struct cell *e = &lines[i];

		sum[0] += e->writes;
		sum[1] += e->atomics;
		sum[4] += e->taken;
		sum[5] += e->key != 0;
		if (!is_shared(e))
			continue;
		sum[2] += e->writes;
		sum[3] += e->atomics;
		sum[6]++;
	}
	fprintf(out, "lines %d", interval);
	for (size_t i = 0; i < sizeof(sum) / sizeof(*sum); i++)
		fprintf(out, " %" PRIu64, sum[i]);
	fputc('\n', out);
	write_functions();
	fflush(out);
}

static void on_mark(unsigned int vcpu, void *data)
{
	int mark = (int)(intptr_t)data;

	(void)vcpu;
	pthread_mutex_lock(&writing);
	__atomic_store_n(&counting, false, __ATOMIC_SEQ_CST);
	if (mark % 2)
		write_result(mark / 2);
	memset(lines, 0, NR_LINES * sizeof(*lines));
	memset(writers, 0, NR_LINES * sizeof(*writers));
	__atomic_store_n(&counting, mark % 2 == 0, __ATOMIC_SEQ_CST);
	pthread_mutex_unlock(&writing);
}

/* --- translation --- */

static void watch(struct qemu_plugin_insn *insn)
{
	const uint8_t *code = qemu_plugin_insn_data(insn);
	struct access *a = malloc(sizeof(*a));

	a->fn = stream_function_at(qemu_plugin_insn_vaddr(insn));
	a->atomic = insn_is_atomic(code, qemu_plugin_insn_size(insn));
	/* Both kinds, see stream.c; reads are sorted out in the callback. */
	qemu_plugin_register_vcpu_mem_cb(insn, on_access, QEMU_PLUGIN_CB_NO_REGS,
					 QEMU_PLUGIN_MEM_RW, a);
}

void lines_translate(struct qemu_plugin_tb *tb)
{
	uint64_t start = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, 0));

	if (start - stream.mark_start < stream.nr_marks)
		qemu_plugin_register_vcpu_tb_exec_cb(tb, on_mark, QEMU_PLUGIN_CB_NO_REGS,
						     (void *)(intptr_t)(start - stream.mark_start));
	if (!(start >> 63))
		return;
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++)
		watch(qemu_plugin_tb_get_insn(tb, i));
}

void lines_start(FILE *file)
{
	out = file;
	lines = calloc(NR_LINES, sizeof(*lines));
	writers = calloc(NR_LINES, sizeof(*writers));
}
