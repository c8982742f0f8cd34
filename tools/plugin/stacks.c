/* SPDX-License-Identifier: MIT */
/* stacks.h tells the theory. */
#define _GNU_SOURCE
#include "stacks.h"

#include "calltree.h"
#include "stream.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct frame {
	uint64_t slot; /* where the return address lies; 0: of an entry */
	uint32_t node;
};

/* The shadow of one task's stack. */
struct shadow {
	struct frame *v;
	uint32_t n, room;
	uint32_t hidden;     /* root of a system call that has no name yet */
	bool nameless;	     /* it is in use */
	uint64_t left;	     /* when it was left, in switches */
	uint32_t task;	     /* number, for the events */
	struct shadow *next; /* all of them, the newest first */
};

static FILE *out;
static struct calltree tree;
static struct shadow *shadows, *now;
static uint64_t switches;
static uint32_t user_node;
static uint8_t *is_syscall, *is_task_start, *is_thunk; /* by function */
static uint64_t pending_slot;
static bool pending, counting;
static uint64_t time_now, time_total, events_left;

/* --- events --- */

static void event_begin(uint32_t what)
{
	if (!counting || !events_left)
		return;
	fprintf(out, "B %" PRIu64 " %" PRIu32 " %s\n", time_now, now->task,
		stream_function(what & ~ROOT_OF));
	if (!--events_left)
		fprintf(out, "cut %" PRIu64 "\n", time_now);
}

static void event_end(void)
{
	if (counting && events_left)
		fprintf(out, "E %" PRIu64 " %" PRIu32 "\n", time_now, now->task);
}

/* --- frames --- */

static struct shadow *new_shadow(void)
{
	struct shadow *s = calloc(1, sizeof(*s));

	s->task = shadows ? shadows->task + 1 : 0;
	s->next = shadows;
	shadows = s;
	return s;
}

static struct frame *top(void)
{
	return &now->v[now->n - 1];
}

static void push(uint64_t slot, uint32_t node)
{
	if (now->n == now->room) {
		now->room = now->room ? 2 * now->room : 32;
		now->v = realloc(now->v, now->room * sizeof(*now->v));
	}
	now->v[now->n++] = (struct frame){ slot, node };
	if (counting)
		tree.v[node].calls++;
	event_begin(tree.v[node].what);
}

static void pop_to(uint32_t n)
{
	while (now->n > n) {
		now->n--;
		event_end();
	}
}

static uint32_t root_of(uint32_t fn)
{
	return calltree_child(&tree, 0, fn | ROOT_OF);
}

/* The system call is known: what was counted below the hidden root belongs to it. */
static void name_syscall(uint32_t fn)
{
	uint32_t root = root_of(fn), parent = root;

	calltree_move(&tree, now->hidden, root);
	for (uint32_t i = 0; i < now->n; i++)
		parent = now->v[i].node =
			calltree_child(&tree, parent, tree.v[now->v[i].node].what);
	now->nameless = false;
}

static uint32_t below(uint32_t node, uint32_t fn)
{
	return calltree_child(&tree, node, fn);
}

/* The top frame goes on as another function: a tail call, or code that runs on into the next one. */
static void become(uint32_t fn)
{
	uint32_t parent;

	if (now->nameless && is_syscall[fn])
		name_syscall(fn);
	parent = tree.v[top()->node].parent;
	event_end();
	top()->node = below(parent, fn);
	if (counting)
		tree.v[top()->node].calls++;
	event_begin(fn);
}

static void enter_call(uint64_t slot, uint32_t fn)
{
	if (now->nameless && is_syscall[fn])
		name_syscall(fn);
	push(slot, below(top()->node, fn));
}

/* --- what happens between two blocks --- */

/* A jump to another function. To the caller: the top has returned by it (stub_full_syscall), rather than called in its place. */
static void goes_on_as(uint32_t fn)
{
	if (now->n > 1 && top()->slot && tree.v[now->v[now->n - 2].node].what == fn)
		pop_to(now->n - 1);
	else
		become(fn);
}

static void count(const struct block *b, uint32_t executed)
{
	for (uint32_t i = 0; i < b->nr_runs && executed; i++) {
		uint32_t n = b->runs[i].n < executed ? b->runs[i].n : executed;
		uint32_t fn = b->runs[i].place / 2;

		if (!b->user && tree.v[top()->node].what != fn && !is_thunk[fn])
			goes_on_as(fn);
		if (counting) {
			tree.v[b->user ? user_node : top()->node].self += n;
			time_now += n;
		}
		executed -= n;
	}
}

