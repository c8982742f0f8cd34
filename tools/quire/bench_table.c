// SPDX-License-Identifier: MIT
/* The result as text, CSV and JSON. All figures are per operation. */
#define _GNU_SOURCE
#include "bench.h"

#include <math.h>
#include <string.h>

double figure_total(const struct figure *f)
{
	return (double)(f->counted ? f->total : f->ticks) / f->times;
}

static double figure_bulk(const struct figure *f)
{
	return (double)f->bulk / f->times;
}

double figure_rest(const struct figure *f)
{
	return f->counted ? (double)(f->total - f->bulk) / f->times : figure_total(f);
}

bool figure_ratio(const struct bench *b, size_t op, enum bench_machine m, double *ratio)
{
	const struct figure *q = b->figures[BENCH_QUIRE], *l = b->figures[m];

	if (!q || !l || !q[op].measured || !l[op].measured || q[op].counted != l[op].counted)
		return false;
	if (!(figure_rest(&q[op]) > 0) || !(figure_rest(&l[op]) > 0))
		return false;
	*ratio = figure_rest(&q[op]) / figure_rest(&l[op]);
	return true;
}

/* The geometric mean over the operations of the list; how many have a part in it. */
static int mean(const struct bench *b, enum bench_machine m, double *result)
{
	double sum = 0, ratio;
	int n = 0;

	for (size_t i = 0; i < b->nr_ops; i++)
		if (b->ops[i].wanted && b->ops[i].in_mean && figure_ratio(b, i, m, &ratio)) {
			sum += log(ratio);
			n++;
		}
	*result = n ? exp(sum / n) : 0;
	return n;
}

static int nr_in_mean(const struct bench *b)
{
	int n = 0;

	for (size_t i = 0; i < b->nr_ops; i++)
		n += b->ops[i].wanted && b->ops[i].in_mean;
	return n;
}

/* --- text --- */

static const enum bench_machine linuxes[] = { BENCH_A, BENCH_C, BENCH_D };
#define NR_LINUXES (sizeof(linuxes) / sizeof(*linuxes))

static void put_count(FILE *f, bool there, double n)
{
	if (!there)
		fprintf(f, " %9s", "-");
	else
		fprintf(f, " %9.*f", n < 10 ? 2 : 0, n);
}

static void put_figure(FILE *f, const struct figure *v, size_t op)
{
	bool there = v && v[op].measured;

	put_count(f, there, there ? figure_total(&v[op]) : 0);
	put_count(f, there && v[op].counted, there ? figure_bulk(&v[op]) : 0);
	put_count(f, there && v[op].counted, there ? figure_rest(&v[op]) : 0);
}

static void put_ratio(FILE *f, bool there, double ratio)
{
	if (there)
		fprintf(f, " %6.3f", ratio);
	else
		fprintf(f, " %6s", "-");
}

static void text_means(const struct bench *b, FILE *f)
{
	int of = nr_in_mean(b);

	for (size_t k = NR_LINUXES; k-- > 0;) {
		double result;
		int n = mean(b, linuxes[k], &result);

		if (n)
			fprintf(f, "geometric mean against %s: %.3f (%d of %d operations)\n",
				machine_kinds[linuxes[k]].name, result, n, of);
	}
}

void bench_text(const struct bench *b, FILE *f)
{
	fprintf(f, "%-31s %29s %29s   %s\n", "guest instructions", "Quire", "Linux 6.1, baseline D",
		"Quire / Linux, without data");
	fprintf(f, "%-31s", "per operation");
	for (int i = 0; i < 2; i++)
		fprintf(f, " %9s %9s %9s", "total", "data", "without");
	fprintf(f, " %6s %6s %6s   %s\n", "D", "C", "A", "Linux also (instructions)");
	for (size_t i = 0; i < b->nr_ops; i++) {
		double ratio;

		if (!b->ops[i].wanted)
			continue;
		fprintf(f, "%-31s", b->ops[i].name);
		put_figure(f, b->figures[BENCH_QUIRE], i);
		put_figure(f, b->figures[BENCH_D], i);
		for (size_t k = NR_LINUXES; k-- > 0;) {
			bool there = figure_ratio(b, i, linuxes[k], &ratio);

			put_ratio(f, there, ratio);
		}
		fprintf(f, "%s%s\n", *linux_also(b, i) ? "   " : "", linux_also(b, i));
	}
	text_means(b, f);
}

/* --- CSV --- */

