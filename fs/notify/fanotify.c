// SPDX-License-Identifier: MIT
/*
 * fanotify(7): who watches files, directories, mounts or file systems reads what happens to them, and may be asked whether
 * it may happen. Here: from an event of the core to one in the queue; the calls are in fanotify_user.c.
 *
 * 1 A group (group.c) has marks, each with the events that it wants and those that it ignores. An event is told once if a
 *   mark of the group wants it and none ignores it:
 *	told = event & OR of wanted & ~(OR of ignored), over the marks in any role
 *   A mark in the role of the parent counts if it has FAN_EVENT_ON_CHILD, for an event of a directory if it has FAN_ONDIR. The
 *   ignored ones count always, in the role of the parent if the mark has FAN_EVENT_ON_CHILD; with FAN_MARK_IGNORE both flags
 *   are looked for among the ignored ones. FAN_MODIFY empties them, unless FAN_MARK_IGNORED_SURV_MODIFY was said.
 * 2 The reader gets either a descriptor of the file, for which the event keeps its path, or records with file handles and
 *   names (FAN_REPORT_FID and its like), which are made when it happens, as they will be read.
 * 3 Events of the same process with the same path or the same records are merged, wherever they are in the queue: buckets by
 *   the hash of what is compared, of which so many are looked at (MERGE_MAX).
 * 4 Permission events are asked about one group after the other: classes from PRE_CONTENT on, groups of a class the newest
 *   first. Who waits goes on when the last has allowed it, the first has denied it, or it is killed:
 *
 *	asked, in the queue --read--> asked, taken --write, close--> answered: who waits frees it
 *	     | killed: it frees it         | killed
 *	     v                             v
 *	   gone                        canceled --write, close--> freed by who answers
 *
 * 5 Failure: without memory or room an event becomes FAN_Q_OVERFLOW; without memory for a question the answer is -ENOMEM,
 *   without room it is yes.
 * 6 Locks: fsnotify_lock. What an event keeps is put without it.
 * 7 Linux 6.1: fs/notify/fanotify/fanotify.c. Different here: FAN_FS_ERROR can be asked for, but no file system here says it
 *   (on Linux ext4 alone does); answers with FAN_AUDIT are taken, but there is no log of audits; a group with
 *   FAN_UNLIMITED_QUEUE does not wait for memory either.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/hash.h>
#include <base/math.h>
#include <base/string.h>
#include <fs/dentry.h>
#include <fs/super.h>
#include <kernel/pid.h>
#include <kernel/sched.h>
#include <mm/slab.h>
#include "fanotify.h"

#define MERGE_MAX 128

unsigned int fsnotify_perm_marks; /* fsnotify_lock to change */

static struct fanotify_group *fanotify_group_of(struct fsnotify_group *group)
{
	return container_of(group, struct fanotify_group, group);
}

/* --- marks ------------------------------------------------------------------------------------------- */

/* Which events are shown to @m: it may be for emptying what it ignores. */
static u32 counts(const struct fanotify_mark *m)
{
	u32 mask = m->wanted | m->ignored;

	if (m->ignored && !(m->flags & FAN_MARK_IGNORED_SURV_MODIFY))
		mask |= FAN_MODIFY;
	return mask;
}

static void count_perm(struct fanotify_mark *m, u32 after)
{
	unsigned int n = fsnotify_perm_marks;

	n -= !!(m->mark.mask & FSNOTIFY_PERM);
	n += !!(after & FSNOTIFY_PERM);
	WRITE_ONCE(fsnotify_perm_marks, n);
}

void fanotify_sum_up(struct fanotify_mark *m)
{
	count_perm(m, counts(m));
	m->mark.mask = counts(m);
}

static bool applies(u32 mask, bool ondir, enum fsnotify_role role)
{
	if (ondir && !(mask & FAN_ONDIR))
		return false;
	return role != FSNOTIFY_PARENT || mask & FAN_EVENT_ON_CHILD;
}

static u32 ignores(const struct fanotify_mark *m, bool ondir, enum fsnotify_role role)
{
	u32 flags = m->flags & FAN_MARK_IGNORE ? m->ignored
					       : FAN_ONDIR | (m->wanted & FAN_EVENT_ON_CHILD);

	return applies(flags, ondir, role) ? m->ignored & ~FANOTIFY_EVENT_FLAGS : 0;
}

