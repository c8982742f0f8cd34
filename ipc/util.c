// SPDX-License-Identifier: MIT
/*
 * Keys, ids and rights of System V objects.
 *
 * A program names an object by a key of its choice; xxxget() turns it into an id, which all other calls take.
 * An id is seq << 15 | index: the index is its place in the table of its kind, seq grows each time the search for
 * a free place begins anew, so that the id of a removed object is not soon that of another one. Places are given
 * out in turn, over 64 places or half as many again as there are objects; /proc/sys/kernel/xxx_next_id asks for a
 * certain one.
 *
 * Locks: one mutex for each kind of object guards the table and everything in the objects. Linux has a lock for
 * each object beside it; here none of these calls waits while it holds the mutex.
 *
 * Linux 6.1: ipc/util.c. Observed by /proc/sysvipc/, ipcs.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/proc_fs.h>
#include <fs/seq_file.h>
#include <kernel/cred.h>
#include <mm/slab.h>
#include "ipc_internal.h"

#define IPC_MIN_CYCLE 64
#define IPC_SEQ_MAX   (INT_MAX >> IPCMNI_SHIFT)

/* ---- the table ---- */

static int take_idx(struct ipc_ids *ids, struct kern_ipc_perm *new, u32 *idx)
{
	u32 cycle = clamp(ids->in_use * 3 / 2, IPC_MIN_CYCLE, IPCMNI), first;
	int err;

	if (ids->next_id >= 0) {
		first = ids->next_id & (IPCMNI - 1);
		ids->seq = ids->next_id >> IPCMNI_SHIFT;
		ids->next_id = -1;
		return xa_alloc(&ids->objects, idx, new, XA_LIMIT(first, IPCMNI - 1), GFP_KERNEL);
	}
	first = ids->last_idx + 1;
	err = first < cycle
		      ? xa_alloc(&ids->objects, idx, new, XA_LIMIT(first, cycle - 1), GFP_KERNEL)
		      : -EBUSY;
	if (err == -EBUSY)
		err = xa_alloc(&ids->objects, idx, new, XA_LIMIT(0, cycle - 1), GFP_KERNEL);
	if (err)
		return err;
	if ((int)*idx <= ids->last_idx)
		ids->seq = ids->seq + 1 >= IPC_SEQ_MAX ? 0 : ids->seq + 1;
	ids->last_idx = *idx;
	return 0;
}

int ipc_addid(struct ipc_ids *ids, struct kern_ipc_perm *new, int limit)
{
	u32 idx;
	int err;

	if (ids->in_use >= limit)
		return -ENOSPC;
	new->cuid = new->uid = current_euid();
	new->cgid = new->gid = current_egid();
	new->deleted = false;
	err = take_idx(ids, new, &idx);
	if (err)
		return err == -EBUSY ? -ENOSPC : err;
	if (new->key != IPC_PRIVATE) {
		err = xa_insert(&ids->keys, (u32) new->key, new, GFP_KERNEL);
		if (err) {
			xa_erase(&ids->objects, idx);
			return err;
		}
	}
	new->id = ids->seq << IPCMNI_SHIFT | idx;
	ids->in_use++;
	ids->max_idx = max(ids->max_idx, (int)idx);
	return new->id;
}

void ipc_set_key_private(struct ipc_ids *ids, struct kern_ipc_perm *perm)
{
	if (perm->key != IPC_PRIVATE)
		xa_erase(&ids->keys, (u32)perm->key);
	perm->key = IPC_PRIVATE;
}

void ipc_rmid(struct ipc_ids *ids, struct kern_ipc_perm *perm)
{
	int idx = perm->id & (IPCMNI - 1);

	ipc_set_key_private(ids, perm);
	xa_erase(&ids->objects, idx);
	perm->deleted = true;
	ids->in_use--;
	if (idx == ids->max_idx)
		while (--ids->max_idx >= 0 && !xa_load(&ids->objects, ids->max_idx))
			;
}

struct kern_ipc_perm *ipc_obtain_idx(struct ipc_ids *ids, int idx)
{
	struct kern_ipc_perm *perm = xa_load(&ids->objects, idx & (IPCMNI - 1));

	return perm ? perm : ERR_PTR(-EINVAL);
}

struct kern_ipc_perm *ipc_obtain(struct ipc_ids *ids, int id)
{
	struct kern_ipc_perm *perm = ipc_obtain_idx(ids, id);

