// SPDX-License-Identifier: MIT
/*
 * Filters of trace events: "pfn == 0x1234 && order > 0 || common_pid == 7".
 *
 * A filter is a list of comparisons of a field with a number, joined by && and || (&& binds tighter; there
 * are no parentheses, which Linux knows). It is compiled when it is written and read under RCU by trace_put().
 * Operators: == != < <= > >= and & (any of these bits). Linux 6.1: kernel/trace/trace_events_filter.c,
 * Documentation/trace/events.rst. Observe: events/SYSTEM/EVENT/filter.
 */
#include <base/types.h>
#include <base/err.h>
#include <base/errno.h>
#include <base/printf.h>
#include <base/string.h>
#include <sync/rcu.h>
#include <mm/slab.h>
#include <mm/trace.h>
#include "trace_internal.h"

#define CLAUSES_MAX 8

enum filter_op { OP_EQ, OP_NE, OP_LE, OP_GE, OP_LT, OP_GT, OP_BITS, NR_OPS };
/* Longer ones first, so that "<=" is not read as "<". */
static const char *const op_names[NR_OPS] = { "==", "!=", "<=", ">=", "<", ">", "&" };

struct clause {
	u16 offset;
	u8 size; /* bytes */
	bool is_signed;
	bool begins_or; /* the one before was followed by || */
	enum filter_op op;
	u64 value;
};

struct trace_filter {
	struct rcu_head rcu;
	unsigned int nr;
	struct clause clause[CLAUSES_MAX];
	char text[];
};

static u64 read_field(const struct clause *c, const void *record)
{
	const void *at = record + c->offset;

	switch (c->size) {
	case 1:
		return c->is_signed ? (u64)(s64)(*(const s8 *)at) : *(const u8 *)at;
	case 2:
		return c->is_signed ? (u64)(s64)(*(const s16 *)at) : *(const u16 *)at;
	case 4:
		return c->is_signed ? (u64)(s64)(*(const s32 *)at) : *(const u32 *)at;
	default:
		return *(const u64 *)at;
	}
}

static bool holds(const struct clause *c, const void *record)
{
	u64 have = read_field(c, record), want = c->value;
	bool less = c->is_signed ? (s64)have < (s64)want : have < want;

	switch (c->op) {
	case OP_EQ:
		return have == want;
	case OP_NE:
		return have != want;
	case OP_LT:
		return less;
	case OP_GE:
		return !less;
	case OP_LE:
		return less || have == want;
	case OP_GT:
		return !less && have != want;
	case OP_BITS:
		return have & want;
	case NR_OPS:
		break;
	}
	return false;
}

bool trace_filter_match(struct trace_event *event, const void *record)
{
	const struct trace_filter *f;
	bool all = true;

	rcu_read_lock();
	f = rcu_dereference(event->filter);
	for (unsigned int i = 0; f && i < f->nr; i++) {
		if (f->clause[i].begins_or) {
			if (all)
				break;
			all = true;
		}
		all = all && holds(&f->clause[i], record);
	}
	rcu_read_unlock();
	return all;
}

/* ---- reading what was written ---- */

static bool find_field(struct trace_event *event, const char *name, size_t len, struct clause *c)
{
	for (int i = 0; i < trace_nr_common_fields; i++)
		if (strlen(trace_common_fields[i].name) == len &&
		    !strncmp(trace_common_fields[i].name, name, len)) {
			c->offset = trace_common_fields[i].offset;
			c->size = trace_common_fields[i].size;
			c->is_signed = trace_common_fields[i].is_signed;
			return true;
		}
	for (const struct trace_field *f = event->fields; f->type; f++)
		if (strlen(f->name) == len && !strncmp(f->name, name, len) && f->size <= 8) {
			c->offset = f->offset;
			c->size = f->size;
			c->is_signed = f->is_signed;
			return true;
		}
	return false;
}

/* One comparison at *@p, which is moved behind it. 0 or -EINVAL. */
static int parse_clause(struct trace_event *event, char **p, struct clause *c)
{
	char *s = skip_spaces(*p), number[24];
	size_t len = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_");
	long long negative;
	unsigned long long value;

	if (!len || !find_field(event, s, len, c))
		return -EINVAL;
	s = skip_spaces(s + len);
	for (c->op = 0; c->op < NR_OPS; c->op++)
		if (!strncmp(s, op_names[c->op], strlen(op_names[c->op])))
			break;
	if (c->op == NR_OPS)
		return -EINVAL;
	s = skip_spaces(s + strlen(op_names[c->op]));
	len = strspn(s, "-0123456789abcdefABCDEFx");
	if (!len || len >= sizeof(number))
		return -EINVAL;
	memcpy(number, s, len);
	number[len] = 0;
	*p = s + len;
	if (number[0] == '-') {
		if (kstrtoll(number, 0, &negative))
			return -EINVAL;
		value = (unsigned long long)negative;
	} else if (kstrtoull(number, 0, &value)) {
		return -EINVAL;
	}
	c->value = value;
	return 0;
}

static int parse_filter(struct trace_event *event, char *s, struct trace_filter *f)
{
	bool begins_or = false;

	for (;;) {
		int err;

		if (f->nr == CLAUSES_MAX)
			return -E2BIG;
		err = parse_clause(event, &s, &f->clause[f->nr]);
		if (err)
			return err;
		f->clause[f->nr++].begins_or = begins_or;
		s = skip_spaces(s);
		if (!*s)
			return 0;
		begins_or = s[0] == '|';
		if (strncmp(s, "&&", 2) && strncmp(s, "||", 2))
			return -EINVAL;
		s += 2;
	}
}

int trace_set_filter(struct trace_event *event, char *text)
{
	struct trace_filter *new = NULL, *old;
	int err = 0;

	text = strim(text);
	if (strcmp(text, "0")) {
		new = kzalloc(sizeof(*new) + strlen(text) + 1, GFP_KERNEL);
		if (!new)
			return -ENOMEM;
		memcpy(new->text, text, strlen(text) + 1);
		err = parse_filter(event, text, new);
		if (err) {
			kfree(new);
			return err;
		}
	}
	old = xchg(&event->filter, new);
	if (old)
		kfree_rcu(old, rcu);
	return 0;
}

int trace_filter_text(struct trace_event *event, char *buf, size_t size)
{
	const struct trace_filter *f;
	int len;

	rcu_read_lock();
	f = rcu_dereference(event->filter);
	len = scnprintf(buf, size, "%s\n", f ? f->text : "none");
	rcu_read_unlock();
	return len;
}