/* The first mark of a group, in any role, that @event is shown to. */
static void hit(struct fanotify_group *g, struct fsnotify_event *event)
{
	g->wanted = g->ignored = g->roles = 0;
	list_add_tail(&g->group.hit, &event->hits);
}

static bool fanotify_event(struct fsnotify_mark *mark, struct fsnotify_event *event,
			   enum fsnotify_role role)
{
	struct fanotify_mark *m = fanotify_mark_of(mark);
	struct fanotify_group *g = m->group;
	bool ondir = event->mask & FAN_ONDIR;

	if (event->mask & FAN_MODIFY && m->ignored && !(m->flags & FAN_MARK_IGNORED_SURV_MODIFY) &&
	    (role != FSNOTIFY_PARENT || m->wanted & FAN_EVENT_ON_CHILD)) {
		m->ignored = 0;
		fanotify_sum_up(m);
	}
	if (list_empty(&g->group.hit))
		hit(g, event);
	g->fsid = m->fsid;
	g->ignored |= ignores(m, ondir, role);
	if (applies(m->wanted, ondir, role)) {
		g->wanted |= m->wanted;
		g->roles |= 1u << role;
	}
	return false;
}

static void fanotify_ends(struct fsnotify_mark *mark)
{
	struct fanotify_mark *m = fanotify_mark_of(mark);

	count_perm(m, 0);
	m->group->group.nr_marks--;
}

static void fanotify_free_mark(struct fsnotify_mark *mark)
{
	kfree(fanotify_mark_of(mark));
}

const struct fsnotify_ops fanotify_ops = {
	.event = fanotify_event,
	.ends = fanotify_ends,
	.free = fanotify_free_mark,
};

/* What of @event is told to @g, to which it was shown. => fsnotify_lock */
static u32 told(const struct fanotify_group *g, const struct fsnotify_event *event)
{
	unsigned int fid = g->flags & FANOTIFY_FID_BITS;
	u32 mask = event->mask & g->wanted & ~g->ignored;

	if (!(mask & ~FANOTIFY_EVENT_FLAGS))
		return 0;
	if (fid) {
		bool dir_only = !(fid & FAN_REPORT_FID);

		return dir_only && !event->dir && !(event->mask & FAN_ONDIR) ? 0 : mask;
	}
	if (!event->path || !(d_is_reg(event->path->dentry) || d_is_dir(event->path->dentry)))
		return 0;
	return mask & ~FANOTIFY_EVENT_FLAGS;
}

/* --- records ----------------------------------------------------------------------------------------- */

static void add_record(struct fanotify_group *g, u8 type, struct inode *inode, const char *name)
{
	struct fanotify_event_info_fid *head = (void *)(g->info + g->info_len);
	struct file_handle *handle = (struct file_handle *)head->handle;
	int words = MAX_HANDLE_SZ / sizeof(u32);
	size_t len;

	handle->handle_type = exportfs_encode_fh(inode, (u32 *)(handle + 1), &words);
	if (handle->handle_type == FILEID_INVALID)
		return;
	handle->handle_bytes = words * sizeof(u32);
	len = sizeof(*head) + sizeof(*handle) + handle->handle_bytes;
	if (name) {
		strscpy((char *)head + len, name, NAME_MAX + 1);
		len += strlen((char *)head + len) + 1;
	}
	while (len % 4)
		((char *)head)[len++] = 0;
	head->hdr = (struct fanotify_event_info_header){ .info_type = type, .len = len };
	head->fsid = g->fsid;
	g->info_len += len;
}

/* Each directory, with the name in it, that is marked, or both if the file system is. */
static void add_rename_records(struct fanotify_group *g, const struct fsnotify_event *event)
{
	bool both = g->roles & 1u << FSNOTIFY_SB;

	if (both || g->roles & 1u << FSNOTIFY_INODE)
		add_record(g, FAN_EVENT_INFO_TYPE_OLD_DFID_NAME, event->dir, event->name);
	if (both || g->roles & 1u << FSNOTIFY_NEW_DIR)
		add_record(g, FAN_EVENT_INFO_TYPE_NEW_DFID_NAME, event->new_dir, event->new_name);
}

