/* SPDX-License-Identifier: MIT */
/* `quire bench`: the same program on both kernels, instructions per operation, side by side. */
#ifndef QUIRE_BENCH_H
#define QUIRE_BENCH_H

#include "say.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* The machines that are compared: Quire, and Linux under the three baselines of docs/performance.md. */
enum bench_machine { BENCH_QUIRE, BENCH_A, BENCH_C, BENCH_D, NR_BENCH_MACHINES };

struct machine_kind {
	const char *name; /* "quire", "A", ... */
	const char *text; /* in words */
	const char *cpu;
	const char *append; /* kernel parameters besides those of --icount */
};
/*
 * No kernel messages on the serial port (but a panic's): how fast its characters go depends on the host, and
 * with it the time at which everything after happens.
 */
#define BENCH_QUIET "quiet loglevel=0"

extern const struct machine_kind machine_kinds[NR_BENCH_MACHINES];

/* A line of bench/operations. */
struct operation {
	const char *name;
	bool in_mean, guarded;
	bool disk; /* needs one */
	bool wanted;
};

/* What a function executed in an operation, for the guard. */
struct spent {
	char *function;
	long long count; /* in all its repetitions */
};

/* What one machine spent in one operation. */
struct figure {
	bool measured;
	char *why; /* not measured: a reason, or NULL */
	long long times; /* repetitions */
	long long ticks; /* by the time stamp counter, all repetitions */
	bool counted; /* by the plugin; total and bulk mean something */
	long long total, bulk;
	struct spent *spent;
	size_t nr_spent;
};

struct bench {
	struct operation *ops;
	size_t nr_ops;
	struct figure *figures[NR_BENCH_MACHINES]; /* by operation; NULL: machine not asked for */
	bool plugin; /* count by it */
	bool fresh; /* take Linux's figures anew although they are recorded */
	bool twice;
	int differences; /* figures that did not repeat */
	int mistakes; /* parts of the call that had to be left out; each was told */
};

/* bench_operations.c: read bench/operations. => fails with a sentence */
void operations_read(struct bench *b);
/* Mark what these patterns name (none: all). One that names nothing is told; => some name something */
void operations_choose(struct bench *b, char **patterns, int nr);

/*
 * bench_run.c: boot the machine and fill b->figures[m], or take the recorded figures of the same
 * binaries and options. What cannot be had stays unmeasured, with a sentence on standard error.
 */
void bench_run(struct bench *b, enum bench_machine m);
/* Of the operations asked for, all were measured or gave a reason why not. */
bool bench_complete(const struct bench *b, const struct figure *figures);

/* bench_parse.c: the guest's report and the plugin's file into figures. */
void figures_parse(struct bench *b, struct figure *figures, FILE *report, FILE *marks);

/* bench_record.c: figures in a file of BUILD/bench, and their comparison. */
bool record_load(const struct bench *b, struct figure *figures, const char *file);
void record_store(const struct bench *b, const struct figure *figures, const char *file);
/* The number of figures that differ; each is told. */
int record_compare(const struct bench *b, const struct figure *old, const struct figure *new,
		   const char *machine);

/*
 * bench_also.c: what Linux does in an operation that Quire does not yet, by bench/linux-also and the
 * functions that executed: "lru 330, memcg 41", instructions per operation; "" when nothing is known.
 */
const char *linux_also(const struct bench *b, size_t op);

/* bench_table.c: the forms of the result. */
void bench_text(const struct bench *b, FILE *f);
void bench_csv(const struct bench *b, FILE *f);
void bench_json(const struct bench *b, FILE *f);

/* Per operation, without the bulk part when it is known. => the figure is measured */
double figure_rest(const struct figure *f);
double figure_total(const struct figure *f);
/* Quire's part against a machine's; false when one of them is missing or not above zero. */
bool figure_ratio(const struct bench *b, size_t op, enum bench_machine m, double *ratio);


/*
 * bench_guard.c: measure the guarded operations on Quire and print how they differ from what is recorded
 * for this version of QEMU, as TAP diagnostics. Always 0.
 */
int bench_guard(struct bench *b);
/* Record them. */
void guard_record(const struct bench *b);

/* QEMU's version, "7.2.22". */
const char *qemu_version(void);

/* bench.c: the command; argc and argv after the word bench. */
int bench_command(int argc, char **argv);

#endif