void bench_csv(const struct bench *b, FILE *f)
{
	fputs("operation,in_mean", f);
	for (int m = 0; m < NR_BENCH_MACHINES; m++)
		fprintf(f, ",%s_total,%s_data,%s_rest", machine_kinds[m].name,
			machine_kinds[m].name, machine_kinds[m].name);
	fputs(",ratio_A,ratio_C,ratio_D,linux_also\n", f);
	for (size_t i = 0; i < b->nr_ops; i++) {
		if (!b->ops[i].wanted)
			continue;
		fprintf(f, "%s,%d", b->ops[i].name, b->ops[i].in_mean);
		for (int m = 0; m < NR_BENCH_MACHINES; m++) {
			const struct figure *v = b->figures[m];

			if (v && v[i].measured && v[i].counted)
				fprintf(f, ",%.2f,%.2f,%.2f", figure_total(&v[i]),
					figure_bulk(&v[i]), figure_rest(&v[i]));
			else if (v && v[i].measured)
				fprintf(f, ",%.2f,,", figure_total(&v[i]));
			else
				fputs(",,,", f);
		}
		for (size_t k = 0; k < NR_LINUXES; k++) {
			double ratio;

			fputc(',', f);
			if (figure_ratio(b, i, linuxes[k], &ratio))
				fprintf(f, "%.4f", ratio);
		}
		fprintf(f, ",\"%s\"\n", linux_also(b, i));
	}
}

/* --- JSON --- */

static void json_string(FILE *f, const char *s)
{
	fputc('"', f);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fputc('\\', f);
		if ((unsigned char)*s >= ' ')
			fputc(*s, f);
	}
	fputc('"', f);
}

static void json_figure(FILE *f, const struct figure *v)
{
	if (v->why) {
		fputs("{\"not_measured\": ", f);
		json_string(f, v->why);
		fputs("}", f);
	} else if (!v->measured) {
		fputs("null", f);
	} else if (v->counted) {
		fprintf(f, "{\"total\": %.2f, \"data\": %.2f, \"rest\": %.2f, \"times\": %lld}",
			figure_total(v), figure_bulk(v), figure_rest(v), v->times);
	} else {
		fprintf(f, "{\"total\": %.2f, \"times\": %lld}", figure_total(v), v->times);
	}
}

static void json_operation(const struct bench *b, size_t i, FILE *f)
{
	const char *comma = "";

	fputs("  {\"name\": ", f);
	json_string(f, b->ops[i].name);
	fprintf(f, ", \"in_mean\": %s, \"linux_also\": ", b->ops[i].in_mean ? "true" : "false");
	json_string(f, linux_also(b, i));
	for (int m = 0; m < NR_BENCH_MACHINES; m++) {
		if (!b->figures[m])
			continue;
		fprintf(f, ",\n   \"%s\": ", machine_kinds[m].name);
		json_figure(f, &b->figures[m][i]);
	}
	fputs(",\n   \"ratio\": {", f);
	for (size_t k = 0; k < NR_LINUXES; k++) {
		double ratio;

		if (!figure_ratio(b, i, linuxes[k], &ratio))
			continue;
		fprintf(f, "%s\"%s\": %.4f", comma, machine_kinds[linuxes[k]].name, ratio);
		comma = ", ";
	}
	fputs("}}", f);
}

void bench_json(const struct bench *b, FILE *f)
{
	const char *comma = "";

	fprintf(f, "{\"qemu\": \"%s\",\n \"machines\": {", qemu_version());
	for (int m = 0; m < NR_BENCH_MACHINES; m++) {
		if (!b->figures[m])
			continue;
		fprintf(f, "%s\n  \"%s\": ", comma, machine_kinds[m].name);
		json_string(f, machine_kinds[m].text);
		comma = ",";
	}
	fputs("},\n \"operations\": [\n", f);
	comma = "";
	for (size_t i = 0; i < b->nr_ops; i++) {
		if (!b->ops[i].wanted)
			continue;
		fputs(comma, f);
		json_operation(b, i, f);
		comma = ",\n";
	}
	fputs("],\n \"geometric_means\": {", f);
	comma = "";
	for (size_t k = 0; k < NR_LINUXES; k++) {
		double result;

		if (!mean(b, linuxes[k], &result))
			continue;
		fprintf(f, "%s\"%s\": %.4f", comma, machine_kinds[linuxes[k]].name, result);
		comma = ", ";
	}
	fputs("}}\n", f);
}
