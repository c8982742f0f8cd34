/* SPDX-License-Identifier: MIT */
/* What the events (fanotify.c) and the calls (fanotify_user.c) of fanotify share. Theory: fs/notify/fanotify.c. */
#ifndef QUIRE_FS_NOTIFY_FANOTIFY_H
#define QUIRE_FS_NOTIFY_FANOTIFY_H

#include <fs/exportfs.h>
#include <fs/path.h>
#include <linux/limits.h>
#include "fsnotify.h"

#define FANOTIFY_CLASS_BITS	(FAN_CLASS_CONTENT | FAN_CLASS_PRE_CONTENT)
#define FANOTIFY_FID_BITS	(FAN_REPORT_FID | FAN_REPORT_DIR_FID | FAN_REPORT_NAME | FAN_REPORT_TARGET_FID)
#define FANOTIFY_EVENT_FLAGS	(FAN_ONDIR | FAN_EVENT_ON_CHILD)
#define FANOTIFY_BUCKETS	128
/* Room for the longest record: head, handle, name, and zeroes up to a multiple of 4. */
#define FANOTIFY_RECORD_MAX	(sizeof(struct fanotify_event_info_fid) + sizeof(struct file_handle) + \
				 MAX_HANDLE_SZ + NAME_MAX + 1)

/* Legend: fsnotify_lock for all that changes */
struct fanotify_event {
	struct fsnotify_queued queued;
	struct hlist_node same;		/* bucket of those that it may be merged with */
	u32 mask;
	struct pid *pid;		/* c: who did it; NULL: nobody */
	struct path path;		/* c: of which the reader gets a descriptor; NULL: of none */
	size_t info_len;		/* c */
	u8 info[] __aligned(4);		/* c: records, as they are read */
};

/* That somebody waits for permission. */
struct fanotify_perm {
	struct fanotify_event event;
	enum { FANOTIFY_ASKED, FANOTIFY_ANSWERED, FANOTIFY_CANCELED } state;
	bool taken;			/* off the queue: its reader's, or on the group's asked */
	struct fsnotify_group *group;	/* c: there until it is taken */
	int fd;				/* the reader's */
	u32 response;
	wait_queue_head_t wait;
};

struct fanotify_group {
	struct fsnotify_group group;	/* its marks are struct fanotify_mark */
	unsigned int flags, f_flags;	/* c: as in fanotify_init(2) */
	bool unprivileged;		/* c */
	u64 order;			/* c: the highest one is asked first */
	struct list_head asked;		/* permission events that were read and wait for an answer */
	struct hlist_head buckets[FANOTIFY_BUCKETS];
	struct fanotify_event overflow;

	/* What the marks say to the event that is being shown; then its records. */
	u32 wanted, ignored;
	unsigned int roles;		/* 1 << enum fsnotify_role of those that want it */
	__kernel_fsid_t fsid;
	size_t info_len;
	u8 info[3 * FANOTIFY_RECORD_MAX] __aligned(4);
};

enum fanotify_object { FANOTIFY_INODE, FANOTIFY_MOUNT, FANOTIFY_SB };

struct fanotify_mark {
	struct fsnotify_mark mark;	/* its mask: what counts in any way */
	struct fanotify_group *group;	/* c */
	enum fanotify_object type;	/* c */
	u32 wanted, ignored;
	unsigned int flags;		/* FAN_MARK_EVICTABLE, _IGNORE, _IGNORED_SURV_MODIFY */
	__kernel_fsid_t fsid;		/* c */
};

extern const struct fsnotify_ops fanotify_ops;

static inline struct fanotify_mark *fanotify_mark_of(struct fsnotify_mark *mark)
{
	return container_of(mark, struct fanotify_mark, mark);
}
static inline struct fanotify_event *fanotify_event_of(struct fsnotify_queued *q)
{
	return container_of(q, struct fanotify_event, queued);
}
static inline bool fanotify_is_perm(const struct fanotify_event *e)
{
	return e->mask & FSNOTIFY_PERM;
}

/* As fsnotify_group_ops has them. */
void fanotify_taken(struct fsnotify_queued *q);
void fanotify_tell(struct fsnotify_group *group, const struct fsnotify_event *event);
/* After its wanted, ignored or flags have changed. => fsnotify_lock */
void fanotify_sum_up(struct fanotify_mark *m);
void fanotify_free_event(struct fanotify_group *g, struct fanotify_event *e);
/* FAN_ALLOW or FAN_DENY: who waits goes on; if nobody does any more, @p is returned to be freed. => fsnotify_lock */
struct fanotify_event *fanotify_answer(struct fanotify_perm *p, u32 response);

#endif