/* The directory of the event, which may be what it happened to itself. */
static void add_dir_record(struct fanotify_group *g, struct inode *dir, const char *name, u32 mask)
{
	bool of_dir = mask & FAN_ONDIR && !(mask & FSNOTIFY_DIRENT);

	if (!(g->flags & FAN_REPORT_NAME))
		add_record(g, FAN_EVENT_INFO_TYPE_DFID, dir, NULL);
	else
		add_record(g, FAN_EVENT_INFO_TYPE_DFID_NAME, dir, of_dir ? "." : name);
}

/* The records of @event, of which @mask is told, into g->info. */
static void make_records(struct fanotify_group *g, const struct fsnotify_event *event, u32 mask)
{
	bool dirent = mask & FSNOTIFY_DIRENT;
	struct inode *dir = dirent || !(event->mask & FAN_ONDIR) ? event->dir : event->inode;
	bool file = dirent ? g->flags & FAN_REPORT_TARGET_FID
			   : g->flags & FAN_REPORT_FID && !(mask & FAN_ONDIR);

	g->info_len = 0;
	if (!(g->flags & FAN_REPORT_DIR_FID) || !dir) {
		add_record(g, FAN_EVENT_INFO_TYPE_FID, dirent ? event->dir : event->inode, NULL);
		return;
	}
	if (mask & FAN_RENAME)
		add_rename_records(g, event);
	else
		add_dir_record(g, dir, event->name, mask);
	if (file && event->inode && event->inode != dir)
		add_record(g, FAN_EVENT_INFO_TYPE_FID, event->inode, NULL);
}

/* --- the queue --------------------------------------------------------------------------------------- */

static struct pid *actor(const struct fanotify_group *g)
{
	return g->flags & FAN_REPORT_TID ? task_pid(current) : task_tgid(current);
}

static struct hlist_head *bucket_of(struct fanotify_group *g, const struct path *path)
{
	unsigned long key = (unsigned long)actor(g);

	if (path)
		key ^= (unsigned long)path->dentry;
	else
		for (size_t i = 0; i < g->info_len / sizeof(u32); i++)
			key = key * GOLDEN_RATIO_64 + ((u32 *)g->info)[i];
	return &g->buckets[hash_long(key, ilog2(FANOTIFY_BUCKETS))];
}

static bool same(const struct fanotify_group *g, const struct fanotify_event *e,
		 const struct path *path, u32 mask)
{
	if (e->pid != actor(g) || (e->mask ^ mask) & (FAN_ONDIR | FAN_RENAME))
		return false;
	if (path)
		return e->path.mnt == path->mnt && e->path.dentry == path->dentry;
	return e->info_len == g->info_len && !memcmp(e->info, g->info, g->info_len);
}

static bool merge(const struct fanotify_group *g, const struct hlist_head *bucket,
		  const struct path *path, u32 mask)
{
	struct fanotify_event *e;
	int n = 0;

	hlist_for_each_entry (e, bucket, same) {
		if (same(g, e, path, mask)) {
			e->mask |= mask;
			return true;
		}
		if (++n >= MERGE_MAX)
			break;
	}
	return false;
}

/* What every event of @g has. */
static void init_event(struct fanotify_group *g, struct fanotify_event *e, const struct path *path,
		       u32 mask)
{
	e->queued.size = g->overflow.queued.size + e->info_len;
	e->mask = mask;
	e->pid = get_pid(actor(g));
	if (path) {
		e->path = *path;
		path_get(&e->path);
	}
}

void fanotify_tell(struct fsnotify_group *group, const struct fsnotify_event *event)
{
	struct fanotify_group *g = fanotify_group_of(group);
	const struct path *path = g->flags & FANOTIFY_FID_BITS ? NULL : event->path;
	u32 mask = told(g, event);
	struct hlist_head *bucket;
	struct fanotify_event *e;

	if (!mask || !fsnotify_has_room(group))
		return;
	g->info_len = 0;
	if (!path)
		make_records(g, event, mask);
	bucket = bucket_of(g, path);
	if (merge(g, bucket, path, mask))
		return;
	e = kzalloc(sizeof(*e) + g->info_len, GFP_ATOMIC | __GFP_ACCOUNT | __GFP_NOWARN);
	if (e) {
		e->info_len = g->info_len;
		memcpy(e->info, g->info, g->info_len);
		init_event(g, e, path, mask);
		hlist_add_head(&e->same, bucket);
	}
	fsnotify_queue(group, e ? &e->queued : NULL);
}