static void begin_shadow(uint32_t fn)
{
	now = new_shadow();
	push(0, below(root_of(fn), fn));
}

/* The shadow whose top frame returns through this slot, left last; or NULL. */
static struct shadow *shadow_of(uint64_t slot)
{
	struct shadow *best = NULL;

	for (struct shadow *s = shadows; s; s = s->next)
		if (s != now && s->n && s->v[s->n - 1].slot == slot &&
		    (!best || s->left > best->left))
			best = s;
	return best;
}

static void do_ret(uint64_t slot, const struct block *next)
{
	struct shadow *s;
	uint32_t i = now->n;

	while (i && now->v[i - 1].slot != slot)
		i--;
	if (i > 1) {
		pop_to(i - 1);
		return;
	}
	now->left = ++switches;
	s = is_task_start[next->fn] ? NULL : shadow_of(slot);
	if (s) {
		now = s;
		pop_to(now->n - 1);
		if (!now->n)
			push(0, below(root_of(next->fn), next->fn));
	} else if (is_task_start[next->fn]) {
		begin_shadow(next->fn);
	}
	/* Else a ret that is used as a jump: the next block's function becomes the top. */
}

static void enter_from_user(const struct block *next)
{
	uint32_t root;

	pop_to(0);
	now->nameless = next->entry == ENTRY_SYSCALL;
	if (now->nameless && !now->hidden)
		now->hidden = calltree_hidden_root(&tree, next->fn);
	root = now->nameless ? now->hidden : root_of(next->fn);
	if (counting)
		tree.v[root].calls++;
	push(0, below(root, next->fn));
}

static void enter_nested(const struct block *next)
{
	if (next->entry == ENTRY_INTERRUPT) {
		uint32_t root = root_of(next->fn);

		if (counting)
			tree.v[root].calls++;
		push(0, below(root, next->fn));
	} else {
		push(0, below(top()->node, next->fn));
	}
}

/* iretq to the kernel: the innermost entry is over. The bottom frame stays. */
static void leave_nested(void)
{
	uint32_t i = now->n;

	while (i && now->v[i - 1].slot)
		i--;
	if (i > 1)
		pop_to(i - 1);
}

static void flow(const struct block *last, const struct block *next)
{
	if (pending) {
		pending = false;
		if (last->last == INSN_RET)
			do_ret(pending_slot, next);
		else
			enter_call(pending_slot, next->entry || next->user ? FN_UNKNOWN : next->fn);
	}
	if (next->user) {
		if (!last->user)
			pop_to(0);
	} else if (last->user) {
		enter_from_user(next);
	} else if (next->entry) {
		enter_nested(next);
	} else if (last->last == INSN_LEAVE) {
		leave_nested();
	}
}

static void block(const struct block *last, uint32_t executed, const struct block *next)
{
	count(last, executed);
	flow(last, next);
	if (next->mark == 0) {
		counting = true;
	} else if (next->mark == 1 && counting) {
		counting = false;
		time_total = time_now;
	}
}

static void slot(uint64_t address)
{
	pending_slot = address;
	pending = true;
}

static bool begins(const char *name, const char *with)
{
	return !strncmp(name, with, strlen(with));
}

void stacks_start(FILE *file, uint64_t events)
{
	size_t n = FN_SYMBOL + stream.symbols.n;

	out = file;
	events_left = events;
	is_syscall = calloc(n, 1);
	is_task_start = calloc(n, 1);
	is_thunk = calloc(n, 1);
	for (size_t i = 0; i < stream.symbols.n; i++) {
		const char *name = stream.symbols.v[i].name;

		is_syscall[FN_SYMBOL + i] = begins(name, "sys_") || begins(name, "__x64_sys_");
		is_task_start[FN_SYMBOL + i] = begins(name, "ret_from_fork");
		is_thunk[FN_SYMBOL + i] = begins(name, "__x86_return_thunk");
	}
	calltree_init(&tree);
	user_node = root_of(FN_USER);
	now = new_shadow();
	stream.block = block;
	stream.slot = slot;
}

void stacks_finish(void)
{
	if (!time_total)
		time_total = time_now;
	calltree_write(&tree, out, stream_function);
	fprintf(out, "total %" PRIu64 "\n", time_total);
}
