// SPDX-License-Identifier: MIT
/*
 * Elevators: the choice of an order in which requests go to a device. "none" is the order in which they came.
 * A switch freezes the queue, so no request is in the old one. Linux 6.1: block/elevator.c.
 */
#include <base/errno.h>
#include <base/string.h>
#include <block/blkdev.h>
#include "block_internal.h"

static struct elevator_type *types; /* set at start-up */

void elv_register(struct elevator_type *type)
{
	type->next_type = types;
	types = type;
}

static struct elevator_type *find_type(const char *name)
{
	struct elevator_type *t;

	for (t = types; t && strcmp(t->name, name); t = t->next_type)
		;
	return t;
}

static void exit_all(struct request_queue *q, const struct elevator_type *type, unsigned int nr)
{
	while (type && type->exit && nr--)
		type->exit(&q->hctx[nr]);
}

static int init_all(struct request_queue *q, const struct elevator_type *type)
{
	for (unsigned int i = 0; type && type->init && i < q->nr_hw_queues; i++) {
		int err = type->init(&q->hctx[i]);

		if (err) {
			exit_all(q, type, i);
			return err;
		}
	}
	return 0;
}

int elevator_switch(struct request_queue *q, const char *name)
{
	const struct elevator_type *type = find_type(name), *old;
	int err;

	if (!type && strcmp(name, "none"))
		return -EINVAL;
	if (!q->mq_ops)
		return type ? -EINVAL : 0;
	blk_mq_freeze_queue(q);
	old = q->elevator;
	q->elevator = NULL;
	exit_all(q, old, q->nr_hw_queues);
	err = init_all(q, type);
	if (!err)
		q->elevator = type;
	blk_mq_unfreeze_queue(q);
	return err;
}

void elevator_names(struct request_queue *q, char *buf, size_t size)
{
	const char *now = q->elevator ? q->elevator->name : "none";
	struct elevator_type *t;

	strscpy(buf, q->elevator ? "none" : "[none]", size);
	for (t = q->mq_ops ? types : NULL; t; t = t->next_type) {
		strlcat(buf, strcmp(t->name, now) ? " " : " [", size);
		strlcat(buf, t->name, size);
		if (!strcmp(t->name, now))
			strlcat(buf, "]", size);
	}
}