	return IS_ERR(perm) || perm->id == id ? perm : ERR_PTR(-EINVAL);
}

/* ---- the get calls ---- */

static int check_found(struct kern_ipc_perm *perm, const struct ipc_ops *ops,
		       const struct ipc_params *params)
{
	int err;

	if ((params->flags & IPC_CREAT) && (params->flags & IPC_EXCL))
		return -EEXIST;
	err = ops->more_checks(perm, params);
	if (!err)
		err = ipcperms(perm, params->flags);
	return err ? err : perm->id;
}

int ipcget(struct ipc_ids *ids, const struct ipc_ops *ops, const struct ipc_params *params)
{
	struct kern_ipc_perm *perm = NULL;
	int ret;

	mutex_lock(&ids->lock);
	if (params->key != IPC_PRIVATE)
		perm = xa_load(&ids->keys, (u32)params->key);
	if (perm)
		ret = check_found(perm, ops, params);
	else if (params->key != IPC_PRIVATE && !(params->flags & IPC_CREAT))
		ret = -ENOENT;
	else
		ret = ops->getnew(params);
	mutex_unlock(&ids->lock);
	return ret;
}

/* ---- rights ---- */

int ipcperms(const struct kern_ipc_perm *perm, int flags)
{
	uid_t euid = current_euid();
	int requested = flags >> 6 | flags >> 3 | flags, granted = perm->mode;

	if (euid == perm->cuid || euid == perm->uid)
		granted >>= 6;
	else if (in_group_p(perm->cgid) || in_group_p(perm->gid))
		granted >>= 3;
	return (requested & ~granted & 7) && !capable(CAP_IPC_OWNER) ? -EACCES : 0;
}

int ipc_may_control(const struct kern_ipc_perm *perm)
{
	uid_t euid = current_euid();

	return euid == perm->cuid || euid == perm->uid || capable(CAP_SYS_ADMIN) ? 0 : -EPERM;
}

void kernel_to_ipc64_perm(const struct kern_ipc_perm *in, struct ipc64_perm *out)
{
	*out = (struct ipc64_perm){
		.key = in->key,
		.uid = in->uid,
		.gid = in->gid,
		.cuid = in->cuid,
		.cgid = in->cgid,
		.mode = in->mode,
		.seq = in->id >> IPCMNI_SHIFT,
	};
}

int ipc_update_perm(const struct ipc64_perm *in, struct kern_ipc_perm *out)
{
	if (in->uid == (uid_t)-1 || in->gid == (gid_t)-1)
		return -EINVAL;
	out->uid = in->uid;
	out->gid = in->gid;
	out->mode = (out->mode & ~S_IRWXUGO) | (in->mode & S_IRWXUGO);
	return 0;
}

/* ---- /proc/sysvipc: line 0 is the header, line n + 1 the object at index n or the next one ---- */

static void *object_at(struct ipc_ids *ids, loff_t *pos)
{
	unsigned long idx = *pos - 1;
	void *perm = xa_find(&ids->objects, &idx, IPCMNI - 1, XA_PRESENT);

	*pos = perm ? (loff_t)idx + 1 : *pos + 1;
	return perm;
}

static void *sysvipc_start(struct seq_file *m, loff_t *pos)
{
	struct ipc_ids *ids = m->private;

	mutex_lock(&ids->lock);
	return *pos ? object_at(ids, pos) : SEQ_START_TOKEN;
}

static void *sysvipc_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return object_at(m->private, pos);
}

static void sysvipc_stop(struct seq_file *m, void *v)
{
	struct ipc_ids *ids = m->private;

	mutex_unlock(&ids->lock);
}

static int sysvipc_show(struct seq_file *m, void *v)
{
	struct ipc_ids *ids = m->private;

	if (v == SEQ_START_TOKEN)
		seq_puts(m, ids->header);
	else
		ids->show(m, v);
	return 0;
}

static const struct seq_operations sysvipc_seq_ops = {
	.start = sysvipc_start,
	.next = sysvipc_next,
	.stop = sysvipc_stop,
	.show = sysvipc_show,
};

struct proc_dir_entry *sysvipc_dir(void)
{
	static struct proc_dir_entry *dir;

	if (!dir)
		dir = proc_mkdir("sysvipc", NULL);
	return dir;
}

int ipc_proc_open(struct file *file, struct ipc_ids *ids)
{
	int err = seq_open(file, &sysvipc_seq_ops);

	if (!err)
		((struct seq_file *)file->private_data)->private = ids;
	return err;
}