void fanotify_taken(struct fsnotify_queued *q)
{
	struct fanotify_event *e = fanotify_event_of(q);

	if (fanotify_is_perm(e))
		container_of(e, struct fanotify_perm, event)->taken = true;
	else
		hlist_del_init(&e->same);
}

void fanotify_free_event(struct fanotify_group *g, struct fanotify_event *e)
{
	if (g && e == &g->overflow)
		return;
	put_pid(e->pid);
	path_put(&e->path);
	kfree(e);
}

/* --- permission -------------------------------------------------------------------------------------- */

struct fanotify_event *fanotify_answer(struct fanotify_perm *p, u32 response)
{
	if (p->state == FANOTIFY_CANCELED)
		return &p->event;
	p->response = response;
	WRITE_ONCE(p->state, FANOTIFY_ANSWERED);
	wake_up(&p->wait);
	return NULL;
}

/* Put the question to @g. NULL: there is no room; ERR_PTR(-ENOMEM). => fsnotify_lock */
static struct fanotify_perm *ask(struct fanotify_group *g, const struct fsnotify_event *event)
{
	struct fanotify_perm *p;

	if (!fsnotify_has_room(&g->group))
		return NULL;
	p = kzalloc(sizeof(*p), GFP_ATOMIC | __GFP_ACCOUNT | __GFP_NOWARN);
	if (!p)
		return ERR_PTR(-ENOMEM);
	init_waitqueue_head(&p->wait);
	p->group = &g->group;
	init_event(g, &p->event, event->path, told(g, event));
	fsnotify_queue(&g->group, &p->event.queued);
	return p;
}

/* Ask the group that comes next after order *@last. false: there is none any more; *@p: what ask() says */
static bool ask_next(struct fsnotify_event *event, u64 *last, struct fanotify_perm **p)
{
	struct fanotify_group *g, *next = NULL, *more;
	LIST_HEAD(dead);

	spin_lock(&fsnotify_lock);
	fsnotify_show(event, &dead);
	list_for_each_entry_safe (g, more, &event->hits, group.hit) {
		list_del_init(&g->group.hit);
		if (g->order < *last && told(g, event) && (!next || g->order > next->order))
			next = g;
	}
	if (next) {
		*last = next->order;
		*p = ask(next, event);
	}
	spin_unlock(&fsnotify_lock);
	fsnotify_free_marks(&dead);
	return next;
}

/* What @p was answered: 0, -EPERM, or -ERESTARTSYS. @p is done with. */
static int wait_for_answer(struct fanotify_perm *p)
{
	int err = wait_event_killable(p->wait, READ_ONCE(p->state) == FANOTIFY_ANSWERED);

	spin_lock(&fsnotify_lock);
	if (p->state == FANOTIFY_ANSWERED) {
		if (!err && (p->response & ~FAN_AUDIT) != FAN_ALLOW)
			err = -EPERM;
	} else if (p->taken) {
		p->state = FANOTIFY_CANCELED;
		p = NULL;
	} else {
		list_del(&p->event.queued.list);
		p->group->nr_events--;
	}
	spin_unlock(&fsnotify_lock);
	if (p)
		fanotify_free_event(NULL, &p->event);
	return err;
}

int __fsnotify_perm(struct file *file, u32 mask)
{
	struct fsnotify_event event = { .mask = mask };
	struct fanotify_perm *p = NULL;
	char name[NAME_MAX + 1];
	struct dentry *parent;
	u64 last = U64_MAX;
	int err = 0;

	if (file->f_mode & (FMODE_NONOTIFY | FMODE_PATH) ||
	    !fsnotify_near(file->f_path.dentry, &file->f_path))
		return 0;
	parent = fsnotify_of_dentry(&event, file->f_path.dentry, &file->f_path, name);
	if (S_ISDIR(event.inode->i_mode))
		event.mask |= FAN_ONDIR;
	while (!err && ask_next(&event, &last, &p))
		err = IS_ERR_OR_NULL(p) ? PTR_ERR_OR_ZERO(p) : wait_for_answer(p);
	dput(parent);
	return err;
}

int __fsnotify_open_perm(struct file *file)
{
	int err = file->f_flags & FMODE_EXEC ? __fsnotify_perm(file, FAN_OPEN_EXEC_PERM) : 0;

	return err ? err : __fsnotify_perm(file, FAN_OPEN_PERM);
}
